// SPDX-License-Identifier: MIT
//  What this node has heard of packages: of each publisher of a name the newest listing, head and
//  rotation, as they were signed. Bounded three ways, because anybody may speak:
//      entries                   the one used longest ago makes room
//      names of one signer       its own one used longest ago makes room: a spammer drives out itself
//      publishers of one name    nobody makes room: who was first stays, a squatter comes too late
//  Entries that are protected (published here, or pinned by trust) are never driven out, and do not
//  count for the second bound.
#ifndef GGEN_DISCOVERED_H
#define GGEN_DISCOVERED_H

#include "p2p_signed.h"

#define DISCOVERED_MAX        4096      //  entries, where the settings say nothing
#define DISCOVERED_SIGNER_MAX 64        //  names of one signer
#define DISCOVERED_NAME_MAX   16        //  publishers of one name (capitals do not count)

//  Fast-forward: who stole a key could sign the highest seq there is. So far above the one known it
//  may be, and so far the first may be (as actors/trust/heads.h has it).
#define DISCOVERED_JUMP_MAX  (1ull << 20)
#define DISCOVERED_FIRST_MAX (1ull << 40)

typedef struct discovered_t discovered_t;
typedef struct known_t known_t;

//  One publisher of one name. To be read only.
struct known_t {
    publisher_key_t key;
    ProtobufCBinaryData listing;        //  packed SignedRecords; empty: not heard of
    ProtobufCBinaryData head;
    ProtobufCBinaryData rotation;       //  that takes names from this key
    uint64_t listing_seq, head_seq, rotation_seq;
    bool withdrawn;                     //  by the listing
    bool own, pinned;
    known_t *next_of_name;              //  another publisher of the name
    //  For discovered.c.
    known_t *newer, *older;
    known_t *next_of_signer;
    uint64_t used;
    char name[];
};

//  An entry has changed or is gone: time to keep that (key of the entry: name and publisher).
typedef void (discovered_changed_fn) (void *context, const char *name,
                                      const publisher_key_t *key);

//  0 for a bound is the one above. 'seed' as map_new. NULL: out of memory.
discovered_t *discovered_new (uint32_t entries_max, uint32_t signer_max, uint64_t seed);
void discovered_destroy (discovered_t **self_p);

//  'changed' may be NULL.
void discovered_watch (discovered_t *self, discovered_changed_fn *changed, void *context);

//  Take note of a listing, head, or rotation ('name' says of which name; its entry is that of the
//  former key).
//  OK              it is newer than what was known, and known now.
//  ALREADY_EXISTS  it was known.
//  VALIDATION      something newer is known.
//  SECURITY        its seq leaps (DISCOVERED_JUMP_MAX), or the same seq was signed for other bytes.
//  STORAGE         no room: too many publishers of this name, or all entries are protected.
//  BUSY            out of memory.
must_use code_t discovered_listing (discovered_t *self, const p2p_signed_t *listing);
must_use code_t discovered_head (discovered_t *self, const p2p_signed_t *head);
must_use code_t discovered_rotation (discovered_t *self, const char *name,
                                     const p2p_signed_t *rotation);

//  One entry, or the first of those of a name (in any case; see next_of_name); NULL: none. Borrowed
//  until the next call that changes anything.
known_t *discovered_find (const discovered_t *self, const char *name, const publisher_key_t *key);
known_t *discovered_of_name (const discovered_t *self, const char *name);

//  It was of use: it stays longer.
void discovered_touch (discovered_t *self, known_t *known);

//  Protect it, or (both false) no longer.
void discovered_protect (discovered_t *self, known_t *known, bool own, bool pinned);

uint32_t discovered_count (const discovered_t *self);

//  Walk all: start with *cursor = NULL inside and 0; NULL at the end. Nothing may change meanwhile.
typedef struct {
    uint32_t names;
    known_t *known;
} discovered_walk_t;

known_t *discovered_next (const discovered_t *self, discovered_walk_t *walk);

#endif
