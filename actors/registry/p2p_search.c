// SPDX-License-Identifier: MIT
//  Search: the first part of each word's set of listings is read from the DHT at one time; of the rarest
//  word, if its set is full, the further parts. One complete set would be enough for all words together,
//  but a word may be among the texts of a package and not among its twelve keywords, so the union of
//  all is looked through, with what was heard of before.
#include "p2p_requests.h"

#include "messages/discovery_valid.h"
#include "messages/message.h"
#include "p2p_rows.h"
#include "relevance.h"
#include "words.h"
#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEARCHES_MAX       16           //  at one time; one more is refused with BUSY
#define SEARCH_WORDS_MAX   3            //  of a query that are read, the longest
#define SEARCH_FOUND_MAX   1024         //  listings of one search; more are left out: incomplete
#define SEARCH_REPLY_MAX   (2u << 20)   //  packed bytes of one answer
#define SEARCH_LIMIT_MAX   1000

typedef struct search search_t;

typedef struct {
    search_t *search;
    char keyword[DISCOVERY_KEYWORD_MAX + 1];
    unsigned part;              //  that is read, or to be read
    size_t records;             //  that came
    bool waiting;               //  to be sent
    bool answered;
    bool full;                  //  it goes on under the next part
} word_t;

struct search {
    search_t *next;
    registry_p2p_t *home;
    ticket_t ticket;
    Ggen__SearchRequest *request;
    discovered_t *found;        //  by the network
    word_t words[SEARCH_WORDS_MAX];
    unsigned words_count;
    unsigned in_flight, waiting;
    int64_t answer_at_ms;
    bool told;
    bool incomplete;
    code_t failure_code;
    char *failure_text;
};

//  ---- what fits -----------------------------------------------------------------------------------

static bool
has_text (const char *text, const char *word, size_t size)
{
    for (; *text; text++)
        if (strncasecmp (text, word, size) == 0)
            return true;
    return false;
}

static bool
has_label (char *const *labels, size_t count, const char *word, size_t size)
{
    for (size_t i = 0; i < count; i++)
        if (has_text (labels[i], word, size))
            return true;
    return false;
}

static bool
has_word (const Ggen__Listing *listing, const char *word, size_t size)
{
    return has_text (listing->name, word, size) || has_text (listing->title, word, size)
           || has_text (listing->description, word, size)
           || has_label (listing->tags, listing->n_tags, word, size)
           || has_label (listing->keywords, listing->n_keywords, word, size)
           || has_label (listing->categories, listing->n_categories, word, size);
}

//  All words of a folded query; a query without any fits nothing.
static bool
has_words (const Ggen__Listing *listing, const char *folded)
{
    if (!*folded)
        return false;
    for (const char *at = folded; *at;) {
        size_t size = strcspn (at, " ");
        if (!has_word (listing, at, size))
            return false;
        at += size + (at[size] == ' ');
    }
    return true;
}

static bool
is_close (const char *folded, const char *text)
{
    unsigned tolerance = words_tolerance (strlen (folded));
    char *other = words_fold (text);
    bool close = other && *folded && words_distance (folded, other, tolerance) <= tolerance;
    free (other);
    return close;
}

static bool
has_any (char *const *wanted, size_t wanted_count, char *const *labels, size_t count)
{
    for (size_t i = 0; i < wanted_count; i++)
        for (size_t j = 0; j < count; j++)
            if (strcasecmp (wanted[i], labels[j]) == 0)
                return true;
    return wanted_count == 0;
}

static bool
passes (const Ggen__SearchRequest *request, const Ggen__Listing *listing)
{
    for (size_t i = 0; i < request->n_tags; i++)
        if (!has_any (&request->tags[i], 1, listing->tags, listing->n_tags))
            return false;
    return has_any (request->categories, request->n_categories, listing->categories,
                    listing->n_categories)
           && (!*request->author || strcasecmp (request->author, listing->author) == 0)
           && (!*request->license || strcasecmp (request->license, listing->license) == 0);
}

static bool
is_hit (const Ggen__SearchRequest *request, const char *folded, const Ggen__Listing *listing)
{
    if (!passes (request, listing))
        return false;
    return !*request->query || has_words (listing, folded)
           || (request->fuzzy
               && (is_close (folded, listing->name) || is_close (folded, listing->title)));
}

//  ---- hits ----------------------------------------------------------------------------------------

typedef struct {
    Ggen__Package *package;
    relevance_t relevance;
    Ggen__SortOrder sort;
    bool trusted;               //  pinned, or our own
} hit_t;

typedef struct {
    hit_t *list;
    size_t count, room;
} hits_t;

static void
hits_free (hits_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        ggen__package__free_unpacked (self->list[i].package, NULL);
    free (self->list);
}

