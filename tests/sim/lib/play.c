// SPDX-License-Identifier: MIT
#include "play.h"

#include "adversary.h"
#include "check.h"
#include "follower.h"
#include "library.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

//  What a script may leave out.
#define DEFAULT_NODES      100
#define DEFAULT_LENGTH_SECS 300
#define DEFAULT_PUBLISHERS 10

//  Nodes that others begin with: one of so many, within bounds.
#define BOOTSTRAPS_ONE_IN 100u
#define BOOTSTRAPS_MIN    3u

//  Nodes that take the place of others: at most so many.
#define NODES_MORE  4u
#define NODES_EXTRA 1000u

//  ---- time ----------------------------------------------------------------------------------------

int64_t
play_now_us (const play_t *self)
{
    return world_now_us (self->world);
}

bool
play_is_calm (const play_t *self)
{
    return self->settled || play_now_us (self) >= self->settle_us;
}

static void
act (void *deed_, world_t *world)
{
    deed_t *deed = deed_;
    (void) world;
    deed->next (deed);
}

void
play_at (deed_t *deed, int64_t at_us, deed_fn *next)
{
    if (at_us > deed->play->end_us)
        return;
    deed->next = next;
    world_at (deed->play->world, at_us, act, deed);
}

void
play_later (deed_t *deed, double secs, deed_fn *next)
{
    //  Not above a year: the law of a session's length has no end.
    if (secs < 366 * 86400.0)
        play_at (deed, play_now_us (deed->play) + (int64_t) (secs * 1e6), next);
}

deed_t *
play_deed (play_t *self, const script_line_t *line)
{
    deed_t *deed = calloc (1, sizeof *deed);
    if (!deed)
        abort ();
    *deed = (deed_t) {.play = self, .line = line, .previous = self->deeds};
    self->deeds = deed;
    uint8_t key[RNG_KEY_BYTES];
    rng_bytes (&self->rng, key, sizeof key);
    rng_init (&deed->rng, key);
    return deed;
}

int64_t
play_time_us (deed_t *deed, const char *slot, int64_t otherwise_us)
{
    double secs =
        script_number (deed->line, slot, (double) otherwise_us / 1e6, &deed->rng);
    return (int64_t) (secs * 1e6);
}

//  ---- what the script says of the world -------------------------------------------------------------

//  Numbers of the world's own statements come from the run's seed alone, for there is no world yet.
static rng_t
early_rng (uint64_t seed, unsigned line)
{
    rng_t rng;
    uint8_t key[RNG_KEY_BYTES] = {0};
    memcpy (key, &seed, sizeof seed);
    memcpy (key + 8, &line, sizeof line);
    memcpy (key + 16, "early", 5);
    rng_init (&rng, key);
    return rng;
}

static double
early_number (const play_t *self, script_verb_id_t verb, const char *slot, double otherwise)
{
    const script_line_t *line = script_find (self->script, verb);
    if (!line)
        return otherwise;
    rng_t rng = early_rng (self->options.seed, line->line);
    return script_number (line, slot, otherwise, &rng);
}

static const char *
early_word (const play_t *self, script_verb_id_t verb, const char *otherwise)
{
    const script_line_t *line = script_find (self->script, verb);
    return line ? line->values[0].word : otherwise;
}

static bool
is_heeded (const play_t *self, const script_line_t *line)
{
    for (unsigned i = 0; i < self->options.without_count; i++)
        if (self->options.without[i] == line->line)
            return false;
    rng_t rng = early_rng (self->options.seed, line->line);
    (void) rng_u64 (&rng);
    return line->chance >= 1.0 || rng_unit (&rng) < line->chance;
}

static void
wrong (const play_t *self, const script_line_t *line, const char *what)
{
    fprintf (stderr, "%s:%u: %s\n", self->script->name, line->line, what);
}

//  What only names can be wrong about. Returns false when something is.
static bool
check_names (const play_t *self)
{
    bool good = true;
    for (unsigned i = 0; i < self->script->count; i++) {
        const script_line_t *line = &self->script->lines[i];
        double value;
        uint64_t counted;
        const char *word = line->values[0].word, *what = NULL;
        if (line->verb->id == VERB_MIX && nodes_mix (word) == MIX_NONE)
            what = "there is no such mix";
        else if (line->verb->id == VERB_LIARS && !adversary_find (word))
            what = "there are no such liars";
        else if (line->verb->id == VERB_CHECK && strcmp (word, "all") != 0 && !check_find (word))
            what = "there is no such checker";
        else if (line->verb->id == VERB_EXPECT
                 && !measures_value (self->measures, word, &value, &counted))
            what = "there is no such measure";
        else if (line->verb->id == VERB_EXPECT && strcmp (line->values[1].word, ">=") != 0
                 && strcmp (line->values[1].word, "<=") != 0)
            what = "expect MEASURE >= VALUE, or <=";
        if (what)
            wrong (self, line, what);
        good &= !what;
    }
    return good;
}

