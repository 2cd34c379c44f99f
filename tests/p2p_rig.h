// SPDX-License-Identifier: MIT
//  "registry_p2p" in the hands of a test, in a world of tests/p2p_world.h, and what publishers sign there.
//  Include after cmocka.h.
#ifndef GGEN_TESTS_P2P_RIG_H
#define GGEN_TESTS_P2P_RIG_H

#include "actors/registry/registry_p2p.h"
#include "messages/semver.h"
#include "publisher.pb-c.h"
#include "registry.pb-c.h"
#include "swarm.pb-c.h"
#include "tests/memory_state.h"
#include "tests/p2p_world.h"
#include "tests/puppet.h"

#define RIG_VERSIONS_MAX 64
#define RIG_WALL         1763600000         //  seconds, of puppet.h
#define RIG_OTHERS       7

typedef struct {
    puppet_t registry;
    puppet_t others[RIG_OTHERS];            //  the world's actors, and "state"
    p2p_world_t *world;
    memory_state_t *state;
    registry_p2p_settings_t settings;
    const char *held;                       //  nobody carries its mail; NULL
    bool unannounced;                       //  neighbours are not told of what is published
    const char *description;                //  of what is published; NULL: of tests
    bool shared;                            //  world and state are another rig's
} rig_t;

//  ---- life ----------------------------------------------------------------------------------------

static inline void
rig_settle (rig_t *self)
{
    for (bool moved = true; moved;) {
        moved = false;
        for (unsigned i = 0; i < RIG_OTHERS; i++)
            if (!self->held || strcmp (self->others[i].class->name, self->held) != 0)
                moved |= puppet_relay (&self->registry, &self->others[i]);
    }
}

static inline void
rig_start (rig_t *self)
{
    puppet_start (&self->registry, &registry_p2p_actor, &self->settings);
    rig_settle (self);
}

//  In this world; NULL: in one of its own.
static inline rig_t *
rig_new (p2p_world_t *world)
{
    static const actor_class_t *const classes[] = {
        &p2p_dht_actor,     &p2p_gossip_actor, &p2p_transfer_actor, &p2p_cache_actor,
        &p2p_keyring_actor, &p2p_trust_actor,  &memory_state_actor};
    rig_t *self = calloc (1, sizeof *self);
    assert_non_null (self);
    self->shared = world != NULL;
    self->world = world ? world : p2p_world_new ();
    self->state = calloc (1, sizeof *self->state);
    assert_non_null (self->state);
    self->settings = registry_p2p_settings_default;
    self->settings.replicas = 1;
    for (unsigned i = 0; i < RIG_OTHERS; i++)
        puppet_start (&self->others[i], classes[i],
                      classes[i] == &memory_state_actor ? (void *) self->state
                                                        : (void *) self->world);
    return self;
}

static inline void
rig_free (rig_t *self)
{
    puppet_stop (&self->registry);
    for (unsigned i = 0; i < RIG_OTHERS; i++)
        puppet_stop (&self->others[i]);
    memory_state_clear (self->state);
    free (self->state);
    if (!self->shared)
        p2p_world_destroy (&self->world);
    free (self);
}

static inline void
rig_restart (rig_t *self)
{
    puppet_stop (&self->registry);
    rig_start (self);
}

//  Time passes, and mail is carried.
static inline void
rig_wait (rig_t *self, int64_t ms)
{
    for (int64_t step; ms > 0; ms -= step) {
        step = ms < 500 ? ms : 500;
        puppet_wait (&self->registry, step);
        rig_settle (self);
    }
}

//  An event of another actor.
static inline void
rig_tell (rig_t *self, const char *from, const ProtobufCMessage *message)
{
    size_t size;
    uint8_t *body = puppet_pack (message, &size);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__EVENT;
    envelope.from = (char *) from;
    envelope.type = (char *) message->descriptor->short_name;
    assert_int_equal (puppet_deliver (&self->registry, &envelope, body, size), OK);
    free (body);
    rig_settle (self);
}

//  ---- what publishers sign ------------------------------------------------------------------------

