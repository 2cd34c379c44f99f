// SPDX-License-Identifier: MIT
//  publish, update, search, install, ban, visit, sample, length.
#include "run.h"
#include "wishes.h"

#include "runtime/host/clock.h"

#include <stdio.h>
#include <string.h>

#define SIZE_KIB       2            //  of a pack, unless "size" says
#define SAMPLE_MS      5000
#define VISIT_LIMIT_MS 60000

//  ---- publish -------------------------------------------------------------------------------------

typedef struct {
    const member_t *publishers[FLEET_MAX];
    unsigned publishers_count;
    unsigned size_kib;
    atomic_uint good;
} edition_t;

static void
give_key (run_t *self, asker_t *asker, unsigned index, void *context)
{
    const edition_t *edition = context;
    const member_t *publisher = edition->publishers[index];
    if (!wish_key (asker, publisher))
        run_say (self, "node %u has no key: %s", publisher->number, asker_reason (asker));
}

static void
publish_one (run_t *self, asker_t *asker, unsigned index, void *context)
{
    edition_t *edition = context;
    const member_t *publisher = edition->publishers[index % edition->publishers_count];
    char path[SHELF_PATH_MAX];
    int64_t began_ms = clock_ms ();
    if (!shelf_make (self->shelf, edition->size_kib, path))
        return;
    const Ggen__Package *package = wish_publish (asker, publisher, path);
    if (!package) {
        run_say (self, "node %u did not publish %s: %s", publisher->number, path,
                 asker_reason (asker));
        return;
    }
    shelf_add (self->shelf, package, publisher->number);
    marks_add (self->marks, "publish-ms", (double) (clock_ms () - began_ms));
    edition->good++;
}

static bool
publish (run_t *self, const script_line_t *line)
{
    edition_t edition = {0};
    if (!run_wait_at (self, line))
        return false;
    unsigned count = (unsigned) script_number (line, "<count>", 1, &self->rng);
    edition.size_kib = (unsigned) script_number (line, "size", SIZE_KIB, &self->rng);
    for (unsigned i = 0; i < self->nodes; i++) {
        const member_t *member = fleet_at (self->fleet, i);
        if (member->publishes && !member->lie && member->state == MEMBER_ON)
            edition.publishers[edition.publishers_count++] = member;
    }
    if (edition.publishers_count == 0)
        return run_fail (self, "line %u: no publisher is on", line->line);
    int64_t began_ms = clock_ms ();
    if (!crew_do (self, edition.publishers_count, give_key, &edition)
        || !crew_do (self, count, publish_one, &edition))
        return false;
    run_say (self, "publish: %u of %u packages by %u nodes in %.1f s", edition.good, count,
             edition.publishers_count, run_secs_since (began_ms));
    return edition.good == count
           || run_fail (self, "%u of %u packages were published", edition.good, count);
}

//  ---- what goes on beside -------------------------------------------------------------------------

static bool
begin_load (run_t *self, const script_line_t *line)
{
    return load_begin (self->load, line);
}

static bool
sample (run_t *self, const script_line_t *line)
{
    samples_destroy (&self->samples);
    self->samples = samples_new (self, run_time_ms (self, line, "every", SAMPLE_MS));
    return self->samples || run_fail (self, "samples.csv cannot be written");
}

static bool
length (run_t *self, const script_line_t *line)
{
    int64_t length_ms = (int64_t) (1000 * script_number (line, "<time>", 0, &self->rng));
    if (self->options.minutes > 0)
        length_ms = (int64_t) (60000 * self->options.minutes);
    return run_wait (self, self->zero_ms + length_ms, NULL, NULL);
}

//  ---- visit ---------------------------------------------------------------------------------------

//  A node that nobody knows and that knows the bootstraps only.
static member_t *
make_visitor (run_t *self)
{
    member_t *visitor = run_add (self);
    if (visitor) {
        //  It is as far from the others as they are from each other
        self->rules[visitor->number] = self->rules[self->nodes - 1];
        run_rules (self);
    }
    return visitor;
}

static bool
visit_once (run_t *self, const release_t *release)
{
    member_t *visitor = make_visitor (self);
    if (!visitor)
        return run_fail (self, "visit: more than %u nodes", FLEET_MAX);
    int64_t started_ms = clock_ms ();
    if (!run_start (self, visitor) || !run_await (self, &visitor, 1, VISIT_LIMIT_MS))
        return false;
    int64_t began_ms = clock_ms ();
    bool found = wish_find (self->asker, visitor, release->word, release->name);
    int64_t found_ms = clock_ms ();
    if (!found)
        run_say (self, "visitor %u: %s is not found by %s: %s", visitor->number, release->name,
                 release->word, asker_code (self->asker) ? asker_reason (self->asker) : "no result");
    bool good = found && wish_install (self->asker, visitor, release->name);
    int64_t ended_ms = clock_ms ();
    if (found && !good)
        run_say (self, "visitor %u: %s is not installed: %s", visitor->number, release->name,
                 asker_reason (self->asker));
    run_say (self, "visit: joined in %lld ms, searched %s in %lld ms, installed %s in %lld ms",
             (long long) (began_ms - started_ms), release->word, (long long) (found_ms - began_ms),
             release->name, (long long) (ended_ms - found_ms));
    marks_add (self->marks, "visits", good);
    if (good)
        marks_add (self->marks, "visit-s", (double) (ended_ms - began_ms) / 1000);
    bool fair = run_judge_bans (self, visitor);
    return (fleet_stop (self->fleet, visitor, 15000) && fair)
           || run_fail (self, "visitor %u did not end in good order, or bans wrongly", visitor->number);
}

static bool
visit (run_t *self, const script_line_t *line)
{
    unsigned count = (unsigned) script_number (line, "<count>", 1, &self->rng);
    if (!run_wait_at (self, line))
        return false;
    if (shelf_count (self->shelf) == 0)
        return run_fail (self, "line %u: nothing is published", line->line);
    for (unsigned i = 0; i < count; i++) {
        release_t release = shelf_at (
            self->shelf, (unsigned) rng_below (&self->rng, shelf_count (self->shelf)));
        if (!visit_once (self, &release))
            return false;
    }
    return true;
}

deed_fn *
deed_work (script_verb_id_t verb)
{
    switch (verb) {
        case VERB_PUBLISH:
            return publish;
        case VERB_UPDATE:
        case VERB_SEARCH:
        case VERB_INSTALL:
        case VERB_BAN:
            return begin_load;
        case VERB_VISIT:
            return visit;
        case VERB_SAMPLE:
            return sample;
        case VERB_LENGTH:
            return length;
        default:
            return NULL;
    }
}
