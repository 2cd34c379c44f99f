// SPDX-License-Identifier: MIT
//  What a run measured, by name: samples. "found-s" is their mean, "found-s-p50", "-p99", "-max" and
//  "-count" what they say. For any thread.
#ifndef GGEN_HARNESS_MARKS_H
#define GGEN_HARNESS_MARKS_H

#include <stdbool.h>
#include <stdio.h>

#define MARKS_MAX     32u           //  names
#define MARK_NAME_MAX 31u           //  characters
#define MARK_ROOM     100000u       //  samples of a name; further ones only count

typedef struct marks_t marks_t;

marks_t *marks_new (void);
void marks_destroy (marks_t **self_p);

void marks_add (marks_t *self, const char *name, double sample);

//  As above. False: nothing of this name was measured.
bool marks_value (marks_t *self, const char *name, double *value_p);

//  All of them: lines "  name  value ...", or members of a JSON object with commas between.
void marks_print (marks_t *self, FILE *file, bool json);

#endif
