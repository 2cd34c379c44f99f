// SPDX-License-Identifier: MIT
//  Peer ids and multiaddrs of the public specifications. Argument: the data folder; reads
//  peer-id/vectors.tsv in it: rows of a name and a value. Every row has to be known here.
//  The vectors with udp are refused as what a node is not dialled at: said so, by text and by bytes,
//  while the same bytes with tcp in its place are the address.
#include "messages/hex.h"
#include "messages/multiaddr.h"
#include "runtime/actor/crypto.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 64
#define VALUE_MAX 256
#define BYTES_MAX (VALUE_MAX / 2)

static struct {
    char name [64], value [VALUE_MAX];
} rows [ROWS_MAX];
static size_t rows_count;

static const char *
value_of (const char *name)
{
    for (size_t i = 0; i < rows_count; i++)
        if (strcmp (rows [i].name, name) == 0)
            return rows [i].value;
    return "";
}

//  The bytes of a value in hex; no bytes when it is none.
static bytes_t
bytes_of (const char *hex, uint8_t bytes [BYTES_MAX])
{
    size_t size = strlen (hex) / 2;
    return hex_decode (bytes, size, hex) == OK ? (bytes_t) {bytes, size} : (bytes_t) {bytes, 0};
}

//  The key that the peer id of these bytes holds.
static bool
key_of (peer_key_t *key, const char *multihash_hex)
{
    uint8_t bytes [BYTES_MAX];
    return peer_id_from_bytes (key, bytes_of (multihash_hex, bytes), NULL, 0) == OK;
}

static bool
is_text_of (const char *text, const char *multihash_hex)
{
    peer_key_t key, parsed;
    char written [PEER_ID_TEXT + 1];
    if (!key_of (&key, multihash_hex) || peer_id_parse (&parsed, text, NULL, 0) != OK)
        return false;
    peer_id_text (&key, written);
    return peer_key_equal (&key, &parsed) && (*text != '1' || strcmp (text, written) == 0);
}

//  The second half of the private key is the public one; the seed makes it.
static bool
private_protobuf (const char *value)
{
    uint8_t bytes [BYTES_MAX], public_key [32], secret [64];
    bytes_t all = bytes_of (value, bytes);
    peer_key_t key;
    if (all.size != 68 || memcmp (all.data, "\x08\x01\x12\x40", 4) != 0)
        return false;
    crypto_sign_seed_keypair (public_key, secret, all.data + 4);
    return key_of (&key, value_of ("multihash")) && memcmp (all.data + 36, key.bytes, 32) == 0
        && memcmp (public_key, key.bytes, 32) == 0;
}

static bool
public_protobuf (const char *value)
{
    const char *multihash = value_of ("multihash");
    peer_key_t key;
    return key_of (&key, multihash) && strlen (multihash) > 4 && strcmp (value, multihash + 4) == 0;
}

static bool
multihash (const char *value)
{
    uint8_t bytes [PEER_ID_SIZE];
    char hex [2 * PEER_ID_SIZE + 1];
    peer_key_t key;
    if (!key_of (&key, value))
        return false;
    peer_id_bytes (&key, bytes);
    hex_encode (hex, bytes, sizeof bytes);
    return strcmp (hex, value) == 0;
}

static bool
text (const char *value)
{
    return is_text_of (value, value_of ("multihash"));
}

static bool
text_2 (const char *value)
{
    return is_text_of (value, value_of ("multihash_2"));
}

static bool
kademlia_key (const char *value)
{
    uint8_t bytes [BYTES_MAX], hash [CRYPTO_HASH_BYTES];
    char hex [2 * CRYPTO_HASH_BYTES + 1];
    bytes_t id = bytes_of (value_of ("multihash"), bytes);
    crypto_real.sha256 (id.data, id.size, hash);
    hex_encode (hex, hash, sizeof hash);
    return strcmp (hex, value) == 0;
}

