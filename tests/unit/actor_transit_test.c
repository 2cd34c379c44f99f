// SPDX-License-Identifier: MIT
//  What swarm needs of the runtime: mail for other nodes passes through it, it passes mail on, and
//  asks say where a node may be. And what actors of one thread share.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "actor_world.h"

#define ATTACHMENT "bulk bytes"

//  ---- an actor that carries -----------------------------------------------------------------------

//  What came through it last.
typedef struct {
    toy_t toy;
    unsigned count;
    Ggen__Kind kind;
    char to[ADDRESS_MAX + 1], from[ADDRESS_MAX + 1], type[64];
    uint8_t body[256];
    size_t body_size, attachment_size;
    int64_t now_ms, wall_ms;
    code_t says;
} carrier_t;

static void *
carrier_create (const actor_env_t *env)
{
    carrier_t *self = calloc (1, sizeof *self);
    assert_non_null (self);
    self->toy = (toy_t) {.out = env->out, .tick_ms = DEADLINE_NEVER};
    return self;
}

static code_t
carrier_transit (void *self_, const transit_t *mail)
{
    carrier_t *self = self_;
    self->count++;
    self->kind = mail->envelope->kind;
    snprintf (self->to, sizeof self->to, "%s", mail->envelope->to);
    snprintf (self->from, sizeof self->from, "%s", mail->envelope->from);
    snprintf (self->type, sizeof self->type, "%s", mail->envelope->type);
    assert_true (mail->body.size <= sizeof self->body);
    if (mail->body.size > 0)
        memcpy (self->body, mail->body.data, mail->body.size);
    self->body_size = mail->body.size;
    self->attachment_size = mail->attachment.size;
    self->now_ms = mail->now_ms;
    self->wall_ms = mail->wall_ms;
    return self->says;
}

static const actor_class_t carrier_class = {.name = "swarm",
                                            .create = carrier_create,
                                            .destroy = free,
                                            .rows = toy_rows,
                                            .transit = carrier_transit};

//  ---- what goes out, byte by byte ------------------------------------------------------------------

typedef struct {
    actor_t *actor;
    unsigned count;
    char to[ADDRESS_MAX + 1];
    Ggen__Envelope *envelope;
    uint8_t body[256];
    size_t body_size;
    char attachment[64];
    size_t attachment_size;
} post_t;

static void
post_forget (post_t *self)
{
    if (self->envelope)
        ggen__envelope__free_unpacked (self->envelope, NULL);
    self->envelope = NULL;
}

static void
post_send (void *context, const parcel_t *parcel)
{
    post_t *self = context;
    uint8_t packed[1000];
    post_forget (self);
    self->count++;
    snprintf (self->to, sizeof self->to, "%s", parcel->to);
    size_t size = ggen__envelope__pack (parcel->envelope, packed);
    self->envelope = ggen__envelope__unpack (NULL, size, packed);
    self->body_size = parcel_body_size (parcel);
    assert_true (self->body_size <= sizeof self->body);
    parcel_body_write (parcel, self->body);
    self->attachment_size = parcel->attachment_size;
    if (!parcel->attachment)
        return;
    memcpy (self->attachment, parcel->attachment, parcel->attachment_size);
    parcel->free_attachment (parcel->attachment, parcel->hint);
}

static uint64_t
post_clock_us (void *context)
{
    (void) context;
    return 4242;
}

static void
post_open (post_t *self, const actor_class_t *class, actor_scratch_t *scratch)
{
    *self = (post_t) {0};
    actor_setup_t actor = {.epoch = EPOCH,
                           .crypto = &crypto_real,
                           .port = {self, post_send, post_clock_us},
                           .scratch = scratch,
                           .now_ms = START_MS,
                           .wall_ms = START_MS + 5};
    self->actor = actor_new (class, &actor);
    assert_non_null (self->actor);
}

static void
post_close (post_t *self)
{
    actor_destroy (&self->actor);
    post_forget (self);
}

static code_t
post_deliver (post_t *self, Ggen__Envelope *envelope, const ProtobufCMessage *body,
              bytes_t attachment)
{
    uint8_t packed[1000], packed_body[1000];
    size_t size, body_size = body ? protobuf_c_message_pack (body, packed_body) : 0;
    if (body)
        envelope->type = (char *) body->descriptor->short_name;
    size = ggen__envelope__pack (envelope, packed);
    mail_t mail = {{packed, size}, {packed_body, body_size}, attachment};
    return actor_deliver (self->actor, &mail, START_MS + 7, START_MS + 12);
}

