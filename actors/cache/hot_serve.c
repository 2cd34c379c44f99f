// SPDX-License-Identifier: MIT
#include "hot_serve.h"

#include "hot.pb-c.h"

static bool
is_key (ProtobufCBinaryData key)
{
    return key.len > 0 && key.len <= HOT_KEY_MAX;
}

static code_t
refuse_key (const delivery_t *at)
{
    return out_fail (at, VALIDATION, "", "a key of the hot tier has 1 to %d bytes", HOT_KEY_MAX);
}

code_t
hot_serve_get (hot_t *hot, const delivery_t *at, const ProtobufCMessage *message)
{
    const Ggen__HotGetRequest *ask = (const void *) message;
    Ggen__HotGetReply reply = GGEN__HOT_GET_REPLY__INIT;
    bytes_t value = {NULL, 0};
    int64_t age_ms = 0;
    if (!is_key (ask->key))
        return refuse_key (at);
    hot_found_t found =
        hot_get (hot, (bytes_t) {ask->key.data, ask->key.len}, at->now_ms, &value, &age_ms);
    reply.heat = found == HOT_FOUND          ? GGEN__HEAT__HOT
                 : found == HOT_KNOWN_ABSENT ? GGEN__HEAT__HOT_ABSENT
                                             : GGEN__HEAT__COLD;
    reply.value = (ProtobufCBinaryData) {value.size, (uint8_t *) value.data};
    reply.age_ms = (uint32_t) age_ms;
    return out_reply (at, &reply.base);
}

code_t
hot_serve_put (hot_t *hot, const delivery_t *at, const ProtobufCMessage *message)
{
    const Ggen__HotPutRequest *put = (const void *) message;
    Ggen__HotPutReply reply = GGEN__HOT_PUT_REPLY__INIT;
    if (!is_key (put->key))
        return refuse_key (at);
    bytes_t key = {put->key.data, put->key.len}, value = {NULL, 0};
    //  An empty value has no bytes either, but it is there.
    if (!put->absent)
        value = (bytes_t) {put->value.len > 0 ? put->value.data : put->key.data, put->value.len};
    reply.kept = hot_put (hot, key, value, at->now_ms) == OK;
    //  What was there before is no longer true.
    if (!reply.kept)
        hot_drop (hot, key);
    return out_reply (at, &reply.base);
}

code_t
hot_serve_drop (hot_t *hot, const delivery_t *at, const ProtobufCMessage *message)
{
    const Ggen__HotDropRequest *drop = (const void *) message;
    Ggen__HotDropReply reply = GGEN__HOT_DROP_REPLY__INIT;
    bytes_t key = {drop->key.data, drop->key.len};
    if (!drop->prefix && !is_key (drop->key))
        return refuse_key (at);
    reply.dropped = drop->prefix ? hot_drop_prefix (hot, key) : hot_drop (hot, key);
    return out_reply (at, &reply.base);
}

code_t
hot_serve_status (hot_t *hot, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    const hot_counts_t counts = hot_counts (hot);
    Ggen__HotStatusReply reply = GGEN__HOT_STATUS_REPLY__INIT;
    reply.entries = hot_entries (hot);
    reply.entries_max = hot_limits (hot)->entries_max;
    reply.size_bytes = hot_bytes (hot);
    reply.max_bytes = hot_limits (hot)->bytes_max;
    reply.hits = counts.hits;
    reply.absent_hits = counts.absent_hits;
    reply.misses = counts.misses;
    reply.expired = counts.expired;
    reply.evicted = counts.evicted;
    return out_reply (at, &reply.base);
}
