// SPDX-License-Identifier: MIT
//  A JSON document as YAML 1.2, in blocks: for people and for tools that want YAML. Texts are quoted as
//  in JSON, which YAML reads the same way.
#ifndef GGEN_YAML_H
#define GGEN_YAML_H

#include "base.h"

#include <jansson.h>
#include <stdio.h>

void
    yaml_write (FILE *out, const json_t *document);

#endif
