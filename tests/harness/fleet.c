// SPDX-License-Identifier: MIT
#include "fleet.h"

#include "runtime/host/clock.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

//  Ports of nodes are below those that the system gives to who dials (from 32768 on).
#define PORT_FIRST 15000u
#define PORT_LAST  32000u

#define WAIT_STEP_MS 5

#define LIE_MAX 96                  //  of an environment's line

struct fleet_t {
    const char *dir;
    const char *program;
    const char *settings;
    bool taps;
    member_t *members[FLEET_MAX];
    unsigned count;
    unsigned port;                  //  that was tried last
};

fleet_t *
fleet_new (const char *dir, const char *program, const char *settings, bool taps)
{
    fleet_t *self = calloc (1, sizeof *self);
    assert (self);
    self->dir = dir;
    self->program = program;
    self->settings = settings;
    self->taps = taps;
    self->port = PORT_FIRST + (unsigned) getpid () * 131u % (PORT_LAST - PORT_FIRST);
    return self;
}

//  What was recorded is in the file when it has ended.
static void
end_tap (const member_t *member)
{
    if (member->tap == 0)
        return;
    kill (member->tap, SIGTERM);
    waitpid (member->tap, NULL, 0);
}

void
fleet_destroy (fleet_t **self_p)
{
    fleet_t *self = *self_p;
    if (!self)
        return;
    for (unsigned i = 0; i < self->count; i++) {
        if (self->members[i]->state != MEMBER_OFF)
            fleet_kill (self, self->members[i]);
        end_tap (self->members[i]);
        free (self->members[i]);
    }
    free (self);
    *self_p = NULL;
}

member_t *
fleet_add (fleet_t *self, uint16_t door, uint16_t bulk_door)
{
    if (self->count == FLEET_MAX)
        return NULL;
    member_t *member = calloc (1, sizeof *member);
    assert (member);
    member->number = self->count;
    member->program = self->program;
    member->door = door;
    member->bulk_door = bulk_door;
    snprintf (member->home, sizeof member->home, "%s/n%u", self->dir, member->number);
    self->members[self->count++] = member;
    return member;
}

unsigned
fleet_count (const fleet_t *self)
{
    return self->count;
}

member_t *
fleet_at (const fleet_t *self, unsigned number)
{
    return self->members[number];
}

void
fleet_address (const member_t *member, char text[MULTIADDR_TEXT_MAX + 1])
{
    char peer[PEER_ID_TEXT + 1];
    peer_id_text (&member->key, peer);
    snprintf (text, MULTIADDR_TEXT_MAX + 1, "/ip4/127.0.0.1/tcp/%u/p2p/%s", member->door, peer);
}

void
fleet_log_path (const fleet_t *self, const member_t *member, char *path, size_t path_size)
{
    snprintf (path, path_size, "%s/node-%u.log", self->dir, member->number);
}

//  ---- starting ------------------------------------------------------------------------------------

