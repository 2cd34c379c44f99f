// SPDX-License-Identifier: MIT
//  Many releases pinned by one question: all of them in one change, or none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/trust_rig.h"

#include "many.h"
#include "many.pb-c.h"

#define MANY 3

typedef struct {
    packed_t records[MANY];
    char names[MANY][16];
    Ggen__CheckReleaseRequest checks[MANY], *list[MANY];
    Ggen__PinReleasesRequest request;
} many_t;

//  Releases "pack-0", "pack-1", ... by alice.
static void
make_many (many_t *self)
{
    ggen__pin_releases_request__init (&self->request);
    for (unsigned i = 0; i < MANY; i++) {
        snprintf (self->names[i], sizeof self->names[i], "pack-%u", i);
        self->records[i] = release_of (&alice, self->names[i], "1.0.0");
        self->checks[i] = check_of (&self->records[i], NULL);
        self->checks[i].name = self->names[i];
        self->list[i] = &self->checks[i];
    }
    self->request.releases = self->list;
    self->request.n_releases = MANY;
}

static size_t
pins_count (void)
{
    Ggen__TrustListReply *all = list ();
    size_t count = all->n_pins;
    puppet_free (all);
    return count;
}

static void
assert_all_pinned (const many_t *many)
{
    puppet_ask (&trust, &many->request.base);
    settle ();
    puppet_free (puppet_hear (&trust, &ggen__pin_releases_reply__descriptor));
}

static void
many_first_uses_are_one_change_on_disk (void **unused)
{
    (void) unused;
    many_t many;
    make_many (&many);
    assert_all_pinned (&many);
    assert_int_equal (kept.puts, 1);
    assert_int_equal (kept.urgent, 1);
    assert_int_equal (pins_count (), MANY);
    restart ();
    assert_int_equal (pins_count (), MANY);
}

static void
what_is_pinned_already_is_not_written_again (void **unused)
{
    (void) unused;
    many_t many;
    make_many (&many);
    assert_all_pinned (&many);
    assert_all_pinned (&many);
    assert_int_equal (kept.puts, 1);
}

static void
one_that_is_refused_keeps_all_from_being_pinned (void **unused)
{
    (void) unused;
    many_t many;
    make_many (&many);
    many.records[1].data[many.records[1].size - 1] ^= 1;
    Ggen__Failure *failure = refused (&many.request.base);
    assert_int_equal (failure->code, INVALID_SIGNATURE);
    puppet_free (failure);
    assert_int_equal (kept.puts, 0);
    assert_int_equal (pins_count (), 0);
}

static void
a_change_that_fails_pins_none (void **unused)
{
    (void) unused;
    many_t many;
    make_many (&many);
    kept.put_code = PERMISSION_DENIED;
    Ggen__Failure *failure = refused (&many.request.base);
    assert_int_equal (failure->code, PERMISSION_DENIED);
    puppet_free (failure);
    assert_int_equal (pins_count (), 0);
    kept.put_code = OK;
    assert_all_pinned (&many);
}

//  Else the second would be judged as if the first were not there.
static void
one_name_twice_is_refused (void **unused)
{
    (void) unused;
    many_t many;
    make_many (&many);
    many.records[2] = release_of (&eve, many.names[0], "1.0.0");
    many.checks[2] = check_of (&many.records[2], NULL);
    many.checks[2].name = many.names[0];
    Ggen__Failure *failure = refused (&many.request.base);
    assert_int_equal (failure->code, VALIDATION);
    puppet_free (failure);
    assert_int_equal (pins_count (), 0);
}

static void
of_many_checks_each_is_answered_and_those_that_are_refused_left_out (void **unused)
{
    (void) unused;
    many_t many;
    make_many (&many);
    for (unsigned i = 0; i < MANY; i++)
        many.checks[i].pin = false;
    many.records[1].data[many.records[1].size - 1] ^= 1;
    many.checks[2].pin = true;
    Ggen__CheckManyRequest request = GGEN__CHECK_MANY_REQUEST__INIT;
    request.releases = many.list;
    request.n_releases = MANY;
    puppet_ask (&trust, &request.base);
    settle ();
    Ggen__CheckManyReply *reply = puppet_hear (&trust, &ggen__check_many_reply__descriptor);
    assert_int_equal (reply->n_releases, MANY);
    assert_true (reply->releases[0]->reply->first_use);
    assert_string_equal (reply->releases[0]->reply->release->name, "pack-0");
    assert_memory_equal (reply->releases[0]->reply->publisher_key.data, alice.key.bytes,
                         PUBLISHER_KEY_SIZE);
    //  A bad signature; and one that would change what is kept.
    assert_null (reply->releases[1]->reply);
    assert_null (reply->releases[2]->reply);
    puppet_free (reply);
    assert_int_equal (pins_count (), 0);
}

static void
more_checks_than_one_message_may_have_are_refused (void **unused)
{
    (void) unused;
    many_t many;
    Ggen__CheckReleaseRequest *list[MANY_QUESTIONS_MAX + 1];
    Ggen__CheckManyRequest request = GGEN__CHECK_MANY_REQUEST__INIT;
    make_many (&many);
    for (unsigned i = 0; i <= MANY_QUESTIONS_MAX; i++)
        list[i] = &many.checks[0];
    request.releases = list;
    request.n_releases = MANY_QUESTIONS_MAX + 1;
    Ggen__Failure *failure = refused (&request.base);
    assert_int_equal (failure->code, VALIDATION);
    puppet_free (failure);
}

#define TEST(test) cmocka_unit_test_setup_teardown (test, setup, teardown)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (many_first_uses_are_one_change_on_disk),
        TEST (what_is_pinned_already_is_not_written_again),
        TEST (one_that_is_refused_keeps_all_from_being_pinned),
        TEST (a_change_that_fails_pins_none),
        TEST (one_name_twice_is_refused),
        TEST (of_many_checks_each_is_answered_and_those_that_are_refused_left_out),
        TEST (more_checks_than_one_message_may_have_are_refused),
    };
    return sodium_init () < 0 || cmocka_run_group_tests (tests, NULL, NULL);
}
