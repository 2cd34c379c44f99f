// SPDX-License-Identifier: MIT
//  A publisher killed (SIGKILL) at any point of its work, 50 times over one directory: afterwards
//  each version is complete or absent, what was acknowledged is there, the index agrees with the
//  shelf and the next publish works.
//  The seed is printed; `registry_file_kill_test SEED` gives the same delays again.
#include "registry_file_fixture.h"

#include "actors/registry/index_io.h"
#include "actors/registry/shelf_io.h"

#include <glob.h>
#include <jansson.h>
#include <poll.h>
#include <sys/wait.h>

#define KILLS 50
#define DELAY_MAX_US 15000          //  a publish takes about a third of it
#define CHILD_WORD "publish-until-killed"

static const char *program;
static uint64_t seed;

//  ---- the child: publishes 0.0.N, 0.0.N+1, ...; each third is then replaced with other bytes

static void
acknowledge (unsigned number)
{
    if (write (STDOUT_FILENO, &number, sizeof number) != sizeof number)
        exit (3);
}

static int
be_child (const char *base, unsigned number)
{
    fixture_t self = {0};
    signer_t signer = make_signer (1);
    snprintf (self.base, sizeof self.base, "%s", base);
    snprintf (self.directory, sizeof self.directory, "%s/registry", base);
    host_init ();
    start (&self, true);
    for (;; number++) {
        char version [32];
        snprintf (version, sizeof version, "0.0.%u", number);
        if (!publish_signed (&self, "kill/test", version, "archive", &signer))
            exit (4);
        acknowledge (number);
        if (number % 3 == 0) {
            draft_t made;
            draft (&self, &made, "kill/test", version, "another archive");
            made.request.force = true;
            sign_draft (&made, &signer);
            if (!send_draft (&self, &made))
                exit (5);
        }
    }
}

//  ---- the parent

typedef struct {
    pid_t pid;
    int acks;
} child_t;

static child_t
spawn (const fixture_t *self, unsigned number)
{
    int ends [2];
    char text [16];
    snprintf (text, sizeof text, "%u", number);
    assert_int_equal (pipe (ends), 0);
    child_t child = {fork (), ends [0]};
    assert_true (child.pid >= 0);
    if (child.pid == 0) {
        dup2 (ends [1], STDOUT_FILENO);
        close (ends [0]);
        close (ends [1]);
        execl (program, program, CHILD_WORD, self->base, text, (char *) NULL);
        _exit (2);
    }
    close (ends [1]);
    return child;
}

//  Kills it some time after its first acknowledgement. Returns the last number acknowledged.
static unsigned
run_and_kill (const fixture_t *self, unsigned number, uint64_t delay_us)
{
    child_t child = spawn (self, number);
    unsigned last = 0, next;
    assert_int_equal (read (child.acks, &last, sizeof last), sizeof last);
    uint64_t until_us = clock_us () + delay_us;
    while (clock_us () < until_us) {
        uint64_t left_us = until_us - clock_us ();
        struct pollfd item = {child.acks, POLLIN, 0};
        struct timespec left = {0, (long) (left_us < delay_us ? left_us : 0) * 1000};
        if (ppoll (&item, 1, &left, NULL) > 0
            && read (child.acks, &next, sizeof next) == sizeof next)
            last = next;
    }
    kill (child.pid, SIGKILL);
    int status;
    assert_int_equal (waitpid (child.pid, &status, 0), child.pid);
    assert_true (WIFSIGNALED (status));
    while (read (child.acks, &next, sizeof next) == sizeof next)
        last = next;
    close (child.acks);
    return last;
}

