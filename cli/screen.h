// SPDX-License-Identifier: MIT
//  Where a command's output goes and what that place can show. The only file of cli/ besides main.c
//  that looks at the terminal and the environment.
#ifndef GGEN_SCREEN_H
#define GGEN_SCREEN_H

#include "args.h"

#include <stdio.h>

typedef struct {
    FILE *out;              //  results
    FILE *err;              //  errors, warnings, progress
    bool json;              //  out gets one JSON document and nothing else
    bool quiet;             //  results only: screen_say prints nothing
    bool verbose;
    bool colors;            //  on out
    bool err_colors;
    bool dumb;              //  TERM says that escape sequences are not understood
    bool utf8;              //  the locale's characters are UTF-8
    bool can_ask;           //  a person is there to answer a question
    size_t width;           //  columns of out; 0 = no terminal, nothing is broken or cut
    size_t err_width;       //  columns of err; 0 = no terminal
} screen_t;

typedef enum {
    COLOR_ERROR, COLOR_WARNING, COLOR_HINT, COLOR_GOOD, COLOR_STRONG, COLOR_FAINT
} color_t;

//  stdout and stderr as they are, with --json, --quiet, --no-color, NO_COLOR and the locale. Call
//  setlocale first.
void
    screen_init (screen_t *self, const args_t *args);

//  printf to out, for people: nothing with --json or --quiet.
void
    screen_say (const screen_t *self, const char *format, ...) printf_like (2, 3);

//  The escape sequence that starts a colour, or ends all; "" where there are none.
const char *
    screen_color (bool colors, color_t color);
const char *
    screen_plain (bool colors);

//  Everything is written: flush. Returns 'exit_status', or 1 if stdout lost anything, and says so on
//  err, but not of a pipe that was closed (EPIPE): who closed it knows, and `| head` is no reason to
//  complain.
must_use int
    screen_finish (const screen_t *self, int exit_status);

#endif
