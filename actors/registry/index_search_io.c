// SPDX-License-Identifier: MIT
//  The ranking of SPEC 4. Hits are gathered kind by kind, the best first; each kind is one query
//  of an index, and a package counts where it is found first. Only the page asked for is sorted
//  and read.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/registry/index_self_io.h"
#include "actors/registry/words.h"

#define KINDS_MAX 8             //  runs of equal relevance
#define FEW 64                  //  hits that are always sorted directly
//  Reading a row of ranks by number costs about as much as stepping over four in order.
#define DIRECT_COST 4

typedef struct {
    index_t *index;
    const Ggen__SearchRequest *request;
    char *query;                //  folded
    size_t packages_max;        //  numbers of packages are below this
    uint8_t *allowed;           //  by number: passes the filters; NULL = all do
    uint8_t *found;             //  by number: has been counted
    int64_t *hits;              //  numbers of packages, in runs
    size_t hits_count;
    size_t runs [KINDS_MAX];    //  where each run ends
    size_t runs_count;
} search_t;

//  ---- filters

//  Everything that passes the first 'step' filters and is in these rows passes one more.
static void
pass_rows (search_t *self, uint8_t step, const char *kind, const char *value)
{
    char *folded = words_fold (value);
    if (!folded) {
        index_db_fail (self->index->db, STORAGE);
        return;
    }
    index_db_rows_t *rows = index_db_query (
        self->index->db, "SELECT pid FROM labels WHERE kind = ? AND value = ?", "tt", kind, folded);
    while (index_db_next (self->index->db, rows)) {
        size_t pid = (size_t) index_db_int (rows, 0);
        if (pid < self->packages_max && self->allowed [pid] == step)
            self->allowed [pid] = (uint8_t) (step + 1);
    }
    free (folded);
}

static void
apply_filters (search_t *self)
{
    const Ggen__SearchRequest *request = self->request;
    uint8_t step = 0;
    for (size_t i = 0; i < request->n_categories; i++)      //  Any of them: all are one step
        pass_rows (self, step, "category", request->categories [i]);
    step = (uint8_t) (step + (request->n_categories > 0));
    for (size_t i = 0; i < request->n_tags; i++)            //  All of them
        pass_rows (self, step++, "tag", request->tags [i]);
    if (request->author [0])
        pass_rows (self, step++, "author", request->author);
    if (request->license [0])
        pass_rows (self, step++, "license", request->license);
    for (size_t pid = 0; pid < self->packages_max; pid++)
        self->allowed [pid] = self->allowed [pid] == step;
}

static bool
has_filters (const Ggen__SearchRequest *request)
{
    return request->n_categories || request->n_tags || request->author [0] || request->license [0];
}

//  ---- hits

static void
add_hit (search_t *self, int64_t number)
{
    size_t pid = (size_t) number;
    if (pid >= self->packages_max || self->found [pid] || (self->allowed && !self->allowed [pid]))
        return;
    self->found [pid] = 1;
    self->hits [self->hits_count++] = number;
}

static void
end_run (search_t *self)
{
    assert (self->runs_count < KINDS_MAX);
    self->runs [self->runs_count++] = self->hits_count;
}

static void
add_rows (search_t *self, index_db_rows_t *rows)
{
    while (index_db_next (self->index->db, rows))
        add_hit (self, index_db_int (rows, 0));
}

static const char IN_WORDS [] = "SELECT rowid FROM words WHERE words MATCH ?";
//  Name and description are the first two columns.
static const char IN_TEXT [] = "SELECT rowid, within (words, 2) FROM words WHERE words MATCH ?";
static const char IN_NAMES [] = "SELECT rowid FROM names WHERE names MATCH ?";

static void
find_equal (search_t *self)
{
    add_rows (self, index_db_query (self->index->db,
                                    "SELECT pid FROM aliases"
                                    " WHERE length = ? AND text = ? AND whole = 1",
                                    "it", (int64_t) strlen (self->query), self->query));
    end_run (self);
}

