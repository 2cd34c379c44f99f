// SPDX-License-Identifier: MIT
#include "peer_id.h"

#include "base32.h"
#include "base58.h"
#include "uvarint.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

//  multiformats/multicodec, table.csv
#define CID_VERSION   1
#define CID_CODEC     0x72          //  libp2p-key
#define HASH_IDENTITY 0x00
#define HASH_SHA256   0x12
#define SHA256_SIZE   32
//  specs/peer-ids: a public key that is longer encoded is named by its hash
#define INLINE_MAX    42
//  Tags of the PublicKey message: field 1 varint, field 2 bytes
#define TAG_TYPE      0x08
#define TAG_DATA      0x12
#define TYPE_ED25519  1

//  identity, 36 bytes: Type Ed25519, Data of 32 bytes
static const uint8_t prefix [] = {HASH_IDENTITY, 0x24, TAG_TYPE, TYPE_ED25519, TAG_DATA, 0x20};

_Static_assert (sizeof prefix + PEER_KEY_SIZE == PEER_ID_SIZE, "a prefix and the key");

bool
peer_key_equal (const peer_key_t *a, const peer_key_t *b)
{
    return memcmp (a->bytes, b->bytes, PEER_KEY_SIZE) == 0;
}

code_t
peer_key_from_field (peer_key_t *self, ProtobufCBinaryData field)
{
    if (field.len != PEER_KEY_SIZE)
        return VALIDATION;
    memcpy (self->bytes, field.data, PEER_KEY_SIZE);
    return OK;
}

ProtobufCBinaryData
peer_key_to_field (const peer_key_t *self)
{
    return (ProtobufCBinaryData) {PEER_KEY_SIZE, (uint8_t *) self->bytes};
}

void
peer_id_bytes (const peer_key_t *key, uint8_t bytes [PEER_ID_SIZE])
{
    memcpy (bytes, prefix, sizeof prefix);
    memcpy (bytes + sizeof prefix, key->bytes, PEER_KEY_SIZE);
}

void
peer_id_text (const peer_key_t *key, char text [PEER_ID_TEXT + 1])
{
    uint8_t bytes [PEER_ID_SIZE];
    char base58 [BASE58_TEXT_MAX + 1];
    peer_id_bytes (key, bytes);
    size_t size = base58_encode (base58, bytes, sizeof bytes);
    assert (size == PEER_ID_TEXT);      //  All of them lie between 2 powers of 58
    memcpy (text, base58, size + 1);
}

//  ---- from bytes --------------------------------------------------------------------------------

typedef struct {
    char *text;
    size_t size;
} reason_t;

static code_t
refuse (const reason_t *why, code_t code, const char *text)
{
    snprintf (why->text, why->size, "%s", text);
    return code;
}

static code_t
refuse_type (const reason_t *why, uint64_t type)
{
    static const char *const names [] = {"RSA", "Ed25519", "secp256k1", "ECDSA"};
    if (type >= COUNT_OF (names))
        return refuse (why, VALIDATION, "a key of unknown type");
    snprintf (why->text, why->size, "its key is of type %s; only Ed25519 is supported",
              names [type]);
    return FEATURE_NOT_ENABLED;
}

//  The PublicKey message of libp2p: Type, then Data.
static code_t
key_from_message (peer_key_t *key, bytes_t rest, const reason_t *why)
{
    uint64_t tag, type, size;
    if (uvarint_take (&rest, &tag) || tag != TAG_TYPE || uvarint_take (&rest, &type))
        return refuse (why, VALIDATION, "its key does not begin with a type");
    if (uvarint_take (&rest, &tag) || tag != TAG_DATA || uvarint_take (&rest, &size))
        return refuse (why, VALIDATION, "its key has no data after the type");
    if (size > rest.size)
        return refuse (why, VALIDATION, "its key is cut short");
    if (size < rest.size)
        return refuse (why, VALIDATION, "more follows its key");
    if (type != TYPE_ED25519)
        return refuse_type (why, type);
    if (size != PEER_KEY_SIZE)
        return refuse (why, VALIDATION, "its Ed25519 key has not 32 bytes");
    memcpy (key->bytes, rest.data, PEER_KEY_SIZE);
    return OK;
}

