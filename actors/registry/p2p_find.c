// SPDX-License-Identifier: MIT
#include "p2p_find_inside.h"

#include <stdlib.h>
#include <string.h>

typedef enum { READ_HOT, READ_PINS, READ_LISTINGS, READ_HEAD, READ_ROTATIONS, READ_RELEASE } read_kind_t;

//  One thing to be asked.
typedef struct read {
    struct read *next;
    find_t *find;
    read_kind_t kind;
    publisher_key_t key;        //  whose head, rotations or release
    bool sent;
    bool first_valid;
    char version[];             //  of the release
} read_t;

enum { STAGE_BEGIN, STAGE_PINS, STAGE_HOT, STAGE_NETWORK };

//  ---- life ----------------------------------------------------------------------------------------

static void
free_reads (find_t *self)
{
    while (self->reads) {
        read_t *read = self->reads;
        self->reads = read->next;
        free (read);
    }
}

static void
free_publisher (find_publisher_t *publisher)
{
    p2p_signed_clear (&publisher->listing);
    p2p_signed_clear (&publisher->head);
    free (publisher->versions);
}

static void
find_destroy (find_t **self_p)
{
    find_t *self = *self_p;
    for (unsigned i = 0; i < self->publishers_count; i++)
        free_publisher (&self->publishers[i]);
    for (unsigned i = 0; i < self->rotations_count; i++)
        p2p_signed_clear (&self->rotations[i]);
    for (size_t i = 0; i < self->releases_count; i++)
        p2p_signed_clear (&self->releases[i]);
    free (self->releases);
    if (self->free_arg)
        self->free_arg (self->arg);
    free_reads (self);
    free (self->failure_text);
    free (self->name);
    free (self->version);
    free (self);
    *self_p = NULL;
}

void
find_destroy_all (registry_p2p_t *home)
{
    while (home->finds) {
        find_t *find = home->finds;
        home->finds = find->next;
        find_destroy (&find);
    }
    home->finds_count = 0;
}

static void
tell (find_t *self)
{
    if (self->told)
        return;
    self->told = true;
    find_match (self);
    if (find_is_hot_kind (self))
        find_put_hot (self);
    self->done (self, self->arg);
}

static void
ignore (find_t *self, void *arg)
{
    (void) self;
    (void) arg;
}

static bool
is_renewed (const registry_p2p_t *home, const find_t *as)
{
    for (const find_t *find = home->finds; find; find = find->next)
        if (find->anew && find->depth == as->depth && strcmp (find->name, as->name) == 0)
            return true;
    return false;
}

//  For the next one who asks. With too much else to do it waits for another time.
static void
renew (registry_p2p_t *home, const find_t *as)
{
    find_ask_t ask = {.name = as->name,
                      .depth = as->depth,
                      .anew = true,
                      .answer_at_ms = out_now_ms (home->out) + 3 * (int64_t) home->settings->answer_ms,
                      .done = ignore};
    if (!is_renewed (home, as))
        (void) !find_start (home, &ask);
}

static void
end (find_t *self)
{
    registry_p2p_t *home = self->home;
    tell (self);
    find_t **at = &home->finds;
    while (*at != self)
        at = &(*at)->next;
    *at = self->next;
    home->finds_count--;
    if (self->stale)
        renew (home, self);
    find_destroy (&self);
}

code_t
find_doubt (const find_t *self, const char **words_p)
{
    code_t code = self->failure_code;
    *words_p = self->failure_text && *self->failure_text ? self->failure_text : code_name (code);
    if (code != OK || !self->incomplete)
        return code != OK ? code : PACKAGE_NOT_FOUND;
    *words_p = "the network has not answered in time";
    return DHT_TIMEOUT;
}

//  ---- reads ---------------------------------------------------------------------------------------

static read_t *
add_read (find_t *self, read_kind_t kind, const char *version)
{
    read_t *read = calloc (1, sizeof *read + strlen (version) + 1);
    if (!read) {
        self->incomplete = true;
        return NULL;
    }
    read->find = self;
    read->kind = kind;
    strcpy (read->version, version);
    //  In their order: the first ones matter most.
    read_t **at = &self->reads;
    while (*at)
        at = &(*at)->next;
    *at = read;
    self->unsent++;
    return read;
}

