// SPDX-License-Identifier: MIT
//  What a verb needs to ask actors: a client that enters the home as the verb's row says, progress
//  on the terminal, --timeout, the interrupt, and failures printed once.
//
//      AUTO (session_close) session_t *session = session_open (args, screen);
//      const Ggen__KeyListReply *reply =
//          session_ask (session, "keyring", &request.base, &ggen__key_list_reply__descriptor);
//      if (!reply)
//          return session_status (session);        //  the failure was printed
#ifndef GGEN_SESSION_H
#define GGEN_SESSION_H

#include "screen.h"
#include "runtime/host/client.h"

//  Answers a session keeps; a verb that asks more is our own bug: asserted.
#define SESSION_REPLIES_MAX 16

//  A call without an answer or a sign of progress for so long has failed.
#define SESSION_SILENCE_MS 120000u

typedef struct session_t session_t;

//  How a node is started in this process. main, which alone knows the actors, says it once before
//  any verb runs. Borrowed.
void
    session_provide (const client_embed_t *embed);

//  Enter the home and attach. Never NULL: when it failed that was printed, and every session_ask
//  gives NULL.
session_t *
    session_open (const args_t *args, const screen_t *screen);

//  Detach and free all answers; for AUTO.
void
    session_close (session_t **self_p);

//  Ask the actor 'to' and wait. The answer is borrowed until session_close. NULL: it failed, and
//  the failure was printed.
const void *
    session_ask (session_t *self, const char *to, const ProtobufCMessage *request,
                 const ProtobufCMessageDescriptor *expect);

//  The failure that was printed last of an actor that was asked, or NULL. Borrowed until the next ask.
const Ggen__Failure *
    session_failure (const session_t *self);

//  Free the answer that came last: for a verb that asks again and again.
void
    session_drop (session_t *self);

//  Wait so long between two questions. False: it was interrupted, or the time of --timeout is over;
//  the failure was printed.
bool
    session_wait (session_t *self, unsigned ms);

//  Something has been changed by what was asked so far: after this an interruption no longer says that
//  nothing was.
void
    session_changed (session_t *self);

//  No daemon has this home: its node is in this process.
bool
    session_embedded (const session_t *self);

//  Exit status: of the failure that was printed, else 0.
int
    session_status (const session_t *self);

//  From a signal handler: cancel the call that runs or comes next, once more: end at once. While
//  the home is waited for nothing has begun, so the first one ends the process too.
void
    session_interrupt (void);

//  True once session_interrupt was called.
bool
    session_interrupted (void);

//  The home of this command line: --home, $GGEN_HOME, ~/.ggen. New, the caller's; NULL: there is
//  none, and that was printed.
char *
    session_home (const args_t *args, const screen_t *screen);

#endif
