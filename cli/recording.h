// SPDX-License-Identifier: MIT
//  A file of messages as the tap sent them. It begins with the line RECORDING_HEADER; then for each
//  message its topic, header and body, each as its size in 4 bytes, big end first, and its bytes. An
//  empty topic and an empty header stand for messages that were lost there: the body is how many, in
//  8 bytes, big end first.
#ifndef GGEN_RECORDING_H
#define GGEN_RECORDING_H

#include "listener.h"

#define RECORDING_HEADER "ggen tap 1\n"

//  Larger parts are no message of a node (BODY_BYTES_MAX of runtime/actor/actor.h).
#define RECORDING_TOPIC_MAX  255u
#define RECORDING_HEAD_MAX   (64u << 10)
#define RECORDING_BODY_MAX   (4u << 20)

typedef struct recording_t recording_t;
typedef struct recorded_t recorded_t;

//  ---- writing one ---------------------------------------------------------------------------------

//  Start a new file, for its owner only, as it has all that was said; it takes 'bytes_max'.
//  OK              *self_p takes messages
//  ALREADY_EXISTS  'path' is there: a recording is never overwritten
//  STORAGE         anything else; 'why' has path and reason in all cases
must_use code_t
    recording_new (recording_t **self_p, const char *path, uint64_t bytes_max, char *why,
                   size_t why_size);

//  Add a message. BUSY: the file would be above its bound, and was left alone; STORAGE: it could not
//  be written.
must_use code_t
    recording_add (recording_t *self, const heard_t *heard);

//  Add that so many were lost here. As above.
must_use code_t
    recording_lost (recording_t *self, uint64_t lost);

//  What was written so far is in the file. STORAGE: it is not.
must_use code_t
    recording_flush (recording_t *self);

void
    recording_destroy (recording_t **self_p);

//  ---- reading one ---------------------------------------------------------------------------------

//  OK          *self_p gives its messages
//  VALIDATION  it is no recording, or of another version of ggen
//  STORAGE     it cannot be read; 'why' has path and reason in all cases
must_use code_t
    recorded_open (recorded_t **self_p, const char *path, char *why, size_t why_size);
void
    recorded_close (recorded_t **self_p);

//  The next message, borrowed until the next call; or *lost_p > 0: so many were lost. Returns false at
//  the end, whatever that is.
bool
    recorded_next (recorded_t *self, heard_t *heard, uint64_t *lost_p);

//  After that: OK, or VALIDATION (it ends within a message, or that is none) or STORAGE, with 'why'.
must_use code_t
    recorded_end (const recorded_t *self, char *why, size_t why_size);

#endif
