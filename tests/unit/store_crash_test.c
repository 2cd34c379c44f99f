// SPDX-License-Identifier: MIT
//  SPEC 6, I2: a process that commits is killed at any point; what is installed is the old state or
//  the new one. STORE_CRASHES sets how often (a round is about 50 ms), SEED the random numbers.
#include "tests/unit/seeded.h"
#include "tests/unit/store_rig.h"

#include "runtime/host/clock.h"
#include "upkeep.pb-c.h"

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#define PACKAGES 3
#define ROUNDS 25
#define KILL_WITHIN_US 40000

//  The moment of a kill: so far into the child's life.
static void
pass_us (unsigned us)
{
    uint64_t until_us = clock_us () + us;
    while (clock_us () < until_us)
        sched_yield ();
}

//  What a lock of the test says: one line "id text" for each package.
static void
lock_of (char *lock, size_t size, unsigned round, unsigned packages)
{
    size_t used = 0;
    for (unsigned i = 0; i < packages; i++)
        used += (size_t) snprintf (lock + used, size - used, "pack-%u r%u-%u\n", i, round, i);
}

typedef struct {
    made_t made [PACKAGES];
    unsigned packages;
    uint64_t generation;            //  0: nothing was committed yet by this process
} state_t;

//  Remove all generations but the newest three.
static void
sweep_old (rig_t *rig, const char *root, uint64_t newest)
{
    uint64_t generations [200];
    Ggen__SweepRequest request = GGEN__SWEEP_REQUEST__INIT;
    request.root = (char *) (uintptr_t) root;
    request.generations = generations;
    uint64_t first = newest > COUNT_OF (generations) ? newest - COUNT_OF (generations) : 1;
    for (uint64_t i = first; i + 3 <= newest; i++)
        generations [request.n_generations++] = i;
    assert_int_equal (rig_call (rig, &request.base, &ggen__sweep_reply__descriptor), OK);
}

//  Commit the state of a round, and sweep; every third time go back to the one before and return.
static void
commit_round (rig_t *rig, const char *root, unsigned round, state_t *now)
{
    char lock [256];
    state_t before = *now;
    uint64_t current = rig_current (rig, root);
    //  Packages come, change and go.
    now->packages = 1 + round % PACKAGES;
    for (unsigned i = 0; i < now->packages; i++) {
        char id [32], text [32];
        snprintf (id, sizeof id, "pack-%u", i);
        snprintf (text, sizeof text, "r%u-%u", round, i);
        assert_int_equal (rig_unpack (rig, root, id, text, &now->made [i]), OK);
    }
    lock_of (lock, sizeof lock, round, now->packages);
    assert_int_equal (rig_commit (rig, root, now->made, now->packages, current, lock), OK);
    now->generation = rig_current (rig, root);
    sweep_old (rig, root, now->generation);
    if (round % 3 != 0 || before.generation == 0)
        return;
    assert_int_equal (
        rig_activate (rig, root, before.made, before.packages, before.generation), OK);
    assert_int_equal (rig_activate (rig, root, now->made, now->packages, now->generation), OK);
}

//  What the child does: this program, started anew, since threads do not survive a fork.
static _Noreturn void
commit_for_ever (char **arguments)
{
    rig_t rig;
    const char *home = arguments [0], *archives = arguments [1], *root = arguments [2];
    unsigned round = (unsigned) atoi (arguments [3]);
    rig_start (&rig, home, archives, true);
    assert_int_equal (write (STDOUT_FILENO, "!", 1), 1);
    state_t now = {.generation = 0};
    for (;; round++)
        commit_round (&rig, root, round, &now);
}

//  Start it, and wait until it is about to commit.
static pid_t
start_child (const char *home, const char *archives, const char *root, unsigned round)
{
    int pipe_fds [2];
    char number [16], ready;
    snprintf (number, sizeof number, "%u", round);
    assert_int_equal (pipe (pipe_fds), 0);
    pid_t child = fork ();
    assert_true (child >= 0);
    if (child == 0) {
        dup2 (pipe_fds [1], STDOUT_FILENO);
        close (pipe_fds [0]);
        close (pipe_fds [1]);
        execl ("/proc/self/exe", "store_crash_test", "child", home, archives, root, number, NULL);
        _exit (1);
    }
    close (pipe_fds [1]);
    assert_int_equal (read (pipe_fds [0], &ready, 1), 1);
    close (pipe_fds [0]);
    return child;
}

