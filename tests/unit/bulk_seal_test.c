// SPDX-License-Identifier: MIT
//  The pure parts of a bulk connection: sealing, its beginning, offers, records.
#include "actors/bulk/bulk_record.h"
#include "actors/bulk/offers.h"
#include "actors/bulk/opening.h"
#include "actors/bulk/seal.h"
#include "hex.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const seal_cipher_t ciphers[] = {SEAL_AES_256_GCM, SEAL_CHACHA20_POLY1305};

typedef struct {
    seal_t *closes, *opens;
} pair_t;

static pair_t
pair_new (seal_cipher_t cipher)
{
    const uint8_t key[SEAL_KEY_BYTES] = {1, 2, 3};
    pair_t self = {seal_new (cipher, key, SEAL_CLOSES), seal_new (cipher, key, SEAL_OPENS)};
    assert_non_null (self.closes);
    assert_non_null (self.opens);
    return self;
}

static void
pair_clear (pair_t *self)
{
    seal_destroy (&self->closes);
    seal_destroy (&self->opens);
}

static bytes_t
text (const char *string)
{
    return (bytes_t) {(const uint8_t *) string, strlen (string)};
}

//  Seal one text; its bytes with the tag.
static size_t
close_text (pair_t *self, const char *aad, const char *said, uint8_t *bytes)
{
    const bytes_t part = text (said);
    assert_int_equal (seal_close (self->closes, text (aad), &part, 1, bytes), OK);
    return part.size + SEAL_TAG_BYTES;
}

//  ---- sealing -----------------------------------------------------------------------------------

//  McGrew and Viega, "The Galois/Counter Mode of Operation", test case 14: key and nonce are zeros.
static void
the_first_record_of_aes_is_the_published_vector (void **state)
{
    (void) state;
    const uint8_t key[SEAL_KEY_BYTES] = {0}, zeros[16] = {0};
    uint8_t bytes[32], expected[32];
    assert_int_equal (hex_decode (expected, sizeof expected,
                                  "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"),
                      OK);
    AUTO (seal_destroy) seal_t *seal = seal_new (SEAL_AES_256_GCM, key, SEAL_CLOSES);
    assert_non_null (seal);
    const bytes_t part = {zeros, sizeof zeros};
    assert_int_equal (seal_close (seal, (bytes_t) {NULL, 0}, &part, 1, bytes), OK);
    assert_memory_equal (bytes, expected, sizeof expected);
}

//  Another implementation seals the same: the nonce is four zeros and the number of the record.
static void
each_record_is_what_another_library_makes_of_it (void **state)
{
    (void) state;
    const uint8_t key[SEAL_KEY_BYTES] = {9, 8, 7};
    for (unsigned i = 0; i < COUNT_OF (ciphers); i++) {
        const bool aes = ciphers[i] == SEAL_AES_256_GCM;
        if (aes && !crypto_aead_aes256gcm_is_available ())
            continue;
        AUTO (seal_destroy) seal_t *seal = seal_new (ciphers[i], key, SEAL_CLOSES);
        for (uint8_t number = 0; number < 4; number++) {
            const uint8_t nonce[12] = {0, 0, 0, 0, number};
            const bytes_t parts[] = {text ("one "), text (""), text ("and another")};
            uint8_t bytes[64], expected[64];
            assert_int_equal (seal_close (seal, text ("aad"), parts, COUNT_OF (parts), bytes), OK);
            (aes ? crypto_aead_aes256gcm_encrypt : crypto_aead_chacha20poly1305_ietf_encrypt) (
                expected, NULL, (const uint8_t *) "one and another", 15, (const uint8_t *) "aad", 3,
                NULL, nonce, key);
            assert_memory_equal (bytes, expected, 15 + SEAL_TAG_BYTES);
        }
    }
}

