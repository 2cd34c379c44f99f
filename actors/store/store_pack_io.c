// SPDX-License-Identifier: MIT
//  Manifests, and packing a directory into an archive.
#include "store_call_io.h"

#include "beneath_io.h"
#include "pack_io.h"

#include "config/toml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const manifest_files [] = PLACE_MANIFESTS;

static code_t
parse_manifest (const char *path, const char *name, const char *text, size_t size, char **json_p,
                refusal_t *refusal)
{
    json_t *doc;
    unsigned line, column;
    const char *reason;
    toml_error_t toml_error;
    json_error_t json_error;
    if (strcmp (name, "package.json") == 0) {
        doc = json_loadb (text, size, JSON_REJECT_DUPLICATES, &json_error);
        line = (unsigned) json_error.line, column = (unsigned) json_error.column;
        reason = json_error.text;
    }
    else {
        doc = toml_parse (text, size, NULL, &toml_error);
        line = toml_error.line, column = toml_error.column;
        reason = toml_error.reason;
    }
    if (!doc) {
        char where [PLACE_PATH_MAX + 64];
        snprintf (where, sizeof where, "%s/%s:%u:%u", path, name, line, column);
        return refusal_set (refusal, REFUSED_MANIFEST, where, strlen (where), "%s", reason);
    }
    *json_p = json_dumps (doc, JSON_COMPACT);
    json_decref (doc);
    return *json_p ? OK : refusal_set (refusal, REFUSED_MANIFEST, name, strlen (name),
                                       "it cannot be told as JSON");
}

