// SPDX-License-Identifier: MIT
//  A node: the one place that knows which actors there are (node.c), and how they are started for
//  a home, in a CLI's process for one call or as a daemon.
#ifndef GGEN_NODE_H
#define GGEN_NODE_H

#include "runtime/host/home.h"

#include "node.pb-c.h"
#include "rehearsal.pb-c.h"

typedef struct config config_t;

//  Whether a node in a CLI's process asks the network.
typedef enum {
    NODE_LOCAL,                 //  no
    NODE_ASKS,                  //  where the settings name a way in
    NODE_ASKS_ANYWAY            //  the same, and the user wants it: the local network counts too
} node_reach_t;

//  The 'context' of the functions below.
typedef struct {
    const config_t *config;     //  outlives the node
    bool writable;              //  the home is held to write; a daemon always is
    node_reach_t reach;         //  of a node that is no daemon
    bool dry;                   //  not even what is derived may be written; heeded when not writable
    void (*ending) (void);      //  node_run only: called when it stops serving, may be NULL; what of this
                                //  process asks the node has to stop that now
    bool logs;                  //  node_run only: log into the home's run/node.log, not to stderr
} node_options_t;

//  A node that stays begins anew, as the same process with 'argv', under glibc's setting that its
//  threads keep little of what they free (HOST_ARENAS in runtime/host/host.h is the other half): glibc
//  reads that when a process starts, and only then. Does nothing the second time, or where
//  GLIBC_TUNABLES says something else. For the beginning of main ().
void node_settle (char *argv[]);

//  From which level on this process logs: "trace" to "error". Others are passed over.
void node_log_level (const char *name);

//  One line of the log: where it is served over HTTP.
void node_log_http (const char *url);

//  Start a node for a home that was entered; 'daemon' binds the home's bus and tap for other
//  processes. Shaped as client_embed_t (runtime/host/client.h) wants it.
//  OK          *node_p runs, clients of this process connect to *endpoint_p (borrowed).
//  INTERNAL    a class is not complete; NETWORK: a path cannot be bound; 'why' has the words.
must_use code_t node_start (void *context, const home_t *home, bool daemon, void **node_p,
                            const char **endpoint_p, char *why, size_t why_size);

//  Does this system wall in what unpacks packages (actors/store/sandbox_io.h)?
bool node_has_landlock (void);

void node_stop (void *context, void **node_p);

//  May the process end while it runs? One that only reads, asks no network and has no listener.
bool node_may_be_left (const void *node);

//  Of run/node.log; as much again in run/node.log.1.
#define NODE_LOG_BYTES_MAX (8u << 20)

//  Run a daemon for the home 'dir' in this process until *interrupted. 'ready' is called once it
//  serves (may be NULL). run/node.pid has its pid meanwhile.
//  OK              it was interrupted and has stopped.
//  ALREADY_EXISTS  a node runs there; 'why' names its process. Others: as home_enter, node_start;
//                  INTERNAL: an actor failed too often.
must_use code_t node_run (const node_options_t *options, const char *dir,
                          const volatile int *interrupted, void (*ready) (const home_t *home),
                          char *why, size_t why_size);

//  ---- one actor by itself, for a recording of the tap (runtime/actor/rehearsal.h) -----------------------

//  The actor of this name as a daemon of the home 'dir' would have it, or with 'brief' as one call in the
//  network (network_open_brief). Nothing runs, no other actor is there.
//  OK          *stage_p takes messages.
//  VALIDATION  there is none of this name, or it does I/O; 'why' has the words. Others as node_start.
must_use code_t node_stage_open (const node_options_t *options, const char *dir, const char *actor,
                                 bool brief, void **stage_p, char *why, size_t why_size);
void node_stage_close (void **stage_p);

//  As rehearsal_add and rehearsal_run.
must_use code_t node_stage_hear (void *stage, const Ggen__TapHeader *header, bytes_t body);
must_use code_t node_stage_play (void *stage, Ggen__RehearsalReply **reply_p);

#endif
