// SPDX-License-Identifier: MIT
//  Generations: reading, committing, activating and checking what is installed.
#include "store_call_io.h"

#include "adopt_io.h"
#include "commit_io.h"
#include "tree_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

//  Generation 0 has a lock of whoever wrote it, or none. One that cannot be read is no failure: the
//  packages tell of themselves.
static void
read_adopted_lock (const place_t *place, Ggen__ReadRootReply *reply)
{
    struct stat info;
    refusal_t refusal = {.text = ""};
    char *text = NULL;
    size_t size = 0;
    int dirfd = adopt_open (place);
    bool there = dirfd >= 0 && fstatat (dirfd, PLACE_LOCK_NAME, &info, AT_SYMLINK_NOFOLLOW) == 0;
    if (there
        && place_read_file (dirfd, PLACE_LOCK_NAME, PLACE_LOCK_MAX, &text, &size, &refusal) == OK)
        store_set_bytes (&reply->lock, text, size);
    else if (there)
        reply->lock_fault = strdup (refusal.text);
    free (text);
    if (dirfd >= 0)
        close (dirfd);
}

static code_t
no_adopted (refusal_t *refusal)
{
    refusal->code = PACKAGE_NOT_FOUND;
    snprintf (refusal->text, sizeof refusal->text,
              "there is no generation 0: nothing was there before ggen");
    return PACKAGE_NOT_FOUND;
}

code_t
store_read_root (store_call_t *call)
{
    const Ggen__ReadRootRequest *request = (const void *) call->request;
    place_t place;
    code_t code = store_open_place (call, request->root, false, &place);
    if (code)
        return code;
    uint64_t current = 0, generation = request->generation;
    char *text = NULL, *given = NULL;
    size_t size = 0, given_size = 0;
    code = place_current (&place, &current, &call->refusal);
    if (generation == 0 && !request->adopted)
        generation = current;
    bool has_adopted = adopt_is_there (&place);
    if (code == OK && request->adopted && !has_adopted)
        code = no_adopted (&call->refusal);
    if (code == OK)
        code = place_lock (&place, generation, &text, &size, &call->refusal);
    if (code == OK && request->generation == 0 && !request->adopted)
        code = place_given_lock (&place, &given, &given_size, &call->refusal);
    if (code == OK) {
        Ggen__ReadRootReply *reply = malloc (sizeof *reply);
        ggen__read_root_reply__init (reply);
        reply->has_adopted = has_adopted;
        reply->adopted = has_adopted && generation == 0;
        if (reply->adopted)
            read_adopted_lock (&place, reply);
        else
            store_set_bytes (&reply->lock, text, size);
        store_set_bytes (&reply->given_lock, given, given_size);
        reply->generation = generation;
        reply->current = current;
        reply->generations = place_generations (&place, &reply->n_generations);
        //  A crash left it in the place of the link: it says the same.
        if (reply->adopted && given && reply->lock.len == given_size
            && memcmp (given, reply->lock.data, given_size) == 0)
            reply->given_lock.len = 0;
        call->reply = &reply->base;
    }
    else if (code == PACKAGE_NOT_FOUND)
        call->hint = "`ggen market history` lists those there are";
    free (given);
    free (text);
    place_close (&place);
    return code;
}

//  ---- commit --------------------------------------------------------------------------------------

//  NULL: no memory, or a digest of another size.
static commit_tree_t *
trees_of (const store_call_t *call, const char *root, Ggen__Tree *const *trees, size_t count)
{
    commit_tree_t *list = calloc (count + 1, sizeof *list);
    size_t hint = 0;
    for (size_t i = 0; list && i < count; i++) {
        if (*trees [i]->adopted) {
            list [i] = (commit_tree_t) {.id = trees [i]->id, .adopted = trees [i]->adopted};
            continue;
        }
        if (trees [i]->files_sha256.len != SHA256_SIZE) {
            free (list);
            return NULL;
        }
        const staged_t *staged =
            store_find_staged (call->store, root, trees [i]->files_sha256.data);
        list [i] = (commit_tree_t) {
            .id = trees [i]->id,
            .files_sha256 = trees [i]->files_sha256.data,
            .staged = staged ? staged->name : NULL,
            .clean = store_clean_find (call->store, root, trees [i]->files_sha256.data, &hint)};
    }
    return list;
}

code_t
store_commit (store_call_t *call)
{
    const Ggen__CommitRequest *request = (const void *) call->request;
    place_t place;
    code_t code = store_open_place (call, request->root, true, &place);
    if (code)
        return code;
    commit_tree_t *trees = trees_of (call, request->root, request->trees, request->n_trees);
    uint64_t generation = 0;
    commit_state_t state = {.lock = {request->lock.data, request->lock.len},
                            .replaces_lock = request->replaces_lock,
                            .expected = request->expected,
                            .dropped = request->dropped,
                            .dropped_count = request->n_dropped,
                            .adopts = request->adopts,
                            .adopts_count = request->n_adopts};
    code = trees ? commit_generation (&place, trees, request->n_trees, &state, &generation,
                                      &call->refusal)
                 : INTERNAL;
    free (trees);
    //  Committed trees have moved; what is left was not needed.
    if (code == OK)
        store_forget (call->store, &place, request->root, false);
    place_close (&place);
    if (code)
        return code;
    Ggen__CommitReply *reply = malloc (sizeof *reply);
    ggen__commit_reply__init (reply);
    reply->generation = generation;
    call->reply = &reply->base;
    return OK;
}