static void
what_was_sealed_opens_in_its_order (void **state)
{
    (void) state;
    for (unsigned i = 0; i < COUNT_OF (ciphers); i++) {
        pair_t pair = pair_new (ciphers[i]);
        for (unsigned number = 0; number < 100; number++) {
            uint8_t bytes[64];
            size_t size = close_text (&pair, "header", "a chunk", bytes);
            assert_int_equal (seal_open (pair.opens, text ("header"), bytes, size), OK);
            assert_memory_equal (bytes, "a chunk", 7);
        }
        pair_clear (&pair);
    }
}

static void
a_record_of_which_any_bit_is_changed_does_not_open (void **state)
{
    (void) state;
    for (unsigned i = 0; i < COUNT_OF (ciphers); i++)
        for (unsigned bit = 0; bit < (7 + SEAL_TAG_BYTES) * 8; bit++) {
            pair_t pair = pair_new (ciphers[i]);
            uint8_t bytes[64];
            size_t size = close_text (&pair, "header", "a chunk", bytes);
            bytes[bit / 8] ^= (uint8_t) (1u << bit % 8);
            assert_int_equal (seal_open (pair.opens, text ("header"), bytes, size), SECURITY);
            pair_clear (&pair);
        }
}

static void
another_aad_does_not_open (void **state)
{
    (void) state;
    for (unsigned i = 0; i < COUNT_OF (ciphers); i++) {
        pair_t pair = pair_new (ciphers[i]);
        uint8_t bytes[64];
        size_t size = close_text (&pair, "header", "a chunk", bytes);
        assert_int_equal (seal_open (pair.opens, text ("heade"), bytes, size), SECURITY);
        pair_clear (&pair);
    }
}

static void
a_record_that_comes_twice_or_too_early_does_not_open (void **state)
{
    (void) state;
    for (unsigned i = 0; i < COUNT_OF (ciphers); i++) {
        uint8_t first[64], again[64], second[64];
        pair_t pair = pair_new (ciphers[i]);
        size_t size = close_text (&pair, "", "a chunk", first);
        memcpy (again, first, size);
        assert_int_equal (seal_open (pair.opens, text (""), first, size), OK);
        assert_int_equal (seal_open (pair.opens, text (""), again, size), SECURITY);
        pair_clear (&pair);

        pair = pair_new (ciphers[i]);
        close_text (&pair, "", "a chunk", first);
        close_text (&pair, "", "a chunk", second);
        assert_int_equal (seal_open (pair.opens, text (""), second, size), SECURITY);
        pair_clear (&pair);
    }
}

static void
after_a_broken_seal_nothing_opens (void **state)
{
    (void) state;
    pair_t pair = pair_new (SEAL_CHACHA20_POLY1305);
    uint8_t bytes[64], good[64];
    size_t size = close_text (&pair, "", "a chunk", bytes);
    bytes[0] ^= 1;
    assert_int_equal (seal_open (pair.opens, text (""), bytes, size), SECURITY);
    size = close_text (&pair, "", "a chunk", good);
    assert_int_equal (seal_open (pair.opens, text (""), good, size), SECURITY);
    assert_int_equal (seal_open (pair.opens, text (""), good, SEAL_TAG_BYTES - 1), SECURITY);
    pair_clear (&pair);
}

static void
a_cipher_that_is_none_makes_no_seal (void **state)
{
    (void) state;
    const uint8_t key[SEAL_KEY_BYTES] = {0};
    assert_null (seal_new ((seal_cipher_t) 0, key, SEAL_CLOSES));
    assert_null (seal_new ((seal_cipher_t) 3, key, SEAL_OPENS));
}

//  ---- beginnings --------------------------------------------------------------------------------

typedef struct {
    uint8_t token[OPENING_TOKEN_BYTES], host_secret[OPENING_SECRET_BYTES];
    uint8_t host_key[OPENING_KEY_BYTES], caller_secret[OPENING_SECRET_BYTES];
    uint8_t opening[OPENING_BYTES], answer[OPENING_ANSWER_BYTES];
    seals_t caller, host;
} meeting_t;

