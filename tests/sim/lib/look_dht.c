// SPDX-License-Identifier: MIT
#include "look.h"

#include "actors/dht/dht_inside.h"

void
look_dht (const void *state, look_bound_fn *bound, void *context)
{
    const dht_t *dht = state;
    const records_limits_t *limits = &dht->settings->records;
    const look_bound_t bounds[] = {
        {"dht: lookups", dht->running_count, DHT_RUNNING_MAX},
        {"dht: queue", dht->queue_count, DHT_QUEUE_MAX},
        {"dht: asks", dht->asks, DHT_ASKS_MAX},
        {"dht: puts", dht->puts, DHT_PUTS_MAX},
        {"dht: checks", dht->checks, DHT_CHECKS_MAX},
        {"dht: candidates", dht->candidates_count, DHT_CANDIDATES_MAX},
        {"dht: handovers", dht->handovers_count, DHT_HANDOVERS_MAX},
        {"dht: sessions", dht->sessions_count, DHT_SESSIONS_MAX},
        {"dht: buckets", kbucket_buckets (dht->table), KBUCKET_BUCKETS_MAX},
        {"dht: provided", dht_provide_count (dht), DHT_PROVIDED_MAX},
        {"dht: bytes of records", records_bytes (dht->records), limits->bytes_max}};
    for (unsigned i = 0; i < COUNT_OF (bounds); i++)
        bound (context, &bounds[i]);
    for (uint32_t i = 0; i < kbucket_buckets (dht->table); i++) {
        const look_bound_t full = {"dht: nodes of a bucket", kbucket_bucket_count (dht->table, i),
                                   KBUCKET_K};
        bound (context, &full);
    }
}

uint32_t
look_dht_contacts (const void *state)
{
    const dht_t *dht = state;
    return kbucket_count (dht->table);
}

void
look_dht_records (const void *state, look_record_fn *visit, void *context)
{
    const dht_t *dht = state;
    const element_t *element;
    const digest_t *key;
    uint64_t cursor = 0;
    while ((element = records_walk (dht->records, &cursor, &key)) != NULL) {
        const look_record_t record = {
            key->bytes, element->id, element->seq, element->kind, {element->packed, element->size}};
        visit (context, &record);
    }
}

uint64_t
look_dht_stored (const void *state)
{
    const dht_t *dht = state;
    return records_bytes (dht->records) + records_count (dht->records) * sizeof (element_t);
}