static inline digest_t
rig_digest (const char *id, const char *version, unsigned who)
{
    char text[200];
    digest_t digest;
    snprintf (text, sizeof text, "%s %s %u", id, version, who);
    crypto_real.sha256 (text, strlen (text), digest.bytes);
    return digest;
}

static inline ProtobufCBinaryData
rig_release_at (const rig_t *self, unsigned who, const char *id, const char *version,
                const digest_t *digest, int64_t published_at)
{
    digest_t copy = *digest;
    Ggen__SignedDependency dependency = GGEN__SIGNED_DEPENDENCY__INIT, *dependencies = &dependency;
    Ggen__Release release = GGEN__RELEASE__INIT;
    dependency.name = "base";
    dependency.requirement = "^1.0.0";
    release.name = (char *) id;
    release.version = (char *) version;
    release.sha256 = release.chunks = release.files_sha256 = release.manifest_sha256 =
        digest_to_field (&copy);
    release.size_bytes = 100;
    release.chunk_bytes = 262144;
    release.unpacked_bytes = 1;
    release.files_count = 1;
    release.dependencies = &dependencies;
    release.n_dependencies = 1;
    release.published_at = published_at;
    release.archive_format = "tar.gz";
    return p2p_sign (self->world, who, GGEN__RECORD_KIND__RELEASE, &release.base);
}

static inline ProtobufCBinaryData
rig_release (const rig_t *self, unsigned who, const char *id, const char *version)
{
    digest_t digest = rig_digest (id, version, who);
    return rig_release_at (self, who, id, version, &digest, RIG_WALL - 100);
}

//  Versions as "1.0.0 1.1.0!", where '!' means yanked.
typedef struct {
    Ggen__Head head;
    Ggen__HeadVersion rooms[RIG_VERSIONS_MAX], *list[RIG_VERSIONS_MAX];
    digest_t digests[RIG_VERSIONS_MAX], recovery;
    char texts[RIG_VERSIONS_MAX][40];
} rig_head_t;

static inline void
rig_head_fill (rig_head_t *self, unsigned who, const char *id, uint64_t seq, const char *versions)
{
    Ggen__Head *head = &self->head;
    ggen__head__init (head);
    head->name = (char *) id;
    head->seq = seq;
    head->issued_at = RIG_WALL - 100;
    head->expires_at = RIG_WALL + 1000000;
    head->versions = self->list;
    for (const char *at = versions; *at;) {
        size_t i = head->n_versions++, size = strcspn (at, " ");
        bool yanked = at[size - 1] == '!';
        snprintf (self->texts[i], sizeof self->texts[i], "%.*s", (int) (size - yanked), at);
        ggen__head_version__init (self->list[i] = &self->rooms[i]);
        self->digests[i] = rig_digest (id, self->texts[i], who);
        self->rooms[i].version = self->texts[i];
        self->rooms[i].sha256 = digest_to_field (&self->digests[i]);
        self->rooms[i].yanked = yanked;
        if (yanked)
            self->rooms[i].yank_reason = "broken";
        at += size + (at[size] == ' ');
    }
}

static inline ProtobufCBinaryData
rig_head (const rig_t *self, unsigned who, const char *id, uint64_t seq, const char *versions)
{
    rig_head_t head;
    rig_head_fill (&head, who, id, seq, versions);
    return p2p_sign (self->world, who, GGEN__RECORD_KIND__HEAD, &head.head.base);
}

static inline ProtobufCBinaryData
rig_listing_of (const rig_t *self, unsigned who, const char *id, uint64_t seq, const char *version,
                const char *description, const char *tag)
{
    char keywords[DISCOVERY_KEYWORDS_MAX][DISCOVERY_KEYWORD_MAX + 1];
    char *list[DISCOVERY_KEYWORDS_MAX];
    digest_t digest = rig_digest (id, version, who);
    Ggen__Package package = GGEN__PACKAGE__INIT;
    Ggen__Listing listing = GGEN__LISTING__INIT;
    package.id = (char *) id;
    package.description = (char *) description;
    package.tags = (char **) &tag;
    package.n_tags = tag ? 1 : 0;
    listing.name = (char *) id;
    listing.seq = seq;
    listing.issued_at = RIG_WALL - 100;
    listing.ttl_secs = 3600;
    listing.version = (char *) version;
    listing.title = (char *) id;
    listing.description = (char *) description;
    listing.tags = package.tags;
    listing.n_tags = package.n_tags;
    listing.sha256 = digest_to_field (&digest);
    listing.size_bytes = 100;
    listing.n_keywords = discovery_keywords (&package, keywords);
    for (size_t i = 0; i < listing.n_keywords; i++)
        list[i] = keywords[i];
    listing.keywords = list;
    return p2p_sign (self->world, who, GGEN__RECORD_KIND__LISTING, &listing.base);
}

