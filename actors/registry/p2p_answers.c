// SPDX-License-Identifier: MIT
//  What is asked of one name.
#include "p2p_requests.h"

#include "p2p_rows.h"
#include "package_id.h"
#include "publisher.pb-c.h"
#include "reply.h"
#include "semver.h"
#include "message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//  Packed bytes of one answer; what does not fit is left out, and it is incomplete.
#define REPLY_MAX (2u << 20)

//  ---- rows of a look-up ---------------------------------------------------------------------------

typedef struct {
    Ggen__Package **list;
    size_t count;
    size_t too_young;           //  left out
} rows_t;

static void
rows_free (rows_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        ggen__package__free_unpacked (self->list[i], NULL);
    free (self->list);
}

static bool
is_young (const find_t *find, const Ggen__Release *release)
{
    int64_t age_secs = out_wall_ms (find->home->out) / 1000 - release->published_at;
    int64_t min_secs = find->home->settings->min_publish_age_secs;
    //  Without a limit nothing is too young, whatever our clock says of when it was signed.
    return min_secs > 0 && age_secs < min_secs;
}

//  A version that both a key and its successor list is told once.
static bool
has_row (const rows_t *self, const Ggen__Package *package)
{
    for (size_t i = 0; i < self->count; i++)
        if (message_same_bytes (self->list[i]->record, package->record))
            return true;
    return false;
}

static void
add_row (rows_t *self, find_t *find, const find_publisher_t *publisher,
         const find_version_t *version)
{
    Ggen__Package *package = rows_of_version (find, publisher, version);
    if (!has_row (self, package))
        self->list[self->count++] = package;
    else
        ggen__package__free_unpacked (package, NULL);
}

//  Owned releases first, so that each carries the head of its own key.
static rows_t
rows_of (find_t *find, bool young_too)
{
    size_t room = 0;
    rows_t rows = {0};
    for (unsigned i = 0; i < find->publishers_count; i++)
        room += find->publishers[i].versions_count;
    rows.list = calloc (room + 1, sizeof *rows.list);
    for (unsigned former = 0; rows.list && former < 2; former++)
        for (unsigned i = 0; i < find->publishers_count; i++)
            for (size_t v = 0; v < find->publishers[i].versions_count; v++) {
                const find_publisher_t *publisher = &find->publishers[i];
                const find_version_t *version = &publisher->versions[v];
                const p2p_signed_t *found = version->found;
                if (!found
                    || publisher_key_equal (&found->key, &publisher->key) == (former == 1))
                    continue;
                if (!young_too && is_young (find, found->release))
                    rows.too_young++;
                else
                    add_row (&rows, find, publisher, version);
            }
    return rows;
}

static int
by_version (const void *a_, const void *b_)
{
    const Ggen__Package *a = *(Ggen__Package *const *) a_, *b = *(Ggen__Package *const *) b_;
    semver_t x, y;
    if (semver_parse (&x, a->version) != OK || semver_parse (&y, b->version) != OK)
        return strcmp (a->version, b->version);
    int order = semver_order (&x, &y);
    return order ? order
                 : memcmp (a->publisher->public_key.data, b->publisher->public_key.data,
                           PUBLISHER_KEY_SIZE);
}

//  ---- failures and warnings -----------------------------------------------------------------------

//  Nothing was found: is that so, or could nobody be asked?
static void
refuse_absent (const find_t *find, const char *version)
{
    const char *words, *alone = join_alone_text (find->home);
    code_t code = find_doubt (find, &words);
    if (alone && code != PACKAGE_NOT_FOUND)
        out_refuse (find->home->out, find->ticket, NETWORK, "look at the network: ggen p2p status",
                    "%s", alone);
    else if (code != PACKAGE_NOT_FOUND)
        out_refuse (find->home->out, find->ticket, code, "look at the network: ggen p2p status",
                    "%s cannot be looked up: %s", find->name, words);
    else
        out_refuse (find->home->out, find->ticket, code, "", "the network has no %s%s%s",
                    find->name, *version ? "@" : "", version);
}

#define WARNINGS_MAX 8

typedef struct {
    char *list[WARNINGS_MAX];
    size_t count;
} warnings_t;

static void
warn (warnings_t *self, char *text)
{
    if (text && self->count < WARNINGS_MAX)
        self->list[self->count++] = text;
    else
        free (text);
}

static void
warnings_free (warnings_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        free (self->list[i]);
}

static char *
text_of (const char *format, ...) printf_like (1, 2);

