// SPDX-License-Identifier: MIT
//  The Registry contract (SPEC 4): the same assertions for every registry. To put another one to
//  the test, add a row to 'registries'.
#include "tests/memory_registry.h"
#include "tests/memory_state.h"
#include "tests/p2p_world.h"
#include "tests/probe.h"

#include "actors/registry/registry.h"
#include "actors/registry/registry_file_io.h"
#include "actors/registry/registry_p2p.h"
#include "actors/registry/registry_sources_io.h"
#include "messages/record.h"
#include "publisher.pb-c.h"
#include "runtime/actor/crypto.h"
#include "tests/temp_dir.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>

#define ROLES_MAX     12
#define PUBLISHED_MAX 64
#define PACKED_MAX    4096

typedef struct {
    char id[64];
    char version[32];
    digest_t digest;
    unsigned who;
} published_t;

//  What a test has: a fresh host with a fresh registry, a directory, and two publishers.
typedef struct {
    const struct registry_row *row;
    char directory[TEMP_DIR_SIZE];
    host_t *host;
    probe_t probe;
    role_t roles[ROLES_MAX];
    uint8_t public_key[2][32];
    uint8_t secret_key[2][64];
    published_t published[PUBLISHED_MAX];
    unsigned published_count;
    unsigned archives_count;
    uint64_t seq;               //  of the newest head that was signed
    char archive[128];
    char registry[80];          //  where the file registry is
    registry_file_settings_t file;
    registry_sources_settings_t sources;
    p2p_world_t *world;         //  the network of registry_p2p; NULL without
    memory_state_t *state;
} fixture_t;

//  ---- the registries ----------------------------------------------------------------------------

//  Fills roles; what it needs may be kept below fixture->directory. Returns their number.
typedef unsigned (start_fn) (fixture_t *fixture);

typedef struct registry_row {
    const char *name;
    const char *address;        //  who is asked
    start_fn *start;
    bool keeps_heads;           //  takes heads and rotations by themselves
    bool doubles;               //  it has everything from two registries
    unsigned writers;           //  that take what is published
} registry_row_t;

static unsigned
start_memory (fixture_t *fixture)
{
    fixture->roles[0] = (role_t) {.class = &memory_registry_actor};
    return 1;
}

static unsigned
start_coordinator (fixture_t *fixture)
{
    static const registry_backend_t backends[] = {{.address = "registry_memory", .writes = true}};
    static const registry_settings_t settings = {backends, COUNT_OF (backends), 5000, 0};
    fixture->roles[0] = (role_t) {.class = &memory_registry_actor};
    fixture->roles[1] = (role_t) {.class = &registry_actor, .settings = &settings};
    return 2;
}

//  A coordinator of a coordinator, with an empty registry beside it and one that does not exist.
static unsigned
start_nested (fixture_t *fixture)
{
    static const registry_backend_t backends[] = {
        {.address = "registry_inner", .writes = true},
        {.address = "registry_empty"},
        {.address = "registry_absent"}};
    static const registry_settings_t settings = {backends, COUNT_OF (backends), 5000, 0};
    start_coordinator (fixture);
    fixture->roles[1].name = "registry_inner";
    fixture->roles[2] = (role_t) {.class = &registry_actor, .settings = &settings};
    fixture->roles[3] = (role_t) {.name = "registry_empty", .class = &memory_registry_actor};
    return 4;
}

static unsigned
start_file (fixture_t *fixture)
{
    snprintf (fixture->registry, sizeof fixture->registry, "%s/registry", fixture->directory);
    fixture->file = (registry_file_settings_t) {.directory = fixture->registry,
                                                 .writable = true};
    fixture->roles[0] = (role_t) {.class = &registry_file_actor, .settings = &fixture->file};
    return 1;
}

static unsigned
start_coordinated_file (fixture_t *fixture)
{
    static const registry_backend_t backends[] = {{.address = "registry_file", .writes = true}};
    static const registry_settings_t settings = {backends, COUNT_OF (backends), 5000, 0};
    start_file (fixture);
    fixture->roles[1] = (role_t) {.class = &registry_actor, .settings = &settings};
    return 2;
}

//  The same directory once more, as a named source: all that it has is said twice.
static unsigned
start_with_source (fixture_t *fixture)
{
    static const registry_backend_t backends[] = {{.address = "registry_file", .writes = true},
                                                  {.address = "registry_sources", .sources = true}};
    static const registry_settings_t settings = {backends, COUNT_OF (backends), 5000, 1};
    start_file (fixture);
    char path[128];
    assert_int_equal (mkdir (fixture->registry, 0755), 0);
    snprintf (path, sizeof path, "%s/registries.json", fixture->directory);
    FILE *list = fopen (path, "w");
    assert_non_null (list);
    fprintf (list,
             "{\"version\": 1, \"sources\": [{\"name\": \"again\", \"kind\": \"directory\","
             " \"location\": \"%s\", \"directory\": \"%s\"}]}",
             fixture->registry, fixture->registry);
    assert_int_equal (fclose (list), 0);
    fixture->sources.home = fixture->sources.cache = fixture->directory;
    fixture->roles[1] = (role_t) {.class = &registry_actor, .settings = &settings};
    fixture->roles[2]
        = (role_t) {.class = &registry_sources_actor, .settings = &fixture->sources};
    return 3;
}

//  One node, with a network of its own that keeps what it is told.
static unsigned
start_p2p (fixture_t *fixture)
{
    static registry_p2p_settings_t settings;
    static const actor_class_t *const others[] = {&p2p_dht_actor, &p2p_gossip_actor,
                                                  &p2p_transfer_actor, &p2p_cache_actor,
                                                  &p2p_keyring_actor, &p2p_trust_actor};
    settings = registry_p2p_settings_default;
    settings.replicas = 1;
    fixture->world = p2p_world_new ();
    fixture->state = calloc (1, sizeof *fixture->state);
    assert_non_null (fixture->state);
    fixture->roles[0] = (role_t) {.class = &registry_p2p_actor, .settings = &settings};
    fixture->roles[1] = (role_t) {.class = &memory_state_actor, .settings = fixture->state};
    for (unsigned i = 0; i < COUNT_OF (others); i++)
        fixture->roles[2 + i] = (role_t) {.class = others[i], .settings = fixture->world};
    return 2 + COUNT_OF (others);
}

