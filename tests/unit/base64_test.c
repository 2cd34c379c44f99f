// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "messages/base64.h"

#include <string.h>

static void
the_vectors_of_rfc_4648_go_both_ways (void **state)
{
    (void) state;
    static const char *const rows [] [2] = {
        {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xbf", "+/+/"},
    };
    for (size_t i = 0; i < COUNT_OF (rows); i++) {
        const char *plain = rows [i] [0], *coded = rows [i] [1];
        char text [16];
        uint8_t data [8];
        size_t size = 99;
        base64_encode (text, (const uint8_t *) plain, strlen (plain));
        assert_string_equal (text, coded);
        assert_int_equal (base64_encoded_size (strlen (plain)), strlen (coded));
        assert_int_equal (base64_decode (data, sizeof data, &size, coded), OK);
        assert_int_equal (size, strlen (plain));
        assert_memory_equal (data, plain, size);
    }
}

static void
all_bytes_at_all_lengths_come_back (void **state)
{
    (void) state;
    uint8_t data [256], again [256];
    char text [345];
    for (int i = 0; i < 256; i++)
        data [i] = (uint8_t) (i * 37);
    for (size_t length = 0; length <= sizeof data; length++) {
        size_t size;
        base64_encode (text, data, length);
        assert_int_equal (base64_decode (again, length, &size, text), OK);
        assert_int_equal (size, length);
        assert_memory_equal (again, data, length);
        if (length > 0)
            assert_int_equal (base64_decode (again, length - 1, &size, text), VALIDATION);
    }
}

static void
what_is_not_strictly_base64_is_refused (void **state)
{
    (void) state;
    static const char *const texts [] = {
        "Z", "Zg", "Zg=", "Zm9", "Zg==Zg==", "=", "====", "Z===", "=Zg=", "Zm=v", "Zm9v\n",
        "Zm 9", "Zm9-",
        "Zm9_", "Zh==", "Zm9=", "Zg=a", "\x80m9v"
    };
    uint8_t data [16];
    size_t size;
    for (size_t i = 0; i < COUNT_OF (texts); i++)
        if (base64_decode (data, sizeof data, &size, texts [i]) != VALIDATION)
            fail_msg ("accepted: %s", texts [i]);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (the_vectors_of_rfc_4648_go_both_ways),
        cmocka_unit_test (all_bytes_at_all_lengths_come_back),
        cmocka_unit_test (what_is_not_strictly_base64_is_refused),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