static void
add_hit (hits_t *self, const search_t *search, const known_t *known, const p2p_signed_t *listing)
{
    if (self->count == self->room) {
        size_t room = self->room ? 2 * self->room : 16;
        hit_t *list = reallocarray (self->list, room, sizeof *list);
        if (!list)
            return;
        self->list = list;
        self->room = room;
    }
    hit_t *hit = &self->list[self->count++];
    hit->package = rows_of_listing (listing);
    hit->relevance = relevance_of (search->request, hit->package);
    hit->sort = search->request->sort;
    hit->trusted = known->own || known->pinned;
}

static void
look_at (hits_t *self, const search_t *search, const char *folded, const known_t *known)
{
    p2p_signed_t listing;
    if (known->listing.len == 0 || known->withdrawn
        || p2p_is_private (search->home, known->name)
        || p2p_signed_reopen (&listing, GGEN__RECORD_KIND__LISTING,
                              (bytes_t) {known->listing.data, known->listing.len})
               != OK)
        return;
    if (is_hit (search->request, folded, listing.listing))
        add_hit (self, search, known, &listing);
    p2p_signed_clear (&listing);
}

//  What was heard of is at least as new as what this search has found, where it is there.
static bool
is_heard_of (const search_t *self, const known_t *found)
{
    const known_t *known = discovered_find (self->home->discovered, found->name, &found->key);
    return known && known->listing_seq >= found->listing_seq;
}

static hits_t
hits_of (const search_t *self)
{
    hits_t hits = {0};
    char *folded = words_fold (self->request->query);
    discovered_walk_t walk = {0}, other = {0};
    const known_t *known;
    while (folded && (known = discovered_next (self->home->discovered, &walk)) != NULL)
        look_at (&hits, self, folded, known);
    while (folded && self->found && (known = discovered_next (self->found, &other)) != NULL)
        if (!is_heard_of (self, known))
            look_at (&hits, self, folded, known);
    free (folded);
    return hits;
}

static int
compare_id (const void *a_, const void *b_)
{
    const hit_t *a = a_, *b = b_;
    int order = strcmp (a->package->id, b->package->id);
    if (order == 0)
        order = (int) b->trusted - (int) a->trusted;
    return order ? order
                 : memcmp (a->package->publisher->public_key.data,
                           b->package->publisher->public_key.data, PUBLISHER_KEY_SIZE);
}

static int
compare_rank (const void *a_, const void *b_)
{
    const hit_t *a = a_, *b = b_;
    int order = 0;
    if (a->sort == GGEN__SORT_ORDER__RELEVANCE)
        order = (a->relevance > b->relevance) - (a->relevance < b->relevance);
    if (a->sort == GGEN__SORT_ORDER__BY_UPDATED)
        order = (a->package->created_at < b->package->created_at)
                - (a->package->created_at > b->package->created_at);
    return order ? order : strcmp (a->package->id, b->package->id);
}

//  Whom of these the publisher of 'hit' has handed the name over to, as far as we have heard; NULL: nobody.
static hit_t *
successor_of (const registry_p2p_t *home, const hit_t *hit, hit_t *group, size_t count)
{
    publisher_key_t key;
    p2p_signed_t head;
    hit_t *successor = NULL;
    if (publisher_key_from_field (&key, hit->package->publisher->public_key) != OK)
        return NULL;
    const known_t *known = discovered_find (home->discovered, hit->package->id, &key);
    if (!known || known->head.len == 0
        || p2p_signed_reopen (&head, GGEN__RECORD_KIND__HEAD,
                              (bytes_t) {known->head.data, known->head.len})
               != OK)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (message_same_bytes (group[i].package->publisher->public_key, head.head->rotated_to))
            successor = &group[i];
    p2p_signed_clear (&head);
    return successor;
}

//  The first of the group, or whom the name has come to from there.
static hit_t
teller_of (const registry_p2p_t *home, hit_t *group, size_t count)
{
    hit_t *teller = group, *next = group;
    for (size_t i = 1; i < count && next; i++)
        if ((next = successor_of (home, teller, group, count)) != NULL)
            teller = next;
    hit_t chosen = *teller;
    teller->package = NULL;
    for (size_t i = 0; i < count; i++)
        ggen__package__free_unpacked (group[i].package, NULL);
    return chosen;
}

//  No id twice: the one whom we trust with the name, if any, tells of it.
static void
rank (hits_t *self, const registry_p2p_t *home)
{
    size_t kept = 0;
    if (self->count == 0)
        return;
    qsort (self->list, self->count, sizeof *self->list, compare_id);
    for (size_t i = 0, next; i < self->count; i = next) {
        for (next = i + 1; next < self->count; next++)
            if (strcmp (self->list[i].package->id, self->list[next].package->id) != 0)
                break;
        self->list[kept++] = teller_of (home, self->list + i, next - i);
    }
    self->count = kept;
    qsort (self->list, self->count, sizeof *self->list, compare_rank);
}

