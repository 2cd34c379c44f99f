// SPDX-License-Identifier: MIT
#include "file_list.h"
#include "entry_rules.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 65536            //  Entries and paths are cut from blocks, not malloc'ed singly
#define LINE_HEAD_MAX (SHA256_HEX_SIZE + sizeof " 755 18446744073709551615 ")
#define PATH_IN_TREE_MAX ARCHIVE_PATH_MAX

typedef struct block {
    struct block *next;
    size_t used;
    _Alignas (file_entry_t) char data [BLOCK_SIZE];
} block_t;

struct file_list {
    file_entry_t **entries;
    size_t count, room;
    block_t *blocks;
    uint64_t bytes;
};

file_list_t *
file_list_new (void)
{
    return calloc (1, sizeof (file_list_t));
}

void
file_list_destroy (file_list_t **self_p)
{
    file_list_t *self = *self_p;
    if (!self)
        return;
    while (self->blocks) {
        block_t *next = self->blocks->next;
        free (self->blocks);
        self->blocks = next;
    }
    free (self->entries);
    free (self);
    *self_p = NULL;
}

static void *
cut (file_list_t *self, size_t size)
{
    size_t align = _Alignof (file_entry_t);
    size = (size + align - 1) / align * align;
    if (!self->blocks || self->blocks->used + size > BLOCK_SIZE) {
        block_t *block = malloc (sizeof *block);
        if (!block)
            return NULL;
        block->next = self->blocks;
        block->used = 0;
        self->blocks = block;
    }
    void *piece = self->blocks->data + self->blocks->used;
    self->blocks->used += size;
    return piece;
}

file_entry_t *
file_list_add (file_list_t *self, const file_entry_t *entry, size_t path_size)
{
    if (path_size >= PATH_IN_TREE_MAX)
        return NULL;
    if (self->count == self->room) {
        size_t room = self->room ? 2 * self->room : 64;
        file_entry_t **entries = realloc (self->entries, room * sizeof *entries);
        if (!entries)
            return NULL;
        self->entries = entries;
        self->room = room;
    }
    file_entry_t *copy = cut (self, sizeof *copy + path_size + 1);
    if (!copy)
        return NULL;
    char *path = (char *) (copy + 1);
    memcpy (path, entry->path, path_size);
    path [path_size] = 0;
    *copy = *entry;
    copy->path = path;
    self->entries [self->count++] = copy;
    self->bytes += entry->size_bytes;
    return copy;
}

//  By the text of the paths: an empty directory sorts by its trailing slash too.
static int
compare (const file_entry_t *a, const file_entry_t *b)
{
    size_t i = 0;
    while (a->path [i] && a->path [i] == b->path [i])
        i++;
    unsigned char left = (unsigned char) a->path [i], right = (unsigned char) b->path [i];
    if (!left && a->directory)
        left = '/';
    if (!right && b->directory)
        right = '/';
    return (int) left - (int) right;
}

static int
compare_pointers (const void *a, const void *b)
{
    return compare (*(file_entry_t *const *) a, *(file_entry_t *const *) b);
}

static bool
is_sorted (const file_list_t *self)
{
    for (size_t i = 1; i < self->count; i++)
        if (compare (self->entries [i - 1], self->entries [i]) > 0)
            return false;
    return true;
}

//  Is 'inner' in the directory 'outer'?
static bool
is_in (const file_entry_t *inner, const file_entry_t *outer)
{
    size_t size = strlen (outer->path);
    return !strncmp (inner->path, outer->path, size) && inner->path [size] == '/';
}

void
file_list_sort (file_list_t *self)
{
    if (!is_sorted (self))
        qsort (self->entries, self->count, sizeof *self->entries, compare_pointers);
    //  What is in a directory follows it at once
    size_t kept = 0;
    for (size_t i = 0; i < self->count; i++) {
        file_entry_t *entry = self->entries [i];
        if (!entry->directory || i + 1 == self->count || !is_in (self->entries [i + 1], entry))
            self->entries [kept++] = entry;
    }
    self->count = kept;
}

size_t
file_list_count (const file_list_t *self)
{
    return self->count;
}

uint64_t
file_list_bytes (const file_list_t *self)
{
    return self->bytes;
}

file_entry_t *
file_list_at (const file_list_t *self, size_t index)
{
    return self->entries [index];
}

