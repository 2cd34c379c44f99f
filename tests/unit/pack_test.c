// SPDX-License-Identifier: MIT
#include "store_fixture.h"
#include "actors/store/archive_digest_io.h"
#include "actors/store/pack_io.h"

#include <locale.h>
#include <sys/socket.h>
#include <sys/un.h>

static temp_t temp;
static refusal_t refusal;
static pack_options_t options;

static int
set_up (void **state)
{
    (void) state;
    temp = temp_new ();
    options = (pack_options_t) {.top = "demo-1.0.0", .limits = ARCHIVE_LIMITS_DEFAULT};
    return 0;
}

static int
tear_down (void **state)
{
    (void) state;
    temp_done (&temp);
    return 0;
}

static int
make_dir (const char *path)
{
    assert_int_equal (mkdirat (temp.fd, path, 0755), 0);
    return openat (temp.fd, path, O_RDONLY | O_DIRECTORY);
}

//  The same tree, made in one order or the other.
static int
make_tree (const char *name, bool backwards)
{
    static const char *const files [] = {"gpack.toml", "a", "a.b", "d/x", "d/caf\xc3\xa9", "d-",
                                         "z"};
    int dir = make_dir (name);
    mkdirat (dir, backwards ? "empty" : "d", backwards ? 0700 : 0755);
    mkdirat (dir, backwards ? "d" : "empty", backwards ? 0700 : 0775);
    for (size_t i = 0; i < COUNT_OF (files); i++) {
        const char *file = files [backwards ? COUNT_OF (files) - 1 - i : i];
        put_bytes (dir, file, file, strlen (file), backwards ? 0600 : 0664);
    }
    put_bytes (dir, "run", "#!", 2, backwards ? 0700 : 0775);
    for (size_t i = 0; backwards && i < COUNT_OF (files); i++) {
        struct timespec times [2] = {{1, 5}, {(time_t) i * 1000003, 7}};
        utimensat (dir, files [i], times, 0);
    }
    return dir;
}

static packed_t
pack (int dir, int out_fd)
{
    packed_t packed;
    if (pack_tree (dir, &options, out_fd, &packed, &refusal))
        fail_msg ("%s", refusal.text);
    return packed;
}

static void
the_same_tree_gives_the_same_archive (void **state)
{
    (void) state;
    mode_t before = umask (0);
    int first = make_tree ("first", false);
    umask (0077);
    int second = make_tree ("second", true);
    for (pack_format_t format = PACK_GZIP; format <= PACK_ZSTD; format++) {
        options.format = format;
        packed_t one = pack (first, -1);
        setlocale (LC_ALL, "C.UTF-8");
        packed_t two = pack (second, -1);
        setlocale (LC_ALL, "C");
        assert_memory_equal (one.sha256, two.sha256, SHA256_SIZE);
        assert_memory_equal (one.files_sha256, two.files_sha256, SHA256_SIZE);
        assert_int_equal (one.files_count, 8);
        assert_int_equal (file_list_count (one.files), 9);
        packed_done (&one);
        packed_done (&two);
    }
    umask (before);
    close (first);
    close (second);
}

static void
the_time_and_the_content_are_in_the_digest (void **state)
{
    (void) state;
    int dir = make_tree ("tree", false);
    packed_t one = pack (dir, -1);
    options.mtime_s = 1;
    packed_t two = pack (dir, -1);
    options.mtime_s = 0;
    put (dir, "a", "b");
    packed_t three = pack (dir, -1);
    assert_memory_not_equal (one.sha256, two.sha256, SHA256_SIZE);
    assert_memory_equal (one.files_sha256, two.files_sha256, SHA256_SIZE);
    assert_memory_not_equal (one.files_sha256, three.files_sha256, SHA256_SIZE);
    packed_done (&one);
    packed_done (&two);
    packed_done (&three);
    close (dir);
}

