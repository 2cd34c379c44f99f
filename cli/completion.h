// SPDX-License-Identifier: MIT
//  Completion scripts for shells, printed from the command table. Pressing Tab starts no program:
//  names of packages are those of files in the home.
#ifndef GGEN_COMPLETION_H
#define GGEN_COMPLETION_H

#include "command.h"

#include <stdio.h>

//  The shells there are, for completion_print.
#define COMPLETION_SHELLS "bash|zsh|fish"

//  Print the script of a shell.
//  OK                   printed
//  FEATURE_NOT_ENABLED  not one of COMPLETION_SHELLS; nothing printed
must_use code_t
    completion_print (FILE *out, const char *shell);

//  The script of fish, in completion_fish.c.
void
    completion_fish (FILE *out);

//  Print "gzip|zstd" as "gzip zstd".
void
    completion_words (FILE *out, const char *choices);

#endif