//  Both, as in registry.mode "hybrid".
static unsigned
start_hybrid (fixture_t *fixture)
{
    static const registry_backend_t backends[] = {{.address = "registry_file", .writes = true},
                                                  {.address = "registry_p2p", .writes = true}};
    static const registry_settings_t settings = {backends, COUNT_OF (backends), 5000, 0};
    unsigned count = start_p2p (fixture);
    role_t p2p = fixture->roles[0];
    start_file (fixture);
    fixture->roles[count++] = p2p;
    fixture->roles[count++] = (role_t) {.class = &registry_actor, .settings = &settings};
    return count;
}

static const registry_row_t registries[] = {
    {"memory", "registry_memory", start_memory, false, false, 1},
    {"coordinator", "registry", start_coordinator, false, false, 1},
    {"nested coordinators", "registry", start_nested, false, false, 1},
    {"file", "registry_file", start_file, true, false, 1},
    {"coordinated file", "registry", start_coordinated_file, true, false, 1},
    {"file and the same as a source", "registry", start_with_source, true, true, 1},
    {"p2p", "registry_p2p", start_p2p, true, false, 1},
    {"hybrid", "registry", start_hybrid, true, true, 2},
};

//  ---- set up ------------------------------------------------------------------------------------

static int
set_up (void **state)
{
    host_init ();
    fixture_t *fixture = calloc (1, sizeof *fixture);
    fixture->row = *state;
    temp_dir_make (fixture->directory);
    for (unsigned i = 0; i < 2; i++) {
        uint8_t seed[crypto_sign_SEEDBYTES];
        memset (seed, (int) i + 1, sizeof seed);
        crypto_sign_seed_keypair (fixture->public_key[i], fixture->secret_key[i], seed);
    }
    char why[200] = "";
    bus_setup_t setup = {.roles = fixture->roles, .home = "test", .version = "test"};
    setup.roles_count = fixture->row->start (fixture);
    code_t code = host_start (&fixture->host, &setup, why, sizeof why);
    if (code)
        print_message ("%s\n", why);
    assert_int_equal (code, OK);
    probe_open (&fixture->probe, fixture->host);
    *state = fixture;
    return 0;
}

static int
tear_down (void **state)
{
    fixture_t *fixture = *state;
    probe_close (&fixture->probe);
    host_stop (&fixture->host);
    if (fixture->world)
        p2p_world_destroy (&fixture->world);
    if (fixture->state)
        memory_state_clear (fixture->state);
    free (fixture->state);
    temp_dir_remove (fixture->directory);
    free (fixture);
    return 0;
}

//  ---- making packages ---------------------------------------------------------------------------

static ProtobufCBinaryData
sign (const fixture_t *fixture, unsigned who, Ggen__RecordKind kind,
      const ProtobufCMessage *payload, uint8_t packed[PACKED_MAX])
{
    uint8_t bytes[PACKED_MAX / 2], signature[RECORD_SIGNATURE_SIZE];
    assert_true (protobuf_c_message_get_packed_size (payload) <= sizeof bytes);
    Ggen__SignedRecord record = GGEN__SIGNED_RECORD__INIT;
    record.kind = kind;
    record.payload = (ProtobufCBinaryData) {protobuf_c_message_pack (payload, bytes), bytes};
    size_t size;
    uint8_t *message = record_signing_bytes (kind, (bytes_t) {bytes, record.payload.len}, &size);
    assert_non_null (message);
    crypto_sign_detached (signature, NULL, message, size, fixture->secret_key[who]);
    free (message);
    record.key = (ProtobufCBinaryData) {32, (uint8_t *) fixture->public_key[who]};
    record.signature = (ProtobufCBinaryData) {sizeof signature, signature};
    return (ProtobufCBinaryData) {ggen__signed_record__pack (&record, packed), packed};
}

static void
sign_release (const fixture_t *fixture, unsigned who, Ggen__Package *package,
              uint8_t packed[PACKED_MAX])
{
    Ggen__Release release = GGEN__RELEASE__INIT;
    release.name = package->id;
    release.version = package->version;
    release.sha256 = release.chunks = release.files_sha256 = release.manifest_sha256 =
        package->sha256;
    release.size_bytes = package->size_bytes;
    release.chunk_bytes = 262144;
    release.unpacked_bytes = 1;
    release.files_count = 1;
    release.published_at = package->created_at;
    release.archive_format = "tar.gz";
    package->record = sign (fixture, who, GGEN__RECORD_KIND__RELEASE, &release.base, packed);
}

//  Was this version tried again later, maybe with other bytes?
static bool
was_tried_again (const fixture_t *fixture, unsigned at)
{
    const published_t *known = &fixture->published[at];
    for (unsigned i = at + 1; i < fixture->published_count; i++) {
        const published_t *later = &fixture->published[i];
        if (strcmp (later->id, known->id) == 0 && strcmp (later->version, known->version) == 0
            && later->who == known->who)
            return true;
    }
    return false;
}

