// SPDX-License-Identifier: MIT
//  A scenario file being played: what its parts share. play.c makes the world and reads the script;
//  players.c knows who is who; lives.c and faults.c do to nodes what the script says; library.c knows
//  what was published; work_*.c are what people do; check_*.c look on and judge.
//
//  The order of a run: the script's statements at their times; when 'settle' begins all faults end, all
//  honest nodes are started, nobody publishes any more; in the end it is looked at.
#ifndef GGEN_TESTS_PLAY_H
#define GGEN_TESTS_PLAY_H

#include "honest.h"
#include "measures.h"
#include "nodes.h"
#include "scenario.h"
#include "script.h"
#include "truth.h"
#include "world.h"

#define PLAY_NOBODY    UINT32_MAX
#define PLAY_CHECKS_MAX 16u
#define PLAY_BANDS_MAX 8u           //  statements "liars"; more are not heeded

//  A node that runs for so long, and has a session, is asked by people.
#define PLAY_READY_US INT64_C (30000000)

typedef struct adversary_t adversary_t;
typedef struct band_t band_t;

typedef struct {
    const identity_t *identity;     //  that notes what it signs; NULL: it never started
    const adversary_t *liar;        //  NULL: it is honest
    band_t *band;                   //  of liars that it belongs to
    uint32_t publisher;             //  number of its publisher, or PLAY_NOBODY
    int64_t since_us;               //  when this life began; -1: it is off
    int64_t met_us;                 //  of this life's first session; -1: none yet
    bool churns;                    //  its session has an end already
    bool away;                      //  it is off on purpose: nobody starts it but who stopped it
    bool left;                      //  it never comes back
    uint8_t group;                  //  of the network, while it is cut
    int64_t troubled_us;            //  until then something is wrong with it; may be to come
    int64_t dark_us;                //  until then it reaches nobody, and no one asks it anything
} player_t;

typedef struct library_t library_t;
typedef struct play_t play_t;
typedef struct deed_t deed_t;

//  A statement that is being done. Borrowed for the call; freed with the play.
typedef void (deed_fn) (deed_t *deed);

struct deed_t {
    play_t *play;
    const script_line_t *line;
    deed_fn *next;                  //  what is done at its time
    rng_t rng;
    uint32_t *nodes;                //  whom it was done to
    uint32_t nodes_count;
    int64_t until_us;
    int64_t rate_us;                //  of what comes again and again: between two
    double number;
    struct deed_t *previous;        //  of all
};

struct play_t {
    scenario_options_t options;
    script_t *script;
    mix_t mix;
    world_t *world;
    honest_t *honest;
    truth_t *truth;
    measures_t *measures;
    library_t *library;
    void *checks[PLAY_CHECKS_MAX];  //  states of the checkers that look on; NULL: it does not
    band_t *bands[PLAY_BANDS_MAX];
    unsigned bands_count;
    player_t *players;
    uint32_t players_count, players_room;
    uint32_t bootstraps;
    uint32_t peers_max, peers_min;  //  that a node keeps; 0: as its settings have it
    uint32_t nodes;                 //  that the script is about; churn adds more
    uint32_t joined;
    int64_t end_us, settle_us;      //  settle_us = end_us without 'settle'
    int64_t healed_us;              //  when the last cut ended; -1: none yet
    bool settled;
    rng_t rng;                      //  who does what
    deed_t *deeds;
};

//  ---- play.c --------------------------------------------------------------------------------------

//  Have 'next' called at this time (not after the run), or so long from now.
void play_at (deed_t *deed, int64_t at_us, deed_fn *next);
void play_later (deed_t *deed, double secs, deed_fn *next);

//  A deed of a statement; NULL as line: one that no statement asks for.
deed_t *play_deed (play_t *self, const script_line_t *line);

int64_t play_now_us (const play_t *self);

//  A time that the line says, in microseconds; 'otherwise' when it does not.
int64_t play_time_us (deed_t *deed, const char *slot, int64_t otherwise_us);

//  Nothing new goes wrong from now on.
bool play_is_calm (const play_t *self);

//  ---- players.c -----------------------------------------------------------------------------------

//  A node more, with its role. Returns its number.
uint32_t players_add (play_t *self);

void players_start (play_t *self, uint32_t node);

bool players_is_on (const play_t *self, uint32_t node);
bool players_is_honest (const play_t *self, uint32_t node);

//  It is honest, on, not in the dark, and has been in the network for PLAY_READY_US.
bool players_is_ready (const play_t *self, uint32_t node);

//  One of those that are ready, or PLAY_NOBODY.
uint32_t players_draw (play_t *self, rng_t *rng);

//  Choose whom a statement means ("<who>"): nodes that are on, and may be taken ('fixed': also those
//  that others begin with, and publishers). Filled into the deed.
void players_choose (deed_t *deed, bool fixed);

//  Something is wrong with it until then; 'dark': so that it reaches nobody.
void players_trouble (play_t *self, uint32_t node, int64_t until_us, bool dark);

//  It has been honest, on, in the network and untroubled ever since 'since_us'.
bool players_is_well (const play_t *self, uint32_t node, int64_t since_us);

//  An observer that knows when nodes live and meet others.
void players_observe (play_t *self);

//  ---- what statements do ----------------------------------------------------------------------------

//  Plan a statement. False: it is not one of theirs.
bool lives_plan (deed_t *deed);
bool faults_plan (deed_t *deed);
bool work_plan (deed_t *deed);

//  Take back all that goes wrong.
void faults_end (play_t *self);

#endif
