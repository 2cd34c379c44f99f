// SPDX-License-Identifier: MIT
//  Times of the file registry at N packages (argv [1], 10000): medians in milliseconds, and the bare
//  FTS5 query of the same words on the same database beside each search.
//  usage: index [N [DIRECTORY]]
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "actors/registry/disk_io.h"
#include "actors/registry/index_db_io.h"
#include "actors/registry/index_io.h"

#define RUNS 51
#define PUBLISHES 11
#define WORDS 4000          //  of the made language
#define DESCRIPTION_WORDS 14

static uint64_t seed = 7;

//  splitmix64 (Steele, Lea, Flood 2014).
static uint64_t
next_random (void)
{
    uint64_t z = seed += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

//  A word; low numbers are frequent, as in a language.
static void
add_word (char *text)
{
    static const char *syllables [] = {"ka", "to", "mi", "ren", "so", "lu", "pex", "da"};
    uint64_t bound = 1 + next_random () % WORDS, number = next_random () % bound;
    for (int i = 0; i < 4; i++, number /= 8)
        strcat (text, syllables [number % 8]);
    strcat (text, " ");
}

static double
now_ms (void)
{
    struct timespec now;
    clock_gettime (CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec * 1e3 + (double) now.tv_nsec / 1e6;
}

static int
compare_doubles (const void *a_, const void *b_)
{
    const double *a = a_, *b = b_;
    return (*a > *b) - (*a < *b);
}

static double
median (double *times, size_t count)
{
    qsort (times, count, sizeof *times, compare_doubles);
    return times [count / 2];
}

static void
check (code_t code, const char *what)
{
    if (code == OK)
        return;
    fprintf (stderr, "%s: %s\n", what, code_name (code));
    exit (1);
}

//  "kakatomi-lukamida-77": names are made of the same words.
static void
name (char *text, unsigned i)
{
    char number [16];
    text [0] = 0;
    add_word (text);
    add_word (text);
    snprintf (number, sizeof number, "%u", i);
    strcat (text, number);
    for (char *c = text; *c; c++)
        if (*c == ' ')
            *c = '-';
}

//  6 % say "generator", 2 % "ontology", 3 packages "zanzibar".
static void
describe (char *text, unsigned i)
{
    text [0] = 0;
    for (int word = 0; word < DESCRIPTION_WORDS; word++)
        add_word (text);
    if (i % 17 == 0)
        strcat (text, "generator ");
    if (i % 50 == 0)
        strcat (text, "ontology ");
    if (i < 3)
        strcat (text, "zanzibar ");
}

//  One version without fsync: only what a rebuild reads.
static void
plant (const char *directory, unsigned i, char id [64])
{
    char description [512], path [512], tag [64] = "";
    char *tags [] = {tag};
    uint8_t digest [32] = {0}, packed [2048];
    name (id, i);
    describe (description, i);
    add_word (tag);
    memcpy (digest, &i, sizeof i);
    Ggen__Package package = GGEN__PACKAGE__INIT;
    package.id = id;
    package.version = (char *) "1.0.0";
    package.description = description;
    package.license = (char *) "MIT";
    package.tags = tags;
    package.n_tags = 1;
    package.sha256 = (ProtobufCBinaryData) {sizeof digest, digest};
    snprintf (path, sizeof path, "%s/%s", directory, id);
    mkdir (path, 0777);
    snprintf (path, sizeof path, "%s/%s/1.0.0", directory, id);
    mkdir (path, 0777);
    strcat (path, "/package");
    FILE *out = fopen (path, "w");
    if (!out) {
        perror (path);
        exit (EXIT_FAILURE);
    }
    fwrite (packed, 1, ggen__package__pack (&package, packed), out);
    fclose (out);
}

static double
search_ms (index_t *self, const char *query, bool fuzzy, uint32_t *total_p)
{
    double times [RUNS];
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    request.query = (char *) query;
    request.limit = 20;
    request.fuzzy = fuzzy;
    for (int i = 0; i < RUNS; i++) {
        Ggen__SearchReply *reply;
        double begin = now_ms ();
        check (index_search (self, &request, &reply), "search");
        times [i] = now_ms () - begin;
        *total_p = reply->total;
        ggen__search_reply__free_unpacked (reply, NULL);
    }
    return median (times, RUNS);
}

static double
bare_ms (index_db_t *db, const char *match)
{
    double times [RUNS];
    for (int i = 0; i < RUNS; i++) {
        double begin = now_ms ();
        index_db_rows_t *rows = index_db_query (
            db, "SELECT rowid FROM words WHERE words MATCH ? ORDER BY bm25 (words) LIMIT 20", "t",
            match);
        while (index_db_next (db, rows))
            ;
        times [i] = now_ms () - begin;
    }
    check (index_db_take_code (db), "bare query");
    return median (times, RUNS);
}

static void
bench_searches (index_t *self, const char *directory, const char *known)
{
    char known_match [80];
    snprintf (known_match, sizeof known_match, "\"%s\"", known);
    const struct {
        const char *name, *query, *match;
    } cases [] = {
        {"two words", "generator ontology", "\"generator\" \"ontology\""},
        {"one common word", "generator", "\"generator\""},
        {"rare word", "zanzibar", "\"zanzibar\""},
        {"name equal", known, known_match},
        {"word of many names", "kakakaka", "\"kakakaka\""},
        {"no hit", "qqqqqq", "\"qqqqqq\""},
    };
    char path [512], misspelt [64];
    index_db_t *db;
    uint32_t total;
    snprintf (path, sizeof path, "%s/index.db", directory);
    char why [256];
    check (index_db_open (&db, path, why, sizeof why), "database");
    for (size_t i = 0; i < COUNT_OF (cases); i++) {
        double ours = search_ms (self, cases [i].query, false, &total);
        printf ("search, %-22s %9.3f   bare FTS5 %9.3f   hits %u\n", cases [i].name, ours,
                bare_ms (db, cases [i].match), total);
    }
    snprintf (misspelt, sizeof misspelt, "x%s", known);
    printf ("search, %-22s %9.3f\n", "fuzzy", search_ms (self, misspelt, true, &total));
    printf ("search, %-22s %9.3f\n", "all, page 1", search_ms (self, "", false, &total));
    index_db_close (&db);
}

static void
bench_publish (shelf_t *shelf, index_t *self, const char *archive)
{
    double puts [PUBLISHES], updates [PUBLISHES], writes [PUBLISHES];
    uint8_t digest [32] = {1};
    for (int i = 0; i < PUBLISHES; i++) {
        char id [64];
        bool there;
        snprintf (id, sizeof id, "published-%d-%d", (int) getpid (), i);
        Ggen__Package package = GGEN__PACKAGE__INIT;
        package.id = id;
        package.version = (char *) "1.0.0";
        package.description = (char *) "a generator";
        package.sha256 = (ProtobufCBinaryData) {sizeof digest, digest};
        package.size_bytes = 7;
        shelf_put_t item = {.package = &package,
                            .archive_path = archive,
                            .manifest = {(const uint8_t *) "x", 1},
                            .manifest_name = "gpack.toml",
                            .wall_s = 1763600000};
        check (shelf_lock (shelf, 0, 0, NULL, NULL), "lock");
        double begin = now_ms ();
        check (shelf_put (shelf, &item, &there), "put");
        puts [i] = now_ms () - begin;
        begin = now_ms ();
        check (index_update (self, id, "1.0.0"), "update");
        updates [i] = now_ms () - begin;
        begin = now_ms ();
        check (index_write_json (self), "json");
        writes [i] = now_ms () - begin;
        shelf_unlock (shelf);
    }
    printf ("publish, shelf_put             %9.3f\n", median (puts, PUBLISHES));
    printf ("publish, index_update          %9.3f\n", median (updates, PUBLISHES));
    printf ("publish, index_write_json      %9.3f\n", median (writes, PUBLISHES));
}

int
main (int argc, char **argv)
{
    unsigned count = argc > 1 ? (unsigned) strtoul (argv [1], NULL, 10) : 10000;
    char base [64] = "/tmp/ggen-bench-XXXXXX", directory [256], archive [128];
    if (!mkdtemp (base))
        return 1;
    snprintf (directory, sizeof directory, "%s/registry", argc > 2 ? argv [2] : base);
    snprintf (archive, sizeof archive, "%s/archive", base);
    FILE *out = fopen (archive, "w");
    if (!out || fwrite ("archive", 1, 7, out) != 7 || fclose (out) != 0)
        return 1;

    shelf_t *shelf;
    index_t *self;
    char *warning, id [64], known [64] = "";
    check (shelf_open (&shelf, directory), "shelf");
    for (unsigned i = 0; i < count; i++)
        plant (directory, i, i == 77 ? known : id);
    double begin = now_ms ();
    check (index_open (&self, shelf, &warning), "index");
    printf ("%u packages, ms\nrebuild, with index.json       %9.3f\n", count, now_ms () - begin);
    index_close (&self);
    begin = now_ms ();
    check (index_open (&self, shelf, &warning), "index");
    printf ("open, current                  %9.3f\n", now_ms () - begin);
    bench_searches (self, directory, known);
    bench_publish (shelf, self, archive);
    index_close (&self);
    shelf_close (&shelf);
    check (disk_remove (AT_FDCWD, base), "remove");
    return 0;
}