code_t
store_manifest_in (int dirfd, const char *path, uint32_t size_max, Ggen__Manifest **manifest_p,
                   refusal_t *refusal)
{
    *manifest_p = NULL;
    for (size_t i = 0; i < COUNT_OF (manifest_files); i++) {
        const char *name = manifest_files [i];
        struct stat info;
        if (fstatat (dirfd, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (!S_ISREG (info.st_mode)) {
            char where [PLACE_PATH_MAX + 64];
            snprintf (where, sizeof where, "%s/%s", path, name);
            return refusal_set (refusal, REFUSED_MANIFEST, where, strlen (where),
                                "it is not a file");
        }
        char *text = NULL, *json = NULL;
        size_t size;
        code_t code = place_read_file (dirfd, name, size_max, &text, &size, refusal);
        if (code == OK)
            code = parse_manifest (path, name, text, size, &json, refusal);
        if (code == OK) {
            Ggen__Manifest *manifest = malloc (sizeof *manifest);
            ggen__manifest__init (manifest);
            manifest->name = strdup (name);
            manifest->json = json;
            store_set_bytes (&manifest->content, text, size);
            *manifest_p = manifest;
        }
        free (text);
        return code;
    }
    return OK;
}

static code_t
open_source (store_call_t *call, const char *path, int *fd_p)
{
    *fd_p = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *fd_p < 0 ? refusal_system (&call->refusal, errno, path, "open directory") : OK;
}

code_t
store_read_manifest (store_call_t *call)
{
    const Ggen__ReadManifestRequest *request = (const void *) call->request;
    int fd;
    Ggen__Manifest *manifest = NULL;
    code_t code = open_source (call, request->path, &fd);
    if (code && access (request->path, F_OK) != 0 && errno == ENOENT)
        code = OK;                  //  Without a directory there is no such file, either
    else if (code == OK) {
        code = store_manifest_in (fd, request->path, call->store->settings->limits.manifest_bytes,
                                  &manifest, &call->refusal);
        close (fd);
    }
    if (code)
        return code;
    Ggen__ReadManifestReply *reply = malloc (sizeof *reply);
    ggen__read_manifest_reply__init (reply);
    reply->manifest = manifest;
    call->reply = &reply->base;
    return OK;
}

//  The directory of the file 'path', and those above it.
static code_t
make_parents (const char *path, refusal_t *refusal)
{
    char part [PLACE_PATH_MAX];
    if (strlen (path) >= sizeof part)
        return refusal_system (refusal, ENAMETOOLONG, path, "create");
    strcpy (part, path);
    for (char *slash = strchr (part + 1, '/'); slash; slash = strchr (slash + 1, '/')) {
        *slash = 0;
        if (mkdir (part, 0777) != 0 && errno != EEXIST)
            return refusal_system (refusal, errno, part, "create directory");
        *slash = '/';
    }
    return OK;
}

code_t
store_write_new (store_call_t *call)
{
    const Ggen__WriteNewRequest *request = (const void *) call->request;
    code_t code = make_parents (request->path, &call->refusal);
    if (code)
        return code;
    int fd = open (request->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return refusal_system (&call->refusal, errno, request->path, "create");
    bool written = beneath_write_all (fd, request->content.data, request->content.len)
                   && fsync (fd) == 0;
    int error = errno;
    close (fd);
    if (!written) {
        unlink (request->path);
        return refusal_system (&call->refusal, error, request->path, "write");
    }
    Ggen__WriteNewReply *reply = malloc (sizeof *reply);
    ggen__write_new_reply__init (reply);
    reply->path = strdup (request->path);
    call->reply = &reply->base;
    return OK;
}

//  ---- pack ----------------------------------------------------------------------------------------

static void
fill_pack_reply (store_call_t *call, const packed_t *packed, const char *path, const char *format)
{
    Ggen__PackReply *reply = malloc (sizeof *reply);
    ggen__pack_reply__init (reply);
    reply->archive_path = strdup (path);
    reply->archive_format = strdup (format);
    reply->size_bytes = packed->size_bytes;
    reply->files_count = packed->files_count;
    reply->unpacked_bytes = packed->unpacked_bytes;
    store_set_bytes (&reply->sha256, packed->sha256, SHA256_SIZE);
    store_set_bytes (&reply->files_sha256, packed->files_sha256, SHA256_SIZE);
    store_set_bytes (&reply->chunks, packed->chunks, packed->chunks_count * SHA256_SIZE);
    call->reply = &reply->base;
}

//  A new file in the store for the archive; 'path' is "" and the descriptor -1 for a dry run.
static code_t
open_archive (store_call_t *call, bool dry_run, place_t *place, char path [PLACE_PATH_MAX], int *fd_p)
{
    *fd_p = -1;
    *path = 0;
    if (dry_run)
        return OK;
    code_t code = store_open_place (call, "", true, place);
    if (code)
        return code;
    staged_t staged = {.root = "", .archive = true};
    store_temporary (call->store, staged.name);
    snprintf (path, PLACE_PATH_MAX, "%.3900s/store/%s", place->base, staged.name);
    *fd_p = openat (place->store_fd, staged.name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (*fd_p < 0)
        return refusal_system (&call->refusal, errno, path, "create");
    return store_stage (call->store, &staged);
}

code_t
store_pack (store_call_t *call)
{
    const Ggen__PackRequest *request = (const void *) call->request;
    bool zstd = strcmp (request->compression, "zstd") == 0;
    char top [ARCHIVE_COMPONENT_MAX + 1], path [PLACE_PATH_MAX];
    pack_options_t options = {.top = top,
                              .format = zstd ? PACK_ZSTD : PACK_GZIP,
                              .limits = call->store->settings->limits,
                              .progress = store_progress,
                              .argument = call};
    call->subject = request->id;
    code_t code = pack_top_name (request->id, request->version, top);
    if (code == OK)
        code = pack_mtime (&options.mtime_s);
    if (code)
        return refusal_set (&call->refusal, REFUSED_NAME, request->id, strlen (request->id),
                            "the name is too long, or SOURCE_DATE_EPOCH is no time");
    int source, out;
    place_t place = {.base_fd = -1, .store_fd = -1, .generations_fd = -1};
    code = open_source (call, request->path, &source);
    if (code)
        return code;
    code = open_archive (call, request->dry_run, &place, path, &out);
    packed_t packed;
    if (code == OK) {
        code = pack_tree (source, &options, out, &packed, &call->refusal);
        if (code == OK) {
            fill_pack_reply (call, &packed, path, zstd ? "tar.zst" : "tar.gz");
            packed_done (&packed);
        }
    }
    if (out >= 0)
        close (out);
    close (source);
    place_close (&place);
    return code;
}
