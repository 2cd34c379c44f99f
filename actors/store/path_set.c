// SPDX-License-Identifier: MIT
#include "path_set.h"
#include "archive_limits.h"
#include "unicode.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

_Static_assert (PATH_SET_KEY_SIZE == crypto_shorthash_KEYBYTES, "one key");

#define FOLDED_MAX (ARCHIVE_COMPONENT_MAX * 4)      //  Full folding at most triples UTF-8

typedef struct {
    uint64_t hash;
    uint32_t parent;
    uint32_t text;          //  Offset in 'text': the name as spelled, then its key if that differs
    uint16_t name_size;
    uint16_t key_size;      //  0: the key is the name
    bool directory;
    bool listed;            //  Named by itself, not only as part of a longer path
} node_t;

struct path_set {
    uint8_t key [PATH_SET_KEY_SIZE];
    node_t *nodes;          //  [0] is the root
    uint32_t nodes_count, nodes_room, nodes_max;
    uint32_t *slots;        //  Open addressing; 0 is free
    uint32_t slots_count;   //  A power of two
    char *text;
    size_t text_size, text_room;
};

path_set_t *
path_set_new (uint32_t nodes_max, const uint8_t key [PATH_SET_KEY_SIZE])
{
    path_set_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    memcpy (self->key, key, sizeof self->key);
    self->nodes_max = nodes_max;
    self->nodes_room = 256;
    self->slots_count = 1024;
    self->text_room = 16384;
    self->nodes = calloc (self->nodes_room, sizeof *self->nodes);
    self->slots = calloc (self->slots_count, sizeof *self->slots);
    self->text = malloc (self->text_room);
    if (!self->nodes || !self->slots || !self->text) {
        path_set_destroy (&self);
        return NULL;
    }
    self->nodes [0].directory = true;
    self->nodes_count = 1;
    return self;
}

void
path_set_destroy (path_set_t **self_p)
{
    path_set_t *self = *self_p;
    if (!self)
        return;
    free (self->nodes);
    free (self->slots);
    free (self->text);
    free (self);
    *self_p = NULL;
}

static uint64_t
hash_of (const path_set_t *self, uint32_t parent, const char *key, size_t size)
{
    uint8_t input [sizeof parent + FOLDED_MAX], output [crypto_shorthash_BYTES];
    assert (size <= FOLDED_MAX);
    memcpy (input, &parent, sizeof parent);
    memcpy (input + sizeof parent, key, size);
    crypto_shorthash (output, input, sizeof parent + size, self->key);
    uint64_t hash;
    memcpy (&hash, output, sizeof hash);
    return hash;
}

static const char *
node_key (const path_set_t *self, const node_t *node, size_t *size)
{
    const char *name = self->text + node->text;
    *size = node->key_size ? node->key_size : node->name_size;
    return node->key_size ? name + node->name_size : name;
}

//  The slot that holds the key, or the free one where it belongs.
static uint32_t *
find_slot (path_set_t *self, uint64_t hash, uint32_t parent, const char *key, size_t size)
{
    uint32_t mask = self->slots_count - 1;
    for (uint32_t i = (uint32_t) hash & mask;; i = (i + 1) & mask) {
        uint32_t *slot = &self->slots [i];
        if (!*slot)
            return slot;
        const node_t *node = &self->nodes [*slot];
        size_t node_size;
        if (node->hash == hash && node->parent == parent) {
            const char *found = node_key (self, node, &node_size);
            if (node_size == size && !memcmp (found, key, size))
                return slot;
        }
    }
}

static bool
grow_slots (path_set_t *self)
{
    uint32_t count = self->slots_count * 2;
    uint32_t *slots = calloc (count, sizeof *slots);
    if (!slots)
        return false;
    for (uint32_t n = 1; n < self->nodes_count; n++) {
        uint32_t i = (uint32_t) self->nodes [n].hash & (count - 1);
        while (slots [i])
            i = (i + 1) & (count - 1);
        slots [i] = n;
    }
    free (self->slots);
    self->slots = slots;
    self->slots_count = count;
    return true;
}

