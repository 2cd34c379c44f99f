// SPDX-License-Identifier: MIT
//  The coordinator, with the test in the place of the registries it asks. What every registry
//  guarantees is in tests/contract; here is what only a coordinator can get wrong.
#include "tests/fake_port.h"

#include "actors/registry/registry.h"
#include "registry.pb-c.h"
#include "sources.pb-c.h"

static const registry_backend_t three[] = {
    {.address = "registry_file", .writes = true},
    {.address = "registry_p2p", .writes = true},
    {.address = "registry_http"}};
static const registry_settings_t settings = {three, COUNT_OF (three), 5000, 0};

typedef struct {
    fake_t fake;
    const fake_sent_t *asked[3];
    Ggen__Package rooms[8];
    uint8_t digests[8][32];
    unsigned rooms_count;
} fixture_t;

static int
set_up (void **state)
{
    fixture_t *self = calloc (1, sizeof *self);
    fake_start (&self->fake, &registry_actor, &settings);
    *state = self;
    return 0;
}

static int
tear_down (void **state)
{
    fake_stop (&((fixture_t *) *state)->fake);
    free (*state);
    return 0;
}

//  Ask, and let what it sends be to just these backends; with a count of 0 see for yourself.
static uint64_t
ask (fixture_t *self, const ProtobufCMessage *message, unsigned count,
     const char *const *addresses)
{
    uint64_t id = fake_request (&self->fake, "cli", message, 60000);
    for (unsigned i = 0; i < count; i++) {
        const void *sent;
        self->asked[i] = fake_expect (&self->fake, message->descriptor, &sent);
        assert_string_equal (self->asked[i]->to, addresses[i]);
    }
    if (count > 0)
        fake_expect_nothing (&self->fake);
    return id;
}

static const char *const everyone[] = {"registry_file", "registry_p2p", "registry_http"};

static uint64_t
ask_package (fixture_t *self)
{
    Ggen__GetPackageRequest request = GGEN__GET_PACKAGE_REQUEST__INIT;
    request.id = "pack";
    return ask (self, &request.base, 3, everyone);
}

static Ggen__Package *
package (fixture_t *self, const char *id, const char *version, uint8_t digest)
{
    unsigned at = self->rooms_count++;
    Ggen__Package *made = &self->rooms[at];
    ggen__package__init (made);
    made->id = (char *) id;
    made->version = (char *) version;
    memset (self->digests[at], digest, 32);
    made->sha256 = (ProtobufCBinaryData) {32, self->digests[at]};
    return made;
}

static void
answer_package (fixture_t *self, unsigned backend, Ggen__Package *made)
{
    Ggen__PackageReply reply = GGEN__PACKAGE_REPLY__INIT;
    reply.package = made;
    fake_answer (&self->fake, self->asked[backend], &reply.base);
}

static void
fail_backend (fixture_t *self, unsigned backend, code_t code)
{
    fake_answer_failure (&self->fake, self->asked[backend], code, "because");
}

static const void *
expect (fixture_t *self, uint64_t id, const ProtobufCMessageDescriptor *type)
{
    const void *message;
    fake_sent_t *sent = fake_expect (&self->fake, type, &message);
    assert_int_equal (sent->envelope->id, id);
    fake_expect_nothing (&self->fake);
    return message;
}

static bool
any_has (char *const *list, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (strstr (list[i], text))
            return true;
    return false;
}

//  ---- GetPackage --------------------------------------------------------------------------------

static void
the_highest_of_all_answers_is_the_latest (void **state)
{
    fixture_t *self = *state;
    uint64_t id = ask_package (self);
    answer_package (self, 1, package (self, "pack", "2.0.0", 2));
    answer_package (self, 0, package (self, "pack", "1.0.0", 1));
    fake_expect_nothing (&self->fake);
    fail_backend (self, 2, PACKAGE_NOT_FOUND);
    const Ggen__PackageReply *reply = expect (self, id, &ggen__package_reply__descriptor);
    assert_string_equal (reply->package->version, "2.0.0");
    assert_string_equal (reply->package->source, "p2p");
    assert_int_equal (reply->n_warnings, 0);
}

static void
a_registry_that_fails_is_named_in_a_warning (void **state)
{
    fixture_t *self = *state;
    uint64_t id = ask_package (self);
    answer_package (self, 0, package (self, "pack", "1.0.0", 1));
    fail_backend (self, 1, NETWORK);
    fail_backend (self, 2, PACKAGE_NOT_FOUND);
    const Ggen__PackageReply *reply = expect (self, id, &ggen__package_reply__descriptor);
    assert_int_equal (reply->n_warnings, 1);
    assert_string_equal (reply->warnings[0], "p2p: NETWORK: because");
}

