// SPDX-License-Identifier: MIT
#include "cli/decode.h"
#include "installer.pb-c.h"
#include "node.pb-c.h"
#include "registry.pb-c.h"
#include "store.pb-c.h"
#include "vocabulary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void
release_json (json_t **json_p)
{
    json_decref (*json_p);
}

//  As compact text; the caller frees it.
static void
decodes_to (const ProtobufCMessage *message, const char *expected)
{
    AUTO (release_json) json_t *json = decode_message (message);
    assert_non_null (json);
    char *text = json_dumps (json, JSON_COMPACT);
    assert_string_equal (text, expected);
    free (text);
}

static void
every_kind_of_field_is_decoded_in_the_order_of_the_proto (void **state)
{
    (void) state;
    Ggen__PlanStep step = GGEN__PLAN_STEP__INIT;
    uint8_t key [] = {0x9f, 0x00, 0x3c};
    step.action = GGEN__ACTION__UPGRADE;
    step.name = "a";
    step.version = "2.0.0";
    step.size_bytes = 7;
    step.publisher_key = (ProtobufCBinaryData) {sizeof key, key};
    step.first_use = true;
    decodes_to (&step.base, "{\"action\":\"UPGRADE\",\"name\":\"a\",\"version\":\"2.0.0\","
                            "\"previous\":\"\",\"source\":\"\",\"size_bytes\":7,"
                            "\"publisher_key\":\"9f003c\",\"first_use\":true,\"direct\":false}");
}

static void
repeated_fields_become_lists_of_texts_numbers_and_messages (void **state)
{
    (void) state;
    Ggen__Detail one = GGEN__DETAIL__INIT, two = GGEN__DETAIL__INIT, *details [] = {&one, &two};
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    one.key = "k";
    failure.code = GGEN__CODE__BUSY;
    failure.details = details;
    failure.n_details = 2;
    decodes_to (&failure.base, "{\"code\":\"BUSY\",\"message\":\"\",\"hint\":\"\",\"details\":["
                               "{\"key\":\"k\",\"value\":\"\"},{\"key\":\"\",\"value\":\"\"}]}");

    char *texts [] = {"x", "y"};
    Ggen__Question question = GGEN__QUESTION__INIT;
    question.choices = texts;
    question.n_choices = 2;
    decodes_to (&question.base,
                "{\"text\":\"\",\"choices\":[\"x\",\"y\"],\"default_choice\":\"\"}");

    uint64_t numbers [] = {1, 2, UINT32_MAX + 3ull};
    Ggen__ReadRootReply root = GGEN__READ_ROOT_REPLY__INIT;
    root.generations = numbers;
    root.n_generations = COUNT_OF (numbers);
    AUTO (release_json) json_t *json = decode_message (&root.base);
    json_t *third = json_array_get (json_object_get (json, "generations"), 2);
    assert_int_equal (json_integer_value (third), numbers [2]);
}

static void
an_absent_message_is_null_and_an_unknown_enum_value_stays_a_number (void **state)
{
    (void) state;
    Ggen__PackageReply reply = GGEN__PACKAGE_REPLY__INIT;
    decodes_to (&reply.base, "{\"package\":null,\"warnings\":[]}");
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    failure.code = (Ggen__Code) 999;
    decodes_to (&failure.base, "{\"code\":999,\"message\":\"\",\"hint\":\"\",\"details\":[]}");
}

static void
numbers_keep_all_their_digits (void **state)
{
    (void) state;
    Ggen__Progress progress = GGEN__PROGRESS__INIT;
    progress.done = INT64_MAX;
    progress.total = UINT64_MAX;
    decodes_to (&progress.base, "{\"stage\":\"\",\"subject\":\"\",\"done\":9223372036854775807,"
                                "\"total\":\"18446744073709551615\",\"unit\":\"\"}");
}

static void
every_message_of_the_vocabulary_decodes_from_nothing (void **state)
{
    (void) state;
    for (size_t at = 0; at < vocabulary_count; at++) {
        AUTO (release_json) json_t *json =
            decode_bytes (vocabulary [at]->short_name, (bytes_t) {NULL, 0});
        assert_int_equal (json_object_size (json), vocabulary [at]->n_fields);
    }
}

