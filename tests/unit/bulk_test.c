// SPDX-License-Identifier: MIT
//  Real bulk connections on loopback between actors of one thread, driven as their shells would; and
//  others that know the protocol but do not keep to it.
#include "actors/bulk/bulk_io.h"

#include "actors/bulk/bulk_record.h"
#include "actors/bulk/offers.h"
#include "bulk.pb-c.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/unit/hearing.h"

#define NODES      2
#define WAIT_MS    20000
#define CHUNK      (256u << 10)
#define LANE       7                    //  of a line that the test makes, at both sides

typedef struct {
    bulk_settings_t settings;
    multiaddr_t listen;
    actor_t *actor;
    hearing_t hearing;
    bool asleep;                        //  its shell does nothing
} node_t;

typedef struct {
    node_t nodes[NODES];
    int64_t skipped_ms;                 //  time that nobody had to wait for
    int64_t stopped_ms;                 //  not 0: the nodes' clock stands, but for that
} fixture_t;

//  Somebody with the keys of a line, who sends what it likes.
typedef struct {
    int fd;
    seals_t seals;
} rogue_t;

static fixture_t *world;

//  ---- driving -------------------------------------------------------------------------------------

static int64_t
now_ms (void)
{
    return (world->stopped_ms ? world->stopped_ms : clock_ms ()) + world->skipped_ms;
}

static void
start (node_t *node)
{
    actor_setup_t setup = {.name = "bulk",
                           .epoch = 1,
                           .crypto = &crypto_real,
                           .port = {&node->hearing, hearing_take, hearing_clock_us},
                           .settings = &node->settings,
                           .now_ms = now_ms (),
                           .wall_ms = clock_wall_ms ()};
    node->actor = actor_new (&bulk_actor, &setup);
    assert_non_null (node->actor);
}

//  Let all nodes work until something comes, a little at most.
static void
work (void)
{
    struct pollfd fds[NODES];
    for (unsigned i = 0; i < NODES; i++) {
        const node_t *node = &world->nodes[i];
        const bool awake = node->actor && !node->asleep;
        fds[i] = (struct pollfd) {-1, POLLIN, 0};
        int descriptors[ACTOR_DESCRIPTORS_MAX];
        if (!awake)
            continue;
        assert_int_equal (actor_descriptors (node->actor, descriptors), 1);
        fds[i].fd = descriptors[0];
    }
    poll (fds, NODES, 5);
    for (unsigned i = 0; i < NODES; i++) {
        actor_t *actor = world->nodes[i].actor;
        if (!actor || world->nodes[i].asleep)
            continue;
        assert_int_equal (actor_input (actor, now_ms (), clock_wall_ms ()), OK);
        if (actor_deadline_ms (actor) <= now_ms ())
            assert_int_equal (actor_tick (actor, now_ms (), clock_wall_ms ()), OK);
    }
}

static unsigned
count_of (const node_t *node, const char *type)
{
    return hearing_count (&node->hearing, type);
}

//  Work until 'node' has been told 'count' of these; the last of them.
static const void *
wait_for (const node_t *node, const char *type, unsigned count)
{
    int64_t until_ms = clock_ms () + WAIT_MS;
    while (count_of (node, type) < count) {
        if (clock_ms () > until_ms)
            fail_msg ("%u of %u %s", count_of (node, type), count, type);
        work ();
    }
    return hearing_last (&node->hearing, type)->message;
}

static void
wait_for_down (const node_t *node, code_t code)
{
    const Ggen__BulkDown *down = wait_for (node, "BulkDown", 1);
    assert_int_equal (down->code, code);
    assert_int_equal (down->lane, LANE);
}

//  ---- asking --------------------------------------------------------------------------------------

static void
say (node_t *node, const ProtobufCMessage *message, bytes_t attachment)
{
    swarm_says (node->actor, message, attachment, now_ms ());
}

static const Ggen__BulkOffer *
invite (node_t *node, uint64_t lane)
{
    Ggen__BulkInvite request = GGEN__BULK_INVITE__INIT;
    request.lane = lane;
    const unsigned before = count_of (node, "BulkInvited");
    say (node, &request.base, (bytes_t) {0});
    const Ggen__BulkInvited *invited = wait_for (node, "BulkInvited", before + 1);
    assert_int_equal (invited->lane, lane);
    return invited->offer;
}