static void
two_digests_of_one_version_are_a_security_failure (void **state)
{
    fixture_t *self = *state;
    uint64_t id = ask_package (self);
    answer_package (self, 0, package (self, "pack", "1.0.0", 1));
    answer_package (self, 1, package (self, "pack", "1.0.0", 2));
    fail_backend (self, 2, TIMEOUT);
    const Ggen__Failure *failure = fake_expect_failure (&self->fake, id, SECURITY);
    assert_non_null (strstr (failure->message, "'file' has sha256 0101"));
    assert_non_null (strstr (failure->message, "'p2p' has 0202"));
    assert_int_equal (failure->n_details, 2);
    assert_string_equal (failure->details[1]->key, "p2p");
}

static void
found_nowhere_is_not_found_also_when_some_do_not_answer (void **state)
{
    fixture_t *self = *state;
    uint64_t id = ask_package (self);
    fail_backend (self, 0, PACKAGE_NOT_FOUND);
    fail_backend (self, 1, TIMEOUT);
    fail_backend (self, 2, PACKAGE_NOT_FOUND);
    const Ggen__Failure *failure = fake_expect_failure (&self->fake, id, PACKAGE_NOT_FOUND);
    assert_non_null (strstr (failure->message, "p2p: TIMEOUT"));
}

static void
when_all_fail_the_first_failure_is_told_with_all_reasons (void **state)
{
    fixture_t *self = *state;
    uint64_t id = ask_package (self);
    fail_backend (self, 2, NETWORK);
    fail_backend (self, 1, TIMEOUT);
    fail_backend (self, 0, STORAGE);
    const Ggen__Failure *failure = fake_expect_failure (&self->fake, id, STORAGE);
    assert_non_null (strstr (failure->message, "http: NETWORK: because"));
}

static void
an_exact_version_is_given_also_when_it_is_yanked (void **state)
{
    fixture_t *self = *state;
    Ggen__GetPackageVersionRequest request = GGEN__GET_PACKAGE_VERSION_REQUEST__INIT;
    request.id = "pack";
    request.version = "1.0.0";
    uint64_t id = ask (self, &request.base, 3, everyone);
    Ggen__Package *yanked = package (self, "pack", "1.0.0", 1);
    yanked->yanked = true;
    answer_package (self, 0, yanked);
    fail_backend (self, 1, PACKAGE_NOT_FOUND);
    fail_backend (self, 2, PACKAGE_NOT_FOUND);
    const Ggen__PackageReply *reply = expect (self, id, &ggen__package_reply__descriptor);
    assert_true (reply->package->yanked);
}

//  ---- time --------------------------------------------------------------------------------------

static void
a_registry_that_is_late_is_not_waited_for_longer_than_allowed (void **state)
{
    fixture_t *self = *state;
    uint64_t id = ask_package (self);
    answer_package (self, 0, package (self, "pack", "1.0.0", 1));
    fail_backend (self, 2, PACKAGE_NOT_FOUND);
    fake_pass (&self->fake, 4999);
    fake_expect_nothing (&self->fake);
    fake_pass (&self->fake, 1);
    const Ggen__PackageReply *reply = expect (self, id, &ggen__package_reply__descriptor);
    assert_true (any_has (reply->warnings, reply->n_warnings, "p2p: TIMEOUT"));
}

static void
it_answers_before_its_own_asker_gives_up (void **state)
{
    fixture_t *self = *state;
    Ggen__ExistsRequest request = GGEN__EXISTS_REQUEST__INIT;
    request.id = "pack";
    uint64_t id = fake_request (&self->fake, "cli", &request.base, 800);
    self->fake.seen += 3;
    fake_pass (&self->fake, 700);
    fake_expect_failure (&self->fake, id, TIMEOUT);
}

static void
a_cancelled_question_cancels_what_was_asked_for_it (void **state)
{
    fixture_t *self = *state;
    uint64_t id = ask_package (self);
    fake_cancel (&self->fake, "cli", id);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal (self->fake.sent[self->fake.seen++].envelope->kind, GGEN__KIND__CANCEL);
    for (unsigned i = 0; i < 3; i++)
        fail_backend (self, i, CANCELLED);
    fake_expect_failure (&self->fake, id, CANCELLED);
}

//  ---- Exists ------------------------------------------------------------------------------------