static void
check_version (shelf_t *shelf, const char *version)
{
    Ggen__Package *package;
    uint8_t digest [32], *manifest;
    char bytes [64];
    size_t size;
    const char *name;
    assert_int_equal (shelf_get (shelf, "kill/test", version, &package), OK);
    FILE *in = fopen (package->location, "r");
    assert_non_null (in);
    size = fread (bytes, 1, sizeof bytes, in);
    fclose (in);
    crypto_hash_sha256 (digest, (const uint8_t *) bytes, size);
    assert_int_equal (size, package->size_bytes);
    assert_memory_equal (digest, package->sha256.data, 32);
    AUTO (record_destroy) Ggen__SignedRecord *record = NULL;
    AUTO (record_release_destroy) Ggen__Release *release = NULL;
    assert_int_equal (
        record_open (&record, (bytes_t) {package->record.data, package->record.len}), OK);
    assert_int_equal (record_check (record, crypto_real.verify, NULL), OK);
    assert_int_equal (record_release (&release, record), OK);
    assert_memory_equal (digest, release->sha256.data, 32);
    assert_int_equal (shelf_manifest (shelf, "kill/test", version, &manifest, &size, &name), OK);
    assert_memory_equal (manifest, MANIFEST, size);
    free (manifest);
    ggen__package__free_unpacked (package, NULL);
}

static size_t
versions_in_json (const fixture_t *self)
{
    char path [128];
    snprintf (path, sizeof path, "%s/index.json", self->directory);
    json_t *document = json_load_file (path, 0, NULL);
    assert_non_null (document);
    json_t *list = json_object_get (
        json_object_get (json_object_get (document, "packages"), "kill/test"), "versions");
    size_t count = json_array_size (list);
    json_decref (document);
    return count;
}

//  Did the kill leave a version that was being made? To be asked before the shelf is opened.
static bool
left_a_stage (const fixture_t *self)
{
    char pattern [128];
    glob_t found;
    snprintf (pattern, sizeof pattern, "%s/.tmp/[0-9]*", self->directory);
    bool left = glob (pattern, 0, NULL, &found) == 0;
    globfree (&found);
    return left;
}

//  Everything up to 'last' is there and at most one more; the index says the same. Their number.
static unsigned
check_all (const fixture_t *self, unsigned last)
{
    shelf_t *shelf;
    index_t *index_;
    char **list, *warning;
    size_t count;
    assert_int_equal (shelf_open (&shelf, self->directory), OK);
    assert_int_equal (shelf_versions (shelf, "kill/test", &list, &count), OK);
    assert_true (count == last || count == last + 1);
    assert_int_equal (index_open (&index_, shelf, &warning), OK);
    assert_null (warning);
    Ggen__ListVersionsReply *reply;
    assert_int_equal (index_versions (index_, "kill/test", &reply), OK);
    assert_int_equal (reply->n_versions, count);
    for (size_t i = 0; i < count; i++) {
        char version [32];
        snprintf (version, sizeof version, "0.0.%zu", i + 1);
        assert_string_equal (list [i], version);
        assert_string_equal (reply->versions [i]->version, version);
        check_version (shelf, version);
        free (list [i]);
    }
    free (list);
    assert_int_equal (versions_in_json (self), count);
    ggen__list_versions_reply__free_unpacked (reply, NULL);
    index_close (&index_);
    shelf_close (&shelf);
    return (unsigned) count;
}

static void
nothing_is_ever_half_published (void **state)
{
    (void) state;
    fixture_t self = {0};
    make_base (&self);
    unsigned count = 0, more = 0, stages = 0;
    uint64_t random = seed;
    for (unsigned i = 0; i < KILLS; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;     //  Knuth's MMIX
        unsigned last = run_and_kill (&self, count + 1, (random >> 33) % DELAY_MAX_US);
        stages += left_a_stage (&self);
        unsigned there = check_all (&self, last);
        more += there > last;
        count = there;
    }
    print_message ("%u versions; %u kills before the rename, %u between it and the answer\n",
                   count, stages, more);
    run_and_kill (&self, count + 1, 0);         //  Fails unless one more publish is acknowledged
    temp_dir_remove (self.base);
}

int
main (int argc, char **argv)
{
    if (argc == 4 && strcmp (argv [1], CHILD_WORD) == 0)
        return be_child (argv [2], (unsigned) atoi (argv [3]));
    program = argv [0];
    seed = argc > 1 ? strtoull (argv [1], NULL, 10) : (uint64_t) time (NULL);
    print_message ("seed %llu: %s %llu\n", (unsigned long long) seed, argv [0],
                   (unsigned long long) seed);
    const struct CMUnitTest tests [] = {cmocka_unit_test (nothing_is_ever_half_published)};
    return cmocka_run_group_tests (tests, NULL, NULL);
}