static void
dial_port (node_t *node, const Ggen__BulkOffer *offer, uint16_t port)
{
    uint8_t address[MULTIADDR_SIZE_MAX];
    const multiaddr_t loopback = {.kind = MULTIADDR_IP4, .ip = {127, 0, 0, 1}, .port = 1};
    Ggen__BulkOffer changed = *offer;
    Ggen__BulkDial request = GGEN__BULK_DIAL__INIT;
    changed.port = port;
    request.lane = LANE;
    request.address = (ProtobufCBinaryData) {multiaddr_encode (&loopback, address), address};
    request.offer = &changed;
    say (node, &request.base, (bytes_t) {0});
}

static void
dial (node_t *node, const Ggen__BulkOffer *offer)
{
    dial_port (node, offer, (uint16_t) offer->port);
}

static void
send_chunk (node_t *node, uint8_t first, size_t size)
{
    Ggen__BulkSend request = GGEN__BULK_SEND__INIT;
    uint8_t *bytes = malloc (size + 1);
    assert_non_null (bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t) (first + i % 251);
    request.lane = LANE;
    request.envelope = (ProtobufCBinaryData) {8, (uint8_t *) "envelope"};
    request.body = (ProtobufCBinaryData) {4, (uint8_t *) "body"};
    say (node, &request.base, (bytes_t) {bytes, size});
    free (bytes);
}

static void
close_lane (node_t *node)
{
    Ggen__BulkClose request = GGEN__BULK_CLOSE__INIT;
    request.lane = LANE;
    say (node, &request.base, (bytes_t) {0});
}

//  The second node takes an offer of the first.
static void
join (node_t *a, node_t *b)
{
    dial (b, invite (a, LANE));
    wait_for (a, "BulkUp", 1);
    wait_for (b, "BulkUp", 1);
}

//  ---- rogues --------------------------------------------------------------------------------------

static int
connect_raw (uint16_t port)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons (port),
                                   .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
    int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true (fd >= 0);
    assert_int_equal (connect (fd, (const struct sockaddr *) &to, sizeof to), 0);
    return fd;
}

static void
write_all (int fd, const void *bytes, size_t size)
{
    assert_int_equal (send (fd, bytes, size, MSG_NOSIGNAL), size);
}

//  Work until the other side has ended this connection; what it said before is not looked at.
static void
wait_for_end (int fd)
{
    int64_t until_ms = clock_ms () + WAIT_MS;
    uint8_t bytes[4096];
    for (;;) {
        ssize_t got = recv (fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN))
            return;
        if (clock_ms () > until_ms)
            fail_msg ("the connection stays");
        work ();
    }
}

//  Takes an offer as a node would.
static rogue_t
rogue_join (node_t *node, uint64_t lane)
{
    const uint8_t secret[OPENING_SECRET_BYTES] = {3};
    uint8_t opening[OPENING_BYTES], answer[OPENING_ANSWER_BYTES];
    const Ggen__BulkOffer *offer = invite (node, lane);
    const unsigned before = count_of (node, "BulkUp");
    rogue_t self = {.fd = connect_raw ((uint16_t) offer->port)};
    assert_int_equal (opening_write (offer->token.data, offer->key.data, secret,
                                     SEAL_CHACHA20_POLY1305, opening, &self.seals),
                      OK);
    write_all (self.fd, opening, sizeof opening);
    wait_for (node, "BulkUp", before + 1);
    assert_int_equal (recv (self.fd, answer, sizeof answer, MSG_WAITALL), sizeof answer);
    assert_int_equal (opening_confirm (&self.seals, opening, answer), OK);
    return self;
}

//  Bytes of a good record with a chunk of this size.
static uint8_t *
rogue_record (rogue_t *self, size_t chunk, size_t *size)
{
    uint8_t *attachment = calloc (1, chunk);
    const bulk_record_t record = {
        {(const uint8_t *) "envelope", 8}, {(const uint8_t *) "body", 4}, {attachment, chunk}};
    *size = bulk_record_size (&record);
    uint8_t *bytes = malloc (*size);
    assert_true (attachment && bytes);
    assert_int_equal (bulk_record_write (&record, self->seals.closes, bytes), OK);
    free (attachment);
    return bytes;
}