static bool
port_is_free (unsigned port)
{
    const int one = 1;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons ((uint16_t) port),
                             .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
    int door = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (door < 0)
        return false;
    setsockopt (door, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    bool is_free = bind (door, (struct sockaddr *) &at, sizeof at) == 0;
    close (door);
    return is_free;
}

static uint16_t
next_port (fleet_t *self)
{
    for (unsigned tries = 0; tries < PORT_LAST - PORT_FIRST; tries++) {
        self->port = self->port >= PORT_LAST ? PORT_FIRST : self->port + 1;
        if (port_is_free (self->port))
            return (uint16_t) self->port;
    }
    return 0;
}

static bool
write_config (const fleet_t *self, const member_t *member, member_t *const *joins,
              unsigned joins_count)
{
    char path[FLEET_PATH_MAX + 16], address[MULTIADDR_TEXT_MAX + 1];
    if (mkdir (member->home, 0700) != 0 && errno != EEXIST)
        return false;
    snprintf (path, sizeof path, "%s/config.toml", member->home);
    FILE *file = fopen (path, "w");
    if (!file)
        return false;
    fprintf (file, "p2p.enabled = true\nnetwork.lan_discovery = false\n"
                   "network.listen_addresses = [\"/ip4/127.0.0.1/tcp/%u\"]\n"
                   "network.announce_addresses = [\"/ip4/127.0.0.1/tcp/%u\"]\n"
                   "network.bulk_port = %u\nnetwork.announce_bulk_port = %u\n"
                   "network.bootstrap_nodes = [",
             member->port, member->door, member->bulk_port, member->bulk_door);
    const char *comma = "";
    for (unsigned i = 0; i < joins_count; i++) {
        if (joins[i] == member)
            continue;
        fleet_address (joins[i], address);
        fprintf (file, "%s\"%s\"", comma, address);
        comma = ", ";
    }
    fprintf (file, "]\n%s", self->settings);
    return fclose (file) == 0;
}

//  Nothing but calls that are safe between fork and exec.
static _Noreturn void
become (char *const *argv, const char *log, const char *lie)
{
    char *const environment[] = {"LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin", (char *) lie, NULL};
    int out = open (log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    int in = open ("/dev/null", O_RDONLY);
    prctl (PR_SET_PDEATHSIG, SIGKILL);
    if (out < 0 || in < 0 || dup2 (in, 0) < 0 || dup2 (out, 1) < 0 || dup2 (out, 2) < 0)
        _exit (126);
    execve (argv[0], argv, environment);
    _exit (127);
}

static pid_t
spawn_node (const member_t *member, const char *log)
{
    char *const argv[] = {(char *) member->program, "--home", (char *) member->home, "node", "run",
                          NULL};
    char lie[LIE_MAX];
    snprintf (lie, sizeof lie, "GGEN_LIE=%s", member->lie ? member->lie : "");
    pid_t pid = fork ();
    if (pid == 0)
        become (argv, log, member->lie ? lie : NULL);
    return pid;
}

//  It goes on over all lives of the node.
static void
begin_tap (const fleet_t *self, member_t *member)
{
    char path[FLEET_PATH_MAX + 32];
    if (!self->taps || member->tap != 0)
        return;
    snprintf (path, sizeof path, "%s/node-%u.tap", self->dir, member->number);
    char *const argv[] = {(char *) self->program, "--home", member->home, "--quiet", "tap",
                          "--record", path, NULL};
    pid_t pid = fork ();
    if (pid == 0)
        become (argv, "/dev/null", NULL);
    member->tap = pid > 0 ? pid : 0;
}

bool
fleet_start (fleet_t *self, member_t *member, member_t *const *joins, unsigned joins_count,
             char *why, size_t why_size)
{
    char log[FLEET_PATH_MAX + 32];
    fleet_log_path (self, member, log, sizeof log);
    member->port = next_port (self);
    member->bulk_port = next_port (self);
    if (member->bulk_port == 0 || !write_config (self, member, joins, joins_count)) {
        snprintf (why, why_size, "%s: %s", member->home, strerror (errno));
        return false;
    }
    begin_tap (self, member);
    pid_t pid = spawn_node (member, log);
    if (pid < 0) {
        snprintf (why, why_size, "fork: %s", strerror (errno));
        return false;
    }
    member->pid = pid;
    member->life++;
    member->state = MEMBER_ON;
    return true;
}

//  ---- ending --------------------------------------------------------------------------------------

void
fleet_kill (fleet_t *self, member_t *member)
{
    (void) self;
    kill (member->pid, SIGKILL);
    waitpid (member->pid, NULL, 0);
    member->state = MEMBER_OFF;
}

bool
fleet_stop (fleet_t *self, member_t *member, int64_t limit_ms)
{
    int64_t until_ms = clock_ms () + limit_ms;
    int status = 0;
    kill (member->pid, SIGTERM);
    while (waitpid (member->pid, &status, WNOHANG) == 0) {
        if (clock_ms () > until_ms) {
            fleet_kill (self, member);
            return false;
        }
        poll (NULL, 0, WAIT_STEP_MS);
    }
    member->state = MEMBER_OFF;
    return WIFEXITED (status) && WEXITSTATUS (status) == 0;
}

void
fleet_freeze (fleet_t *self, member_t *member)
{
    (void) self;
    kill (member->pid, SIGSTOP);
    member->state = MEMBER_FROZEN;
}

void
fleet_thaw (fleet_t *self, member_t *member)
{
    (void) self;
    member->state = MEMBER_ON;
    kill (member->pid, SIGCONT);
}

member_t *
fleet_fallen (fleet_t *self, char *how, size_t how_size)
{
    for (unsigned i = 0; i < self->count; i++) {
        member_t *member = self->members[i];
        int status;
        if (member->state == MEMBER_OFF || waitpid (member->pid, &status, WNOHANG) != member->pid)
            continue;
        member->state = MEMBER_OFF;
        if (WIFSIGNALED (status))
            snprintf (how, how_size, "died by %s", strsignal (WTERMSIG (status)));
        else
            snprintf (how, how_size, "ended with %d", WEXITSTATUS (status));
        return member;
    }
    return NULL;
}
