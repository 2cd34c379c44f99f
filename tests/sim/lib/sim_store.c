// SPDX-License-Identifier: MIT
#include "sim_store.h"

#include "many.h"
#include "many.pb-c.h"
#include "runtime/actor/out.h"
#include "sim_archive.h"
#include "sim_store_place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TREES_MAX 128           //  of one request; more are refused

static void *
create (const actor_env_t *env)
{
    return (void *) env->settings;
}

static void
destroy (void *self)
{
    (void) self;
}

static code_t
too_many (const delivery_t *at)
{
    return out_fail (at, VALIDATION, "", "more than %d trees", TREES_MAX);
}

//  ---- manifests and archives ----------------------------------------------------------------------

static code_t
on_read_manifest (void *disk, const delivery_t *at, const ProtobufCMessage *message)
{
    const Ggen__ReadManifestRequest *read = (const void *) message;
    Ggen__ReadManifestReply reply = GGEN__READ_MANIFEST_REPLY__INIT;
    Ggen__Manifest manifest;
    if (!sim_archive_directory (disk, read->path, &manifest))
        return out_reply (at, &reply.base);
    reply.manifest = &manifest;
    out_reply (at, &reply.base);
    sim_archive_forget (&manifest);
    return OK;
}

static code_t
on_pack (void *disk, const delivery_t *at, const ProtobufCMessage *message)
{
    const Ggen__PackRequest *pack = (const void *) message;
    Ggen__PackReply reply = GGEN__PACK_REPLY__INIT;
    char path[SIM_PATH_MAX];
    bytes_t archive;
    digest_t digest, files;
    sim_place (path, "", "staged/%s-%s.tar.gz", pack->id, pack->version);
    if (!sim_archive_pack (disk, pack->path, path) || !sim_disk_read (disk, path, &archive))
        return out_fail (at, STORAGE, "", "%s: there is nothing to pack", pack->path);
    sim_disk_sha256 (disk, path, &digest);
    sim_archive_files_sha256 (archive, &files);
    reply.archive_format = (char *) "tar.gz";
    reply.sha256 = reply.chunks = digest_to_field (&digest);
    reply.files_sha256 = digest_to_field (&files);
    reply.size_bytes = reply.unpacked_bytes = archive.size;
    reply.files_count = 2;
    if (pack->dry_run)
        sim_disk_remove (disk, path);
    else
        reply.archive_path = path;
    return out_reply (at, &reply.base);
}

//  What of an archive is not as it was asked for, or NULL.
static const char *
fault_of (const Ggen__UnpackRequest *unpack, bytes_t archive, digest_t *sha256, digest_t *files)
{
    crypto_real.sha256 (archive.data, archive.size, sha256->bytes);
    sim_archive_files_sha256 (archive, files);
    if (unpack->sha256.len > 0
        && (unpack->sha256.len != DIGEST_SIZE
            || memcmp (unpack->sha256.data, sha256->bytes, DIGEST_SIZE) != 0))
        return "the archive has another digest";
    if (unpack->files_sha256.len > 0
        && (unpack->files_sha256.len != DIGEST_SIZE
            || memcmp (unpack->files_sha256.data, files->bytes, DIGEST_SIZE) != 0))
        return "the archive has other files than were signed";
    return NULL;
}

static void
tell_progress (const delivery_t *at, const Ggen__UnpackRequest *unpack, size_t size)
{
    Ggen__Progress progress = GGEN__PROGRESS__INIT;
    progress.stage = (char *) "unpack";
    progress.subject = unpack->subject;
    progress.done = progress.total = size;
    progress.unit = (char *) "bytes";
    out_progress (at->out, at->ticket, &progress);
}

//  What an answer refers to.
typedef struct {
    Ggen__UnpackReply reply;
    Ggen__Manifest manifest;
    digest_t sha256, files;
} unpacked_t;

