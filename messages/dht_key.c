// SPDX-License-Identifier: MIT
#include "dht_key.h"

#include "discovery_valid.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define PARTS_MAX 3

typedef struct {
    bytes_t list [PARTS_MAX];
    size_t count;
} parts_t;

static bytes_t
text_bytes (const char *text)
{
    return (bytes_t) {(const uint8_t *) text, strlen (text)};
}

//  SHA-256 of the domain and the parts, a NUL before each part.
static void
hash_parts (digest_t *key, dht_hash_fn *sha256, const char *domain, const parts_t *parts)
{
    size_t size = strlen (domain);
    for (size_t i = 0; i < parts->count; i++)
        size += 1 + parts->list [i].size;
    uint8_t *text = malloc (size);
    assert (text);
    uint8_t *at = mempcpy (text, domain, strlen (domain));
    for (size_t i = 0; i < parts->count; i++) {
        *at++ = 0;
        at = mempcpy (at, parts->list [i].data, parts->list [i].size);
    }
    sha256 (text, size, key->bytes);
    free (text);
}

void
dht_key_name (digest_t *key, dht_hash_fn *sha256, const char *name)
{
    const parts_t parts = {{text_bytes (name)}, 1};
    hash_parts (key, sha256, "ggen name 1", &parts);
}

void
dht_key_head (digest_t *key, dht_hash_fn *sha256, const char *name,
    const publisher_key_t *publisher)
{
    const parts_t parts = {{text_bytes (name), {publisher->bytes, PUBLISHER_KEY_SIZE}}, 2};
    hash_parts (key, sha256, "ggen head 1", &parts);
}

void
dht_key_release (digest_t *key, dht_hash_fn *sha256, const char *name, const char *version,
    const publisher_key_t *publisher)
{
    const parts_t parts = {{text_bytes (name), text_bytes (version),
                            {publisher->bytes, PUBLISHER_KEY_SIZE}}, 3};
    hash_parts (key, sha256, "ggen release 1", &parts);
}

void
dht_key_rotation (digest_t *key, dht_hash_fn *sha256, const publisher_key_t *former)
{
    const parts_t parts = {{{former->bytes, PUBLISHER_KEY_SIZE}}, 1};
    hash_parts (key, sha256, "ggen rotation 1", &parts);
}

void
dht_key_keyword (digest_t *key, dht_hash_fn *sha256, const char *word, unsigned part)
{
    assert (part < DHT_KEYWORD_PARTS_MAX);
    const uint8_t number = (uint8_t) part;
    const parts_t parts = {{text_bytes (word), {&number, 1}}, 2};
    hash_parts (key, sha256, "ggen keyword 1", &parts);
}

void
dht_key_peer (digest_t *key, dht_hash_fn *sha256, const peer_key_t *peer)
{
    uint8_t id [PEER_ID_SIZE];
    peer_id_bytes (peer, id);
    sha256 (id, sizeof id, key->bytes);
}

//  ---- what a record is, and where it belongs ----------------------------------------------------

typedef struct {
    const digest_t *key;
    dht_hash_fn *sha256;
    const Ggen__SignedRecord *record;
    publisher_key_t signer;
} question_t;

static code_t
belongs (const question_t *self, const digest_t *where)
{
    return digest_equal (self->key, where) ? OK : SECURITY;
}

static void
set_subject (dht_element_t *element, const digest_t *subject)
{
    memcpy (element->subject, subject->bytes, DIGEST_SIZE);
}

static code_t
check_release (dht_element_t *element, const question_t *self)
{
    AUTO (record_release_destroy) Ggen__Release *release = NULL;
    digest_t where;
    code_t code = record_release (&release, self->record);
    if (code)
        return code;
    dht_key_release (&where, self->sha256, release->name, release->version, &self->signer);
    set_subject (element, &where);
    element->issued_at = release->published_at;
    return belongs (self, &where);
}

static code_t
check_head (dht_element_t *element, const question_t *self)
{
    AUTO (record_head_destroy) Ggen__Head *head = NULL;
    digest_t where;
    code_t code = record_head (&head, self->record);
    if (code)
        return code;
    dht_key_head (&where, self->sha256, head->name, &self->signer);
    set_subject (element, &where);
    element->seq = head->seq;
    element->issued_at = head->issued_at;
    return belongs (self, &where);
}