static char *
text_of (const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start (args, format);
    int size = vasprintf (&text, format, args);
    va_end (args);
    return size < 0 ? NULL : text;
}

static warnings_t
warnings_of (const find_t *find, const rows_t *rows)
{
    warnings_t warnings = {.count = 0};
    const char *words, *alone = join_alone_text (find->home);
    if (alone)
        warn (&warnings, text_of ("%s", alone));
    else if (find_doubt (find, &words) != PACKAGE_NOT_FOUND)
        warn (&warnings, text_of ("p2p: not everybody could be asked about %s: %s", find->name,
                                  words));
    if (find->cut)
        warn (&warnings,
              text_of ("p2p: of %s only %d publishers, and of each the newest %d versions, are told",
                       find->name, FIND_PUBLISHERS_MAX, FIND_VERSIONS_MAX));
    if (rows->too_young > 0)
        warn (&warnings, text_of ("p2p: %zu versions of %s are younger than"
                                  " security.min_publish_age and were left out",
                                  rows->too_young, find->name));
    return warnings;
}

//  ---- asking --------------------------------------------------------------------------------------

static code_t
look_up (registry_p2p_t *self, const delivery_t *at, const char *id, const char *version,
         find_depth_t depth, void (*done) (find_t *find, void *arg))
{
    find_ask_t ask = {.name = id,
                      .version = version,
                      .depth = depth,
                      .wants_rotations = depth == FIND_HEADS,
                      .all_answer = depth == FIND_HEADS,
                      .ticket = at->ticket,
                      .answer_at_ms = p2p_answer_at_ms (self, at),
                      .done = done};
    return find_start (self, &ask);
}

static bool
may_ask (const registry_p2p_t *self, const char *id)
{
    return package_id_valid (id) && !p2p_is_private (self, id);
}

//  ---- GetPackage ----------------------------------------------------------------------------------

static bool
is_stale (const find_t *find, const find_publisher_t *publisher)
{
    return find->home->settings->require_fresh
           && publisher->head.head->expires_at < out_wall_ms (find->home->out) / 1000;
}

//  The version called latest, of the publisher that trust has pinned if that one has any.
static Ggen__Package *
latest_of (find_t *find, const rows_t *rows)
{
    Ggen__Package *latest = NULL;
    bool latest_pinned = false;
    semver_t best, version;
    for (size_t i = 0; i < rows->count; i++) {
        Ggen__Package *package = rows->list[i];
        publisher_key_t key;
        if (package->yanked || semver_parse (&version, package->version) != OK
            || publisher_key_from_field (&key, package->publisher->public_key) != OK)
            continue;
        const find_publisher_t *publisher = find_publisher (find, &key);
        bool pinned = publisher && publisher->pinned;
        if (latest && (latest_pinned > pinned
                       || (latest_pinned == pinned
                           && semver_compare_latest (&version, &best) <= 0)))
            continue;
        latest = package;
        latest_pinned = pinned;
        best = version;
    }
    return latest;
}

static void
warn_of_rivals (warnings_t *warnings, const rows_t *rows, const Ggen__Package *chosen)
{
    char print[PUBLISHER_KEY_FINGERPRINT_SIZE + 1];
    publisher_key_t key;
    for (size_t i = 0; i < rows->count; i++) {
        const Ggen__Package *other = rows->list[i];
        if (message_same_bytes (other->publisher->public_key, chosen->publisher->public_key)
            || publisher_key_from_field (&key, other->publisher->public_key) != OK)
            continue;
        publisher_key_fingerprint (&key, print);
        warn (warnings, text_of ("p2p: %s is also published by %s (%s)", chosen->id, print,
                                 other->version));
    }
}

static void
answer_package (find_t *find, const rows_t *rows, Ggen__Package *package)
{
    warnings_t warnings = warnings_of (find, rows);
    warn_of_rivals (&warnings, rows, package);
    Ggen__PackageReply reply = GGEN__PACKAGE_REPLY__INIT;
    reply.package = package;
    reply.warnings = warnings.list;
    reply.n_warnings = warnings.count;
    out_answer (find->home->out, find->ticket, &reply.base);
    warnings_free (&warnings);
}