//  Whatever is packed unpacks to the same list.
static void
round_trip (int dir)
{
    for (pack_format_t format = PACK_GZIP; format <= PACK_ZSTD; format++) {
        options.format = format;
        int fd = openat (temp.fd, "out", O_RDWR | O_CREAT | O_TRUNC, 0600);
        packed_t packed = pack (dir, fd);
        unpack_options_t how = {.limits = options.limits};
        unpacked_t unpacked;
        assert_int_equal (archive_digest_check (fd, "out", packed.size_bytes, packed.sha256,
                                                &refusal), OK);
        if (unpack_archive (fd, packed.size_bytes, temp.fd, "copy", &how, &unpacked, &refusal))
            fail_msg ("%s", refusal.text);
        assert_string_equal (unpacked.top, "demo-1.0.0");
        assert_memory_equal (packed.files_sha256, unpacked.files_sha256, SHA256_SIZE);
        assert_int_equal (packed.unpacked_bytes, unpacked.unpacked_bytes);
        assert_int_equal (packed.files_count, unpacked.files_count);
        tree_checked_t checked;
        assert_int_equal (tree_check (temp.fd, "copy", packed.files, TREE_BY_CONTENT, NULL, NULL,
                                      &checked, &refusal), OK);
        assert_int_equal (checked.findings_count, 0);
        unpacked_done (&unpacked);
        packed_done (&packed);
        assert_int_equal (tree_remove (temp.fd, "copy", &refusal), OK);
        close (fd);
    }
}

static void
what_is_packed_unpacks_to_the_same_list (void **state)
{
    (void) state;
    int dir = make_tree ("tree", false);
    round_trip (dir);
    close (dir);
}

//  Trees made by a small generator: depth, sizes, modes and names vary.
static void
random_trees_survive_the_round_trip (void **state)
{
    (void) state;
    static char content [400000];
    uint32_t seed = 7;
    for (int n = 0; n < 10; n++) {
        char name [32];
        snprintf (name, sizeof name, "tree%d", n);
        int dir = make_dir (name);
        for (int i = 0; i < 30; i++) {
            char path [200] = "";
            seed = seed * 1664525 + 1013904223;
            for (uint32_t depth = seed >> 30; depth > 0; depth--) {
                seed = seed * 1664525 + 1013904223;
                snprintf (path + strlen (path), 40, "d%u/", seed >> 30);
                mkdirat (dir, path, 0755);
            }
            seed = seed * 1664525 + 1013904223;
            snprintf (path + strlen (path), 120, "%.*s%d \xc3\xb6", (int) (seed >> 26),
                      "a-name-that-is-sometimes-longer-than-the-ustar-header-can-hold", i);
            size_t size = seed % 5 ? seed % 999 : seed % sizeof content;
            for (size_t at = 0; at < size; at++)
                content [at] = (char) (seed >> (at % 17));
            put_bytes (dir, path, content, size, seed % 3 ? 0644 : 0755);
        }
        round_trip (dir);
        close (dir);
    }
}

static void
a_flipped_bit_is_refused_by_the_digest (void **state)
{
    (void) state;
    int dir = make_dir ("tree"), fd = openat (temp.fd, "out", O_RDWR | O_CREAT, 0600);
    put (dir, "gpack.toml", "[gpack]\n");
    packed_t packed = pack (dir, fd);
    assert_true (packed.size_bytes < 400);
    for (off_t i = 0; i < (off_t) packed.size_bytes; i++) {
        uint8_t byte;
        assert_int_equal (pread (fd, &byte, 1, i), 1);
        for (int bit = 0; bit < 8; bit++) {
            uint8_t flipped = (uint8_t) (byte ^ 1 << bit);
            assert_int_equal (pwrite (fd, &flipped, 1, i), 1);
            assert_int_equal (archive_digest_check (fd, "out", packed.size_bytes, packed.sha256,
                                                    &refusal), CHECKSUM_MISMATCH);
        }
        assert_int_equal (pwrite (fd, &byte, 1, i), 1);
    }
    const uint64_t size = packed.size_bytes;
    assert_int_equal (archive_digest_check (fd, "out", size, packed.sha256, &refusal), OK);
    assert_int_equal (archive_digest_check (fd, "out", size - 1, packed.sha256, &refusal),
                      CHECKSUM_MISMATCH);
    assert_int_equal (archive_digest_check (fd, "out", size + 1, packed.sha256, &refusal),
                      CHECKSUM_MISMATCH);
    packed_done (&packed);
    close (fd);
    close (dir);
}

