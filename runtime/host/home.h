// SPDX-License-Identifier: MIT
//  A home directory and who may work in it (SPEC 3.6). A daemon holds run/node.lock exclusively
//  for its life; an embedded CLI holds it shared to read and exclusively to write; whoever finds
//  it held by a node attaches to that node's bus. Lock files are never unlinked.
#ifndef GGEN_HOME_H
#define GGEN_HOME_H

#include "base.h"

#define HOME_PATH_MAX 4096

//  Longest path of a Unix socket (sun_path, with its NUL).
#define HOME_SOCKET_MAX 108

//  Who subscribes to this topic of the tap, too, is told when the tap has heard of it, by a message of
//  this one part: from then on nothing is missed. Others that subscribe to all may see it, and leave it
//  aside.
#define HOME_TAP_HELLO "hello"

typedef enum { HOME_READ, HOME_WRITE, HOME_DAEMON } home_need_t;

typedef struct {
    char dir[HOME_PATH_MAX];
    char bus_path[HOME_PATH_MAX + 32];
    char tap_path[HOME_PATH_MAX + 32];
    char tap_lock_path[HOME_PATH_MAX + 32];
    char lock_path[HOME_PATH_MAX + 32];
    char pid_path[HOME_PATH_MAX + 32];      //  of a node, while it runs
    char log_path[HOME_PATH_MAX + 32];      //  of a node in the background
    int lock;                       //  descriptor, or -1
    bool has_pid;                   //  pid_path is ours
} home_t;

//  Called while somebody else works here: 'attempt' of 'attempts', and who ('pid' 0: unknown).
typedef void (home_waiting_fn) (void *context, unsigned attempt, unsigned attempts, int pid);

typedef enum { HOME_OURS, HOME_ATTACH } home_result_t;

//  Set the paths of the home 'dir' (absolute). Nothing is touched.
//  VALIDATION: longer than HOME_PATH_MAX.
must_use code_t home_init (home_t *self, const char *dir);

//  Enter it. HOME_WRITE and HOME_DAEMON create what is missing (0700); HOME_READ creates nothing,
//  and where there is no lock file yet it reads without a lock.
//  OK                  *result_p: HOME_OURS (hold it until home_leave), or HOME_ATTACH (a node runs
//                      there: attach to bus_path). HOME_DAEMON is never told to attach:
//  ALREADY_EXISTS      HOME_DAEMON only: a node runs there; *pid_p.
//  LOCK_TIMEOUT        another process held it for 3 x 5 s; *pid_p.
//  PERMISSION_DENIED   the home or its lock may not be written; 'why' has path and reason.
//  STORAGE             anything else; 'why' has path and reason.
must_use code_t home_enter (home_t *self, home_need_t need, home_waiting_fn *waiting,
                            void *context, home_result_t *result_p, int *pid_p, char *why,
                            size_t why_size);

void home_leave (home_t *self);

//  Whoever has entered as HOME_DAEMON: write run/node.pid, for people and service managers. Not being
//  able to is no reason to fail. home_leave removes it.
void home_write_pid (home_t *self);

//  True when somebody listens on the Unix socket 'path' (a raw connect: ZeroMQ would wait for
//  ever on a stale path).
bool home_socket_alive (const char *path);

#endif
