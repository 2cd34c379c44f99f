// SPDX-License-Identifier: MIT
#include "actors/registry/import_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "actors/registry/archive_io.h"
#include "actors/registry/disk_io.h"
#include "actors/registry/import_index.h"
#include "actors/registry/index_io.h"
#include "actors/registry/publication.h"
#include "actors/registry/reply.h"
#include "actors/registry/shelf_io.h"
#include "actors/registry/signed_head.h"
#include "runtime/host/web.h"

#define WHY_MAX 512
#define FILE_SCHEME "file://"

//  What was found of a head or rotation.
typedef enum { UNSEEN, BAD, GOOD, TAKEN } seen_t;

typedef struct {
    const import_t *ask;
    import_index_t index;
    seen_t *seen;               //  of each of index.heads
    shelf_t *shelf;
    Ggen__SourceImportReply *reply;
    Ggen__Failure *failure;
} run_t;

static code_t
fail (run_t *self, code_t code, const char *text)
{
    if (!self->failure)
        self->failure = reply_failure (code, "", "%s: %s", self->ask->path, text);
    return code;
}

//  ---- archives ----------------------------------------------------------------------------------

//  Where the archive of a version would be on this machine, to be freed; NULL: nowhere.
static char *
archive_path (const run_t *self, const char *location)
{
    char *path = NULL;
    if (strncmp (location, FILE_SCHEME, sizeof FILE_SCHEME - 1) == 0) {
        //  What follows is an absolute path, escaped: below the root it is a relative one.
        const char *absolute = location + sizeof FILE_SCHEME - 1;
        char *below = *absolute == '/' ? import_index_path (absolute + 1) : NULL;
        if (!below || asprintf (&path, "/%s", below) < 0)
            path = NULL;
        free (below);
        return path;
    }
    const char *slash = strrchr (self->ask->path, '/');
    char *relative = import_index_path (location);
    if (!relative || !slash
        || asprintf (&path, "%.*s/%s", (int) (slash - self->ask->path), self->ask->path, relative)
               < 0)
        path = NULL;
    free (relative);
    return path;
}

//  Its location as an URL, or none.
static void
make_absolute (const run_t *self, Ggen__Package *package)
{
    char url [WEB_URL_MAX + 1] = "";
    if (!web_url_join (url, self->ask->base, package->location))
        *url = 0;
    reply_set_text (&package->location, url);
}

static bool
is_file (const char *path)
{
    struct stat st;
    return path && stat (path, &st) == 0 && S_ISREG (st.st_mode);
}

//  The archive's digest and size into the package. Returns why the version cannot be listed, or NULL.
static const char *
take_archive (run_t *self, Ggen__Package *package, const char *path, const char **format_p)
{
    archive_t archive;
    int error = archive_read (&archive, path, self->ask->job);
    if (error == ECANCELED)
        return "cancelled";
    if (error != 0)
        return "its archive cannot be read";
    *format_p = archive.format;
    if (package->size_bytes != 0 && package->size_bytes != archive.size_bytes)
        return "its archive has another size than the index tells";
    package->size_bytes = archive.size_bytes;
    if (package->sha256.len == DIGEST_SIZE)
        return memcmp (package->sha256.data, archive.digest.bytes, DIGEST_SIZE) == 0
                   ? NULL
                   : "its archive has another checksum than the index tells";
    package->sha256.data = malloc (DIGEST_SIZE);
    if (!package->sha256.data)
        return "out of memory";
    package->sha256.len = DIGEST_SIZE;
    memcpy (package->sha256.data, archive.digest.bytes, DIGEST_SIZE);
    return NULL;
}

//  ---- heads -------------------------------------------------------------------------------------