//  Room for one more node with 'bytes' of text, and a table at most half full.
static bool
make_room (path_set_t *self, size_t bytes)
{
    if (self->nodes_count == self->nodes_room) {
        node_t *nodes = realloc (self->nodes, 2 * self->nodes_room * sizeof *nodes);
        if (!nodes)
            return false;
        self->nodes = nodes;
        self->nodes_room *= 2;
    }
    if (self->text_size + bytes > self->text_room) {
        char *text = realloc (self->text, 2 * self->text_room);
        if (!text)
            return false;
        self->text = text;
        self->text_room *= 2;
    }
    return 2 * self->nodes_count < self->slots_count || grow_slots (self);
}

typedef struct {
    const char *name, *key;
    size_t name_size, key_size;
    uint64_t hash;
    uint32_t parent;
} component_t;

static uint32_t
add_node (path_set_t *self, const component_t *at, bool directory)
{
    if (!make_room (self, at->name_size + at->key_size))
        return 0;
    uint32_t id = self->nodes_count++;
    bool same = at->key_size == at->name_size && !memcmp (at->key, at->name, at->name_size);
    self->nodes [id] = (node_t) {
        .hash = at->hash,
        .parent = at->parent,
        .text = (uint32_t) self->text_size,
        .name_size = (uint16_t) at->name_size,
        .key_size = same ? 0 : (uint16_t) at->key_size,
        .directory = directory,
    };
    memcpy (self->text + self->text_size, at->name, at->name_size);
    self->text_size += at->name_size;
    if (!same) {
        memcpy (self->text + self->text_size, at->key, at->key_size);
        self->text_size += at->key_size;
    }
    *find_slot (self, at->hash, at->parent, at->key, at->key_size) = id;
    return id;
}

static bool
same_spelling (const path_set_t *self, const node_t *node, const component_t *at)
{
    return node->name_size == at->name_size
           && !memcmp (self->text + node->text, at->name, at->name_size);
}

//  May an existing node also be this component?
static code_t
judge_found (const path_set_t *self, const node_t *node, const component_t *at, bool directory,
             const char *path, size_t size, refusal_t *refusal)
{
    if (!same_spelling (self, node, at))
        return refusal_set (refusal, REFUSED_COLLISION, path, size,
                            "differs only in case or Unicode form from '%.*s'",
                            (int) node->name_size, self->text + node->text);
    if (node->directory != directory)
        return refusal_set (refusal, REFUSED_COLLISION, path, size,
                            "'%.*s' would be both a file and a directory",
                            (int) (at->name + at->name_size - path), path);
    return OK;
}

//  Find or add one component of 'path'. *node_p is its node, *added_p says that it is new.
static code_t
enter (path_set_t *self, component_t *at, bool directory, const char *path, size_t size,
       uint32_t *node_p, bool *added_p, refusal_t *refusal)
{
    char key [FOLDED_MAX];
    at->key = key;
    at->key_size = unicode_fold (at->name, at->name_size, key, sizeof key);
    if (!at->key_size)
        return refusal_set (refusal, REFUSED_NAME, path, size, "it cannot be case-folded");
    at->hash = hash_of (self, at->parent, key, at->key_size);
    *node_p = *find_slot (self, at->hash, at->parent, key, at->key_size);
    *added_p = !*node_p;
    if (*node_p)
        return judge_found (self, &self->nodes [*node_p], at, directory, path, size, refusal);
    if (self->nodes_count > self->nodes_max)
        return refusal_set (refusal, REFUSED_BOMB, path, size, "more than %u files and directories",
                            self->nodes_max);
    *node_p = add_node (self, at, directory);
    return *node_p ? OK : INTERNAL;
}

code_t
path_set_add (path_set_t *self, const char *path, size_t size, bool directory,
              path_set_place_t *place, refusal_t *refusal)
{
    *place = (path_set_place_t) {.new_offset = size};
    for (size_t begin = 0; begin < size;) {
        const char *slash = memchr (path + begin, '/', size - begin);
        size_t end = slash ? (size_t) (slash - path) : size;
        component_t at = {.name = path + begin, .name_size = end - begin, .parent = place->node};
        bool added;
        place->parent = at.parent;
        place->name_offset = begin;
        code_t code = enter (self, &at, slash || directory, path, size, &place->node, &added,
                             refusal);
        if (code)
            return code;
        if (added && place->new_offset == size)
            place->new_offset = begin;
        begin = end + 1;
    }
    if (self->nodes [place->node].listed)
        return refusal_set (refusal, REFUSED_DUPLICATE, path, size, "it is in the package twice");
    self->nodes [place->node].listed = true;
    return OK;
}