static void
set_up (play_t *self, world_setup_t *setup)
{
    scenario_options_t *options = &self->options;
    if (options->nodes == 0)
        options->nodes = (uint32_t) early_number (self, VERB_NODES, "<count>", DEFAULT_NODES);
    if (options->minutes <= 0)
        options->minutes =
            early_number (self, VERB_LENGTH, "<time>", DEFAULT_LENGTH_SECS) / 60;
    self->nodes = options->nodes;
    self->end_us = (int64_t) (options->minutes * 60e6);
    self->settle_us =
        self->end_us - (int64_t) (early_number (self, VERB_SETTLE, "<time>", 0) * 1e6);
    self->healed_us = -1;
    uint32_t bootstraps = options->nodes / BOOTSTRAPS_ONE_IN;
    bootstraps = bootstraps < BOOTSTRAPS_MIN ? BOOTSTRAPS_MIN : bootstraps;
    bootstraps = (uint32_t) early_number (self, VERB_BOOTSTRAPS, "<count>", bootstraps);
    bootstraps = bootstraps > HONEST_BOOTSTRAPS_MAX ? HONEST_BOOTSTRAPS_MAX : bootstraps;
    self->bootstraps = bootstraps < options->nodes ? bootstraps : options->nodes;
    self->peers_max = (uint32_t) early_number (self, VERB_PEERS, "<count>", 0);
    self->peers_min = (uint32_t) early_number (self, VERB_PEERS, "wanted", 0);
    setup->natted = early_number (self, VERB_NET, "nat", 0);
    setup->loss = early_number (self, VERB_NET, "loss", 0);
    setup->skew_ms_max = (int64_t) (early_number (self, VERB_NET, "skew", 0) * 1000);
    setup->drift_ppm_max = (int32_t) early_number (self, VERB_NET, "drift", 0);
}

//  ---- a scenario ----------------------------------------------------------------------------------

static void destroy (void *self_);

static void
compose (void *self_, world_t *world, uint32_t node, node_plan_t *plan)
{
    play_t *self = self_;
    player_t *player = &self->players[node];
    if (!player->identity)
        player->identity = player->liar ? world_identity (world, node)
                                        : truth_identity (self->truth, world_identity (world, node));
    honest_settings_t *settings = honest_settings (self->honest, world, node);
    if (self->peers_max > 0)
        settings->swarm.max_peers = settings->swarm.max_transients = self->peers_max;
    if (self->peers_min > 0)
        settings->swarm.min_peers = self->peers_min;
    if (settings->swarm.max_known < 2 * settings->swarm.min_peers)
        settings->swarm.max_known = 2 * settings->swarm.min_peers;
    nodes_settings (settings, player->identity,
                    player->publisher == PLAY_NOBODY
                        ? NULL
                        : library_publisher (self->library, player->publisher)->keyring);
    honest_compose (self->honest, world, node, plan);
    nodes_plan (plan, self->mix);
    if (player->liar)
        band_arm (player->band, node, plan);
}

static void *
create (scenario_options_t *options, world_setup_t *setup)
{
    char why[256];
    play_t *self = calloc (1, sizeof *self);
    if (!self)
        abort ();
    self->options = *options;
    self->script = script_read (SCRIPT_SIM, options->file, why, sizeof why);
    if (!self->script) {
        fprintf (stderr, "%s\n", why);
        free (self);
        return NULL;
    }
    self->measures = measures_new ();
    self->truth = truth_new ();
    if (!check_names (self)) {
        destroy (self);
        return NULL;
    }
    set_up (self, setup);
    *options = self->options;
    self->mix = nodes_mix (early_word (self, VERB_MIX, "dht"));
    honest_options_t honest = {
        .nodes_max = NODES_MORE * self->nodes + NODES_EXTRA,
        .bootstraps = self->bootstraps,
        .plain_dht = strcmp (early_word (self, VERB_DHT, "own"), "plain") == 0,
        .market = self->mix == MIX_FULL,
        .follower = self->mix == MIX_GOSSIP ? follower_actor.name : NULL};
    self->honest = honest_new (&honest);
    setup->compose = compose;
    setup->context = self;
    return self;
}

static void
destroy (void *self_)
{
    play_t *self = self_;
    checks_destroy (self);
    for (deed_t *previous, *deed = self->deeds; deed; deed = previous) {
        previous = deed->previous;
        free (deed->nodes);
        free (deed);
    }
    for (unsigned i = 0; i < self->bands_count; i++)
        band_destroy (&self->bands[i]);
    library_destroy (&self->library);
    honest_destroy (&self->honest);
    measures_destroy (&self->measures);
    truth_destroy (&self->truth);
    script_destroy (&self->script);
    free (self->players);
    free (self);
}

