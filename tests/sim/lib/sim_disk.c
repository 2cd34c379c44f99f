// SPDX-License-Identifier: MIT
#include "sim_disk.h"

#include "runtime/actor/crypto.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    char *path;
    uint8_t *data;
    size_t size;
} file_t;

struct sim_disk_t {
    file_t *files;              //  by path
    size_t count, room;
};

sim_disk_t *
sim_disk_new (void)
{
    sim_disk_t *self = calloc (1, sizeof *self);
    if (!self)
        abort ();
    return self;
}

void
sim_disk_destroy (sim_disk_t **self_p)
{
    if (!*self_p)
        return;
    sim_disk_remove_below (*self_p, "");
    free ((*self_p)->files);
    free (*self_p);
    *self_p = NULL;
}

//  The first file that is not before 'path'.
static size_t
place_of (const sim_disk_t *self, const char *path)
{
    size_t low = 0, high = self->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (strcmp (self->files[middle].path, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static file_t *
file_of (const sim_disk_t *self, const char *path)
{
    size_t at = place_of (self, path);
    return at < self->count && strcmp (self->files[at].path, path) == 0 ? &self->files[at] : NULL;
}

static file_t *
insert (sim_disk_t *self, const char *path)
{
    if (self->count == self->room) {
        self->room = self->room ? 2 * self->room : 64;
        self->files = reallocarray (self->files, self->room, sizeof *self->files);
        if (!self->files)
            abort ();
    }
    size_t at = place_of (self, path);
    memmove (self->files + at + 1, self->files + at, (self->count++ - at) * sizeof *self->files);
    self->files[at] = (file_t) {.path = strdup (path)};
    if (!self->files[at].path)
        abort ();
    return &self->files[at];
}

void
sim_disk_write (sim_disk_t *self, const char *path, const void *data, size_t size)
{
    //  First, for the bytes may be those of a file that is replaced.
    uint8_t *copy = malloc (size + 1);
    if (!copy)
        abort ();
    if (size > 0)
        memcpy (copy, data, size);
    file_t *file = file_of (self, path);
    if (!file)
        file = insert (self, path);
    free (file->data);
    file->data = copy;
    file->size = size;
}

void
sim_disk_write_text (sim_disk_t *self, const char *path, const char *text)
{
    sim_disk_write (self, path, text, strlen (text));
}

bool
sim_disk_read (const sim_disk_t *self, const char *path, bytes_t *content)
{
    const file_t *file = file_of (self, path);
    if (file)
        *content = (bytes_t) {file->data, file->size};
    return file != NULL;
}

void
sim_disk_remove (sim_disk_t *self, const char *path)
{
    file_t *file = file_of (self, path);
    if (!file)
        return;
    free (file->path);
    free (file->data);
    size_t at = (size_t) (file - self->files);
    memmove (file, file + 1, (--self->count - at) * sizeof *file);
}

void
sim_disk_remove_below (sim_disk_t *self, const char *prefix)
{
    size_t cursor = 0;
    const char *path;
    while ((path = sim_disk_next (self, prefix, &cursor)) != NULL) {
        sim_disk_remove (self, path);
        cursor = 0;
    }
}

const char *
sim_disk_next (const sim_disk_t *self, const char *prefix, size_t *cursor)
{
    size_t at = place_of (self, prefix) + *cursor;
    if (at >= self->count || strncmp (self->files[at].path, prefix, strlen (prefix)) != 0)
        return NULL;
    ++*cursor;
    return self->files[at].path;
}

bool
sim_disk_damage (sim_disk_t *self, const char *path, uint64_t where)
{
    file_t *file = file_of (self, path);
    if (!file || file->size == 0)
        return false;
    file->data[where / 8 % file->size] ^= (uint8_t) (1u << where % 8);
    return true;
}

bool
sim_disk_sha256 (const sim_disk_t *self, const char *path, digest_t *digest)
{
    const file_t *file = file_of (self, path);
    if (file)
        crypto_real.sha256 (file->data, file->size, digest->bytes);
    return file != NULL;
}