static void
note_failure (find_t *self, const Ggen__Failure *failure)
{
    self->incomplete = true;
    if (self->failure_code != OK)
        return;
    self->failure_code = failure->code;
    self->failure_text = strdup (failure->message);
}

static void
take (find_t *self, const read_t *read, const answer_t *answer)
{
    if (read->kind == READ_PINS) {
        find_take_pin (self, (const void *) answer->message);
        return;
    }
    if (read->kind == READ_HOT) {
        find_take_hot (self, (const void *) answer->message);
        self->home->counts.hot_hits += self->hot;
        self->home->counts.hot_misses += !self->hot;
        self->stale = self->hot && self->home->settings->refresh_ms > 0
                      && ((const Ggen__HotGetReply *) answer->message)->age_ms
                             >= self->home->settings->refresh_ms;
        return;
    }
    const Ggen__DhtReadReply *reply = (const void *) answer->message;
    self->incomplete |= reply->incomplete;
    if (read->kind == READ_LISTINGS)
        find_take_listings (self, reply);
    else if (read->kind == READ_HEAD) {
        find_take_heads (self, reply);
        find_publisher_t *publisher = find_publisher (self, &read->key);
        if (publisher)
            publisher->short_cut = read->first_valid;
    }
    else if (read->kind == READ_ROTATIONS)
        find_take_rotations (self, reply);
    else
        find_take_releases (self, reply);
}

static void proceed (find_t *self);

static code_t
on_read (void *home_, void *read_, const answer_t *answer)
{
    registry_p2p_t *home = home_;
    read_t *read = read_;
    find_t *self = read->find;
    if (answer->progress)
        return OK;
    home->reads_in_flight--;
    self->in_flight--;
    if (answer->code == OK)
        take (self, read, answer);
    //  Without trust nobody is pinned, without a cache nothing is hot.
    else if (read->kind != READ_PINS && read->kind != READ_HOT)
        note_failure (self, answer->failure);
    proceed (self);
    p2p_pump (home);
    return OK;
}

static code_t
ask_pins (find_t *self, read_t *read, ticket_t ticket)
{
    Ggen__TrustListRequest request = GGEN__TRUST_LIST_REQUEST__INIT;
    request.names = &self->name;
    request.n_names = 1;
    ask_t ask = {.to = "trust",
                 .message = &request.base,
                 .expect = &ggen__trust_list_reply__descriptor,
                 .budget_ms = self->home->settings->answer_ms,
                 .parent = ticket,
                 .on_answer = on_read,
                 .arg = read};
    return out_ask (self->home->out, &ask);
}

static code_t
ask_hot (find_t *self, read_t *read, ticket_t ticket)
{
    uint8_t key[FIND_HOT_KEY_MAX];
    Ggen__HotGetRequest request = GGEN__HOT_GET_REQUEST__INIT;
    request.key = (ProtobufCBinaryData) {find_hot_key (self, key), key};
    ask_t ask = {.to = "cache",
                 .message = &request.base,
                 .expect = &ggen__hot_get_reply__descriptor,
                 .budget_ms = self->home->settings->answer_ms,
                 .parent = ticket,
                 .on_answer = on_read,
                 .arg = read};
    return out_ask (self->home->out, &ask);
}

static code_t
send_read (find_t *self, read_t *read)
{
    registry_p2p_t *home = self->home;
    //  Once answered, what is still asked is for us.
    ticket_t ticket = self->told ? 0 : self->ticket;
    digest_t place;
    if (read->kind == READ_PINS)
        return ask_pins (self, read, ticket);
    if (read->kind == READ_HOT)
        return ask_hot (self, read, ticket);
    if (read->kind == READ_LISTINGS)
        dht_key_name (&place, home->crypto->sha256, self->name);
    else if (read->kind == READ_HEAD)
        dht_key_head (&place, home->crypto->sha256, self->name, &read->key);
    else if (read->kind == READ_ROTATIONS)
        dht_key_rotation (&place, home->crypto->sha256, &read->key);
    else
        dht_key_release (&place, home->crypto->sha256, self->name, read->version, &read->key);
    return p2p_read (home, &place, read->first_valid, ticket, on_read, read);
}

