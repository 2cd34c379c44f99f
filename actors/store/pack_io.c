// SPDX-License-Identifier: MIT
#include "pack_io.h"
#include "archive_dl.h"
#include "beneath_io.h"
#include "source_walk_io.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_SIZE 262144
//  Fixed: another level is another digest.
#define GZIP_LEVEL "6"
#define ZSTD_LEVEL "12"

//  What libarchive writes goes here: to the file and into three kinds of digest.
typedef struct {
    int fd;
    uint64_t size_max;
    sha256_t *whole, *chunk;
    size_t chunk_used;
    size_t chunks_room;
    packed_t *out;
    code_t code;                //  Why writing was stopped
    refusal_t *refusal;
} sink_t;

typedef struct {
    const pack_options_t *options;
    int source_fd;
    struct archive *writer;
    struct archive_entry *entry;
    sink_t sink;
    sha256_t *hasher;
    char *buffer;
    uint64_t done_bytes;
    packed_t *out;
    refusal_t *refusal;
} pack_t;

void
packed_done (packed_t *self)
{
    file_list_destroy (&self->files);
    free (self->chunks);
    self->chunks = NULL;
}

code_t
pack_top_name (const char *id, const char *version, char top [ARCHIVE_COMPONENT_MAX + 1])
{
    int size = snprintf (top, ARCHIVE_COMPONENT_MAX + 1, "%s-%s", id, version);
    for (char *at = top; *at; at++)
        if (*at == '/')
            *at = '-';
    return size > ARCHIVE_COMPONENT_MAX ? VALIDATION : OK;
}

code_t
pack_mtime (int64_t *mtime_s)
{
    *mtime_s = 0;
    const char *text = getenv ("SOURCE_DATE_EPOCH");
    if (!text || !*text)
        return OK;
    //  Beyond this tar needs more than its octal field
    if (strlen (text) > 10 || strspn (text, "0123456789") != strlen (text))
        return VALIDATION;
    *mtime_s = strtoll (text, NULL, 10);
    return *mtime_s <= INT64_C (0777777777777) >> 3 ? OK : VALIDATION;
}

//  ---- what comes out --------------------------------------------------------------------------

static bool
end_chunk (sink_t *self)
{
    packed_t *out = self->out;
    if (out->chunks_count == self->chunks_room) {
        size_t room = self->chunks_room ? 2 * self->chunks_room : 64;
        uint8_t *chunks = realloc (out->chunks, room * SHA256_SIZE);
        if (!chunks)
            return false;
        out->chunks = chunks;
        self->chunks_room = room;
    }
    sha256_finish (self->chunk, out->chunks + SHA256_SIZE * out->chunks_count++);
    sha256_start (self->chunk);
    self->chunk_used = 0;
    return true;
}

static code_t
take_bytes (sink_t *self, const uint8_t *data, size_t size)
{
    self->out->size_bytes += size;
    if (self->out->size_bytes > self->size_max)
        return refusal_set (self->refusal, REFUSED_LIMITS, "", 0, "the archive is too large");
    if (self->fd != -1 && !beneath_write_all (self->fd, data, size))
        return refusal_system (self->refusal, errno, "", "write the archive");
    sha256_add (self->whole, data, size);
    while (size) {
        size_t piece = PACK_CHUNK_SIZE - self->chunk_used;
        piece = piece < size ? piece : size;
        sha256_add (self->chunk, data, piece);
        self->chunk_used += piece;
        data += piece;
        size -= piece;
        if (self->chunk_used == PACK_CHUNK_SIZE && !end_chunk (self))
            return INTERNAL;
    }
    return OK;
}

//  Never fails: after an error libarchive (3.6) would not free its compressor. What comes once
//  something has gone wrong is dropped, and whoever writes looks at sink.code.
static la_ssize_t
on_write (struct archive *writer, void *self_, const void *data, size_t size)
{
    (void) writer;
    pack_t *self = self_;
    if (!self->sink.code)
        self->sink.code = take_bytes (&self->sink, data, size);
    return (la_ssize_t) size;
}

static code_t
refuse_archive (pack_t *self, const char *path)
{
    if (self->sink.code)
        return self->sink.code;
    const char *text = archive_error_string (self->writer);
    refusal_set (self->refusal, REFUSED_SYSTEM, path, strlen (path), "cannot pack: %s",
                 text ? text : "unknown");
    return archive_errno (self->writer) == ENOMEM ? INTERNAL : STORAGE;
}

