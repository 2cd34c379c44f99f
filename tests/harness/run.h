// SPDX-License-Identifier: MIT
//  A scenario file being played with real nodes: what its parts share. run.c has the clock, who is meant
//  by a statement, and waiting; deeds_*.c do what statements say; crew.c does one thing at many nodes at
//  once; load.c is what goes on beside it all.
//
//  Statements are done one after the other. "at" waits for a time, counted from the end of the first
//  "join"; "for" ends by itself so much later, while the next statements go on.
#ifndef GGEN_HARNESS_RUN_H
#define GGEN_HARNESS_RUN_H

#include "asker.h"
#include "marks.h"
#include "proxy.h"
#include "shelf.h"

#include "tests/sim/lib/script.h"

#define RUN_UNDOS_MAX    64u        //  statements with "for" at one time; the next fails
#define RUN_FAILURES_MAX 16u        //  that are kept; further ones are counted
#define RUN_SETTINGS_MAX 2048u
#define RUN_STEP_MS      20         //  between two looks at a condition
#define RUN_LIMIT_MS     300000     //  of a run, unless "limit" says

typedef struct {
    const char *file;
    const char *dir;                //  absolute
    const char *program, *liar;     //  absolute
    const char *packages;           //  NULL: packs are made
    unsigned nodes;                 //  0: as the file says
    double minutes;                 //  0: as "length" says
    uint64_t seed;
    bool json, taps;
} run_options_t;

typedef struct run_t run_t;
typedef struct load_t load_t;
typedef struct samples_t samples_t;

typedef void (undo_fn) (run_t *self, member_t *const *members, unsigned count);

typedef struct {
    int64_t due_ms;
    undo_fn *undo;                  //  NULL: free
    member_t *members[FLEET_MAX];
    unsigned count;
} undo_t;

struct run_t {
    run_options_t options;
    script_t *script;
    fleet_t *fleet;
    proxy_t *proxy;
    asker_t *asker;                 //  of the main thread
    shelf_t *shelf;
    marks_t *marks;
    load_t *load;
    samples_t *samples;             //  NULL: none are taken
    rng_t rng;
    proxy_rule_t rules[FLEET_MAX];
    undo_t undos[RUN_UNDOS_MAX];
    unsigned nodes, bootstraps;     //  the first nodes
    char settings[RUN_SETTINGS_MAX];
    int64_t began_ms, limit_ms;
    int64_t zero_ms;                //  when the first "join" was done; 0: not yet
    bool settled;
    char *failures[RUN_FAILURES_MAX];
    unsigned failures_count;
};

//  NULL: 'why' says what is wrong with the file, or with the system.
run_t *run_new (const run_options_t *options, char *why, size_t why_size);
void run_destroy (run_t **self_p);

//  Play it. True: all that was expected has come.
bool run_play (run_t *self);

//  ---- for deeds -------------------------------------------------------------------------------------

//  Do one statement. False: the run cannot go on.
typedef bool (deed_fn) (run_t *self, const script_line_t *line);

//  The deed of a verb, or NULL: it was heeded before the run.
deed_fn *deed_lives (script_verb_id_t verb);
deed_fn *deed_faults (script_verb_id_t verb);
deed_fn *deed_work (script_verb_id_t verb);
deed_fn *deed_checks (script_verb_id_t verb);

//  A line for people, with the time.
void run_say (const run_t *self, const char *format, ...) printf_like (2, 3);

//  The same: what happened to these nodes; of very many, to the first.
void run_say_of (const run_t *self, const char *what, member_t *const *members, unsigned count);

//  Seconds since then (clock_ms), for people.
double run_secs_since (int64_t began_ms);

//  Something that should not be: kept, and said. Returns false.
bool run_fail (run_t *self, const char *format, ...) printf_like (2, 3);

//  End what is due, look for nodes that fell. False: the run has failed for good.
bool run_pump (run_t *self);

