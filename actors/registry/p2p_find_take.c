// SPDX-License-Identifier: MIT
#include "p2p_find_inside.h"

#include "semver.h"
#include "message.h"

#include <stdlib.h>
#include <string.h>

find_publisher_t *
find_publisher (find_t *self, const publisher_key_t *key)
{
    for (unsigned i = 0; i < self->publishers_count; i++)
        if (publisher_key_equal (&self->publishers[i].key, key))
            return &self->publishers[i];
    return NULL;
}

find_publisher_t *
find_add (find_t *self, const publisher_key_t *key)
{
    find_publisher_t *publisher = find_publisher (self, key);
    if (publisher)
        return publisher;
    if (self->publishers_count == FIND_PUBLISHERS_MAX) {
        self->cut = true;
        return NULL;
    }
    publisher = &self->publishers[self->publishers_count++];
    publisher->key = *key;
    return publisher;
}

//  ---- the newest of each --------------------------------------------------------------------------

static void
keep_listing (find_publisher_t *publisher, p2p_signed_t *listing)
{
    if (!publisher->listing.payload || publisher->listing.listing->seq < listing->listing->seq)
        p2p_signed_move (&publisher->listing, listing);
    p2p_signed_clear (listing);
}

static void
keep_head (find_publisher_t *publisher, p2p_signed_t *head)
{
    if (!publisher->head.payload || publisher->head.head->seq < head->head->seq) {
        p2p_signed_move (&publisher->head, head);
        publisher->sorted = false;
    }
    p2p_signed_clear (head);
}

static void
keep_rotation (find_t *self, p2p_signed_t *rotation)
{
    for (unsigned i = 0; i < self->rotations_count; i++)
        if (message_same_bytes (self->rotations[i].packed, rotation->packed)) {
            p2p_signed_clear (rotation);
            return;
        }
    if (self->rotations_count < FIND_ROTATIONS_MAX)
        p2p_signed_move (&self->rotations[self->rotations_count++], rotation);
    else
        self->cut = true;
    p2p_signed_clear (rotation);
}

static bytes_t
bytes_of (ProtobufCBinaryData field)
{
    return (bytes_t) {field.data, field.len};
}

static void
take_known (find_t *self, known_t *known)
{
    const crypto_t *crypto = self->home->crypto;
    p2p_signed_t record;
    find_publisher_t *publisher = find_add (self, &known->key);
    if (!publisher)
        return;
    publisher->pinned |= known->pinned;
    if (known->listing.len > 0
        && p2p_signed_open (&record, GGEN__RECORD_KIND__LISTING, bytes_of (known->listing), crypto)
               == OK)
        keep_listing (publisher, &record);
    if (known->head.len > 0
        && p2p_signed_open (&record, GGEN__RECORD_KIND__HEAD, bytes_of (known->head), crypto) == OK)
        keep_head (publisher, &record);
    if (known->rotation.len > 0
        && p2p_signed_open (&record, GGEN__RECORD_KIND__ROTATION, bytes_of (known->rotation), crypto)
               == OK)
        keep_rotation (self, &record);
    discovered_touch (self->home->discovered, known);
}

void
find_take_known (find_t *self)
{
    for (known_t *known = discovered_of_name (self->home->discovered, self->name); known;
         known = known->next_of_name)
        if (strcmp (known->name, self->name) == 0
            && (!self->one_key || find_publisher (self, &known->key)))
            take_known (self, known);
}

//  ---- from the network ----------------------------------------------------------------------------

//  What leaps or contradicts itself does not count; what we have no room for does, this once.
static bool
counts (code_t code)
{
    return code != SECURITY && code != VALIDATION;
}

void
find_take_listings (find_t *self, const Ggen__DhtReadReply *reply)
{
    for (size_t i = 0; i < reply->n_records; i++) {
        p2p_signed_t listing;
        if (p2p_signed_open (&listing, GGEN__RECORD_KIND__LISTING, bytes_of (reply->records[i]),
                             self->home->crypto)
            != OK)
            continue;
        find_publisher_t *publisher = NULL;
        if (strcmp (listing.listing->name, self->name) == 0
            && counts (discovered_listing (self->home->discovered, &listing)))
            publisher = self->one_key ? find_publisher (self, &listing.key)
                                      : find_add (self, &listing.key);
        if (publisher)
            keep_listing (publisher, &listing);
        p2p_signed_clear (&listing);
    }
}

void
find_take_heads (find_t *self, const Ggen__DhtReadReply *reply)
{
    for (size_t i = 0; i < reply->n_records; i++) {
        p2p_signed_t head;
        if (p2p_signed_open (&head, GGEN__RECORD_KIND__HEAD, bytes_of (reply->records[i]),
                             self->home->crypto)
            != OK)
            continue;
        find_publisher_t *publisher = find_publisher (self, &head.key);
        if (publisher && strcmp (head.head->name, self->name) == 0
            && counts (discovered_head (self->home->discovered, &head)))
            keep_head (publisher, &head);
        p2p_signed_clear (&head);
    }
}

