// SPDX-License-Identifier: MIT
//  cut, unplug, break, delay, drop, corrupt, heal: what goes wrong between nodes, at the proxy.
#include "run.h"

static void
heal_groups (run_t *self, member_t *const *members, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        self->rules[members[i]->number].group = 0;
    run_rules (self);
    run_say (self, "the cut is healed");
}

static void
heal_plugs (run_t *self, member_t *const *members, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        self->rules[members[i]->number].unplugged = false;
    run_rules (self);
}

static void
heal_delays (run_t *self, member_t *const *members, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        self->rules[members[i]->number].delay_us = 0;
    run_rules (self);
}

static void
heal_losses (run_t *self, member_t *const *members, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        self->rules[members[i]->number].lost = 0;
    run_rules (self);
}

static void
heal_changes (run_t *self, member_t *const *members, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        self->rules[members[i]->number].changed = 0;
    run_rules (self);
}

static undo_fn *
set_rule (run_t *self, const script_line_t *line, proxy_rule_t *rule)
{
    switch (line->verb->id) {
        case VERB_CUT:
            rule->group = 1;
            return heal_groups;
        case VERB_UNPLUG:
            rule->unplugged = true;
            return heal_plugs;
        case VERB_DELAY:
            rule->delay_us = (uint32_t) (1e6 * script_number (line, "by", 0, &self->rng));
            return heal_delays;
        case VERB_DROP:
            rule->lost = script_number (line, "of", 0, &self->rng);
            return heal_losses;
        default:
            rule->changed = script_number (line, "of", 0, &self->rng);
            return heal_changes;
    }
}

static bool
harm (run_t *self, const script_line_t *line)
{
    member_t *members[FLEET_MAX];
    undo_fn *undo = NULL;
    if (!run_wait_at (self, line))
        return false;
    unsigned count = run_choose (self, line, MEMBER_ON, members);
    for (unsigned i = 0; i < count; i++)
        undo = set_rule (self, line, &self->rules[members[i]->number]);
    run_rules (self);
    run_say_of (self, line->verb->name, members, count);
    return !undo || run_later (self, line, undo, members, count);
}

static bool
break_links (run_t *self, const script_line_t *line)
{
    if (!run_wait_at (self, line))
        return false;
    unsigned wanted = (unsigned) script_number (line, "<links>", 0, &self->rng);
    run_say (self, "break: %u connections", proxy_break (self->proxy, wanted));
    return true;
}

static bool
heal (run_t *self, const script_line_t *line)
{
    if (!run_wait_at (self, line))
        return false;
    run_heal (self);
    run_say (self, "heal");
    return true;
}

deed_fn *
deed_faults (script_verb_id_t verb)
{
    switch (verb) {
        case VERB_CUT:
        case VERB_UNPLUG:
        case VERB_DELAY:
        case VERB_DROP:
        case VERB_CORRUPT:
            return harm;
        case VERB_BREAK:
            return break_links;
        case VERB_HEAL:
            return heal;
        default:
            return NULL;
    }
}
