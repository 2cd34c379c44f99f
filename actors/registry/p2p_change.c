// SPDX-License-Identifier: MIT
#include "p2p_change.h"

#include "messages/message.h"
#include "p2p_rows.h"
#include "reply.h"
#include "message.h"
#include "trust.pb-c.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WARNING_MAX 300

//  ---- life ----------------------------------------------------------------------------------------

static int64_t
answer_at_ms (const registry_p2p_t *home, const delivery_t *at)
{
    int64_t wait_ms = (int64_t) CHANGE_ANSWER_FACTOR * home->settings->answer_ms;
    if (at->deadline_ms != DEADLINE_NEVER) {
        int64_t left_ms = at->deadline_ms - at->now_ms;
        if (left_ms - left_ms / 8 < wait_ms)
            wait_ms = left_ms - left_ms / 8;
    }
    return at->now_ms + wait_ms;
}

change_t *
change_new (registry_p2p_t *home, const delivery_t *at, const ProtobufCMessage *request)
{
    unsigned count = 0;
    for (const change_t *other = home->changes; other; other = other->next)
        count++;
    change_t *self = count < CHANGES_MAX ? calloc (1, sizeof *self) : NULL;
    if (!self)
        return NULL;
    self->request = message_copy (request);
    if (!self->request) {
        free (self);
        return NULL;
    }
    self->home = home;
    self->ticket = at->ticket;
    self->answer_at_ms = answer_at_ms (home, at);
    self->version = "";
    self->next = home->changes;
    home->changes = self;
    return self;
}

static void
change_free (change_t *self)
{
    p2p_signed_clear (&self->signed_release);
    p2p_signed_clear (&self->head);
    p2p_signed_clear (&self->rotation);
    p2p_signed_clear (&self->listing);
    p2p_signed_clear (&self->old_listing);
    p2p_signed_clear (&self->offered);
    free (self->payload.data);
    for (size_t i = 0; i < self->warnings_count; i++)
        free (self->warnings[i]);
    protobuf_c_message_free_unpacked (self->request, NULL);
    free (self);
}

void
change_end (change_t *self)
{
    change_t **at = &self->home->changes;
    while (*at != self)
        at = &(*at)->next;
    *at = self->next;
    change_free (self);
}

void
change_destroy_all (registry_p2p_t *home)
{
    while (home->changes) {
        change_t *change = home->changes;
        home->changes = change->next;
        change_free (change);
    }
}

void
change_warn (change_t *self, const char *format, ...)
{
    char text[WARNING_MAX];
    va_list args;
    va_start (args, format);
    vsnprintf (text, sizeof text, format, args);
    va_end (args);
    char *copy = self->warnings_count < CHANGE_WARNINGS_MAX ? strdup (text) : NULL;
    if (copy)
        self->warnings[self->warnings_count++] = copy;
}

void
change_refuse (change_t *self, code_t code, const char *hint, const char *format, ...)
{
    char text[FAILURE_TEXT_MAX + 1];
    va_list args;
    va_start (args, format);
    vsnprintf (text, sizeof text, format, args);
    va_end (args);
    out_refuse (self->home->out, self->ticket, code, hint, "%s", text);
    change_end (self);
}

//  ---- signing -------------------------------------------------------------------------------------

static void send_sign (change_t *self, const char *key_name);

static code_t
on_keys (void *home, void *self_, const answer_t *answer)
{
    (void) home;
    change_t *self = self_;
    const Ggen__KeyListReply *reply = (const void *) answer->message;
    if (answer->progress)
        return OK;
    for (size_t i = 0; answer->code == OK && i < reply->n_keys; i++)
        if (message_same_bytes (reply->keys[i]->public_key, publisher_key_to_field (&self->key))) {
            send_sign (self, reply->keys[i]->name);
            return OK;
        }
    self->on_signed (self, (bytes_t) {NULL, 0});
    return OK;
}

static void
look_for_key (change_t *self)
{
    Ggen__KeyListRequest request = GGEN__KEY_LIST_REQUEST__INIT;
    ask_t ask = {.to = "keyring",
                 .message = &request.base,
                 .expect = &ggen__key_list_reply__descriptor,
                 .on_answer = on_keys,
                 .arg = self};
    self->looked_for_key = true;
    if (out_ask (self->home->out, &ask) != OK)
        self->on_signed (self, (bytes_t) {NULL, 0});
}

static code_t
on_sign (void *home, void *self_, const answer_t *answer)
{
    (void) home;
    change_t *self = self_;
    const Ggen__SignReply *reply = (const void *) answer->message;
    if (answer->progress)
        return OK;
    bool ours = answer->code == OK
                && message_same_bytes (reply->key, publisher_key_to_field (&self->key));
    if (ours)
        self->on_signed (self, (bytes_t) {reply->record.data, reply->record.len});
    //  Not the default key's, or there is none: maybe another one of the keyring is it.
    else if (!self->looked_for_key)
        look_for_key (self);
    else {
        if (answer->code != OK)
            change_warn (self, "p2p: the keyring did not sign: %.200s", answer->failure->message);
        self->on_signed (self, (bytes_t) {NULL, 0});
    }
    return OK;
}

