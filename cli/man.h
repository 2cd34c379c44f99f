// SPDX-License-Identifier: MIT
//  The manual pages in roff with the man macros, printed from the command table: ggen(1), and one
//  for each verb, ggen-market-install(1). The same bytes for the same table.
#ifndef GGEN_MAN_H
#define GGEN_MAN_H

#include "command.h"

#include <stdio.h>

//  The page of a verb; of ggen itself when 'verb' is NULL.
void
    man_print (FILE *out, const verb_t *verb);

//  The name of a verb's page: "ggen-market-install"; "ggen" when 'verb' is NULL.
#define MAN_NAME_MAX (COMMAND_PATH_MAX + 8)
const char *
    man_name (const verb_t *verb, char name [MAN_NAME_MAX]);

#endif