//  The head lists all that this publisher has published under this name, each version once.
static void
sign_head (fixture_t *fixture, unsigned who, Ggen__Package *package, uint8_t packed[PACKED_MAX])
{
    Ggen__HeadVersion rooms[PUBLISHED_MAX], *versions[PUBLISHED_MAX];
    Ggen__Head head = GGEN__HEAD__INIT;
    head.name = package->id;
    //  Beyond every head before, also those that a registry signed to delete a version.
    head.seq = fixture->seq += 10;
    head.issued_at = package->created_at;
    head.expires_at = package->created_at + 1000000000;
    head.versions = versions;
    for (unsigned i = 0; i < fixture->published_count; i++) {
        published_t *known = &fixture->published[i];
        if (strcmp (known->id, package->id) != 0 || known->who != who
            || was_tried_again (fixture, i))
            continue;
        Ggen__HeadVersion *version = &rooms[head.n_versions];
        ggen__head_version__init (version);
        version->version = known->version;
        version->sha256 = digest_to_field (&known->digest);
        versions[head.n_versions++] = version;
    }
    package->head = sign (fixture, who, GGEN__RECORD_KIND__HEAD, &head.base, packed);
}

//  Bytes that no other archive has, unless 'fill' is the same.
static digest_t
write_archive (fixture_t *fixture, const char *id, const char *version, char fill,
               uint64_t *size_p)
{
    char text[200];
    int size = snprintf (text, sizeof text, "%s@%s %c", id, version, fill);
    snprintf (fixture->archive, sizeof fixture->archive, "%s/archive-%u", fixture->directory,
              fixture->archives_count++);
    FILE *file = fopen (fixture->archive, "w");
    assert_non_null (file);
    assert_int_equal (fwrite (text, 1, (size_t) size, file), size);
    fclose (file);
    digest_t digest;
    crypto_real.sha256 (text, (size_t) size, digest.bytes);
    *size_p = (uint64_t) size;
    return digest;
}

//  What a test says of a package; all but id and version may be left out.
typedef struct {
    const char *id, *version;
    const char *description, *tag;
    unsigned who;               //  publisher 0 or 1
    char fill;                  //  another one: other bytes
    const char *archive;        //  another path than that of the bytes
} spec_t;

static const ProtobufCMessage *
ask (fixture_t *fixture, const ProtobufCMessage *body, const ProtobufCMessageDescriptor *expect)
{
    return probe_ask (&fixture->probe, fixture->row->address, body, expect);
}

static published_t *
remember (fixture_t *fixture, const spec_t *spec, const digest_t *digest)
{
    assert_true (fixture->published_count < PUBLISHED_MAX);
    published_t *published = &fixture->published[fixture->published_count++];
    snprintf (published->id, sizeof published->id, "%s", spec->id);
    snprintf (published->version, sizeof published->version, "%s", spec->version);
    published->digest = *digest;
    published->who = spec->who;
    return published;
}

static const ProtobufCMessage *
publish_spec (fixture_t *fixture, spec_t spec)
{
    Ggen__Package package = GGEN__PACKAGE__INIT;
    Ggen__Publisher publisher = GGEN__PUBLISHER__INIT;
    Ggen__PublishRequest request = GGEN__PUBLISH_REQUEST__INIT;
    uint8_t record[PACKED_MAX], head[PACKED_MAX];
    digest_t digest = write_archive (fixture, spec.id, spec.version, spec.fill ? spec.fill : 'a',
                                     &package.size_bytes);
    package.id = package.title = (char *) spec.id;
    package.version = (char *) spec.version;
    package.description = (char *) (spec.description ? spec.description : "For tests");
    package.tags = (char **) &spec.tag;
    package.n_tags = spec.tag ? 1 : 0;
    package.publisher = &publisher;
    publisher.public_key = (ProtobufCBinaryData) {32, fixture->public_key[spec.who]};
    package.sha256 = digest_to_field (&digest);
    package.created_at = 1700000000 + fixture->published_count;
    remember (fixture, &spec, &digest);
    sign_release (fixture, spec.who, &package, record);
    sign_head (fixture, spec.who, &package, head);
    request.package = &package;
    request.archive_path = (char *) (spec.archive ? spec.archive : fixture->archive);
    return ask (fixture, &request.base, &ggen__publish_reply__descriptor);
}

#define publish(fixture, id_, version_, ...) \
    publish_spec (fixture, (spec_t) {.id = id_, .version = version_, __VA_ARGS__})

//  ---- asking ------------------------------------------------------------------------------------

static void
expect_failure (const ProtobufCMessage *answer, code_t code)
{
    assert_string_equal (answer->descriptor->short_name, "Failure");
    assert_string_equal (code_name (((const Ggen__Failure *) answer)->code), code_name (code));
}

static const void *
expect_reply (const ProtobufCMessage *answer, const ProtobufCMessageDescriptor *type)
{
    if (answer->descriptor == &ggen__failure__descriptor)
        fail_msg ("%s: %s", code_name (((const Ggen__Failure *) answer)->code),
                  ((const Ggen__Failure *) answer)->message);
    assert_ptr_equal (answer->descriptor, type);
    return answer;
}

static void
must_publish_spec (fixture_t *fixture, spec_t spec)
{
    const Ggen__PublishReply *reply =
        expect_reply (publish_spec (fixture, spec), &ggen__publish_reply__descriptor);
    assert_false (reply->already_there);
}

#define must_publish(fixture, id_, version_, ...) \
    must_publish_spec (fixture, (spec_t) {.id = id_, .version = version_, __VA_ARGS__})

static const ProtobufCMessage *
search_answer (fixture_t *fixture, const char *query, uint32_t limit, uint32_t offset, bool fuzzy)
{
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    request.query = (char *) query;
    request.limit = limit;
    request.offset = offset;
    request.fuzzy = fuzzy;
    return ask (fixture, &request.base, &ggen__search_reply__descriptor);
}

static const Ggen__SearchReply *
search (fixture_t *fixture, const char *query, uint32_t limit)
{
    return expect_reply (search_answer (fixture, query, limit, 0, false),
                         &ggen__search_reply__descriptor);
}