static void
exists_answers_with_the_first_yes (void **state)
{
    fixture_t *self = *state;
    Ggen__ExistsRequest request = GGEN__EXISTS_REQUEST__INIT;
    Ggen__ExistsReply no = GGEN__EXISTS_REPLY__INIT, yes = GGEN__EXISTS_REPLY__INIT;
    yes.exists = true;
    uint64_t id = ask (self, &request.base, 3, everyone);
    fake_answer (&self->fake, self->asked[0], &no.base);
    fake_expect_nothing (&self->fake);
    fake_answer (&self->fake, self->asked[1], &yes.base);
    const Ggen__ExistsReply *reply = expect (self, id, &ggen__exists_reply__descriptor);
    assert_true (reply->exists);
    fake_answer (&self->fake, self->asked[2], &no.base);
    fake_expect_nothing (&self->fake);
}

//  ---- Search ------------------------------------------------------------------------------------

static void
answer_search (fixture_t *self, unsigned backend, uint32_t total, Ggen__Package *one)
{
    Ggen__SearchReply reply = GGEN__SEARCH_REPLY__INIT;
    reply.results = &one;
    reply.n_results = one ? 1 : 0;
    reply.total = total;
    fake_answer (&self->fake, self->asked[backend], &reply.base);
}

static Ggen__SearchRequest
search_request (void)
{
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    request.query = "pack";
    request.limit = 10;
    return request;
}

static void
a_search_without_one_registry_is_incomplete_and_says_which (void **state)
{
    fixture_t *self = *state;
    Ggen__SearchRequest request = search_request ();
    uint64_t id = ask (self, &request.base, 3, everyone);
    answer_search (self, 0, 1, package (self, "pack", "1.0.0", 1));
    answer_search (self, 1, 1, package (self, "pack2", "1.0.0", 1));
    fail_backend (self, 2, CONNECTION_FAILED);
    const Ggen__SearchReply *reply = expect (self, id, &ggen__search_reply__descriptor);
    assert_int_equal (reply->n_results, 2);
    assert_int_equal (reply->total, 2);
    assert_true (reply->incomplete);
    assert_true (any_has (reply->warnings, reply->n_warnings, "http: CONNECTION_FAILED"));
}

static void
a_search_of_all_registries_is_complete (void **state)
{
    fixture_t *self = *state;
    Ggen__SearchRequest request = search_request ();
    uint64_t id = ask (self, &request.base, 3, everyone);
    Ggen__Package *same = package (self, "pack", "1.0.0", 1);
    answer_search (self, 0, 1, same);
    answer_search (self, 1, 1, same);
    answer_search (self, 2, 0, NULL);
    const Ggen__SearchReply *reply = expect (self, id, &ggen__search_reply__descriptor);
    assert_int_equal (reply->n_results, 1);
    assert_int_equal (reply->total, 1);
    assert_false (reply->incomplete);
    assert_int_equal (reply->n_warnings, 0);
}

static void
a_conflict_in_a_search_is_a_warning_and_the_first_registry_is_shown (void **state)
{
    fixture_t *self = *state;
    Ggen__SearchRequest request = search_request ();
    uint64_t id = ask (self, &request.base, 3, everyone);
    answer_search (self, 0, 1, package (self, "pack", "1.0.0", 1));
    answer_search (self, 1, 1, package (self, "pack", "1.0.0", 2));
    answer_search (self, 2, 0, NULL);
    const Ggen__SearchReply *reply = expect (self, id, &ggen__search_reply__descriptor);
    assert_int_equal (reply->n_results, 1);
    assert_int_equal (reply->results[0]->sha256.data[0], 1);
    assert_true (any_has (reply->warnings, reply->n_warnings, "SECURITY: pack@1.0.0: 'file'"));
}

static void
several_registries_are_asked_for_the_page_and_all_before_it (void **state)
{
    fixture_t *self = *state;
    Ggen__SearchRequest request = search_request ();
    request.offset = 1;
    request.limit = 1;
    uint64_t id = ask (self, &request.base, 3, everyone);
    const Ggen__SearchRequest *each = (const void *) self->asked[0]->message;
    assert_int_equal (each->offset, 0);
    assert_int_equal (each->limit, 2);
    answer_search (self, 0, 1, package (self, "pack", "1.0.0", 1));
    answer_search (self, 1, 1, package (self, "pack2", "1.0.0", 1));
    answer_search (self, 2, 1, package (self, "pack3", "1.0.0", 1));
    const Ggen__SearchReply *reply = expect (self, id, &ggen__search_reply__descriptor);
    assert_int_equal (reply->n_results, 1);
    assert_string_equal (reply->results[0]->id, "pack2");
    assert_int_equal (reply->total, 3);
    assert_false (reply->incomplete);
}