code_t
store_activate (store_call_t *call)
{
    const Ggen__ActivateRequest *request = (const void *) call->request;
    place_t place;
    code_t code = store_open_place (call, request->root, true, &place);
    if (code)
        return code;
    uint64_t current = 0;
    commit_tree_t *trees = trees_of (call, request->root, request->trees, request->n_trees);
    code = trees ? place_current (&place, &current, &call->refusal) : INTERNAL;
    if (code == OK)
        code = commit_activate (&place, request->generation, trees, request->n_trees,
                                &call->refusal);
    free (trees);
    //  Committed trees have moved; what is left was not needed.
    if (code == OK)
        store_forget (call->store, &place, request->root, false);
    place_close (&place);
    if (code)
        return code;
    Ggen__ActivateReply *reply = malloc (sizeof *reply);
    ggen__activate_reply__init (reply);
    reply->generation = request->generation;
    reply->from_generation = current;
    call->reply = &reply->base;
    return OK;
}

//  ---- check ---------------------------------------------------------------------------------------

//  Findings of one request; more are counted in the total only.
#define FINDINGS_MAX 5000

typedef struct {
    Ggen__CheckTreesReply *reply;
    const Ggen__Tree *tree;
    size_t room;
} check_t;

static void
add_finding (check_t *check, Ggen__Finding kind, const char *path, const char *expected,
             const char *actual)
{
    Ggen__CheckTreesReply *reply = check->reply;
    if (reply->n_findings == FINDINGS_MAX)
        return;
    if (reply->n_findings == check->room) {
        size_t room = check->room ? 2 * check->room : 16;
        Ggen__VerifyFinding **more = realloc (reply->findings, room * sizeof *more);
        if (!more)
            return;
        reply->findings = more;
        check->room = room;
    }
    Ggen__VerifyFinding *finding = malloc (sizeof *finding);
    ggen__verify_finding__init (finding);
    finding->finding = kind;
    finding->package = strdup (check->tree->id);
    finding->version = strdup (check->tree->version);
    finding->path = strdup (path);
    finding->expected = strdup (expected);
    finding->actual = strdup (actual);
    reply->findings [reply->n_findings++] = finding;
}

//  Bytes from the disk in a text field: what is no UTF-8 would make the answer unreadable.
static void
on_finding (void *argument, const tree_finding_t *found)
{
    static const Ggen__Finding kinds [] = {
        [TREE_CHANGED] = GGEN__FINDING__CHANGED, [TREE_MISSING] = GGEN__FINDING__MISSING,
        [TREE_EXTRA] = GGEN__FINDING__EXTRA,     [TREE_MODE] = GGEN__FINDING__MODE,
        [TREE_KIND] = GGEN__FINDING__KIND};
    refusal_t printable;
    refusal_set (&printable, REFUSED_CHANGED, found->path, strlen (found->path), "%s", "");
    add_finding (argument, kinds [found->kind], printable.path, found->expected, found->actual);
}

static code_t
check_adopted (store_call_t *call, const place_t *place, uint64_t generation, check_t *check)
{
    adopted_check_t found;
    code_t code = store_check_adopted (call, place, generation, check->tree, &found);
    if (code)
        return code;
    if (!found.there)
        add_finding (check, GGEN__FINDING__MISSING, "", "", "");
    else if (!found.known)
        add_finding (check, GGEN__FINDING__ADOPTED, "", found.expected, "");
    else if (found.differs)
        add_finding (check, GGEN__FINDING__CHANGED, "", found.expected, found.actual);
    if (found.known) {
        check->reply->files_count += found.files_count;
        check->reply->bytes_count += found.bytes_count;
    }
    return OK;
}

static void
check_tree (store_call_t *call, const place_t *place, uint64_t generation, check_t *check)
{
    char instance [PLACE_INSTANCE_MAX];
    const ProtobufCBinaryData *digest = &check->tree->files_sha256;
    if (digest->len != SHA256_SIZE
        || !place_instance (place, generation, check->tree->id, instance)) {
        add_finding (check, GGEN__FINDING__MISSING, "", "", "");
        return;
    }
    AUTO (file_list_destroy) file_list_t *list = place_file_list (place, instance, digest->data);
    int dirfd = openat (place->store_fd, instance, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    tree_checked_t checked;
    refusal_t refusal;
    if (!list || dirfd < 0)
        add_finding (check, GGEN__FINDING__UNVERIFIABLE, "", "", "");
    else if (tree_check (dirfd, "tree", list, TREE_BY_CONTENT, on_finding, check, &checked,
                         &refusal) != OK)
        add_finding (check, GGEN__FINDING__MISSING, "", "", refusal.text);
    else {
        check->reply->files_count += checked.files_count;
        check->reply->bytes_count += checked.hashed_bytes;
        job_progress (call->job, "verify", check->tree->id, check->reply->packages_count, 0,
                      "packages");
    }
    if (dirfd >= 0)
        close (dirfd);
}

code_t
store_check_trees (store_call_t *call)
{
    const Ggen__CheckTreesRequest *request = (const void *) call->request;
    place_t place;
    uint64_t generation;
    code_t code = store_open_place (call, request->root, false, &place);
    if (code)
        return code;
    code = place_current (&place, &generation, &call->refusal);
    if (code == OK) {
        check_t check = {.reply = malloc (sizeof *check.reply)};
        ggen__check_trees_reply__init (check.reply);
        call->reply = &check.reply->base;
        for (size_t i = 0; i < request->n_trees && !job_cancelled (call->job); i++) {
            check.tree = request->trees [i];
            if (!*check.tree->adopted)
                check_tree (call, &place, generation, &check);
            else if ((code = check_adopted (call, &place, generation, &check)) != OK)
                break;
            check.reply->packages_count++;
        }
    }
    place_close (&place);
    return job_cancelled (call->job) ? CANCELLED : code;
}