static inline ProtobufCBinaryData
rig_listing (const rig_t *self, unsigned who, const char *id, uint64_t seq, const char *version)
{
    return rig_listing_of (self, who, id, seq, version, "For tests", NULL);
}

//  ---- what lies in the DHT ------------------------------------------------------------------------

static inline void
rig_put (rig_t *self, const digest_t *key, ProtobufCBinaryData record)
{
    ProtobufCBinaryData newer = {0};
    assert_true (p2p_store (self->world, key, record, &newer));
    free (record.data);
}

static inline void
rig_put_listing (rig_t *self, const char *id, ProtobufCBinaryData record)
{
    digest_t key;
    dht_key_name (&key, crypto_real.sha256, id);
    rig_put (self, &key, record);
}

static inline void
rig_put_head (rig_t *self, unsigned who, const char *id, ProtobufCBinaryData record)
{
    digest_t key;
    dht_key_head (&key, crypto_real.sha256, id, &self->world->keys[who]);
    rig_put (self, &key, record);
}

static inline void
rig_put_release (rig_t *self, unsigned who, const char *id, const char *version,
                 ProtobufCBinaryData record)
{
    digest_t key;
    dht_key_release (&key, crypto_real.sha256, id, version, &self->world->keys[who]);
    rig_put (self, &key, record);
}

static inline void
rig_put_keyword (rig_t *self, const char *word, unsigned part, ProtobufCBinaryData record)
{
    digest_t key;
    dht_key_keyword (&key, crypto_real.sha256, word, part);
    rig_put (self, &key, record);
}

//  What somebody else has published: listing of the latest, head, releases.
static inline void
rig_plant (rig_t *self, unsigned who, const char *id, uint64_t seq, const char *versions)
{
    rig_head_t head;
    const Ggen__HeadVersion *latest = NULL;
    semver_t best, version;
    rig_head_fill (&head, who, id, seq, versions);
    for (size_t i = 0; i < head.head.n_versions; i++) {
        const Ggen__HeadVersion *at = head.list[i];
        rig_put_release (self, who, id, at->version, rig_release (self, who, id, at->version));
        assert_int_equal (semver_parse (&version, at->version), OK);
        if (!at->yanked && (!latest || semver_compare_latest (&version, &best) > 0)) {
            latest = at;
            best = version;
        }
    }
    rig_put_head (self, who, id, rig_head (self, who, id, seq, versions));
    if (latest)
        rig_put_listing (self, id, rig_listing (self, who, id, seq, latest->version));
}

//  ---- asking --------------------------------------------------------------------------------------

static inline void *
rig_hear (rig_t *self, const ProtobufCMessageDescriptor *type)
{
    return puppet_hear (&self->registry, type);
}

static inline void
rig_expect_failure (rig_t *self, code_t code)
{
    Ggen__Failure *failure = rig_hear (self, &ggen__failure__descriptor);
    if (failure->code != code)
        fail_msg ("%s instead of %s: %s", code_name (failure->code), code_name (code),
                  failure->message);
    puppet_free (failure);
}

static inline void
rig_ask (rig_t *self, const ProtobufCMessage *message)
{
    puppet_ask (&self->registry, message);
    rig_settle (self);
}

static inline void
rig_ask_get (rig_t *self, const char *id)
{
    Ggen__GetPackageRequest request = GGEN__GET_PACKAGE_REQUEST__INIT;
    request.id = (char *) id;
    rig_ask (self, &request.base);
}

static inline Ggen__PackageReply *
rig_get (rig_t *self, const char *id)
{
    rig_ask_get (self, id);
    return rig_hear (self, &ggen__package_reply__descriptor);
}

