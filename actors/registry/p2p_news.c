// SPDX-License-Identifier: MIT
//  What gossip brings, and what swarm tells. News counts when it is signed and agrees with itself: the
//  listing, head and releases are of one publisher and one name, the listing is of this head, the head
//  lists what the listing and the releases offer. Whoever spoke otherwise is told of to gossip.
#include "p2p_requests.h"

#include "gossip.pb-c.h"
#include "package_id.h"
#include "message.h"
#include "swarm.pb-c.h"
#include "trust.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEWS_BYTES_MAX    65536
#define NEWS_RELEASES_MAX 16            //  of one item
#define FOLLOW_RETRY_MS   30000
#define PINS_MS           600000        //  between two looks at trust's pins
#define CAME_MS           5000          //  peers that come within so long
#define CAME_COUNT        2             //  and are so many: two halves have met

//  ---- following -----------------------------------------------------------------------------------

static code_t
on_followed (void *home_, void *arg, const answer_t *answer)
{
    (void) arg;
    registry_p2p_t *home = home_;
    if (!answer->progress && answer->code != OK)
        home->follow_at_ms = answer->now_ms + FOLLOW_RETRY_MS;
    return OK;
}

static void
follow (registry_p2p_t *home, const char *category)
{
    char topic[256];
    Ggen__FollowRequest request = GGEN__FOLLOW_REQUEST__INIT;
    int size = snprintf (topic, sizeof topic, "%s%s%s", home->settings->topic,
                         category ? "/" : "", category ? category : "");
    if (size >= (int) sizeof topic)
        return;
    request.topic = topic;
    ask_t ask = {.to = "gossip",
                 .message = &request.base,
                 .expect = &ggen__follow_reply__descriptor,
                 .on_answer = on_followed};
    if (out_ask (home->out, &ask) != OK)
        home->follow_at_ms = out_now_ms (home->out) + FOLLOW_RETRY_MS;
}

void
news_follow (registry_p2p_t *home)
{
    home->follow_at_ms = DEADLINE_NEVER;
    for (unsigned i = 0; i < home->settings->categories_count; i++)
        follow (home, home->settings->categories[i]);
    if (home->settings->categories_count == 0)
        follow (home, NULL);
}

//  ---- whom we trust is not driven out -------------------------------------------------------------

static code_t
on_pins (void *home_, void *arg, const answer_t *answer)
{
    (void) arg;
    registry_p2p_t *home = home_;
    const Ggen__TrustListReply *reply = (const void *) answer->message;
    for (size_t i = 0; answer->code == OK && reply && i < reply->n_pins; i++) {
        publisher_key_t key;
        known_t *known = publisher_key_from_field (&key, reply->pins[i]->key) == OK
                             ? discovered_find (home->discovered, reply->pins[i]->name, &key)
                             : NULL;
        if (known)
            discovered_protect (home->discovered, known, known->own, true);
    }
    return OK;
}

//  Before it becomes tight.
static void
look_at_pins (registry_p2p_t *home, int64_t now_ms)
{
    uint32_t room = home->settings->discovered_max ? home->settings->discovered_max : DISCOVERED_MAX;
    if (now_ms < home->pins_at_ms || discovered_count (home->discovered) < room / 2)
        return;
    home->pins_at_ms = now_ms + PINS_MS;
    Ggen__TrustListRequest request = GGEN__TRUST_LIST_REQUEST__INIT;
    ask_t ask = {.to = "trust",
                 .message = &request.base,
                 .expect = &ggen__trust_list_reply__descriptor,
                 .on_answer = on_pins};
    if (out_ask (home->out, &ask) != OK)
        home->pins_at_ms = now_ms;
}

//  ---- news ----------------------------------------------------------------------------------------

static bytes_t
bytes_of (ProtobufCBinaryData field)
{
    return (bytes_t) {field.data, field.len};
}

static bool
listing_agrees (const p2p_signed_t *listing, const p2p_signed_t *head)
{
    const Ggen__Listing *said = listing->listing;
    if (!publisher_key_equal (&listing->key, &head->key)
        || strcmp (said->name, head->head->name) != 0 || said->seq != head->head->seq)
        return false;
    const Ggen__HeadVersion *latest = p2p_head_latest (head->head);
    if (said->withdrawn)
        return !latest;
    const Ggen__HeadVersion *told = p2p_head_version (head->head, said->version);
    return told && !told->yanked && message_same_bytes (told->sha256, said->sha256);
}

static bool
releases_agree (const registry_p2p_t *home, const Ggen__PackageNews *news,
                const p2p_signed_t *head)
{
    for (size_t i = 0; i < news->n_releases; i++) {
        p2p_signed_t found;
        if (p2p_signed_open (&found, GGEN__RECORD_KIND__RELEASE, bytes_of (news->releases[i]),
                             home->crypto)
            != OK)
            return false;
        const Ggen__HeadVersion *told = p2p_head_version (head->head, found.release->version);
        bool agrees = told && strcmp (found.release->name, head->head->name) == 0
                      && message_same_bytes (told->sha256, found.release->sha256)
                      && (publisher_key_equal (&found.key, &head->key)
                          || told->release_sha256.len > 0);
        p2p_signed_clear (&found);
        if (!agrees)
            return false;
    }
    return true;
}