//  Names that contain every word. Long words anywhere in the name; those too short for trigrams at
//  the beginning of one of its words.
static void
find_contains (search_t *self)
{
    char *anywhere = words_match (self->query, NULL, WORDS_LONG, false);
    char *beginnings = words_match (self->query, "name", WORDS_REST, true);
    if (anywhere && beginnings)
        add_rows (self, index_db_query (self->index->db,
                                        //  "+": a filter, not a look-up by number.
                                        "SELECT rowid FROM names WHERE names MATCH ?1 AND +rowid IN"
                                        " (SELECT rowid FROM words WHERE words MATCH ?2)",
                                        "tt", anywhere, beginnings));
    else if (anywhere || beginnings)
        add_rows (self, index_db_query (self->index->db, anywhere ? IN_NAMES : IN_WORDS, "t",
                                        anywhere ? anywhere : beginnings));
    free (anywhere);
    free (beginnings);
    end_run (self);
}

static void
find_close (search_t *self)
{
    size_t length = strlen (self->query);
    unsigned tolerance = words_tolerance (length);
    index_db_rows_t *rows
        = index_db_query (self->index->db,
                          "SELECT pid, text FROM aliases WHERE length BETWEEN ? AND ?", "ii",
                          (int64_t) length - tolerance, (int64_t) length + tolerance);
    while (index_db_next (self->index->db, rows))
        if (words_distance (self->query, index_db_text (rows, 1), tolerance) <= tolerance)
            add_hit (self, index_db_int (rows, 0));
    end_run (self);
}

//  All words in name and description, then all words anywhere.
static void
find_text (search_t *self, bool prefix)
{
    char *match = words_match (self->query, NULL, WORDS_ALL, prefix);
    int64_t *others = malloc (self->packages_max * sizeof *others);
    size_t others_count = 0;
    index_db_define_within (self->index->db);
    index_db_rows_t *rows
        = match && others ? index_db_query (self->index->db, IN_TEXT, "t", match) : NULL;
    while (index_db_next (self->index->db, rows)) {
        if (index_db_int (rows, 1))
            add_hit (self, index_db_int (rows, 0));
        else if (others_count < self->packages_max)
            others [others_count++] = index_db_int (rows, 0);
    }
    end_run (self);
    for (size_t i = 0; i < others_count; i++)
        add_hit (self, others [i]);
    end_run (self);
    if (!others)
        index_db_fail (self->index->db, STORAGE);
    free (others);
    free (match);
}

static void
find_all (search_t *self)
{
    if (!self->request->query [0]) {
        for (size_t pid = 0; pid < self->packages_max; pid++)
            if (self->allowed [pid])
                add_hit (self, (int64_t) pid);
        end_run (self);
        return;
    }
    if (!self->query [0])
        return;                     //  Nothing in it that could be a word
    find_equal (self);
    find_contains (self);
    if (self->request->fuzzy)
        find_close (self);
    size_t before = self->hits_count;
    find_text (self, false);
    if (self->hits_count == before)
        find_text (self, true);
}

//  ---- the page

typedef struct {
    int64_t pid;
    int64_t value;      //  more comes first
    char *id;
} order_t;

static int
compare_keys (const void *a_, const void *b_)
{
    const order_t *a = a_, *b = b_;
    if (a->value != b->value)
        return a->value > b->value ? -1 : 1;
    return strcmp (a->id, b->id);
}

