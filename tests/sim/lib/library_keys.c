// SPDX-License-Identifier: MIT
//  Publishers' keys: how names go from one to the next, and how they are stolen.
#include "library.h"

#include "publisher.pb-c.h"

#include <stdlib.h>
#include <string.h>

bool
library_rotate (library_t *self, uint32_t number)
{
    publisher_t *publisher = library_publisher (self, number);
    if (publisher->keys_count == LIBRARY_KEYS_MAX)
        return false;
    bool first = publisher->keys_count == 0;
    const identity_t *key =
        library_key (self, first ? "publisher" : "heir",
                     first ? number : (uint64_t) number << 32 | publisher->keys_count);
    publisher->identity = publisher->keys[publisher->keys_count++] = key;
    for (unsigned i = 0; i < publisher->keys_count; i++) {
        sim_signer_of (&publisher->keyring[i], publisher->keys[publisher->keys_count - 1 - i]);
        publisher->keyring[i].next =
            i + 1 < publisher->keys_count ? &publisher->keyring[i + 1] : NULL;
    }
    for (uint32_t i = 0; i < library_count (self); i++) {
        package_t *package = library_package (self, i);
        if (package->publisher != number)
            continue;
        package->own_from = package->versions + 1;
        package->last_seq = package->seq;
    }
    return true;
}

static publisher_t *
publisher_of (library_t *self, uint32_t package)
{
    return library_publisher (self, library_package (self, package)->publisher);
}

ProtobufCBinaryData
library_sign_last (library_t *self, const identity_t *from, const identity_t *to, uint32_t number,
                   int64_t wall_ms)
{
    const library_head_t what = {.seq = ++library_package (self, number)->last_seq,
                                 .successor = to,
                                 .recovery = publisher_of (self, number)->recovery};
    return library_head_by (self, from, number, &what, wall_ms);
}

void
library_sign_rotation (library_t *self, uint32_t number, int64_t wall_ms)
{
    publisher_t *publisher = library_publisher (self, number);
    Ggen__Rotation rotation = GGEN__ROTATION__INIT;
    const identity_t *former = publisher->keys[publisher->keys_count - 2];
    rotation.former_key = (ProtobufCBinaryData) {CRYPTO_KEY_BYTES, (uint8_t *) former->key};
    rotation.new_key =
        (ProtobufCBinaryData) {CRYPTO_KEY_BYTES, (uint8_t *) publisher->identity->key};
    rotation.seq = ++publisher->rotation_seq;
    rotation.issued_at = wall_ms / 1000;
    free (publisher->rotation.data);
    publisher->rotation =
        sim_sign (publisher->recovery, GGEN__RECORD_KIND__ROTATION, &rotation.base);
}

//  ---- theft ---------------------------------------------------------------------------------------

void
library_rob (library_t *self, uint32_t number, uint32_t thief_node)
{
    publisher_t *publisher = library_publisher (self, number);
    publisher->thief = library_key (self, "thief", number);
    publisher->thief_node = thief_node;
    publisher->robbed = true;
}

ProtobufCBinaryData
library_sign_evil_release (library_t *self, uint32_t number, int64_t wall_ms)
{
    return library_release_by (self, publisher_of (self, number)->thief, number, LIBRARY_EVIL,
                               wall_ms);
}

//  He stands for what he found, too, so that nobody misses anything; and names a recovery key of his own:
//  himself.
ProtobufCBinaryData
library_sign_evil_head (library_t *self, uint32_t number, int64_t wall_ms)
{
    const package_t *package = library_package (self, number);
    const identity_t *thief = publisher_of (self, number)->thief;
    const library_head_t what = {.seq = package->seq + 1,
                                 .own_from = package->versions + 1,
                                 .evil = LIBRARY_EVIL,
                                 .recovery = thief};
    return library_head_by (self, thief, number, &what, wall_ms);
}

ProtobufCBinaryData
library_sign_stolen_head (library_t *self, const identity_t *stolen, uint32_t number,
                          int64_t wall_ms)
{
    const publisher_t *publisher = publisher_of (self, number);
    package_t *package = library_package (self, number);
    bool late = stolen != publisher->identity;
    const library_head_t what = {.seq = late ? ++package->last_seq : ++package->seq,
                                 .own_from = package->own_from,
                                 .successor = publisher->thief,
                                 .recovery = publisher->thief};
    return library_head_by (self, stolen, number, &what, wall_ms);
}

int
library_rank (const library_t *self, uint32_t number, const uint8_t *key)
{
    const publisher_t *publisher =
        library_publisher (self, library_package ((library_t *) self, number)->publisher);
    if (publisher->thief && memcmp (publisher->thief->key, key, CRYPTO_KEY_BYTES) == 0)
        return LIBRARY_KEYS_MAX;
    for (unsigned i = 0; i < publisher->keys_count; i++)
        if (memcmp (publisher->keys[i]->key, key, CRYPTO_KEY_BYTES) == 0)
            return (int) i;
    return -1;
}