static Ggen__Envelope
envelope_of (Ggen__Kind kind, const char *from, const char *to)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = kind;
    envelope.id = 17;
    envelope.from = (char *) from;
    envelope.to = (char *) to;
    return envelope;
}

static const bytes_t no_bytes = {NULL, 0};

//  ---- transit -------------------------------------------------------------------------------------

static void
mail_for_another_node_passes_through_whatever_its_kind_and_type (void **state)
{
    (void) state;
    const bytes_t attachment = {(const uint8_t *) ATTACHMENT, sizeof ATTACHMENT};
    for (int kind = GGEN__KIND__REQUEST; kind <= GGEN__KIND__CANCEL; kind++) {
        post_t post;
        post_open (&post, &carrier_class, NULL);
        Ggen__Envelope envelope = envelope_of ((Ggen__Kind) kind, "dht", REMOTE);
        Ggen__Failure body = GGEN__FAILURE__INIT;
        body.message = "a type that it has no row for";
        assert_int_equal (post_deliver (&post, &envelope, &body.base, attachment), OK);
        const carrier_t *seen = actor_state (post.actor);
        assert_int_equal (seen->count, 1);
        assert_int_equal (seen->kind, kind);
        assert_string_equal (seen->to, REMOTE);
        assert_string_equal (seen->from, "dht");
        assert_string_equal (seen->type, "Failure");
        assert_int_equal (seen->body_size, ggen__failure__get_packed_size (&body));
        assert_int_equal (seen->attachment_size, sizeof ATTACHMENT);
        assert_int_equal (seen->now_ms, START_MS + 7);
        assert_int_equal (seen->wall_ms, START_MS + 12);
        assert_int_equal (actor_metrics (post.actor).handled, 1);
        assert_int_equal (post.count, 0);
        post_close (&post);
    }
}

static void
what_another_node_sends_never_passes_through (void **state)
{
    (void) state;
    post_t post;
    post_open (&post, &carrier_class, NULL);
    Ggen__Envelope envelope = envelope_of (GGEN__KIND__EVENT, REMOTE, "dht@12D3KooWthird");
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    assert_int_equal (post_deliver (&post, &envelope, &body.base, no_bytes), OK);
    assert_int_equal (((const carrier_t *) actor_state (post.actor))->count, 0);
    post_close (&post);
}

static void
mail_for_an_actor_here_does_not_pass_through_though_it_names_it (void **state)
{
    (void) state;
    post_t post;
    post_open (&post, &carrier_class, NULL);
    Ggen__Envelope envelope = envelope_of (GGEN__KIND__REQUEST, "dht", "swarm");
    Ggen__Ping body = GGEN__PING__INIT;
    assert_int_equal (post_deliver (&post, &envelope, &body.base, no_bytes), OK);
    assert_int_equal (((const carrier_t *) actor_state (post.actor))->count, 0);
    assert_string_equal (post.envelope->type, "Ping");
    post_close (&post);
}

static void
an_actor_that_carries_nothing_drops_such_mail (void **state)
{
    (void) state;
    post_t post;
    post_open (&post, &toy_class, NULL);
    Ggen__Envelope envelope = envelope_of (GGEN__KIND__REQUEST, "dht", REMOTE);
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    assert_int_equal (post_deliver (&post, &envelope, &body.base, no_bytes), OK);
    assert_int_equal (actor_metrics (post.actor).dropped_invalid, 1);
    assert_int_equal (actor_metrics (post.actor).open, 0);
    assert_int_equal (post.count, 0);
    post_close (&post);
}

static void
only_fatal_ends_who_carries (void **state)
{
    (void) state;
    post_t post;
    post_open (&post, &carrier_class, NULL);
    carrier_t *carrier = actor_state (post.actor);
    Ggen__Envelope envelope = envelope_of (GGEN__KIND__EVENT, "dht", REMOTE);
    carrier->says = STORAGE;
    assert_int_equal (post_deliver (&post, &envelope, NULL, no_bytes), OK);
    carrier->says = FATAL;
    assert_int_equal (post_deliver (&post, &envelope, NULL, no_bytes), FATAL);
    post_close (&post);
}

//  ---- going out -----------------------------------------------------------------------------------

static out_t *
out_of (const post_t *post)
{
    return ((const toy_t *) actor_state (post->actor))->out;
}