//  Bytes that it has sent and the node has left in the kernel.
static int
rogue_unread (const rogue_t *self)
{
    struct sockaddr_in ours, theirs;
    socklen_t size = sizeof ours;
    assert_int_equal (getsockname (self->fd, (struct sockaddr *) &ours, &size), 0);
    for (int fd = 0; fd < 1024; fd++) {
        size = sizeof theirs;
        int unread = -1;
        if (getpeername (fd, (struct sockaddr *) &theirs, &size) == 0 && theirs.sin_family == AF_INET
            && theirs.sin_port == ours.sin_port && ioctl (fd, FIONREAD, &unread) == 0)
            return unread;
    }
    return -1;
}

static void
rogue_leave (rogue_t *self)
{
    close (self->fd);
    seals_clear (&self->seals);
}

//  ---- fixture -------------------------------------------------------------------------------------

static unsigned
descriptors (void)
{
    unsigned count = 0;
    DIR *dir = opendir ("/proc/self/fd");
    while (readdir (dir))
        count++;
    closedir (dir);
    return count;
}

static int
setup (void **state)
{
    *state = world = calloc (1, sizeof *world);
    if (!world)
        return 1;
    for (unsigned i = 0; i < NODES; i++) {
        node_t *node = &world->nodes[i];
        node->listen = (multiaddr_t) {.kind = MULTIADDR_IP4, .ip = {127, 0, 0, 1}, .port = 4001};
        node->settings = (bulk_settings_t) {.addresses = &node->listen, .addresses_count = 1};
        start (node);
    }
    return 0;
}

static int
teardown (void **state)
{
    (void) state;
    for (unsigned i = 0; i < NODES; i++) {
        node_t *node = &world->nodes[i];
        actor_destroy (&node->actor);
        hearing_clear (&node->hearing);
    }
    free (world);
    return 0;
}

#define A (&world->nodes[0])
#define B (&world->nodes[1])

//  ---- two nodes -----------------------------------------------------------------------------------

static void
check_chunk (const node_t *node, unsigned number, uint8_t first, size_t size)
{
    const heard_t *heard = node->hearing.list;
    for (unsigned left = number + 1;; heard++)
        if (strcmp (heard->type, "BulkReceived") == 0 && --left == 0)
            break;
    const Ggen__BulkReceived *got = (const void *) heard->message;
    assert_int_equal (got->lane, LANE);
    assert_int_equal (got->envelope.len, 8);
    assert_memory_equal (got->body.data, "body", 4);
    assert_int_equal (heard->attachment_size, size);
    for (size_t i = 0; i < size; i++)
        assert_int_equal (heard->attachment[i], (uint8_t) (first + i % 251));
}

static void
what_is_sent_arrives_in_both_directions (void **state)
{
    (void) state;
    const size_t sizes[] = {1, 4096, 100000, CHUNK, ATTACHMENT_BYTES_MAX};
    join (A, B);
    for (unsigned i = 0; i < COUNT_OF (sizes); i++) {
        send_chunk (A, (uint8_t) i, sizes[i]);
        send_chunk (B, (uint8_t) (100 + i), sizes[i]);
    }
    wait_for (A, "BulkReceived", COUNT_OF (sizes));
    wait_for (B, "BulkReceived", COUNT_OF (sizes));
    for (unsigned i = 0; i < COUNT_OF (sizes); i++) {
        check_chunk (B, i, (uint8_t) i, sizes[i]);
        check_chunk (A, i, (uint8_t) (100 + i), sizes[i]);
    }
    assert_int_equal (count_of (A, "BulkDown") + count_of (B, "BulkDown"), 0);
}

static void
a_window_of_chunks_waits_for_a_slow_reader_and_arrives (void **state)
{
    (void) state;
    join (A, B);
    B->asleep = true;
    for (unsigned i = 0; i < 24; i++)               //  6 MiB: beyond what the kernel keeps
        send_chunk (A, (uint8_t) i, CHUNK);
    for (unsigned i = 0; i < 20; i++)
        work ();
    assert_int_equal (count_of (A, "BulkDown"), 0);
    B->asleep = false;
    wait_for (B, "BulkReceived", 24);
    for (unsigned i = 0; i < 24; i++)
        check_chunk (B, i, (uint8_t) i, CHUNK);
}

static void
a_lane_that_is_closed_ends_at_the_other_side (void **state)
{
    (void) state;
    const unsigned before = descriptors ();
    join (A, B);
    close_lane (A);
    wait_for_down (B, NETWORK);
    assert_int_equal (count_of (A, "BulkDown"), 0);
    assert_int_equal (descriptors (), before);
}