static void
send_more (find_t *self)
{
    registry_p2p_t *home = self->home;
    for (read_t *read = self->reads; read && self->unsent > 0; read = read->next) {
        if (self->in_flight >= FIND_READS_MAX || home->reads_in_flight >= P2P_READS_MAX)
            return;
        if (read->sent)
            continue;
        code_t code = send_read (self, read);
        if (code == BUSY && (home->reads_in_flight > 0 || home->join.joining))
            return;
        read->sent = true;
        self->unsent--;
        if (code == OK) {
            self->in_flight++;
            home->reads_in_flight++;
            continue;
        }
        //  Nobody wants it any more, or nobody can be asked.
        Ggen__Failure failure = GGEN__FAILURE__INIT;
        failure.code = code;
        note_failure (self, &failure);
    }
}

//  ---- what there is to read -----------------------------------------------------------------------

//  The head that came is older than what its publisher's listing says.
static bool
lags (const find_publisher_t *publisher)
{
    uint64_t listed = publisher->listing.payload ? publisher->listing.listing->seq : 0;
    return !publisher->head.payload || publisher->head.head->seq < listed;
}

static bool
wants_head (const find_t *self, const find_publisher_t *publisher)
{
    return self->depth != FIND_PUBLISHERS || !publisher->listing.payload
           || publisher->listing.listing->withdrawn;
}

static void
plan_head (find_t *self, find_publisher_t *publisher)
{
    //  A short cut that has led to something old: once more, in full.
    if (publisher->short_cut && !publisher->in_full && lags (publisher)) {
        publisher->in_full = true;
        publisher->asked_head = false;
    }
    if (publisher->asked_head || !wants_head (self, publisher))
        return;
    publisher->asked_head = true;
    read_t *read = add_read (self, READ_HEAD, "");
    if (!read)
        return;
    read->key = publisher->key;
    read->first_valid = publisher->pinned && !self->all_answer && !publisher->in_full;
}

static void
plan_rotations (find_t *self, find_publisher_t *publisher)
{
    if (publisher->asked_rotations || !self->wants_rotations)
        return;
    publisher->asked_rotations = true;
    read_t *read = add_read (self, READ_ROTATIONS, "");
    if (read)
        read->key = publisher->key;
}

static bool
is_planned (const find_t *self, const char *version, const publisher_key_t *key)
{
    for (const read_t *read = self->reads; read; read = read->next)
        if (read->kind == READ_RELEASE && publisher_key_equal (&read->key, key)
            && strcmp (read->version, version) == 0)
            return true;
    return false;
}

//  The release of a version that a former key signed lies under that one's key.
static void
plan_release (find_t *self, const find_publisher_t *publisher, const Ggen__HeadVersion *listed)
{
    bool by_former = listed->release_sha256.len > 0;
    for (unsigned i = 0; i < self->publishers_count; i++) {
        const find_publisher_t *signer = &self->publishers[i];
        if ((signer == publisher) == by_former
            || is_planned (self, listed->version, &signer->key))
            continue;
        read_t *read = add_read (self, READ_RELEASE, listed->version);
        if (!read)
            return;
        read->key = signer->key;
        read->first_valid = true;
    }
}

//  Only when something has changed that could make a difference.
static void
plan_releases (find_t *self, find_publisher_t *publisher)
{
    const Ggen__HeadVersion *wanted[FIND_VERSIONS_MAX];
    if (!publisher->head.payload)
        return;
    uint64_t now = publisher->head.head->seq * 31
                   + find_successor (self, publisher)->head.head->seq * 961
                   + self->publishers_count;
    if (publisher->planned == now)
        return;
    publisher->planned = now;
    size_t count = find_wanted (self, publisher, wanted);
    for (size_t i = 0; i < count; i++)
        plan_release (self, publisher, wanted[i]);
}