static inline void
rig_ask_version (rig_t *self, const char *id, const char *version)
{
    Ggen__GetPackageVersionRequest request = GGEN__GET_PACKAGE_VERSION_REQUEST__INIT;
    request.id = (char *) id;
    request.version = (char *) version;
    rig_ask (self, &request.base);
}

static inline void
rig_ask_list (rig_t *self, const char *id)
{
    Ggen__ListVersionsRequest request = GGEN__LIST_VERSIONS_REQUEST__INIT;
    request.id = (char *) id;
    rig_ask (self, &request.base);
}

static inline Ggen__ListVersionsReply *
rig_list (rig_t *self, const char *id)
{
    rig_ask_list (self, id);
    return rig_hear (self, &ggen__list_versions_reply__descriptor);
}

static inline void
rig_ask_search (rig_t *self, const char *query)
{
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    request.query = (char *) query;
    request.limit = 100;
    rig_ask (self, &request.base);
}

static inline Ggen__SearchReply *
rig_search (rig_t *self, const char *query)
{
    rig_ask_search (self, query);
    return rig_hear (self, &ggen__search_reply__descriptor);
}

static inline bool
rig_exists (rig_t *self, const char *id)
{
    Ggen__ExistsRequest request = GGEN__EXISTS_REQUEST__INIT;
    request.id = (char *) id;
    rig_ask (self, &request.base);
    Ggen__ExistsReply *reply = rig_hear (self, &ggen__exists_reply__descriptor);
    bool exists = reply->exists;
    puppet_free (reply);
    return exists;
}

static inline Ggen__P2pStatusReply *
rig_status (rig_t *self)
{
    Ggen__P2pStatusRequest request = GGEN__P2P_STATUS_REQUEST__INIT;
    rig_ask (self, &request.base);
    return rig_hear (self, &ggen__p2p_status_reply__descriptor);
}

static inline Ggen__OutboxReply *
rig_outbox (rig_t *self)
{
    Ggen__OutboxRequest request = GGEN__OUTBOX_REQUEST__INIT;
    rig_ask (self, &request.base);
    return rig_hear (self, &ggen__outbox_reply__descriptor);
}

//  ---- publishing ----------------------------------------------------------------------------------

//  'versions' are those of the head.
static inline void
rig_ask_publish_at (rig_t *self, unsigned who, const char *id, const char *version, uint64_t seq,
                    const char *versions, int64_t published_at)
{
    Ggen__PublishRequest request = GGEN__PUBLISH_REQUEST__INIT;
    Ggen__Package package = GGEN__PACKAGE__INIT;
    Ggen__Publisher publisher = GGEN__PUBLISHER__INIT;
    digest_t digest = rig_digest (id, version, who);
    char *categories[] = {"tools"};
    publisher.public_key = publisher_key_to_field (&self->world->keys[who]);
    package.id = package.title = (char *) id;
    package.version = (char *) version;
    package.description = (char *) (self->description ? self->description : "Made for tests");
    package.categories = categories;
    package.n_categories = 1;
    package.publisher = &publisher;
    package.sha256 = digest_to_field (&digest);
    package.size_bytes = 100;
    package.record = rig_release_at (self, who, id, version, &digest, published_at);
    package.head = rig_head (self, who, id, seq, versions);
    request.package = &package;
    request.archive_path = "/dev/null";
    request.unannounced = self->unannounced;
    rig_ask (self, &request.base);
    free (package.record.data);
    free (package.head.data);
}

static inline void
rig_ask_publish (rig_t *self, unsigned who, const char *id, const char *version, uint64_t seq,
                 const char *versions)
{
    rig_ask_publish_at (self, who, id, version, seq, versions, RIG_WALL - 100);
}

static inline Ggen__PublishReply *
rig_publish (rig_t *self, unsigned who, const char *id, const char *version, uint64_t seq,
             const char *versions)
{
    rig_ask_publish (self, who, id, version, seq, versions);
    return rig_hear (self, &ggen__publish_reply__descriptor);
}

static inline void
rig_must_publish (rig_t *self, unsigned who, const char *id, const char *version, uint64_t seq,
                  const char *versions)
{
    puppet_free (rig_publish (self, who, id, version, seq, versions));
}

#endif
