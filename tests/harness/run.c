// SPDX-License-Identifier: MIT
#include "run.h"

#include "runtime/host/clock.h"

#include <assert.h>
#include <math.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//  ---- what is said --------------------------------------------------------------------------------

double
run_secs_since (int64_t began_ms)
{
    return (double) (clock_ms () - began_ms) / 1000;
}

static void
say (const run_t *self, const char *word, const char *format, va_list args)
{
    FILE *out = self->options.json ? stderr : stdout;
    fprintf (out, "%8.2f s  %s", run_secs_since (self->began_ms), word);
    vfprintf (out, format, args);
    fputc ('\n', out);
    fflush (out);
}

void
run_say (const run_t *self, const char *format, ...)
{
    va_list args;
    va_start (args, format);
    say (self, "", format, args);
    va_end (args);
}

bool
run_fail (run_t *self, const char *format, ...)
{
    char text[1024];
    va_list args, again;
    va_start (args, format);
    va_copy (again, args);
    say (self, "FAILED: ", format, args);
    vsnprintf (text, sizeof text, format, again);
    va_end (again);
    va_end (args);
    if (self->failures_count < RUN_FAILURES_MAX)
        self->failures[self->failures_count] = strdup (text);
    self->failures_count++;
    return false;
}

void
run_say_of (const run_t *self, const char *what, member_t *const *members, unsigned count)
{
    char names[256] = "";
    size_t used = 0;
    for (unsigned i = 0; i < count && used < sizeof names; i++)
        used += (size_t) snprintf (names + used, sizeof names - used, " %u", members[i]->number);
    run_say (self, "%s:%s", what, names);
}

//  ---- waiting -------------------------------------------------------------------------------------

bool
run_pump (run_t *self)
{
    char how[128];
    const member_t *fallen = fleet_fallen (self->fleet, how, sizeof how);
    if (fallen)
        return run_fail (self, "node %u %s", fallen->number, how);
    if (clock_ms () - self->began_ms > self->limit_ms)
        return run_fail (self, "the run takes longer than %lld s",
                         (long long) self->limit_ms / 1000);
    for (unsigned i = 0; i < RUN_UNDOS_MAX; i++) {
        undo_t *undo = &self->undos[i];
        if (!undo->undo || undo->due_ms > clock_ms ())
            continue;
        undo_fn *call = undo->undo;
        undo->undo = NULL;
        call (self, undo->members, undo->count);
    }
    if (self->samples)
        samples_look (self->samples);
    return true;
}

bool
run_wait (run_t *self, int64_t until_ms, condition_fn *holds, void *context)
{
    for (;;) {
        if (!run_pump (self))
            return false;
        if (holds && holds (self, context))
            return true;
        if (clock_ms () >= until_ms)
            return holds == NULL;
        poll (NULL, 0, RUN_STEP_MS);
    }
}

int64_t
run_time_ms (run_t *self, const script_line_t *line, const char *slot, int64_t otherwise_ms)
{
    if (!script_value (line, slot)->given)
        return otherwise_ms;
    return (int64_t) (1000 * script_number (line, slot, 0, &self->rng));
}

bool
run_wait_at (run_t *self, const script_line_t *line)
{
    int64_t at_ms = run_time_ms (self, line, "at", -1);
    return at_ms < 0 || run_wait (self, self->zero_ms + at_ms, NULL, NULL);
}

bool
run_later (run_t *self, const script_line_t *line, undo_fn *undo, member_t *const *members,
           unsigned count)
{
    int64_t for_ms = run_time_ms (self, line, "for", -1);
    if (for_ms < 0)
        return true;
    for (unsigned i = 0; i < RUN_UNDOS_MAX; i++)
        if (!self->undos[i].undo) {
            self->undos[i].due_ms = clock_ms () + for_ms;
            self->undos[i].undo = undo;
            self->undos[i].count = count;
            memcpy (self->undos[i].members, members, count * sizeof *members);
            return true;
        }
    return run_fail (self, "line %u: more than %u statements with \"for\" at one time", line->line,
                     RUN_UNDOS_MAX);
}

void
run_heal (run_t *self)
{
    for (unsigned i = 0; i < RUN_UNDOS_MAX; i++) {
        undo_fn *call = self->undos[i].undo;
        self->undos[i].undo = NULL;
        if (call)
            call (self, self->undos[i].members, self->undos[i].count);
    }
    for (unsigned i = 0; i < FLEET_MAX; i++)
        self->rules[i] = (proxy_rule_t) {0};
    run_rules (self);
}

