// SPDX-License-Identifier: MIT
//  A copy of this process that goes on in the background, in a session of its own, and tells the one
//  that was started from the terminal how its start went. Call before there is any thread.
//
//      background_t background;
//      code = background_fork (&background, why, sizeof why);      //  returns in both
//      if (background.is_child)
//          ... background_tell (&background, OK, "") once it serves, or why it cannot ...
//      else
//          code = background_wait (&background, why, sizeof why);
#ifndef GGEN_BACKGROUND_H
#define GGEN_BACKGROUND_H

#include "base.h"

#include <signal.h>

typedef struct {
    bool is_child;
    int pid;                //  of the child; in the parent known after background_wait
    int pipe;               //  -1 = closed
    sigset_t mask;          //  what was blocked before
} background_t;

//  OK        returned twice: in this process, and in the child. There stdin and stdout are /dev/null;
//            stderr and the working directory are what they were. In this process signals wait until
//            background_wait can heed them: one that came between fork and wait would be lost.
//  STORAGE   no process, or no pipe; 'why' has the reason.
must_use code_t
    background_fork (background_t *self, char *why, size_t why_size);

//  In the child: how it went; only the first time counts. Nobody may be listening any more. With OK "/"
//  becomes the working directory.
void
    background_tell (background_t *self, code_t code, const char *why);

//  In the parent: until the child told, or ended.
//  OK          it told OK.
//  CANCELLED   a signal handler ran meanwhile; the child was made to end.
//  INTERNAL    it ended without a word. Else what it told; 'why' has its words.
must_use code_t
    background_wait (background_t *self, char *why, size_t why_size);

#endif
