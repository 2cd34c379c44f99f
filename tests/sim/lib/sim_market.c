// SPDX-License-Identifier: MIT
#include "sim_market.h"

#include "actors/registry/reply.h"
#include "record_valid.h"
#include "sim_archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const sim_market_names[] = {"own-0",   "own-1",   "own-2",   "own-3", "own-4",
                                        "alice-0", "alice-1", "alice-2", "rival", NULL};

const char *const sim_market_traps[] = {"forged", "unsigned", "swapped", "lied", "stolen", NULL};

const char *const sim_market_sources[] = {
    "own-0-1.0.0", "own-0-1.1.0", "own-0-2.0.0", "own-1-1.0.0", "own-1-1.1.0", "own-2-1.0.0",
    "own-2-1.1.0", "own-3-1.0.0", "own-3-2.0.0", "own-4-1.0.0", "own-4-1.1.0", NULL};

//  What makes a trap of a package.
typedef enum { HONEST, FORGED, UNSIGNED, SWAPPED, LIED, STOLEN } trick_t;

typedef struct {
    const char *name, *version, *needs;
    const sim_signer_t *signer;
    trick_t trick;
} offer_t;

void
sim_market_write (sim_disk_t *disk, const char *name, const char *version, const char *needs)
{
    char path[SIM_PATH_MAX], text[1024], dependency[128] = "";
    if (needs)
        snprintf (dependency, sizeof dependency, ",\"dependencies\":{\"%s\":\"^1.0.0\"}", needs);
    snprintf (text, sizeof text,
              "{\"name\":\"%s\",\"version\":\"%s\",\"description\":\"simulated goods\","
              "\"license\":\"MIT\"%s}",
              name, version, dependency);
    snprintf (path, sizeof path, SIM_SOURCES "%s-%s/package.json", name, version);
    sim_disk_write_text (disk, path, text);
    snprintf (path, sizeof path, SIM_SOURCES "%s-%s/readme", name, version);
    snprintf (text, sizeof text, "what %s %s is good for\n", name, version);
    sim_disk_write_text (disk, path, text);
}

//  ---- strangers -----------------------------------------------------------------------------------

static void
add_dependency (Ggen__Package *package, const char *needs)
{
    Ggen__Dependency *dependency = reply_new (&ggen__dependency__descriptor);
    package->dependencies = calloc (1, sizeof dependency);
    if (!dependency || !package->dependencies)
        abort ();
    reply_set_text (&dependency->name, needs);
    reply_set_text (&dependency->requirement, "^1.0.0");
    package->dependencies[package->n_dependencies++] = dependency;
}

static ProtobufCBinaryData
copy_of (const void *data, size_t size)
{
    ProtobufCBinaryData copy = {size, malloc (size + 1)};
    if (!copy.data)
        abort ();
    memcpy (copy.data, data, size);
    return copy;
}

static ProtobufCBinaryData
sign_release (const offer_t *offer, const Ggen__Package *package, bytes_t archive)
{
    Ggen__Release release = GGEN__RELEASE__INIT;
    Ggen__SignedDependency need = GGEN__SIGNED_DEPENDENCY__INIT, *needs = &need;
    Ggen__Manifest manifest;
    digest_t files, inside;
    sim_archive_files_sha256 (archive, &files);
    if (!sim_archive_manifest (archive, &manifest))
        abort ();
    crypto_real.sha256 (manifest.content.data, manifest.content.len, inside.bytes);
    sim_archive_forget (&manifest);
    release.name = package->id;
    release.version = package->version;
    release.sha256 = release.chunks = package->sha256;
    release.size_bytes = release.unpacked_bytes = package->size_bytes;
    release.chunk_bytes = RECORD_CHUNK_BYTES;
    release.files_sha256 = digest_to_field (&files);
    release.files_count = 2;
    release.published_at = CLOCKS_START_WALL_MS / 1000 - 1000;
    release.archive_format = (char *) "tar.gz";
    release.manifest_sha256 = digest_to_field (&inside);
    if (offer->needs) {
        need.name = (char *) offer->needs;
        need.requirement = (char *) "^1.0.0";
        release.dependencies = &needs;
        release.n_dependencies = 1;
    }
    return sim_signer_sign_message (offer->signer, GGEN__RECORD_KIND__RELEASE, &release.base);
}