//  By the recovery key that the former key's head names.
static bool
is_recovery (const find_t *self, const p2p_signed_t *rotation, const Ggen__Head *head)
{
    digest_t digest;
    self->home->crypto->sha256 (rotation->key.bytes, sizeof rotation->key.bytes, digest.bytes);
    return message_same_bytes (head->recovery_sha256, digest_to_field (&digest));
}

void
find_take_rotations (find_t *self, const Ggen__DhtReadReply *reply)
{
    for (size_t i = 0; i < reply->n_records; i++) {
        p2p_signed_t rotation;
        publisher_key_t former;
        if (p2p_signed_open (&rotation, GGEN__RECORD_KIND__ROTATION, bytes_of (reply->records[i]),
                             self->home->crypto)
            != OK)
            continue;
        const find_publisher_t *publisher = NULL;
        if (publisher_key_from_field (&former, rotation.rotation->former_key) == OK)
            publisher = find_publisher (self, &former);
        code_t code = OK;
        if (publisher && publisher->head.payload
            && is_recovery (self, &rotation, publisher->head.head))
            code = discovered_rotation (self->home->discovered, self->name, &rotation);
        if (publisher && code != BUSY)
            keep_rotation (self, &rotation);
        p2p_signed_clear (&rotation);
    }
}

//  The release that the head means: its own key's, or a former key's, for whose very words it stands, and
//  for that key where it names one.
static bool
is_meant (const find_t *self, const find_publisher_t *publisher, const Ggen__HeadVersion *listed,
          const p2p_signed_t *found)
{
    const Ggen__Release *release = found->release;
    if (strcmp (release->name, self->name) != 0
        || strcmp (release->version, listed->version) != 0
        || !message_same_bytes (release->sha256, listed->sha256))
        return false;
    if (listed->release_sha256.len == 0)
        return publisher_key_equal (&found->key, &publisher->key);
    publisher_key_t signer;
    if (listed->release_key.len > 0
        && (publisher_key_from_field (&signer, listed->release_key) != OK
            || !publisher_key_equal (&found->key, &signer)))
        return false;
    digest_t digest;
    Ggen__SignedRecord *record = NULL;
    bool same = false;
    if (record_open (&record, p2p_signed_bytes (found)) == OK) {
        self->home->crypto->sha256 (record->payload.data, record->payload.len, digest.bytes);
        same = message_same_bytes (listed->release_sha256, digest_to_field (&digest));
    }
    record_destroy (&record);
    return same;
}

static bool
has_release (const find_t *self, ProtobufCBinaryData packed)
{
    for (size_t i = 0; i < self->releases_count; i++)
        if (message_same_bytes (self->releases[i].packed, packed))
            return true;
    return false;
}

static bool
make_room (find_t *self)
{
    if (self->releases_count < self->releases_room)
        return true;
    size_t room = self->releases_room ? 2 * self->releases_room : 4;
    p2p_signed_t *releases = reallocarray (self->releases, room, sizeof *releases);
    if (!releases)
        return false;
    self->releases = releases;
    self->releases_room = room;
    return true;
}

//  One key holds few of them; a liar's more are not looked at.
void
find_take_releases (find_t *self, const Ggen__DhtReadReply *reply)
{
    for (size_t i = 0; i < reply->n_records && i < FIND_VERSIONS_MAX * FIND_PUBLISHERS_MAX; i++) {
        p2p_signed_t *place = make_room (self) ? &self->releases[self->releases_count] : NULL;
        if (place && !has_release (self, reply->records[i])
            && p2p_signed_open (place, GGEN__RECORD_KIND__RELEASE, bytes_of (reply->records[i]),
                                self->home->crypto)
                   == OK)
            self->releases_count++;
    }
}

//  What we publish ourselves may not have reached anybody yet.
void
find_take_own (find_t *self)
{
    const outbox_entry_t *entry = NULL;
    while ((entry = outbox_next (&self->home->outbox, entry)) != NULL) {
        const Ggen__OutboxState *state = outbox_state (entry);
        if (strcmp (state->id, self->name) != 0 || state->release.len == 0
            || has_release (self, state->release) || !make_room (self))
            continue;
        if (p2p_signed_reopen (&self->releases[self->releases_count], GGEN__RECORD_KIND__RELEASE,
                               bytes_of (state->release))
            == OK)
            self->releases_count++;
    }
}

void
find_take_pin (find_t *self, const Ggen__TrustListReply *reply)
{
    for (size_t i = 0; i < reply->n_pins; i++) {
        publisher_key_t key;
        if (strcmp (reply->pins[i]->name, self->name) != 0
            || publisher_key_from_field (&key, reply->pins[i]->key) != OK)
            continue;
        find_publisher_t *publisher = self->one_key ? find_publisher (self, &key)
                                                    : find_add (self, &key);
        known_t *known = discovered_find (self->home->discovered, self->name, &key);
        if (publisher)
            publisher->pinned = true;
        if (known)
            discovered_protect (self->home->discovered, known, known->own, true);
    }
}

//  ---- versions ------------------------------------------------------------------------------------

