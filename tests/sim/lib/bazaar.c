// SPDX-License-Identifier: MIT
#include "bazaar.h"

#include "actors/registry/p2p_self.h"
#include "clients.h"
#include "transfer.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PUBLISH_MS  60000u
#define QUESTION_MS 30000u

struct bazaar_t {
    honest_t *honest;
    bazaar_package_t packages[BAZAAR_PACKAGES_MAX];
    uint32_t packages_count;
    bazaar_counts_t counts;
};

static void *
fresh (size_t count, size_t size)
{
    void *memory = calloc (count, size);
    if (!memory)
        abort ();
    return memory;
}

bazaar_t *
bazaar_new (honest_t *honest)
{
    bazaar_t *self = fresh (1, sizeof *self);
    self->honest = honest;
    return self;
}

void
bazaar_destroy (bazaar_t **self_p)
{
    free (*self_p);
    *self_p = NULL;
}

static honest_market_t *
market_of (const bazaar_t *self, world_t *world, uint32_t node)
{
    return honest_settings (self->honest, world, node)->market;
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
sign (const honest_market_t *market, Ggen__RecordKind kind, const ProtobufCMessage *message)
{
    ProtobufCBinaryData payload = {protobuf_c_message_get_packed_size (message), NULL};
    payload.data = fresh (payload.len + 1, 1);
    protobuf_c_message_pack (message, payload.data);
    ProtobufCBinaryData record =
        sim_signer_sign (&market->signer, kind, (bytes_t) {payload.data, payload.len});
    free (payload.data);
    return record;
}

static ProtobufCBinaryData
sign_release (const honest_market_t *market, const bazaar_package_t *package, uint32_t version,
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
    return sign (market, GGEN__RECORD_KIND__RELEASE, &release.base);
}

static ProtobufCBinaryData
sign_head (const honest_market_t *market, const bazaar_package_t *package, int64_t wall_s)
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
    return sign (market, GGEN__RECORD_KIND__HEAD, &head.base);
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
    honest_market_t *market = market_of (self, world, node);
    bazaar_package_t *package = package_of (self, node, id);
    uint32_t version = package->versions_count++;
    int64_t wall_s = world_wall_ms (world, node) / 1000;
    if (version == BAZAAR_VERSIONS_MAX)
        abort ();
    snprintf (package->versions[version], sizeof package->versions[0], "1.%u.0", version);
    package->contents[version] = sim_contents_derive (
        honest_contents (self->honest), (uint64_t) (package - self->packages) << 8 | version, size_bytes);
    package->seq++;
    package->published_us = 0;
    sim_parts_put (market->blobs, package->contents[version]);

    Ggen__PublishRequest request = GGEN__PUBLISH_REQUEST__INIT;
    Ggen__Package told = GGEN__PACKAGE__INIT;
    Ggen__Publisher publisher = GGEN__PUBLISHER__INIT;
    publisher.public_key =
        (ProtobufCBinaryData) {CRYPTO_KEY_BYTES, market->publisher.identity.key};
    told.id = told.title = package->id;
    told.version = package->versions[version];
    told.description = "Sold at the bazaar";
    told.publisher = &publisher;
    told.sha256 = digest_field (&package->contents[version]->sha256);
    told.size_bytes = size_bytes;
    told.record = sign_release (market, package, version, wall_s);
    told.head = sign_head (market, package, wall_s);
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
bazaar_heard (const bazaar_t *self, world_t *world, const bazaar_package_t *package)
{
    uint32_t heard = 0;
    publisher_key_t key;
    memcpy (key.bytes, market_of (self, world, package->node)->publisher.identity.key,
            sizeof key.bytes);
    for (uint32_t i = 0; i < world_nodes_count (world); i++) {
        const registry_p2p_t *registry = world_actor (world, i, "registry_p2p");
        const known_t *known =
            registry ? discovered_find (registry->discovered, package->id, &key) : NULL;
        heard += known && known->head_seq == package->seq && known->listing_seq == package->seq;
    }
    return heard;
}
