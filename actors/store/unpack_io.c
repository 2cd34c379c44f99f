// SPDX-License-Identifier: MIT
#include "unpack_io.h"
#include "archive_dl.h"
#include "archive_source_io.h"
#include "beneath_io.h"
#include "entry_rules.h"
#include "path_set.h"
#include "sandbox_io.h"
#include "tree_io.h"
#include "tree_writer_io.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    const unpack_options_t *options;
    uint64_t size_bytes;
    archive_source_t *source;
    struct archive *reader;
    path_set_t *paths;
    tree_writer_t writer;
    sha256_t *hasher;
    file_list_t *files;
    tar_audit_totals_t seen;        //  By libarchive; must be what the audit says
    bool top_listed;
    code_t source_code;             //  Why the source stopped, while libarchive was reading it
    unpacked_t *out;
    refusal_t *refusal;
} unpack_t;

void
unpacked_done (unpacked_t *self)
{
    file_list_destroy (&self->files);
}

//  What libarchive calls for the next piece of the uncompressed archive.
static la_ssize_t
on_read (struct archive *reader, void *self_, const void **data)
{
    unpack_t *self = self_;
    const unpack_options_t *options = self->options;
    bytes_t piece = {0};
    self->source_code = archive_source_read (self->source, &piece, self->refusal);
    if (!self->source_code && options->progress
        && !options->progress (options->argument, archive_source_position (self->source),
                               self->size_bytes))
        self->source_code = CANCELLED;
    *data = piece.data;
    if (!self->source_code)
        return (la_ssize_t) piece.size;
    archive_set_error (reader, EIO, "refused");
    return -1;
}

//  libarchive gave up. If that is because the source did, that is the reason.
static code_t
refuse_archive (unpack_t *self, const char *path)
{
    if (self->source_code)
        return self->source_code;
    if (archive_errno (self->reader) == ENOMEM)
        return INTERNAL;
    const char *text = archive_error_string (self->reader);
    return refusal_set (self->refusal, REFUSED_MALFORMED, path, strlen (path), "%s",
                        text ? text : "it cannot be read");
}

//  ---- one entry -------------------------------------------------------------------------------

static code_t
refuse (unpack_t *self, const char *path, refusal_class_t kind, const char *reason)
{
    return refusal_set (self->refusal, kind, path, strlen (path), "%s", reason);
}

static file_stamp_t
stamp_of (int fd)
{
    struct stat status;
    if (fstat (fd, &status) == -1)
        return (file_stamp_t) {0};
    return (file_stamp_t) {
        .inode = status.st_ino,
        .mtime_ns = status.st_mtim.tv_sec * INT64_C (1000000000) + status.st_mtim.tv_nsec,
        .ctime_ns = status.st_ctim.tv_sec * INT64_C (1000000000) + status.st_ctim.tv_nsec,
    };
}

//  Write and hash the data of an entry, which must be exactly as long as its header says.
static code_t
write_data (unpack_t *self, const char *path, int fd, file_entry_t *file)
{
    uint64_t at = 0;
    sha256_start (self->hasher);
    for (;;) {
        const void *data;
        size_t size;
        la_int64_t offset;
        int result = archive_read_data_block (self->reader, &data, &size, &offset);
        if (result == ARCHIVE_EOF)
            break;
        if (result != ARCHIVE_OK)
            return refuse_archive (self, path);
        if ((uint64_t) offset != at || size > file->size_bytes - at)
            return refuse (self, path, REFUSED_MALFORMED, "its data have holes or no end");
        if (!beneath_write_all (fd, data, size))
            return refusal_system (self->refusal, errno, path, "write");
        sha256_add (self->hasher, data, size);
        at += size;
    }
    sha256_finish (self->hasher, file->sha256);
    if (at != file->size_bytes)
        return refuse (self, path, REFUSED_MALFORMED, "its data end too early");
    return OK;
}

static code_t
take_file (unpack_t *self, const char *path, const path_set_place_t *place, uint64_t size,
           bool executable)
{
    if (entry_rules_is_manifest (path) && size > self->options->limits.manifest_bytes)
        return refuse (self, path, REFUSED_LIMITS, "the manifest is too large");
    int fd;
    code_t code = tree_writer_file (&self->writer, path, place, executable, &fd, self->refusal);
    if (code)
        return code;
    file_entry_t file = {.path = path, .size_bytes = size, .executable = executable};
    code = write_data (self, path, fd, &file);
    file.stamp = stamp_of (fd);
    //  Network file systems tell at close that the disk was full
    if (close (fd) == -1 && !code)
        code = refusal_system (self->refusal, errno, path, "write");
    if (!code && !file_list_add (self->files, &file, strlen (path)))
        code = INTERNAL;
    self->out->files_count++;
    self->out->unpacked_bytes += size;
    return code;
}

