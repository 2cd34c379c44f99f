// SPDX-License-Identifier: MIT
#include "bazaar.h"

#include "actors/cache/cache.h"
#include "actors/registry/p2p_self.h"
#include "actors/trust/trust.h"
#include "clients.h"
#include "sim_publisher.h"
#include "transfer.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DISK_BYTES   (UINT64_C (1) << 30)
#define PUBLISH_MS   60000u
#define QUESTION_MS  30000u

typedef struct {
    bool made;
    transfer_settings_t transfer;
    registry_p2p_settings_t registry;
    cache_settings_t cache;
    crypto_sim_identity_t publisher;
    sim_parts_t *disk;
} seats_t;

struct bazaar_t {
    honest_t *honest;
    uint32_t nodes_max;
    seats_t *seats;
    sim_contents_t *contents;
    bazaar_package_t packages[BAZAAR_PACKAGES_MAX];
    uint32_t packages_count;
    bazaar_counts_t counts;
};

static const char *const protocols[] = {"dht/1", "gossip/1", "transfer/1", NULL};
static const char *const reachable[] = {"dht", "gossip", "transfer", NULL};
static const char *const listeners[] = {"dht", "gossip", "reputation", "transfer", "registry_p2p",
                                        NULL};

static void *
fresh (size_t count, size_t size)
{
    void *memory = calloc (count, size);
    if (!memory)
        abort ();
    return memory;
}

bazaar_t *
bazaar_new (const honest_options_t *options)
{
    bazaar_t *self = fresh (1, sizeof *self);
    honest_options_t honest = *options;
    honest.follower = "registry_p2p";
    self->honest = honest_new (&honest);
    self->nodes_max = options->nodes_max;
    self->seats = fresh (options->nodes_max, sizeof *self->seats);
    self->contents = sim_contents_new ();
    return self;
}

void
bazaar_destroy (bazaar_t **self_p)
{
    bazaar_t *self = *self_p;
    if (!self)
        return;
    for (uint32_t i = 0; i < self->nodes_max; i++)
        sim_parts_destroy (&self->seats[i].disk);
    honest_destroy (&self->honest);
    sim_contents_destroy (&self->contents);
    free (self->seats);
    free (self);
    *self_p = NULL;
}

honest_t *
bazaar_honest (bazaar_t *self)
{
    return self->honest;
}

static seats_t *
seats_of (bazaar_t *self, world_t *world, uint32_t node)
{
    seats_t *seats = &self->seats[node];
    if (seats->made)
        return seats;
    seats->made = true;
    seats->transfer = (transfer_settings_t) TRANSFER_SETTINGS_DEFAULT;
    seats->transfer.identity = world_identity (world, node);
    seats->registry = registry_p2p_settings_default;
    seats->cache.bytes_max = DISK_BYTES;
    seats->disk = sim_parts_new (self->contents, DISK_BYTES);
    crypto_sim_identity (&seats->publisher, world_crypto (world) != &crypto_sim,
                         world_seed (world), "publisher", node);
    honest_settings_t *honest = honest_settings (self->honest, world, node);
    honest->swarm.protocols = protocols;
    honest->swarm.reachable = reachable;
    honest->swarm.listeners = listeners;
    return seats;
}

registry_p2p_settings_t *
bazaar_registry (bazaar_t *self, world_t *world, uint32_t node)
{
    return &seats_of (self, world, node)->registry;
}

sim_parts_t *
bazaar_disk (bazaar_t *self, world_t *world, uint32_t node)
{
    return seats_of (self, world, node)->disk;
}

void
bazaar_compose (void *self_, world_t *world, uint32_t node, node_plan_t *plan)
{
    bazaar_t *self = self_;
    seats_t *seats = seats_of (self, world, node);
    honest_compose (self->honest, world, node, plan);
    world_plan_add (plan, &sim_parts_actor, seats->disk);
    world_plan_add (plan, &transfer_actor, &seats->transfer);
    world_plan_add (plan, &cache_actor, &seats->cache);
    world_plan_add (plan, &trust_actor, NULL);
    world_plan_add (plan, &sim_publisher_actor, &seats->publisher.identity);
    world_plan_add (plan, &registry_p2p_actor, &seats->registry);
}

//  ---- publishing ----------------------------------------------------------------------------------

static void
on_published (void *package_, world_t *world, const client_reply_t *reply)
{
    bazaar_package_t *package = package_;
    package->code = reply->code;
    package->published_us = world_now_us (world);
    Ggen__PublishReply *answer = clients_unpack (reply, &ggen__publish_reply__descriptor);
    package->acknowledged = answer ? answer->acknowledged : 0;
    ggen__publish_reply__free_unpacked (answer, NULL);
}

static ProtobufCBinaryData
digest_field (const digest_t *digest)
{
    return (ProtobufCBinaryData) {DIGEST_SIZE, (uint8_t *) digest->bytes};
}

