// SPDX-License-Identifier: MIT
#include "contact.h"

#include "multiaddr.h"
#include "swarm.pb-c.h"

#include <assert.h>
#include <string.h>

uint64_t
contact_place_of (const uint8_t *key)
{
    uint64_t place = 0;
    for (unsigned i = 0; i < sizeof place; i++)
        place = place << 8 | key[i];
    return place;
}

uint64_t
contact_place (const peer_key_t *key, sha256_fn *sha256)
{
    uint8_t id[PEER_ID_SIZE], hash[CRYPTO_HASH_BYTES];
    peer_id_bytes (key, id);
    sha256 (id, sizeof id, hash);
    return contact_place_of (hash);
}

static uint32_t
fold (uint64_t group)
{
    return (uint32_t) (group ^ group >> 32);
}

uint32_t
contact_group (ProtobufCBinaryData field)
{
    multiaddr_t address;
    return multiaddr_decode (&address, (bytes_t) {field.data, field.len}) == OK
             ? fold (multiaddr_group (&address))
             : 0;
}

static void
add_address (contact_t *self, ProtobufCBinaryData field)
{
    multiaddr_t address;
    uint8_t bytes[MULTIADDR_SIZE_MAX];
    if (field.len > MULTIADDR_SIZE_MAX
        || multiaddr_decode (&address, (bytes_t) {field.data, field.len}) != OK
        || !multiaddr_is_dialable (&address)
        || (address.has_peer && !peer_key_equal (&address.peer, &self->key)))
        return;
    address.has_peer = false;
    size_t size = multiaddr_encode (&address, bytes);
    if (self->addresses_size + 1 + size > CONTACT_ADDRESSES_BYTES)
        return;
    self->addresses[self->addresses_size++] = (uint8_t) size;
    memcpy (self->addresses + self->addresses_size, bytes, size);
    self->addresses_size = (uint8_t) (self->addresses_size + size);
    if (self->group == 0)
        self->group = fold (multiaddr_group (&address));
}

code_t
contact_from_fields (contact_t *self, ProtobufCBinaryData key,
                     const ProtobufCBinaryData *addresses, size_t addresses_count,
                     sha256_fn *sha256)
{
    *self = (contact_t) {0};
    code_t code = peer_key_from_field (&self->key, key);
    if (code)
        return code;
    self->place = contact_place (&self->key, sha256);
    for (size_t i = 0; i < addresses_count && i < MULTIADDR_PEER_MAX; i++)
        add_address (self, addresses[i]);
    return OK;
}

code_t
contact_from_message (contact_t *self, const Ggen__Contact *message, sha256_fn *sha256)
{
    return contact_from_fields (self, message->peer_key, message->addresses, message->n_addresses,
                                sha256);
}

size_t
contact_addresses (const contact_t *self, ProtobufCBinaryData fields[CONTACT_ADDRESSES_MAX])
{
    size_t count = 0;
    for (size_t at = 0; at < self->addresses_size; at += 1u + self->addresses[at]) {
        assert (count < CONTACT_ADDRESSES_MAX);
        fields[count++] =
            (ProtobufCBinaryData) {self->addresses[at], (uint8_t *) self->addresses + at + 1};
    }
    return count;
}

void
contact_to_message (const contact_t *self, contact_message_t *room)
{
    ggen__contact__init (&room->message);
    room->message.peer_key = peer_key_to_field (&self->key);
    room->message.addresses = room->addresses;
    room->message.n_addresses = contact_addresses (self, room->addresses);
}

bytes_t
contact_route (const contact_t *self, uint8_t room[CONTACT_ROUTE_MAX])
{
    ProtobufCBinaryData fields[CONTACT_ADDRESSES_MAX];
    Ggen__Addresses addresses = GGEN__ADDRESSES__INIT;
    addresses.addresses = fields;
    addresses.n_addresses = contact_addresses (self, fields);
    assert (ggen__addresses__get_packed_size (&addresses) <= CONTACT_ROUTE_MAX);
    return (bytes_t) {room, ggen__addresses__pack (&addresses, room)};
}