//  ---- the answer ----------------------------------------------------------------------------------

static void
answer (search_t *self)
{
    hits_t hits = hits_of (self);
    char text[300], *warnings[] = {text, NULL};
    const char *alone = join_alone_text (self->home);
    Ggen__SearchReply reply = GGEN__SEARCH_REPLY__INIT;
    rank (&hits, self->home);
    size_t first = self->request->offset < hits.count ? self->request->offset : hits.count;
    size_t size = 0;
    reply.results = calloc (hits.count + 1, sizeof *reply.results);
    for (size_t i = first; reply.results && i < hits.count; i++) {
        size += ggen__package__get_packed_size (hits.list[i].package) + 8;
        if (reply.n_results == self->request->limit || size > SEARCH_REPLY_MAX)
            break;
        reply.results[reply.n_results++] = hits.list[i].package;
    }
    reply.total = (uint32_t) hits.count;
    //  Nobody knows all packages of a network.
    bool all = !*self->request->query;
    reply.incomplete = self->incomplete || all || alone;
    reply.warnings = warnings;
    if (all || (self->failure_code != OK && !alone)) {
        snprintf (text, sizeof text, "p2p: %s%s%.200s",
                  all ? "without a query only packages that this node has heard of are listed"
                      : "the network could not be searched",
                  all ? "" : ": ",
                  all                  ? ""
                  : self->failure_text ? self->failure_text
                                       : code_name (self->failure_code));
        reply.n_warnings = 1;
    }
    if (alone)
        warnings[reply.n_warnings++] = (char *) alone;
    out_answer (self->home->out, self->ticket, &reply.base);
    free (reply.results);
    hits_free (&hits);
}

static void
tell (search_t *self)
{
    if (self->told)
        return;
    self->told = true;
    answer (self);
}

static void
search_free (search_t *self)
{
    discovered_destroy (&self->found);
    ggen__search_request__free_unpacked (self->request, NULL);
    free (self->failure_text);
    free (self);
}

static void
end (search_t *self)
{
    tell (self);
    search_t **at = &self->home->searches;
    while (*at != self)
        at = &(*at)->next;
    *at = self->next;
    self->home->searches_count--;
    search_free (self);
}

//  ---- the network ---------------------------------------------------------------------------------

//  For this search, and for later ones: what others bring may drive it out of there.
static void
keep (search_t *self, const p2p_signed_t *listing)
{
    code_t code = discovered_listing (self->home->discovered, listing);
    if (code != SECURITY && code != VALIDATION && self->found
        && discovered_listing (self->found, listing) == STORAGE)
        self->incomplete = true;
}

//  What was known needs no second look at its signature.
static void
absorb (search_t *self, ProtobufCBinaryData packed)
{
    p2p_signed_t listing;
    if (p2p_signed_reopen (&listing, GGEN__RECORD_KIND__LISTING,
                           (bytes_t) {packed.data, packed.len})
        != OK)
        return;
    registry_p2p_t *home = self->home;
    const known_t *known = discovered_find (home->discovered, listing.listing->name, &listing.key);
    if (!known || !message_same_bytes (known->listing, packed)) {
        p2p_signed_clear (&listing);
        if (p2p_signed_open (&listing, GGEN__RECORD_KIND__LISTING,
                             (bytes_t) {packed.data, packed.len}, home->crypto)
            != OK)
            return;
        keep (self, &listing);
    }
    p2p_signed_clear (&listing);
}

static void
note_failure (search_t *self, const Ggen__Failure *failure)
{
    self->incomplete = true;
    if (self->failure_code != OK)
        return;
    self->failure_code = failure->code;
    self->failure_text = strdup (failure->message);
}

//  When all first parts are there: the rarest word goes on, if its set was full.
static void
go_on (search_t *self)
{
    word_t *rarest = NULL;
    for (word_t *word = self->words; word < self->words + self->words_count; word++)
        if (word->answered && (!rarest || word->records < rarest->records))
            rarest = word;
    if (!rarest || !rarest->full || self->told)
        return;
    if (rarest->part + 1 == DHT_KEYWORD_PARTS_MAX) {
        self->incomplete = true;
        return;
    }
    rarest->part++;
    rarest->full = false;
    rarest->waiting = true;
    self->waiting++;
}

static void send_more (search_t *self);

static void
proceed (search_t *self)
{
    send_more (self);
    if (self->in_flight == 0 && self->waiting == 0) {
        go_on (self);
        send_more (self);
    }
    if (self->in_flight == 0 && (self->waiting == 0 || self->told))
        end (self);
}

