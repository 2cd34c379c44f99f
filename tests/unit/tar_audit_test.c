// SPDX-License-Identifier: MIT
#include "store_fixture.h"
#include "actors/store/expand.h"
#include "actors/store/tar_audit.h"

#include <zstd.h>

static const archive_limits_t limits = ARCHIVE_LIMITS_DEFAULT;
static tar_t tar;

//  The class an archive is refused for when it comes in pieces of 'step' bytes; NULL: it is not.
static const char *
class_in_steps (size_t step)
{
    static refusal_t refusal;
    tar_audit_t *audit = tar_audit_new (&limits, 1 << 20);
    code_t code = OK;
    for (size_t at = 0; at < tar.size && !code; at += step)
        code = tar_audit_feed (audit, tar.data + at, tar.size - at < step ? tar.size - at : step,
                               &refusal);
    if (!code)
        code = tar_audit_end (audit, &refusal);
    tar_audit_destroy (&audit);
    return code ? refusal_name (refusal.kind) : NULL;
}

static const char *
class_of (void)
{
    const char *whole = class_in_steps (tar.size), *bytes = class_in_steps (1);
    if (whole != bytes && (!whole || !bytes || strcmp (whole, bytes)))
        fail_msg ("whole: %s, byte by byte: %s", whole, bytes);
    return whole;
}

static int
reset (void **state)
{
    (void) state;
    tar.size = 0;
    return 0;
}

static void
plain_archives_pass (void **state)
{
    (void) state;
    tar_header (&tar, "p/", '5', 0, 0755);
    tar_file (&tar, "p/a", "text");
    const char global [] = "19 comment=abcdefg\n", pax [] = "16 path=p/hello\n";
    tar_pax (&tar, 'g', global, strlen (global));
    tar_pax (&tar, 'x', pax, strlen (pax));
    tar_file (&tar, "p/h", "");
    tar_pax (&tar, 'L', "p/long", 7);
    tar_file (&tar, "p/l", "x");
    tar_end (&tar);
    memset (tar.data + tar.size, 0, 8192);
    tar.size += 8192;
    assert_null (class_of ());
}

static void
types_are_refused_for_their_class (void **state)
{
    (void) state;
    static const struct {
        char type;
        const char *class;
    } types [] = {{'1', "hardlink"}, {'2', "symlink"}, {'3', "device node"}, {'4', "device node"},
                  {'6', "fifo"}, {'7', "odd entry type"}, {'S', "bomb"}, {'M', "odd entry type"},
                  {'V', "odd entry type"}, {'D', "odd entry type"}, {'?', "odd entry type"}};
    for (size_t i = 0; i < COUNT_OF (types); i++) {
        tar.size = 0;
        tar_header (&tar, "p/x", types [i].type, 0, 0644);
        tar_end (&tar);
        const char *class = class_of ();
        if (!class || strcmp (class, types [i].class))
            fail_msg ("%c: %s", types [i].type, class ? class : "passed");
    }
    tar.size = 0;
    tar_header (&tar, "p/d/", '5', 3, 0755);
    tar_data (&tar, "abc", 3);
    tar_end (&tar);
    assert_string_equal (class_of (), "odd entry type");
}

static void
extended_headers_say_one_thing_only (void **state)
{
    (void) state;
    static const struct {
        const char *records, *class;
    } cases [] = {
        {"9 size=5\n", "malformed"}, {"9 size=4\n", NULL},
        {"9 size=4\n9 size=4\n", "malformed"}, {"10 size=+4\n", "malformed"},
        {"12 path=p/b\n12 path=p/c\n", "malformed"}, {"8 path=p\n", "malformed"},
        {"99 path=p\n", "malformed"}, {"path=p\n", "malformed"}, {"10 path:p/b\n", "malformed"},
        {"9 path=p/", "malformed"}, {"5 =x\n", "malformed"}, {"22 GNU.sparse.major=1\n", "bomb"},
        {"0 path=p\n", "malformed"}, {"-1 path=p\n", "malformed"},
        {"20 mtime=8999999999\n", NULL}, {"12 path=p/b\n20 mtime=8999999999\n", NULL},
    };
    for (size_t i = 0; i < COUNT_OF (cases); i++) {
        tar.size = 0;
        tar_pax (&tar, 'x', cases [i].records, strlen (cases [i].records));
        tar_file (&tar, "p/a", "text");
        tar_end (&tar);
        const char *class = class_of ();
        if (class != cases [i].class
            && (!class || !cases [i].class || strcmp (class, cases [i].class)))
            fail_msg ("%s: %s", cases [i].records, class ? class : "passed");
    }
    static const char nul [] = "14 path=p/a\0b\n", global [] = "12 path=p/b\n";
    tar.size = 0;
    tar_pax (&tar, 'x', nul, sizeof nul - 1);
    tar_file (&tar, "p/a", "");
    tar_end (&tar);
    assert_string_equal (class_of (), "malformed");
    tar.size = 0;
    tar_pax (&tar, 'g', global, sizeof global - 1);
    tar_file (&tar, "p/a", "");
    tar_end (&tar);
    assert_string_equal (class_of (), "malformed");
}

