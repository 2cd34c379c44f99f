// SPDX-License-Identifier: MIT
//  What people do all the time, beside the statements: each kind in a thread of its own, one thing after
//  the other, at a rate. A node that dies meanwhile fails what it was asked; that is counted, no failure
//  of the run. What was acknowledged is remembered: it has to be true for ever.
#include "run.h"
#include "wishes.h"

#include "runtime/host/clock.h"

#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define KINDS_MAX 8u                //  statements of this kind in a file; the next fails
#define BANS_MAX  65536u
#define BAN_SECS  86400u

typedef struct {
    load_t *load;
    script_verb_id_t verb;
    pthread_t thread;
    double rate;                    //  a second
    int64_t from_ms, until_ms;
    rng_t rng;
} kind_t;

typedef struct {
    unsigned node;
    peer_key_t peer;
} ban_t;

struct load_t {
    run_t *run;
    atomic_bool ends;
    kind_t kinds[KINDS_MAX];
    unsigned kinds_count;
    ban_t *bans;
    atomic_uint bans_count;         //  by one thread only: others read those before it
};

load_t *
load_new (run_t *run)
{
    load_t *self = calloc (1, sizeof *self);
    assert (self);
    self->run = run;
    self->bans = calloc (BANS_MAX, sizeof *self->bans);
    assert (self->bans);
    return self;
}

void
load_end (load_t *self)
{
    self->ends = true;
    for (unsigned i = 0; i < self->kinds_count; i++)
        pthread_join (self->kinds[i].thread, NULL);
    self->kinds_count = 0;
    self->ends = false;
}

void
load_destroy (load_t **self_p)
{
    load_t *self = *self_p;
    if (!self)
        return;
    load_end (self);
    free (self->bans);
    free (self);
    *self_p = NULL;
}

bool
load_ban (load_t *self, unsigned index, unsigned *node, peer_key_t *peer)
{
    if (index >= self->bans_count)
        return false;
    *node = self->bans[index].node;
    *peer = self->bans[index].peer;
    return true;
}

//  ---- one thing -----------------------------------------------------------------------------------

static const member_t *
draw (kind_t *self)
{
    const run_t *run = self->load->run;
    for (unsigned tries = 0; tries < 100; tries++) {
        const member_t *member = fleet_at (run->fleet, (unsigned) rng_below (&self->rng, run->nodes));
        if (member->state == MEMBER_ON && !member->lie)
            return member;
    }
    return NULL;
}

//  False: nothing is published yet.
static bool
draw_release (kind_t *self, release_t *release)
{
    shelf_t *shelf = self->load->run->shelf;
    unsigned count = shelf_count (shelf);
    if (count > 0)
        *release = shelf_at (shelf, (unsigned) rng_below (&self->rng, count));
    return count > 0;
}

static bool
update (kind_t *self, asker_t *asker)
{
    char path[SHELF_PATH_MAX];
    run_t *run = self->load->run;
    release_t release;
    if (!draw_release (self, &release) || !shelf_renew (run->shelf, &release, path))
        return false;
    const member_t *publisher = fleet_at (run->fleet, release.publisher);
    const Ggen__Package *package = wish_publish (asker, publisher, path);
    if (package)
        shelf_add (run->shelf, package, release.publisher);
    return package;
}

static bool
ban (kind_t *self, asker_t *asker)
{
    load_t *load = self->load;
    const member_t *member = draw (self);
    ban_t *next = &load->bans[load->bans_count];
    if (!member || load->bans_count == BANS_MAX)
        return false;
    next->node = member->number;
    rng_bytes (&self->rng, next->peer.bytes, sizeof next->peer.bytes);
    if (!wish_ban (asker, member, &next->peer, BAN_SECS))
        return false;
    load->bans_count++;
    return true;
}

static bool
search (kind_t *self, asker_t *asker)
{
    release_t release;
    const member_t *member = draw (self);
    return member && draw_release (self, &release)
           && wish_find (asker, member, release.word, release.name);
}

static bool
install (kind_t *self, asker_t *asker)
{
    release_t release;
    const member_t *member = draw (self);
    return member && draw_release (self, &release) && wish_install (asker, member, release.name);
}

//  ---- the thread ----------------------------------------------------------------------------------

static const struct {
    script_verb_id_t verb;
    const char *mark, *mark_ms;
    bool (*act) (kind_t *self, asker_t *asker);
} acts[] = {{VERB_UPDATE, "updates", "update-ms", update},
            {VERB_SEARCH, "searches", "search-ms", search},
            {VERB_INSTALL, "installs", "install-ms", install},
            {VERB_BAN, "bans", "ban-ms", ban}};

static void
act_once (kind_t *self, asker_t *asker)
{
    marks_t *marks = self->load->run->marks;
    for (unsigned i = 0; i < COUNT_OF (acts); i++)
        if (acts[i].verb == self->verb) {
            int64_t began_ms = clock_ms ();
            bool good = acts[i].act (self, asker);
            marks_add (marks, acts[i].mark, good);
            if (good)
                marks_add (marks, acts[i].mark_ms, (double) (clock_ms () - began_ms));
        }
}

static void *
go_on (void *self_)
{
    kind_t *self = self_;
    asker_t *asker = asker_new (self->load->run->fleet);
    double next_ms = (double) self->from_ms;
    while (!self->load->ends && clock_ms () < self->until_ms) {
        if ((double) clock_ms () < next_ms) {
            poll (NULL, 0, 5);
            continue;
        }
        next_ms += 1000 / self->rate;
        act_once (self, asker);
    }
    asker_destroy (&asker);
    return NULL;
}

bool
load_begin (load_t *self, const script_line_t *line)
{
    run_t *run = self->run;
    if (self->kinds_count == KINDS_MAX)
        return run_fail (run, "line %u: more than %u kinds of load", line->line, KINDS_MAX);
    kind_t *kind = &self->kinds[self->kinds_count];
    int64_t until_ms = run_time_ms (run, line, "until", INT64_MAX / 2);
    uint8_t key[RNG_KEY_BYTES];
    *kind = (kind_t) {.load = self,
                      .verb = line->verb->id,
                      .rate = script_number (line, "<rate>", 1, &run->rng),
                      .from_ms = run->zero_ms + run_time_ms (run, line, "from", 0),
                      .until_ms = run->zero_ms + until_ms};
    if (kind->from_ms < clock_ms ())
        kind->from_ms = clock_ms ();
    rng_bytes (&run->rng, key, sizeof key);
    rng_init (&kind->rng, key);
    int code = pthread_create (&kind->thread, NULL, go_on, kind);
    assert (code == 0);
    self->kinds_count++;
    run_say (run, "%s: %g a second from now on", line->verb->name, kind->rate);
    return true;
}
