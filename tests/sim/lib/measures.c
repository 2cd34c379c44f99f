// SPDX-License-Identifier: MIT
#include "measures.h"

#include <stdlib.h>
#include <string.h>

#define CODES_MAX 40u

typedef struct {
    const char *name;
    bool tries;
} entry_t;

static const entry_t entries[MEASURE_COUNT] = {
    //  Reads that found the newest head that was stored.
    [MEASURE_LOOKUPS] = {"lookups", true},
    //  Of them, those whose publisher was off.
    [MEASURE_LOOKUPS_AWAY] = {"lookups-away", true},
    //  Heads that some node said it stored.
    [MEASURE_WRITES] = {"writes", true},
    //  Searches that found the package.
    [MEASURE_SEARCHES] = {"searches", true},
    //  Packages found, accepted and fetched whole.
    [MEASURE_INSTALLS] = {"installs", true},
    //  Of them, those whose publisher was off.
    [MEASURE_INSTALLS_AWAY] = {"installs-away", true},
    //  Announcements heard by nodes that were there all the time.
    [MEASURE_GOSSIP] = {"gossip", true},
    //  Packages found in the end, by node and package.
    [MEASURE_SETTLED] = {"settled", true},
    //  Nodes that knew of a yank in the end.
    [MEASURE_YANKS] = {"yanks", true},
    //  Of names that were handed over: installs that trust accepted.
    [MEASURE_HEIRS] = {"heirs", true},
    //  Liars that some honest node has banned.
    [MEASURE_LIARS_BANNED] = {"liars-banned", true},
    //  From a node's start to its first session.
    [MEASURE_JOIN_MS] = {"join-ms", false},
    //  Of reads that found it.
    [MEASURE_LOOKUP_MS] = {"lookup-ms", false},
    //  Of reads that found it.
    [MEASURE_LOOKUP_HOPS] = {"hops", false},
    //  Requests of a read that the first valid record ends.
    [MEASURE_MESSAGES_FIRST_VALID] = {"messages-first-valid", false},
    //  Requests of a full read.
    [MEASURE_MESSAGES_FULL] = {"messages-full", false},
    //  Of writes.
    [MEASURE_WRITE_MS] = {"write-ms", false},
    //  Nodes that said they stored it.
    [MEASURE_WRITE_ACKS] = {"write-acks", false},
    //  Of searches.
    [MEASURE_SEARCH_MS] = {"search-ms", false},
    //  Of installs that went well.
    [MEASURE_INSTALL_MS] = {"install-ms", false},
    //  From an announcement to its being heard.
    [MEASURE_GOSSIP_MS] = {"gossip-ms", false},
    //  Bodies that crossed links, a delivery.
    [MEASURE_GOSSIP_BODIES] = {"gossip-bodies", false},
    //  From healing to seeing what the other side published.
    [MEASURE_HEAL_MS] = {"heal-ms", false},
    //  In the DHT tables of nodes, at the end.
    [MEASURE_CONTACTS] = {"contacts", false},
    //  Of nodes, at the end.
    [MEASURE_SESSIONS] = {"sessions", false},
    //  That nodes hold for others, at the end.
    [MEASURE_RECORDS] = {"records", false},
    //  Letters in the deepest mailbox of a node, sampled.
    [MEASURE_MAILBOX] = {"mailbox", false},
    //  From a liar's first session to its first ban.
    [MEASURE_BAN_MS] = {"ban-ms", false},
    //  Honest nodes that banned a liar, of each liar.
    [MEASURE_LIAR_BANS] = {"liar-bans", false},
    //  With honest nodes, of each liar, at the end.
    [MEASURE_LIAR_SESSIONS] = {"liar-sessions", false}};

typedef struct {
    uint64_t tries, well;
    float *samples;
    size_t count, room;
    double sum;
    bool sorted;
    uint32_t why[CODES_MAX];        //  by code
} series_t;

struct measures_t {
    series_t series[MEASURE_COUNT];
};

measures_t *
measures_new (void)
{
    measures_t *self = calloc (1, sizeof *self);
    if (!self)
        abort ();
    return self;
}

void
measures_destroy (measures_t **self_p)
{
    if (!*self_p)
        return;
    for (unsigned i = 0; i < MEASURE_COUNT; i++)
        free ((*self_p)->series[i].samples);
    free (*self_p);
    *self_p = NULL;
}