static void
registries_asked_for_by_name_are_the_only_ones_asked (void **state)
{
    fixture_t *self = *state;
    Ggen__SearchRequest request = search_request ();
    char *names[] = {"http"};
    request.registries = names;
    request.n_registries = 1;
    request.offset = 40;
    ask (self, &request.base, 1, everyone + 2);
    //  A lone one turns to the page itself; and names are for one coordinator only.
    const Ggen__SearchRequest *each = (const void *) self->asked[0]->message;
    assert_int_equal (each->offset, 40);
    assert_int_equal (each->n_registries, 0);
}

static void
a_registry_that_is_not_enabled_is_said_to_be_so (void **state)
{
    fixture_t *self = *state;
    Ggen__SearchRequest request = search_request ();
    char *names[] = {"carrier-pigeon", "file"};
    request.registries = names;
    request.n_registries = 1;
    uint64_t id = ask (self, &request.base, 0, NULL);
    const Ggen__Failure *failure = fake_expect_failure (&self->fake, id, FEATURE_NOT_ENABLED);
    assert_non_null (strstr (failure->message, "carrier-pigeon"));
    request.n_registries = 2;
    id = ask (self, &request.base, 1, everyone);
    answer_search (self, 0, 1, package (self, "pack", "1.0.0", 1));
    const Ggen__SearchReply *reply = expect (self, id, &ggen__search_reply__descriptor);
    assert_true (reply->incomplete);
    assert_true (any_has (reply->warnings, reply->n_warnings, "carrier-pigeon"));
}

static void
a_query_is_counted_in_characters (void **state)
{
    fixture_t *self = *state;
    char query[2 * REGISTRY_QUERY_MAX + 3];
    for (unsigned i = 0; i < REGISTRY_QUERY_MAX + 1; i++)
        memcpy (query + 2 * i, "ü", 3);
    Ggen__SearchRequest request = search_request ();
    request.query = query;
    uint64_t id = ask (self, &request.base, 0, NULL);
    fake_expect_failure (&self->fake, id, VALIDATION);
    query[2 * REGISTRY_QUERY_MAX] = 0;
    ask (self, &request.base, 3, everyone);
}

//  ---- Publish, Delete ---------------------------------------------------------------------------

static void
answer_publish (fixture_t *self, unsigned backend, uint32_t acknowledged)
{
    Ggen__PublishReply reply = GGEN__PUBLISH_REPLY__INIT;
    reply.acknowledged = acknowledged;
    reply.location = backend == 0 ? "/first" : "/second";
    fake_answer (&self->fake, self->asked[backend], &reply.base);
}

static uint64_t
ask_publish (fixture_t *self)
{
    Ggen__PublishRequest request = GGEN__PUBLISH_REQUEST__INIT;
    request.package = package (self, "pack", "1.0.0", 1);
    return ask (self, &request.base, 1, everyone);
}

static void
a_publish_goes_to_the_first_and_then_to_the_others (void **state)
{
    fixture_t *self = *state;
    uint64_t id = ask_publish (self);
    answer_publish (self, 0, 1);
    const Ggen__PublishRequest *second;
    self->asked[1] = fake_expect (&self->fake, &ggen__publish_request__descriptor, &second);
    assert_string_equal (self->asked[1]->to, "registry_p2p");
    assert_string_equal (second->package->id, "pack");
    fake_expect_nothing (&self->fake);
    answer_publish (self, 1, 2);
    const Ggen__PublishReply *reply = expect (self, id, &ggen__publish_reply__descriptor);
    assert_int_equal (reply->acknowledged, 3);
    assert_string_equal (reply->location, "/first");
    assert_int_equal (reply->n_warnings, 0);
}

static void
a_publish_goes_only_where_it_is_meant_to (void **state)
{
    fixture_t *self = *state;
    char *names [] = {"file"};
    Ggen__PublishRequest request = GGEN__PUBLISH_REQUEST__INIT;
    request.package = package (self, "pack", "1.0.0", 1);
    request.registries = names;
    request.n_registries = 1;
    uint64_t id = ask (self, &request.base, 1, everyone);
    answer_publish (self, 0, 1);
    const Ggen__PublishReply *reply = expect (self, id, &ggen__publish_reply__descriptor);
    assert_int_equal (reply->acknowledged, 1);
    fake_expect_nothing (&self->fake);
}