//  What the offer says of itself, with its archive in 'path'.
static Ggen__Package *
package_of (const offer_t *offer, const sim_disk_t *disk, const char *path)
{
    Ggen__Package *package = reply_new (&ggen__package__descriptor);
    Ggen__Publisher *publisher = reply_new (&ggen__publisher__descriptor);
    bytes_t archive;
    digest_t digest;
    if (!package || !publisher || !sim_disk_read (disk, path, &archive))
        abort ();
    reply_set_text (&package->id, offer->name);
    reply_set_text (&package->version, offer->version);
    reply_set_text (&package->description, "simulated goods");
    sim_disk_sha256 (disk, path, &digest);
    package->sha256 = copy_of (digest.bytes, DIGEST_SIZE);
    package->size_bytes = archive.size;
    package->publisher = publisher;
    publisher->public_key = copy_of (offer->signer->key.bytes, PUBLISHER_KEY_SIZE);
    if (offer->needs && offer->trick != LIED)
        add_dependency (package, offer->needs);
    if (offer->trick != UNSIGNED)
        package->record = sign_release (offer, package, archive);
    return package;
}

static void
play (const offer_t *offer, const sim_people_t *people, Ggen__Package *package)
{
    uint8_t *key = offer->trick == FORGED ? memmem (package->record.data, package->record.len,
                                                    people->eve.key.bytes, PUBLISHER_KEY_SIZE)
                                          : NULL;
    if (key)
        memcpy (key, people->alice.key.bytes, PUBLISHER_KEY_SIZE);
    if (offer->trick == FORGED || offer->trick == STOLEN)
        memcpy (package->publisher->public_key.data, people->alice.key.bytes, PUBLISHER_KEY_SIZE);
}

static void
put (const offer_t *offer, const sim_people_t *people, sim_disk_t *disk,
     sim_registry_file_t *registry, sim_watch_t *watch)
{
    char directory[SIM_PATH_MAX];
    const char *path = "/strangers/archive";
    bytes_t archive;
    snprintf (directory, sizeof directory, SIM_SOURCES "%s-%s", offer->name, offer->version);
    sim_market_write (disk, offer->name, offer->version, offer->needs);
    if (!sim_archive_pack (disk, directory, path))
        abort ();
    Ggen__Package *package = package_of (offer, disk, path);
    sim_watch_believe (watch, package->record);
    play (offer, people, package);
    if (offer->trick == SWAPPED)
        sim_disk_damage (disk, path, 1000);
    if (!sim_disk_read (disk, path, &archive)
        || !sim_registry_file_smuggle (registry, package, archive))
        abort ();
    protobuf_c_message_free_unpacked (&package->base, NULL);
    sim_disk_remove (disk, path);
}

void
sim_market_open (const sim_people_t *people, sim_disk_t *disk, sim_registry_file_t *registry,
                 sim_watch_t *watch)
{
    const offer_t offers[] = {{"alice-0", "1.0.0", NULL, &people->alice, HONEST},
                              {"alice-0", "1.2.0", NULL, &people->alice, HONEST},
                              {"alice-1", "1.0.0", "alice-0", &people->alice, HONEST},
                              {"alice-2", "1.0.0", "alice-1", &people->alice, HONEST},
                              {"alice-2", "1.0.1", "alice-1", &people->alice, HONEST},
                              {"rival", "1.0.0", NULL, &people->alice, HONEST},
                              {"rival", "1.5.0", NULL, &people->eve, HONEST},
                              {"forged", "1.0.0", NULL, &people->eve, FORGED},
                              {"unsigned", "1.0.0", NULL, &people->eve, UNSIGNED},
                              {"swapped", "1.0.0", NULL, &people->eve, SWAPPED},
                              {"lied", "1.0.0", "alice-0", &people->eve, LIED},
                              {"stolen", "1.0.0", NULL, &people->eve, STOLEN}};
    for (size_t i = 0; i < COUNT_OF (offers); i++)
        put (&offers[i], people, disk, registry, watch);
    for (size_t i = 0; sim_market_sources[i]; i++) {
        char name[] = "own-N", needs[] = "own-N";
        name[4] = sim_market_sources[i][4];
        needs[4] = (char) (name[4] - 1);
        sim_market_write (disk, name, sim_market_sources[i] + sizeof name,
                          (name[4] - '0') % 3 ? needs : NULL);
    }
}