void
measures_try (measures_t *self, measure_t measure, bool well)
{
    self->series[measure].tries++;
    self->series[measure].well += well;
}

void
measures_add (measures_t *self, measure_t measure, double sample)
{
    series_t *series = &self->series[measure];
    if (series->count == series->room) {
        series->room = series->room ? 2 * series->room : 64;
        series->samples = realloc (series->samples, series->room * sizeof *series->samples);
        if (!series->samples)
            abort ();
    }
    series->samples[series->count++] = (float) sample;
    series->sum += sample;
    series->sorted = false;
}

void
measures_why (measures_t *self, measure_t measure, code_t code)
{
    self->series[measure].why[(unsigned) code % CODES_MAX]++;
}

//  ---- values --------------------------------------------------------------------------------------

static int
compare (const void *a, const void *b)
{
    float x = *(const float *) a, y = *(const float *) b;
    return (x > y) - (x < y);
}

static double
percentile (series_t *series, double part)
{
    if (series->count == 0)
        return 0;
    if (!series->sorted)
        qsort (series->samples, series->count, sizeof *series->samples, compare);
    series->sorted = true;
    return series->samples[(size_t) (part * (double) (series->count - 1) + 0.5)];
}

//  'suffix' begins after the name.
static bool
value_of (series_t *series, bool tries, const char *suffix, double *value_p)
{
    uint64_t counted = tries ? series->tries : series->count;
    if (strcmp (suffix, "-count") == 0)
        *value_p = (double) counted;
    else if (tries && *suffix == 0)
        *value_p = counted ? (double) series->well / (double) counted : 0;
    else if (!tries && *suffix == 0)
        *value_p = counted ? series->sum / (double) counted : 0;
    else if (!tries && strcmp (suffix, "-p50") == 0)
        *value_p = percentile (series, 0.5);
    else if (!tries && strcmp (suffix, "-p99") == 0)
        *value_p = percentile (series, 0.99);
    else if (!tries && strcmp (suffix, "-max") == 0)
        *value_p = percentile (series, 1.0);
    else
        return false;
    return true;
}

bool
measures_value (const measures_t *self, const char *name, double *value_p, uint64_t *counted_p)
{
    for (unsigned i = 0; i < MEASURE_COUNT; i++) {
        size_t size = strlen (entries[i].name);
        series_t *series = (series_t *) &self->series[i];       //  Sorts: what it means stays
        if (strncmp (name, entries[i].name, size) == 0
            && value_of (series, entries[i].tries, name + size, value_p)) {
            *counted_p = entries[i].tries ? series->tries : series->count;
            return true;
        }
    }
    return false;
}

static void
print_tries (const entry_t *entry, const series_t *series, FILE *file, bool json)
{
    double share = (double) series->well / (double) series->tries;
    if (json)
        fprintf (file, ", \"%s\": %.6f, \"%s-count\": %llu", entry->name, share, entry->name,
                 (unsigned long long) series->tries);
    else
        fprintf (file, "  %-21s %8.3f %%   %llu of %llu\n", entry->name, 100 * share,
                 (unsigned long long) series->well, (unsigned long long) series->tries);
    for (unsigned code = 0; code < CODES_MAX && !json; code++)
        if (series->why[code] > 0)
            fprintf (file, "    %u: %s\n", series->why[code],
                     code ? code_name ((code_t) code) : "answered, but not with what is true");
}

static void
print_samples (const entry_t *entry, series_t *series, FILE *file, bool json)
{
    const char *name = entry->name;
    double mean = series->sum / (double) series->count, p50 = percentile (series, 0.5),
           p99 = percentile (series, 0.99), max = percentile (series, 1.0);
    if (json)
        fprintf (file,
                 ", \"%s\": %.3f, \"%s-p50\": %.3f, \"%s-p99\": %.3f, \"%s-max\": %.3f"
                 ", \"%s-count\": %zu",
                 name, mean, name, p50, name, p99, name, max, name, series->count);
    else
        fprintf (file, "  %-21s %8.2f     p50 %.1f, p99 %.1f, max %.1f of %zu\n", name, mean, p50,
                 p99, max, series->count);
}

void
measures_print (const measures_t *self, FILE *file, bool json)
{
    for (unsigned i = 0; i < MEASURE_COUNT; i++) {
        series_t *series = (series_t *) &self->series[i];
        if (series->tries > 0)
            print_tries (&entries[i], series, file, json);
        if (series->count > 0)
            print_samples (&entries[i], series, file, json);
    }
}