static void
on_latest (find_t *find, void *arg)
{
    (void) arg;
    rows_t rows = rows_of (find, false);
    Ggen__Package *latest = latest_of (find, &rows);
    publisher_key_t key;
    const find_publisher_t *publisher =
        latest && publisher_key_from_field (&key, latest->publisher->public_key) == OK
            ? find_publisher (find, &key)
            : NULL;
    if (!latest)
        refuse_absent (find, "");
    else if (publisher && publisher->head.payload && is_stale (find, publisher))
        out_refuse (find->home->out, find->ticket, SECURITY,
                    "name a version, or set security.require_fresh to false",
                    "the newest head of %s that the network has is out of date: what is latest"
                    " is not known", find->name);
    else
        answer_package (find, &rows, latest);
    rows_free (&rows);
}

code_t
p2p_on_get (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    registry_p2p_t *self = self_;
    const char *id = ((const Ggen__GetPackageRequest *) (const void *) message)->id;
    if (!may_ask (self, id))
        return PACKAGE_NOT_FOUND;
    //  Which one is old enough is seen by all of them only.
    bool one = self->settings->min_publish_age_secs == 0;
    return look_up (self, at, id, NULL, one ? FIND_LATEST : FIND_VERSIONS, on_latest);
}

//  ---- GetPackageVersion ---------------------------------------------------------------------------

static void
on_version (find_t *find, void *arg)
{
    (void) arg;
    rows_t rows = rows_of (find, true);
    Ggen__Package *chosen = NULL;
    for (size_t i = 0; i < rows.count; i++) {
        publisher_key_t key;
        const find_publisher_t *publisher =
            publisher_key_from_field (&key, rows.list[i]->publisher->public_key) == OK
                ? find_publisher (find, &key)
                : NULL;
        if (!chosen || (publisher && publisher->pinned))
            chosen = rows.list[i];
    }
    if (chosen)
        answer_package (find, &rows, chosen);
    else
        refuse_absent (find, find->version);
    rows_free (&rows);
}

code_t
p2p_on_get_version (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    registry_p2p_t *self = self_;
    const Ggen__GetPackageVersionRequest *request = (const void *) message;
    if (!may_ask (self, request->id) || !semver_is_canonical (request->version))
        return PACKAGE_NOT_FOUND;
    return look_up (self, at, request->id, request->version, FIND_VERSION, on_version);
}

//  ---- ListVersions --------------------------------------------------------------------------------

static void
on_versions (find_t *find, void *arg)
{
    (void) arg;
    rows_t rows = rows_of (find, false);
    if (rows.count == 0 && find->failure_code != OK) {
        refuse_absent (find, "");
        rows_free (&rows);
        return;
    }
    if (rows.count > 0)
        qsort (rows.list, rows.count, sizeof *rows.list, by_version);
    warnings_t warnings = warnings_of (find, &rows);
    Ggen__ListVersionsReply reply = GGEN__LIST_VERSIONS_REPLY__INIT;
    size_t size = 0, first = rows.count;
    while (first > 0
           && (size += ggen__package__get_packed_size (rows.list[first - 1]) + 8) <= REPLY_MAX)
        first--;
    reply.versions = rows.list + first;
    reply.n_versions = rows.count - first;
    reply.incomplete =
        find->incomplete || find->cut || first > 0 || join_alone_text (find->home);
    reply.warnings = warnings.list;
    reply.n_warnings = warnings.count;
    out_answer (find->home->out, find->ticket, &reply.base);
    warnings_free (&warnings);
    rows_free (&rows);
}

code_t
p2p_on_list_versions (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    registry_p2p_t *self = self_;
    const char *id = ((const Ggen__ListVersionsRequest *) (const void *) message)->id;
    if (may_ask (self, id))
        return look_up (self, at, id, NULL, FIND_VERSIONS, on_versions);
    Ggen__ListVersionsReply reply = GGEN__LIST_VERSIONS_REPLY__INIT;
    return out_reply (at, &reply.base);
}

//  ---- Exists --------------------------------------------------------------------------------------

static void
on_exists (find_t *find, void *arg)
{
    (void) arg;
    Ggen__ExistsReply reply = GGEN__EXISTS_REPLY__INIT;
    for (unsigned i = 0; i < find->publishers_count; i++) {
        const find_publisher_t *publisher = &find->publishers[i];
        bool offered = publisher->listing.payload && !publisher->listing.listing->withdrawn;
        bool listed = publisher->head.payload && publisher->head.head->n_versions > 0;
        reply.exists |= offered || listed;
    }
    const char *words;
    if (!reply.exists && find_doubt (find, &words) != PACKAGE_NOT_FOUND)
        refuse_absent (find, "");
    else
        out_answer (find->home->out, find->ticket, &reply.base);
}

