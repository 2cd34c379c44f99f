// SPDX-License-Identifier: MIT
//  The input as a peer id in bytes and in text, as an actor's address, as base58 and as base32.
#include "messages/base32.h"
#include "messages/base58.h"
#include "messages/peer_id.h"
#include "tests/fuzz/lib/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void
check_key (const peer_key_t *key)
{
    peer_key_t again;
    uint8_t bytes [PEER_ID_SIZE];
    char text [PEER_ID_TEXT + 1];
    peer_id_bytes (key, bytes);
    must_hold (peer_id_from_bytes (&again, (bytes_t) {bytes, sizeof bytes}, NULL, 0) == OK);
    must_hold (peer_key_equal (key, &again));
    peer_id_text (key, text);
    must_hold (strlen (text) == PEER_ID_TEXT);
    must_hold (peer_id_parse (&again, text, NULL, 0) == OK && peer_key_equal (key, &again));
}

static void
check_bytes (const uint8_t *data, size_t size)
{
    peer_key_t key;
    uint8_t bytes [PEER_ID_SIZE];
    if (peer_id_from_bytes (&key, (bytes_t) {data, size}, NULL, 0) != OK)
        return;
    peer_id_bytes (&key, bytes);
    must_hold (size == sizeof bytes && memcmp (bytes, data, size) == 0);
    check_key (&key);
}

static void
check_address (const char *text)
{
    peer_key_t key;
    char actor [PEER_ACTOR_MAX + 1], again [PEER_ADDRESS_SIZE];
    if (peer_id_of_address (&key, text) != OK)
        return;
    size_t size = strcspn (text, "@");
    must_hold (size > 0 && size < sizeof actor);
    memcpy (actor, text, size);
    actor [size] = 0;
    peer_id_address (&key, actor, again);
    must_hold (strcmp (again, text) == 0);
}

static void
check_bases (const char *text)
{
    uint8_t bytes [BASE58_SIZE_MAX];
    char again [BASE58_TEXT_MAX + 1];
    size_t size = 0;
    if (base58_decode (bytes, sizeof bytes, &size, text) == OK)
        must_hold (base58_encode (again, bytes, size) == strlen (text)
                   && strcmp (again, text) == 0);
    if (base32_decode (bytes, sizeof bytes, &size, text, 'a') == OK)
        must_hold (size == strlen (text) * 5 / 8);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    char *text = fuzz_text (data, size), why [256] = "";
    peer_key_t key;
    check_bytes (data, size);
    if (peer_id_parse (&key, text, why, sizeof why) == OK)
        check_key (&key);
    else
        must_hold (*why);
    check_address (text);
    check_bases (text);
    free (text);
    return 0;
}
