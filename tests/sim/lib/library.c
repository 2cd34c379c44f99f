// SPDX-License-Identifier: MIT
#include "library.h"

#include "record.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_SECS (90 * 86400)          //  a head says that it is good for so long

//  Archives: a tenth of them up to the larger, the others up to the smaller.
#define SMALL_BYTES 20000u
#define LARGE_BYTES 1200000u

//  A key pair, which must not move.
typedef struct key_pair_t {
    crypto_sim_identity_t pair;
    struct key_pair_t *next;
} key_pair_t;

struct library_t {
    play_t *play;
    key_pair_t *pairs;
    publisher_t *publishers;
    uint32_t publishers_count, turn;
    package_t *packages;
    uint32_t count, room;
};

//  Who publishes from which node: those after the ones that others begin with.
static uint32_t
node_of (const play_t *play, uint32_t publisher)
{
    uint32_t others = play->nodes > play->bootstraps ? play->nodes - play->bootstraps : 1;
    return (play->bootstraps + publisher % others) % play->nodes;
}

library_t *
library_new (play_t *play, uint32_t publishers)
{
    library_t *self = calloc (1, sizeof *self);
    if (!self)
        abort ();
    self->play = play;
    self->publishers_count = publishers;
    self->publishers = calloc (publishers + 1, sizeof *self->publishers);
    if (!self->publishers)
        abort ();
    for (uint32_t i = 0; i < publishers; i++) {
        publisher_t *publisher = &self->publishers[i];
        publisher->recovery = library_key (self, "recovery", i);
        publisher->node = node_of (play, i);
        library_rotate (self, i);
    }
    return self;
}

const identity_t *
library_key (library_t *self, const char *purpose, uint64_t number)
{
    key_pair_t *key = calloc (1, sizeof *key);
    if (!key)
        abort ();
    key->next = self->pairs;
    self->pairs = key;
    crypto_sim_identity (&key->pair, self->play->options.real_crypto, self->play->options.seed,
                         purpose, number);
    return truth_identity (self->play->truth, &key->pair.identity);
}

void
library_destroy (library_t **self_p)
{
    if (!*self_p)
        return;
    for (key_pair_t *next, *key = (*self_p)->pairs; key; key = next) {
        next = key->next;
        free (key);
    }
    for (uint32_t i = 0; i < (*self_p)->publishers_count; i++)
        free ((*self_p)->publishers[i].rotation.data);
    free ((*self_p)->publishers);
    free ((*self_p)->packages);
    free (*self_p);
    *self_p = NULL;
}

uint32_t
library_publishers_count (const library_t *self)
{
    return self->publishers_count;
}

publisher_t *
library_publisher (const library_t *self, uint32_t number)
{
    return &self->publishers[number];
}

uint32_t
library_count (const library_t *self)
{
    return self->count;
}

package_t *
library_package (library_t *self, uint32_t number)
{
    return &self->packages[number];
}

uint32_t
library_add (library_t *self)
{
    uint32_t tries = self->publishers_count;
    while (tries > 0
           && !players_is_ready (self->play, self->publishers[self->turn % self->publishers_count].node)) {
        self->turn++;
        tries--;
    }
    if (tries == 0)
        return PLAY_NOBODY;
    if (self->count == self->room) {
        self->room = self->room ? 2 * self->room : 16;
        self->packages = realloc (self->packages, self->room * sizeof *self->packages);
        if (!self->packages)
            abort ();
    }
    package_t *package = &self->packages[self->count];
    *package = (package_t) {.publisher = self->turn++ % self->publishers_count,
                            .versions = 1,
                            .own_from = 1};
    snprintf (package->name, sizeof package->name, "tool%u-market", self->count);
    return self->count++;
}

//  ---- who is wanted -------------------------------------------------------------------------------

uint32_t
library_newest (const package_t *package)
{
    uint32_t version = package->versions_stored;
    while (version > 0 && package->yanked >> (version - 1) & 1)
        version--;
    return version;
}

static bool
is_offered (const package_t *package)
{
    return package->seq_stored > 0 && !package->withdrawn
           && (package->yanked == 0 || library_newest (package) > 0);
}

//  By rejection: number k is taken with probability (k + 1) ^ -exponent.
uint32_t
library_draw (library_t *self, double exponent, rng_t *rng)
{
    for (unsigned tries = 0; tries < 1000 && self->count > 0; tries++) {
        uint32_t at = (uint32_t) rng_below (rng, self->count);
        if (is_offered (&self->packages[at])
            && (exponent <= 0 || rng_unit (rng) < pow (at + 1.0, -exponent)))
            return at;
    }
    for (uint32_t i = 0; i < self->count; i++)
        if (is_offered (&self->packages[i]))
            return i;
    return PLAY_NOBODY;
}

//  ---- what is signed ------------------------------------------------------------------------------

const sim_content_t *
library_content (library_t *self, uint32_t package, uint32_t version)
{
    rng_t rng;
    world_rng (self->play->world, &rng, "archive", (uint64_t) package << 32 | version);
    uint64_t size = rng_below (&rng, 10) ? rng_below (&rng, SMALL_BYTES)
                                         : rng_below (&rng, LARGE_BYTES);
    return sim_contents_derive (honest_contents (self->play->honest),
                                (uint64_t) package << 32 | version, size + 1);
}

