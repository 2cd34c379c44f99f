// SPDX-License-Identifier: MIT
//  Which versions are yanked, by the heads of their publishers.
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/registry/index_self_io.h"
#include "actors/registry/layout.h"
#include "actors/registry/signed_head.h"

//  A head of this id, unless its signer has a newer one here.
void
index_insert_head (index_t *self, int64_t pid, const char *id, bytes_t bytes)
{
    uint8_t key [SIGNED_HEAD_KEY_SIZE];
    Ggen__Head *head = bytes.size ? signed_head_open (bytes, key) : NULL;
    //  SQLite's integers are signed; a seq beyond them is not one that counting has reached.
    if (head && strcmp (head->name, id) == 0 && head->seq <= INT64_MAX)
        index_db_run (self->db,
                      "INSERT INTO heads VALUES (?1, ?2, ?3, ?4) ON CONFLICT (pid, key)"
                      " DO UPDATE SET seq = ?3, head = ?4 WHERE seq < ?3",
                      "ibib", pid, (bytes_t) {key, sizeof key}, (int64_t) head->seq, bytes);
    ggen__head__free_unpacked (head, NULL);
}

//  A head decides which versions of a key are yanked: of its signer, or of one that has handed the
//  name over to it.
static void
apply_head (index_t *self, int64_t pid, bytes_t key, const Ggen__Head *head)
{
    index_db_run (self->db,
                  "UPDATE versions SET yanked = 0, yank_reason = ''"
                  " WHERE pid = ? AND yanked AND key = ?",
                  "ib", pid, key);
    for (size_t i = 0; i < head->n_versions; i++) {
        const Ggen__HeadVersion *at = head->versions [i];
        if (at->yanked)
            index_db_run (self->db,
                          "UPDATE versions SET yanked = 1, yank_reason = ?"
                          " WHERE pid = ? AND version = ? AND key = ?",
                          "titb", at->yank_reason, pid, at->version, key);
    }
}

//  ---- heads of all publishers of a package

#define HEADS_MAX (2 * SHELF_HEADS_MAX)     //  more are not heeded
#define HANDOVERS_MAX 8                     //  from one key to the next

typedef struct {
    uint8_t key [SIGNED_HEAD_KEY_SIZE];
    Ggen__Head *head;
} publisher_head_t;

typedef struct {
    uint8_t recovery [SIGNED_HEAD_KEY_SIZE];    //  its key
    Ggen__Rotation *rotation;
} known_rotation_t;

typedef struct {
    index_t *index;
    int64_t pid;
    char id [2 * LAYOUT_NAME_MAX + 2];
    publisher_head_t heads [HEADS_MAX];
    unsigned heads_count;
    known_rotation_t rotations [SHELF_HEADS_MAX];
    unsigned rotations_count;
} publishers_t;

//  What the shelf keeps beside versions: heads go to the others, rotations are remembered.
static void
take_kept (void *arg, bytes_t record)
{
    publishers_t *self = arg;
    known_rotation_t *known = &self->rotations [self->rotations_count];
    index_insert_head (self->index, self->pid, self->id, record);
    if (self->rotations_count == SHELF_HEADS_MAX
        || !(known->rotation = signed_rotation_open (record, known->recovery)))
        return;
    self->rotations_count++;
    index_db_run (self->index->db, "INSERT OR REPLACE INTO rotations VALUES (?, ?, ?)", "ibb", self->pid,
                  (bytes_t) {known->recovery, sizeof known->recovery}, record);
}

static void
load_heads (publishers_t *self)
{
    index_db_t *db = self->index->db;
    index_db_rows_t *rows = index_db_query (db, "SELECT head FROM heads WHERE pid = ?"
                                                " ORDER BY key", "i", self->pid);
    while (index_db_next (db, rows)) {
        publisher_head_t *one = &self->heads [self->heads_count];
        if (self->heads_count < HEADS_MAX
            && (one->head = signed_head_open (index_db_bytes (rows, 0), one->key)))
            self->heads_count++;
    }
}

static const publisher_head_t *
find_head (const publishers_t *self, const uint8_t *key)
{
    for (unsigned i = 0; i < self->heads_count; i++)
        if (memcmp (self->heads [i].key, key, SIGNED_HEAD_KEY_SIZE) == 0)
            return &self->heads [i];
    return NULL;
}

//  The rotation of the highest seq by the recovery key that this head names.
static const Ggen__Rotation *
find_rotation (const publishers_t *self, const Ggen__Head *head)
{
    const Ggen__Rotation *newest = NULL;
    for (unsigned i = 0; i < self->rotations_count; i++) {
        const known_rotation_t *known = &self->rotations [i];
        uint8_t digest [SHA256_DIGEST_LENGTH];
        SHA256 (known->recovery, sizeof known->recovery, digest);
        if (head->recovery_sha256.len == sizeof digest
            && memcmp (head->recovery_sha256.data, digest, sizeof digest) == 0
            && known->rotation->new_key.len == SIGNED_HEAD_KEY_SIZE
            && (!newest || known->rotation->seq > newest->seq))
            newest = known->rotation;
    }
    return newest;
}

//  The head of whom this one's signer has handed the name over to, as far as heads are here.
//  Trust proves the same with signatures before anything is installed (actors/trust/succession.h).
static const publisher_head_t *
last_of_line (const publishers_t *self, const publisher_head_t *from)
{
    const Ggen__Rotation *rotation = find_rotation (self, from->head);
    const publisher_head_t *at
        = rotation ? find_head (self, rotation->new_key.data) : NULL;
    if (!at)
        at = from;
    for (unsigned i = 0; i < HANDOVERS_MAX; i++) {
        const ProtobufCBinaryData *next = &at->head->rotated_to;
        const publisher_head_t *successor
            = next->len == SIGNED_HEAD_KEY_SIZE ? find_head (self, next->data) : NULL;
        if (!successor)
            break;
        at = successor;
    }
    return at;
}

void
index_apply_heads (index_t *self, int64_t pid)
{
    publishers_t *all = calloc (1, sizeof *all);
    index_db_rows_t *rows
        = index_db_query (self->db, "SELECT id FROM packages WHERE pid = ?", "i", pid);
    if (!all) {
        index_db_end (rows);
        index_db_fail (self->db, STORAGE);
        return;
    }
    all->index = self;
    all->pid = pid;
    if (index_db_next (self->db, rows)) {
        snprintf (all->id, sizeof all->id, "%s", index_db_text (rows, 0));
        index_db_end (rows);
    }
    index_db_run (self->db,
                  "DELETE FROM heads WHERE pid = ?1"
                  " AND key NOT IN (SELECT key FROM versions WHERE pid = ?1)",
                  "i", pid);
    index_db_run (self->db, "DELETE FROM rotations WHERE pid = ?", "i", pid);
    if (shelf_kept_records (self->shelf, all->id, take_kept, all) != OK)
        index_db_fail (self->db, STORAGE);
    load_heads (all);
    for (unsigned i = 0; i < all->heads_count; i++)
        apply_head (self, pid, (bytes_t) {all->heads [i].key, SIGNED_HEAD_KEY_SIZE},
                    last_of_line (all, &all->heads [i])->head);
    for (unsigned i = 0; i < all->heads_count; i++)
        ggen__head__free_unpacked (all->heads [i].head, NULL);
    for (unsigned i = 0; i < all->rotations_count; i++)
        ggen__rotation__free_unpacked (all->rotations [i].rotation, NULL);
    free (all);
}