static void
what_has_no_connection_comes_back (void **state)
{
    (void) state;
    send_chunk (A, 5, CHUNK);
    const Ggen__BulkReturned *back = wait_for (A, "BulkReturned", 1);
    assert_int_equal (back->lane, LANE);
    assert_memory_equal (back->body.data, "body", 4);
    assert_int_equal (A->hearing.list[0].attachment_size, CHUNK);
    assert_int_equal (A->hearing.list[0].attachment[CHUNK - 1], (uint8_t) (5 + (CHUNK - 1) % 251));

    //  What makes no record, too
    join (A, B);
    send_chunk (A, 5, 0);
    wait_for (A, "BulkReturned", 2);
    assert_int_equal (count_of (A, "BulkDown"), 0);
}

static void
an_idle_line_is_closed_after_a_minute (void **state)
{
    (void) state;
    join (A, B);
    send_chunk (A, 1, CHUNK);
    wait_for (B, "BulkReceived", 1);
    world->skipped_ms += BULK_IDLE_MS - 1000;
    work ();
    assert_int_equal (count_of (A, "BulkDown") + count_of (B, "BulkDown"), 0);
    A->asleep = true;
    world->skipped_ms += 2000;
    wait_for_down (B, OK);
    //  The other side's clock is behind
    world->skipped_ms -= 2000;
    A->asleep = false;
    wait_for_down (A, OK);
}

static void
where_nobody_listens_a_dial_ends_at_once (void **state)
{
    (void) state;
    const Ggen__BulkOffer *offer = invite (A, LANE);
    actor_destroy (&A->actor);
    dial (B, offer);
    wait_for_down (B, CONNECTION_FAILED);
}

static void
a_dial_that_is_not_answered_ends_in_time (void **state)
{
    (void) state;
    const Ggen__BulkOffer *offer = invite (A, LANE);
    A->asleep = true;                               //  The kernel accepts for it
    dial (B, offer);
    for (unsigned i = 0; i < 5; i++)
        work ();
    assert_int_equal (count_of (B, "BulkDown"), 0);
    world->skipped_ms += BULK_DIAL_MS + 1;
    wait_for_down (B, TIMEOUT);
}

static void
an_offer_that_is_none_is_not_dialled (void **state)
{
    (void) state;
    Ggen__BulkOffer offer = *invite (A, LANE);
    dial_port (B, &offer, 0);
    assert_int_equal (((const Ggen__BulkDown *) wait_for (B, "BulkDown", 1))->code, VALIDATION);
    offer.token.len = 31;
    dial (B, &offer);
    assert_int_equal (((const Ggen__BulkDown *) wait_for (B, "BulkDown", 2))->code, VALIDATION);
    offer.token.len = 32;
    uint8_t nothing[OPENING_KEY_BYTES] = {0};
    offer.key.data = nothing;
    dial (B, &offer);
    assert_int_equal (((const Ggen__BulkDown *) wait_for (B, "BulkDown", 3))->code, SECURITY);
}

static void
a_node_that_cannot_listen_offers_nothing_and_takes_offers (void **state)
{
    (void) state;
    actor_destroy (&B->actor);
    B->settings.addresses_count = 0;
    start (B);
    Ggen__BulkInvite request = GGEN__BULK_INVITE__INIT;
    request.lane = LANE;
    say (B, &request.base, (bytes_t) {0});
    wait_for_down (B, FEATURE_NOT_ENABLED);
    join (A, B);
}

static void
all_addresses_have_one_port (void **state)
{
    (void) state;
    const multiaddr_t both[] = {{.kind = MULTIADDR_IP4, .ip = {127, 0, 0, 1}, .port = 4001},
                                {.kind = MULTIADDR_IP4, .ip = {127, 0, 0, 1}, .port = 4002},
                                {.kind = MULTIADDR_IP4, .ip = {127, 0, 0, 2}, .port = 4001}};
    actor_destroy (&A->actor);
    A->settings.addresses = both;
    A->settings.addresses_count = COUNT_OF (both);
    start (A);
    const uint16_t port = (uint16_t) invite (A, LANE)->port;
    close (connect_raw (port));
    //  And the one that the settings name, which is free now
    actor_destroy (&A->actor);
    A->settings.port = port;
    start (A);
    assert_int_equal (invite (A, LANE)->port, port);
}

