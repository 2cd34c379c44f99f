// SPDX-License-Identifier: MIT
//  What people do with all of a node: publish, search, install. An install here is the path of the
//  installer without its planning: find the package, ask whose name it is, have trust accept it, fetch the
//  archive, look at what is on disk.
#include "work.h"

#include "library.h"
#include "registry.pb-c.h"
#include "sim_parts.h"
#include "transfer.pb-c.h"
#include "trust.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


typedef struct {
    play_t *play;
    uint32_t package;
    uint32_t version;               //  published, or at least to be found
    uint64_t seq;                   //  of the head that is told
    int64_t began_us;
    bool away;                      //  the publisher's node is off
    bool final;                     //  it has to be found
    const sim_content_t *content;   //  that the release found says
    ProtobufCBinaryData record, head;
    char found[LIBRARY_VERSION_MAX + 1];
} job_t;

static job_t *
job_new (play_t *play, uint32_t package)
{
    job_t *job = calloc (1, sizeof *job);
    if (!job)
        abort ();
    job->play = play;
    job->package = package;
    job->began_us = play_now_us (play);
    return job;
}

static void
job_free (job_t *job)
{
    free (job->record.data);
    free (job->head.data);
    free (job);
}

static package_t *
package_of (const job_t *job)
{
    return library_package (job->play->library, job->package);
}

static const publisher_t *
publisher_of (play_t *play, uint32_t package)
{
    return library_publisher (play->library,
                              library_package (play->library, package)->publisher);
}

//  ---- publishing ----------------------------------------------------------------------------------

static void
note_stored (const job_t *job)
{
    package_t *package = package_of (job);
    if (job->seq <= package->seq_stored)
        return;
    package->seq_stored = job->seq;
    package->versions_stored = job->version;
    package->stored_us = play_now_us (job->play);
}

static void
on_published (void *job_, world_t *world, const client_reply_t *reply)
{
    job_t *job = job_;
    Ggen__PublishReply *published = clients_unpack (reply, &ggen__publish_reply__descriptor);
    (void) world;
    if (reply->code != NODE_NOT_STARTED)
        work_try (job->play, MEASURE_WRITES, published != NULL, reply);
    if (published) {
        measures_add (job->play->measures, MEASURE_WRITE_MS, (double) reply->took_us / 1000);
        measures_add (job->play->measures, MEASURE_WRITE_ACKS, published->acknowledged);
        note_stored (job);
        ggen__publish_reply__free_unpacked (published, NULL);
    }
    job_free (job);
}

//  Fills in a package as a manifest would.
static void
describe (Ggen__Package *told, const package_t *package, char version[LIBRARY_VERSION_MAX + 1])
{
    library_version (package->versions, version);
    told->id = told->title = (char *) package->name;
    told->version = version;
    told->description = (char *) "Sold at the market";
}

bool
work_market_publish (play_t *play, uint32_t number)
{
    package_t *package = library_package (play->library, number);
    const publisher_t *publisher = publisher_of (play, number);
    uint32_t node = publisher->node;
    if (!players_is_ready (play, node))
        return false;
    const sim_content_t *content = library_content (play->library, number, package->versions);
    sim_parts_put (honest_settings (play->honest, play->world, node)->market->blobs, content);
    char version[LIBRARY_VERSION_MAX + 1];
    Ggen__PublishRequest request = GGEN__PUBLISH_REQUEST__INIT;
    Ggen__Package told = GGEN__PACKAGE__INIT;
    Ggen__Publisher who = GGEN__PUBLISHER__INIT;
    int64_t wall_ms = world_wall_ms (play->world, node);
    job_t *job = job_new (play, number);
    job->record = library_sign_release (play->library, number, package->versions, wall_ms);
    job->head = library_sign_head (play->library, number, wall_ms);
    job->version = package->versions;
    job->seq = package->seq;
    describe (&told, package, version);
    who.public_key = (ProtobufCBinaryData) {CRYPTO_KEY_BYTES, (uint8_t *) publisher->identity->key};
    told.publisher = &who;
    told.sha256 = (ProtobufCBinaryData) {DIGEST_SIZE, (uint8_t *) content->sha256.bytes};
    told.size_bytes = content->size_bytes;
    told.record = job->record;
    told.head = job->head;
    request.package = &told;
    request.archive_path = (char *) "/archive";
    clients_ask (play->world, node, "registry_p2p", &request.base, WORK_BUDGET_MS, on_published,
                 job);
    return true;
}

