// SPDX-License-Identifier: MIT
//  How a program attaches to a bus and asks its actors: the CLI's only door. It attaches to the
//  node of a home when one runs, and else has a node started in its own process; the caller sees
//  no difference.
#ifndef GGEN_CLIENT_H
#define GGEN_CLIENT_H

#include "home.h"

typedef struct client_t client_t;

//  Start a node for a home in this process; gives its endpoint. Provided by the program's main,
//  so that the CLI does not know the actors. 'daemon' nodes bind the home's bus and tap paths.
typedef struct {
    code_t (*start) (void *context, const home_t *home, bool daemon, void **node_p,
                     const char **endpoint_p, char *why, size_t why_size);
    void (*stop) (void *context, void **node_p);
    //  May the process end while this node runs? Then it has nothing to write and nobody to tell, and
    //  what it has opened is closed by the end of the process as well. NULL = never.
    bool (*may_be_left) (void *context, const void *node);
    void *context;
} client_embed_t;

typedef struct {
    const char *home_dir;           //  absolute
    home_need_t need;
    const char *program;            //  "ggen search"
    const client_embed_t *embed;
    home_waiting_fn *waiting;       //  may be NULL
    void *waiting_context;
    bool quiet;                     //  attaching is not logged
    bool ends;                      //  the process ends soon after client_close
} client_setup_t;

//  Enter the home and attach.
//  OK            *self_p is attached.
//  otherwise     as home_enter, or what starting the node said, or NETWORK; the reason is in 'why'.
must_use code_t client_open (client_t **self_p, const client_setup_t *setup, char *why,
                             size_t why_size);

//  Detach; stops an embedded node and leaves the home. Of a process that ends, a node that may be left
//  and has done all that it was asked is left as it is, with all its memory.
void client_close (client_t **self_p);

//  True when the node lives in this process.
bool client_embedded (const client_t *self);

typedef struct {
    const char *to;
    const ProtobufCMessage *request;
    const ProtobufCMessageDescriptor *expect;
    uint32_t timeout_ms;            //  0 = none; progress starts it again
    uint32_t budget_ms;             //  what the actors are told that there is time for; 0 = timeout_ms
    //  Called for each sign of progress, and with NULL about ten times a second while waiting.
    //  May be NULL.
    void (*progress) (void *context, const Ggen__Progress *progress, int64_t now_ms);
    void *context;
} client_call_t;

//  Ask and wait. The interrupt (client_interrupt) cancels the request; the call then still waits
//  for its end, so that nothing is left half done.
//  OK          *reply_p is the answer; protobuf_c_message_free_unpacked (*reply_p, NULL).
//  otherwise   *failure_p says why; ggen__failure__free_unpacked (*failure_p, NULL).
//              TIMEOUT: no end in time, also after a cancel: CANCELLED is what the actor says when
//              it has undone what it had begun. CONNECTION_FAILED: the node stopped answering.
must_use code_t client_call (client_t *self, const client_call_t *call,
                             ProtobufCMessage **reply_p, Ggen__Failure **failure_p);

//  Cancel the call that runs, or the next one. Async-signal-safe.
void client_interrupt (void);
bool client_interrupted (void);

//  A failure made here: for errors that no actor told. Text is cut at 4,095 bytes.
Ggen__Failure *client_failure (code_t code, const char *hint, const char *format, ...)
    printf_like (3, 4);

#endif
