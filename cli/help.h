// SPDX-License-Identifier: MIT
//  Help texts, printed from the command table.
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

//  Where the words after `ggen help` lead.
//  OK                 *verb_p is the verb, or NULL and *group_p the group
//  PACKAGE_NOT_FOUND  nowhere: words [*at_p] is not in *group_p
must_use code_t
    help_find (const char *const words [], size_t words_count, const group_t **group_p,
               const verb_t **verb_p, size_t *at_p);

#endif