static void
a_publish_that_fails_at_the_first_goes_nowhere_else (void **state)
{
    fixture_t *self = *state;
    uint64_t id = ask_publish (self);
    fail_backend (self, 0, ALREADY_EXISTS);
    fake_expect_failure (&self->fake, id, ALREADY_EXISTS);
    fake_expect_nothing (&self->fake);
}

static void
a_publish_that_fails_elsewhere_is_published_with_a_warning (void **state)
{
    fixture_t *self = *state;
    uint64_t id = ask_publish (self);
    answer_publish (self, 0, 1);
    const void *second;
    self->asked[1] = fake_expect (&self->fake, &ggen__publish_request__descriptor, &second);
    fail_backend (self, 1, NETWORK);
    const Ggen__PublishReply *reply = expect (self, id, &ggen__publish_reply__descriptor);
    assert_int_equal (reply->acknowledged, 1);
    assert_true (any_has (reply->warnings, reply->n_warnings, "p2p: NETWORK"));
}

static uint64_t
ask_delete (fixture_t *self)
{
    Ggen__DeleteRequest request = GGEN__DELETE_REQUEST__INIT;
    request.id = "pack";
    request.version = "1.0.0";
    return ask (self, &request.base, 2, everyone);
}

static void
a_delete_is_done_when_all_who_had_it_deleted_it (void **state)
{
    fixture_t *self = *state;
    uint64_t id = ask_delete (self);
    fake_answer (&self->fake, self->asked[0], &(Ggen__DeleteReply) GGEN__DELETE_REPLY__INIT.base);
    fail_backend (self, 1, PACKAGE_NOT_FOUND);
    expect (self, id, &ggen__delete_reply__descriptor);
}

static void
a_delete_that_fails_somewhere_says_where_it_was_done (void **state)
{
    fixture_t *self = *state;
    uint64_t id = ask_delete (self);
    fake_answer (&self->fake, self->asked[0], &(Ggen__DeleteReply) GGEN__DELETE_REPLY__INIT.base);
    fail_backend (self, 1, NETWORK);
    const Ggen__Failure *failure = fake_expect_failure (&self->fake, id, NETWORK);
    assert_non_null (strstr (failure->message, "file: OK; p2p: NETWORK"));
}

//  ---- Metadata, and bounds ----------------------------------------------------------------------

static void
metadata_tells_who_does_not_answer (void **state)
{
    fixture_t *self = *state;
    Ggen__MetadataRequest request = GGEN__METADATA_REQUEST__INIT;
    uint64_t id = ask (self, &request.base, 3, everyone);
    Ggen__MetadataReply own = GGEN__METADATA_REPLY__INIT;
    char *features[] = {"search"};
    own.name = "file registry";
    own.packages_count = 7;
    own.supports_publish = true;
    own.features = features;
    own.n_features = 1;
    fake_answer (&self->fake, self->asked[0], &own.base);
    fail_backend (self, 1, NODE_NOT_STARTED);
    fake_pass (&self->fake, 2000);
    const Ggen__MetadataReply *reply = expect (self, id, &ggen__metadata_reply__descriptor);
    assert_int_equal (reply->packages_count, 7);
    assert_true (reply->supports_publish);
    assert_int_equal (reply->n_backends, 3);
    assert_string_equal (reply->backends[0]->name, "file registry");
    assert_string_equal (reply->backends[1]->name, "p2p");
    assert_string_equal (reply->backends[1]->features[0], "unavailable: NODE_NOT_STARTED");
    assert_string_equal (reply->backends[2]->features[0], "unavailable: TIMEOUT");
    assert_int_equal (reply->n_features, 1);
}

static void
without_any_registry_only_metadata_answers (void **state)
{
    (void) state;
    fake_t fake;
    const registry_settings_t none = {NULL, 0, 0, 0};
    fake_start (&fake, &registry_actor, &none);
    uint64_t id = fake_request (
        &fake, "cli", &(Ggen__ExistsRequest) GGEN__EXISTS_REQUEST__INIT.base, 0);
    fake_expect_failure (&fake, id, FEATURE_NOT_ENABLED);
    fake_request (&fake, "cli", &(Ggen__MetadataRequest) GGEN__METADATA_REQUEST__INIT.base, 0);
    const Ggen__MetadataReply *reply;
    fake_expect (&fake, &ggen__metadata_reply__descriptor, &reply);
    assert_int_equal (reply->n_backends, 0);
    fake_stop (&fake);
}

static void
more_calls_than_it_can_ask_for_are_refused (void **state)
{
    fixture_t *self = *state;
    for (unsigned i = 0; i < PENDING_MAX / 3; i++)
        ask_package (self);
    Ggen__GetPackageRequest request = GGEN__GET_PACKAGE_REQUEST__INIT;
    uint64_t id = ask (self, &request.base, 0, NULL);
    fake_expect_failure (&self->fake, id, BUSY);
}

