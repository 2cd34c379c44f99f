// SPDX-License-Identifier: MIT
//  A checker: something that must hold in every run, whatever goes wrong in it. It looks at letters and
//  into actors, compares with what is known to be true (truth.h, library.h), and has no part in the run.
//  What it finds is a world_violation.
#ifndef GGEN_TESTS_CHECK_H
#define GGEN_TESTS_CHECK_H

#include "play.h"

typedef struct {
    const char *name;
    const char *help;
    //  Its state; the world is there, and empty.
    void *(*create) (play_t *play);
    void (*destroy) (void *self);
    //  What it wants to see; each may be NULL. A letter is at a seat; an actor has dealt with one.
    void (*arrives) (void *self, play_t *play, const note_t *note);
    void (*handled) (void *self, play_t *play, uint32_t node, uint8_t seat, const note_t *note);
    void (*lives) (void *self, play_t *play, uint32_t node, bool lives);
    //  Once a second of virtual time; in runs of many hours once a minute.
    void (*second) (void *self, play_t *play);
    //  The quiet time begins; the run is over.
    void (*settle) (void *self, play_t *play);
    void (*end) (void *self, play_t *play);
} check_t;

//  NULL: there is none of this name.
const check_t *check_find (const char *name);

//  Number 'index' of them; NULL at the end.
const check_t *check_at (unsigned index);

//  Those that the script names ("check all": all of them).
void checks_create (play_t *play);
void checks_destroy (play_t *play);
void checks_settle (play_t *play);
void checks_end (play_t *play);

extern const check_t check_bans, check_bounds, check_bytes, check_ends, check_gossip, check_kept,
    check_leaks, check_pins, check_seq, check_settled, check_starved;

#endif
