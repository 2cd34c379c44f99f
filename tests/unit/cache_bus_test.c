// SPDX-License-Identifier: MIT
//  The cache and its blob store on one bus, with real files.
#include "tests/probe.h"

#include "actors/cache/blobs_io.h"
#include "actors/cache/cache.h"
#include "cache.pb-c.h"
#include "digest.h"
#include "runtime/actor/crypto.h"
#include "tests/temp_dir.h"

#include <stdio.h>
#include <unistd.h>

typedef struct {
    char root[TEMP_DIR_SIZE], cache[80], source[80], other[80];
    digest_t digest;                //  of 'source', 1000 bytes
    blobs_settings_t blobs;
    cache_settings_t settings;
    role_t roles[2];
    host_t *host;
    probe_t probe;
} fixture_t;

static digest_t
write_file (const char *path, uint8_t fill)
{
    uint8_t bytes[1000];
    digest_t digest;
    memset (bytes, fill, sizeof bytes);
    FILE *file = fopen (path, "w");
    assert_non_null (file);
    assert_int_equal (fwrite (bytes, 1, sizeof bytes, file), sizeof bytes);
    fclose (file);
    crypto_real.sha256 (bytes, sizeof bytes, digest.bytes);
    return digest;
}

static void
start (fixture_t *self, uint64_t bytes_max)
{
    char why[200] = "";
    self->settings.bytes_max = bytes_max;
    bus_setup_t setup = {.roles = self->roles,
                         .roles_count = COUNT_OF (self->roles),
                         .home = "test",
                         .version = "test"};
    assert_int_equal (host_start (&self->host, &setup, why, sizeof why), OK);
    probe_open (&self->probe, self->host);
}

static void
stop (fixture_t *self)
{
    probe_close (&self->probe);
    host_stop (&self->host);
}

static int
set_up (void **state)
{
    host_init ();
    fixture_t *self = calloc (1, sizeof *self);
    temp_dir_make (self->root);
    snprintf (self->cache, sizeof self->cache, "%s/cache", self->root);
    snprintf (self->source, sizeof self->source, "%s/source", self->root);
    snprintf (self->other, sizeof self->other, "%s/other", self->root);
    self->digest = write_file (self->source, 's');
    write_file (self->other, 'o');
    self->blobs.directory = self->cache;
    self->roles[0] = (role_t) {.class = &cache_actor, .settings = &self->settings};
    self->roles[1] = (role_t) {.class = &blobs_actor, .settings = &self->blobs};
    start (self, 1 << 20);
    *state = self;
    return 0;
}

static int
tear_down (void **state)
{
    fixture_t *self = *state;
    stop (self);
    temp_dir_remove (self->root);
    free (self);
    return 0;
}

static const ProtobufCMessage *
fetch_answer (fixture_t *self, const char *const *paths, unsigned count)
{
    Ggen__FetchRequest request = GGEN__FETCH_REQUEST__INIT;
    Ggen__FetchSource rooms[4], *sources[4];
    for (unsigned i = 0; i < count; i++) {
        ggen__fetch_source__init (&rooms[i]);
        rooms[i].registry = "file";
        rooms[i].location = (char *) paths[i];
        sources[i] = &rooms[i];
    }
    request.sources = sources;
    request.n_sources = count;
    request.sha256 = digest_to_field (&self->digest);
    request.size_bytes = 1000;
    return probe_ask (&self->probe, "cache", &request.base, &ggen__fetch_reply__descriptor);
}

static const Ggen__FetchReply *
fetch (fixture_t *self, const char *const *paths, unsigned count)
{
    const ProtobufCMessage *answer = fetch_answer (self, paths, count);
    assert_ptr_equal (answer->descriptor, &ggen__fetch_reply__descriptor);
    return (const void *) answer;
}

static const Ggen__CacheStatusReply *
status (fixture_t *self)
{
    Ggen__CacheStatusRequest request = GGEN__CACHE_STATUS_REQUEST__INIT;
    return (const void *) probe_ask (&self->probe, "cache", &request.base,
                                     &ggen__cache_status_reply__descriptor);
}

static void
bytes_are_fetched_once_and_found_ever_after (void **state)
{
    fixture_t *self = *state;
    const char *const paths[] = {self->other, self->source};
    const Ggen__FetchReply *first = fetch (self, paths, 2);
    assert_string_equal (first->source, "file");
    assert_memory_equal (first->path, self->cache, strlen (self->cache));
    assert_string_equal (fetch (self, paths, 2)->source, "cache");
    stop (self);
    start (self, 1 << 20);
    //  The source may go: the blob is a name of its own for the same bytes.
    assert_int_equal (unlink (self->source), 0);
    const Ggen__FetchReply *later = fetch (self, paths, 2);
    assert_string_equal (later->source, "cache");
    assert_int_equal (access (later->path, R_OK), 0);
    assert_int_equal (status (self)->size_bytes, 1000);
    assert_int_equal (status (self)->hits, 1);
}

static void
wrong_bytes_end_as_a_checksum_mismatch_with_both_digests (void **state)
{
    fixture_t *self = *state;
    const char *const paths[] = {self->other};
    const Ggen__Failure *failure = (const void *) fetch_answer (self, paths, 1);
    assert_ptr_equal (failure->base.descriptor, &ggen__failure__descriptor);
    assert_int_equal (failure->code, CHECKSUM_MISMATCH);
    assert_int_equal (failure->n_details, 2);
    char expected[DIGEST_HEX_SIZE + 1];
    digest_to_hex (&self->digest, expected);
    assert_string_equal (failure->details[0]->value, expected);
    assert_int_equal (status (self)->blobs_count, 0);
}

static void
a_cache_that_has_become_too_large_is_cleared_at_the_start (void **state)
{
    fixture_t *self = *state;
    const char *const paths[] = {self->source};
    char blob[200];
    snprintf (blob, sizeof blob, "%s", fetch (self, paths, 1)->path);
    stop (self);
    start (self, 10);
    assert_int_equal (status (self)->blobs_count, 0);
    //  The remove was asked for before this find, of the same actor.
    assert_string_equal (fetch (self, paths, 1)->source, "file");
}

#define TEST(function) cmocka_unit_test_setup_teardown (function, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (bytes_are_fetched_once_and_found_ever_after),
        TEST (wrong_bytes_end_as_a_checksum_mismatch_with_both_digests),
        TEST (a_cache_that_has_become_too_large_is_cleared_at_the_start),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
