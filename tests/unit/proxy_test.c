// SPDX-License-Identifier: MIT
//  The proxy between the nodes of tests/harness: what passes, and what is left of a connection that was
//  broken while another process had its descriptors, as a node has between fork and exec.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "runtime/host/clock.h"
#include "tests/harness/proxy.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_MS 20000

typedef struct {
    proxy_t *proxy;
    int listening, dialled, accepted;
} rig_t;

//  ---- one connection through one door -------------------------------------------------------------

static struct sockaddr_in
loopback (uint16_t port)
{
    return (struct sockaddr_in) {.sin_family = AF_INET,
                                 .sin_port = htons (port),
                                 .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
}

static void
wait_for_input (int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    assert_int_equal (poll (&wait, 1, DEADLINE_MS), 1);
}

static int
setup (void **state)
{
    char why[100];
    struct sockaddr_in at = loopback (0);
    socklen_t size = sizeof at;
    rig_t *rig = calloc (1, sizeof *rig);
    assert_non_null (rig);
    rig->proxy = proxy_new (1, why, sizeof why);
    assert_non_null (rig->proxy);
    rig->listening = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal (bind (rig->listening, (struct sockaddr *) &at, sizeof at), 0);
    assert_int_equal (listen (rig->listening, 1), 0);
    assert_int_equal (getsockname (rig->listening, (struct sockaddr *) &at, &size), 0);
    uint16_t door = proxy_open (rig->proxy, 0);
    proxy_target (rig->proxy, door, ntohs (at.sin_port));
    at = loopback (door);
    rig->dialled = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal (connect (rig->dialled, (struct sockaddr *) &at, sizeof at), 0);
    wait_for_input (rig->listening);
    rig->accepted = accept (rig->listening, NULL, NULL);
    assert_true (rig->accepted >= 0);
    *state = rig;
    return 0;
}

static int
teardown (void **state)
{
    rig_t *rig = *state;
    close (rig->listening);
    close (rig->dialled);
    close (rig->accepted);
    proxy_destroy (&rig->proxy);
    free (rig);
    return 0;
}

static void
what_is_said_at_a_door_is_heard_where_it_leads (void **state)
{
    const rig_t *rig = *state;
    char said[6] = {0};
    assert_int_equal (send (rig->dialled, "hello", 5, 0), 5);
    wait_for_input (rig->accepted);
    assert_int_equal (recv (rig->accepted, said, 5, MSG_WAITALL), 5);
    assert_string_equal (said, "hello");
    assert_int_equal (proxy_counts (rig->proxy).opened, 1);
}

//  ---- what epoll still watches --------------------------------------------------------------------

//  So many descriptors are watched by all epolls of this process (proc(5): "tfd:" in fdinfo).
static unsigned
watched (void)
{
    unsigned count = 0;
    char path[300], target[64], line[256];
    DIR *fds = opendir ("/proc/self/fd");
    assert_non_null (fds);
    for (const struct dirent *it; (it = readdir (fds));) {
        snprintf (path, sizeof path, "/proc/self/fd/%s", it->d_name);
        const ssize_t size = readlink (path, target, sizeof target - 1);
        target[size > 0 ? size : 0] = 0;
        if (strcmp (target, "anon_inode:[eventpoll]") != 0)
            continue;
        snprintf (path, sizeof path, "/proc/self/fdinfo/%s", it->d_name);
        FILE *info = fopen (path, "r");
        assert_non_null (info);
        while (fgets (line, sizeof line, info))
            count += strncmp (line, "tfd:", 4) == 0;
        fclose (info);
    }
    closedir (fds);
    return count;
}

//  A process that has all descriptors of this one until *release is closed.
static pid_t
fork_holder (int *release)
{
    int pipe_fds[2];
    char nothing;
    assert_int_equal (pipe (pipe_fds), 0);
    pid_t pid = fork ();
    assert_true (pid >= 0);
    if (pid == 0) {
        prctl (PR_SET_PDEATHSIG, SIGKILL);
        close (pipe_fds[1]);
        _exit (read (pipe_fds[0], &nothing, 1) == 0 ? 0 : 1);
    }
    close (pipe_fds[0]);
    *release = pipe_fds[1];
    return pid;
}

static void
a_broken_connection_is_not_watched_though_another_process_has_it (void **state)
{
    const rig_t *rig = *state;
    const int64_t until_ms = clock_ms () + DEADLINE_MS;
    const unsigned door_and_waker = 2;
    int release;
    //  It answers between two rounds of its thread: both ends are watched by then.
    assert_int_equal (proxy_counts (rig->proxy).connections, 1);
    pid_t holder = fork_holder (&release);
    assert_int_equal (watched (), door_and_waker + 2);
    assert_int_equal (proxy_break (rig->proxy, 1), 1);
    while (proxy_counts (rig->proxy).connections > 0 && clock_ms () < until_ms)
        poll (NULL, 0, 1);
    assert_int_equal (proxy_counts (rig->proxy).connections, 0);
    assert_int_equal (watched (), door_and_waker);
    close (release);
    assert_int_equal (waitpid (holder, NULL, 0), holder);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown (what_is_said_at_a_door_is_heard_where_it_leads, setup, teardown),
        cmocka_unit_test_setup_teardown (a_broken_connection_is_not_watched_though_another_process_has_it,
                                         setup, teardown),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
