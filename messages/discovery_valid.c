// SPDX-License-Identifier: MIT
#include "discovery_valid.h"

#include "digest.h"
#include "multiaddr.h"
#include "package_id.h"
#include "record.h"
#include "semver.h"
#include "utf8.h"

#include <string.h>

//  ---- what all have in common -------------------------------------------------------------------

static bool
is_timed (uint64_t seq, int64_t issued_at, uint32_t ttl_secs)
{
    return seq > 0 && issued_at >= 0 && ttl_secs > 0 && ttl_secs <= DISCOVERY_TTL_MAX_SECS;
}

//  Text of at most 'size_max' bytes.
static bool
is_text (const char *text, size_t size_max)
{
    return strnlen (text, size_max + 1) <= size_max && utf8_valid (text);
}

//  Lists are short: each is compared with those before it.
static bool
is_new (char *const *texts, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp (texts [i], texts [at]) == 0)
            return false;
    return true;
}

//  ---- listings ----------------------------------------------------------------------------------

static bool
are_labels (char *const *labels, size_t count, size_t count_max)
{
    if (count > count_max)
        return false;
    for (size_t i = 0; i < count; i++)
        if (*labels [i] == 0 || !is_text (labels [i], DISCOVERY_LABEL_MAX) || !is_new (labels, i))
            return false;
    return true;
}

static bool
are_keywords (char *const *words, size_t count)
{
    if (count > DISCOVERY_KEYWORDS_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        char keyword [DISCOVERY_KEYWORD_MAX + 1];
        size_t size = strnlen (words [i], DISCOVERY_KEYWORD_MAX + 1);
        if (discovery_keyword (words [i], size, keyword) != size || size == 0
        ||  strcmp (keyword, words [i]) != 0 || !is_new (words, i))
            return false;
    }
    return true;
}

static bool
is_empty (const Ggen__Listing *listing)
{
    return *listing->version == 0 && *listing->title == 0 && *listing->description == 0
        && listing->n_categories == 0 && listing->n_tags == 0 && *listing->license == 0
        && *listing->author == 0 && listing->sha256.len == 0 && listing->size_bytes == 0;
}

static bool
is_offer (const Ggen__Listing *listing)
{
    return semver_is_canonical (listing->version)
        && is_text (listing->title, DISCOVERY_TITLE_MAX)
        && is_text (listing->description, DISCOVERY_DESCRIPTION_MAX)
        && are_labels (listing->categories, listing->n_categories, DISCOVERY_CATEGORIES_MAX)
        && are_labels (listing->tags, listing->n_tags, DISCOVERY_TAGS_MAX)
        && is_text (listing->license, DISCOVERY_LABEL_MAX)
        && is_text (listing->author, DISCOVERY_AUTHOR_MAX)
        && listing->sha256.len == DIGEST_SIZE && listing->size_bytes > 0;
}

bool
discovery_valid_listing (const Ggen__Listing *listing)
{
    return package_id_valid (listing->name)
        && is_timed (listing->seq, listing->issued_at, listing->ttl_secs)
        && are_keywords (listing->keywords, listing->n_keywords)
        && (listing->withdrawn ? is_empty (listing) : is_offer (listing));
}

//  ---- addresses ---------------------------------------------------------------------------------

//  An address has one encoding, so that two that are the same are so byte by byte.
static bool
are_addresses (const ProtobufCBinaryData *addresses, size_t count)
{
    if (count > MULTIADDR_PEER_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        multiaddr_t address;
        bytes_t bytes = {addresses [i].data, addresses [i].len};
        if (multiaddr_decode (&address, bytes) != OK || !multiaddr_is_dialable (&address))
            return false;
        for (size_t j = 0; j < i; j++)
            if (addresses [j].len == bytes.size
            &&  memcmp (addresses [j].data, bytes.data, bytes.size) == 0)
                return false;
    }
    return true;
}

//  Does no address name another peer than the signer? They are acceptable as such.
static bool
are_of_signer (const ProtobufCBinaryData *addresses, size_t count,
    const Ggen__SignedRecord *record)
{
    peer_key_t signer;
    if (peer_key_from_field (&signer, record->key) != OK)
        return false;
    for (size_t i = 0; i < count; i++) {
        multiaddr_t address;
        if (multiaddr_decode (&address, (bytes_t) {addresses [i].data, addresses [i].len}) != OK
        ||  (address.has_peer && !peer_key_equal (&address.peer, &signer)))
            return false;
    }
    return true;
}

bool
discovery_valid_provider (const Ggen__Provider *provider)
{
    return provider->sha256.len == DIGEST_SIZE
        && is_timed (provider->seq, provider->issued_at, provider->ttl_secs)
        && (!provider->withdrawn || provider->n_addresses == 0)
        && are_addresses (provider->addresses, provider->n_addresses);
}

bool
discovery_valid_peer (const Ggen__PeerRecord *peer)
{
    return is_timed (peer->seq, peer->issued_at, peer->ttl_secs)
        && are_addresses (peer->addresses, peer->n_addresses);
}

//  ---- payloads ----------------------------------------------------------------------------------

code_t
discovery_listing (Ggen__Listing **listing_p, const Ggen__SignedRecord *record)
{
    *listing_p = (Ggen__Listing *)
        record_payload (record, GGEN__RECORD_KIND__LISTING, &ggen__listing__descriptor);
    if (!*listing_p)
        return SERIALIZATION;
    if (discovery_valid_listing (*listing_p))
        return OK;
    discovery_listing_destroy (listing_p);
    return VALIDATION;
}

code_t
discovery_provider (Ggen__Provider **provider_p, const Ggen__SignedRecord *record)
{
    *provider_p = (Ggen__Provider *)
        record_payload (record, GGEN__RECORD_KIND__PROVIDER, &ggen__provider__descriptor);
    const Ggen__Provider *provider = *provider_p;
    if (!provider)
        return SERIALIZATION;
    if (discovery_valid_provider (provider)
    &&  are_of_signer (provider->addresses, provider->n_addresses, record))
        return OK;
    discovery_provider_destroy (provider_p);
    return VALIDATION;
}

code_t
discovery_peer (Ggen__PeerRecord **peer_p, const Ggen__SignedRecord *record)
{
    *peer_p = (Ggen__PeerRecord *)
        record_payload (record, GGEN__RECORD_KIND__PEER, &ggen__peer_record__descriptor);
    const Ggen__PeerRecord *peer = *peer_p;
    if (!peer)
        return SERIALIZATION;
    if (discovery_valid_peer (peer) && are_of_signer (peer->addresses, peer->n_addresses, record))
        return OK;
    discovery_peer_destroy (peer_p);
    return VALIDATION;
}

void
discovery_listing_destroy (Ggen__Listing **listing_p)
{
    ggen__listing__free_unpacked (*listing_p, NULL);
    *listing_p = NULL;
}

void
discovery_provider_destroy (Ggen__Provider **provider_p)
{
    ggen__provider__free_unpacked (*provider_p, NULL);
    *provider_p = NULL;
}

void
discovery_peer_destroy (Ggen__PeerRecord **peer_p)
{
    ggen__peer_record__free_unpacked (*peer_p, NULL);
    *peer_p = NULL;
}