static void
two_extended_headers_or_one_without_entry_are_refused (void **state)
{
    (void) state;
    const char pax [] = "12 path=p/b\n";
    tar_pax (&tar, 'x', pax, strlen (pax));
    tar_pax (&tar, 'L', "p/c", 4);
    tar_file (&tar, "p/a", "");
    tar_end (&tar);
    assert_string_equal (class_of (), "malformed");
    tar.size = 0;
    tar_file (&tar, "p/a", "");
    tar_pax (&tar, 'x', pax, strlen (pax));
    tar_end (&tar);
    assert_string_equal (class_of (), "malformed");
    tar.size = 0;
    tar_header (&tar, "pax", 'x', TAR_AUDIT_EXTENSION_MAX + 1, 0644);
    assert_string_equal (class_of (), "limits");
}

static void
nothing_may_follow_the_end (void **state)
{
    (void) state;
    tar_file (&tar, "p/a", "text");
    tar_end (&tar);
    tar_file (&tar, "p/hidden", "text");
    tar_end (&tar);
    assert_string_equal (class_of (), "malformed");
}

static void
a_cut_archive_is_refused_wherever_it_is_cut (void **state)
{
    (void) state;
    tar_file (&tar, "p/a", "text");
    tar_end (&tar);
    for (size_t size = tar.size; size-- > 0;) {
        tar.size = size;
        assert_string_equal (class_in_steps (tar.size + 1), "malformed");
    }
}

static void
any_damaged_header_byte_is_refused (void **state)
{
    (void) state;
    tar_file (&tar, "p/a", "text");
    tar_end (&tar);
    for (size_t i = 0; i < 512; i++) {
        for (int bit = 0; bit < 8; bit++) {
            //  Digits of the checksum's own leading blanks may change form but not value
            if (i >= 148 && i < 156)
                continue;
            tar.data [i] ^= (uint8_t) (1 << bit);
            assert_non_null (class_in_steps (tar.size));
            tar.data [i] ^= (uint8_t) (1 << bit);
        }
    }
    assert_null (class_of ());
}

static void
too_much_is_a_bomb_before_it_is_unpacked (void **state)
{
    (void) state;
    tar_header (&tar, "p/a", '0', (1 << 20) + 1, 0644);
    assert_string_equal (class_of (), "bomb");
    tar.size = 0;
    tar_header (&tar, "p/a", '0', 1 << 20, 0644);
    assert_string_equal (class_of (), "malformed");     //  Cut, but not too large

    static const uint8_t zeros [65536];
    refusal_t refusal;
    tar.size = 0;
    tar_file (&tar, "p/a", "");
    tar_audit_t *audit = tar_audit_new (&limits, 1 << 20);
    code_t code = tar_audit_feed (audit, tar.data, tar.size, &refusal);
    for (size_t fed = 0; !code && fed < 2 * TAR_AUDIT_PADDING_MAX; fed += sizeof zeros)
        code = tar_audit_feed (audit, zeros, sizeof zeros, &refusal);
    assert_int_equal (code, SECURITY);
    assert_string_equal (refusal_name (refusal.kind), "bomb");
    tar_audit_destroy (&audit);
}

//  ---- expand ----------------------------------------------------------------------------------