static void
chunks_are_the_digests_of_256_kib_each (void **state)
{
    (void) state;
    static uint8_t noise [600000], archive [700000];
    uint32_t seed = 1;
    for (size_t i = 0; i < sizeof noise; i++) {
        seed = seed * 1664525 + 1013904223;
        noise [i] = (uint8_t) (seed >> 24);
    }
    int dir = make_dir ("tree"), fd = openat (temp.fd, "out", O_RDWR | O_CREAT, 0600);
    put_bytes (dir, "noise", noise, sizeof noise, 0644);
    packed_t packed = pack (dir, fd);
    assert_int_equal (pread (fd, archive, sizeof archive, 0), packed.size_bytes);
    assert_int_equal (packed.chunks_count, 3);
    sha256_t *hasher = sha256_new ();
    for (size_t i = 0; i < 3; i++) {
        uint8_t digest [SHA256_SIZE];
        size_t at = i * PACK_CHUNK_SIZE, left = packed.size_bytes - at;
        sha256_of (hasher, archive + at, left < PACK_CHUNK_SIZE ? left : PACK_CHUNK_SIZE, digest);
        assert_memory_equal (digest, packed.chunks + i * SHA256_SIZE, SHA256_SIZE);
    }
    sha256_destroy (&hasher);
    packed_done (&packed);
    close (fd);
    close (dir);
}

static void
ignored_and_private_files_are_left_out (void **state)
{
    (void) state;
    int dir = make_dir ("tree");
    put (dir, PACK_IGNORE_FILE, "*.o\nbuild/\n!keep.o\nsecret\n");
    put (dir, "a.o", "");
    put (dir, "keep.o", "");
    put (dir, "b", "");
    mkdirat (dir, "build", 0755);
    put (dir, "build/x", "");
    mkdirat (dir, ".git", 0755);
    put (dir, ".git/config", "");
    mkdirat (dir, "sub", 0755);
    put (dir, "sub/.GGEN-ok", "");
    put (dir, "sub/c.o", "");
    mkdirat (dir, "none", 0755);
    symlinkat ("/etc/passwd", dir, "secret");       //  Ignored: not looked at
    packed_t packed = pack (dir, -1);
    size_t size;
    char *text = file_list_format (packed.files, &size);
    assert_int_equal (file_list_count (packed.files), 3);
    assert_string_equal (file_list_at (packed.files, 0)->path, "b");
    assert_string_equal (file_list_at (packed.files, 1)->path, "keep.o");
    assert_string_equal (file_list_at (packed.files, 2)->path, "none");
    free (text);
    packed_done (&packed);
    close (dir);
}

//  Pack a tree that must be refused: its class, with 'path' named.
static void
assert_refused (int dir, const char *class, const char *path)
{
    packed_t packed;
    assert_int_not_equal (pack_tree (dir, &options, -1, &packed, &refusal), OK);
    assert_string_equal (refusal_name (refusal.kind), class);
    assert_non_null (strstr (refusal.text, path));
}