//  Returns false when it was refused, which has been answered. Forget its manifest.
static bool
unpack_one (sim_disk_t *disk, const delivery_t *at, const Ggen__UnpackRequest *unpack,
            unpacked_t *self)
{
    char path[SIM_PATH_MAX], hex[DIGEST_HEX_SIZE + 1];
    bytes_t archive;
    if (!sim_disk_read (disk, unpack->archive_path, &archive)) {
        out_refuse (at->out, at->ticket, STORAGE, "", "%s: there is no such file",
                    unpack->archive_path);
        return false;
    }
    const char *fault = fault_of (unpack, archive, &self->sha256, &self->files);
    if (fault) {
        out_refuse (at->out, at->ticket, CHECKSUM_MISMATCH, "", "%s: %s", unpack->archive_path,
                    fault);
        return false;
    }
    if (!sim_archive_manifest (archive, &self->manifest)) {
        out_refuse (at->out, at->ticket, SECURITY, "", "%s: it is no archive",
                    unpack->archive_path);
        return false;
    }
    tell_progress (at, unpack, archive.size);
    ggen__unpack_reply__init (&self->reply);
    self->reply.manifest = &self->manifest;
    self->reply.sha256 = digest_to_field (&self->sha256);
    self->reply.files_sha256 = digest_to_field (&self->files);
    self->reply.size_bytes = self->reply.unpacked_bytes = archive.size;
    self->reply.files_count = 2;
    digest_to_hex (&self->files, hex);
    sim_place (path, unpack->root, "staged/%s", hex);
    sim_disk_write (disk, path, archive.data, archive.size);
    return true;
}

static code_t
on_unpack (void *disk, const delivery_t *at, const ProtobufCMessage *message)
{
    unpacked_t unpacked;
    if (!unpack_one (disk, at, (const void *) message, &unpacked))
        return OK;
    out_reply (at, &unpacked.reply.base);
    sim_archive_forget (&unpacked.manifest);
    return OK;
}

static code_t
on_unpack_many (void *disk, const delivery_t *at, const ProtobufCMessage *message)
{
    const Ggen__UnpackManyRequest *request = (const void *) message;
    unpacked_t unpacked[MANY_UNPACKS_MAX];
    Ggen__UnpackReply *list[MANY_UNPACKS_MAX];
    Ggen__UnpackManyReply reply = GGEN__UNPACK_MANY_REPLY__INIT;
    reply.unpacked = list;
    while (reply.n_unpacked < request->n_archives && reply.n_unpacked < MANY_UNPACKS_MAX
           && unpack_one (disk, at, request->archives[reply.n_unpacked],
                          &unpacked[reply.n_unpacked])) {
        list[reply.n_unpacked] = &unpacked[reply.n_unpacked].reply;
        reply.n_unpacked++;
    }
    if (reply.n_unpacked == request->n_archives)
        out_reply (at, &reply.base);
    for (size_t i = 0; i < reply.n_unpacked; i++)
        sim_archive_forget (&unpacked[i].manifest);
    return OK;
}

static code_t
on_discard (void *disk, const delivery_t *at, const ProtobufCMessage *message)
{
    Ggen__DiscardReply reply = GGEN__DISCARD_REPLY__INIT;
    char path[SIM_PATH_MAX];
    sim_place (path, ((const Ggen__DiscardRequest *) message)->root, "staged/");
    sim_disk_remove_below (disk, path);
    return out_reply (at, &reply.base);
}

static code_t
on_write_new (void *disk, const delivery_t *at, const ProtobufCMessage *message)
{
    const Ggen__WriteNewRequest *write = (const void *) message;
    Ggen__WriteNewReply reply = GGEN__WRITE_NEW_REPLY__INIT;
    bytes_t content;
    if (sim_disk_read (disk, write->path, &content))
        return ALREADY_EXISTS;
    sim_disk_write (disk, write->path, write->content.data, write->content.len);
    reply.path = write->path;
    return out_reply (at, &reply.base);
}