static const ProtobufCMessage *
get_answer (fixture_t *fixture, const char *id)
{
    Ggen__GetPackageRequest request = GGEN__GET_PACKAGE_REQUEST__INIT;
    request.id = (char *) id;
    return ask (fixture, &request.base, &ggen__package_reply__descriptor);
}

static const Ggen__Package *
get (fixture_t *fixture, const char *id)
{
    const Ggen__PackageReply *reply =
        expect_reply (get_answer (fixture, id), &ggen__package_reply__descriptor);
    return reply->package;
}

static const ProtobufCMessage *
get_version_answer (fixture_t *fixture, const char *id, const char *version)
{
    Ggen__GetPackageVersionRequest request = GGEN__GET_PACKAGE_VERSION_REQUEST__INIT;
    request.id = (char *) id;
    request.version = (char *) version;
    return ask (fixture, &request.base, &ggen__package_reply__descriptor);
}

static const Ggen__Package *
get_version (fixture_t *fixture, const char *id, const char *version)
{
    const Ggen__PackageReply *reply =
        expect_reply (get_version_answer (fixture, id, version), &ggen__package_reply__descriptor);
    return reply->package;
}

static const Ggen__ListVersionsReply *
list (fixture_t *fixture, const char *id)
{
    Ggen__ListVersionsRequest request = GGEN__LIST_VERSIONS_REQUEST__INIT;
    request.id = (char *) id;
    return expect_reply (ask (fixture, &request.base, &ggen__list_versions_reply__descriptor),
                         &ggen__list_versions_reply__descriptor);
}

static bool
exists (fixture_t *fixture, const char *id)
{
    Ggen__ExistsRequest request = GGEN__EXISTS_REQUEST__INIT;
    request.id = (char *) id;
    const Ggen__ExistsReply *reply =
        expect_reply (ask (fixture, &request.base, &ggen__exists_reply__descriptor),
                      &ggen__exists_reply__descriptor);
    return reply->exists;
}

static const ProtobufCMessage *
delete_as (fixture_t *fixture, const char *id, const char *version, unsigned who)
{
    Ggen__DeleteRequest request = GGEN__DELETE_REQUEST__INIT;
    request.id = (char *) id;
    request.version = (char *) version;
    request.publisher_key = (ProtobufCBinaryData) {32, fixture->public_key[who]};
    return ask (fixture, &request.base, &ggen__delete_reply__descriptor);
}

static const Ggen__MetadataReply *
metadata (fixture_t *fixture)
{
    return expect_reply (
        ask (fixture, &(Ggen__MetadataRequest) GGEN__METADATA_REQUEST__INIT.base,
             &ggen__metadata_reply__descriptor),
        &ggen__metadata_reply__descriptor);
}

static void
expect_version (const Ggen__Package *package, const char *id, const char *version)
{
    assert_string_equal (package->id, id);
    assert_string_equal (package->version, version);
}

//  ---- Search ------------------------------------------------------------------------------------

static void
publish_five (fixture_t *fixture)
{
    static const char *const ids[] = {"one", "two", "three", "four", "five"};
    for (unsigned i = 0; i < COUNT_OF (ids); i++)
        must_publish (fixture, ids[i], "1.0.0");
}

static void
search_gives_no_more_than_the_limit_and_tells_the_total (void **state)
{
    publish_five (*state);
    const Ggen__SearchReply *reply = search (*state, "", 3);
    assert_int_equal (reply->n_results, 3);
    //  What two registries have beyond the page is counted twice (registry.h).
    if (((const fixture_t *) *state)->row->doubles)
        assert_in_range (reply->total, 5, 10);
    else
        assert_int_equal (reply->total, 5);
}

static void
search_for_nothing_finds_all (void **state)
{
    assert_int_equal (search (*state, "", 10)->n_results, 0);
    publish_five (*state);
    assert_int_equal (search (*state, "", 10)->n_results, 5);
}

static void
search_gives_each_id_once_with_its_latest_version (void **state)
{
    fixture_t *fixture = *state;
    must_publish (fixture, "pack", "1.0.0");
    must_publish (fixture, "pack", "1.10.0");
    must_publish (fixture, "pack", "1.9.0");
    must_publish (fixture, "pack", "2.0.0-rc.1");
    const Ggen__SearchReply *reply = search (fixture, "pack", 10);
    assert_int_equal (reply->n_results, 1);
    assert_int_equal (reply->total, 1);
    expect_version (reply->results[0], "pack", "1.10.0");
}

static void
search_pages_do_not_overlap_and_miss_nothing (void **state)
{
    fixture_t *fixture = *state;
    publish_five (fixture);
    const Ggen__SearchReply *whole = search (fixture, "", 10);
    for (uint32_t i = 0; i < 5; i++) {
        const Ggen__SearchReply *page = expect_reply (
            search_answer (fixture, "", 1, i, false), &ggen__search_reply__descriptor);
        assert_int_equal (page->n_results, 1);
        assert_string_equal (page->results[0]->id, whole->results[i]->id);
    }
    const Ggen__SearchReply *beyond =
        expect_reply (search_answer (fixture, "", 1, 5, false), &ggen__search_reply__descriptor);
    assert_int_equal (beyond->n_results, 0);
}

static void
search_orders_by_relevance (void **state)
{
    fixture_t *fixture = *state;
    must_publish (fixture, "gamma", "1.0.0", .tag = "alpha");
    must_publish (fixture, "beta", "1.0.0", .description = "Made for alpha users");
    must_publish (fixture, "alphb", "1.0.0");
    must_publish (fixture, "my-alpha-tools", "1.0.0");
    must_publish (fixture, "alpha", "1.0.0");
    must_publish (fixture, "other", "1.0.0");
    const Ggen__SearchReply *reply = expect_reply (
        search_answer (fixture, "alpha", 10, 0, true), &ggen__search_reply__descriptor);
    static const char *const expected[] = {"alpha", "my-alpha-tools", "alphb", "beta", "gamma"};
    assert_int_equal (reply->n_results, COUNT_OF (expected));
    for (size_t i = 0; i < COUNT_OF (expected); i++)
        assert_string_equal (reply->results[i]->id, expected[i]);
    //  Close names only when they are wanted.
    assert_int_equal (search (fixture, "alpha", 10)->n_results, COUNT_OF (expected) - 1);
}