static code_t
take_directory (unpack_t *self, const char *path, const path_set_place_t *place)
{
    size_t size = strlen (path);
    file_entry_t entry = {.path = path, .directory = true};
    sha256_of (self->hasher, "", 0, entry.sha256);
    code_t code = tree_writer_directory (&self->writer, path, size, place, self->refusal);
    if (!code && !file_list_add (self->files, &entry, size))
        code = INTERNAL;
    return code;
}

//  The first entry names the top directory; all others must be in it. *inside_p is the path in it,
//  empty for the top directory itself.
static code_t
strip_top (unpack_t *self, const char *path, bool directory, const char **inside_p)
{
    char *top = self->out->top;
    size_t size = strcspn (path, "/");
    if (!*top)
        memcpy (top, path, size);           //  entry_rules: at most ARCHIVE_COMPONENT_MAX
    if (strlen (top) != size || memcmp (top, path, size))
        return refuse (self, path, REFUSED_TOP_DIRECTORY,
                            "it is not in the top directory of the first entry");
    *inside_p = path + size + (path [size] == '/');
    if (**inside_p)
        return OK;
    if (!directory)
        return refuse (self, path, REFUSED_TOP_DIRECTORY, "a file is not in any directory");
    if (self->top_listed)
        return refuse (self, path, REFUSED_DUPLICATE, "it is in the package twice");
    self->top_listed = true;
    return OK;
}

//  The audit has refused these by their header; libarchive must see no other type than it did.
static code_t
check_type (unpack_t *self, struct archive_entry *entry, const char *path)
{
    if (archive_entry_hardlink (entry))
        return refuse (self, path, REFUSED_HARDLINK, "hard links are not allowed");
    if (archive_entry_symlink (entry))
        return refuse (self, path, REFUSED_SYMLINK, "symbolic links are not allowed");
    if (archive_entry_sparse_count (entry))
        return refuse (self, path, REFUSED_BOMB, "sparse files are not allowed");
    if (archive_entry_filetype (entry) != AE_IFREG && archive_entry_filetype (entry) != AE_IFDIR)
        return refuse (self, path, REFUSED_ODD_TYPE, "only files and directories are allowed");
    return OK;
}

static code_t
take_entry (unpack_t *self, struct archive_entry *entry)
{
    const char *name = archive_entry_pathname (entry);
    if (!name)
        return refuse (self, "", REFUSED_NAME, "an entry has no readable name");
    code_t code = check_type (self, entry, name);
    if (code)
        return code;
    bool directory = archive_entry_filetype (entry) == AE_IFDIR;
    size_t size = strlen (name);
    if (directory && size > 1 && name [size - 1] == '/')
        size--;
    code = entry_rules_check (name, size, &self->options->limits, self->refusal);
    if (code)
        return code;

    char path [ARCHIVE_PATH_MAX];           //  entry_rules: it fits
    memcpy (path, name, size);
    path [size] = 0;
    const char *inside = NULL;
    path_set_place_t place;
    code = strip_top (self, path, directory, &inside);
    if (code || !*inside)
        return code;
    code = path_set_add (self->paths, inside, strlen (inside), directory, &place, self->refusal);
    if (code)
        return code;
    if (directory)
        return take_directory (self, inside, &place);
    return take_file (self, inside, &place, (uint64_t) archive_entry_size (entry),
                      (archive_entry_perm (entry) & 0111) != 0);
}

//  ---- the archive -----------------------------------------------------------------------------

static code_t
take_entries (unpack_t *self)
{
    for (;;) {
        struct archive_entry *entry;
        int result = archive_read_next_header (self->reader, &entry);
        if (result == ARCHIVE_EOF)
            return OK;
        //  A warning is about attributes or text that we do not use or check ourselves
        if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
            return refuse_archive (self, "");
        self->seen.entries++;
        self->seen.data_bytes += (uint64_t) archive_entry_size (entry);
        code_t code = take_entry (self, entry);
        if (code)
            return code;
    }
}