static void
an_answer_too_large_for_one_message_is_cut_and_says_so (void **state)
{
    fixture_t *self = *state;
    Ggen__ListVersionsRequest request = GGEN__LIST_VERSIONS_REQUEST__INIT;
    uint64_t id = ask (self, &request.base, 3, everyone);
    char *readme = malloc ((2u << 20) + 1);
    memset (readme, 'r', 2u << 20);
    readme[2u << 20] = 0;
    static const char *const versions[] = {"1.0.0", "2.0.0", "3.0.0"};
    for (unsigned i = 0; i < 3; i++) {
        Ggen__ListVersionsReply reply = GGEN__LIST_VERSIONS_REPLY__INIT;
        Ggen__Package *one = package (self, "pack", versions[i], 1);
        one->readme = readme;
        reply.versions = &one;
        reply.n_versions = 1;
        fake_answer (&self->fake, self->asked[i], &reply.base);
    }
    free (readme);
    const Ggen__ListVersionsReply *reply =
        expect (self, id, &ggen__list_versions_reply__descriptor);
    assert_int_equal (reply->n_versions, 1);
    assert_string_equal (reply->versions[0]->version, "3.0.0");
    assert_true (reply->incomplete);
    assert_true (any_has (reply->warnings, reply->n_warnings, "only the newest 1 of 3"));
}

//  ---- named sources -----------------------------------------------------------------------------

static const registry_backend_t with_sources[] = {
    {.address = "registry_file", .writes = true}, {.address = "registry_sources", .sources = true}};

static void
tell_sources (fake_t *fake, unsigned count)
{
    Ggen__SourcesChanged event = GGEN__SOURCES_CHANGED__INIT;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    event.count = count;
    envelope.kind = GGEN__KIND__EVENT;
    envelope.from = "sources";
    envelope.type = "SourcesChanged";
    fake_deliver (fake, &envelope, &event.base);
}

//  How many are asked whether a package exists.
static unsigned
count_asked (fake_t *fake)
{
    Ggen__ExistsRequest request = GGEN__EXISTS_REQUEST__INIT;
    request.id = "pack";
    fake_request (fake, "cli", &request.base, 0);
    unsigned count = 1;
    const void *sent;
    fake_sent_t *asked = fake_expect (fake, request.base.descriptor, &sent);
    assert_string_equal (asked->to, with_sources[0].address);
    if (fake->sent_count > fake->seen) {
        asked = fake_expect (fake, request.base.descriptor, &sent);
        assert_string_equal (asked->to, with_sources[1].address);
        count++;
    }
    fake_expect_nothing (fake);
    return count;
}

static void
sources_are_asked_only_while_there_are_any (void **state)
{
    (void) state;
    fake_t fake;
    const registry_settings_t none = {with_sources, COUNT_OF (with_sources), 5000, 0};
    const registry_settings_t some = {with_sources, COUNT_OF (with_sources), 5000, 2};
    fake_start (&fake, &registry_actor, &none);
    assert_int_equal (count_asked (&fake), 1);
    tell_sources (&fake, 1);
    assert_int_equal (count_asked (&fake), 2);
    tell_sources (&fake, 0);
    assert_int_equal (count_asked (&fake), 1);
    fake_stop (&fake);
    fake_start (&fake, &registry_actor, &some);
    assert_int_equal (count_asked (&fake), 2);
    fake_stop (&fake);
}

static void
a_name_that_is_no_backends_is_asked_of_the_sources (void **state)
{
    (void) state;
    fake_t fake;
    const registry_settings_t some = {with_sources, COUNT_OF (with_sources), 5000, 1};
    fake_start (&fake, &registry_actor, &some);
    char *names[] = {"file", "team"};
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    request.limit = 10;
    request.registries = names + 1;
    request.n_registries = 1;
    fake_request (&fake, "cli", &request.base, 0);
    const Ggen__SearchRequest *sent;
    fake_sent_t *asked = fake_expect (&fake, request.base.descriptor, &sent);
    assert_string_equal (asked->to, "registry_sources");
    assert_int_equal (sent->n_registries, 1);
    assert_string_equal (sent->registries[0], "team");
    fake_expect_nothing (&fake);
    request.registries = names;
    request.n_registries = 2;
    fake_request (&fake, "cli", &request.base, 0);
    asked = fake_expect (&fake, request.base.descriptor, &sent);
    assert_string_equal (asked->to, "registry_file");
    assert_int_equal (sent->n_registries, 0);
    asked = fake_expect (&fake, request.base.descriptor, &sent);
    assert_string_equal (asked->to, "registry_sources");
    assert_int_equal (sent->n_registries, 1);
    fake_stop (&fake);
}