static void
search_refuses_limits_and_queries_out_of_bounds (void **state)
{
    fixture_t *fixture = *state;
    char query[1002];
    memset (query, 'q', sizeof query);
    query[1001] = 0;
    expect_failure (search_answer (fixture, "", 0, 0, false), VALIDATION);
    expect_failure (search_answer (fixture, "", 1001, 0, false), VALIDATION);
    expect_failure (search_answer (fixture, query, 10, 0, false), VALIDATION);
    query[1000] = 0;
    assert_int_equal (search (fixture, query, 1000)->n_results, 0);
}

//  ---- GetPackage, GetPackageVersion, ListVersions, Exists ---------------------------------------

static void
get_gives_the_latest_version (void **state)
{
    fixture_t *fixture = *state;
    must_publish (fixture, "pack", "1.10.0");
    must_publish (fixture, "pack", "1.9.0");
    must_publish (fixture, "pack", "2.0.0-rc.1");
    expect_version (get (fixture, "pack"), "pack", "1.10.0");
    must_publish (fixture, "early", "0.1.0-beta.2");
    must_publish (fixture, "early", "0.1.0-beta.10");
    expect_version (get (fixture, "early"), "early", "0.1.0-beta.10");
}

static void
get_tells_what_was_published (void **state)
{
    fixture_t *fixture = *state;
    must_publish (fixture, "@scope/pack", "1.0.0", .description = "Words", .tag = "label");
    const Ggen__Package *package = get (fixture, "@scope/pack");
    assert_string_equal (package->description, "Words");
    assert_int_equal (package->n_tags, 1);
    assert_string_equal (package->tags[0], "label");
    assert_memory_equal (package->sha256.data, fixture->published[0].digest.bytes, DIGEST_SIZE);
    assert_int_equal (package->size_bytes, strlen ("@scope/pack@1.0.0 a"));
    assert_memory_equal (package->publisher->public_key.data, fixture->public_key[0], 32);
    assert_true (package->record.len > 0);
    assert_true (package->head.len > 0);
}

static void
get_of_an_unknown_id_is_not_found (void **state)
{
    expect_failure (get_answer (*state, "nothing"), PACKAGE_NOT_FOUND);
}

static void
get_version_is_exact_without_fallback (void **state)
{
    fixture_t *fixture = *state;
    must_publish (fixture, "pack", "1.0.0");
    must_publish (fixture, "pack", "1.1.0");
    expect_version (get_version (fixture, "pack", "1.0.0"), "pack", "1.0.0");
    expect_failure (get_version_answer (fixture, "pack", "1.0.1"), PACKAGE_NOT_FOUND);
    expect_failure (get_version_answer (fixture, "pack", "1.0"), PACKAGE_NOT_FOUND);
    expect_failure (get_version_answer (fixture, "nothing", "1.0.0"), PACKAGE_NOT_FOUND);
}

static void
versions_are_listed_in_ascending_precedence (void **state)
{
    fixture_t *fixture = *state;
    static const char *const ascending[] = {"0.9.0", "1.0.0-alpha", "1.0.0-alpha.2",
                                            "1.0.0-alpha.10", "1.0.0", "1.2.0", "1.10.0"};
    static const unsigned order[] = {4, 0, 6, 3, 1, 5, 2};
    for (size_t i = 0; i < COUNT_OF (order); i++)
        must_publish (fixture, "pack", ascending[order[i]]);
    must_publish (fixture, "pack2", "3.0.0");
    const Ggen__ListVersionsReply *reply = list (fixture, "pack");
    assert_int_equal (reply->n_versions, COUNT_OF (ascending));
    for (size_t i = 0; i < COUNT_OF (ascending); i++)
        expect_version (reply->versions[i], "pack", ascending[i]);
}

static void
versions_of_an_unknown_id_are_none_and_no_error (void **state)
{
    assert_int_equal (list (*state, "nothing")->n_versions, 0);
}

static void
an_id_exists_with_any_version (void **state)
{
    fixture_t *fixture = *state;
    assert_false (exists (fixture, "pack"));
    must_publish (fixture, "pack", "0.1.0-beta");
    assert_true (exists (fixture, "pack"));
    assert_false (exists (fixture, "pac"));
}

//  ---- Publish -----------------------------------------------------------------------------------

static void
publish_of_the_same_again_is_already_there (void **state)
{
    fixture_t *fixture = *state;
    must_publish (fixture, "pack", "1.0.0");
    const Ggen__PublishReply *reply =
        expect_reply (publish (fixture, "pack", "1.0.0"), &ggen__publish_reply__descriptor);
    assert_true (reply->already_there);
    assert_int_equal (list (fixture, "pack")->n_versions, 1);
}

static void
publish_of_other_bytes_for_a_version_already_exists (void **state)
{
    fixture_t *fixture = *state;
    must_publish (fixture, "pack", "1.0.0");
    expect_failure (publish (fixture, "pack", "1.0.0", .fill = 'b'), ALREADY_EXISTS);
    const Ggen__Package *package = get_version (fixture, "pack", "1.0.0");
    assert_memory_equal (package->sha256.data, fixture->published[0].digest.bytes, DIGEST_SIZE);
}

