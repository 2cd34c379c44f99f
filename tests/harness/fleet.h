// SPDX-License-Identifier: MIT
//  The nodes of a run: real `ggen node run` processes, each with a home of its own. A node listens at a
//  port that nobody is told of and announces its door at the proxy, so that peers dial through that.
//  Processes are started, stopped and looked at by one thread only; others may read the atomic fields.
#ifndef GGEN_HARNESS_FLEET_H
#define GGEN_HARNESS_FLEET_H

#include "messages/multiaddr.h"
#include "messages/peer_id.h"

#include <stdatomic.h>
#include <sys/types.h>

#define FLEET_MAX      128u         //  nodes of a run, visitors among them
#define FLEET_PATH_MAX 92u          //  of a home: run/bus.ipc has to fit into a socket's path

typedef enum { MEMBER_OFF, MEMBER_ON, MEMBER_FROZEN } member_state_t;

typedef struct {
    unsigned number;
    char home[FLEET_PATH_MAX];
    const char *program;            //  that runs it: ggen, or a liar's
    const char *lie;                //  class of a liar; NULL: it is honest
    uint16_t door, bulk_door;       //  where others dial it
    uint16_t port, bulk_port;       //  where it listens, in this life
    bool publishes;
    long experience;                //  that it had when it was noted ("check noted"); 0: it was not
    bool is_known;                  //  'key' is: it has lived once
    peer_key_t key;
    pid_t pid, tap;                 //  tap: of who records; 0: nobody does
    _Atomic int state;              //  member_state_t
    atomic_uint life;               //  how often it was started
} member_t;

typedef struct fleet_t fleet_t;

//  Homes and logs lie in 'dir' (absolute), which is there. 'settings' are lines for each config.toml.
//  'taps': what is said in each node is recorded, DIR/node-N.tap. All borrowed.
fleet_t *fleet_new (const char *dir, const char *program, const char *settings, bool taps);

//  Ends all processes (SIGKILL).
void fleet_destroy (fleet_t **self_p);

//  One node more, which is off; NULL: there are FLEET_MAX.
member_t *fleet_add (fleet_t *self, uint16_t door, uint16_t bulk_door);

unsigned fleet_count (const fleet_t *self);
member_t *fleet_at (const fleet_t *self, unsigned number);

//  Where it can be dialled, with its peer id. It is known.
void fleet_address (const member_t *member, char text[MULTIADDR_TEXT_MAX + 1]);

//  Start a process, which joins by these nodes (which are known; its own is left out). It is on at once;
//  whether it answers is for the asker to see. False: 'why' says what the system said.
bool fleet_start (fleet_t *self, member_t *member, member_t *const *joins, unsigned joins_count,
                  char *why, size_t why_size);

//  SIGKILL, and wait for its end.
void fleet_kill (fleet_t *self, member_t *member);

//  SIGTERM, and wait for its end until 'limit_ms' from now. False: it did not end, and was killed; or
//  it did not end with 0.
bool fleet_stop (fleet_t *self, member_t *member, int64_t limit_ms);

void fleet_freeze (fleet_t *self, member_t *member);
void fleet_thaw (fleet_t *self, member_t *member);

//  A node that has ended though nobody asked it to, or NULL; 'how' says how. It is off then.
member_t *fleet_fallen (fleet_t *self, char *how, size_t how_size);

//  Where it logs: DIR/node-N.log, of all its lives.
void fleet_log_path (const fleet_t *self, const member_t *member, char *path, size_t path_size);

#endif
