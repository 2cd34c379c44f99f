// SPDX-License-Identifier: MIT
//  What people do with a DHT and nothing else: heads are stored and read.
#include "work.h"

#include "dht.pb-c.h"
#include "dht_key.h"
#include "library.h"
#include "record.h"

#include <stdlib.h>
#include <string.h>

#define WRITE_BUDGET_MS WORK_BUDGET_MS
#define READ_BUDGET_MS  40000u

typedef struct {
    play_t *play;
    uint32_t package;
    uint64_t seq;
    bool full;
    bool away;                      //  the publisher's node is off
    bool final;                     //  it has to be found
} job_t;

static job_t *
job_new (play_t *play, uint32_t package)
{
    job_t *job = calloc (1, sizeof *job);
    if (!job)
        abort ();
    job->play = play;
    job->package = package;
    return job;
}

static void
key_of (play_t *play, uint32_t number, digest_t *key)
{
    const package_t *package = library_package (play->library, number);
    publisher_key_t publisher;
    memcpy (publisher.bytes, library_publisher (play->library, package->publisher)->identity->key,
            sizeof publisher.bytes);
    dht_key_head (key, world_crypto (play->world)->sha256, package->name, &publisher);
}

//  ---- writing -------------------------------------------------------------------------------------

static void
on_written (void *job_, world_t *world, const client_reply_t *reply)
{
    job_t *job = job_;
    play_t *play = job->play;
    package_t *package = library_package (play->library, job->package);
    Ggen__DhtWriteReply *written = clients_unpack (reply, &ggen__dht_write_reply__descriptor);
    if (reply->code != NODE_NOT_STARTED)
        work_try (play, MEASURE_WRITES, written && written->acknowledged > 0, reply);
    if (written) {
        measures_add (play->measures, MEASURE_WRITE_MS, (double) reply->took_us / 1000);
        measures_add (play->measures, MEASURE_WRITE_ACKS, written->acknowledged);
        if (written->acknowledged > 0 && job->seq > package->seq_stored) {
            package->seq_stored = job->seq;
            package->stored_us = world_now_us (world);
        }
        ggen__dht_write_reply__free_unpacked (written, NULL);
    }
    free (job);
}

bool
work_dht_publish (play_t *play, uint32_t number)
{
    package_t *package = library_package (play->library, number);
    uint32_t node = library_publisher (play->library, package->publisher)->node;
    if (!players_is_ready (play, node))
        return false;
    digest_t key;
    key_of (play, number, &key);
    ProtobufCBinaryData record =
        library_sign_head (play->library, number, world_wall_ms (play->world, node));
    Ggen__DhtWriteRequest write = GGEN__DHT_WRITE_REQUEST__INIT;
    write.key = (ProtobufCBinaryData) {sizeof key.bytes, key.bytes};
    write.record = record;
    job_t *job = job_new (play, number);
    job->seq = package->seq;
    clients_ask (play->world, node, "dht", &write.base, WRITE_BUDGET_MS, on_written, job);
    free (record.data);
    return true;
}

//  ---- reading -------------------------------------------------------------------------------------

//  The highest seq among the heads of this package by its own publisher; 0: none is there.
static uint64_t
seq_in (play_t *play, uint32_t number, const Ggen__DhtReadReply *read)
{
    const package_t *package = library_package (play->library, number);
    const uint8_t *signer = library_publisher (play->library, package->publisher)->identity->key;
    uint64_t seq = 0;
    for (size_t i = 0; i < read->n_records; i++) {
        AUTO (record_destroy) Ggen__SignedRecord *record = NULL;
        AUTO (record_head_destroy) Ggen__Head *head = NULL;
        bytes_t packed = {read->records[i].data, read->records[i].len};
        if (record_open (&record, packed) == OK && record_head (&head, record) == OK
            && memcmp (record->key.data, signer, CRYPTO_KEY_BYTES) == 0
            && strcmp (head->name, package->name) == 0 && head->seq > seq)
            seq = head->seq;
    }
    return seq;
}

static void
count_read (const job_t *job, const client_reply_t *reply, const Ggen__DhtReadReply *read)
{
    measures_t *measures = job->play->measures;
    uint64_t seq = read ? seq_in (job->play, job->package, read) : 0;
    bool found = job->full ? seq >= job->seq : seq > 0;
    if (job->final) {
        work_try (job->play, MEASURE_SETTLED, found, reply);
        if (!found)
            world_violation (job->play->world, "settled: node %u finds no head of %s of seq %llu",
                             reply->node, library_package (job->play->library, job->package)->name,
                             (unsigned long long) job->seq);
        return;
    }
    work_try (job->play, MEASURE_LOOKUPS, found, reply);
    if (job->away)
        measures_try (measures, MEASURE_LOOKUPS_AWAY, found);
    if (!found)
        return;
    measures_add (measures, MEASURE_LOOKUP_MS, (double) reply->took_us / 1000);
    measures_add (measures, MEASURE_LOOKUP_HOPS, read->hops);
    measures_add (measures,
                  job->full ? MEASURE_MESSAGES_FULL : MEASURE_MESSAGES_FIRST_VALID,
                  read->messages);
}

//  Who asked may end before he is answered: that is nobody's failure.
static void
on_read (void *job_, world_t *world, const client_reply_t *reply)
{
    job_t *job = job_;
    Ggen__DhtReadReply *read = clients_unpack (reply, &ggen__dht_read_reply__descriptor);
    (void) world;
    if (reply->code != NODE_NOT_STARTED)
        count_read (job, reply, read);
    if (read)
        ggen__dht_read_reply__free_unpacked (read, NULL);
    free (job);
}

static void
read_head (play_t *play, uint32_t node, uint32_t number, job_t *job)
{
    const package_t *package = library_package (play->library, number);
    digest_t key;
    key_of (play, number, &key);
    Ggen__DhtReadRequest read = GGEN__DHT_READ_REQUEST__INIT;
    read.key = (ProtobufCBinaryData) {sizeof key.bytes, key.bytes};
    read.first_valid = !job->full;
    job->seq = package->seq_stored;
    job->away = !players_is_on (play, library_publisher (play->library, package->publisher)->node);
    clients_ask (play->world, node, "dht", &read.base, READ_BUDGET_MS, on_read, job);
}

void
work_dht_read (play_t *play, uint32_t node, uint32_t number, bool full, bool final)
{
    job_t *job = job_new (play, number);
    job->full = full;
    job->final = final;
    read_head (play, node, number, job);
}