code_t
p2p_on_exists (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    registry_p2p_t *self = self_;
    const char *id = ((const Ggen__ExistsRequest *) (const void *) message)->id;
    Ggen__ExistsReply reply = GGEN__EXISTS_REPLY__INIT;
    if (!may_ask (self, id))
        return out_reply (at, &reply.base);
    for (const known_t *known = discovered_of_name (self->discovered, id); known;
         known = known->next_of_name)
        if (strcmp (known->name, id) == 0 && known->listing.len > 0 && !known->withdrawn) {
            reply.exists = true;
            return out_reply (at, &reply.base);
        }
    return look_up (self, at, id, NULL, FIND_PUBLISHERS, on_exists);
}

//  ---- GetHeads ------------------------------------------------------------------------------------

static void
on_heads (find_t *find, void *arg)
{
    (void) arg;
    ProtobufCBinaryData records[FIND_PUBLISHERS_MAX + FIND_ROTATIONS_MAX];
    Ggen__GetHeadsReply reply = GGEN__GET_HEADS_REPLY__INIT;
    rows_t none = {0};
    reply.records = records;
    for (unsigned i = 0; i < find->publishers_count; i++)
        if (find->publishers[i].head.payload)
            records[reply.n_records++] = find->publishers[i].head.packed;
    for (unsigned i = 0; i < find->rotations_count; i++)
        records[reply.n_records++] = find->rotations[i].packed;
    if (reply.n_records == 0 && find->failure_code != OK) {
        refuse_absent (find, "");
        return;
    }
    warnings_t warnings = warnings_of (find, &none);
    reply.warnings = warnings.list;
    reply.n_warnings = warnings.count;
    out_answer (find->home->out, find->ticket, &reply.base);
    warnings_free (&warnings);
}

code_t
p2p_on_get_heads (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    registry_p2p_t *self = self_;
    const char *id = ((const Ggen__GetHeadsRequest *) (const void *) message)->id;
    if (may_ask (self, id))
        return look_up (self, at, id, NULL, FIND_HEADS, on_heads);
    Ggen__GetHeadsReply reply = GGEN__GET_HEADS_REPLY__INIT;
    return out_reply (at, &reply.base);
}

//  ---- of ourselves --------------------------------------------------------------------------------

code_t
p2p_on_metadata (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    registry_p2p_t *self = self_;
    static char *features[] = {"search", "publish", "heads", "signatures"};
    Ggen__MetadataReply reply = GGEN__METADATA_REPLY__INIT;
    reply.name = "p2p";
    reply.url = (char *) self->settings->topic;
    reply.version = GGEN_VERSION;
    reply.supports_publish = true;
    reply.features = features;
    reply.n_features = COUNT_OF (features);
    discovered_walk_t walk = {0};
    const known_t *known, *named = NULL;
    while ((known = discovered_next (self->discovered, &walk)) != NULL) {
        bool counted = named && strcmp (named->name, known->name) == 0;
        if (known->listing.len == 0 || known->withdrawn || counted)
            continue;
        reply.packages_count++;
        named = known;
    }
    return out_reply (at, &reply.base);
}

code_t
p2p_on_outbox (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    registry_p2p_t *self = self_;
    Ggen__OutboxEntry rooms[OUTBOX_MAX], *entries[OUTBOX_MAX];
    Ggen__OutboxReply reply = GGEN__OUTBOX_REPLY__INIT;
    reply.entries = entries;
    for (const outbox_entry_t *at_entry = NULL;
         (at_entry = outbox_next (&self->outbox, at_entry)) != NULL;) {
        const Ggen__OutboxState *state = outbox_state (at_entry);
        Ggen__OutboxEntry *entry = entries[reply.n_entries] = &rooms[reply.n_entries];
        reply.n_entries++;
        ggen__outbox_entry__init (entry);
        entry->id = state->id;
        entry->version = state->version;
        entry->stored = state->stored;
        entry->wanted = state->release.len > 0 ? self->settings->replicas : 0;
        entry->records = state->records;
        entry->announced = state->announced;
        entry->done = outbox_is_done (at_entry);
    }
    return out_reply (at, &reply.base);
}

code_t
p2p_on_status (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    registry_p2p_t *self = self_;
    Ggen__P2pStatusReply reply = self->counts;
    discovered_walk_t walk = {0};
    for (const known_t *known; (known = discovered_next (self->discovered, &walk)) != NULL;)
        reply.published += known->own;
    reply.discovered = discovered_count (self->discovered);
    return out_reply (at, &reply.base);
}