static void
send_sign (change_t *self, const char *key_name)
{
    Ggen__SignRequest request = GGEN__SIGN_REQUEST__INIT;
    request.kind = self->kind;
    request.payload = self->payload;
    request.key_name = (char *) key_name;
    ask_t ask = {.to = "keyring",
                 .message = &request.base,
                 .expect = &ggen__sign_reply__descriptor,
                 .on_answer = on_sign,
                 .arg = self};
    if (out_ask (self->home->out, &ask) != OK)
        self->on_signed (self, (bytes_t) {NULL, 0});
}

void
change_sign (change_t *self, Ggen__RecordKind kind, const ProtobufCMessage *message,
             void (*on_signed) (change_t *self, bytes_t record))
{
    free (self->payload.data);
    self->payload.len = protobuf_c_message_get_packed_size (message);
    self->payload.data = malloc (self->payload.len + 1);
    if (!self->payload.data) {
        change_refuse (self, BUSY, "", "p2p: out of memory");
        return;
    }
    protobuf_c_message_pack (message, self->payload.data);
    self->kind = kind;
    self->on_signed = on_signed;
    self->looked_for_key = false;
    send_sign (self, "");
}

//  ---- the listing ---------------------------------------------------------------------------------

static void
take_listing (p2p_signed_t *to, bytes_t packed)
{
    p2p_signed_t listing;
    if (packed.size > 0
        && p2p_signed_reopen (&listing, GGEN__RECORD_KIND__LISTING, packed) == OK)
        p2p_signed_move (to, &listing);
}

void
change_take_listings (change_t *self, const find_publisher_t *publisher)
{
    if (!publisher || !publisher->listing.payload)
        return;
    take_listing (&self->old_listing, p2p_signed_bytes (&publisher->listing));
    const Ggen__OutboxState *last =
        outbox_find (&self->home->outbox, self->id, NULL, &publisher->key);
    if (!publisher->listing.listing->withdrawn)
        take_listing (&self->offered, p2p_signed_bytes (&publisher->listing));
    else if (last)
        take_listing (&self->offered, (bytes_t) {last->offered.data, last->offered.len});
}

static void
on_listing (change_t *self, bytes_t record)
{
    bool made = record.size > 0
                && p2p_signed_open (&self->listing, GGEN__RECORD_KIND__LISTING, record,
                                    self->home->crypto)
                       == OK;
    //  Who never had one here may be a stranger, whose head we only pass on.
    if (!made && (self->package || self->old_listing.payload))
        change_warn (self, "p2p: no listing of %s could be signed: searches of others will not"
                           " see the change", self->id);
    change_store (self);
}

static void
sign_listing (change_t *self, const Ggen__Listing *listing)
{
    if (discovery_valid_listing (listing))
        change_sign (self, GGEN__RECORD_KIND__LISTING, &listing->base, on_listing);
    else
        on_listing (self, (bytes_t) {NULL, 0});
}

//  Nothing is offered any more. Under the keywords it takes the place of what lies there.
static void
sign_withdrawn (change_t *self)
{
    Ggen__Listing listing = GGEN__LISTING__INIT;
    const Ggen__Listing *old = self->old_listing.listing;
    listing.name = (char *) self->id;
    listing.seq = self->head.head->seq;
    listing.issued_at = self->head.head->issued_at;
    listing.ttl_secs = DISCOVERY_TTL_MAX_SECS;
    listing.withdrawn = true;
    if (old) {
        listing.keywords = old->keywords;
        listing.n_keywords = old->n_keywords;
    }
    sign_listing (self, &listing);
}

//  The texts are those of the last offer; version and archive are what the head calls latest now.
static void
sign_renewed (change_t *self, const Ggen__HeadVersion *latest, uint64_t size_bytes)
{
    Ggen__Listing listing = GGEN__LISTING__INIT;
    if (self->offered.payload)
        listing = *self->offered.listing;
    listing.name = (char *) self->id;
    listing.seq = self->head.head->seq;
    listing.issued_at = self->head.head->issued_at;
    listing.ttl_secs = DISCOVERY_TTL_MAX_SECS;
    listing.version = latest->version;
    listing.sha256 = latest->sha256;
    listing.size_bytes = size_bytes;
    sign_listing (self, &listing);
}

static void
on_latest_found (find_t *find, void *self_)
{
    change_t *self = self_;
    const find_publisher_t *publisher = find_publisher (find, &self->head.key);
    const Ggen__HeadVersion *latest = p2p_head_latest (self->head.head);
    const Ggen__Release *release = NULL;
    if (publisher && publisher->versions_count > 0 && publisher->versions[0].found)
        release = publisher->versions[0].found->release;
    if (release && message_same_bytes (release->sha256, latest->sha256))
        sign_renewed (self, latest, release->size_bytes);
    else
        on_listing (self, (bytes_t) {NULL, 0});
}

