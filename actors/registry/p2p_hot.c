// SPDX-License-Identifier: MIT
//  What look-ups leave in the hot tier, and take from there.
#include "p2p_find_inside.h"
#include "message.h"

#include <stdlib.h>
#include <string.h>

#define HOT_VALUE_MAX (256u << 10)      //  as actors/cache/hot.h has it

bool
find_is_hot_kind (const find_t *self)
{
    return !self->all_answer && !self->one_key
           && (self->depth == FIND_LATEST || self->depth == FIND_VERSIONS);
}

size_t
find_hot_key (const find_t *self, uint8_t key[FIND_HOT_KEY_MAX])
{
    static const char latest[] = "p2p latest ", versions[] = "p2p versions ";
    const char *prefix = self->depth == FIND_LATEST ? latest : versions;
    size_t size = strlen (prefix), name = strnlen (self->name, FIND_HOT_KEY_MAX - size);
    memcpy (key, prefix, size);
    memcpy (key + size, self->name, name);
    return size + name;
}

//  ---- out of it -----------------------------------------------------------------------------------

//  Has something been heard of that these records do not know?
static bool
is_outdated (const find_t *self, const Ggen__HotName *name)
{
    for (const known_t *known = discovered_of_name (self->home->discovered, self->name); known;
         known = known->next_of_name) {
        bool listed = known->listing.len == 0, headed = known->head.len == 0;
        for (size_t i = 0; name && i < name->n_listings; i++)
            listed |= message_same_bytes (name->listings[i], known->listing);
        for (size_t i = 0; name && i < name->n_heads; i++)
            headed |= message_same_bytes (name->heads[i], known->head);
        if (strcmp (known->name, self->name) == 0 && (!listed || !headed))
            return true;
    }
    return false;
}

static bool
has_head_of (const Ggen__HotName *name, const publisher_key_t *key)
{
    bool has = false;
    for (size_t i = 0; i < name->n_heads && !has; i++) {
        p2p_signed_t head;
        if (p2p_signed_reopen (&head, GGEN__RECORD_KIND__HEAD,
                               (bytes_t) {name->heads[i].data, name->heads[i].len})
            != OK)
            continue;
        has = publisher_key_equal (&head.key, key);
        p2p_signed_clear (&head);
    }
    return has;
}

//  Whom trust has pinned is looked up if he was not, then.
static bool
lacks_pinned (const find_t *self, const Ggen__HotName *name)
{
    for (unsigned i = 0; i < self->publishers_count; i++)
        if (self->publishers[i].pinned
            && (!name || !has_head_of (name, &self->publishers[i].key)))
            return true;
    return false;
}

static Ggen__DhtReadReply
reply_of (ProtobufCBinaryData *records, size_t count)
{
    Ggen__DhtReadReply reply = GGEN__DHT_READ_REPLY__INIT;
    reply.records = records;
    reply.n_records = count;
    return reply;
}

static void
take (find_t *self, const Ggen__HotName *name)
{
    Ggen__DhtReadReply listings = reply_of (name->listings, name->n_listings);
    Ggen__DhtReadReply heads = reply_of (name->heads, name->n_heads);
    Ggen__DhtReadReply releases = reply_of (name->releases, name->n_releases);
    for (size_t i = 0; i < name->n_heads; i++) {
        p2p_signed_t head;
        if (p2p_signed_reopen (&head, GGEN__RECORD_KIND__HEAD,
                               (bytes_t) {name->heads[i].data, name->heads[i].len})
            != OK)
            continue;
        find_add (self, &head.key);
        p2p_signed_clear (&head);
    }
    find_take_listings (self, &listings);
    find_take_heads (self, &heads);
    find_take_releases (self, &releases);
}

void
find_take_hot (find_t *self, const Ggen__HotGetReply *reply)
{
    if (reply->heat == GGEN__HEAT__HOT_ABSENT)
        self->hot = !is_outdated (self, NULL) && !lacks_pinned (self, NULL);
    if (reply->heat != GGEN__HEAT__HOT)
        return;
    Ggen__HotName *name = ggen__hot_name__unpack (NULL, reply->value.len, reply->value.data);
    if (name && !is_outdated (self, name) && !lacks_pinned (self, name)) {
        take (self, name);
        self->hot = true;
    }
    ggen__hot_name__free_unpacked (name, NULL);
}

//  ---- into it -------------------------------------------------------------------------------------

static void
add_publisher (Ggen__HotName *name, const find_publisher_t *publisher)
{
    if (publisher->listing.payload)
        name->listings[name->n_listings++] = publisher->listing.packed;
    if (publisher->head.payload)
        name->heads[name->n_heads++] = publisher->head.packed;
    for (size_t i = 0; i < publisher->versions_count; i++)
        if (publisher->versions[i].found)
            name->releases[name->n_releases++] = publisher->versions[i].found->packed;
}

static void
put (const find_t *self, const Ggen__HotName *name)
{
    uint8_t key[FIND_HOT_KEY_MAX];
    Ggen__HotPutRequest request = GGEN__HOT_PUT_REQUEST__INIT;
    request.key = (ProtobufCBinaryData) {find_hot_key (self, key), key};
    request.absent = name->n_heads == 0 && name->n_listings == 0;
    request.value.len = ggen__hot_name__get_packed_size (name);
    if (request.value.len > HOT_VALUE_MAX)
        return;
    request.value.data = malloc (request.value.len + 1);
    if (!request.value.data)
        return;
    ggen__hot_name__pack (name, request.value.data);
    if (request.absent)
        request.value.len = 0;
    out_event (self->home->out, "cache", &request.base);
    free (request.value.data);
}

void
find_put_hot (const find_t *self)
{
    ProtobufCBinaryData listings[FIND_PUBLISHERS_MAX], heads[FIND_PUBLISHERS_MAX];
    ProtobufCBinaryData releases[FIND_PUBLISHERS_MAX * FIND_VERSIONS_MAX];
    Ggen__HotName name = GGEN__HOT_NAME__INIT;
    if (self->hot || self->incomplete || self->failure_code != OK)
        return;
    name.listings = listings;
    name.heads = heads;
    name.releases = releases;
    for (unsigned i = 0; i < self->publishers_count; i++)
        add_publisher (&name, &self->publishers[i]);
    put (self, &name);
}
