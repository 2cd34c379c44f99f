// SPDX-License-Identifier: MIT
#include "addresses.h"

#include "swarm.pb-c.h"

#include <stdlib.h>
#include <string.h>

#define PREFIX 2u       //  bytes of a length

static bool
is_ip (const multiaddr_t *address)
{
    return address->kind == MULTIADDR_IP4 || address->kind == MULTIADDR_IP6;
}

static size_t
ip_size (const multiaddr_t *address)
{
    return address->kind == MULTIADDR_IP4 ? 4 : 16;
}

static bool
is_unspecified (const multiaddr_t *address)
{
    static const uint8_t nowhere[16];
    return is_ip (address) && memcmp (address->ip, nowhere, ip_size (address)) == 0;
}

//  Read one as addresses_set says. False: it is left out.
static bool
read_one (multiaddr_t *address, ProtobufCBinaryData field, const bytes_t *seen,
          const peer_key_t *key)
{
    if (multiaddr_decode (address, (bytes_t) {field.data, field.len}) != OK)
        return false;
    if (address->has_peer && key && !peer_key_equal (&address->peer, key))
        return false;
    address->has_peer = false;
    if (!seen)
        return true;
    multiaddr_t at;
    if (is_unspecified (address) && seen->size > 0 && multiaddr_decode (&at, *seen) == OK
        && (at.kind == address->kind || (at.kind == MULTIADDR_IP4 && address->kind == MULTIADDR_IP6))) {
        address->kind = at.kind;
        memcpy (address->ip, at.ip, sizeof address->ip);
    }
    return is_ip (address) && multiaddr_is_dialable (address);
}

static const uint8_t *
bytes_of (const addresses_t *self)
{
    return self->size > ADDRESSES_NEAR_MAX ? self->far : self->near;
}

//  Room for 'more' bytes behind the others, or NULL.
static uint8_t *
extend (addresses_t *self, size_t more)
{
    bool is_far = self->size > ADDRESSES_NEAR_MAX;
    size_t size = self->size + more;
    uint8_t *bytes = self->near;
    if (size > ADDRESSES_NEAR_MAX) {
        bytes = realloc (is_far ? self->far : NULL, size);
        if (!bytes)
            return NULL;
        if (!is_far)
            memcpy (bytes, self->near, self->size);
        self->far = bytes;
    }
    uint8_t *room = bytes + self->size;
    self->size = (uint16_t) size;
    return room;
}

static bool
append (addresses_t *self, const multiaddr_t *address)
{
    uint8_t bytes[MULTIADDR_SIZE_MAX];
    size_t size = multiaddr_encode (address, bytes);
    uint8_t *room = extend (self, PREFIX + size);
    if (!room)
        return false;
    room[0] = (uint8_t) (size >> 8);
    room[1] = (uint8_t) size;
    memcpy (room + PREFIX, bytes, size);
    return true;
}

bool
addresses_set (addresses_t *self, const ProtobufCBinaryData *fields, size_t count,
               const bytes_t *seen, const peer_key_t *key)
{
    *self = (addresses_t) {0};
    size_t taken = 0;
    for (size_t i = 0; i < count && i < 2 * MULTIADDR_PEER_MAX && taken < MULTIADDR_PEER_MAX; i++) {
        multiaddr_t address;
        if (!read_one (&address, fields[i], seen, key))
            continue;
        if (!append (self, &address)) {
            addresses_clear (self);
            return false;
        }
        taken++;
    }
    return true;
}

bool
addresses_unpack (addresses_t *self, bytes_t packed, const peer_key_t *key)
{
    *self = (addresses_t) {0};
    if (packed.size == 0 || packed.size > 2 * MULTIADDR_PEER_MAX * MULTIADDR_SIZE_MAX)
        return true;
    Ggen__Addresses *list = ggen__addresses__unpack (NULL, packed.size, packed.data);
    if (!list)
        return true;
    const bytes_t nowhere = {NULL, 0};
    bool good = addresses_set (self, list->addresses, list->n_addresses, &nowhere, key);
    ggen__addresses__free_unpacked (list, NULL);
    return good;
}

void
addresses_clear (addresses_t *self)
{
    if (self->size > ADDRESSES_NEAR_MAX)
        free (self->far);
    *self = (addresses_t) {0};
}

bool
addresses_next (const addresses_t *self, uint16_t *cursor, bytes_t *address)
{
    if (*cursor >= self->size)
        return false;
    const uint8_t *at = bytes_of (self) + *cursor;
    size_t size = (size_t) at[0] << 8 | at[1];
    *address = (bytes_t) {at + PREFIX, size};
    *cursor = (uint16_t) (*cursor + PREFIX + size);
    return true;
}

size_t
addresses_fields (const addresses_t *self, ProtobufCBinaryData fields[MULTIADDR_PEER_MAX])
{
    size_t count = 0;
    uint16_t cursor = 0;
    bytes_t address;
    while (addresses_next (self, &cursor, &address))
        fields[count++] = (ProtobufCBinaryData) {address.size, (uint8_t *) address.data};
    return count;
}

bool
addresses_equal (const addresses_t *a, const addresses_t *b)
{
    return a->size == b->size && memcmp (bytes_of (a), bytes_of (b), a->size) == 0;
}

uint64_t
addresses_group (bytes_t address)
{
    multiaddr_t value;
    return multiaddr_decode (&value, address) == OK ? multiaddr_group (&value) : 0;
}

bool
addresses_is_name (bytes_t address)
{
    multiaddr_t value;
    return multiaddr_decode (&value, address) == OK && !is_ip (&value);
}

bool
addresses_same_ip (bytes_t a, bytes_t b)
{
    multiaddr_t one, other;
    return multiaddr_decode (&one, a) == OK && multiaddr_decode (&other, b) == OK && is_ip (&one)
           && one.kind == other.kind && memcmp (one.ip, other.ip, ip_size (&one)) == 0;
}

bool
addresses_same_host (bytes_t a, bytes_t b)
{
    multiaddr_t one, other;
    return multiaddr_decode (&one, a) == OK && multiaddr_decode (&other, b) == OK
           && multiaddr_same_host (&one, &other);
}
