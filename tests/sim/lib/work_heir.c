// SPDX-License-Identifier: MIT
//  Installing what went from key to key, as actors/installer does it (install_line.c, install_check.c):
//  what is pinned, all versions, all heads, whose the name is by them; then trust judges the newest
//  version that is left.
#include "work.h"

#include "library.h"
#include "publisher.pb-c.h"
#include "record.h"
#include "message.h"
#include "registry.pb-c.h"
#include "trust.pb-c.h"

#include <stdlib.h>
#include <string.h>

#define RIVALS 32u

typedef struct {
    play_t *play;
    uint32_t package;
    uint32_t version;               //  at least to be found
    int64_t began_us;
    bool final;
    bool pinned;
    bool lost;                      //  it met the name while a thief had it: only he can hand it on
    Ggen__ListVersionsReply *versions;
    Ggen__GetHeadsReply *heads;
    Ggen__SuccessionReply *line;
    uint32_t chosen;                //  version that trust is asked about
} job_t;

bool
work_is_handed (play_t *play, uint32_t number)
{
    const package_t *package = library_package (play->library, number);
    return package->own_from > 1 || library_publisher (play->library, package->publisher)->thief;
}

static package_t *
package_of (const job_t *job)
{
    return library_package (job->play->library, job->package);
}

static const publisher_t *
publisher_of (const job_t *job)
{
    return library_publisher (job->play->library, package_of (job)->publisher);
}

//  Who never saw the name begins with the publisher's first key, which leads to the newest; after a theft
//  he has to insist on the newest, which people were told of.
static const identity_t *
known_key (const job_t *job)
{
    const publisher_t *publisher = publisher_of (job);
    return publisher->thief ? publisher->identity : publisher->keys[0];
}

//  There is nothing yet that was signed by the key that he insists on.
static bool
finds_nothing (const job_t *job)
{
    return !job->pinned && publisher_of (job)->thief
           && package_of (job)->versions_stored < package_of (job)->own_from;
}

//  The recovery key that a pin has is the first that was seen of the name.
static void
read_pin (job_t *job, const Ggen__TrustPin *pin)
{
    digest_t recovery;
    world_crypto (job->play->world)
        ->sha256 (publisher_of (job)->recovery->key, CRYPTO_KEY_BYTES, recovery.bytes);
    job->pinned = true;
    job->lost = pin->recovery_sha256.len != DIGEST_SIZE
                || memcmp (pin->recovery_sha256.data, recovery.bytes, DIGEST_SIZE) != 0;
}

//  While names change hands both sides may be believed: nothing is judged then.
static bool
is_judged (const job_t *job)
{
    const publisher_t *publisher = publisher_of (job);
    const package_t *package = package_of (job);
    bool told = package->own_from == 1
                || (package->handed_us > 0 && package->handed_us + WORK_HEARD_US <= job->began_us);
    return told && !job->lost && !publisher->robbed
           && (!publisher->thief
               || (publisher->recovered_us > 0
                   && publisher->recovered_us + WORK_HEARD_US <= job->began_us));
}

static void
end (job_t *job, const client_reply_t *reply, bool well, const char *step)
{
    play_t *play = job->play;
    if (reply->code != NODE_NOT_STARTED && is_judged (job) && !finds_nothing (job)) {
        work_try (play, MEASURE_HEIRS, well, reply);
        if (!well && job->final)
            world_violation (play->world,
                             "settled: node %u cannot install %s, which was handed over: %s: %s %s",
                             reply->node, package_of (job)->name, step, code_name (reply->code),
                             reply->failure ? reply->failure->message : "");
    }
    if (job->versions)
        ggen__list_versions_reply__free_unpacked (job->versions, NULL);
    if (job->heads)
        ggen__get_heads_reply__free_unpacked (job->heads, NULL);
    if (job->line)
        ggen__succession_reply__free_unpacked (job->line, NULL);
    free (job);
}

//  ---- trust's word --------------------------------------------------------------------------------

static void
on_judged (void *job_, world_t *world, const client_reply_t *reply)
{
    job_t *job = job_;
    if (reply->code == OK && job->chosen == LIBRARY_EVIL && is_judged (job))
        world_violation (world, "keys: node %u accepts what a thief published as %s", reply->node,
                         package_of (job)->name);
    end (job, reply, reply->code == OK && job->chosen != LIBRARY_EVIL && job->chosen >= job->version,
         reply->code == OK ? "found an older one" : "trust");
}

static const Ggen__HeadVersion *
listed (const Ggen__SuccessionReply *line, const char *version)
{
    for (size_t i = 0; i < line->n_versions; i++)
        if (strcmp (line->versions[i]->version, version) == 0)
            return line->versions[i];
    return NULL;
}

//  Does the head that has this entry stand for the release: for its very payload, and who signed it?
static bool
is_vouched (const job_t *job, const Ggen__HeadVersion *entry, const Ggen__Package *package)
{
    AUTO (record_destroy) Ggen__SignedRecord *record = NULL;
    digest_t payload_sha256;
    if (!message_same_bytes (entry->sha256, package->sha256)
        || !message_same_bytes (entry->release_key, package->publisher->public_key)
        || record_open (&record, (bytes_t) {package->record.data, package->record.len}) != OK)
        return false;
    world_crypto (job->play->world)
        ->sha256 (record->payload.data, record->payload.len, payload_sha256.bytes);
    return message_same_bytes (entry->release_sha256, digest_to_field (&payload_sha256));
}