//  ---- who does not begin as due ---------------------------------------------------------------------

static void
a_token_is_good_for_one_connection (void **state)
{
    (void) state;
    const unsigned before = descriptors ();
    const Ggen__BulkOffer *offer = invite (A, LANE);
    join (A, B);                                    //  It has made the first offer void
    dial (B, offer);
    wait_for_down (B, NETWORK);

    //  The same opening again, byte for byte
    const uint8_t secret[OPENING_SECRET_BYTES] = {3};
    uint8_t opening[OPENING_BYTES];
    seals_t seals = {0};
    offer = invite (A, LANE + 1);
    assert_int_equal (opening_write (offer->token.data, offer->key.data, secret, SEAL_AES_256_GCM,
                                     opening, &seals),
                      OK);
    int first = connect_raw ((uint16_t) offer->port), second = connect_raw ((uint16_t) offer->port);
    write_all (first, opening, sizeof opening);
    wait_for (A, "BulkUp", 2);
    write_all (second, opening, sizeof opening);
    wait_for_end (second);
    uint8_t answer[OPENING_ANSWER_BYTES];
    assert_int_equal (recv (first, answer, sizeof answer, MSG_WAITALL), sizeof answer);
    assert_int_equal (opening_confirm (&seals, opening, answer), OK);
    assert_int_equal (recv (first, answer, 1, MSG_DONTWAIT), -1);       //  It lives
    seals_clear (&seals);
    close (first);
    close (second);
    wait_for (A, "BulkDown", 1);
    close_lane (A);
    wait_for (B, "BulkDown", 2);
    assert_int_equal (descriptors (), before);
}

static void
who_knows_only_the_id_of_a_token_is_cut_off_and_the_offer_is_void (void **state)
{
    (void) state;
    const uint8_t secret[OPENING_SECRET_BYTES] = {3};
    uint8_t opening[OPENING_BYTES];
    seals_t seals = {0};
    const Ggen__BulkOffer *offer = invite (A, LANE);
    assert_int_equal (opening_write (offer->token.data, offer->key.data, secret, SEAL_AES_256_GCM,
                                     opening, &seals),
                      OK);
    seals_clear (&seals);
    opening[sizeof opening - 1] ^= 1;
    int fd = connect_raw ((uint16_t) offer->port);
    write_all (fd, opening, sizeof opening);
    wait_for_end (fd);
    wait_for_down (A, SECURITY);
    assert_int_equal (count_of (A, "BulkUp"), 0);
    close (fd);
}

static void
garbage_is_cut_off_with_its_first_bytes (void **state)
{
    (void) state;
    const uint16_t port = (uint16_t) invite (A, LANE)->port;
    world->stopped_ms = clock_ms ();
    const char *said[] = {"G", "GET / HTTP/1.1\r\n\r\n", "ggbulk2", "ggbulk1x"};
    for (unsigned i = 0; i < COUNT_OF (said); i++) {
        int fd = connect_raw (port);
        write_all (fd, said[i], strlen (said[i]));
        wait_for_end (fd);
        close (fd);
    }
    //  The right words with a token that nobody was given
    uint8_t opening[OPENING_BYTES] = OPENING_MAGIC;
    int fd = connect_raw (port);
    write_all (fd, opening, sizeof opening);
    wait_for_end (fd);
    close (fd);
    assert_int_equal (count_of (A, "BulkDown"), 0);
}

static void
the_silent_are_cut_off_after_two_seconds (void **state)
{
    (void) state;
    world->stopped_ms = clock_ms ();
    const unsigned before = descriptors ();
    const uint16_t port = (uint16_t) invite (A, LANE)->port;
    int fds[20];
    for (unsigned i = 0; i < COUNT_OF (fds); i++)
        fds[i] = connect_raw (port);
    write_all (fds[0], OPENING_MAGIC, 4);           //  One is slow, not silent
    while (descriptors () < before + 2 * COUNT_OF (fds))
        work ();
    world->skipped_ms += BULK_OPENING_MS - 1;
    for (unsigned i = 0; i < 10; i++)
        work ();
    assert_int_equal (descriptors (), before + 2 * COUNT_OF (fds));
    world->skipped_ms += 1;
    for (unsigned i = 0; i < COUNT_OF (fds); i++) {
        wait_for_end (fds[i]);
        close (fds[i]);
    }
    assert_int_equal (descriptors (), before);
    join (A, B);
}