static void
meet (meeting_t *self, seal_cipher_t cipher)
{
    memset (self, 0, sizeof *self);
    memset (self->token, 1, sizeof self->token);
    memset (self->host_secret, 2, sizeof self->host_secret);
    memset (self->caller_secret, 3, sizeof self->caller_secret);
    opening_key (self->host_secret, self->host_key);
    assert_int_equal (opening_write (self->token, self->host_key, self->caller_secret, cipher,
                                     self->opening, &self->caller),
                      OK);
}

static code_t
host_reads (meeting_t *self)
{
    return opening_read (self->opening, self->token, self->host_secret, self->answer, &self->host);
}

static void
part (meeting_t *self)
{
    seals_clear (&self->caller);
    seals_clear (&self->host);
}

static void
both_sides_of_an_opening_have_the_same_keys (void **state)
{
    (void) state;
    for (unsigned i = 0; i < COUNT_OF (ciphers); i++) {
        meeting_t meeting;
        uint8_t id[OPENING_ID_BYTES], expected[OPENING_ID_BYTES], there[64], back[64];
        meet (&meeting, ciphers[i]);
        assert_int_equal (opening_peek (meeting.opening, id), OK);
        opening_id (meeting.token, expected);
        assert_memory_equal (id, expected, sizeof id);
        assert_int_equal (host_reads (&meeting), OK);
        assert_int_equal (opening_confirm (&meeting.caller, meeting.opening, meeting.answer), OK);
        const bytes_t said = text ("a chunk");
        assert_int_equal (seal_close (meeting.caller.closes, text (""), &said, 1, there), OK);
        assert_int_equal (seal_close (meeting.host.closes, text (""), &said, 1, back), OK);
        assert_memory_not_equal (there, back, 7);           //  A key for each direction
        assert_int_equal (seal_open (meeting.host.opens, text (""), there, 7 + SEAL_TAG_BYTES), OK);
        assert_int_equal (seal_open (meeting.caller.opens, text (""), back, 7 + SEAL_TAG_BYTES), OK);
        part (&meeting);
    }
}

//  Made of docs/PROTOCOL_BULK.md alone, by another program with other libraries: token, secret of the
//  host and of the caller are the bytes 0 to 95; the record is the first of the host.
static void
the_bytes_are_those_that_the_document_says (void **state)
{
    (void) state;
    static const struct {
        seal_cipher_t cipher;
        const char *opening, *answer, *record;
    } said[] = {
        {SEAL_AES_256_GCM,
         "676762756c6b3100d8ff498b3f62f4f2ad36e4feb21684c779a631eede1bf9c98f12032cdeadd0e7a079398fc786b88c"
         "c846ec89af85a51a01ee4bf1ace38302bff93c95ae45e231d9",
         "d18321e65b3c0dca4296160a9657748d",
         "2a000000a464824a529c6b1c253158f483e48b7b61f6b67108af05cce797f1fbf751173078a7b16411f27fa9896f"},
        {SEAL_CHACHA20_POLY1305,
         "676762756c6b3100d8ff498b3f62f4f2ad36e4feb21684c779a631eede1bf9c98f12032cdeadd0e7a079398fc786b88c"
         "c846ec89af85a51a028e6ac57e731c9c21780f6697e80a2c2c",
         "892d345925c5fa237482a2fed6c31e35",
         "2a00000016dd9057b50e3c87b2344c34a4fb84f2dc1cb45eee645eb010e1469d9ecd32cc622ce2d2d8ac6813a480"},
    };
    for (unsigned i = 0; i < COUNT_OF (said); i++) {
        meeting_t meeting = {.token = {0}};
        char hex[2 * 64 + 2 * OPENING_BYTES + 1];
        for (uint8_t at = 0; at < 32; at++) {
            meeting.token[at] = at;
            meeting.host_secret[at] = (uint8_t) (at + 32);
            meeting.caller_secret[at] = (uint8_t) (at + 64);
        }
        opening_key (meeting.host_secret, meeting.host_key);
        assert_int_equal (opening_write (meeting.token, meeting.host_key, meeting.caller_secret,
                                         said[i].cipher, meeting.opening, &meeting.caller),
                          OK);
        hex_encode (hex, meeting.opening, OPENING_BYTES);
        assert_string_equal (hex, said[i].opening);
        assert_int_equal (host_reads (&meeting), OK);
        hex_encode (hex, meeting.answer, OPENING_ANSWER_BYTES);
        assert_string_equal (hex, said[i].answer);
        const bulk_record_t record = {text ("envelope"), text ("body"), text ("attachment")};
        uint8_t bytes[64];
        assert_in_range (bulk_record_size (&record), 1, sizeof bytes);
        assert_int_equal (bulk_record_write (&record, meeting.host.closes, bytes), OK);
        hex_encode (hex, bytes, bulk_record_size (&record));
        assert_string_equal (hex, said[i].record);
        part (&meeting);
    }
}