//  libarchive stops at the first end mark: what follows is read for the audit, which refuses
//  anything but zeros. Then both must have seen the same.
static code_t
finish (unpack_t *self)
{
    bytes_t piece;
    do {
        code_t code = archive_source_read (self->source, &piece, self->refusal);
        if (code)
            return code;
    } while (piece.size);
    tar_audit_totals_t audited = archive_source_totals (self->source);
    if (audited.entries != self->seen.entries || audited.data_bytes != self->seen.data_bytes)
        return refuse (self, "", REFUSED_MALFORMED, "it can be read in two ways");
    file_list_sort (self->files);
    file_list_sha256 (self->files, self->hasher, self->out->files_sha256);
    return OK;
}

static code_t
open_reader (unpack_t *self)
{
    uint8_t key [PATH_SET_KEY_SIZE];
    randombytes_buf (key, sizeof key);
    const archive_limits_t *limits = &self->options->limits;
    self->paths = path_set_new (2 * limits->entries, key);
    self->hasher = sha256_new ();
    self->files = file_list_new ();
    self->reader = archive_read_new ();
    if (!self->paths || !self->hasher || !self->files || !self->reader
        || archive_read_support_format_tar (self->reader) != ARCHIVE_OK)
        return INTERNAL;
    if (archive_read_open (self->reader, self, NULL, on_read, NULL) != ARCHIVE_OK)
        return refuse_archive (self, "");
    return OK;
}

//  libarchive converts names to the locale's character set: give it UTF-8, in this thread only.
static code_t
read_archive (unpack_t *self)
{
    locale_t utf8 = newlocale (LC_CTYPE_MASK, "C.UTF-8", (locale_t) 0);
    locale_t before = utf8 ? uselocale (utf8) : (locale_t) 0;
    code_t code = open_reader (self);
    if (!code)
        code = take_entries (self);
    if (!code)
        code = finish (self);
    archive_read_free (self->reader);
    if (utf8) {
        uselocale (before);
        freelocale (utf8);
    }
    return code;
}

//  In the sandbox.
static code_t
fill_tree (void *self_)
{
    unpack_t *self = self_;
    code_t code = read_archive (self);
    tree_writer_close (&self->writer);
    path_set_destroy (&self->paths);
    sha256_destroy (&self->hasher);
    self->out->files = self->files;
    return code;
}

static code_t
fill_directory (unpack_t *self, int fd, const char *name)
{
    tree_writer_init (&self->writer, fd);
    code_t code;
    if (sandbox_run (fd, fill_tree, self, &code) != OK)
        code = refusal_system (self->refusal, EAGAIN, name, "start a thread to fill");
    //  Private until it is complete
    if (!code && fchmod (fd, 0755) == -1)
        code = refusal_system (self->refusal, errno, name, "set the mode of");
    return code;
}

static code_t
make_directory (unpack_t *self, int parent_fd, const char *name)
{
    if (mkdirat (parent_fd, name, 0700) == -1)
        return refusal_system (self->refusal, errno, name, "create directory");
    int fd = openat (parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    code_t code = fd == -1 ? refusal_system (self->refusal, errno, name, "open directory")
                           : fill_directory (self, fd, name);
    if (fd != -1)
        close (fd);
    if (code) {
        unpacked_done (self->out);
        //  The first failure is the one to report
        refusal_t ignored;
        (void) !tree_remove (parent_fd, name, &ignored);
    }
    return code;
}

static code_t
load_libarchive (refusal_t *refusal)
{
    char why [REFUSAL_TEXT_MAX];
    if (archive_dl_load (why, sizeof why) == OK)
        return OK;
    refusal_set (refusal, REFUSED_SYSTEM, "", 0, "cannot unpack: %s", why);
    return FEATURE_NOT_ENABLED;
}

code_t
unpack_archive (int archive_fd, uint64_t size_bytes, int parent_fd, const char *name,
                const unpack_options_t *options, unpacked_t *out, refusal_t *refusal)
{
    refusal_t local;
    *out = (unpacked_t) {0};
    unpack_t self = {.options = options, .size_bytes = size_bytes, .out = out,
                     .refusal = refusal ? refusal : &local};
    code_t code = load_libarchive (self.refusal);
    if (!code)
        code = archive_source_new (archive_fd, size_bytes, &options->limits, &self.source,
                                   self.refusal);
    if (!code)
        code = make_directory (&self, parent_fd, name);
    archive_source_destroy (&self.source);
    return code;
}