static ProtobufCBinaryData
sign_release (const seats_t *seats, const bazaar_package_t *package, uint32_t version,
              int64_t wall_s)
{
    const sim_content_t *content = package->contents[version];
    Ggen__Release release = GGEN__RELEASE__INIT;
    release.name = (char *) package->id;
    release.version = (char *) package->versions[version];
    sim_content_fill (content, &release);
    release.files_sha256 = release.manifest_sha256 = release.sha256;
    release.unpacked_bytes = 1;
    release.files_count = 1;
    release.published_at = wall_s;
    release.archive_format = "tar.gz";
    return sim_publisher_record (&seats->publisher.identity, GGEN__RECORD_KIND__RELEASE,
                                 &release.base);
}

static ProtobufCBinaryData
sign_head (const seats_t *seats, const bazaar_package_t *package, int64_t wall_s)
{
    Ggen__HeadVersion rooms[BAZAAR_VERSIONS_MAX], *list[BAZAAR_VERSIONS_MAX];
    Ggen__Head head = GGEN__HEAD__INIT;
    head.name = (char *) package->id;
    head.seq = package->seq;
    head.issued_at = wall_s;
    head.expires_at = wall_s + 365 * 86400;
    head.versions = list;
    head.n_versions = package->versions_count;
    for (uint32_t i = 0; i < package->versions_count; i++) {
        ggen__head_version__init (list[i] = &rooms[i]);
        list[i]->version = (char *) package->versions[i];
        list[i]->sha256 = digest_field (&package->contents[i]->sha256);
    }
    return sim_publisher_record (&seats->publisher.identity, GGEN__RECORD_KIND__HEAD, &head.base);
}

static bazaar_package_t *
package_of (bazaar_t *self, uint32_t node, const char *id)
{
    for (uint32_t i = 0; i < self->packages_count; i++)
        if (self->packages[i].node == node && strcmp (self->packages[i].id, id) == 0)
            return &self->packages[i];
    if (self->packages_count == BAZAAR_PACKAGES_MAX)
        abort ();
    bazaar_package_t *package = &self->packages[self->packages_count++];
    snprintf (package->id, sizeof package->id, "%s", id);
    package->node = node;
    return package;
}

bazaar_package_t *
bazaar_publish (bazaar_t *self, world_t *world, uint32_t node, const char *id, uint64_t size_bytes)
{
    seats_t *seats = seats_of (self, world, node);
    bazaar_package_t *package = package_of (self, node, id);
    uint32_t version = package->versions_count++;
    int64_t wall_s = world_wall_ms (world, node) / 1000;
    if (version == BAZAAR_VERSIONS_MAX)
        abort ();
    snprintf (package->versions[version], sizeof package->versions[0], "1.%u.0", version);
    package->contents[version] = sim_contents_derive (
        self->contents, (uint64_t) (package - self->packages) << 8 | version, size_bytes);
    package->seq++;
    package->published_us = 0;
    sim_parts_put (seats->disk, package->contents[version]);

    Ggen__PublishRequest request = GGEN__PUBLISH_REQUEST__INIT;
    Ggen__Package told = GGEN__PACKAGE__INIT;
    Ggen__Publisher publisher = GGEN__PUBLISHER__INIT;
    publisher.public_key =
        (ProtobufCBinaryData) {CRYPTO_KEY_BYTES, seats->publisher.identity.key};
    told.id = told.title = package->id;
    told.version = package->versions[version];
    told.description = "Sold at the bazaar";
    told.publisher = &publisher;
    told.sha256 = digest_field (&package->contents[version]->sha256);
    told.size_bytes = size_bytes;
    told.record = sign_release (seats, package, version, wall_s);
    told.head = sign_head (seats, package, wall_s);
    request.package = &told;
    request.archive_path = "/archive";
    clients_ask (world, node, "registry_p2p", &request.base, PUBLISH_MS, on_published, package);
    free (told.record.data);
    free (told.head.data);
    return package;
}

//  ---- asking --------------------------------------------------------------------------------------

//  A question on its way.
typedef struct {
    bazaar_t *bazaar;
    const bazaar_package_t *package;
    bazaar_count_t *count;
    uint64_t seq;               //  of the package, when it was asked
} question_t;

static question_t *
question_new (bazaar_t *self, const bazaar_package_t *package, bazaar_count_t *count)
{
    question_t *question = fresh (1, sizeof *question);
    *question = (question_t) {self, package, count, package->seq};
    count->asked++;
    return question;
}

static void
note_time (bazaar_count_t *count, const client_reply_t *reply)
{
    count->answered += reply->code == OK;
    count->took_us += reply->took_us;
    if (count->took_us_max < reply->took_us)
        count->took_us_max = reply->took_us;
}