static void
publish_that_fails_leaves_nothing (void **state)
{
    fixture_t *fixture = *state;
    char absent[sizeof fixture->directory + 8];
    snprintf (absent, sizeof absent, "%s/absent", fixture->directory);
    const ProtobufCMessage *answer = publish (fixture, "pack", "1.0.0", .archive = absent);
    assert_ptr_equal (answer->descriptor, &ggen__failure__descriptor);
    assert_false (exists (fixture, "pack"));
    expect_failure (get_version_answer (fixture, "pack", "1.0.0"), PACKAGE_NOT_FOUND);
    assert_int_equal (list (fixture, "pack")->n_versions, 0);
    assert_int_equal (search (fixture, "", 10)->n_results, 0);
    must_publish (fixture, "pack", "1.0.0");
}

static void
publish_refuses_malformed_ids_and_versions (void **state)
{
    fixture_t *fixture = *state;
    expect_failure (publish (fixture, "../pack", "1.0.0"), VALIDATION);
    expect_failure (publish (fixture, "pack", "1.0"), VALIDATION);
    assert_int_equal (search (fixture, "", 10)->n_results, 0);
}

static void
publish_refuses_an_id_that_differs_in_case_only (void **state)
{
    fixture_t *fixture = *state;
    must_publish (fixture, "pack", "1.0.0");
    expect_failure (publish (fixture, "Pack", "1.0.0"), ALREADY_EXISTS);
    assert_false (exists (fixture, "Pack"));
}

static void
publish_tells_how_many_have_it (void **state)
{
    const fixture_t *fixture = *state;
    const Ggen__PublishReply *reply =
        expect_reply (publish (*state, "pack", "1.0.0"), &ggen__publish_reply__descriptor);
    assert_int_equal (reply->acknowledged, fixture->row->writers);
}

//  ---- Delete ------------------------------------------------------------------------------------

static void
a_deleted_version_is_not_found_and_others_are_untouched (void **state)
{
    fixture_t *fixture = *state;
    must_publish (fixture, "pack", "1.0.0");
    must_publish (fixture, "pack", "1.1.0");
    must_publish (fixture, "other", "1.1.0");
    expect_reply (delete_as (fixture, "pack", "1.1.0", 0), &ggen__delete_reply__descriptor);
    expect_failure (get_version_answer (fixture, "pack", "1.1.0"), PACKAGE_NOT_FOUND);
    expect_version (get (fixture, "pack"), "pack", "1.0.0");
    expect_version (get (fixture, "other"), "other", "1.1.0");
    assert_int_equal (list (fixture, "pack")->n_versions, 1);
    expect_reply (delete_as (fixture, "pack", "1.0.0", 0), &ggen__delete_reply__descriptor);
    assert_false (exists (fixture, "pack"));
    expect_failure (get_answer (fixture, "pack"), PACKAGE_NOT_FOUND);
    assert_int_equal (search (fixture, "pack", 10)->n_results, 0);
}

static void
only_the_publisher_may_delete (void **state)
{
    fixture_t *fixture = *state;
    must_publish (fixture, "pack", "1.0.0");
    expect_failure (delete_as (fixture, "pack", "1.0.0", 1), PERMISSION_DENIED);
    expect_version (get (fixture, "pack"), "pack", "1.0.0");
}

static void
delete_of_what_is_not_there_is_not_found (void **state)
{
    fixture_t *fixture = *state;
    must_publish (fixture, "pack", "1.0.0");
    expect_failure (delete_as (fixture, "pack", "1.0.1", 0), PACKAGE_NOT_FOUND);
    expect_failure (delete_as (fixture, "nothing", "1.0.0", 0), PACKAGE_NOT_FOUND);
}

//  ---- Metadata ----------------------------------------------------------------------------------

static void
metadata_counts_ids_and_never_fails (void **state)
{
    fixture_t *fixture = *state;
    assert_int_equal (metadata (fixture)->packages_count, 0);
    must_publish (fixture, "pack", "1.0.0");
    must_publish (fixture, "pack", "1.1.0");
    must_publish (fixture, "other", "1.0.0");
    const Ggen__MetadataReply *reply = metadata (fixture);
    assert_int_equal (reply->packages_count, 2);
    assert_true (reply->supports_publish);
    assert_true (*reply->name != 0);
    assert_true (*reply->version != 0);
}

//  ---- heads and rotations by themselves ---------------------------------------------------------

//  A head of "pack" by publisher 'who'; it lists 1.0.0, of those bytes, and may yank it.
static ProtobufCBinaryData
make_head (fixture_t *fixture, unsigned who, uint64_t seq, const char *yanked,
           const uint8_t *successor, uint8_t packed[PACKED_MAX])
{
    Ggen__HeadVersion version = GGEN__HEAD_VERSION__INIT, *versions = &version;
    Ggen__Head head = GGEN__HEAD__INIT;
    digest_t recovery;
    crypto_real.sha256 (fixture->public_key[1], 32, recovery.bytes);
    head.name = "pack";
    head.seq = seq;
    if (fixture->seq < seq)
        fixture->seq = seq;
    head.expires_at = 4000000000;
    head.recovery_sha256 = digest_to_field (&recovery);
    head.versions = &versions;
    head.n_versions = fixture->published_count > 0 ? 1 : 0;
    version.version = "1.0.0";
    version.sha256 = digest_to_field (&fixture->published[0].digest);
    version.yanked = yanked != NULL;
    if (yanked)
        version.yank_reason = (char *) yanked;
    if (successor)
        head.rotated_to = (ProtobufCBinaryData) {32, (uint8_t *) successor};
    return sign (fixture, who, GGEN__RECORD_KIND__HEAD, &head.base, packed);
}

static const ProtobufCMessage *
put_head (fixture_t *fixture, const char *id, ProtobufCBinaryData record)
{
    Ggen__PutHeadRequest request = GGEN__PUT_HEAD_REQUEST__INIT;
    request.id = (char *) id;
    request.record = record;
    return ask (fixture, &request.base, &ggen__put_head_reply__descriptor);
}