//  By the key that the line ends with, or that one stands for it.
static bool
is_allowed (const job_t *job, const Ggen__Package *package)
{
    const Ggen__HeadVersion *one = listed (job->line, package->version);
    ProtobufCBinaryData key = package->publisher->public_key;
    bool of_line = message_same_bytes (job->line->key, key);
    //  Who insists on a key gets nothing else.
    if (!job->pinned && publisher_of (job)->thief
        && memcmp (known_key (job)->key, key.data, CRYPTO_KEY_BYTES) != 0)
        return false;
    if (package->yanked || (one && one->yanked))
        return false;
    return of_line || (one && is_vouched (job, one, package));
}

//  Its number, if it is one of this package's; 0: nobody published it.
static uint32_t
version_of (const job_t *job, const Ggen__Package *package)
{
    uint32_t number, version;
    return library_find_content (job->play->library,
                                 (bytes_t) {package->sha256.data, package->sha256.len}, &number,
                                 &version)
                   && number == job->package
               ? version
               : 0;
}

static const Ggen__Package *
choose (job_t *job)
{
    const Ggen__Package *best = NULL;
    for (size_t i = 0; i < job->versions->n_versions; i++) {
        const Ggen__Package *package = job->versions->versions[i];
        uint32_t version = version_of (job, package);
        if (version > job->chosen && is_allowed (job, package)) {
            best = package;
            job->chosen = version;
        }
    }
    return best;
}

static size_t
rivals_of (const job_t *job, const Ggen__Package *chosen, ProtobufCBinaryData rivals[RIVALS])
{
    size_t count = 0;
    for (size_t i = 0; i < job->versions->n_versions && count < RIVALS; i++) {
        ProtobufCBinaryData key = job->versions->versions[i]->publisher->public_key;
        bool known = message_same_bytes (key, chosen->publisher->public_key);
        for (size_t k = 0; k < count; k++)
            known |= message_same_bytes (rivals[k], key);
        if (!known)
            rivals[count++] = key;
    }
    return count;
}

static void
on_line (void *job_, world_t *world, const client_reply_t *reply)
{
    job_t *job = job_;
    ProtobufCBinaryData rivals[RIVALS];
    job->line = clients_unpack (reply, &ggen__succession_reply__descriptor);
    const Ggen__Package *chosen = job->line ? choose (job) : NULL;
    if (!chosen) {
        end (job, reply, false, job->line ? "nothing that the line of keys allows" : "line");
        return;
    }
    Ggen__CheckReleaseRequest check = GGEN__CHECK_RELEASE_REQUEST__INIT;
    check.record = chosen->record;
    check.head = chosen->head;
    check.name = chosen->id;
    check.version = chosen->version;
    check.pin = true;
    check.records = job->heads->records;
    check.n_records = job->heads->n_records;
    check.rivals = rivals;
    check.n_rivals = rivals_of (job, chosen, rivals);
    if (!job->pinned && publisher_of (job)->thief)
        check.publisher_key = chosen->publisher->public_key;
    clients_ask (world, reply->node, "trust", &check.base, WORK_BUDGET_MS, on_judged, job);
}

//  ---- what there is -------------------------------------------------------------------------------

static void
on_heads (void *job_, world_t *world, const client_reply_t *reply)
{
    job_t *job = job_;
    Ggen__SuccessionRequest line = GGEN__SUCCESSION_REQUEST__INIT;
    job->heads = clients_unpack (reply, &ggen__get_heads_reply__descriptor);
    if (!job->heads) {
        end (job, reply, false, "heads");
        return;
    }
    line.name = package_of (job)->name;
    line.key = (ProtobufCBinaryData) {CRYPTO_KEY_BYTES, (uint8_t *) known_key (job)->key};
    line.records = job->heads->records;
    line.n_records = job->heads->n_records;
    clients_ask (world, reply->node, "trust", &line.base, WORK_BUDGET_MS, on_line, job);
}

static void
on_versions (void *job_, world_t *world, const client_reply_t *reply)
{
    job_t *job = job_;
    Ggen__GetHeadsRequest heads = GGEN__GET_HEADS_REQUEST__INIT;
    job->versions = clients_unpack (reply, &ggen__list_versions_reply__descriptor);
    heads.id = package_of (job)->name;
    if (job->versions)
        clients_ask (world, reply->node, "registry_p2p", &heads.base, WORK_BUDGET_MS, on_heads, job);
    else
        end (job, reply, false, "versions");
}

static void
on_pins (void *job_, world_t *world, const client_reply_t *reply)
{
    job_t *job = job_;
    Ggen__ListVersionsRequest versions = GGEN__LIST_VERSIONS_REQUEST__INIT;
    Ggen__TrustListReply *pins = clients_unpack (reply, &ggen__trust_list_reply__descriptor);
    versions.id = package_of (job)->name;
    if (!pins) {
        end (job, reply, false, "pins");
        return;
    }
    for (size_t i = 0; i < pins->n_pins; i++)
        if (strcmp (pins->pins[i]->name, versions.id) == 0)
            read_pin (job, pins->pins[i]);
    ggen__trust_list_reply__free_unpacked (pins, NULL);
    clients_ask (world, reply->node, "registry_p2p", &versions.base, WORK_BUDGET_MS, on_versions,
                 job);
}

void
work_heir_install (play_t *play, uint32_t node, uint32_t number, bool final)
{
    job_t *job = calloc (1, sizeof *job);
    if (!job)
        abort ();
    *job = (job_t) {.play = play, .package = number, .final = final};
    job->began_us = play_now_us (play);
    job->version = library_newest (package_of (job));
    Ggen__TrustListRequest pins = GGEN__TRUST_LIST_REQUEST__INIT;
    char *names[] = {package_of (job)->name};
    pins.names = names;
    pins.n_names = 1;
    clients_ask (play->world, node, "trust", &pins.base, WORK_BUDGET_MS, on_pins, job);
}