static code_t
on_word (void *home_, void *word_, const answer_t *answered)
{
    registry_p2p_t *home = home_;
    word_t *word = word_;
    search_t *self = word->search;
    if (answered->progress)
        return OK;
    home->reads_in_flight--;
    self->in_flight--;
    if (answered->code == OK) {
        const Ggen__DhtReadReply *reply = (const void *) answered->message;
        for (size_t i = 0; i < reply->n_records; i++)
            absorb (self, reply->records[i]);
        word->answered = true;
        word->records += reply->n_records;
        word->full = reply->full;
        self->incomplete |= reply->incomplete;
    }
    else
        note_failure (self, answered->failure);
    proceed (self);
    p2p_pump (home);
    return OK;
}

static void
send_more (search_t *self)
{
    registry_p2p_t *home = self->home;
    for (word_t *word = self->words; word < self->words + self->words_count; word++) {
        if (!word->waiting || self->told || p2p_must_wait (home))
            continue;
        digest_t key;
        dht_key_keyword (&key, home->crypto->sha256, word->keyword, word->part);
        code_t code = p2p_read (home, &key, false, self->ticket, on_word, word);
        if (code == BUSY && home->reads_in_flight > 0)
            return;
        word->waiting = false;
        self->waiting--;
        if (code == OK) {
            self->in_flight++;
            home->reads_in_flight++;
            continue;
        }
        Ggen__Failure failure = GGEN__FAILURE__INIT;
        failure.code = code;
        note_failure (self, &failure);
    }
}

//  One that could not ask anything may end, so the walk begins anew.
void
search_pump (registry_p2p_t *home)
{
    search_t *search = home->searches;
    while (search) {
        if (search->waiting > 0)
            send_more (search);
        bool stuck = search->waiting == 0 && search->in_flight == 0;
        if (stuck)
            proceed (search);
        search = stuck ? home->searches : search->next;
    }
}

//  ---- asking --------------------------------------------------------------------------------------

//  The longest words are the rarest, as a rule.
static void
add_word (search_t *self, const char *keyword)
{
    word_t *shortest = &self->words[0];
    for (unsigned i = 0; i < self->words_count; i++) {
        if (strcmp (self->words[i].keyword, keyword) == 0)
            return;
        if (strlen (self->words[i].keyword) < strlen (shortest->keyword))
            shortest = &self->words[i];
    }
    if (self->words_count < SEARCH_WORDS_MAX)
        shortest = &self->words[self->words_count++];
    else if (strlen (shortest->keyword) >= strlen (keyword))
        return;
    *shortest = (word_t) {.search = self, .waiting = true};
    strcpy (shortest->keyword, keyword);
}

static void
choose_words (search_t *self)
{
    char keyword[DISCOVERY_KEYWORD_MAX + 1];
    const char *text = self->request->query;
    while (discovery_next_keyword (&text, keyword))
        add_word (self, keyword);
    self->waiting = self->words_count;
}

code_t
p2p_on_search (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    registry_p2p_t *home = self_;
    const Ggen__SearchRequest *request = (const void *) message;
    if (request->limit == 0 || request->limit > SEARCH_LIMIT_MAX)
        return out_fail (at, VALIDATION, "", "search: the limit is %u, it can be 1 to %d",
                         request->limit, SEARCH_LIMIT_MAX);
    if (words_characters (request->query) > WORDS_QUERY_MAX)
        return out_fail (at, VALIDATION, "", "search: the query has more than %d characters",
                         WORDS_QUERY_MAX);
    search_t *self = home->searches_count < SEARCHES_MAX ? calloc (1, sizeof *self) : NULL;
    if (!self)
        return BUSY;
    self->request = message_copy (message);
    if (!self->request) {
        free (self);
        return BUSY;
    }
    home->counts.searches++;
    self->home = home;
    self->ticket = at->ticket;
    self->answer_at_ms = p2p_answer_at_ms (home, at);
    choose_words (self);
    if (self->words_count > 0)
        self->found = discovered_new (SEARCH_FOUND_MAX, 0, rng_u64 (home->rng));
    self->next = home->searches;
    home->searches = self;
    home->searches_count++;
    proceed (self);
    return OK;
}

void
search_tick (registry_p2p_t *home, int64_t now_ms)
{
    search_t *next;
    for (search_t *search = home->searches; search; search = next) {
        next = search->next;
        if (search->told || search->answer_at_ms > now_ms)
            continue;
        search->incomplete = true;
        tell (search);
        proceed (search);
    }
}

int64_t
search_deadline_ms (const registry_p2p_t *home)
{
    int64_t earliest_ms = DEADLINE_NEVER;
    for (const search_t *search = home->searches; search; search = search->next)
        if (!search->told && search->answer_at_ms < earliest_ms)
            earliest_ms = search->answer_at_ms;
    return earliest_ms;
}

void
search_destroy_all (registry_p2p_t *home)
{
    while (home->searches) {
        search_t *search = home->searches;
        home->searches = search->next;
        search_free (search);
    }
}