static void
strangers_are_bounded_and_hinder_nobody_for_long (void **state)
{
    (void) state;
    const unsigned before = descriptors ();
    const uint16_t port = (uint16_t) invite (A, LANE)->port;
    int fds[BULK_STRANGERS_MAX + 10];
    for (unsigned i = 0; i < COUNT_OF (fds); i++)
        fds[i] = connect_raw (port);
    for (unsigned i = 0; i < 10; i++)
        wait_for_end (fds[BULK_STRANGERS_MAX + i]);
    assert_int_equal (descriptors (), before + COUNT_OF (fds) + BULK_STRANGERS_MAX);
    world->skipped_ms += BULK_OPENING_MS + 1;
    wait_for_end (fds[0]);
    for (unsigned i = 0; i < COUNT_OF (fds); i++)
        close (fds[i]);
    join (A, B);
}

//  It rests, and does not turn in circles meanwhile.
static void
without_descriptors_nobody_is_let_in_until_there_are_some (void **state)
{
    (void) state;
    const uint16_t port = (uint16_t) invite (A, LANE)->port;
    const unsigned before = descriptors ();
    struct rlimit was, none;
    int fd = connect_raw (port), lowest = dup (fd), nodes[ACTOR_DESCRIPTORS_MAX];
    close (lowest);
    assert_int_equal (getrlimit (RLIMIT_NOFILE, &was), 0);
    none = (struct rlimit) {(rlim_t) lowest, was.rlim_max};
    world->stopped_ms = clock_ms ();
    assert_int_equal (setrlimit (RLIMIT_NOFILE, &none), 0);
    for (unsigned i = 0; i < 5; i++)
        work ();
    assert_int_equal (setrlimit (RLIMIT_NOFILE, &was), 0);
    assert_int_equal (actor_descriptors (A->actor, nodes), 1);
    struct pollfd resting = {nodes[0], POLLIN, 0};
    assert_int_equal (poll (&resting, 1, 0), 0);
    assert_in_range (actor_deadline_ms (A->actor), now_ms () + 1, now_ms () + 1000);
    assert_int_equal (descriptors (), before + 1);
    world->skipped_ms += actor_deadline_ms (A->actor) - now_ms ();
    while (descriptors () < before + 2)
        work ();
    world->skipped_ms += BULK_OPENING_MS;
    wait_for_end (fd);
    close (fd);
}

static void
one_offer_too_many_is_refused_and_room_comes_with_the_end_of_one (void **state)
{
    (void) state;
    world->stopped_ms = clock_ms ();
    for (unsigned i = 0; i < BULK_OFFERS_MAX; i++)
        invite (A, LANE + i);
    invite (A, LANE);                               //  In the place of the lane's former one
    Ggen__BulkInvite request = GGEN__BULK_INVITE__INIT;
    request.lane = LANE + BULK_OFFERS_MAX;
    say (A, &request.base, (bytes_t) {0});
    const Ggen__BulkDown *down = wait_for (A, "BulkDown", 1);
    assert_int_equal (down->code, BUSY);
    assert_int_equal (down->lane, LANE + BULK_OFFERS_MAX);
    close_lane (A);
    invite (A, LANE + BULK_OFFERS_MAX);
}

static void
an_offer_that_nobody_takes_ends (void **state)
{
    (void) state;
    const Ggen__BulkOffer *offer = invite (A, LANE);
    world->skipped_ms += BULK_OFFERS_MS + 1;
    wait_for_down (A, TIMEOUT);
    dial (B, offer);
    wait_for (B, "BulkDown", 1);
    assert_int_equal (count_of (A, "BulkUp") + count_of (B, "BulkUp"), 0);
}

//  ---- who does not go on as due ---------------------------------------------------------------------

static void
a_broken_seal_ends_the_connection (void **state)
{
    (void) state;
    rogue_t rogue = rogue_join (A, LANE);
    size_t size;
    uint8_t *record = rogue_record (&rogue, CHUNK, &size);
    write_all (rogue.fd, record, size);
    free (record);
    wait_for (A, "BulkReceived", 1);
    record = rogue_record (&rogue, 1000, &size);
    record[500] ^= 1;
    write_all (rogue.fd, record, size);
    free (record);
    wait_for_down (A, SECURITY);
    wait_for_end (rogue.fd);
    assert_int_equal (count_of (A, "BulkReceived"), 1);
    rogue_leave (&rogue);
}