static void
without_the_token_neither_side_proves_itself (void **state)
{
    (void) state;
    meeting_t meeting;
    meet (&meeting, SEAL_AES_256_GCM);
    meeting.token[31] ^= 1;
    assert_int_equal (host_reads (&meeting), SECURITY);
    assert_null (meeting.host.closes);
    part (&meeting);

    //  Somebody who knows all but the token answers for the host
    meet (&meeting, SEAL_AES_256_GCM);
    meeting_t wrong;
    meet (&wrong, SEAL_AES_256_GCM);
    wrong.token[0] ^= 1;
    part (&wrong);
    assert_int_equal (opening_write (wrong.token, wrong.host_key, wrong.caller_secret,
                                     SEAL_AES_256_GCM, wrong.opening, &wrong.caller),
                      OK);
    assert_int_equal (host_reads (&wrong), OK);
    assert_int_equal (opening_confirm (&meeting.caller, meeting.opening, wrong.answer), SECURITY);
    part (&wrong);
    part (&meeting);
}

static void
a_changed_opening_or_answer_is_refused (void **state)
{
    (void) state;
    for (unsigned byte = 0; byte < OPENING_BYTES; byte++) {
        meeting_t meeting;
        uint8_t id[OPENING_ID_BYTES];
        meet (&meeting, SEAL_AES_256_GCM);
        meeting.opening[byte] ^= 0x40;
        if (byte < 8)
            assert_int_equal (opening_peek (meeting.opening, id), VALIDATION);
        else
            assert_int_not_equal (host_reads (&meeting), OK);
        part (&meeting);
    }
    for (unsigned byte = 0; byte < OPENING_ANSWER_BYTES; byte++) {
        meeting_t meeting;
        meet (&meeting, SEAL_CHACHA20_POLY1305);
        assert_int_equal (host_reads (&meeting), OK);
        meeting.answer[byte] ^= 1;
        assert_int_equal (opening_confirm (&meeting.caller, meeting.opening, meeting.answer),
                          SECURITY);
        part (&meeting);
    }
}

static void
a_key_that_makes_every_secret_the_same_is_refused (void **state)
{
    (void) state;
    meeting_t meeting;
    uint8_t nothing[OPENING_KEY_BYTES] = {0};
    meet (&meeting, SEAL_AES_256_GCM);
    part (&meeting);
    assert_int_equal (opening_write (meeting.token, nothing, meeting.caller_secret,
                                     SEAL_AES_256_GCM, meeting.opening, &meeting.caller),
                      SECURITY);
    memset (meeting.opening + 8 + OPENING_ID_BYTES, 0, OPENING_KEY_BYTES);
    assert_int_equal (host_reads (&meeting), SECURITY);
    part (&meeting);
}

//  ---- offers ------------------------------------------------------------------------------------

static void
offer (offers_t *offers, uint64_t lane, uint8_t token, code_t expected)
{
    uint8_t bytes[OPENING_TOKEN_BYTES];
    memset (bytes, token, sizeof bytes);
    assert_int_equal (offers_add (offers, lane, bytes, bytes, 1000), expected);
}