static void
what_is_malformed_or_unknown_is_not_decoded (void **state)
{
    (void) state;
    const uint8_t cut [] = {0x0a, 5, 'a'};
    assert_null (decode_bytes ("SearchRequest", (bytes_t) {cut, sizeof cut}));
    assert_null (decode_bytes ("NoSuchMessage", (bytes_t) {NULL, 0}));
    assert_null (decode_bytes ("", (bytes_t) {NULL, 0}));
}

//  A Ping with one unknown field, number 100, of 'size' bytes in all.
static json_t *
decode_large (size_t size)
{
    uint8_t *bytes = calloc (1, size);
    assert_non_null (bytes);
    const size_t rest = size - 5;
    const uint8_t head [] = {0xa2, 0x06, (uint8_t) (0x80 | (rest & 0x7F)),
                             (uint8_t) (0x80 | (rest >> 7 & 0x7F)), (uint8_t) (rest >> 14)};
    memcpy (bytes, head, sizeof head);
    json_t *json = decode_bytes ("Ping", (bytes_t) {bytes, size});
    free (bytes);
    return json;
}

static void
size_is_bounded (void **state)
{
    (void) state;
    AUTO (release_json) json_t *fits = decode_large (DECODE_BYTES_MAX);
    assert_non_null (fits);
    assert_null (decode_large (DECODE_BYTES_MAX + 1));
}

//  A MetadataReply of 'depth' backends inside each other; returns its size.
static size_t
nest (uint8_t *bytes, size_t bytes_max, unsigned depth)
{
    size_t size = 0;
    for (unsigned level = 0; level < depth; level++) {
        assert_true (size < 0x4000 && size + 3 < bytes_max);
        memmove (bytes + 3, bytes, size);
        bytes [0] = 8 << 3 | 2;                         //  field 8, delimited
        bytes [1] = (uint8_t) (0x80 | (size & 0x7F));   //  its size as a varint of two bytes
        bytes [2] = (uint8_t) (size >> 7);
        size += 3;
    }
    return size;
}

static void
nesting_is_bounded (void **state)
{
    (void) state;
    static uint8_t bytes [0x4000];
    size_t size = nest (bytes, sizeof bytes, DECODE_DEPTH_MAX);
    AUTO (release_json) json_t *fits = decode_bytes ("MetadataReply", (bytes_t) {bytes, size});
    assert_non_null (fits);
    size = nest (bytes, sizeof bytes, DECODE_DEPTH_MAX + 1);
    assert_null (decode_bytes ("MetadataReply", (bytes_t) {bytes, size}));
    size = nest (bytes, sizeof bytes, 5000);
    assert_null (decode_bytes ("MetadataReply", (bytes_t) {bytes, size}));
}

static void
text_that_is_no_utf8_is_shown_cleaned (void **state)
{
    (void) state;
    const uint8_t bytes [] = {0x0a, 3, 'a', 0xff, 'b'};
    AUTO (release_json) json_t *json =
        decode_bytes ("SearchRequest", (bytes_t) {bytes, sizeof bytes});
    assert_string_equal (json_string_value (json_object_get (json, "query")), "a?b");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (every_kind_of_field_is_decoded_in_the_order_of_the_proto),
        cmocka_unit_test (repeated_fields_become_lists_of_texts_numbers_and_messages),
        cmocka_unit_test (an_absent_message_is_null_and_an_unknown_enum_value_stays_a_number),
        cmocka_unit_test (numbers_keep_all_their_digits),
        cmocka_unit_test (every_message_of_the_vocabulary_decodes_from_nothing),
        cmocka_unit_test (what_is_malformed_or_unknown_is_not_decoded),
        cmocka_unit_test (size_is_bounded),
        cmocka_unit_test (nesting_is_bounded),
        cmocka_unit_test (text_that_is_no_utf8_is_shown_cleaned),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