static void
a_record_sent_again_ends_the_connection (void **state)
{
    (void) state;
    rogue_t rogue = rogue_join (A, LANE);
    size_t size;
    uint8_t *record = rogue_record (&rogue, 1000, &size);
    write_all (rogue.fd, record, size);
    write_all (rogue.fd, record, size);
    free (record);
    wait_for_down (A, SECURITY);
    assert_int_equal (count_of (A, "BulkReceived"), 1);
    rogue_leave (&rogue);
}

static void
a_length_beyond_the_bound_ends_the_connection (void **state)
{
    (void) state;
    const uint32_t lengths[] = {BULK_SEALED_MAX + 1, UINT32_MAX, 0, BULK_SEALED_MIN - 1};
    for (unsigned i = 0; i < COUNT_OF (lengths); i++) {
        rogue_t rogue = rogue_join (A, LANE + i);
        const uint8_t header[] = {(uint8_t) lengths[i], (uint8_t) (lengths[i] >> 8),
                                  (uint8_t) (lengths[i] >> 16), (uint8_t) (lengths[i] >> 24)};
        write_all (rogue.fd, header, sizeof header);
        const Ggen__BulkDown *down = wait_for (A, "BulkDown", i + 1);
        assert_int_equal (down->code, VALIDATION);
        wait_for_end (rogue.fd);
        rogue_leave (&rogue);
    }
}

static void
a_record_that_never_becomes_whole_is_given_up (void **state)
{
    (void) state;
    rogue_t rogue = rogue_join (A, LANE);
    size_t size;
    uint8_t *record = rogue_record (&rogue, CHUNK, &size);
    write_all (rogue.fd, record, size / 2);
    for (unsigned i = 0; i < 10; i++)
        work ();
    //  A byte now and then is not enough
    world->skipped_ms += BULK_RECORD_MS - 1000;
    write_all (rogue.fd, record + size / 2, 1);
    for (unsigned i = 0; i < 10; i++)
        work ();
    assert_int_equal (count_of (A, "BulkDown"), 0);
    world->skipped_ms += 2000;
    wait_for_down (A, TIMEOUT);
    free (record);
    rogue_leave (&rogue);
}

static void
a_peer_that_stops_reading_is_given_up (void **state)
{
    (void) state;
    const unsigned before = descriptors ();
    rogue_t rogue = rogue_join (A, LANE);
    for (unsigned i = 0; i < 24; i++)
        send_chunk (A, 1, CHUNK);
    for (unsigned i = 0; i < 10; i++)
        work ();
    world->skipped_ms += BULK_STALL_MS - 1000;
    for (unsigned i = 0; i < 10; i++)
        work ();
    assert_int_equal (count_of (A, "BulkDown"), 0);
    world->skipped_ms += 2000;
    wait_for_down (A, TIMEOUT);
    rogue_leave (&rogue);
    assert_int_equal (descriptors (), before);
}