static bool
take (offers_t *offers, uint8_t token, offer_t *taken)
{
    uint8_t bytes[OPENING_TOKEN_BYTES], id[OPENING_ID_BYTES];
    memset (bytes, token, sizeof bytes);
    opening_id (bytes, id);
    return offers_take (offers, id, taken);
}

static void
an_offer_can_be_taken_once (void **state)
{
    (void) state;
    offers_t offers = {0};
    offer_t taken;
    offer (&offers, 7, 1, OK);
    assert_false (take (&offers, 2, &taken));
    assert_true (take (&offers, 1, &taken));
    assert_int_equal (taken.lane, 7);
    assert_int_equal (taken.token[0], 1);
    assert_false (take (&offers, 1, &taken));
    assert_null (offers.list);
    offers_clear (&offers);
}

static void
an_offer_ends_by_time_by_a_newer_one_and_with_its_lane (void **state)
{
    (void) state;
    offers_t offers = {0};
    offer_t taken;
    assert_int_equal (offers_earliest_ms (&offers), INT64_MAX);
    offer (&offers, 7, 1, OK);
    offer (&offers, 7, 2, OK);
    assert_false (take (&offers, 1, &taken));
    offer (&offers, 8, 3, OK);
    offers_drop (&offers, 8);
    assert_false (take (&offers, 3, &taken));
    assert_int_equal (offers_earliest_ms (&offers), 1000 + BULK_OFFERS_MS);
    assert_false (offers_expired (&offers, 999 + BULK_OFFERS_MS, &taken));
    assert_true (offers_expired (&offers, 1000 + BULK_OFFERS_MS, &taken));
    assert_int_equal (taken.lane, 7);
    assert_false (take (&offers, 2, &taken));
    offers_clear (&offers);
}

static void
offers_are_bounded (void **state)
{
    (void) state;
    offers_t offers = {0};
    for (unsigned i = 0; i < BULK_OFFERS_MAX; i++)
        offer (&offers, i + 1, (uint8_t) i, OK);
    offer (&offers, 1000, 255, BUSY);
    offer (&offers, 5, 255, OK);
    offers_clear (&offers);
}

//  ---- records -----------------------------------------------------------------------------------

static void
a_record_of_any_size_comes_back_as_it_was (void **state)
{
    (void) state;
    const size_t sizes[] = {1, 15, 16, 17, 4096, 262143, 262144, ATTACHMENT_BYTES_MAX};
    pair_t pair = pair_new (SEAL_AES_256_GCM);
    uint8_t *chunk = malloc (ATTACHMENT_BYTES_MAX);
    uint8_t *wire = malloc (BULK_HEADER_BYTES + BULK_SEALED_MAX);
    assert_true (chunk && wire);
    for (unsigned i = 0; i < COUNT_OF (sizes); i++) {
        memset (chunk, (int) i + 1, sizes[i]);
        const bulk_record_t record = {text ("envelope"), text (i % 2 ? "body" : ""), {chunk, sizes[i]}};
        size_t size = bulk_record_size (&record);
        assert_int_equal (bulk_record_write (&record, pair.closes, wire), OK);
        assert_int_equal (bulk_record_sealed (wire), size - BULK_HEADER_BYTES);
        bulk_record_t got;
        assert_int_equal (bulk_record_read (&got, pair.opens, wire, wire + BULK_HEADER_BYTES,
                                            size - BULK_HEADER_BYTES),
                          OK);
        assert_int_equal (got.attachment.size, sizes[i]);
        assert_memory_equal (got.attachment.data, chunk, sizes[i]);
        assert_memory_equal (got.envelope.data, "envelope", 8);
        assert_int_equal (got.body.size, record.body.size);
    }
    free (wire);
    free (chunk);
    pair_clear (&pair);
}