//  ---- what goes in ----------------------------------------------------------------------------

static code_t
refuse_changed (pack_t *self, const char *path)
{
    return refusal_set (self->refusal, REFUSED_CHANGED, path, strlen (path),
                        "it was changed while it was being packed");
}

static bool
is_same (const file_entry_t *file, const struct stat *status)
{
    int64_t mtime_ns = status->st_mtim.tv_sec * INT64_C (1000000000) + status->st_mtim.tv_nsec;
    return S_ISREG (status->st_mode) && (uint64_t) status->st_size == file->size_bytes
           && status->st_ino == file->stamp.inode && mtime_ns == file->stamp.mtime_ns;
}

static code_t
write_header (pack_t *self, const file_entry_t *file)
{
    char path [2 * ARCHIVE_PATH_MAX];
    snprintf (path, sizeof path, "%s/%s%s", self->options->top, file->path,
              file->directory ? "/" : "");
    struct archive_entry *entry = archive_entry_clear (self->entry);
    archive_entry_set_pathname_utf8 (entry, path);
    archive_entry_set_filetype (entry, file->directory ? AE_IFDIR : AE_IFREG);
    archive_entry_set_perm (entry, file->directory || file->executable ? 0755 : 0644);
    archive_entry_set_size (entry, (la_int64_t) file->size_bytes);
    archive_entry_set_mtime (entry, self->options->mtime_s, 0);
    archive_entry_set_uid (entry, 0);
    archive_entry_set_gid (entry, 0);
    if (archive_write_header (self->writer, entry) != ARCHIVE_OK || self->sink.code)
        return refuse_archive (self, file->path);
    return OK;
}

static code_t
write_data (pack_t *self, int fd, file_entry_t *file)
{
    sha256_start (self->hasher);
    for (uint64_t left = file->size_bytes; left;) {
        size_t wanted = left < BUFFER_SIZE ? (size_t) left : BUFFER_SIZE;
        ssize_t got = read (fd, self->buffer, wanted);
        if (got == -1 && errno == EINTR)
            continue;
        if (got == -1)
            return refusal_system (self->refusal, errno, file->path, "read");
        if (!got)
            return refuse_changed (self, file->path);
        sha256_add (self->hasher, self->buffer, (size_t) got);
        if (archive_write_data (self->writer, self->buffer, (size_t) got) != got
            || self->sink.code)
            return refuse_archive (self, file->path);
        left -= (uint64_t) got;
        self->done_bytes += (uint64_t) got;
        if (self->options->progress
            && !self->options->progress (self->options->argument, self->done_bytes,
                                         file_list_bytes (self->out->files)))
            return CANCELLED;
    }
    sha256_finish (self->hasher, file->sha256);
    return OK;
}

//  The file must be what the walk saw, before and after it is read.
static code_t
write_file (pack_t *self, file_entry_t *file)
{
    int fd = beneath_open (self->source_fd, file->path, O_RDONLY | O_NONBLOCK, 0);
    if (fd == -1)
        return refusal_system (self->refusal, errno, file->path, "open");
    struct stat status;
    code_t code = OK;
    if (fstat (fd, &status) == -1 || !is_same (file, &status))
        code = refuse_changed (self, file->path);
    if (!code)
        code = write_header (self, file);
    if (!code)
        code = write_data (self, fd, file);
    if (!code && (fstat (fd, &status) == -1 || !is_same (file, &status)))
        code = refuse_changed (self, file->path);
    close (fd);
    return code;
}

static code_t
write_entries (pack_t *self)
{
    for (size_t i = 0; i < file_list_count (self->out->files); i++) {
        file_entry_t *file = file_list_at (self->out->files, i);
        code_t code;
        if (file->directory) {
            sha256_of (self->hasher, "", 0, file->sha256);
            code = write_header (self, file);
        }
        else {
            self->out->files_count++;
            code = write_file (self, file);
        }
        if (code)
            return code;
    }
    return OK;
}

//  ---- the archive -----------------------------------------------------------------------------

