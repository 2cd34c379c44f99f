// SPDX-License-Identifier: MIT
//  What was found out about a release, in words for people.
#ifndef GGEN_FINDINGS_H
#define GGEN_FINDINGS_H

#include "base.h"

#define FINDINGS_WARNINGS_MAX 8         //  more are left out
#define FINDINGS_WARNING_MAX  1535      //  bytes; longer ones are cut. A yank reason has 1,024
#define FINDINGS_TEXT_MAX     2047
#define FINDINGS_HINT_MAX     1023

typedef struct {
    bool yanked;
    char warnings[FINDINGS_WARNINGS_MAX][FINDINGS_WARNING_MAX + 1];
    size_t warnings_count;
    char message[FINDINGS_TEXT_MAX + 1];    //  why it is refused
    char hint[FINDINGS_HINT_MAX + 1];       //  what to do next
} findings_t;

//  Say why it is refused; returns 'code', so that a rule can end with it.
code_t findings_refuse (findings_t *self, code_t code, const char *format, ...)
    printf_like (3, 4);

void findings_hint (findings_t *self, const char *format, ...) printf_like (2, 3);

void findings_warn (findings_t *self, const char *format, ...) printf_like (2, 3);

#endif