static void
on_head (void *job_, world_t *world, const client_reply_t *reply)
{
    job_t *job = job_;
    (void) world;
    if (reply->code != NODE_NOT_STARTED)
        work_try (job->play, MEASURE_WRITES, reply->code == OK, reply);
    if (reply->code == OK)
        note_stored (job);
    job_free (job);
}

bool
work_market_tell_head (play_t *play, uint32_t number)
{
    package_t *package = library_package (play->library, number);
    uint32_t node = publisher_of (play, number)->node;
    if (!players_is_ready (play, node))
        return false;
    job_t *job = job_new (play, number);
    job->head = library_sign_head (play->library, number, world_wall_ms (play->world, node));
    job->seq = package->seq;
    job->version = package->versions_stored;
    Ggen__PutHeadRequest put = GGEN__PUT_HEAD_REQUEST__INIT;
    put.id = package->name;
    put.record = job->head;
    clients_ask (play->world, node, "registry_p2p", &put.base, WORK_BUDGET_MS, on_head, job);
    return true;
}

//  ---- searching -----------------------------------------------------------------------------------

static void
on_searched (void *job_, world_t *world, const client_reply_t *reply)
{
    job_t *job = job_;
    bool found = false;
    Ggen__SearchReply *answer = clients_unpack (reply, &ggen__search_reply__descriptor);
    (void) world;
    for (size_t i = 0; answer && i < answer->n_results; i++)
        found |= strcmp (answer->results[i]->id, package_of (job)->name) == 0;
    if (reply->code != NODE_NOT_STARTED)
        work_try (job->play, MEASURE_SEARCHES, found, reply);
    if (found)
        measures_add (job->play->measures, MEASURE_SEARCH_MS, (double) reply->took_us / 1000);
    ggen__search_reply__free_unpacked (answer, NULL);
    job_free (job);
}

void
work_market_search (play_t *play, uint32_t node, uint32_t number)
{
    const package_t *package = library_package (play->library, number);
    char word[LIBRARY_NAME_MAX + 1];
    snprintf (word, sizeof word, "%.*s", (int) strcspn (package->name, "-"), package->name);
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    request.query = word;
    request.limit = 100;
    clients_ask (play->world, node, "registry_p2p", &request.base, WORK_BUDGET_MS, on_searched,
                 job_new (play, number));
}

//  ---- installing ----------------------------------------------------------------------------------

static ProtobufCBinaryData
copy_of (ProtobufCBinaryData field)
{
    ProtobufCBinaryData copy = {field.len, malloc (field.len + 1)};
    if (!copy.data)
        abort ();
    memcpy (copy.data, field.data, field.len);
    return copy;
}

//  'step' is where it ended.
static void
end_install (job_t *job, const client_reply_t *reply, bool well, const char *step)
{
    play_t *play = job->play;
    if (reply->code == NODE_NOT_STARTED) {
        job_free (job);
        return;
    }
    work_try (play, job->final ? MEASURE_SETTLED : MEASURE_INSTALLS, well, reply);
    if (!job->final && job->away)
        measures_try (play->measures, MEASURE_INSTALLS_AWAY, well);
    if (well)
        measures_add (play->measures, MEASURE_INSTALL_MS,
                      (double) (play_now_us (play) - job->began_us) / 1000);
    else if (job->final)
        world_violation (play->world, "settled: node %u cannot install %s, of version %u.0.0: %s: %s %s",
                         reply->node, package_of (job)->name, job->version, step,
                         code_name (reply->code), reply->failure ? reply->failure->message : "");
    job_free (job);
}

static void
on_fetched (void *job_, world_t *world, const client_reply_t *reply)
{
    job_t *job = job_;
    play_t *play = job->play;
    bool there = false;
    (void) world;
    if (reply->code == OK && players_is_on (play, reply->node))
        there = sim_parts_has (
            honest_settings (play->honest, play->world, reply->node)->market->blobs,
            &job->content->sha256);
    if (reply->code == OK && !there)
        world_violation (play->world, "installs: node %u says that it fetched %s, which is not there",
                         reply->node, package_of (job)->name);
    end_install (job, reply, there, "fetch");
}