static bool
set_up_writer (pack_t *self)
{
    struct archive *writer = self->writer;
    bool gzip = self->options->format == PACK_GZIP;
    return archive_write_set_format_pax_restricted (writer) == ARCHIVE_OK
           && (gzip ? archive_write_add_filter_gzip (writer)
                    : archive_write_add_filter_zstd (writer)) == ARCHIVE_OK
           && archive_write_set_filter_option (writer, NULL, "compression-level",
                                               gzip ? GZIP_LEVEL : ZSTD_LEVEL) == ARCHIVE_OK
           && (!gzip || archive_write_set_filter_option (writer, "gzip", "timestamp", NULL)
                            == ARCHIVE_OK)
           && archive_write_set_bytes_per_block (writer, BUFFER_SIZE) == ARCHIVE_OK
           && archive_write_set_bytes_in_last_block (writer, 1) == ARCHIVE_OK
           && archive_write_open (writer, self, NULL, on_write, NULL) == ARCHIVE_OK;
}

//  Whoever unpacks it has the same limit.
static code_t
check_ratio (pack_t *self)
{
    const packed_t *out = self->out;
    if (out->unpacked_bytes <= archive_limits_unpacked (&self->options->limits, out->size_bytes))
        return OK;
    return refusal_set (self->refusal, REFUSED_BOMB, "", 0,
                        "the files shrink more than %" PRIu32 ":1: nobody would unpack this",
                        self->options->limits.ratio);
}

static code_t
write_archive (pack_t *self)
{
    if (!set_up_writer (self))
        return refuse_archive (self, "");
    code_t code = write_entries (self);
    if (!code && (archive_write_close (self->writer) != ARCHIVE_OK || self->sink.code))
        code = refuse_archive (self, "");
    if (code)
        return code;
    packed_t *out = self->out;
    if (self->sink.chunk_used && !end_chunk (&self->sink))
        return INTERNAL;
    sha256_finish (self->sink.whole, out->sha256);
    file_list_sha256 (out->files, self->hasher, out->files_sha256);
    out->unpacked_bytes = file_list_bytes (out->files);
    return check_ratio (self);
}

//  libarchive converts names to the locale's character set: give it UTF-8, in this thread only.
static code_t
write_in_utf8 (pack_t *self)
{
    locale_t utf8 = newlocale (LC_CTYPE_MASK, "C.UTF-8", (locale_t) 0);
    locale_t before = utf8 ? uselocale (utf8) : (locale_t) 0;
    code_t code = write_archive (self);
    //  Freeing the writer closes it, which writes the rest: not after a failure
    self->sink.code = code;
    if (utf8) {
        uselocale (before);
        freelocale (utf8);
    }
    return code;
}

static code_t
pack_files (pack_t *self, int out_fd)
{
    self->sink = (sink_t) {.fd = out_fd, .size_max = self->options->limits.packed_bytes,
                           .whole = sha256_new (), .chunk = sha256_new (), .out = self->out,
                           .refusal = self->refusal};
    self->hasher = sha256_new ();
    self->buffer = malloc (BUFFER_SIZE);
    self->writer = archive_write_new ();
    self->entry = archive_entry_new ();
    code_t code = INTERNAL;
    if (self->sink.whole && self->sink.chunk && self->hasher && self->buffer && self->writer
        && self->entry) {
        sha256_start (self->sink.whole);
        sha256_start (self->sink.chunk);
        code = write_in_utf8 (self);
    }
    archive_entry_free (self->entry);
    archive_write_free (self->writer);
    free (self->buffer);
    sha256_destroy (&self->hasher);
    sha256_destroy (&self->sink.chunk);
    sha256_destroy (&self->sink.whole);
    return code;
}

static code_t
load_libarchive (refusal_t *refusal)
{
    char why [REFUSAL_TEXT_MAX];
    if (archive_dl_load (why, sizeof why) == OK)
        return OK;
    refusal_set (refusal, REFUSED_SYSTEM, "", 0, "cannot pack: %s", why);
    return FEATURE_NOT_ENABLED;
}

code_t
pack_tree (int source_fd, const pack_options_t *options, int out_fd, packed_t *out,
           refusal_t *refusal)
{
    refusal_t local;
    *out = (packed_t) {0};
    pack_t self = {.options = options, .source_fd = source_fd, .out = out,
                   .refusal = refusal ? refusal : &local};
    code_t code = load_libarchive (self.refusal);
    if (!code)
        code = source_walk (source_fd, options, &out->files, self.refusal);
    if (!code)
        code = pack_files (&self, out_fd);
    if (code)
        packed_done (out);
    return code;
}