//  ---- who ----------------------------------------------------------------------------------------

unsigned
run_choose (run_t *self, const script_line_t *line, member_state_t state,
            member_t *members[FLEET_MAX])
{
    const script_value_t *who = script_value (line, "<who>");
    unsigned count = 0;
    for (unsigned i = 0; i < self->nodes; i++)
        if (fleet_at (self->fleet, i)->state == (int) state)
            members[count++] = fleet_at (self->fleet, i);
    double wanted = who->rest ? count : script_number (line, "<who>", 0, &self->rng);
    if (who->share)
        wanted *= count;
    unsigned take = wanted < count ? (unsigned) (wanted + 0.5) : count;
    for (unsigned i = 0; i < take; i++) {
        unsigned at = i + (unsigned) rng_below (&self->rng, count - i);
        member_t *member = members[at];
        members[at] = members[i];
        members[i] = member;
    }
    return take;
}

void
run_rules (run_t *self)
{
    for (unsigned i = 0; i < fleet_count (self->fleet); i++)
        proxy_rule (self->proxy, i, &self->rules[i]);
}

//  ---- starting ------------------------------------------------------------------------------------

member_t *
run_add (run_t *self)
{
    unsigned number = fleet_count (self->fleet);
    if (number == FLEET_MAX)
        return NULL;
    uint16_t door = proxy_open (self->proxy, number), bulk = proxy_open (self->proxy, number);
    return door && bulk ? fleet_add (self->fleet, door, bulk) : NULL;
}

bool
run_start (run_t *self, member_t *member)
{
    member_t *joins[FLEET_MAX];
    unsigned count = 0;
    char why[256];
    for (unsigned i = 0; i < self->bootstraps; i++)
        if (fleet_at (self->fleet, i)->is_known)
            joins[count++] = fleet_at (self->fleet, i);
    if (!fleet_start (self->fleet, member, joins, count, why, sizeof why))
        return run_fail (self, "node %u does not start: %s", member->number, why);
    proxy_target (self->proxy, member->door, member->port);
    proxy_target (self->proxy, member->bulk_door, member->bulk_port);
    proxy_process (self->proxy, member->number, member->pid);
    return true;
}

typedef struct {
    member_t *const *members;
    unsigned count;
    unsigned ready;                 //  the first so many are
} awaited_t;

//  It is who it was.
static bool
know (run_t *self, member_t *member, const Ggen__SwarmStatusReply *status)
{
    peer_key_t key;
    if (peer_key_from_field (&key, status->peer_key) != OK)
        return run_fail (self, "node %u has no peer id", member->number);
    if (member->is_known && !peer_key_equal (&member->key, &key))
        return run_fail (self, "node %u has another peer id than before", member->number);
    member->key = key;
    member->is_known = true;
    return true;
}

//  They answer; and unless there is nobody else, each has a session, and knows whether it can be dialled.
static bool
all_ready (run_t *self, void *context)
{
    awaited_t *awaited = context;
    while (awaited->ready < awaited->count) {
        member_t *member = awaited->members[awaited->ready];
        const Ggen__SwarmStatusReply *status = asker_status (self->asker, member);
        if (!status || !know (self, member, status))
            return false;
        bool alone = member->number == 0 && awaited->count == 1;
        if (!alone && (status->peers_count == 0 || !status->dialability->known))
            return false;
        awaited->ready++;
    }
    return true;
}

bool
run_await (run_t *self, member_t *const *members, unsigned count, int64_t limit_ms)
{
    awaited_t awaited = {members, count, 0};
    if (run_wait (self, clock_ms () + limit_ms, all_ready, &awaited))
        return true;
    return run_fail (self, "node %u is not in the network after %lld s: %s",
                     members[awaited.ready]->number, (long long) limit_ms / 1000,
                     asker_code (self->asker) ? asker_reason (self->asker) : "it has no session");
}

//  ---- life ----------------------------------------------------------------------------------------

static double
number_of (run_t *self, script_verb_id_t verb, const char *slot, double otherwise)
{
    const script_line_t *line = script_find (self->script, verb);
    return line ? script_number (line, slot, otherwise, &self->rng) : otherwise;
}

static void
read_settings (run_t *self)
{
    size_t used = 0;
    for (unsigned i = 0; i < self->script->count && used < sizeof self->settings; i++) {
        const script_line_t *line = &self->script->lines[i];
        if (line->verb->id == VERB_SETTING)
            used += (size_t) snprintf (self->settings + used, sizeof self->settings - used,
                                       "%s = %s\n", script_value (line, "<key>")->word,
                                       script_value (line, "<value>")->word);
    }
}