//  The first one of this id; index.heads_count without.
static size_t
first_head (const run_t *self, const char *id)
{
    size_t low = 0, high = self->index.heads_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp (self->index.heads [middle].id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool
is_good (run_t *self, size_t at)
{
    import_head_t *head = &self->index.heads [at];
    Ggen__PutHeadRequest request = GGEN__PUT_HEAD_REQUEST__INIT;
    request.id = head->id;
    request.record = (ProtobufCBinaryData) {head->size, head->data};
    if (self->seen [at] == UNSEEN) {
        Ggen__Failure *failure = publication_check_head (&request, self->ask->crypto);
        self->seen [at] = failure ? BAD : GOOD;
        if (failure)
            ggen__failure__free_unpacked (failure, NULL);
    }
    return self->seen [at] == GOOD;
}

//  The head of this key goes into the directory of its first version; the package has it then.
//  Returns its number, or index.heads_count.
static size_t
take_head (run_t *self, Ggen__Package *package, const uint8_t key [SIGNED_HEAD_KEY_SIZE])
{
    const import_index_t *index = &self->index;
    for (size_t i = first_head (self, package->id);
         i < index->heads_count && strcmp (index->heads [i].id, package->id) == 0
         && !job_cancelled (self->ask->job);
         i++) {
        uint8_t signer [SIGNED_HEAD_KEY_SIZE];
        if (!is_good (self, i))
            continue;
        Ggen__Head *head
            = signed_head_open ((bytes_t) {index->heads [i].data, index->heads [i].size}, signer);
        bool ours = head && memcmp (signer, key, sizeof signer) == 0;
        ggen__head__free_unpacked (head, NULL);
        if (!ours || !(package->head.data = malloc (index->heads [i].size)))
            continue;
        memcpy (package->head.data, index->heads [i].data, index->heads [i].size);
        package->head.len = index->heads [i].size;
        return i;
    }
    return index->heads_count;
}

//  What no version took along: rotations, and heads of publishers whose versions are all gone.
static code_t
keep_other_heads (run_t *self)
{
    code_t code = OK;
    for (size_t i = 0; i < self->index.heads_count && code == OK; i++) {
        const import_head_t *head = &self->index.heads [i];
        if (job_cancelled (self->ask->job))
            return fail (self, CANCELLED, "cancelled");
        if (self->seen [i] == TAKEN || !is_good (self, i))
            continue;
        code = shelf_keep_record (self->shelf, head->id, (bytes_t) {head->data, head->size},
                                  self->ask->wall_s);
        if (code == VALIDATION || code == PACKAGE_NOT_FOUND)
            code = OK;          //  Older than another, one too many, or of an id that was skipped
    }
    return code == OK ? OK : fail (self, code, shelf_error (self->shelf));
}

//  Who signed it becomes its publisher. Returns why it cannot be listed, or NULL.
static const char *
take_publisher (run_t *self, Ggen__Package *package, const char **format_p)
{
    uint8_t key [SIGNED_HEAD_KEY_SIZE];
    Ggen__PublishRequest request = GGEN__PUBLISH_REQUEST__INIT;
    size_t head = self->index.heads_count;
    if (package->record.len == 0)
        return NULL;
    if (signed_head_release_key ((bytes_t) {package->record.data, package->record.len}, key))
        head = take_head (self, package, key);
    request.package = package;
    Ggen__Failure *failure = publication_check_records (&request, self->ask->crypto, format_p);
    if (failure) {
        ggen__failure__free_unpacked (failure, NULL);
        return "its signed record does not hold, or signs something else";
    }
    if (head < self->index.heads_count)
        self->seen [head] = TAKEN;
    package->publisher = reply_new (&ggen__publisher__descriptor);
    package->publisher->public_key.data = malloc (sizeof key);
    if (!package->publisher->public_key.data)
        return "out of memory";
    package->publisher->public_key.len = sizeof key;
    memcpy (package->publisher->public_key.data, key, sizeof key);
    self->reply->signed_count++;
    return NULL;
}

//  ---- one version -------------------------------------------------------------------------------

static code_t
put (run_t *self, size_t at, const char *path, const char *format)
{
    Ggen__Package *package = self->index.packages [at];
    const shelf_put_t item = {.package = package,
                              .archive_path = path,
                              .archive_format = format,
                              .wall_s = self->ask->wall_s};
    bool already_there;
    code_t code = shelf_put (self->shelf, &item, &already_there);
    if (code == VALIDATION || code == ALREADY_EXISTS) {
        import_index_skip (&self->index, at, shelf_error (self->shelf));
        return OK;
    }
    if (code != OK)
        return fail (self, code, shelf_error (self->shelf));
    self->reply->versions_count++;
    self->reply->archives_count += path != NULL;
    return OK;
}

static code_t
take_version (run_t *self, size_t at)
{
    Ggen__Package *package = self->index.packages [at];
    const char *format = NULL, *reason = NULL;
    char *path = self->ask->base ? NULL : archive_path (self, package->location);
    bool there = is_file (path);
    uint32_t signed_before = self->reply->signed_count;
    if (there)
        reason = take_archive (self, package, path, &format);
    else if (self->ask->base)
        make_absolute (self, package);
    if (!reason)
        reason = take_publisher (self, package, &format);
    code_t code = OK;
    if (job_cancelled (self->ask->job))
        code = fail (self, CANCELLED, "cancelled");
    else if (reason)
        import_index_skip (&self->index, at, reason);
    else
        code = put (self, at, there ? path : NULL, format);
    if (!self->index.packages [at])
        self->reply->signed_count = signed_before;
    free (path);
    return code;
}

static code_t
take_versions (run_t *self)
{
    size_t count = self->index.packages_count;
    self->seen = calloc (self->index.heads_count + 1, sizeof *self->seen);
    if (!self->seen)
        return fail (self, BUSY, "out of memory");
    self->reply->entries_count = (uint32_t) (count + self->index.skipped_count);
    for (size_t i = 0; i < count; i++)
        self->reply->entries_count -= !self->index.packages [i];    //  A twin is counted as skipped
    code_t code = OK;
    for (size_t i = 0; i < count && code == OK; i++) {
        if (!self->index.packages [i])
            continue;
        job_progress (self->ask->job, "import", self->index.packages [i]->id, i, count,
                      "packages");
        code = take_version (self, i);
    }
    return code;
}

//  ---- the whole ---------------------------------------------------------------------------------

static code_t
read_file (run_t *self)
{
    uint8_t *text;
    size_t size;
    char why [WHY_MAX] = "";
    code_t code = disk_read (AT_FDCWD, self->ask->path, IMPORT_TEXT_MAX, &text, &size);
    if (code != OK)
        return fail (self, code, strerror (errno));
    if (!text)
        return fail (self, VALIDATION, "there is no such file");
    code = import_index_read (&self->index, (char *) text, size, why, sizeof why);
    free (text);
    return code == OK ? OK : fail (self, code, why);
}

static code_t
write_index (run_t *self)
{
    index_t *index;
    char *warning;
    uint64_t count = 0;
    code_t code = index_open (&index, self->shelf, &warning);
    if (code == OK)
        code = index_count (index, &count);
    if (code != OK)
        code = fail (self, code, warning ? warning : "its index cannot be made");
    else if (warning)
        reply_add_text (&self->reply->base, "warnings", warning);
    self->reply->packages_count = (uint32_t) count;
    free (warning);
    index_close (&index);
    return code;
}

static void
warn_of_dropped (run_t *self)
{
    char text [WHY_MAX];
    if (self->index.dependencies_dropped > 0) {
        snprintf (text, sizeof text, "%zu dependencies are no package with a range: left out",
                  self->index.dependencies_dropped);
        reply_add_text (&self->reply->base, "warnings", text);
    }
    if (self->index.digests_dropped > 0) {
        snprintf (text, sizeof text, "%zu checksums are no SHA-256: left out",
                  self->index.digests_dropped);
        reply_add_text (&self->reply->base, "warnings", text);
    }
}

static void
tell (run_t *self)
{
    reply_set_text (&self->reply->shape, self->index.shape);
    self->reply->skipped_count = (uint32_t) self->index.skipped_count;
    self->reply->skipped = self->index.skipped;
    self->reply->n_skipped = self->index.skipped_listed;
    self->index.skipped = NULL;
    self->index.skipped_listed = 0;
    warn_of_dropped (self);
}

code_t
import_run (const import_t *ask, Ggen__SourceImportReply **reply_p, Ggen__Failure **failure_p)
{
    run_t self = {.ask = ask, .reply = reply_new (&ggen__source_import_reply__descriptor)};
    code_t code = read_file (&self);
    if (code == OK && (code = shelf_open (&self.shelf, ask->directory)) != OK)
        fail (&self, code, "its copy in the home cannot be made");
    if (code == OK && (code = shelf_lock (self.shelf, 0, 0, NULL, NULL)) != OK)
        fail (&self, code, shelf_error (self.shelf));
    if (code == OK && (code = shelf_fill (self.shelf, ask->wall_s)) != OK)
        fail (&self, code, shelf_error (self.shelf));
    if (code == OK)
        code = take_versions (&self);
    if (code == OK)
        code = keep_other_heads (&self);
    if (code == OK && (code = shelf_filled (self.shelf)) != OK)
        fail (&self, code, shelf_error (self.shelf));
    if (code == OK)
        code = write_index (&self);
    if (code == OK)
        tell (&self);
    import_index_clear (&self.index);
    free (self.seen);
    shelf_close (&self.shelf);
    *failure_p = self.failure;
    *reply_p = code == OK ? self.reply : NULL;
    if (code != OK)
        ggen__source_import_reply__free_unpacked (self.reply, NULL);
    return code;
}