//  ---- trees and generations -----------------------------------------------------------------------

static code_t
on_read_root (void *disk, const delivery_t *at, const ProtobufCMessage *message)
{
    const Ggen__ReadRootRequest *read = (const void *) message;
    Ggen__ReadRootReply reply = GGEN__READ_ROOT_REPLY__INIT;
    uint64_t numbers[SIM_GENERATIONS_MAX];
    char path[SIM_PATH_MAX];
    bytes_t lock;
    reply.current = sim_place_current (disk, read->root);
    reply.generation = read->generation ? read->generation : reply.current;
    reply.generations = numbers;
    reply.n_generations = sim_place_generations (disk, read->root, numbers);
    sim_place (path, read->root, "generations/%06llu/ggen.lock",
               (unsigned long long) reply.generation);
    if (sim_disk_read (disk, path, &lock))
        reply.lock = (ProtobufCBinaryData) {lock.size, (uint8_t *) lock.data};
    else if (read->generation)
        return PACKAGE_NOT_FOUND;
    return out_reply (at, &reply.base);
}

static code_t
on_has_trees (void *disk, const delivery_t *at, const ProtobufCMessage *message)
{
    const Ggen__HasTreesRequest *has = (const void *) message;
    Ggen__HasTreesReply reply = GGEN__HAS_TREES_REPLY__INIT;
    uint32_t missing[TREES_MAX], edited[TREES_MAX];
    char path[SIM_PATH_MAX];
    uint64_t generation =
        has->generation ? has->generation : sim_place_current (disk, has->root);
    if (has->n_trees > TREES_MAX)
        return too_many (at);
    reply.missing = missing;
    reply.edited = edited;
    for (size_t i = 0; i < has->n_trees; i++) {
        const Ggen__Tree *tree = has->trees[i];
        if (sim_place_link (disk, has->root, generation, tree->id, path)
            && !sim_place_is_pristine (disk, path, tree->files_sha256))
            edited[reply.n_edited++] = (uint32_t) i;
        if (!sim_place_instance (disk, has->root, tree->files_sha256, path))
            missing[reply.n_missing++] = (uint32_t) i;
    }
    return out_reply (at, &reply.base);
}

static code_t
on_prepare (void *disk, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) disk, (void) message;
    Ggen__PrepareReply reply = GGEN__PREPARE_REPLY__INIT;
    return out_reply (at, &reply.base);
}

//  What is written to a simulated disk is there.
static code_t
on_flush (void *disk, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) disk, (void) message;
    Ggen__FlushReply reply = GGEN__FLUSH_REPLY__INIT;
    return out_reply (at, &reply.base);
}

static code_t
on_commit (void *disk, const delivery_t *at, const ProtobufCMessage *message)
{
    const Ggen__CommitRequest *commit = (const void *) message;
    Ggen__CommitReply reply = GGEN__COMMIT_REPLY__INIT;
    uint64_t numbers[SIM_GENERATIONS_MAX];
    char path[SIM_PATH_MAX], number[32];
    size_t count = sim_place_generations (disk, commit->root, numbers);
    if (commit->expected != sim_place_current (disk, commit->root))
        return out_fail (at, BUSY, "try again", "another installation was faster");
    if (count == SIM_GENERATIONS_MAX)
        return INSUFFICIENT_DISK_SPACE;
    if (!sim_place_settle (disk, commit->root, commit->trees, commit->n_trees))
        return out_fail (at, STORAGE, "", "a tree is neither in the store nor unpacked");
    reply.generation = count > 0 ? numbers[count - 1] + 1 : 1;
    sim_place_link_all (disk, commit->root, reply.generation, commit->trees, commit->n_trees);
    sim_place (path, commit->root, "generations/%06llu/ggen.lock",
               (unsigned long long) reply.generation);
    sim_disk_write (disk, path, commit->lock.data, commit->lock.len);
    snprintf (number, sizeof number, "%llu", (unsigned long long) reply.generation);
    sim_place (path, commit->root, "packages");
    sim_disk_write_text (disk, path, number);
    return out_reply (at, &reply.base);
}