static void
mail_is_passed_on_under_the_sender_and_with_the_bytes_it_came_with (void **state)
{
    (void) state;
    post_t post;
    post_open (&post, &toy_class, NULL);
    static const uint8_t body[] = {8, 1, 250, 255, 9, 9};
    Ggen__Envelope envelope = envelope_of (GGEN__KIND__REQUEST, REMOTE, "");
    envelope.type = "Whatever";
    envelope.trace = 99;
    out_pass (out_of (&post), "dht", &envelope, (bytes_t) {body, sizeof body},
              (bytes_t) {(const uint8_t *) ATTACHMENT, sizeof ATTACHMENT});
    assert_string_equal (post.to, "dht");
    assert_string_equal (post.envelope->from, REMOTE);
    assert_string_equal (post.envelope->type, "Whatever");
    assert_string_equal (post.envelope->to, "");
    assert_int_equal (post.envelope->id, 17);
    assert_int_equal (post.envelope->trace, 99);
    assert_int_equal (post.envelope->sent_us, 4242);
    assert_int_equal (post.body_size, sizeof body);
    assert_memory_equal (post.body, body, sizeof body);
    assert_int_equal (post.attachment_size, sizeof ATTACHMENT);
    assert_string_equal (post.attachment, ATTACHMENT);
    out_pass (out_of (&post), "dht", &envelope, no_bytes, no_bytes);
    assert_int_equal (post.body_size + post.attachment_size, 0);
    post_close (&post);
}

static void
an_event_takes_its_bulk_bytes_and_frees_them_once (void **state)
{
    (void) state;
    post_t post;
    unsigned freed = 0;
    post_open (&post, &toy_class, NULL);
    char *bulk = malloc (sizeof ATTACHMENT);
    assert_non_null (bulk);
    memcpy (bulk, ATTACHMENT, sizeof ATTACHMENT);
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    body.done = 5;
    out_event_with (out_of (&post), "link", &body.base, bulk, sizeof ATTACHMENT, count_free, &freed);
    assert_int_equal (freed, 1);
    assert_int_equal (post.envelope->kind, GGEN__KIND__EVENT);
    assert_string_equal (post.envelope->from, "toy");
    assert_string_equal (post.envelope->type, "Progress");
    assert_string_equal (post.attachment, ATTACHMENT);
    post_close (&post);
}

static void
an_ask_says_where_the_node_may_be_and_its_whole_address_when_it_is_another (void **state)
{
    (void) state;
    post_t post;
    post_open (&post, &toy_class, NULL);
    static const uint8_t route[] = {10, 2, 4, 6};
    Ggen__Progress question = GGEN__PROGRESS__INIT;
    ask_t ask = {.to = REMOTE,
                 .message = &question.base,
                 .expect = &ggen__progress__descriptor,
                 .on_answer = on_end,
                 .route = {route, sizeof route}};
    assert_int_equal (out_ask (out_of (&post), &ask), OK);
    assert_string_equal (post.to, REMOTE);
    assert_string_equal (post.envelope->to, REMOTE);
    assert_int_equal (post.envelope->route.len, sizeof route);
    assert_memory_equal (post.envelope->route.data, route, sizeof route);
    ask.to = "peer";
    ask.route = no_bytes;
    assert_int_equal (out_ask (out_of (&post), &ask), OK);
    assert_string_equal (post.envelope->to, "");
    assert_int_equal (post.envelope->route.len, 0);
    post_close (&post);
}

static void
an_answer_of_another_node_counts_under_the_address_that_was_asked (void **state)
{
    (void) state;
    post_t post;
    post_open (&post, &toy_class, NULL);
    Ggen__Progress question = GGEN__PROGRESS__INIT;
    ask_t ask = {.to = REMOTE,
                 .message = &question.base,
                 .expect = &ggen__progress__descriptor,
                 .on_answer = on_end};
    assert_int_equal (out_ask (out_of (&post), &ask), OK);
    Ggen__Envelope reply = envelope_of (GGEN__KIND__REPLY, "echo@12D3KooWother", "");
    reply.id = post.envelope->id;
    assert_int_equal (post_deliver (&post, &reply, &question.base, no_bytes), OK);
    const toy_t *toy = actor_state (post.actor);
    assert_int_equal (toy->ended, 0);
    reply.from = REMOTE;
    assert_int_equal (post_deliver (&post, &reply, &question.base, no_bytes), OK);
    assert_int_equal (toy->ended, 1);
    assert_int_equal (toy->code, OK);
    post_close (&post);
}

//  ---- one thread ------------------------------------------------------------------------------------

