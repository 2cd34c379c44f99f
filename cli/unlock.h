// SPDX-License-Identifier: MIT
//  Secrets that people type, and how a passphrase gets to the keyring: through a FIFO in the home's
//  run/, that only this user may open. Its bytes are in the kernel until the keyring reads them: in
//  no message, on no disk, and the same with a node in this process or in another.
#ifndef GGEN_UNLOCK_H
#define GGEN_UNLOCK_H

#include "session.h"

#define UNLOCK_SECRET_MAX 1024      //  bytes

//  Ask on the terminal, without showing what is typed; or, when 'file' is not NULL, take the first line
//  of that file. At most UNLOCK_SECRET_MAX bytes into 'secret', which the caller wipes.
//  False: there is none, and that was printed. Never asks with --json or without a terminal.
must_use bool
    unlock_secret (const screen_t *screen, const char *what, const char *file, const char *option,
                   char secret [UNLOCK_SECRET_MAX + 1]);

typedef struct unlock_pipe_t unlock_pipe_t;

//  A FIFO with the passphrase of --passphrase-file, or what is typed; twice, the same, when 'is_new'.
//  False: it failed, and that was printed.
must_use bool
    unlock_pipe_open (unlock_pipe_t **self_p, const args_t *args, const screen_t *screen,
                      bool is_new);

//  Remove it; for AUTO. NULL is fine.
void
    unlock_pipe_close (unlock_pipe_t **self_p);

//  NULL for NULL.
const char *
    unlock_pipe_path (const unlock_pipe_t *self);

//  See that the key 'name' can sign: when it is encrypted and not open yet, get its passphrase and
//  have the keyring open it. False: it failed, and that was printed. A key that is not there is for
//  those to tell who need it: true.
must_use bool
    unlock_key (session_t *session, const args_t *args, const screen_t *screen, const char *name);

#endif