//  What to sort by: the columns of ranks, as the same three orders.
static const char *const in_order [] = {
    [GGEN__SORT_ORDER__RELEVANCE] = "SELECT pid FROM ranks ORDER BY downloads DESC, id",
    [GGEN__SORT_ORDER__BY_DOWNLOADS] = "SELECT pid FROM ranks ORDER BY downloads DESC, id",
    [GGEN__SORT_ORDER__BY_NAME] = "SELECT pid FROM ranks ORDER BY id",
    [GGEN__SORT_ORDER__BY_UPDATED] = "SELECT pid FROM ranks ORDER BY updated DESC, id",
};
static const char *const by_number [] = {
    [GGEN__SORT_ORDER__RELEVANCE] = "SELECT downloads, id FROM ranks WHERE pid = ?",
    [GGEN__SORT_ORDER__BY_DOWNLOADS] = "SELECT downloads, id FROM ranks WHERE pid = ?",
    [GGEN__SORT_ORDER__BY_NAME] = "SELECT 0, id FROM ranks WHERE pid = ?",
    [GGEN__SORT_ORDER__BY_UPDATED] = "SELECT updated, id FROM ranks WHERE pid = ?",
};

//  Sorts a run by reading the key of each hit.
static void
sort_directly (search_t *self, int64_t *hits, size_t count)
{
    index_db_t *db = self->index->db;
    order_t *keys = calloc (count, sizeof *keys);
    bool complete = keys != NULL;
    for (size_t i = 0; complete && i < count; i++) {
        index_db_rows_t *rows
            = index_db_query (db, by_number [self->request->sort], "i", hits [i]);
        bool there = index_db_next (db, rows);
        keys [i] = (order_t) {hits [i], there ? index_db_int (rows, 0) : 0,
                             strdup (there ? index_db_text (rows, 1) : "")};
        complete = keys [i].id != NULL;
        if (there)
            index_db_end (rows);
    }
    if (complete)
        qsort (keys, count, sizeof *keys, compare_keys);
    else
        index_db_fail (db, STORAGE);
    for (size_t i = 0; keys && i < count; i++) {
        if (complete)
            hits [i] = keys [i].pid;
        free (keys [i].id);
    }
    free (keys);
}

//  The same for the first 'wanted' of a long run: steps over all packages in order and takes those
//  that belong to it. Few steps when the run is a large part of all.
static void
sort_in_order (search_t *self, int64_t *hits, size_t count, size_t wanted)
{
    index_db_t *db = self->index->db;
    uint8_t *member = calloc (self->packages_max, 1);
    if (!member) {
        index_db_fail (db, STORAGE);
        return;
    }
    for (size_t i = 0; i < count; i++)
        member [hits [i]] = 1;
    index_db_rows_t *rows = index_db_query (db, in_order [self->request->sort], "");
    for (size_t i = 0; i < wanted && index_db_next (db, rows);) {
        size_t pid = (size_t) index_db_int (rows, 0);
        if (pid < self->packages_max && member [pid])
            hits [i++] = (int64_t) pid;
    }
    index_db_end (rows);
    free (member);
}

static size_t
smaller (size_t a, size_t b)
{
    return a < b ? a : b;
}

static void
sort_run (search_t *self, int64_t *hits, size_t count, size_t wanted)
{
    size_t steps = count ? wanted * (self->packages_max / count + 1) : 0;
    if (count <= FEW || steps > count * DIRECT_COST)
        sort_directly (self, hits, count);
    else
        sort_in_order (self, hits, count, wanted);
}

//  Sorts as much as the page [offset, end) needs.
static void
sort_page (search_t *self, size_t offset, size_t end)
{
    if (self->request->sort != GGEN__SORT_ORDER__RELEVANCE) {
        self->runs_count = 1;               //  Relevance does not matter: all is one run
        self->runs [0] = self->hits_count;
    }
    size_t begin = 0;
    for (size_t i = 0; i < self->runs_count; begin = self->runs [i++])
        if (self->runs [i] > begin && self->runs [i] > offset && begin < end)
            sort_run (self, self->hits + begin, self->runs [i] - begin,
                      smaller (end, self->runs [i]) - begin);
}