static void
must_put (fixture_t *fixture, ProtobufCBinaryData record)
{
    const Ggen__PutHeadReply *reply = (const void *) put_head (fixture, "pack", record);
    expect_reply (&reply->base, &ggen__put_head_reply__descriptor);
    assert_int_equal (reply->acknowledged, fixture->row->writers);
    assert_int_equal (reply->n_warnings, 0);
}

static const Ggen__GetHeadsReply *
heads (fixture_t *fixture, const char *id)
{
    Ggen__GetHeadsRequest request = GGEN__GET_HEADS_REQUEST__INIT;
    request.id = (char *) id;
    const ProtobufCMessage *reply = ask (fixture, &request.base, &ggen__get_heads_reply__descriptor);
    expect_reply (reply, &ggen__get_heads_reply__descriptor);
    return (const void *) reply;
}

static bool
has_record (const Ggen__GetHeadsReply *reply, ProtobufCBinaryData record)
{
    for (size_t i = 0; i < reply->n_records; i++)
        if (reply->records[i].len == record.len
            && memcmp (reply->records[i].data, record.data, record.len) == 0)
            return true;
    return false;
}

static void
a_head_by_itself_yanks_and_takes_it_back (void **state)
{
    fixture_t *fixture = *state;
    uint8_t packed[PACKED_MAX];
    must_publish (fixture, "pack", "1.0.0");
    must_put (fixture, make_head (fixture, 0, 50, "it burns", NULL, packed));
    expect_failure (get_answer (fixture, "pack"), PACKAGE_NOT_FOUND);
    const Ggen__ListVersionsReply *listed = list (fixture, "pack");
    assert_int_equal (listed->n_versions, 1);
    assert_true (listed->versions[0]->yanked);
    assert_string_equal (listed->versions[0]->yank_reason, "it burns");
    expect_reply (get_version_answer (fixture, "pack", "1.0.0"), &ggen__package_reply__descriptor);
    assert_int_equal (search (fixture, "pack", 10)->n_results, 0);
    must_put (fixture, make_head (fixture, 0, 51, NULL, NULL, packed));
    expect_version (get (fixture, "pack"), "pack", "1.0.0");
    assert_int_equal (search (fixture, "pack", 10)->n_results, 1);
}

static void
the_newest_head_of_each_key_is_told (void **state)
{
    fixture_t *fixture = *state;
    uint8_t first[PACKED_MAX], second[PACKED_MAX], other[PACKED_MAX];
    assert_int_equal (heads (fixture, "pack")->n_records, 0);
    must_publish (fixture, "pack", "1.0.0");
    assert_int_equal (heads (fixture, "pack")->n_records, 1);
    ProtobufCBinaryData old = make_head (fixture, 0, 50, NULL, NULL, first);
    must_put (fixture, old);
    assert_true (has_record (heads (fixture, "pack"), old));
    ProtobufCBinaryData newer = make_head (fixture, 0, 51, NULL, NULL, second);
    ProtobufCBinaryData stranger = make_head (fixture, 1, 3, NULL, NULL, other);
    must_put (fixture, newer);
    must_put (fixture, stranger);
    must_put (fixture, newer);
    const Ggen__GetHeadsReply *reply = heads (fixture, "pack");
    assert_int_equal (reply->n_records, 2);
    assert_true (has_record (reply, newer) && has_record (reply, stranger));
    expect_failure (put_head (fixture, "pack", old), VALIDATION);
    assert_true (has_record (heads (fixture, "pack"), newer));
}

static void
a_head_that_is_not_of_the_name_or_not_signed_is_refused (void **state)
{
    fixture_t *fixture = *state;
    uint8_t packed[PACKED_MAX];
    must_publish (fixture, "pack", "1.0.0");
    must_publish (fixture, "other", "1.0.0");
    ProtobufCBinaryData head = make_head (fixture, 0, 50, "no", NULL, packed);
    expect_failure (put_head (fixture, "other", head), SECURITY);
    expect_failure (put_head (fixture, "../x", head), VALIDATION);
    head.data[head.len - 1] ^= 1;
    expect_failure (put_head (fixture, "pack", head), INVALID_SIGNATURE);
    expect_failure (put_head (fixture, "pack", (ProtobufCBinaryData) {0}), SERIALIZATION);
    expect_version (get (fixture, "pack"), "pack", "1.0.0");
}

static void
a_head_of_what_never_was_is_not_found (void **state)
{
    fixture_t *fixture = *state;
    uint8_t packed[PACKED_MAX];
    expect_failure (put_head (fixture, "pack", make_head (fixture, 0, 1, NULL, NULL, packed)),
                    PACKAGE_NOT_FOUND);
    assert_int_equal (heads (fixture, "pack")->n_records, 0);
}

//  Of one publisher's heads; a registry may have asked for a newer one to delete a version.
static uint64_t
newest_seq (const Ggen__GetHeadsReply *reply)
{
    uint64_t newest = 0;
    for (size_t i = 0; i < reply->n_records; i++) {
        Ggen__SignedRecord *record = NULL;
        Ggen__Head *head = NULL;
        bytes_t packed = {reply->records[i].data, reply->records[i].len};
        assert_int_equal (record_open (&record, packed), OK);
        assert_int_equal (record_head (&head, record), OK);
        if (newest < head->seq)
            newest = head->seq;
        record_head_destroy (&head);
        record_destroy (&record);
    }
    return newest;
}