//  No generation that is there has lost a tree to a sweep.
static void
check_generations (const char *base)
{
    char path [600];
    snprintf (path, sizeof path, "%s/generations", base);
    DIR *dir = opendir (path);
    for (const struct dirent *entry; dir && (entry = readdir (dir));)
        for (unsigned i = 0; i < PACKAGES && *entry->d_name >= '1' && *entry->d_name <= '9'; i++) {
            struct stat info;
            snprintf (path, sizeof path, "%s/generations/%s/pack-%u", base, entry->d_name, i);
            if (lstat (path, &info) == 0 && stat (path, &info) != 0)
                fail_msg ("%s leads nowhere", path);
        }
    if (dir)
        closedir (dir);
}

//  The lock and the links tell the same, and every file has the bytes that its package came with.
static void
check_state (rig_t *rig, const char *root, const char *where)
{
    assert_int_equal (rig_read_root (rig, root, 0), OK);
    const Ggen__ReadRootReply *reply = (const void *) rig->reply;
    if (reply->current == 0)
        return;
    char lock [256], *save = NULL;
    unsigned packages = 0;
    assert_true (reply->lock.len > 0 && reply->lock.len < sizeof lock);
    memcpy (lock, reply->lock.data, reply->lock.len);
    lock [reply->lock.len] = 0;
    for (char *line = strtok_r (lock, "\n", &save); line; line = strtok_r (NULL, "\n", &save)) {
        char name [64];
        *strchr (line, ' ') = 0;
        snprintf (name, sizeof name, "%s/readme", line);
        const char *text = rig_read_file (where, name);
        if (!text)
            fail_msg ("%s of the lock is not installed", line);
        assert_string_equal (text, line + strlen (line) + 1);
        //  What the rig made of this text is what is there, byte by byte.
        made_t made;
        char again [64];
        strcpy (again, text);
        assert_int_equal (rig_unpack (rig, root, line, again, &made), OK);
        assert_int_equal (rig_check (rig, root, &made, 1)->n_findings, 0);
        packages++;
    }
    rig_discard (rig, root);
    assert_int_equal (rig_count (where, ".", "pack-"), packages);
}

static void
crash (bool target)
{
    temp_t temp = temp_new ();
    char home [128], dir [128], base [160];
    rng_t rng = seeded_rng (target);
    snprintf (home, sizeof home, "%s/home", temp.name);
    snprintf (dir, sizeof dir, "%s/%s", temp.name, target ? "target" : "home/packages");
    snprintf (base, sizeof base, target ? "%s/target/.ggen" : "%s/home", temp.name);
    const char *root = target ? dir : "";
    assert_int_equal (mkdir (home, 0755), 0);
    print_message ("SEED=%llu\n", (unsigned long long) seed_of_run ());
    const char *rounds = getenv ("STORE_CRASHES");
    for (unsigned round = 1; round <= (rounds ? (unsigned) atoi (rounds) : ROUNDS); round++) {
        pid_t child = start_child (home, temp.name, root, 1000 * round);
        pass_us ((unsigned) rng_below (&rng, KILL_WITHIN_US));
        assert_int_equal (kill (child, SIGKILL), 0);
        int status;
        assert_int_equal (waitpid (child, &status, 0), child);
        assert_true (WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL);

        rig_t rig;
        rig_start (&rig, home, temp.name, true);
        check_state (&rig, root, dir);
        check_generations (base);
        state_t now = {.generation = 0};
        commit_round (&rig, root, 1000 * round + 999, &now);
        check_state (&rig, root, dir);
        assert_int_equal (rig_leftovers (base), 0);
        rig_stop (&rig);
    }
    temp_done (&temp);
}

static void
a_killed_commit_leaves_the_old_state_or_the_new_in_a_home (void **state)
{
    (void) state;
    crash (false);
}

static void
a_killed_commit_leaves_the_old_state_or_the_new_in_a_target (void **state)
{
    (void) state;
    crash (true);
}

int
main (int count, char **arguments)
{
    if (count == 6 && strcmp (arguments [1], "child") == 0)
        commit_for_ever (arguments + 2);
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_killed_commit_leaves_the_old_state_or_the_new_in_a_home),
        cmocka_unit_test (a_killed_commit_leaves_the_old_state_or_the_new_in_a_target),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