//  Who got the name from somebody takes part, too.
static void
add_successors (find_t *self)
{
    publisher_key_t next;
    for (unsigned i = 0; i < self->publishers_count; i++)
        if (self->publishers[i].head.payload
            && publisher_key_from_field (&next, self->publishers[i].head.head->rotated_to) == OK)
            find_add (self, &next);
    for (unsigned i = 0; i < self->rotations_count; i++)
        if (publisher_key_from_field (&next, self->rotations[i].rotation->new_key) == OK)
            find_add (self, &next);
}

static void
plan (find_t *self)
{
    if (!self->one_key)
        add_successors (self);
    for (unsigned i = 0; i < self->publishers_count; i++) {
        plan_head (self, &self->publishers[i]);
        plan_rotations (self, &self->publishers[i]);
        plan_releases (self, &self->publishers[i]);
    }
}

//  Go on to the next stage. False: there is none.
static bool
next_stage (find_t *self)
{
    switch (++self->stage) {
        case STAGE_PINS:
            if (!self->all_answer)
                add_read (self, READ_PINS, "");
            return true;
        case STAGE_HOT:
            if (find_is_hot_kind (self) && !self->anew)
                add_read (self, READ_HOT, "");
            return true;
        case STAGE_NETWORK:
            //  For one publisher its head is enough to go on, unless all there is has to be known.
            if (!self->hot && (!self->one_key || self->all_answer))
                add_read (self, READ_LISTINGS, "");
            return !self->hot;
        default:
            return false;
    }
}

//  Do what can be done now; ends the look-up when that is nothing. Once answered, what was asked may
//  come, more is not asked.
static void
proceed (find_t *self)
{
    for (;;) {
        if (self->stage == STAGE_NETWORK && !self->told && !self->hot)
            plan (self);
        if (!self->told)
            send_more (self);
        if (self->in_flight > 0 || (self->unsent > 0 && !self->told))
            return;
        if (self->told || !next_stage (self)) {
            end (self);
            return;
        }
    }
}

//  One that could not ask anything may end, so the walk begins anew.
void
find_pump (registry_p2p_t *home)
{
    find_t *find = home->finds;
    while (find) {
        if (find->unsent > 0 && !find->told)
            send_more (find);
        bool stuck = find->unsent == 0 && find->in_flight == 0;
        if (stuck)
            proceed (find);
        find = stuck ? home->finds : find->next;
    }
}

//  ---- asking --------------------------------------------------------------------------------------

code_t
find_start (registry_p2p_t *home, const find_ask_t *ask)
{
    find_t *self = home->finds_count < REGISTRY_P2P_FINDS_MAX ? calloc (1, sizeof *self) : NULL;
    if (self) {
        self->home = home;
        self->name = strdup (ask->name);
        self->version = strdup (ask->version ? ask->version : "");
    }
    if (!self || !self->name || !self->version) {
        if (self)
            find_destroy (&self);
        if (ask->free_arg)
            ask->free_arg (ask->arg);
        return BUSY;
    }
    self->depth = ask->depth;
    self->all_answer = ask->all_answer;
    self->wants_rotations = ask->wants_rotations;
    self->anew = ask->anew;
    self->ticket = ask->ticket;
    self->answer_at_ms = ask->answer_at_ms;
    self->done = ask->done;
    self->arg = ask->arg;
    self->free_arg = ask->free_arg;
    if (ask->only) {
        find_add (self, ask->only);
        self->one_key = true;
    }
    find_take_known (self);
    find_take_own (self);
    self->next = home->finds;
    home->finds = self;
    home->finds_count++;
    proceed (self);
    return OK;
}

//  Those that were told may be freed when they end, so each round begins anew.
void
find_tick (registry_p2p_t *home, int64_t now_ms)
{
    for (bool again = true; again;) {
        again = false;
        for (find_t *find = home->finds; find && !again; find = find->next)
            if (!find->told && find->answer_at_ms <= now_ms) {
                find->incomplete = true;
                tell (find);
                proceed (find);
                again = true;
            }
    }
}

int64_t
find_deadline_ms (const registry_p2p_t *home)
{
    int64_t earliest_ms = DEADLINE_NEVER;
    for (const find_t *find = home->finds; find; find = find->next)
        if (!find->told && find->answer_at_ms < earliest_ms)
            earliest_ms = find->answer_at_ms;
    return earliest_ms;
}
