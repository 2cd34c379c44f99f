// SPDX-License-Identifier: MIT
//  A file of messages as the tap sent them. It begins with the line RECORDING_HEADER; then for each
//  message its topic, header and body, each as its size in 4 bytes, big end first, and its bytes.
#ifndef GGEN_RECORDING_H
#define GGEN_RECORDING_H

#include "listener.h"

#define RECORDING_HEADER "ggen tap 1\n"

typedef struct recording_t recording_t;

//  Start a new file, for its owner only, as it has all that was said.
//  OK              *self_p takes messages
//  ALREADY_EXISTS  'path' is there: a recording is never overwritten
//  STORAGE         anything else; 'why' has path and reason in all cases
must_use code_t
    recording_new (recording_t **self_p, const char *path, char *why, size_t why_size);

//  Add a message. STORAGE: it could not be written.
must_use code_t
    recording_add (recording_t *self, const heard_t *heard);

//  What was written so far is in the file. STORAGE: it is not.
must_use code_t
    recording_flush (recording_t *self);

void
    recording_destroy (recording_t **self_p);

#endif
