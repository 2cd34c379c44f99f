// SPDX-License-Identifier: MIT
//  Questions to the person at the terminal. Asked on the error stream, answered by a line of the
//  input; only where screen->can_ask (a terminal at both, no --json).
#ifndef GGEN_QUESTION_H
#define GGEN_QUESTION_H

#include "args.h"
#include "screen.h"

//  Yes or no; "no" is what anything else but y and yes means, and the end of the input. --yes answers
//  it. Where nobody can be asked: 'unasked'.
bool
    question_yes (const args_t *args, const screen_t *screen, const char *text, bool unasked);

//  One of 1 .. 'count'; 0: none of them, or nobody can be asked. --yes does not choose.
unsigned
    question_choice (const screen_t *screen, const char *text, unsigned count);

#endif