//  Wait until it holds, or until 'until_ms' (clock_ms). False: it does not hold; with NULL: the run failed.
typedef bool (condition_fn) (run_t *self, void *context);
bool run_wait (run_t *self, int64_t until_ms, condition_fn *holds, void *context);

//  A time that the line says, in ms; 'otherwise_ms' when it does not.
int64_t run_time_ms (run_t *self, const script_line_t *line, const char *slot, int64_t otherwise_ms);

//  Wait for the statement's "at". False as run_wait.
bool run_wait_at (run_t *self, const script_line_t *line);

//  Whom "<who>" means of those in this state, drawn. Returns how many.
unsigned run_choose (run_t *self, const script_line_t *line, member_state_t state,
                     member_t *members[FLEET_MAX]);

//  Have 'undo' called when the line's "for" is over; never without it. False: RUN_UNDOS_MAX.
bool run_later (run_t *self, const script_line_t *line, undo_fn *undo, member_t *const *members,
                unsigned count);

//  Do all that is still to be undone, now; nothing is wrong between nodes any more.
void run_heal (run_t *self);

//  One node more, with its doors, which is off. NULL: there are too many.
member_t *run_add (run_t *self);

//  Start a node that is off. False: the run has failed.
bool run_start (run_t *self, member_t *member);

//  Wait until all of them answer, with a session each. False: one did not, and that was said.
bool run_await (run_t *self, member_t *const *members, unsigned count, int64_t limit_ms);

//  Look whom a node bans: nobody honest; and somebody, if it was given wrong bytes. False: it is not
//  so, and that was said.
bool run_judge_bans (run_t *self, const member_t *member);

//  All rules of the network as they are now, to the proxy.
void run_rules (run_t *self);

//  ---- checks_nodes.c ------------------------------------------------------------------------------

//  True: it holds; docs/HARNESS.md says what. Some wait until it does, at most 'within_ms'. False: it was
//  said why.
typedef bool (check_fn) (run_t *self, int64_t within_ms);
bool check_noted (run_t *self, int64_t within_ms);
bool check_kept (run_t *self, int64_t within_ms);
bool check_bans (run_t *self, int64_t within_ms);
bool check_banned (run_t *self, int64_t within_ms);
bool check_limited (run_t *self, int64_t within_ms);
bool check_connected (run_t *self, int64_t within_ms);
bool check_flat (run_t *self, int64_t within_ms);

//  ---- crew.c ----------------------------------------------------------------------------------------

//  Have 'job' called for 0 to count - 1, in CREW_MAX threads, each with an asker of its own; the main
//  thread goes on with what is due. False: the run failed meanwhile.
#define CREW_MAX 6u
typedef void (job_fn) (run_t *self, asker_t *asker, unsigned index, void *context);
bool crew_do (run_t *self, unsigned count, job_fn *job, void *context);

//  ---- load.c ----------------------------------------------------------------------------------------

load_t *load_new (run_t *run);
void load_destroy (load_t **self_p);

//  Begin what a statement says: update, search, install or ban, at its rate.
bool load_begin (load_t *self, const script_line_t *line);

//  No more of it; waits for what is under way.
void load_end (load_t *self);

//  Bans that were acknowledged: number 'index', or false.
bool load_ban (load_t *self, unsigned index, unsigned *node, peer_key_t *peer);

//  ---- samples.c -------------------------------------------------------------------------------------

//  Write memory, descriptors and threads of each node to DIR/samples.csv every so often; samples_look is
//  called by run_pump.
samples_t *samples_new (run_t *run, int64_t every_ms);
void samples_look (samples_t *self);

//  Measures of nodes that lived all the time: what they had in the last quarter of it ("private-kib",
//  "descriptors", "threads"), and how many times that of the second quarter it is ("-growth").
void samples_judge (samples_t *self);
void samples_destroy (samples_t **self_p);

#endif