//  So many bytes of what it is sent, at most.
static size_t
rogue_read (const rogue_t *self, size_t wanted)
{
    static uint8_t bytes[65536];
    size_t all = 0;
    for (unsigned idle = 0; all < wanted && idle < 20; idle++) {
        ssize_t got = recv (self->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        all += got > 0 ? (size_t) got : 0;
        idle = got > 0 ? 0 : idle;
        work ();
    }
    return all;
}

static void
a_peer_that_reads_slowly_has_all_of_it (void **state)
{
    (void) state;
    enum { CHUNKS = 34 };               //  8.5 MiB, of which the kernel keeps less than 6
    rogue_t rogue = rogue_join (A, LANE);
    world->stopped_ms = clock_ms ();
    for (unsigned i = 0; i < CHUNKS; i++)
        send_chunk (A, 1, CHUNK);
    size_t all = 0;
    for (unsigned i = 0; i < 4; i++) {
        all += rogue_read (&rogue, 4 * CHUNK);
        world->skipped_ms += BULK_STALL_MS - 1000;          //  In all longer than BULK_IDLE_MS
        work ();
        assert_int_equal (count_of (A, "BulkDown"), 0);
    }
    all += rogue_read (&rogue, SIZE_MAX);
    assert_true (all > CHUNKS * CHUNK);
    //  It is idle since the last one left, not since it was given
    assert_int_equal (count_of (A, "BulkDown"), 0);
    world->skipped_ms += BULK_IDLE_MS + 1;
    wait_for_down (A, OK);
    rogue_leave (&rogue);
}

static void
what_waits_for_one_peer_is_bounded (void **state)
{
    (void) state;
    rogue_t rogue = rogue_join (A, LANE);
    unsigned sent = 0;
    for (; sent < 200 && count_of (A, "BulkDown") == 0; sent++)
        send_chunk (A, 1, CHUNK);
    wait_for_down (A, BUSY);
    assert_in_range (sent, BULK_QUEUE_BYTES_MAX / CHUNK, 3 * BULK_QUEUE_BYTES_MAX / CHUNK);
    rogue_leave (&rogue);
}

//  More begin a record than there is memory for: the last have to wait until others are done.
static void
what_comes_in_is_bounded_for_all_together (void **state)
{
    (void) state;
    enum { ROGUES = BULK_INTAKE_BYTES_MAX / CHUNK + 8 };
    rogue_t rogues[ROGUES];
    uint8_t *records[ROGUES];
    size_t size = 0;
    for (unsigned i = 0; i < ROGUES; i++) {
        rogues[i] = rogue_join (A, LANE + i);
        records[i] = rogue_record (&rogues[i], CHUNK, &size);
        write_all (rogues[i].fd, records[i], 100);
        for (unsigned j = 0; j < 3; j++)
            work ();
    }
    //  Much of the last one's record is there, and stays where it is
    write_all (rogues[ROGUES - 1].fd, records[ROGUES - 1] + 100, 10000);
    for (unsigned i = 0; i < 20; i++)
        work ();
    assert_int_equal (rogue_unread (&rogues[0]), 0);
    assert_int_equal (rogue_unread (&rogues[ROGUES - 1]), 10100);
    assert_int_equal (count_of (A, "BulkReceived") + count_of (A, "BulkDown"), 0);
    for (unsigned i = 0; i < ROGUES; i++) {
        const size_t at = i == ROGUES - 1 ? 10100 : 100;
        write_all (rogues[i].fd, records[i] + at, size - at);
        for (unsigned j = 0; j < 3; j++)
            work ();
    }
    wait_for (A, "BulkReceived", ROGUES);
    for (unsigned i = 0; i < ROGUES; i++) {
        free (records[i]);
        rogue_leave (&rogues[i]);
    }
}

int
main (void)
{
#define TEST(name) cmocka_unit_test_setup_teardown (name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST (what_is_sent_arrives_in_both_directions),
        TEST (a_window_of_chunks_waits_for_a_slow_reader_and_arrives),
        TEST (a_lane_that_is_closed_ends_at_the_other_side),
        TEST (what_has_no_connection_comes_back),
        TEST (an_idle_line_is_closed_after_a_minute),
        TEST (where_nobody_listens_a_dial_ends_at_once),
        TEST (a_dial_that_is_not_answered_ends_in_time),
        TEST (an_offer_that_is_none_is_not_dialled),
        TEST (a_node_that_cannot_listen_offers_nothing_and_takes_offers),
        TEST (all_addresses_have_one_port),
        TEST (a_token_is_good_for_one_connection),
        TEST (who_knows_only_the_id_of_a_token_is_cut_off_and_the_offer_is_void),
        TEST (garbage_is_cut_off_with_its_first_bytes),
        TEST (the_silent_are_cut_off_after_two_seconds),
        TEST (strangers_are_bounded_and_hinder_nobody_for_long),
        TEST (without_descriptors_nobody_is_let_in_until_there_are_some),
        TEST (one_offer_too_many_is_refused_and_room_comes_with_the_end_of_one),
        TEST (an_offer_that_nobody_takes_ends),
        TEST (a_broken_seal_ends_the_connection),
        TEST (a_record_sent_again_ends_the_connection),
        TEST (a_length_beyond_the_bound_ends_the_connection),
        TEST (a_record_that_never_becomes_whole_is_given_up),
        TEST (a_peer_that_stops_reading_is_given_up),
        TEST (a_peer_that_reads_slowly_has_all_of_it),
        TEST (what_waits_for_one_peer_is_bounded),
        TEST (what_comes_in_is_bounded_for_all_together),
    };
    if (sodium_init () < 0)
        return 1;
    return cmocka_run_group_tests (tests, NULL, NULL);
}