static code_t
key_from_multihash (peer_key_t *key, bytes_t rest, const reason_t *why)
{
    uint64_t hash, size;
    if (uvarint_take (&rest, &hash) || uvarint_take (&rest, &size))
        return refuse (why, VALIDATION, "it is no multihash");
    if (size > rest.size)
        return refuse (why, VALIDATION, "it is cut short");
    if (size < rest.size)
        return refuse (why, VALIDATION, "more follows its end");
    if (hash == HASH_SHA256 && size == SHA256_SIZE)
        return refuse (why, FEATURE_NOT_ENABLED,
                       "it is the hash of a key, not the key; only Ed25519 keys are supported");
    if (hash != HASH_IDENTITY)
        return refuse (why, VALIDATION, "its multihash is neither identity nor SHA-256");
    if (size > INLINE_MAX)
        return refuse (why, VALIDATION, "its key is too long to stand in it");
    return key_from_message (key, rest, why);
}

code_t
peer_id_from_bytes (peer_key_t *key, bytes_t bytes, char *why, size_t why_size)
{
    if (bytes.size == PEER_ID_SIZE && memcmp (bytes.data, prefix, sizeof prefix) == 0) {
        memcpy (key->bytes, bytes.data + sizeof prefix, PEER_KEY_SIZE);
        return OK;
    }
    return key_from_multihash (key, bytes, &(reason_t) {why, why_size});
}

//  ---- from text ---------------------------------------------------------------------------------

static code_t
key_from_cid (peer_key_t *key, bytes_t rest, const reason_t *why)
{
    uint64_t version, codec;
    if (uvarint_take (&rest, &version) || version != CID_VERSION)
        return refuse (why, VALIDATION, "it is no CID of version 1");
    if (uvarint_take (&rest, &codec) || codec != CID_CODEC)
        return refuse (why, VALIDATION, "it is a CID, but not of a libp2p key");
    return key_from_multihash (key, rest, why);
}

//  Decode what follows the multibase character.
static code_t
decode_cid (uint8_t bytes [BASE58_SIZE_MAX], size_t *size_p, const char *text, const reason_t *why)
{
    code_t code;
    if (*text == 'b' || *text == 'B')
        code = base32_decode (bytes, BASE58_SIZE_MAX, size_p, text + 1, *text == 'b' ? 'a' : 'A');
    else if (*text == 'z')
        code = base58_decode (bytes, BASE58_SIZE_MAX, size_p, text + 1);
    else
        return refuse (why, VALIDATION, "it begins neither as base58 (1, Qm) nor as a CID (b, z)");
    return code ? refuse (why, VALIDATION, "it has a character that is not of its base, "
                                           "or too many") : OK;
}

code_t
peer_id_parse (peer_key_t *key, const char *text, char *why, size_t why_size)
{
    uint8_t bytes [BASE58_SIZE_MAX];
    size_t size;
    const reason_t reason = {why, why_size};
    if (*text == 0)
        return refuse (&reason, VALIDATION, "it is empty");
    if (*text == '1' || strncmp (text, "Qm", 2) == 0) {
        if (base58_decode (bytes, sizeof bytes, &size, text))
            return refuse (&reason, VALIDATION, "it is not base58, or too long");
        return peer_id_from_bytes (key, (bytes_t) {bytes, size}, why, why_size);
    }
    code_t code = decode_cid (bytes, &size, text, &reason);
    return code ? code : key_from_cid (key, (bytes_t) {bytes, size}, &reason);
}

//  ---- addresses of actors -----------------------------------------------------------------------

void
peer_id_address (const peer_key_t *key, const char *actor, char *text)
{
    size_t size = strlen (actor);
    assert (size <= PEER_ACTOR_MAX);
    memcpy (text, actor, size);
    text [size] = '@';
    peer_id_text (key, text + size + 1);
}

code_t
peer_id_of_address (peer_key_t *key, const char *address)
{
    uint8_t bytes [PEER_ID_SIZE];
    size_t size;
    const char *at = strchr (address, '@');
    if (!at || at == address || at - address > PEER_ACTOR_MAX
    ||  strnlen (at + 1, PEER_ID_TEXT + 1) != PEER_ID_TEXT
    ||  base58_decode (bytes, sizeof bytes, &size, at + 1) || size != sizeof bytes
    ||  memcmp (bytes, prefix, sizeof prefix) != 0)
        return VALIDATION;
    memcpy (key->bytes, bytes + sizeof prefix, PEER_KEY_SIZE);
    return OK;
}