//  The publishers are the last ones: bootstraps rather are not.
static bool
add_members (run_t *self, char *why, size_t why_size)
{
    unsigned publishers = (unsigned) number_of (self, VERB_PUBLISHERS, "<count>", self->nodes);
    for (unsigned i = 0; i < self->nodes; i++) {
        member_t *member = run_add (self);
        if (!member) {
            snprintf (why, why_size, "node %u of %u: the system gives no port", i, self->nodes);
            return false;
        }
        member->publishes = i + publishers >= self->nodes;
    }
    return true;
}

//  The last of those that are no bootstraps lie.
static void
add_liars (run_t *self)
{
    const script_line_t *line = script_find (self->script, VERB_LIARS);
    if (!line)
        return;
    double wanted = script_number (line, "<who>", 0, &self->rng);
    if (script_value (line, "<who>")->share)
        wanted *= self->nodes;
    for (unsigned i = 0; i < (unsigned) wanted && i + self->bootstraps < self->nodes; i++) {
        member_t *member = fleet_at (self->fleet, self->nodes - 1 - i);
        member->program = self->options.liar;
        member->lie = script_value (line, "<class>")->word;
    }
}

run_t *
run_new (const run_options_t *options, char *why, size_t why_size)
{
    run_t *self = calloc (1, sizeof *self);
    assert (self);
    self->options = *options;
    self->began_ms = clock_ms ();
    self->script = script_read (SCRIPT_HARNESS, options->file, why, why_size);
    if (!self->script) {
        free (self);
        return NULL;
    }
    uint8_t key[RNG_KEY_BYTES] = "harness";
    memcpy (key + 8, &options->seed, sizeof options->seed);
    rng_init (&self->rng, key);
    self->nodes = options->nodes ? options->nodes
                                 : (unsigned) number_of (self, VERB_NODES, "<count>", 6);
    self->bootstraps = (unsigned) fmin (self->nodes, number_of (self, VERB_BOOTSTRAPS, "<count>", 2));
    self->limit_ms = (int64_t) (1000 * number_of (self, VERB_LIMIT, "<time>", RUN_LIMIT_MS / 1000));
    self->limit_ms += (int64_t) (60000 * options->minutes);
    read_settings (self);
    self->fleet = fleet_new (options->dir, options->program, self->settings, options->taps);
    self->asker = asker_new (self->fleet);
    self->shelf = shelf_new (options->dir, options->packages);
    self->marks = marks_new ();
    self->load = load_new (self);
    self->proxy = proxy_new (options->seed, why, why_size);
    if (!self->proxy || self->nodes == 0 || self->nodes > FLEET_MAX / 2
        || !add_members (self, why, why_size)) {
        if (self->proxy && (self->nodes == 0 || self->nodes > FLEET_MAX / 2))
            snprintf (why, why_size, "%s: 1 to %u nodes", options->file, FLEET_MAX / 2);
        run_destroy (&self);
        return NULL;
    }
    add_liars (self);
    return self;
}

void
run_destroy (run_t **self_p)
{
    run_t *self = *self_p;
    if (!self)
        return;
    load_destroy (&self->load);
    samples_destroy (&self->samples);
    asker_destroy (&self->asker);
    fleet_destroy (&self->fleet);
    proxy_destroy (&self->proxy);
    shelf_destroy (&self->shelf);
    marks_destroy (&self->marks);
    script_destroy (&self->script);
    for (unsigned i = 0; i < RUN_FAILURES_MAX; i++)
        free (self->failures[i]);
    free (self);
    *self_p = NULL;
}

static deed_fn *
deed_of (script_verb_id_t verb)
{
    deed_fn *deed = deed_lives (verb);
    if (!deed)
        deed = deed_faults (verb);
    if (!deed)
        deed = deed_work (verb);
    return deed ? deed : deed_checks (verb);
}

bool
run_play (run_t *self)
{
    for (unsigned i = 0; i < self->script->count; i++) {
        const script_line_t *line = &self->script->lines[i];
        deed_fn *deed = deed_of (line->verb->id);
        if (!deed || rng_unit (&self->rng) >= line->chance)
            continue;
        if (!deed (self, line))
            break;
    }
    load_end (self->load);
    proxy_counts_t counts = proxy_counts (self->proxy);
    run_say (self, "proxy: %llu connections, %llu of them by no node, %.1f MB",
             (unsigned long long) counts.opened, (unsigned long long) counts.unknown,
             (double) counts.passed_bytes / 1e6);
    return self->failures_count == 0;
}
