// SPDX-License-Identifier: MIT
//  Many questions by one message: what the coordinator makes of them.
#include "tests/fake_port.h"

#include "actors/registry/registry.h"
#include "many.h"
#include "many.pb-c.h"
#include "sources.pb-c.h"

static const registry_backend_t alone[] = {{.address = "registry_file", .writes = true},
                                           {.address = "registry_sources", .sources = true}};
static const registry_backend_t with_network[] = {{.address = "registry_file", .writes = true},
                                                  {.address = "registry_p2p", .remote = true}};
static const registry_settings_t alone_settings = {alone, COUNT_OF (alone), 5000, 0};
static const registry_settings_t network_settings = {with_network, COUNT_OF (with_network), 5000, 0};

static int
set_up (void **state)
{
    fake_t *fake = calloc (1, sizeof *fake);
    fake_start (fake, &registry_actor, &alone_settings);
    *state = fake;
    return 0;
}

static int
tear_down (void **state)
{
    fake_stop (*state);
    free (*state);
    return 0;
}

#define COUNT 3

typedef struct {
    Ggen__ListVersionsRequest lists[COUNT], *list[MANY_QUESTIONS_MAX + 1];
    Ggen__ListManyRequest request;
} many_t;

static const ProtobufCMessage *
many_of (many_t *self)
{
    static const char *const ids[] = {"one", "two", "three"};
    ggen__list_many_request__init (&self->request);
    self->request.lists = self->list;
    self->request.n_lists = COUNT;
    for (unsigned i = 0; i < COUNT; i++) {
        ggen__list_versions_request__init (&self->lists[i]);
        self->lists[i].id = (char *) ids[i];
        self->list[i] = &self->lists[i];
    }
    return &self->request.base;
}

//  Versions of "one" (in the wrong order, one of them malformed), none of "two", "three" left out.
static void
answer (fake_t *fake, const fake_sent_t *asked)
{
    static uint8_t digest[32] = {1};
    Ggen__Package packages[3], *list[3];
    Ggen__ListVersionsReply one = GGEN__LIST_VERSIONS_REPLY__INIT, two = one;
    ProtobufCMessage *replies[COUNT] = {&one.base, &two.base, NULL};
    static const char *const versions[] = {"2.0.0", "1.0.0", "not one"};
    for (unsigned i = 0; i < COUNT_OF (packages); i++) {
        list[i] = &packages[i];
        ggen__package__init (list[i]);
        list[i]->id = (char *) "one";
        list[i]->version = (char *) versions[i];
        list[i]->sha256 = (ProtobufCBinaryData) {sizeof digest, digest};
    }
    one.versions = list;
    one.n_versions = COUNT_OF (packages);
    ProtobufCMessage *all = many_replies (&ggen__list_many_reply__descriptor, replies, COUNT);
    fake_answer (fake, asked, all);
    many_free (&all);
}

static void
the_only_registry_is_asked_once_and_each_reply_is_as_if_it_had_come_alone (void **state)
{
    fake_t *fake = *state;
    many_t many;
    const Ggen__ListManyRequest *sent;
    const Ggen__ListManyReply *reply;
    uint64_t id = fake_request (fake, "installer", many_of (&many), 60000);
    const fake_sent_t *asked = fake_expect (fake, &ggen__list_many_request__descriptor, &sent);
    assert_string_equal (asked->to, "registry_file");
    assert_int_equal (sent->n_lists, COUNT);
    fake_expect_nothing (fake);
    answer (fake, asked);
    assert_int_equal (fake_expect (fake, &ggen__list_many_reply__descriptor, &reply)->envelope->id,
                      id);
    fake_expect_nothing (fake);
    assert_int_equal (reply->n_lists, COUNT);
    const Ggen__ListVersionsReply *one = reply->lists[0]->reply;
    assert_int_equal (one->n_versions, 2);
    assert_string_equal (one->versions[0]->version, "1.0.0");
    assert_string_equal (one->versions[0]->source, "file");
    assert_int_equal (one->n_warnings, 1);
    assert_non_null (reply->lists[1]->reply);
    assert_int_equal (reply->lists[1]->reply->n_versions, 0);
    assert_null (reply->lists[2]->reply);
}

static void
its_failure_is_the_answer (void **state)
{
    fake_t *fake = *state;
    many_t many;
    const Ggen__ListManyRequest *sent;
    for (unsigned i = 0; i < 2 * PENDING_MAX; i++) {
        uint64_t id = fake_request (fake, "installer", many_of (&many), 60000);
        fake_answer_failure (fake, fake_expect (fake, &ggen__list_many_request__descriptor, &sent),
                             STORAGE, "it burns");
        fake_expect_failure (fake, id, STORAGE);
    }
}

static void
where_more_than_one_is_to_be_asked_it_is_refused (void **state)
{
    fake_t *fake = *state;
    many_t many;
    Ggen__SourcesChanged changed = GGEN__SOURCES_CHANGED__INIT;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    changed.count = 1;
    envelope.kind = GGEN__KIND__EVENT;
    envelope.from = (char *) "sources";
    fake_deliver (fake, &envelope, &changed.base);
    fake_expect_failure (fake, fake_request (fake, "installer", many_of (&many), 60000),
                         FEATURE_NOT_ENABLED);
    fake_stop (fake);
    fake_start (fake, &registry_actor, &network_settings);
    fake_expect_failure (fake, fake_request (fake, "installer", many_of (&many), 60000),
                         FEATURE_NOT_ENABLED);
}

static void
too_many_are_refused (void **state)
{
    fake_t *fake = *state;
    many_t many;
    many_of (&many);
    for (unsigned i = 0; i <= MANY_QUESTIONS_MAX; i++)
        many.list[i] = &many.lists[0];
    many.request.n_lists = MANY_QUESTIONS_MAX + 1;
    fake_expect_failure (fake, fake_request (fake, "installer", &many.request.base, 60000),
                         VALIDATION);
    fake_expect_nothing (fake);
}

static void
it_ends_in_the_middle_without_a_trace (void **state)
{
    many_t many;
    fake_request (*state, "installer", many_of (&many), 60000);
    fake_request (*state, "installer", many_of (&many), 60000);
}

#define TEST(function) cmocka_unit_test_setup_teardown (function, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (the_only_registry_is_asked_once_and_each_reply_is_as_if_it_had_come_alone),
        TEST (its_failure_is_the_answer),
        TEST (where_more_than_one_is_to_be_asked_it_is_refused),
        TEST (too_many_are_refused),
        TEST (it_ends_in_the_middle_without_a_trace),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