static void
a_conflict_that_a_backend_has_found_is_the_answer (void **state)
{
    fixture_t *self = *state;
    uint64_t id = ask_package (self);
    answer_package (self, 0, package (self, "pack", "1.0.0", 1));
    fail_backend (self, 1, SECURITY);
    answer_package (self, 2, package (self, "pack", "1.0.0", 1));
    fake_expect_failure (&self->fake, id, SECURITY);
}

//  ---- what is at hand -----------------------------------------------------------------------------

static const registry_backend_t near_and_far[] = {
    {.address = "registry_file", .writes = true}, {.address = "registry_p2p", .remote = true}};
static const registry_settings_t near_settings = {near_and_far, COUNT_OF (near_and_far), 5000, 0};

static uint64_t
ask_exact (fixture_t *self, const char *exact, bool local)
{
    static const char *const file[] = {"registry_file"};
    Ggen__ListVersionsRequest request = GGEN__LIST_VERSIONS_REQUEST__INIT;
    request.id = "pack";
    request.exact = (char *) exact;
    request.local = local;
    return ask (self, &request.base, 1, file);
}

static void
list (fixture_t *self, Ggen__Package *made)
{
    Ggen__ListVersionsReply reply = GGEN__LIST_VERSIONS_REPLY__INIT;
    reply.versions = &made;
    reply.n_versions = made ? 1 : 0;
    fake_answer (&self->fake, self->asked[0], &reply.base);
}

static void
the_network_is_not_asked_for_an_exact_version_that_is_at_hand (void **state)
{
    fixture_t *self = *state;
    fake_stop (&self->fake);
    fake_start (&self->fake, &registry_actor, &near_settings);
    uint64_t id = ask_exact (self, "1.0.0", false);
    list (self, package (self, "pack", "1.0.0", 1));
    const Ggen__ListVersionsReply *reply =
        expect (self, id, &ggen__list_versions_reply__descriptor);
    assert_int_equal (reply->n_versions, 1);
    assert_false (reply->incomplete);
}

static void
it_is_asked_when_only_others_are_at_hand (void **state)
{
    fixture_t *self = *state;
    fake_stop (&self->fake);
    fake_start (&self->fake, &registry_actor, &near_settings);
    uint64_t id = ask_exact (self, "2.0.0", false);
    list (self, package (self, "pack", "1.0.0", 1));
    const void *sent;
    self->asked[0] = fake_expect (&self->fake, &ggen__list_versions_request__descriptor, &sent);
    assert_string_equal (self->asked[0]->to, "registry_p2p");
    list (self, package (self, "pack", "2.0.0", 2));
    const Ggen__ListVersionsReply *reply =
        expect (self, id, &ggen__list_versions_reply__descriptor);
    assert_int_equal (reply->n_versions, 2);
}

static void
offline_it_is_never_asked (void **state)
{
    fixture_t *self = *state;
    fake_stop (&self->fake);
    fake_start (&self->fake, &registry_actor, &near_settings);
    uint64_t id = ask_exact (self, "2.0.0", true);
    list (self, NULL);
    const Ggen__ListVersionsReply *reply =
        expect (self, id, &ggen__list_versions_reply__descriptor);
    assert_int_equal (reply->n_versions, 0);
}

static void
offline_it_is_not_asked_for_a_search_either (void **state)
{
    fixture_t *self = *state;
    static const char *const file[] = {"registry_file"};
    fake_stop (&self->fake);
    fake_start (&self->fake, &registry_actor, &near_settings);
    Ggen__SearchRequest request = search_request ();
    request.local = true;
    uint64_t id = fake_request (&self->fake, "cli", &request.base, 60000);
    const Ggen__SearchRequest *each;
    self->asked[0] = fake_expect (&self->fake, &ggen__search_request__descriptor, &each);
    assert_string_equal (self->asked[0]->to, file[0]);
    assert_true (each->local);
    fake_expect_nothing (&self->fake);
    answer_search (self, 0, 1, package (self, "pack", "1.0.0", 1));
    const Ggen__SearchReply *reply = expect (self, id, &ggen__search_reply__descriptor);
    assert_int_equal (reply->n_results, 1);
    assert_false (reply->incomplete);
}