static void
actors_of_one_thread_share_their_scratch (void **state)
{
    (void) state;
    AUTO (actor_scratch_destroy) actor_scratch_t *scratch = actor_scratch_new ();
    assert_non_null (scratch);
    post_t one, other;
    post_open (&one, &toy_class, scratch);
    post_open (&other, &carrier_class, scratch);
    Ggen__Envelope request = envelope_of (GGEN__KIND__REQUEST, "me", "");
    Ggen__Envelope transit = envelope_of (GGEN__KIND__EVENT, "dht", REMOTE);
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    body.stage = "a text that lies in the scratch while it is handled";
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal (post_deliver (&one, &request, &body.base, no_bytes), OK);
        assert_int_equal (post_deliver (&other, &transit, &body.base, no_bytes), OK);
    }
    assert_int_equal (one.count, 100);
    assert_int_equal (((const carrier_t *) actor_state (other.actor))->count, 100);
    post_close (&one);
    assert_int_equal (post_deliver (&other, &transit, &body.base, no_bytes), OK);
    post_close (&other);
}

//  Takes a tenth of its arena at every input.
typedef struct {
    wire_arena_t *arena;
    unsigned inputs, refused;
} eater_t;

static void *
eater_create (const actor_env_t *env)
{
    eater_t *self = calloc (1, sizeof *self);
    assert_non_null (self);
    self->arena = env->arena;
    return self;
}

static code_t
eater_eats (eater_t *self)
{
    self->inputs++;
    self->refused += wire_arena_alloc (self->arena, ACTOR_ARENA_MAX / 10) == NULL;
    return OK;
}

static code_t
eater_hears (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) at, (void) message;
    return eater_eats (self);
}

static code_t
eater_tick (void *self, int64_t now_ms, int64_t wall_ms)
{
    (void) now_ms, (void) wall_ms;
    return eater_eats (self);
}

static code_t
eater_job_done (void *self, void *job, int64_t now_ms)
{
    (void) job, (void) now_ms;
    return eater_eats (self);
}

static int64_t
eater_deadline_ms (const void *self)
{
    (void) self;
    return START_MS;
}

static const handler_t eater_rows[] = {{&ggen__progress__descriptor, eater_hears, THIS_NODE}, {0}};
static const actor_class_t eater_class = {.name = "eater",
                                          .create = eater_create,
                                          .destroy = free,
                                          .rows = eater_rows,
                                          .tick = eater_tick,
                                          .deadline_ms = eater_deadline_ms,
                                          .job_done = eater_job_done};

static void
the_arena_of_a_call_is_empty_again_at_the_next_whatever_that_is (void **state)
{
    (void) state;
    post_t post;
    post_open (&post, &eater_class, NULL);
    Ggen__Envelope event = envelope_of (GGEN__KIND__EVENT, "me", "");
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    for (unsigned i = 0; i < 30; i++)
        assert_int_equal (post_deliver (&post, &event, &body.base, no_bytes), OK);
    for (unsigned i = 0; i < 30; i++)
        assert_int_equal (actor_tick (post.actor, START_MS + i, START_MS + i), OK);
    for (unsigned i = 0; i < 30; i++)
        assert_int_equal (actor_job_done (post.actor, NULL, START_MS + i, START_MS + i), OK);
    const eater_t *eater = actor_state (post.actor);
    assert_int_equal (eater->inputs, 90);
    assert_int_equal (eater->refused, 0);
    post_close (&post);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (mail_for_another_node_passes_through_whatever_its_kind_and_type),
        cmocka_unit_test (what_another_node_sends_never_passes_through),
        cmocka_unit_test (mail_for_an_actor_here_does_not_pass_through_though_it_names_it),
        cmocka_unit_test (an_actor_that_carries_nothing_drops_such_mail),
        cmocka_unit_test (only_fatal_ends_who_carries),
        cmocka_unit_test (mail_is_passed_on_under_the_sender_and_with_the_bytes_it_came_with),
        cmocka_unit_test (an_event_takes_its_bulk_bytes_and_frees_them_once),
        cmocka_unit_test (
            an_ask_says_where_the_node_may_be_and_its_whole_address_when_it_is_another),
        cmocka_unit_test (an_answer_of_another_node_counts_under_the_address_that_was_asked),
        cmocka_unit_test (the_arena_of_a_call_is_empty_again_at_the_next_whatever_that_is),
        cmocka_unit_test (actors_of_one_thread_share_their_scratch),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