static code_t
on_activate (void *disk, const delivery_t *at, const ProtobufCMessage *message)
{
    const Ggen__ActivateRequest *activate = (const void *) message;
    Ggen__ActivateReply reply = GGEN__ACTIVATE_REPLY__INIT;
    char path[SIM_PATH_MAX], number[32];
    bytes_t lock;
    sim_place (path, activate->root, "generations/%06llu/ggen.lock",
               (unsigned long long) activate->generation);
    if (!sim_disk_read (disk, path, &lock))
        return PACKAGE_NOT_FOUND;
    if (!sim_place_settle (disk, activate->root, activate->trees, activate->n_trees))
        return out_fail (at, STORAGE, "", "a tree is neither in the store nor unpacked");
    sim_place_link_all (disk, activate->root, activate->generation, activate->trees,
                        activate->n_trees);
    reply.from_generation = sim_place_current (disk, activate->root);
    reply.generation = activate->generation;
    snprintf (number, sizeof number, "%llu", (unsigned long long) reply.generation);
    sim_place (path, activate->root, "packages");
    sim_disk_write_text (disk, path, number);
    return out_reply (at, &reply.base);
}

static code_t
on_check_trees (void *disk, const delivery_t *at, const ProtobufCMessage *message)
{
    const Ggen__CheckTreesRequest *check = (const void *) message;
    Ggen__CheckTreesReply reply = GGEN__CHECK_TREES_REPLY__INIT;
    Ggen__VerifyFinding findings[TREES_MAX], *list[TREES_MAX];
    char path[SIM_PATH_MAX];
    bytes_t tree;
    if (check->n_trees > TREES_MAX)
        return too_many (at);
    reply.findings = list;
    for (size_t i = 0; i < check->n_trees; i++) {
        const Ggen__Tree *wanted = check->trees[i];
        bool there = sim_store_tree (disk, check->root, wanted->id, path)
                     && sim_disk_read (disk, path, &tree);
        reply.packages_count++;
        reply.files_count += 2;
        reply.bytes_count += there ? tree.size : 0;
        if (there && sim_place_is_pristine (disk, path, wanted->files_sha256))
            continue;
        Ggen__VerifyFinding *finding = &findings[reply.n_findings];
        ggen__verify_finding__init (finding);
        finding->finding = there ? GGEN__FINDING__CHANGED : GGEN__FINDING__MISSING;
        finding->package = wanted->id;
        finding->version = wanted->version;
        list[reply.n_findings++] = finding;
    }
    return out_reply (at, &reply.base);
}

static const handler_t rows[] = {
    {&ggen__read_manifest_request__descriptor, on_read_manifest, THIS_NODE},
    {&ggen__pack_request__descriptor, on_pack, THIS_NODE},
    {&ggen__unpack_request__descriptor, on_unpack, THIS_NODE},
    {&ggen__unpack_many_request__descriptor, on_unpack_many, THIS_NODE},
    {&ggen__discard_request__descriptor, on_discard, THIS_NODE},
    {&ggen__write_new_request__descriptor, on_write_new, THIS_NODE},
    {&ggen__read_root_request__descriptor, on_read_root, THIS_NODE},
    {&ggen__has_trees_request__descriptor, on_has_trees, THIS_NODE},
    {&ggen__prepare_request__descriptor, on_prepare, THIS_NODE},
    {&ggen__flush_request__descriptor, on_flush, THIS_NODE},
    {&ggen__commit_request__descriptor, on_commit, THIS_NODE},
    {&ggen__activate_request__descriptor, on_activate, THIS_NODE},
    {&ggen__check_trees_request__descriptor, on_check_trees, THIS_NODE},
    {0},
};

const actor_class_t sim_store_actor = {
    .name = "store", .create = create, .destroy = destroy, .rows = rows};