static void
that_there_is_no_network_is_told_in_its_own_words (void **state)
{
    fixture_t *self = *state;
    fake_stop (&self->fake);
    fake_start (&self->fake, &registry_actor, &near_settings);
    static const char *const both[] = {"registry_file", "registry_p2p"};
    Ggen__GetPackageRequest request = GGEN__GET_PACKAGE_REQUEST__INIT;
    request.id = "pack";
    uint64_t id = ask (self, &request.base, 2, both);
    answer_package (self, 0, package (self, "pack", "1.0.0", 1));
    fail_backend (self, 1, NETWORK);
    const Ggen__PackageReply *reply = expect (self, id, &ggen__package_reply__descriptor);
    assert_int_equal (reply->n_warnings, 1);
    assert_string_equal (reply->warnings[0], "because");
}

static void
a_question_that_was_cancelled_is_not_answered_with_a_part (void **state)
{
    fixture_t *self = *state;
    uint64_t id = ask_package (self);
    answer_package (self, 0, package (self, "pack", "1.0.0", 1));
    fail_backend (self, 1, CANCELLED);
    fail_backend (self, 2, PACKAGE_NOT_FOUND);
    const Ggen__Failure *failure = expect (self, id, &ggen__failure__descriptor);
    assert_int_equal (failure->code, CANCELLED);
}

static void
an_actor_that_would_ask_itself_is_not_born (void **state)
{
    (void) state;
    const registry_backend_t self_reference[] = {{.address = "registry", .writes = true}};
    const registry_settings_t own = {self_reference, 1, 0, 0};
    actor_setup_t setup = {.settings = &own, .crypto = &crypto_real};
    assert_null (actor_new (&registry_actor, &setup));
}

static void
the_class_has_a_row_for_each_rpc (void **state)
{
    (void) state;
    char why[200];
    assert_int_equal (actor_class_check (&registry_actor, why, sizeof why), OK);
}

#define TEST(function) cmocka_unit_test_setup_teardown (function, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (the_highest_of_all_answers_is_the_latest),
        TEST (a_registry_that_fails_is_named_in_a_warning),
        TEST (two_digests_of_one_version_are_a_security_failure),
        TEST (found_nowhere_is_not_found_also_when_some_do_not_answer),
        TEST (when_all_fail_the_first_failure_is_told_with_all_reasons),
        TEST (an_exact_version_is_given_also_when_it_is_yanked),
        TEST (a_registry_that_is_late_is_not_waited_for_longer_than_allowed),
        TEST (it_answers_before_its_own_asker_gives_up),
        TEST (a_cancelled_question_cancels_what_was_asked_for_it),
        TEST (exists_answers_with_the_first_yes),
        TEST (a_search_without_one_registry_is_incomplete_and_says_which),
        TEST (a_search_of_all_registries_is_complete),
        TEST (a_conflict_in_a_search_is_a_warning_and_the_first_registry_is_shown),
        TEST (several_registries_are_asked_for_the_page_and_all_before_it),
        TEST (registries_asked_for_by_name_are_the_only_ones_asked),
        TEST (a_registry_that_is_not_enabled_is_said_to_be_so),
        TEST (a_query_is_counted_in_characters),
        TEST (a_publish_goes_to_the_first_and_then_to_the_others),
        TEST (a_publish_goes_only_where_it_is_meant_to),
        TEST (a_publish_that_fails_at_the_first_goes_nowhere_else),
        TEST (a_publish_that_fails_elsewhere_is_published_with_a_warning),
        TEST (a_delete_is_done_when_all_who_had_it_deleted_it),
        TEST (a_delete_that_fails_somewhere_says_where_it_was_done),
        TEST (metadata_tells_who_does_not_answer),
        TEST (without_any_registry_only_metadata_answers),
        TEST (more_calls_than_it_can_ask_for_are_refused),
        TEST (an_answer_too_large_for_one_message_is_cut_and_says_so),
        TEST (sources_are_asked_only_while_there_are_any),
        TEST (a_name_that_is_no_backends_is_asked_of_the_sources),
        TEST (a_conflict_that_a_backend_has_found_is_the_answer),
        TEST (the_network_is_not_asked_for_an_exact_version_that_is_at_hand),
        TEST (it_is_asked_when_only_others_are_at_hand),
        TEST (offline_it_is_never_asked),
        TEST (offline_it_is_not_asked_for_a_search_either),
        TEST (that_there_is_no_network_is_told_in_its_own_words),
        TEST (a_question_that_was_cancelled_is_not_answered_with_a_part),
        TEST (an_actor_that_would_ask_itself_is_not_born),
        TEST (the_class_has_a_row_for_each_rpc),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