static int
newest_first (const void *a_, const void *b_)
{
    const Ggen__HeadVersion *a = *(Ggen__HeadVersion *const *) a_;
    const Ggen__HeadVersion *b = *(Ggen__HeadVersion *const *) b_;
    semver_t x, y;
    if (semver_parse (&x, a->version) != OK || semver_parse (&y, b->version) != OK)
        return 0;
    return semver_order (&y, &x);
}

//  Valid heads list canonical versions only.
static size_t
newest (find_t *self, find_publisher_t *publisher,
        const Ggen__HeadVersion *wanted[FIND_VERSIONS_MAX])
{
    Ggen__Head *head = publisher->head.head;
    if (!publisher->sorted && head->n_versions > 0)
        qsort (head->versions, head->n_versions, sizeof *head->versions, newest_first);
    publisher->sorted = true;
    size_t count = head->n_versions;
    if (count > FIND_VERSIONS_MAX) {
        count = FIND_VERSIONS_MAX;
        self->cut = true;
    }
    for (size_t i = 0; i < count; i++)
        wanted[i] = head->versions[i];
    return count;
}

//  Nor yanked by whoever has the name now.
static const Ggen__HeadVersion *
latest_of (find_t *self, const find_publisher_t *publisher)
{
    const Ggen__Head *decides = find_successor (self, publisher)->head.head;
    const Ggen__HeadVersion *latest = NULL;
    semver_t best, version;
    for (size_t i = 0; i < publisher->head.head->n_versions; i++) {
        const Ggen__HeadVersion *at = publisher->head.head->versions[i];
        const Ggen__HeadVersion *decided = p2p_head_version (decides, at->version);
        if (at->yanked || (decided && decided->yanked)
            || semver_parse (&version, at->version) != OK)
            continue;
        if (!latest || semver_compare_latest (&version, &best) > 0) {
            latest = at;
            best = version;
        }
    }
    return latest;
}

//  The pinned one's alone, if he has any.
static bool
is_aside (find_t *self, const find_publisher_t *publisher)
{
    for (unsigned i = 0; i < self->publishers_count && !publisher->pinned; i++)
        if (self->publishers[i].pinned && self->publishers[i].head.payload
            && latest_of (self, &self->publishers[i]))
            return true;
    return false;
}

size_t
find_wanted (find_t *self, find_publisher_t *publisher,
             const Ggen__HeadVersion *wanted[FIND_VERSIONS_MAX])
{
    if (!publisher->head.payload || self->depth < FIND_LATEST)
        return 0;
    if (self->depth == FIND_VERSIONS)
        return newest (self, publisher, wanted);
    if (self->depth == FIND_VERSION)
        wanted[0] = p2p_head_version (publisher->head.head, self->version);
    else
        wanted[0] = is_aside (self, publisher) ? NULL : latest_of (self, publisher);
    return wanted[0] ? 1 : 0;
}

static void
match (find_t *self, find_publisher_t *publisher)
{
    const Ggen__HeadVersion *wanted[FIND_VERSIONS_MAX];
    size_t count = find_wanted (self, publisher, wanted);
    publisher->versions = calloc (count + 1, sizeof *publisher->versions);
    publisher->versions_count = publisher->versions ? count : 0;
    for (size_t v = 0; v < publisher->versions_count; v++) {
        publisher->versions[v].listed = wanted[v];
        for (size_t i = 0; i < self->releases_count; i++)
            if (is_meant (self, publisher, wanted[v], &self->releases[i])) {
                publisher->versions[v].found = &self->releases[i];
                break;
            }
    }
}

void
find_match (find_t *self)
{
    for (unsigned i = 0; i < self->publishers_count; i++)
        match (self, &self->publishers[i]);
}

//  ---- who decides ---------------------------------------------------------------------------------

static const find_publisher_t *
rotated_to (find_t *self, const find_publisher_t *publisher)
{
    const p2p_signed_t *newest = NULL;
    publisher_key_t former, next;
    for (unsigned i = 0; i < self->rotations_count; i++) {
        const p2p_signed_t *at = &self->rotations[i];
        if (publisher_key_from_field (&former, at->rotation->former_key) == OK
            && publisher_key_equal (&former, &publisher->key)
            && is_recovery (self, at, publisher->head.head)
            && (!newest || newest->rotation->seq < at->rotation->seq))
            newest = at;
    }
    return newest && publisher_key_from_field (&next, newest->rotation->new_key) == OK
               ? find_publisher (self, &next)
               : NULL;
}

const find_publisher_t *
find_successor (find_t *self, const find_publisher_t *publisher)
{
    const find_publisher_t *at = rotated_to (self, publisher);
    publisher_key_t next;
    if (!at || !at->head.payload)
        at = publisher;
    for (unsigned i = 0; i < FIND_PUBLISHERS_MAX; i++) {
        const find_publisher_t *successor =
            publisher_key_from_field (&next, at->head.head->rotated_to) == OK
                ? find_publisher (self, &next)
                : NULL;
        if (!successor || !successor->head.payload || successor == at)
            break;
        at = successor;
    }
    return at;
}