static code_t
check_rotation (dht_element_t *element, const question_t *self)
{
    AUTO (record_rotation_destroy) Ggen__Rotation *rotation = NULL;
    publisher_key_t former;
    digest_t where;
    code_t code = record_rotation (&rotation, self->record);
    if (code == OK)
        code = publisher_key_from_field (&former, rotation->former_key);
    if (code)
        return code;
    dht_key_rotation (&where, self->sha256, &former);
    set_subject (element, &where);
    element->seq = rotation->seq;
    element->issued_at = rotation->issued_at;
    return belongs (self, &where);
}

//  Under its name, or under any part of one of its keywords.
static code_t
belongs_to_listing (const question_t *self, const Ggen__Listing *listing, const digest_t *name)
{
    digest_t where;
    if (belongs (self, name) == OK)
        return OK;
    for (unsigned part = 0; part < DHT_KEYWORD_PARTS_MAX; part++)
        for (size_t i = 0; i < listing->n_keywords; i++) {
            dht_key_keyword (&where, self->sha256, listing->keywords [i], part);
            if (belongs (self, &where) == OK)
                return OK;
        }
    return SECURITY;
}

static code_t
check_listing (dht_element_t *element, const question_t *self)
{
    AUTO (discovery_listing_destroy) Ggen__Listing *listing = NULL;
    digest_t name;
    code_t code = discovery_listing (&listing, self->record);
    if (code)
        return code;
    dht_key_name (&name, self->sha256, listing->name);
    set_subject (element, &name);
    element->seq = listing->seq;
    element->issued_at = listing->issued_at;
    element->ttl_secs = listing->ttl_secs;
    element->withdrawn = listing->withdrawn;
    return belongs_to_listing (self, listing, &name);
}

static code_t
check_provider (dht_element_t *element, const question_t *self)
{
    AUTO (discovery_provider_destroy) Ggen__Provider *provider = NULL;
    digest_t digest;
    code_t code = discovery_provider (&provider, self->record);
    if (code == OK)
        code = digest_from_field (&digest, provider->sha256);
    if (code)
        return code;
    set_subject (element, &digest);
    element->seq = provider->seq;
    element->issued_at = provider->issued_at;
    element->ttl_secs = provider->ttl_secs;
    element->withdrawn = provider->withdrawn;
    element->renewed_by_signer_only = true;
    return belongs (self, &digest);
}

static code_t
check_peer (dht_element_t *element, const question_t *self)
{
    AUTO (discovery_peer_destroy) Ggen__PeerRecord *peer = NULL;
    peer_key_t signer;
    digest_t where;
    code_t code = discovery_peer (&peer, self->record);
    if (code == OK)
        code = peer_key_from_field (&signer, self->record->key);
    if (code)
        return code;
    dht_key_peer (&where, self->sha256, &signer);
    set_subject (element, &where);
    element->seq = peer->seq;
    element->issued_at = peer->issued_at;
    element->ttl_secs = peer->ttl_secs;
    element->renewed_by_signer_only = true;
    return belongs (self, &where);
}

typedef code_t (check_fn) (dht_element_t *element, const question_t *question);

static check_fn *const checks [] = {
    [GGEN__RECORD_KIND__RELEASE] = check_release,
    [GGEN__RECORD_KIND__HEAD] = check_head,
    [GGEN__RECORD_KIND__ROTATION] = check_rotation,
    [GGEN__RECORD_KIND__LISTING] = check_listing,
    [GGEN__RECORD_KIND__PROVIDER] = check_provider,
    [GGEN__RECORD_KIND__PEER] = check_peer,
};

code_t
dht_key_check (dht_element_t *element, dht_hash_fn *sha256, record_verify_fn *verify,
    const digest_t *key, bytes_t packed)
{
    AUTO (record_destroy) Ggen__SignedRecord *record = NULL;
    memset (element, 0, sizeof *element);
    code_t code = record_open (&record, packed);
    if (code == OK)
        code = record_check (record, verify, NULL);
    if (code)
        return code;
    question_t question = {.key = key, .sha256 = sha256, .record = record};
    size_t kind = (size_t) record->kind;
    if (kind >= COUNT_OF (checks) || !checks [kind]
    ||  publisher_key_from_field (&question.signer, record->key) != OK)
        return SERIALIZATION;
    element->kind = record->kind;
    memcpy (element->signer, question.signer.bytes, sizeof element->signer);
    return checks [kind] (element, &question);
}