//  The first position whose entry is not before 'wanted'.
static size_t
lower_bound (const file_list_t *self, const file_entry_t *wanted)
{
    size_t low = 0, high = self->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare (self->entries [middle], wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

file_entry_t *
file_list_find (const file_list_t *self, const char *path, size_t *index_p)
{
    for (int directory = 0; directory < 2; directory++) {
        file_entry_t wanted = {.path = path, .directory = directory};
        size_t index = lower_bound (self, &wanted);
        if (index < self->count && self->entries [index]->directory == wanted.directory
            && !strcmp (self->entries [index]->path, path)) {
            if (index_p)
                *index_p = index;
            return self->entries [index];
        }
    }
    return NULL;
}

bool
file_list_has_directory (const file_list_t *self, const char *path)
{
    //  Where "path/" would be is where the first file in it is
    file_entry_t wanted = {.path = path, .directory = true};
    size_t index = lower_bound (self, &wanted), size = strlen (path);
    return index < self->count && !strncmp (self->entries [index]->path, path, size)
           && self->entries [index]->path [size] == '/';
}

static size_t
format_head (const file_entry_t *entry, char head [LINE_HEAD_MAX])
{
    sha256_to_hex (entry->sha256, head);
    int more = snprintf (head + SHA256_HEX_SIZE, LINE_HEAD_MAX - SHA256_HEX_SIZE,
                         " %s %" PRIu64 " ",
                         entry->executable || entry->directory ? "755" : "644", entry->size_bytes);
    return SHA256_HEX_SIZE + (size_t) more;
}

char *
file_list_format (const file_list_t *self, size_t *size_p)
{
    size_t room = 1;
    for (size_t i = 0; i < self->count; i++)
        room += LINE_HEAD_MAX + strlen (self->entries [i]->path) + sizeof "/\n";
    char *text = malloc (room);
    if (!text)
        return NULL;
    char *at = text;
    for (size_t i = 0; i < self->count; i++) {
        const file_entry_t *entry = self->entries [i];
        at += format_head (entry, at);
        at = stpcpy (at, entry->path);
        at = stpcpy (at, entry->directory ? "/\n" : "\n");
    }
    *at = 0;
    *size_p = (size_t) (at - text);
    return text;
}

void
file_list_sha256 (const file_list_t *self, sha256_t *hasher, uint8_t digest [SHA256_SIZE])
{
    sha256_start (hasher);
    for (size_t i = 0; i < self->count; i++) {
        const file_entry_t *entry = self->entries [i];
        char head [LINE_HEAD_MAX];
        sha256_add (hasher, head, format_head (entry, head));
        sha256_add (hasher, entry->path, strlen (entry->path));
        if (entry->directory)
            sha256_add (hasher, "/", 1);
        sha256_add (hasher, "\n", 1);
    }
    sha256_finish (hasher, digest);
}

//  Decimal without sign or leading zeros, then a space. Returns what follows, or NULL.
static const char *
parse_size (const char *at, const char *end, uint64_t *value)
{
    const char *begin = at;
    *value = 0;
    while (at < end && *at >= '0' && *at <= '9') {
        uint64_t digit = (uint64_t) (*at++ - '0');
        if (*value > (UINT64_MAX - digit) / 10)
            return NULL;
        *value = *value * 10 + digit;
    }
    if (at == begin || at == end || *at != ' ' || (*begin == '0' && at > begin + 1))
        return NULL;
    return at + 1;
}

static bool
is_digest_of_nothing (const uint8_t digest [SHA256_SIZE])
{
    static const uint8_t nothing [SHA256_SIZE] = {
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
        0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
        0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
    return !memcmp (digest, nothing, sizeof nothing);
}

//  One line without its newline. The path is a piece of the text.
static bool
parse_line (const char *line, const char *end, file_entry_t *entry, size_t *path_size)
{
    *entry = (file_entry_t) {0};
    const size_t head = SHA256_HEX_SIZE + strlen (" 644 ");
    if ((size_t) (end - line) < head || line [SHA256_HEX_SIZE] != ' '
        || !sha256_from_hex (line, SHA256_HEX_SIZE, entry->sha256))
        return false;
    const char *mode = line + SHA256_HEX_SIZE + 1;
    entry->executable = !memcmp (mode, "755 ", 4);
    if (!entry->executable && memcmp (mode, "644 ", 4))
        return false;
    entry->path = parse_size (line + head, end, &entry->size_bytes);
    if (!entry->path || entry->path == end)
        return false;
    *path_size = (size_t) (end - entry->path);
    if (end [-1] != '/')
        return true;
    bool empty = entry->executable && !entry->size_bytes && is_digest_of_nothing (entry->sha256);
    entry->directory = true;
    entry->executable = false;
    *path_size -= 1;
    return empty;
}

//  Sorted, each once, and nothing is inside a file or inside a directory that is said to be empty.
static bool
follows (const file_list_t *self, const file_entry_t *entry)
{
    if (self->count < 2)
        return true;
    const file_entry_t *before = self->entries [self->count - 2];
    if (compare (before, entry) >= 0)
        return false;
    return !before->directory || !is_in (entry, before);
}

static code_t
parse_lines (file_list_t *self, const char *text, size_t size, const archive_limits_t *limits)
{
    for (const char *line = text, *end = text + size; line < end;) {
        const char *newline = memchr (line, '\n', (size_t) (end - line));
        file_entry_t entry;
        size_t path_size;
        if (!newline || !parse_line (line, newline, &entry, &path_size)
            || entry_rules_check (entry.path, path_size, limits, NULL))
            return SERIALIZATION;
        if (self->count == limits->entries || entry.size_bytes > limits->unpacked_bytes
            || self->bytes + entry.size_bytes > limits->unpacked_bytes)
            return VALIDATION;
        file_entry_t *added = file_list_add (self, &entry, path_size);
        if (!added)
            return INTERNAL;
        if (!follows (self, added))
            return SERIALIZATION;
        line = newline + 1;
    }
    return OK;
}

//  A file may not also be a directory: "a" and "a/b" need not be neighbours ("a-" sorts between).
static bool
is_tree (const file_list_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        if (!self->entries [i]->directory
            && (file_list_has_directory (self, self->entries [i]->path)
                || (i + 1 < self->count && self->entries [i + 1]->directory
                    && !strcmp (self->entries [i]->path, self->entries [i + 1]->path))))
            return false;
    return true;
}

code_t
file_list_parse (const char *text, size_t size, const archive_limits_t *limits,
                 file_list_t **self_p)
{
    *self_p = NULL;
    file_list_t *self = file_list_new ();
    if (!self)
        return INTERNAL;
    code_t code = parse_lines (self, text, size, limits);
    if (!code && !is_tree (self))
        code = SERIALIZATION;
    if (code)
        file_list_destroy (&self);
    *self_p = self;
    return code;
}