static void
what_is_no_record_is_not_sent (void **state)
{
    (void) state;
    static uint8_t many[ATTACHMENT_BYTES_MAX + 1];
    const bulk_record_t wrong[] = {
        {{many, 0}, {many, 1}, {many, 1}},
        {{many, BULK_ENVELOPE_MAX + 1}, {many, 1}, {many, 1}},
        {{many, 1}, {many, BULK_BODY_MAX + 1}, {many, 1}},
        {{many, 1}, {many, 1}, {many, 0}},
        {{many, 1}, {many, 1}, {many, ATTACHMENT_BYTES_MAX + 1}}};
    for (unsigned i = 0; i < COUNT_OF (wrong); i++)
        assert_int_equal (bulk_record_size (&wrong[i]), 0);
}

static void
a_header_beyond_the_bounds_is_no_header (void **state)
{
    (void) state;
    const uint32_t wrong[] = {0, 1, BULK_SEALED_MIN - 1, BULK_SEALED_MAX + 1, 1u << 24, UINT32_MAX};
    for (unsigned i = 0; i < COUNT_OF (wrong); i++) {
        const uint8_t header[] = {(uint8_t) wrong[i], (uint8_t) (wrong[i] >> 8),
                                  (uint8_t) (wrong[i] >> 16), (uint8_t) (wrong[i] >> 24)};
        assert_int_equal (bulk_record_sealed (header), 0);
    }
}

//  A peer seals with the right key what is no record.
static void
sizes_inside_a_record_that_do_not_fit_are_refused (void **state)
{
    (void) state;
    const uint8_t sizes[][4] = {{9, 0, 0, 0}, {4, 0, 5, 0}, {0, 0, 1, 0}, {4, 0, 4, 0},
                                {255, 255, 255, 255}};
    for (unsigned i = 0; i < COUNT_OF (sizes); i++) {
        pair_t pair = pair_new (SEAL_AES_256_GCM);
        uint8_t header[BULK_HEADER_BYTES] = {4 + 8 + SEAL_TAG_BYTES}, bytes[64];
        const bytes_t parts[] = {{sizes[i], 4}, text ("12345678")};
        bulk_record_t got;
        assert_int_equal (seal_close (pair.closes, (bytes_t) {header, sizeof header}, parts, 2, bytes),
                          OK);
        assert_int_equal (bulk_record_read (&got, pair.opens, header, bytes, header[0]), VALIDATION);
        pair_clear (&pair);
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (the_first_record_of_aes_is_the_published_vector),
        cmocka_unit_test (each_record_is_what_another_library_makes_of_it),
        cmocka_unit_test (what_was_sealed_opens_in_its_order),
        cmocka_unit_test (a_record_of_which_any_bit_is_changed_does_not_open),
        cmocka_unit_test (another_aad_does_not_open),
        cmocka_unit_test (a_record_that_comes_twice_or_too_early_does_not_open),
        cmocka_unit_test (after_a_broken_seal_nothing_opens),
        cmocka_unit_test (a_cipher_that_is_none_makes_no_seal),
        cmocka_unit_test (both_sides_of_an_opening_have_the_same_keys),
        cmocka_unit_test (the_bytes_are_those_that_the_document_says),
        cmocka_unit_test (without_the_token_neither_side_proves_itself),
        cmocka_unit_test (a_changed_opening_or_answer_is_refused),
        cmocka_unit_test (a_key_that_makes_every_secret_the_same_is_refused),
        cmocka_unit_test (an_offer_can_be_taken_once),
        cmocka_unit_test (an_offer_ends_by_time_by_a_newer_one_and_with_its_lane),
        cmocka_unit_test (offers_are_bounded),
        cmocka_unit_test (a_record_of_any_size_comes_back_as_it_was),
        cmocka_unit_test (what_is_no_record_is_not_sent),
        cmocka_unit_test (a_header_beyond_the_bounds_is_no_header),
        cmocka_unit_test (sizes_inside_a_record_that_do_not_fit_are_refused),
    };
    if (sodium_init () < 0)
        return 1;
    return cmocka_run_group_tests (tests, NULL, NULL);
}