static bool
udp_text (const char *value)
{
    multiaddr_t address;
    char why [256] = "";
    return multiaddr_parse (&address, value, why, sizeof why) == INVALID_MULTIADDR
        && strncmp (why, "udp stands where tcp is needed", 30) == 0;
}

static bool
udp_hex (const char *value)
{
    uint8_t bytes [BYTES_MAX], tcp [8];
    char written [MULTIADDR_TEXT_MAX + 1];
    multiaddr_t address;
    bytes_t all = bytes_of (value, bytes);
    if (all.size != 9 || multiaddr_decode (&address, all) != INVALID_MULTIADDR)
        return false;
    memcpy (tcp, all.data, 5);
    tcp [5] = 6;
    memcpy (tcp + 6, all.data + 7, 2);
    if (multiaddr_decode (&address, (bytes_t) {tcp, sizeof tcp}) != OK)
        return false;
    multiaddr_text (&address, written);
    return strcmp (written, "/ip4/127.0.0.1/tcp/1234") == 0;
}

static bool
tcp_text (const char *value)
{
    multiaddr_t address;
    uint8_t bytes [MULTIADDR_SIZE_MAX];
    char hex [2 * MULTIADDR_SIZE_MAX + 1];
    if (multiaddr_parse (&address, value, NULL, 0) != OK)
        return false;
    hex_encode (hex, bytes, multiaddr_encode (&address, bytes));
    return strcmp (hex, value_of ("multiaddr_hex_2")) == 0;
}

static bool
tcp_hex (const char *value)
{
    multiaddr_t address;
    uint8_t bytes [BYTES_MAX];
    char written [MULTIADDR_TEXT_MAX + 1];
    if (multiaddr_decode (&address, bytes_of (value, bytes)) != OK)
        return false;
    multiaddr_text (&address, written);
    return strcmp (written, value_of ("multiaddr_text_2")) == 0;
}

static const struct {
    const char *name;
    bool (*holds) (const char *value);
} checks [] = {
    {"ed25519_private_protobuf", private_protobuf},
    {"ed25519_public_protobuf", public_protobuf},
    {"multihash", multihash},
    {"peer_id_base58", text},
    {"peer_id_cidv1", text},
    {"kademlia_key_sha256_of_id_bytes", kademlia_key},
    {"peer_id_base58_2", text_2},
    {"multihash_2", multihash},
    {"multiaddr_text", udp_text},
    {"multiaddr_hex", udp_hex},
    {"multiaddr_text_2", tcp_text},
    {"multiaddr_hex_2", tcp_hex},
};

static bool
read_rows (const char *folder)
{
    char path [4096], line [1024];
    snprintf (path, sizeof path, "%s/peer-id/vectors.tsv", folder);
    FILE *file = fopen (path, "r");
    if (!file)
        return false;
    while (rows_count < ROWS_MAX && fgets (line, sizeof line, file))
        if (*line != '#' && sscanf (line, "%63[^\t]\t%255s", rows [rows_count].name,
                                    rows [rows_count].value) == 2)
            rows_count++;
    fclose (file);
    return rows_count > 0;
}

static bool
check (size_t row)
{
    for (size_t i = 0; i < COUNT_OF (checks); i++)
        if (strcmp (checks [i].name, rows [row].name) == 0)
            return checks [i].holds (rows [row].value);
    return false;
}

int
main (int argc, char **argv)
{
    if (argc != 2) {
        fprintf (stderr, "usage: %s DATA-FOLDER\n", argv [0]);
        return 2;
    }
    if (!read_rows (argv [1])) {
        printf ("SHARED peer-id: cannot read %s/peer-id/vectors.tsv\n", argv [1]);
        return 1;
    }
    size_t passed = 0;
    for (size_t row = 0; row < rows_count; row++)
        if (check (row))
            passed++;
        else
            printf ("vectors.tsv: mismatch: %s\n", rows [row].name);
    printf ("SHARED peer-id: %zu of %zu\n", passed, rows_count);
    return passed == rows_count && rows_count >= COUNT_OF (checks) ? 0 : 1;
}
