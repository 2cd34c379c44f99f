// SPDX-License-Identifier: MIT
//  Archives so large that a thread expands them ahead of what is written.
#include "store_fixture.h"

#define DATA_SIZE ((size_t) 3 << 20)        //  Of noise, which does not compress
#define TAR_SIZE  (DATA_SIZE + 4096)

static const unpack_options_t options = {.limits = ARCHIVE_LIMITS_DEFAULT};
static temp_t temp;
static refusal_t refusal;
static uint8_t *packed;
static size_t packed_size;

//  A gzip member of one directory, one file of noise and one small file.
static int
make_archive (void **state)
{
    (void) state;
    static tar_t part;
    uint8_t *tar = malloc (TAR_SIZE), *at = tar;
    packed = malloc (TAR_SIZE + TAR_SIZE / 10);
    assert_true (tar && packed);
    part.size = 0;
    tar_header (&part, "top/noise", '0', DATA_SIZE, 0644);
    at = mempcpy (at, part.data, part.size);
    uint64_t seed = 1;
    for (size_t i = 0; i < DATA_SIZE; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        *at++ = (uint8_t) (seed >> 56);
    }
    part.size = 0;
    tar_file (&part, "top/small", "small");
    tar_end (&part);
    at = mempcpy (at, part.data, part.size);
    packed_size = gzip (tar, (size_t) (at - tar), packed, TAR_SIZE + TAR_SIZE / 10);
    free (tar);
    assert_true (packed_size > (2 << 20));
    temp = temp_new ();
    return 0;
}

static int
forget_archive (void **state)
{
    (void) state;
    free (packed);
    temp_done (&temp);
    return 0;
}

static code_t
unpack (size_t size, const unpack_options_t *how, unpacked_t *out)
{
    put_bytes (temp.fd, "archive", packed, size, 0644);
    int fd = openat (temp.fd, "archive", O_RDONLY);
    code_t code = unpack_archive (fd, size, temp.fd, "tree", how, out, &refusal);
    close (fd);
    return code;
}

static void
every_byte_comes_out (void **state)
{
    (void) state;
    unpacked_t out;
    if (unpack (packed_size, &options, &out))
        fail_msg ("%s", refusal.text);
    assert_int_equal (out.files_count, 2);
    assert_int_equal (out.unpacked_bytes, DATA_SIZE + 5);
    int fd = openat (temp.fd, "tree/noise", O_RDONLY);
    uint8_t *data = malloc (DATA_SIZE);
    assert_int_equal (read (fd, data, DATA_SIZE), DATA_SIZE);
    close (fd);
    uint64_t seed = 1;
    for (size_t i = 0; i < DATA_SIZE; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        if (data [i] != (uint8_t) (seed >> 56))
            fail_msg ("byte %zu differs", i);
    }
    free (data);
    unpacked_done (&out);
}

static void
assert_malformed (size_t size)
{
    unpacked_t out;
    assert_int_not_equal (unpack (size, &options, &out), OK);
    if (refusal.kind != REFUSED_MALFORMED)
        fail_msg ("%zu bytes: %s", size, refusal.text);
    assert_int_equal (entries_in (temp.fd), 1);
    unpacked_done (&out);
}

static void
one_that_is_cut_is_refused_and_leaves_nothing (void **state)
{
    (void) state;
    for (size_t cut = 1; cut < packed_size - (1 << 20); cut = 3 * cut + 1)
        assert_malformed (packed_size - cut);
}

static void
bytes_behind_the_end_are_refused (void **state)
{
    (void) state;
    packed [packed_size++] = 0;
    assert_malformed (packed_size);
}

static void
a_changed_byte_is_refused (void **state)
{
    (void) state;
    packed [packed_size / 2] ^= 1;
    assert_malformed (packed_size);
}

static bool
stop (void *calls_, uint64_t done_bytes, uint64_t total_bytes)
{
    unsigned *calls = calls_;
    assert_true (done_bytes <= total_bytes);
    return ++*calls < 3;
}

static void
a_cancelled_unpack_ends_the_thread_and_leaves_nothing (void **state)
{
    (void) state;
    unsigned calls = 0;
    unpack_options_t how = {.limits = options.limits, .progress = stop, .argument = &calls};
    unpacked_t out;
    assert_int_equal (unpack (packed_size, &how, &out), CANCELLED);
    assert_int_equal (calls, 3);
    assert_int_equal (entries_in (temp.fd), 1);
    unpacked_done (&out);
}

#define WITH_ARCHIVE(test) cmocka_unit_test_setup_teardown (test, make_archive, forget_archive)

int
main (void)
{
    const struct CMUnitTest tests [] = {
        WITH_ARCHIVE (every_byte_comes_out),
        WITH_ARCHIVE (one_that_is_cut_is_refused_and_leaves_nothing),
        WITH_ARCHIVE (bytes_behind_the_end_are_refused),
        WITH_ARCHIVE (a_changed_byte_is_refused),
        WITH_ARCHIVE (a_cancelled_unpack_ends_the_thread_and_leaves_nothing),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