static void
read_page (search_t *self, const int64_t *hits, size_t count, Ggen__SearchReply *reply)
{
    index_db_t *db = self->index->db;
    reply->results = calloc (count + 1, sizeof *reply->results);
    if (!reply->results) {
        index_db_fail (db, STORAGE);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        index_db_rows_t *rows = index_db_query (
            db,
            "SELECT " INDEX_PACKAGE_COLUMNS " FROM packages p JOIN versions v ON v.vid = p.latest"
            " WHERE p.pid = ?",
            "i", hits [i]);
        if (!index_db_next (db, rows))
            return;
        Ggen__Package *package = index_package (self->index, rows);
        index_db_end (rows);
        if (!package)
            return;
        reply->results [reply->n_results++] = package;
    }
}

//  All packages in an order: no hit has to be gathered.
static void
list_page (search_t *self, Ggen__SearchReply *reply)
{
    index_db_t *db = self->index->db;
    const Ggen__SearchRequest *request = self->request;
    size_t count = 0, skipped = 0;
    reply->total = (uint32_t) index_db_value (db, "SELECT count (*) FROM ranks", 0, "");
    index_db_rows_t *rows = index_db_query (db, in_order [request->sort], "");
    while (count < request->limit && index_db_next (db, rows))
        if (skipped++ >= request->offset)
            self->hits [count++] = index_db_int (rows, 0);
    index_db_end (rows);
    read_page (self, self->hits, count, reply);
}

static void
answer (search_t *self, Ggen__SearchReply *reply)
{
    const Ggen__SearchRequest *request = self->request;
    if (!request->query [0] && !self->allowed) {
        list_page (self, reply);
        return;
    }
    if (self->allowed)
        apply_filters (self);
    find_all (self);
    reply->total = (uint32_t) self->hits_count;
    size_t offset = smaller (request->offset, self->hits_count);
    size_t end = offset + smaller (request->limit, self->hits_count - offset);
    sort_page (self, offset, end);
    read_page (self, self->hits + offset, end - offset, reply);
}

static const char *
request_fault (const Ggen__SearchRequest *request)
{
    if (request->limit < 1 || request->limit > INDEX_LIMIT_MAX)
        return "the limit is not from 1 to 1000";
    if (words_characters (request->query) > WORDS_QUERY_MAX)
        return "the query has more than 1000 characters";
    if (request->n_categories > INDEX_FILTERS_MAX || request->n_tags > INDEX_FILTERS_MAX)
        return "there are more than 64 categories or tags";
    if ((unsigned) request->sort >= COUNT_OF (in_order))
        return "the order is not known";
    return NULL;
}

code_t
index_search (index_t *self, const Ggen__SearchRequest *request, Ggen__SearchReply **reply_p)
{
    *reply_p = NULL;
    const char *fault = request_fault (request);
    if (fault)
        return index_fail (self, VALIDATION, fault);
    search_t search = {.index = self, .request = request};
    index_db_read_begin (self->db);
    search.packages_max
        = (size_t) index_db_value (self->db, "SELECT max (pid) FROM packages", 0, "") + 1;
    search.query = words_fold (request->query);
    search.found = calloc (search.packages_max, 1);
    search.allowed = has_filters (request) ? calloc (search.packages_max, 1) : NULL;
    search.hits = malloc ((search.packages_max + INDEX_LIMIT_MAX) * sizeof *search.hits);
    Ggen__SearchReply *reply = malloc (sizeof *reply);
    if (reply)
        ggen__search_reply__init (reply);
    if (reply && search.query && search.found && search.hits
        && (search.allowed || !has_filters (request)))
        answer (&search, reply);
    else
        index_db_fail (self->db, STORAGE);
    index_db_read_end (self->db);
    free (search.query);
    free (search.found);
    free (search.allowed);
    free (search.hits);
    code_t code = index_finish (self);
    if (code == OK)
        *reply_p = reply;
    else if (reply)
        ggen__search_reply__free_unpacked (reply, NULL);
    return code;
}