static void
find_latest_size (change_t *self, const Ggen__HeadVersion *latest)
{
    find_ask_t ask = {.name = self->id,
                      .version = latest->version,
                      .depth = FIND_VERSION,
                      .only = &self->head.key,
                      .answer_at_ms = out_now_ms (self->home->out) + self->home->settings->answer_ms,
                      .done = on_latest_found,
                      .arg = self};
    if (find_start (self->home, &ask) != OK)
        on_listing (self, (bytes_t) {NULL, 0});
}

void
change_list (change_t *self)
{
    const Ggen__HeadVersion *latest =
        self->head.payload ? p2p_head_latest (self->head.head) : NULL;
    const Ggen__Listing *old = self->offered.listing;
    self->key = self->head.key;
    if (!self->head.payload)
        change_store (self);
    else if (!latest)
        sign_withdrawn (self);
    else if (self->package && strcmp (latest->version, self->package->version) == 0) {
        rows_listing_t *listing = malloc (sizeof *listing);
        if (!listing) {
            change_refuse (self, BUSY, "", "p2p: out of memory");
            return;
        }
        rows_listing (listing, self->package, self->head.head->seq, self->head.head->issued_at);
        sign_listing (self, &listing->message);
        free (listing);
    }
    else if (old && message_same_bytes (old->sha256, latest->sha256))
        sign_renewed (self, latest, old->size_bytes);
    else
        find_latest_size (self, latest);
}

//  ---- into the outbox -----------------------------------------------------------------------------

//  We say so ourselves: others of this node see it at once.
static void
on_kept (void *self_)
{
    change_t *self = self_;
    discovered_t *discovered = self->home->discovered;
    publisher_key_t former;
    code_t code = OK;
    if (self->head.payload)
        code = discovered_head (discovered, &self->head);
    if (self->listing.payload && code != BUSY)
        code = discovered_listing (discovered, &self->listing);
    known_t *known =
        self->head.payload ? discovered_find (discovered, self->id, &self->head.key) : NULL;
    //  What cannot be signed here is not ours.
    if (known && self->listing.payload && code != BUSY)
        discovered_protect (discovered, known, true, known->pinned);
    if (!self->rotation.payload
        || publisher_key_from_field (&former, self->rotation.rotation->former_key) != OK
        || !(known = discovered_find (discovered, self->id, &former)))
        return;
    p2p_signed_t head;
    digest_t recovery;
    self->home->crypto->sha256 (self->rotation.key.bytes, sizeof self->rotation.key.bytes,
                                recovery.bytes);
    if (known->head.len == 0
        || p2p_signed_reopen (&head, GGEN__RECORD_KIND__HEAD,
                              (bytes_t) {known->head.data, known->head.len})
               != OK)
        return;
    bool named = message_same_bytes (head.head->recovery_sha256, digest_to_field (&recovery));
    p2p_signed_clear (&head);
    if (named && discovered_rotation (discovered, self->id, &self->rotation) == BUSY)
        change_warn (self, "p2p: out of memory");
}

static void
on_told (void *self_, const Ggen__OutboxState *state, const Ggen__Failure *failure)
{
    change_t *self = self_;
    if (failure) {
        out_refuse_as (self->home->out, self->ticket, failure);
        change_end (self);
        return;
    }
    if (state->records == 0 && self->head.payload)
        change_warn (self, "p2p: no node of the network has acknowledged %s yet; it is tried again",
                     self->id);
    self->answer (self, state);
    change_end (self);
}

static bool
set_record (ProtobufCBinaryData *field, const p2p_signed_t *record)
{
    return !record->payload || p2p_copy_bytes (field, p2p_signed_bytes (record));
}

void
change_store (change_t *self)
{
    Ggen__OutboxState *state = reply_new (&ggen__outbox_state__descriptor);
    reply_set_text (&state->id, self->id);
    reply_set_text (&state->version, self->version);
    bool good = set_record (&state->release, &self->signed_release)
                && set_record (&state->head, &self->head)
                && set_record (&state->rotation, &self->rotation)
                && set_record (&state->listing, &self->listing);
    if (good && self->listing.payload && self->listing.listing->withdrawn)
        good = set_record (&state->offered, &self->offered);
    if (good && self->withdraws)
        good = p2p_copy_bytes (&state->withdrawn_sha256,
                               (bytes_t) {self->withdrawn.bytes, DIGEST_SIZE});
    if (!good) {
        ggen__outbox_state__free_unpacked (state, NULL);
        change_refuse (self, BUSY, "", "p2p: out of memory");
        return;
    }
    state->left_out = self->left_out;
    outbox_asker_t asker = {on_kept, on_told, self};
    code_t code = outbox_add (self->home, state, self->ticket, self->answer_at_ms, &asker);
    if (code != OK)
        change_refuse (self, code, "see what waits: ggen p2p status",
                       "%s cannot be told to the network now: %s", self->id,
                       code == STORAGE ? "the outbox is full, or cannot be read"
                                       : code_name (code));
}