bool
library_find_content (library_t *self, bytes_t sha256, uint32_t *package_p, uint32_t *version_p)
{
    digest_t digest;
    if (sha256.size != DIGEST_SIZE)
        return false;
    memcpy (digest.bytes, sha256.data, DIGEST_SIZE);
    const sim_content_t *content =
        sim_contents_find (honest_contents (self->play->honest), &digest);
    if (!content)
        return false;
    *package_p = (uint32_t) (content->seed >> 32);
    *version_p = (uint32_t) content->seed;
    return true;
}

void
library_version (uint32_t version, char text[LIBRARY_VERSION_MAX + 1])
{
    snprintf (text, LIBRARY_VERSION_MAX + 1, "%u.0.0", version);
}

uint32_t
library_named (library_t *self, const char *name)
{
    for (uint32_t i = 0; i < self->count; i++)
        if (strcmp (self->packages[i].name, name) == 0)
            return i;
    return PLAY_NOBODY;
}

static ProtobufCBinaryData
digest_field (const sim_content_t *content)
{
    return (ProtobufCBinaryData) {DIGEST_SIZE, (uint8_t *) content->sha256.bytes};
}

ProtobufCBinaryData
library_release_by (library_t *self, const identity_t *key, uint32_t number, uint32_t version,
                    int64_t wall_ms)
{
    package_t *package = &self->packages[number];
    const sim_content_t *content = library_content (self, number, version);
    char text[LIBRARY_VERSION_MAX + 1];
    Ggen__Release release = GGEN__RELEASE__INIT;
    library_version (version, text);
    release.name = package->name;
    release.version = text;
    sim_content_fill (content, &release);
    release.files_sha256 = release.manifest_sha256 = release.sha256;
    release.unpacked_bytes = 1;
    release.files_count = 1;
    release.published_at = wall_ms / 1000;
    release.archive_format = "tar.gz";
    return sim_sign (key, GGEN__RECORD_KIND__RELEASE, &release.base);
}

ProtobufCBinaryData
library_sign_release (library_t *self, uint32_t number, uint32_t version, int64_t wall_ms)
{
    package_t *package = &self->packages[number];
    AUTO (record_destroy) Ggen__SignedRecord *opened = NULL;
    ProtobufCBinaryData record = library_release_by (
        self, self->publishers[package->publisher].identity, number, version, wall_ms);
    if (record_open (&opened, (bytes_t) {record.data, record.len}) != OK)
        abort ();
    world_crypto (self->play->world)
        ->sha256 (opened->payload.data, opened->payload.len, package->released[version - 1].bytes);
    if (publisher_key_from_field (&package->signers[version - 1], opened->key) != OK)
        abort ();
    return record;
}

//  Versions as a head lists them, with room for what they refer to.
typedef struct {
    Ggen__HeadVersion versions[LIBRARY_VERSIONS_MAX + 1], *list[LIBRARY_VERSIONS_MAX + 1];
    char texts[LIBRARY_VERSIONS_MAX + 1][LIBRARY_VERSION_MAX + 1];
    size_t count;
} listed_t;

static Ggen__HeadVersion *
list (listed_t *listed, library_t *self, uint32_t number, uint32_t version)
{
    size_t at = listed->count++;
    Ggen__HeadVersion *one = listed->list[at] = &listed->versions[at];
    ggen__head_version__init (one);
    library_version (version, listed->texts[at]);
    one->version = listed->texts[at];
    one->sha256 = digest_field (library_content (self, number, version));
    return one;
}

ProtobufCBinaryData
library_head_by (library_t *self, const identity_t *key, uint32_t number,
                 const library_head_t *what, int64_t wall_ms)
{
    package_t *package = &self->packages[number];
    listed_t listed;
    digest_t recovery;
    listed.count = 0;
    for (uint32_t i = 0; i < package->versions && !package->withdrawn; i++) {
        Ggen__HeadVersion *one = list (&listed, self, number, i + 1);
        one->yanked = package->yanked >> i & 1;
        if (i + 1 < what->own_from) {
            one->release_sha256 = digest_to_field (&package->released[i]);
            one->release_key = publisher_key_to_field (&package->signers[i]);
        }
    }
    if (what->evil)
        list (&listed, self, number, what->evil);
    Ggen__Head head = GGEN__HEAD__INIT;
    head.name = package->name;
    head.seq = what->seq;
    head.issued_at = wall_ms / 1000;
    head.expires_at = head.issued_at + HEAD_SECS;
    head.versions = listed.list;
    head.n_versions = listed.count;
    world_crypto (self->play->world)
        ->sha256 (what->recovery->key, CRYPTO_KEY_BYTES, recovery.bytes);
    head.recovery_sha256 = digest_to_field (&recovery);
    if (what->successor)
        head.rotated_to =
            (ProtobufCBinaryData) {CRYPTO_KEY_BYTES, (uint8_t *) what->successor->key};
    return sim_sign (key, GGEN__RECORD_KIND__HEAD, &head.base);
}

ProtobufCBinaryData
library_sign_head (library_t *self, uint32_t number, int64_t wall_ms)
{
    package_t *package = &self->packages[number];
    const publisher_t *publisher = &self->publishers[package->publisher];
    const library_head_t what = {.seq = ++package->seq,
                                 .own_from = package->own_from,
                                 .recovery = publisher->recovery};
    return library_head_by (self, publisher->identity, number, &what, wall_ms);
}