//  ---- its beginning -------------------------------------------------------------------------------

static void
choose_publishers (play_t *self)
{
    uint32_t count =
        (uint32_t) early_number (self, VERB_PUBLISHERS, "<count>", DEFAULT_PUBLISHERS);
    self->library = library_new (self, count ? count : 1);
    for (uint32_t i = library_publishers_count (self->library); i-- > 0;)
        self->players[library_publisher (self->library, i)->node].publisher = i;
}

//  Liars are drawn from all but those that others begin with, and publishers.
static void
choose_liars (play_t *self, const script_line_t *line)
{
    rng_t rng = early_rng (self->options.seed, line->line);
    const adversary_t *class = adversary_find (line->values[0].word);
    double wanted = script_number (line, "<who>", 0, &rng);
    if (script_value (line, "<who>")->share)
        wanted *= self->nodes;
    if (self->bands_count == PLAY_BANDS_MAX)
        return;
    band_t *band = band_new (class, self);
    self->bands[self->bands_count++] = band;
    for (uint32_t tries = 0, count = 0; tries < 50 * self->nodes && count < (uint32_t) wanted;
         tries++) {
        player_t *player = &self->players[rng_below (&rng, self->nodes)];
        uint32_t node = (uint32_t) (player - self->players);
        if (node < self->bootstraps || player->publisher != PLAY_NOBODY || player->liar)
            continue;
        player->liar = class;
        player->band = band;
        band_join (band, node);
        count++;
    }
}

//  What was done to nodes is undone; those that were stopped start again.
static void
settle (void *self_, world_t *world)
{
    play_t *self = self_;
    (void) world;
    self->settled = true;
    faults_end (self);
    for (uint32_t i = 0; i < self->players_count; i++)
        if (!self->players[i].left && i < self->joined + self->players_count - self->nodes)
            players_start (self, i);
    checks_settle (self);
}

static void
begin (void *self_, world_t *world)
{
    play_t *self = self_;
    self->world = world;
    world_rng (world, &self->rng, "play", 0);
    for (uint32_t i = 0; i < self->nodes; i++)
        players_add (self);
    choose_publishers (self);
    players_observe (self);
    checks_create (self);
    for (unsigned i = 0; i < self->script->count; i++) {
        const script_line_t *line = &self->script->lines[i];
        deed_t *deed = play_deed (self, line);
        if (!is_heeded (self, line))
            continue;
        if (line->verb->id == VERB_LIARS)
            choose_liars (self, line);
        else if (!lives_plan (deed) && !faults_plan (deed))
            work_plan (deed);
    }
    if (self->settle_us < self->end_us)
        world_at (world, self->settle_us, settle, self);
}

//  ---- its end -------------------------------------------------------------------------------------

static void
judge (play_t *self, const script_line_t *line)
{
    const char *name = line->values[0].word, *is = line->values[1].word;
    rng_t rng = early_rng (self->options.seed, line->line);
    double wanted = script_number (line, "<value>", 0, &rng), value = 0;
    uint64_t counted = 0;
    measures_value (self->measures, name, &value, &counted);
    if (strstr (name, "-ms") && script_value (line, "<value>")->word[0])
        wanted *= 1000;             //  A time is written with its unit
    bool holds = strcmp (is, ">=") == 0 ? value >= wanted : value <= wanted;
    bool share = script_value (line, "<value>")->share;
    if (counted == 0)
        world_violation (self->world, "line %u: there was no %s to look at", line->line, name);
    else if (!holds)
        world_violation (self->world, "line %u: %s is %g%s, to be %s %s (%llu in all)", line->line,
                         name, share ? 100 * value : value, share ? "%" : "", is,
                         line->values[2].word, (unsigned long long) counted);
}

static void
end (void *self_, world_t *world)
{
    play_t *self = self_;
    (void) world;
    checks_end (self);
    for (unsigned i = 0; i < self->script->count && !world_fault (world); i++)
        if (self->script->lines[i].verb->id == VERB_EXPECT
            && is_heeded (self, &self->script->lines[i]))
            judge (self, &self->script->lines[i]);
}

static void
report (void *self_, const world_t *world, FILE *file, bool json)
{
    play_t *self = self_;
    (void) world;
    measures_print (self->measures, file, json);
}

const scenario_t scenario_script = {.name = "FILE.scn",
                                    .help = "a scenario file: tests/sim/scenarios/*.scn, by name or path",
                                    .create = create,
                                    .destroy = destroy,
                                    .begin = begin,
                                    .end = end,
                                    .report = report};
