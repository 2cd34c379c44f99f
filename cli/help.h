// SPDX-License-Identifier: MIT
//  Help texts and the manual page, printed from the command table.
#ifndef GGEN_HELP_H
#define GGEN_HELP_H

#include "command.h"

#include <stdio.h>

//  What `ggen WORDS --help` prints, for a group (its verbs) or a verb (usage, options, examples).
//  'width' columns; 0 = lines are not broken.
void
    help_group (FILE *out, const group_t *group, size_t width);
void
    help_verb (FILE *out, const verb_t *verb, size_t width);

//  Help on the words after `ggen help`.
//  OK                 printed
//  PACKAGE_NOT_FOUND  no group or verb is reached by these words; nothing printed
must_use code_t
    help_words (FILE *out, const char *const words [], size_t words_count, size_t width);

//  ggen.1: every verb, in roff with the man macros. The same bytes for the same table.
void
    help_man (FILE *out);

#endif
