// SPDX-License-Identifier: MIT
//  Generation 0: telling what lies in it, and comparing an adopted package with what is known of it.
#include "store_call_io.h"

#include "adopt_io.h"
#include "pack_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

//  ---- survey --------------------------------------------------------------------------------------

static bool
add_entry (void *reply_, const char *path, adopt_kind_t kind)
{
    static const Ggen__AdoptedKind kinds [] = {
        [ADOPT_OTHER] = GGEN__ADOPTED_KIND__OTHER_ENTRY,
        [ADOPT_DIRECTORY] = GGEN__ADOPTED_KIND__DIRECTORY_ENTRY,
        [ADOPT_PACKAGE] = GGEN__ADOPTED_KIND__PACKAGE_ENTRY};
    Ggen__SurveyAdoptedReply *reply = reply_;
    reply->incomplete = reply->n_entries == ADOPT_ENTRIES_MAX;
    if (reply->incomplete)
        return false;
    Ggen__AdoptedEntry *entry = malloc (sizeof *entry);
    ggen__adopted_entry__init (entry);
    entry->path = strdup (path);
    entry->kind = kinds [kind];
    reply->entries [reply->n_entries++] = entry;
    return true;
}

static int
by_path (const void *a, const void *b)
{
    return strcmp ((*(Ggen__AdoptedEntry *const *) a)->path,
                   (*(Ggen__AdoptedEntry *const *) b)->path);
}

code_t
store_survey_adopted (store_call_t *call)
{
    const Ggen__SurveyAdoptedRequest *request = (const void *) call->request;
    place_t place;
    code_t code = store_open_place (call, request->root, false, &place);
    if (code)
        return code;
    char directory [PLACE_PATH_MAX + 16];
    bool named = *place.target && request->n_paths > 0;
    if (named)
        strcpy (directory, place.target);
    else
        snprintf (directory, sizeof directory, "%s/%s", place.base,
                  adopt_is_due (&place) ? place.link : PLACE_ADOPTED_LINK);
    Ggen__SurveyAdoptedReply *reply = malloc (sizeof *reply);
    ggen__survey_adopted_reply__init (reply);
    reply->directory = strdup (directory);
    reply->entries = calloc (ADOPT_ENTRIES_MAX, sizeof *reply->entries);
    call->reply = &reply->base;
    code = named ? adopt_survey_named (&place, request->paths, request->n_paths, add_entry, reply,
                                       &call->refusal)
                 : adopt_survey (&place, add_entry, reply, &call->refusal);
    if (reply->n_entries > 0)
        qsort (reply->entries, reply->n_entries, sizeof *reply->entries, by_path);
    place_close (&place);
    return code;
}

//  ---- check ---------------------------------------------------------------------------------------

//  The tree as the state leads to it: what a user put in its place is looked at.
static int
open_adopted (const place_t *place, uint64_t generation, const Ggen__Tree *tree)
{
    char path [512];
    int root = generation > 0 ? -1 : adopt_open (place);
    if (generation == 0 && root < 0 && *place->target)
        root = open (place->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (generation == 0 && root < 0)
        return -1;
    snprintf (path, sizeof path, "%llu/%s", (unsigned long long) generation, tree->id);
    int fd = generation > 0
                 ? openat (place->generations_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                 : openat (root, tree->adopted, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root >= 0)
        close (root);
    return fd;
}

static bool
is_digest (ProtobufCBinaryData field, const uint8_t digest [SHA256_SIZE])
{
    return field.len == SHA256_SIZE && memcmp (field.data, digest, SHA256_SIZE) == 0;
}

static void
hex_of (ProtobufCBinaryData field, char hex [SHA256_HEX_SIZE + 1])
{
    *hex = 0;
    if (field.len == SHA256_SIZE)
        sha256_to_hex (field.data, hex);
}

//  An archive of the same files may have other bytes, packed by another program: that they differ says
//  nothing. That the lists of files differ does.
static void
compare (const Ggen__Tree *tree, const packed_t *packed, adopted_check_t *check)
{
    check->known = tree->files_sha256.len == SHA256_SIZE || is_digest (tree->sha256, packed->sha256);
    check->differs = tree->files_sha256.len == SHA256_SIZE
                     && !is_digest (tree->files_sha256, packed->files_sha256);
    hex_of (tree->files_sha256.len ? tree->files_sha256 : tree->sha256, check->expected);
    if (check->differs)
        sha256_to_hex (packed->files_sha256, check->actual);
    check->files_count = packed->files_count;
    check->bytes_count = packed->unpacked_bytes;
}

code_t
store_check_adopted (store_call_t *call, const place_t *place, uint64_t generation,
                     const Ggen__Tree *tree, adopted_check_t *check)
{
    char top [ARCHIVE_COMPONENT_MAX + 1];
    *check = (adopted_check_t) {.there = false};
    int fd = open_adopted (place, generation, tree);
    if (fd < 0 && errno != ENOENT && errno != ENOTDIR)
        return refusal_system (&call->refusal, errno, tree->adopted, "open directory");
    check->there = fd >= 0;
    hex_of (tree->files_sha256.len ? tree->files_sha256 : tree->sha256, check->expected);
    if (fd < 0 || !*check->expected || pack_top_name (tree->id, tree->version, top) != OK) {
        if (fd >= 0)
            close (fd);
        return OK;
    }
    pack_options_t options = {.top = top,
                              .format = PACK_GZIP,
                              .limits = call->store->settings->limits,
                              .progress = store_progress,
                              .argument = call};
    packed_t packed;
    refusal_t refusal = {.text = ""};
    call->subject = tree->id;
    code_t code = pack_tree (fd, &options, -1, &packed, &refusal);
    close (fd);
    if (code == OK) {
        compare (tree, &packed, check);
        packed_done (&packed);
    }
    else if (code == CANCELLED || code == INTERNAL)
        return code;
    else {
        //  What cannot be packed was never published.
        check->known = check->differs = tree->files_sha256.len == SHA256_SIZE;
        snprintf (check->actual, sizeof check->actual, "%.*s", (int) sizeof check->actual - 1,
                  refusal.text);
    }
    return OK;
}
