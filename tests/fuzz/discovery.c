// SPDX-License-Identifier: MIT
//  A signed record that another node says to belong under a key: its first 32 bytes are the key,
//  the rest the record. Every signature holds here, so that what comes after is reached. Then the
//  same bytes as a text that is cut into keywords.
#include "messages/dht_key.h"
#include "messages/discovery_valid.h"
#include "runtime/actor/crypto.h"
#include "tests/fuzz/lib/fuzz.h"

#include <stdlib.h>
#include <string.h>

static bool
always (void *context, const uint8_t *signature, const uint8_t *message, size_t size,
    const uint8_t *key)
{
    (void) context, (void) signature, (void) message, (void) size, (void) key;
    return true;
}

static bool
never (void *context, const uint8_t *signature, const uint8_t *message, size_t size,
    const uint8_t *key)
{
    return !always (context, signature, message, size, key);
}

static void
check_record (const digest_t *key, bytes_t record)
{
    dht_element_t element, again;
    code_t code = dht_key_check (&element, crypto_real.sha256, always, key, record);
    must_hold (code == OK || code == SECURITY || code == SERIALIZATION || code == VALIDATION);
    if (code != OK && code != SECURITY)
        return;
    must_hold (dht_key_check (&again, crypto_real.sha256, never, key, record)
               == INVALID_SIGNATURE);
    must_hold (element.issued_at >= 0 && element.ttl_secs <= DISCOVERY_TTL_MAX_SECS);
    //  It belongs where its subject lies
    digest_t subject;
    memcpy (subject.bytes, element.subject, sizeof subject.bytes);
    must_hold (dht_key_check (&again, crypto_real.sha256, always, &subject, record) == OK);
    must_hold (again.kind == element.kind && again.seq == element.seq);
}

static void
check_words (const char *text)
{
    char keyword [DISCOVERY_KEYWORD_MAX + 1], again [DISCOVERY_KEYWORD_MAX + 1];
    const char *end = text + strlen (text), *at = text;
    while (discovery_next_keyword (&at, keyword)) {
        must_hold (at <= end);
        must_hold (discovery_keyword (keyword, strlen (keyword), again) == strlen (keyword));
        must_hold (strcmp (keyword, again) == 0);
    }
    must_hold (at == end);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    digest_t key;
    char *text = fuzz_text (data, size);
    check_words (text);
    free (text);
    if (size < sizeof key.bytes)
        return 0;
    memcpy (key.bytes, data, sizeof key.bytes);
    check_record (&key, (bytes_t) {data + sizeof key.bytes, size - sizeof key.bytes});
    return 0;
}