//  A rotation that comes along has to be of this publisher; whether its recovery key is the one named is
//  seen by that head.
static bool
rotations_agree (registry_p2p_t *home, const Ggen__PackageNews *news, const p2p_signed_t *head)
{
    for (size_t i = 0; i < news->n_rotations; i++) {
        p2p_signed_t rotation;
        publisher_key_t former, next;
        if (p2p_signed_open (&rotation, GGEN__RECORD_KIND__ROTATION,
                             bytes_of (news->rotations[i]), home->crypto)
            != OK)
            return false;
        bool agrees =
            publisher_key_from_field (&former, rotation.rotation->former_key) == OK
            && publisher_key_from_field (&next, rotation.rotation->new_key) == OK
            && (publisher_key_equal (&former, &head->key)
                || publisher_key_equal (&next, &head->key));
        p2p_signed_clear (&rotation);
        if (!agrees)
            return false;
    }
    return true;
}

//  Nothing in it that we did not know: no signature has to be checked for that.
static bool
is_known (const registry_p2p_t *home, const Ggen__PackageNews *news)
{
    p2p_signed_t listing;
    if (p2p_signed_reopen (&listing, GGEN__RECORD_KIND__LISTING, bytes_of (news->listing)) != OK)
        return false;
    const known_t *known = discovered_find (home->discovered, listing.listing->name, &listing.key);
    bool same = known && message_same_bytes (known->listing, news->listing)
                && message_same_bytes (known->head, news->head);
    p2p_signed_clear (&listing);
    return same;
}

typedef enum { NEWS_TAKEN, NEWS_IGNORED, NEWS_WRONG } verdict_t;

static verdict_t
keep (registry_p2p_t *home, const p2p_signed_t *listing, const p2p_signed_t *head)
{
    if (p2p_is_private (home, listing->listing->name))
        return NEWS_IGNORED;
    code_t code = discovered_head (home->discovered, head);
    if (code != OK && code != ALREADY_EXISTS)
        return NEWS_IGNORED;
    code = discovered_listing (home->discovered, listing);
    return code == OK ? NEWS_TAKEN : NEWS_IGNORED;
}

static verdict_t
judge_signed (registry_p2p_t *home, const Ggen__PackageNews *news, p2p_signed_t *listing,
              p2p_signed_t *head)
{
    if (p2p_signed_open (listing, GGEN__RECORD_KIND__LISTING, bytes_of (news->listing),
                         home->crypto)
            != OK
        || p2p_signed_open (head, GGEN__RECORD_KIND__HEAD, bytes_of (news->head), home->crypto)
               != OK
        || !listing_agrees (listing, head) || !releases_agree (home, news, head)
        || !rotations_agree (home, news, head))
        return NEWS_WRONG;
    return keep (home, listing, head);
}

static verdict_t
judge (registry_p2p_t *home, const Ggen__PackageNews *news)
{
    p2p_signed_t listing = {.packed = {0}}, head = {.packed = {0}};
    if (news->n_releases > NEWS_RELEASES_MAX || news->n_rotations > NEWS_RELEASES_MAX)
        return NEWS_WRONG;
    if (is_known (home, news))
        return NEWS_IGNORED;
    verdict_t verdict = judge_signed (home, news, &listing, &head);
    p2p_signed_clear (&listing);
    p2p_signed_clear (&head);
    return verdict;
}

code_t
p2p_on_announced (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    registry_p2p_t *home = self;
    const Ggen__Announced *announced = (const void *) message;
    verdict_t verdict = NEWS_WRONG;
    if (announced->item.len <= NEWS_BYTES_MAX) {
        Ggen__PackageNews *news =
            ggen__package_news__unpack (NULL, announced->item.len, announced->item.data);
        if (news)
            verdict = judge (home, news);
        ggen__package_news__free_unpacked (news, NULL);
    }
    home->counts.news_accepted += verdict == NEWS_TAKEN;
    home->counts.news_refused += verdict == NEWS_WRONG;
    if (verdict == NEWS_WRONG) {
        Ggen__AnnouncedInvalid invalid = GGEN__ANNOUNCED_INVALID__INIT;
        invalid.id = announced->id;
        invalid.origin = announced->origin;
        out_event (home->out, at->from, &invalid.base);
    }
    look_at_pins (home, at->now_ms);
    return OK;
}

//  ---- peers --------------------------------------------------------------------------------

static bool
serves_dht (const Ggen__PeerUp *up)
{
    for (size_t i = 0; i < up->n_protocols; i++)
        if (strcmp (up->protocols[i], "dht/1") == 0)
            return up->tier != GGEN__TIER__CLIENT;
    return false;
}

code_t
p2p_on_peer_up (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    registry_p2p_t *home = self;
    const Ggen__PeerUp *up = (const void *) message;
    join_peer (home, serves_dht (up), at->now_ms);
    //  A link for one look-up is no neighbour.
    if (!up->kept)
        return OK;
    if (at->now_ms - home->came_since_ms > CAME_MS) {
        home->came_since_ms = at->now_ms;
        home->came_count = 0;
    }
    outbox_wake (home, 1000);
    late_wake (home);
    if (++home->came_count == CAME_COUNT)
        outbox_announce_again (home);
    return OK;
}

code_t
p2p_on_connectivity (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) at;
    registry_p2p_t *home = self;
    const Ggen__ConnectivityChanged *changed = (const void *) message;
    join_changed (home, changed->connectivity == GGEN__CONNECTIVITY__OFFLINE);
    if (changed->connectivity == GGEN__CONNECTIVITY__OFFLINE)
        return OK;
    outbox_wake (home, 0);
    if (changed->connectivity == GGEN__CONNECTIVITY__CONNECTED)
        outbox_announce_again (home);
    return OK;
}