static void
the_head_of_a_publisher_outlives_the_last_version (void **state)
{
    fixture_t *fixture = *state;
    uint8_t packed[PACKED_MAX];
    must_publish (fixture, "pack", "1.0.0");
    ProtobufCBinaryData head = make_head (fixture, 0, 50, NULL, NULL, packed);
    must_put (fixture, head);
    expect_reply (delete_as (fixture, "pack", "1.0.0", 0), &ggen__delete_reply__descriptor);
    assert_false (exists (fixture, "pack"));
    assert_true (newest_seq (heads (fixture, "pack")) >= 50);
    //  Also one that came with the version.
    must_publish (fixture, "other", "1.0.0");
    assert_int_equal (heads (fixture, "other")->n_records, 1);
    expect_reply (delete_as (fixture, "other", "1.0.0", 0), &ggen__delete_reply__descriptor);
    assert_true (heads (fixture, "other")->n_records >= 1);
    must_publish (fixture, "pack", "1.1.0");
    expect_version (get (fixture, "pack"), "pack", "1.1.0");
}

static void
the_successor_of_a_key_decides_what_is_yanked (void **state)
{
    fixture_t *fixture = *state;
    uint8_t packed[PACKED_MAX];
    must_publish (fixture, "pack", "1.0.0");
    must_put (fixture, make_head (fixture, 1, 1, "stolen", NULL, packed));
    expect_version (get (fixture, "pack"), "pack", "1.0.0");            //  A stranger so far
    must_put (fixture, make_head (fixture, 0, 50, NULL, fixture->public_key[1], packed));
    expect_failure (get_answer (fixture, "pack"), PACKAGE_NOT_FOUND);
    assert_string_equal (list (fixture, "pack")->versions[0]->yank_reason, "stolen");
}

//  Publisher 1 is the recovery key of publisher 0 here, and hands the name over to itself.
static void
a_rotation_is_kept_told_and_heeded (void **state)
{
    fixture_t *fixture = *state;
    uint8_t packed[PACKED_MAX], other[PACKED_MAX];
    Ggen__Rotation rotation = GGEN__ROTATION__INIT;
    rotation.former_key = (ProtobufCBinaryData) {32, fixture->public_key[0]};
    rotation.new_key = (ProtobufCBinaryData) {32, fixture->public_key[1]};
    rotation.seq = 2;
    must_publish (fixture, "pack", "1.0.0");
    must_put (fixture, make_head (fixture, 0, 50, NULL, NULL, packed));
    must_put (fixture, make_head (fixture, 1, 1, "recovered", NULL, packed));
    ProtobufCBinaryData record
        = sign (fixture, 1, GGEN__RECORD_KIND__ROTATION, &rotation.base, packed);
    must_put (fixture, record);
    must_put (fixture, record);
    assert_true (has_record (heads (fixture, "pack"), record));
    assert_int_equal (heads (fixture, "pack")->n_records, 3);
    rotation.seq = 1;
    expect_failure (put_head (fixture, "pack", sign (fixture, 1, GGEN__RECORD_KIND__ROTATION,
                                                     &rotation.base, other)), VALIDATION);
    expect_failure (get_answer (fixture, "pack"), PACKAGE_NOT_FOUND);
}

//  ---- all of them, for all ----------------------------------------------------------------------

#define TEST(function) {#function, function, set_up, tear_down, NULL}

static const struct CMUnitTest contract[] = {
    TEST (search_gives_no_more_than_the_limit_and_tells_the_total),
    TEST (search_for_nothing_finds_all),
    TEST (search_gives_each_id_once_with_its_latest_version),
    TEST (search_pages_do_not_overlap_and_miss_nothing),
    TEST (search_orders_by_relevance),
    TEST (search_refuses_limits_and_queries_out_of_bounds),
    TEST (get_gives_the_latest_version),
    TEST (get_tells_what_was_published),
    TEST (get_of_an_unknown_id_is_not_found),
    TEST (get_version_is_exact_without_fallback),
    TEST (versions_are_listed_in_ascending_precedence),
    TEST (versions_of_an_unknown_id_are_none_and_no_error),
    TEST (an_id_exists_with_any_version),
    TEST (publish_of_the_same_again_is_already_there),
    TEST (publish_of_other_bytes_for_a_version_already_exists),
    TEST (publish_that_fails_leaves_nothing),
    TEST (publish_refuses_malformed_ids_and_versions),
    TEST (publish_refuses_an_id_that_differs_in_case_only),
    TEST (publish_tells_how_many_have_it),
    TEST (a_deleted_version_is_not_found_and_others_are_untouched),
    TEST (only_the_publisher_may_delete),
    TEST (delete_of_what_is_not_there_is_not_found),
    TEST (metadata_counts_ids_and_never_fails),
};

//  And for those that keep heads.
static const struct CMUnitTest of_heads[] = {
    TEST (a_head_by_itself_yanks_and_takes_it_back),
    TEST (the_newest_head_of_each_key_is_told),
    TEST (a_head_that_is_not_of_the_name_or_not_signed_is_refused),
    TEST (a_head_of_what_never_was_is_not_found),
    TEST (the_head_of_a_publisher_outlives_the_last_version),
    TEST (the_successor_of_a_key_decides_what_is_yanked),
    TEST (a_rotation_is_kept_told_and_heeded),
};

enum { ALL = (COUNT_OF (contract) + COUNT_OF (of_heads)) * COUNT_OF (registries) };

static struct CMUnitTest tests[ALL];
static char names[ALL][160];
static size_t tests_count;

static void
add_tests (const registry_row_t *row, const struct CMUnitTest *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        snprintf (names[tests_count], sizeof names[0], "%s: %s", row->name, list[i].name);
        tests[tests_count] = list[i];
        tests[tests_count].name = names[tests_count];
        tests[tests_count++].initial_state = (void *) row;
    }
}

int
main (void)
{
    for (size_t i = 0; i < COUNT_OF (registries); i++) {
        add_tests (&registries[i], contract, COUNT_OF (contract));
        if (registries[i].keeps_heads)
            add_tests (&registries[i], of_heads, COUNT_OF (of_heads));
    }
    return _cmocka_run_group_tests ("registry", tests, tests_count, NULL, NULL);
}