static void
on_trusted (void *job_, world_t *world, const client_reply_t *reply)
{
    job_t *job = job_;
    if (reply->code != OK) {
        end_install (job, reply, false, "trust");
        return;
    }
    Ggen__TransferFetchRequest fetch = GGEN__TRANSFER_FETCH_REQUEST__INIT;
    fetch.record = job->record;
    fetch.subject = package_of (job)->name;
    clients_ask (world, reply->node, "transfer", &fetch.base, WORK_BUDGET_MS, on_fetched, job);
}

static void
on_heads (void *job_, world_t *world, const client_reply_t *reply)
{
    job_t *job = job_;
    Ggen__GetHeadsReply *heads = clients_unpack (reply, &ggen__get_heads_reply__descriptor);
    Ggen__CheckReleaseRequest check = GGEN__CHECK_RELEASE_REQUEST__INIT;
    check.record = job->record;
    check.head = job->head;
    check.name = package_of (job)->name;
    check.version = job->found;
    check.pin = true;
    if (heads) {
        check.records = heads->records;
        check.n_records = heads->n_records;
    }
    if (reply->code == NODE_NOT_STARTED)
        end_install (job, reply, false, "heads");
    else
        clients_ask (world, reply->node, "trust", &check.base, WORK_BUDGET_MS, on_trusted, job);
    ggen__get_heads_reply__free_unpacked (heads, NULL);
}

//  Of a package with a yanked version: whoever asks a while later is not given that one.
static bool
heeds_yank (job_t *job, uint32_t version)
{
    const package_t *package = package_of (job);
    bool yanked = package->yanked >> (version - 1) & 1;
    if (package->yanked_us == 0 || job->began_us < package->yanked_us + WORK_HEARD_US)
        return true;
    measures_try (job->play->measures, MEASURE_YANKS, !yanked);
    return !yanked;
}

//  Is it what its publisher published? Whatever else is told of the name is somebody else's lie, or an
//  older version.
static bool
take_found (job_t *job, const Ggen__Package *told)
{
    play_t *play = job->play;
    uint32_t package, version;
    const package_t *wanted = package_of (job);
    if (!told || strcmp (told->id, wanted->name) != 0
        || !library_find_content (play->library, (bytes_t) {told->sha256.data, told->sha256.len},
                                  &package, &version)
        || package != job->package || version < job->version || !heeds_yank (job, version))
        return false;
    job->content = library_content (play->library, package, version);
    job->record = copy_of (told->record);
    job->head = copy_of (told->head);
    library_version (version, job->found);
    return true;
}

static void
on_found (void *job_, world_t *world, const client_reply_t *reply)
{
    job_t *job = job_;
    Ggen__PackageReply *answer = clients_unpack (reply, &ggen__package_reply__descriptor);
    bool found = answer && take_found (job, answer->package);
    if (found) {
        Ggen__GetHeadsRequest heads = GGEN__GET_HEADS_REQUEST__INIT;
        heads.id = package_of (job)->name;
        clients_ask (world, reply->node, "registry_p2p", &heads.base, WORK_BUDGET_MS, on_heads,
                     job);
    } else
        end_install (job, reply, false, answer ? "found another" : "find");
    ggen__package_reply__free_unpacked (answer, NULL);
}

void
work_market_install (play_t *play, uint32_t node, uint32_t number, bool final)
{
    if (work_is_handed (play, number)) {
        work_heir_install (play, node, number, final);
        return;
    }
    const package_t *package = library_package (play->library, number);
    Ggen__GetPackageRequest request = GGEN__GET_PACKAGE_REQUEST__INIT;
    request.id = (char *) package->name;
    job_t *job = job_new (play, number);
    job->version = library_newest (package);
    job->final = final;
    job->away = !players_is_on (play, publisher_of (play, number)->node);
    clients_ask (play->world, node, "registry_p2p", &request.base, WORK_BUDGET_MS, on_found, job);
}