//  Is it a version of this package, with its bytes? Sets *latest_p to which.
static bool
is_version (const bazaar_package_t *package, const Ggen__Package *told, uint32_t *version_p)
{
    for (uint32_t i = 0; i < package->versions_count; i++)
        if (strcmp (package->versions[i], told->version) == 0) {
            *version_p = i;
            return told->sha256.len == DIGEST_SIZE
                   && memcmp (told->sha256.data, package->contents[i]->sha256.bytes, DIGEST_SIZE)
                          == 0;
        }
    return false;
}

static void
judge (const question_t *question, const Ggen__Package *told)
{
    uint32_t version = 0;
    if (strcmp (told->id, question->package->id) != 0)
        return;
    if (!is_version (question->package, told, &version))
        question->count->wrong++;
    else
        question->count->found += version + 1 >= question->seq;
}

static void
on_search (void *question_, world_t *world, const client_reply_t *reply)
{
    (void) world;
    question_t *question = question_;
    note_time (question->count, reply);
    Ggen__SearchReply *answer = clients_unpack (reply, &ggen__search_reply__descriptor);
    for (size_t i = 0; answer && i < answer->n_results; i++)
        judge (question, answer->results[i]);
    question->count->incomplete += answer && answer->incomplete;
    ggen__search_reply__free_unpacked (answer, NULL);
    free (question);
}

void
bazaar_search (bazaar_t *self, world_t *world, uint32_t node, const bazaar_package_t *package)
{
    char word[40];
    snprintf (word, sizeof word, "%.*s", (int) strcspn (package->id, "-"), package->id);
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    request.query = word;
    request.limit = 1000;
    clients_ask (world, node, "registry_p2p", &request.base, QUESTION_MS, on_search,
                 question_new (self, package, &self->counts.searches));
}

static void
on_get (void *question_, world_t *world, const client_reply_t *reply)
{
    (void) world;
    question_t *question = question_;
    note_time (question->count, reply);
    Ggen__PackageReply *answer = clients_unpack (reply, &ggen__package_reply__descriptor);
    if (answer && answer->package)
        judge (question, answer->package);
    ggen__package_reply__free_unpacked (answer, NULL);
    free (question);
}

void
bazaar_get (bazaar_t *self, world_t *world, uint32_t node, const bazaar_package_t *package)
{
    Ggen__GetPackageRequest request = GGEN__GET_PACKAGE_REQUEST__INIT;
    request.id = (char *) package->id;
    clients_ask (world, node, "registry_p2p", &request.base, QUESTION_MS, on_get,
                 question_new (self, package, &self->counts.gets));
}

static void
on_fetched (void *question_, world_t *world, const client_reply_t *reply)
{
    (void) world;
    question_t *question = question_;
    note_time (question->count, reply);
    Ggen__TransferFetchReply *answer =
        clients_unpack (reply, &ggen__transfer_fetch_reply__descriptor);
    question->count->found += answer != NULL;
    question->count->wrong += answer && answer->wrong_chunks > 0;
    ggen__transfer_fetch_reply__free_unpacked (answer, NULL);
    free (question);
}

static void
on_record (void *question_, world_t *world, const client_reply_t *reply)
{
    question_t *question = question_;
    Ggen__PackageReply *answer = clients_unpack (reply, &ggen__package_reply__descriptor);
    if (!answer || !answer->package) {
        note_time (question->count, reply);
        free (question);
    }
    else {
        Ggen__TransferFetchRequest request = GGEN__TRANSFER_FETCH_REQUEST__INIT;
        request.record = answer->package->record;
        request.subject = answer->package->id;
        clients_ask (world, reply->node, "transfer", &request.base, PUBLISH_MS, on_fetched,
                     question);
    }
    ggen__package_reply__free_unpacked (answer, NULL);
}

void
bazaar_fetch (bazaar_t *self, world_t *world, uint32_t node, const bazaar_package_t *package)
{
    Ggen__GetPackageRequest request = GGEN__GET_PACKAGE_REQUEST__INIT;
    request.id = (char *) package->id;
    clients_ask (world, node, "registry_p2p", &request.base, QUESTION_MS, on_record,
                 question_new (self, package, &self->counts.fetches));
}

const bazaar_counts_t *
bazaar_counts (const bazaar_t *self)
{
    return &self->counts;
}

uint32_t
bazaar_heard (const bazaar_t *self, const world_t *world, const bazaar_package_t *package)
{
    uint32_t heard = 0;
    publisher_key_t key;
    memcpy (key.bytes, self->seats[package->node].publisher.identity.key, sizeof key.bytes);
    for (uint32_t i = 0; i < world_nodes_count (world); i++) {
        const registry_p2p_t *registry = world_actor (world, i, "registry_p2p");
        const known_t *known =
            registry ? discovered_find (registry->discovered, package->id, &key) : NULL;
        heard += known && known->head_seq == package->seq && known->listing_seq == package->seq;
    }
    return heard;
}