static void
links_devices_and_bad_names_are_refused (void **state)
{
    (void) state;
    int dir = make_dir ("tree");
    put (dir, "a", "");
    symlinkat ("a", dir, "link");
    assert_refused (dir, "symlink", "link");
    unlinkat (dir, "link", 0);
    mkfifoat (dir, "pipe", 0600);
    assert_refused (dir, "fifo", "pipe");
    unlinkat (dir, "pipe", 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf (address.sun_path, sizeof address.sun_path, "%s/tree/socket", temp.name);
    int sock = socket (AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal (bind (sock, (struct sockaddr *) &address, sizeof address), 0);
    assert_refused (dir, "odd entry type", "socket");
    unlinkat (dir, "socket", 0);
    close (sock);
    put (dir, "x:y", "");
    assert_refused (dir, "reserved name", "x:y");
    unlinkat (dir, "x:y", 0);
    put (dir, "A", "");
    assert_refused (dir, "collision", "'");
    close (dir);
}

static void
limits_hold_for_packing_too (void **state)
{
    (void) state;
    int dir = make_dir ("tree");
    assert_refused (dir, "malformed", "nothing to pack");
    put (dir, "gpack.toml", "0123456789");
    put (dir, "b", "0123456789");
    const archive_limits_t usual = ARCHIVE_LIMITS_DEFAULT;
    options.limits.entries = 1;
    assert_refused (dir, "bomb", "too many");
    options.limits = usual;
    options.limits.unpacked_bytes = 19;
    assert_refused (dir, "bomb", "too large");
    options.limits = usual;
    options.limits.manifest_bytes = 9;
    assert_refused (dir, "limits", "gpack.toml");
    options.limits = usual;
    options.limits.packed_bytes = 50;
    assert_refused (dir, "limits", "the archive is too large");
    options.limits = usual;
    options.limits.unpacked_floor_bytes = 1;
    static char zeros [100000];
    put_bytes (dir, "zeros", zeros, sizeof zeros, 0644);
    assert_refused (dir, "bomb", "20:1");
    close (dir);
}

static int growing_dir;

static bool
grow (void *argument, uint64_t done_bytes, uint64_t total_bytes)
{
    (void) argument, (void) done_bytes, (void) total_bytes;
    int fd = openat (growing_dir, "grows", O_WRONLY | O_APPEND);
    assert_int_equal (write (fd, "more", 4), 4);
    close (fd);
    return true;
}

static void
a_file_that_changes_while_it_is_read_is_an_error (void **state)
{
    (void) state;
    growing_dir = make_dir ("tree");
    put (growing_dir, "grows", "text");
    options.progress = grow;
    assert_refused (growing_dir, "changed", "grows");
    assert_int_equal (refusal.code, STORAGE);
    close (growing_dir);
}

static void
top_names_and_times (void **state)
{
    (void) state;
    char top [ARCHIVE_COMPONENT_MAX + 1], longer [300];
    assert_int_equal (pack_top_name ("@scope/name", "1.2.3", top), OK);
    assert_string_equal (top, "@scope-name-1.2.3");
    memset (longer, 'x', sizeof longer);
    longer [sizeof longer - 1] = 0;
    assert_int_equal (pack_top_name (longer, "1", top), VALIDATION);
    int64_t mtime_s = 5;
    unsetenv ("SOURCE_DATE_EPOCH");
    assert_int_equal (pack_mtime (&mtime_s), OK);
    assert_int_equal (mtime_s, 0);
    setenv ("SOURCE_DATE_EPOCH", "1700000000", 1);
    assert_int_equal (pack_mtime (&mtime_s), OK);
    assert_int_equal (mtime_s, 1700000000);
    setenv ("SOURCE_DATE_EPOCH", "yesterday", 1);
    assert_int_equal (pack_mtime (&mtime_s), VALIDATION);
    setenv ("SOURCE_DATE_EPOCH", "9999999999", 1);
    assert_int_equal (pack_mtime (&mtime_s), VALIDATION);
    unsetenv ("SOURCE_DATE_EPOCH");
}

#define WITH_TEMP(test) cmocka_unit_test_setup_teardown (test, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests [] = {
        WITH_TEMP (the_same_tree_gives_the_same_archive),
        WITH_TEMP (the_time_and_the_content_are_in_the_digest),
        WITH_TEMP (what_is_packed_unpacks_to_the_same_list),
        WITH_TEMP (random_trees_survive_the_round_trip),
        WITH_TEMP (a_flipped_bit_is_refused_by_the_digest),
        WITH_TEMP (chunks_are_the_digests_of_256_kib_each),
        WITH_TEMP (ignored_and_private_files_are_left_out),
        WITH_TEMP (links_devices_and_bad_names_are_refused),
        WITH_TEMP (limits_hold_for_packing_too),
        WITH_TEMP (a_file_that_changes_while_it_is_read_is_an_error),
        cmocka_unit_test (top_names_and_times),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