//  Expand all of it; the class of the refusal, "cut", or NULL and the output in 'out'.
static const char *
expand_all (const uint8_t *data, size_t size, uint8_t *out, size_t room, size_t *used_p)
{
    static refusal_t refusal;
    expand_t *expand;
    if (expand_new (data, size < EXPAND_HEAD_SIZE ? size : EXPAND_HEAD_SIZE, &expand, &refusal))
        return refusal_name (refusal.kind);
    const char *class = NULL;
    size_t used = 0;
    for (size_t at = 0; !class && at < size; at++) {
        bytes_t in = {data + at, 1};
        size_t more, before;
        do {
            before = in.size;
            if (expand_step (expand, &in, out + used, room - used, &more, &refusal))
                class = refusal_name (refusal.kind);
            used += more;
        } while (!class && (in.size || more) && (more || in.size != before));
    }
    if (!class && !expand_ended (expand))
        class = "cut";
    expand_destroy (&expand);
    *used_p = used;
    return class;
}

static void
check_format (const uint8_t *packed, size_t size, const char *text, size_t text_size)
{
    uint8_t out [8192], more [4096];
    size_t used;
    assert_null (expand_all (packed, size, out, sizeof out, &used));
    assert_int_equal (used, text_size);
    assert_memory_equal (out, text, text_size);
    for (size_t cut = 8; cut < size; cut++)
        assert_string_equal (expand_all (packed, cut, out, sizeof out, &used), "cut");
    memcpy (more, packed, size);
    memcpy (more + size, packed, size);
    assert_string_equal (expand_all (more, 2 * size, out, sizeof out, &used), "malformed");
    more [size] = 'x';
    assert_string_equal (expand_all (more, size + 1, out, sizeof out, &used), "malformed");
    more [size - 2] ^= 1;
    assert_string_equal (expand_all (more, size, out, sizeof out, &used), "malformed");
}

static void
one_gzip_member_or_zstd_frame_and_nothing_else (void **state)
{
    (void) state;
    char text [3000];
    for (size_t i = 0; i < sizeof text; i++)
        text [i] = (char) ('a' + i * i % 23);
    uint8_t packed [2048];
    check_format (packed, gzip (text, sizeof text, packed, sizeof packed), text, sizeof text);
    ZSTD_CCtx *zstd = ZSTD_createCCtx ();
    ZSTD_CCtx_setParameter (zstd, ZSTD_c_checksumFlag, 1);
    check_format (packed, ZSTD_compress2 (zstd, packed, sizeof packed, text, sizeof text), text,
                  sizeof text);
    ZSTD_freeCCtx (zstd);
}

static void
an_empty_member_before_the_real_one_is_refused (void **state)
{
    (void) state;
    uint8_t packed [256], out [256];
    size_t empty = gzip ("", 0, packed, sizeof packed), used;
    size_t size = empty + gzip ("text", 4, packed + empty, sizeof packed - empty);
    assert_string_equal (expand_all (packed, size, out, sizeof out, &used), "malformed");
    static const uint8_t skippable [] = {0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 'x'};
    assert_string_equal (expand_all (skippable, sizeof skippable, out, sizeof out, &used),
                         "malformed");
}

static void
other_formats_are_named (void **state)
{
    (void) state;
    refusal_t refusal;
    expand_t *expand;
    assert_int_equal (expand_new ((const uint8_t *) "PK\x03\x04....", 8, &expand, &refusal),
                      VALIDATION);
    assert_non_null (strstr (refusal.text, "wrong format: this is a zip file"));
    assert_int_equal (expand_new ((const uint8_t *) "hello...", 8, &expand, &refusal), VALIDATION);
    assert_string_equal (refusal_name (refusal.kind), "malformed");
    assert_int_equal (expand_new ((const uint8_t *) "", 0, &expand, &refusal), VALIDATION);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test_setup (plain_archives_pass, reset),
        cmocka_unit_test_setup (types_are_refused_for_their_class, reset),
        cmocka_unit_test_setup (extended_headers_say_one_thing_only, reset),
        cmocka_unit_test_setup (two_extended_headers_or_one_without_entry_are_refused, reset),
        cmocka_unit_test_setup (nothing_may_follow_the_end, reset),
        cmocka_unit_test_setup (a_cut_archive_is_refused_wherever_it_is_cut, reset),
        cmocka_unit_test_setup (any_damaged_header_byte_is_refused, reset),
        cmocka_unit_test_setup (too_much_is_a_bomb_before_it_is_unpacked, reset),
        cmocka_unit_test (one_gzip_member_or_zstd_frame_and_nothing_else),
        cmocka_unit_test (an_empty_member_before_the_real_one_is_refused),
        cmocka_unit_test (other_formats_are_named),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
