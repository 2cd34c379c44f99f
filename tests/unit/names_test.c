// SPDX-License-Identifier: MIT
//  Where a name in a multiaddr leads: DNS messages as they come, the rules for what counts, and what
//  swarm makes of it when it dials.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "actors/swarm/names.h"
#include "actors/swarm/resolve.h"
#include "names.pb-c.h"
#include "tests/unit/seeded.h"
#include "tests/unit/swarm_world.h"

#define NO_BYTES ((bytes_t) {NULL, 0})
#define PEER_1   "12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq"
#define PEER_2   "12D3KooWLtrDpA6WpqRuaysXHKWUKxQWBbbbyibfNGHYjMPCqgAx"

static int
teardown (void **state)
{
    (void) state;
    world_clear ();
    return 0;
}

//  ---- DNS messages --------------------------------------------------------------------------------

//  A message of one question and 'texts' (ends with NULL) as its answers. Returns its size.
static size_t
write_message (uint8_t *bytes, const char *const *texts)
{
    static const uint8_t header[] = {0x12, 0x34, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0};
    static const uint8_t question[] = {1, 'a', 2, 'b', 'c', 0, 0, 16, 0, 1};
    static const uint8_t record[] = {0xC0, 12, 0, 16, 0, 1, 0, 0, 0, 60};
    size_t size = 0;
    memcpy (bytes, header, sizeof header);
    size += sizeof header;
    memcpy (bytes + size, question, sizeof question);
    size += sizeof question;
    for (; *texts; texts++) {
        size_t left = strlen (*texts), parts = left / 255 + 1, length = left + parts;
        const char *at = *texts;
        bytes[7]++;
        memcpy (bytes + size, record, sizeof record);
        size += sizeof record;
        bytes[size++] = (uint8_t) (length >> 8);
        bytes[size++] = (uint8_t) length;
        for (; parts > 0; parts--) {
            size_t part = left < 255 ? left : 255;
            bytes[size++] = (uint8_t) part;
            memcpy (bytes + size, at, part);
            size += part;
            at += part;
            left -= part;
        }
    }
    return size;
}

static char found[NAMES_ANSWERS_MAX][NAMES_TEXT_MAX + 1];

static void
texts_of_a_message_are_read (void **state)
{
    (void) state;
    static const char *const texts[] = {"dnsaddr=/ip4/1.2.3.4/tcp/4/p2p/" PEER_1, "", "v=spf1", NULL};
    uint8_t bytes[1024];
    size_t size = write_message (bytes, texts);
    assert_int_equal (names_texts ((bytes_t) {bytes, size}, found), 3);
    for (unsigned i = 0; texts[i]; i++)
        assert_string_equal (found[i], texts[i]);
}

static void
the_strings_of_a_long_text_are_joined_and_too_long_ones_left_out (void **state)
{
    (void) state;
    char fits[NAMES_TEXT_MAX + 1], longer[NAMES_TEXT_MAX + 2];
    memset (fits, 'f', sizeof fits);
    memset (longer, 'l', sizeof longer);
    fits[NAMES_TEXT_MAX] = longer[NAMES_TEXT_MAX + 1] = 0;
    const char *const texts[] = {longer, fits, "next", NULL};
    uint8_t bytes[2048];
    size_t size = write_message (bytes, texts);
    assert_int_equal (names_texts ((bytes_t) {bytes, size}, found), 2);
    assert_string_equal (found[0], fits);
    assert_string_equal (found[1], "next");
}

static void
records_of_other_types_and_texts_with_a_nul_are_passed_over (void **state)
{
    (void) state;
    static const char *const texts[] = {"one", "two", "three", NULL};
    uint8_t bytes[1024];
    size_t size = write_message (bytes, texts);
    const size_t first = 22, each = 12 + 4;
    bytes[first + 3] = 5;                       //  CNAME
    bytes[first + each + 13] = 0;               //  "t\0o"
    assert_int_equal (names_texts ((bytes_t) {bytes, size}, found), 1);
    assert_string_equal (found[0], "three");
}

static void
a_string_that_is_longer_than_its_record_ends_the_message (void **state)
{
    (void) state;
    static const char *const texts[] = {"one", "two", "three", NULL};
    uint8_t bytes[1024];
    size_t size = write_message (bytes, texts);
    const size_t first = 22, each = 12 + 4;
    bytes[first + each + 12] = 5;
    assert_int_equal (names_texts ((bytes_t) {bytes, size}, found), 1);
    assert_string_equal (found[0], "one");
}

static void
a_message_that_breaks_off_gives_what_was_before (void **state)
{
    (void) state;
    static const char *const texts[] = {"one", "two", "three", NULL};
    uint8_t bytes[1024];
    size_t size = write_message (bytes, texts), before = 0;
    for (size_t length = 0; length <= size; length++) {
        uint8_t *exact = malloc (length ? length : 1);
        memcpy (exact, bytes, length);
        size_t count = names_texts ((bytes_t) {exact, length}, found);
        assert_true (count >= before && count <= 3);
        before = count;
        free (exact);
    }
    assert_int_equal (before, 3);
}

static void
whatever_bytes_come_they_are_read_within_their_bounds (void **state)
{
    (void) state;
    static const char *const texts[] = {"dnsaddr=/dnsaddr/b.example", "two", NULL};
    rng_t rng = seeded_rng (1);
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t *bytes = calloc (1, 256);
        size_t size = write_message (bytes, texts);
        for (unsigned i = 0; i <= round % 5; i++)
            bytes[rng_below (&rng, size)] = (uint8_t) rng_u64 (&rng);
        bytes = realloc (bytes, size);          //  so that a sanitizer sees the end
        size_t count = names_texts ((bytes_t) {bytes, size}, found);
        assert_seeded (count <= NAMES_ANSWERS_MAX, round);
        free (bytes);
    }
}

//  ---- the rules -------------------------------------------------------------------------------------

//  A zone: what each name has, in the order of the rows.
typedef struct {
    const char *name;
    const char *value;              //  an IP, or a TXT record
} row_t;

typedef struct {
    const row_t *rows;
    unsigned lookups;
} zone_t;

static size_t
zone_ips (void *context, const char *host, names_family_t family, multiaddr_t *ips, size_t max)
{
    zone_t *zone = context;
    size_t count = 0;
    zone->lookups++;
    for (const row_t *row = zone->rows; row->name && count < max; row++) {
        char text[128], why[128];
        const bool v6 = strchr (row->value, ':') != NULL;
        if (strcmp (row->name, host) != 0 || family == (v6 ? NAMES_V4 : NAMES_V6))
            continue;
        snprintf (text, sizeof text, v6 ? "/ip6/%s/tcp/1" : "/ip4/%s/tcp/1", row->value);
        assert_int_equal (multiaddr_parse (&ips[count++], text, why, sizeof why), OK);
    }
    return count;
}

static size_t
zone_texts (void *context, const char *name, uint8_t *message, size_t size)
{
    zone_t *zone = context;
    const char *texts[64];
    size_t count = 0;
    zone->lookups++;
    for (const row_t *row = zone->rows; row->name; row++)
        if (strcmp (row->name, name) == 0)
            texts[count++] = row->value;
    texts[count] = NULL;
    assert_true (size >= 4096);
    return count > 0 ? write_message (message, texts) : 0;
}

//  What 'address' leads to, as texts with a space after each; "-": it fails.
static const char *
leads_to (zone_t *zone, const char *address)
{
    static char all[NAMES_ANSWERS_MAX * (MULTIADDR_TEXT_MAX + 2)];
    const names_source_t source = {zone, zone_ips, zone_texts};
    multiaddr_t asked, answers[NAMES_ANSWERS_MAX];
    char why[128], text[MULTIADDR_TEXT_MAX + 1];
    size_t count;
    assert_int_equal (multiaddr_parse (&asked, address, why, sizeof why), OK);
    all[0] = 0;
    if (names_resolve (&source, &asked, answers, &count) != OK)
        return "-";
    for (size_t i = 0; i < count; i++) {
        multiaddr_text (&answers[i], text);
        strcat (strcat (all, text), " ");
    }
    return all;
}

static void
a_host_leads_to_its_ips_of_the_family_that_was_asked_for (void **state)
{
    (void) state;
    static const row_t rows[] = {{"a.example", "192.0.2.1"}, {"a.example", "2001:db8::1"},
                                 {"a.example", "192.0.2.1"}, {0}};
    zone_t zone = {rows, 0};
    assert_string_equal (leads_to (&zone, "/dns/a.example/tcp/7"),
                         "/ip4/192.0.2.1/tcp/7 /ip6/2001:db8::1/tcp/7 ");
    assert_string_equal (leads_to (&zone, "/dns4/a.example/tcp/7/p2p/" PEER_1),
                         "/ip4/192.0.2.1/tcp/7/p2p/" PEER_1 " ");
    assert_string_equal (leads_to (&zone, "/dns6/a.example/tcp/7"), "/ip6/2001:db8::1/tcp/7 ");
    assert_string_equal (leads_to (&zone, "/dns/b.example/tcp/7"), "-");
    assert_string_equal (leads_to (&zone, "/ip4/192.0.2.1/tcp/7"), "-");
}

static void
a_dnsaddr_leads_to_addresses_names_and_further_dnsaddrs (void **state)
{
    (void) state;
    static const row_t rows[] = {
        {"_dnsaddr.example.org", "dnsaddr=/ip4/192.0.2.1/tcp/4/p2p/" PEER_1},
        {"_dnsaddr.example.org", "dnsaddr=/dns4/host.example.org/tcp/5/p2p/" PEER_2},
        {"_dnsaddr.example.org", "dnsaddr=/dnsaddr/more.example.org"},
        {"_dnsaddr.example.org", "dnsaddr=/ip4/192.0.2.9/udp/4/p2p/" PEER_1},
        {"_dnsaddr.example.org", "something else"},
        {"_dnsaddr.more.example.org", "dnsaddr=/ip6/2001:db8::1/tcp/6/p2p/" PEER_1},
        {"host.example.org", "192.0.2.2"},
        {0}};
    zone_t zone = {rows, 0};
    assert_string_equal (leads_to (&zone, "/dnsaddr/example.org"),
                         "/ip4/192.0.2.1/tcp/4/p2p/" PEER_1 " /ip4/192.0.2.2/tcp/5/p2p/" PEER_2
                         " /ip6/2001:db8::1/tcp/6/p2p/" PEER_1 " ");
    assert_string_equal (leads_to (&zone, "/dnsaddr/example.org/p2p/" PEER_2),
                         "/ip4/192.0.2.2/tcp/5/p2p/" PEER_2 " ");
    assert_string_equal (leads_to (&zone, "/dnsaddr/example.com"), "-");
}

static void
a_dnsaddr_that_leads_to_itself_ends (void **state)
{
    (void) state;
    static const row_t rows[] = {{"_dnsaddr.loop.example", "dnsaddr=/dnsaddr/loop.example"}, {0}};
    zone_t zone = {rows, 0};
    assert_string_equal (leads_to (&zone, "/dnsaddr/loop.example"), "-");
    assert_int_equal (zone.lookups, NAMES_DEPTH_MAX);
}

static void
a_zone_that_fans_out_costs_so_many_lookups_and_gives_so_many_answers (void **state)
{
    (void) state;
    static row_t wide[64], many[64];
    static char texts[60][64];
    for (unsigned i = 0; i < 50; i++) {
        snprintf (texts[i], sizeof texts[i], "dnsaddr=/ip4/192.0.2.%u/tcp/1", i + 1);
        many[i] = (row_t) {"_dnsaddr.many.example", texts[i]};
        wide[i] = (row_t) {"_dnsaddr.wide.example", "dnsaddr=/dnsaddr/wide.example"};
    }
    zone_t zone = {wide, 0};
    assert_string_equal (leads_to (&zone, "/dnsaddr/wide.example"), "-");
    assert_int_equal (zone.lookups, NAMES_LOOKUPS_MAX);
    zone = (zone_t) {many, 0};
    const char *all = leads_to (&zone, "/dnsaddr/many.example");
    assert_non_null (strstr (all, "/ip4/192.0.2.32/"));
    assert_null (strstr (all, "/ip4/192.0.2.33/"));
}

//  ---- swarm: dialling a name ------------------------------------------------------------------------

static multiaddr_t
name_of (const char *text)
{
    multiaddr_t address;
    char why[128];
    assert_int_equal (multiaddr_parse (&address, text, why, sizeof why), OK);
    return address;
}

static void
connect_to (node_t *node, const multiaddr_t *address, bool persistent)
{
    uint8_t bytes[MULTIADDR_SIZE_MAX];
    Ggen__ConnectRequest request = GGEN__CONNECT_REQUEST__INIT;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REQUEST;
    envelope.budget_ms = 30000;
    request.address = (ProtobufCBinaryData) {multiaddr_encode (address, bytes), bytes};
    request.persistent = persistent;
    world_say (node, "client-1", "swarm", &envelope, &request.base, NO_BYTES);
}

#define ANSWERS_MAX 16

//  Answer what "names" was asked: with where these nodes are, each with its peer id.
static bool
resolve_to (node_t *node, node_t *const *peers, unsigned count)
{
    note_t note;
    Ggen__Envelope *asked, envelope = GGEN__ENVELOPE__INIT;
    uint8_t bytes[ANSWERS_MAX][MULTIADDR_SIZE_MAX];
    ProtobufCBinaryData fields[ANSWERS_MAX];
    Ggen__ResolveReply reply = GGEN__RESOLVE_REPLY__INIT;
    if (!world_take (node, "names", "ResolveRequest", &note, &asked))
        return false;
    reply.addresses = fields;
    for (; reply.n_addresses < count; reply.n_addresses++) {
        size_t i = reply.n_addresses;
        multiaddr_t address;
        assert_int_equal (multiaddr_decode (&address, peers[i]->listens), OK);
        address.has_peer = true;
        address.peer = peers[i]->key;
        fields[i] = (ProtobufCBinaryData) {multiaddr_encode (&address, bytes[i]), bytes[i]};
    }
    envelope.kind = GGEN__KIND__REPLY;
    envelope.id = asked->id;
    world_say (node, "names", "swarm", &envelope, &reply.base, NO_BYTES);
    ggen__envelope__free_unpacked (asked, NULL);
    note_free (&note);
    return true;
}

static code_t
failure_of (node_t *node)
{
    note_t note;
    Ggen__Envelope *envelope;
    if (!world_take (node, "client-1", "Failure", &note, &envelope))
        return OK;
    Ggen__Failure *failure = ggen__failure__unpack (NULL, note.body_size, note.body);
    code_t code = failure->code;
    ggen__failure__free_unpacked (failure, NULL);
    ggen__envelope__free_unpacked (envelope, NULL);
    note_free (&note);
    return code;
}

static void
a_name_is_dialled_where_it_leads_and_remembered_by_name (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (10);
    world_start (a);
    world_start (b);
    multiaddr_t name = name_of ("/dns4/b.example/tcp/4000");
    name.has_peer = true;
    name.peer = b->key;
    connect_to (a, &name, true);
    assert_int_equal (world.wires_count, 0);
    assert_true (resolve_to (a, &b, 1));
    world_run (200);
    assert_non_null (world_session (a, b));
    assert_int_equal (world_count (a, "client-1", "ConnectReply"), 1);
    const known_t *known = book_find (world_swarm (a)->book, &b->key);
    bytes_t address;
    uint16_t cursor = 0;
    assert_true (addresses_next (&known->addresses, &cursor, &address));
    assert_false (addresses_is_name (address));
    assert_true (addresses_next (&known->addresses, &cursor, &address));
    assert_true (addresses_is_name (address));
}

static void
a_name_without_peer_id_leads_to_one_of_those_it_tells_of (void **state)
{
    (void) state;
    node_t *a = world_node (10), *others[] = {world_node (10), world_node (10), world_node (10)};
    const multiaddr_t name = name_of ("/dnsaddr/boot.example");
    world_start (a);
    for (unsigned i = 0; i < COUNT_OF (others); i++)
        world_start (others[i]);
    connect_to (a, &name, false);
    assert_true (resolve_to (a, others, COUNT_OF (others)));
    world_run (200);
    assert_int_equal (links_census (world_swarm (a)->links).kept, 1);
    assert_int_equal (book_count (world_swarm (a)->book), 3);
    connect_to (a, &name, false);
    for (unsigned i = 0; i < COUNT_OF (others); i++)
        if (world_session (a, others[i]))
            assert_true (resolve_to (a, &others[i], 1));
    assert_int_equal (world_count (a, "client-1", "ConnectReply"), 2);
    assert_int_equal (links_count (world_swarm (a)->links), 1);
}

static void
an_answer_for_another_peer_is_not_dialled (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (10), *c = world_node (10);
    world_start (a);
    world_start (b);
    world_start (c);
    multiaddr_t name = name_of ("/dnsaddr/b.example");
    name.has_peer = true;
    name.peer = b->key;
    connect_to (a, &name, false);
    assert_true (resolve_to (a, &c, 1));
    world_run (200);
    assert_int_equal (world.wires_count, 0);
    assert_int_equal (failure_of (a), CONNECTION_FAILED);
}

static void
an_answer_among_many_for_others_is_found (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (10), *c = world_node (10);
    node_t *answers[MULTIADDR_PEER_MAX + 2];
    world_start (a);
    world_start (b);
    multiaddr_t name = name_of ("/dnsaddr/b.example");
    name.has_peer = true;
    name.peer = b->key;
    for (unsigned i = 0; i < COUNT_OF (answers); i++)
        answers[i] = i + 1 < COUNT_OF (answers) ? c : b;
    connect_to (a, &name, false);
    assert_true (resolve_to (a, answers, COUNT_OF (answers)));
    world_run (200);
    assert_non_null (world_session (a, b));
}

static void
a_name_that_nobody_answers_for_ends_in_time (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (10);
    world_start (a);
    multiaddr_t name = name_of ("/dns/b.example/tcp/1");
    name.has_peer = true;
    name.peer = b->key;
    connect_to (a, &name, false);
    world_run (RESOLVE_MS - 1);
    assert_int_equal (links_count (world_swarm (a)->links), 1);
    world_run (2);
    assert_int_equal (failure_of (a), TIMEOUT);
    assert_int_equal (links_count (world_swarm (a)->links), 0);
    resolve_to (a, &b, 1);                      //  too late
    assert_int_equal (links_count (world_swarm (a)->links), 0);
}

static void
names_that_other_nodes_say_are_not_looked_up (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (10);
    const multiaddr_t name = name_of ("/dns4/victim.example/tcp/53");
    world_start (a);
    b->listens = (bytes_t) {b->address, multiaddr_encode (&name, b->address)};
    world_ask (a, b, "dht");
    world_run (100);
    assert_int_equal (world_count (a, "names", "ResolveRequest"), 0);
    assert_int_equal (world_failure (a, 0), CONNECTION_FAILED);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (texts_of_a_message_are_read),
        cmocka_unit_test (the_strings_of_a_long_text_are_joined_and_too_long_ones_left_out),
        cmocka_unit_test (records_of_other_types_and_texts_with_a_nul_are_passed_over),
        cmocka_unit_test (a_string_that_is_longer_than_its_record_ends_the_message),
        cmocka_unit_test (a_message_that_breaks_off_gives_what_was_before),
        cmocka_unit_test (whatever_bytes_come_they_are_read_within_their_bounds),
        cmocka_unit_test (a_host_leads_to_its_ips_of_the_family_that_was_asked_for),
        cmocka_unit_test (a_dnsaddr_leads_to_addresses_names_and_further_dnsaddrs),
        cmocka_unit_test (a_dnsaddr_that_leads_to_itself_ends),
        cmocka_unit_test (a_zone_that_fans_out_costs_so_many_lookups_and_gives_so_many_answers),
        cmocka_unit_test_teardown (a_name_is_dialled_where_it_leads_and_remembered_by_name,
                                   teardown),
        cmocka_unit_test_teardown (a_name_without_peer_id_leads_to_one_of_those_it_tells_of,
                                   teardown),
        cmocka_unit_test_teardown (an_answer_for_another_peer_is_not_dialled, teardown),
        cmocka_unit_test_teardown (an_answer_among_many_for_others_is_found, teardown),
        cmocka_unit_test_teardown (a_name_that_nobody_answers_for_ends_in_time, teardown),
        cmocka_unit_test_teardown (names_that_other_nodes_say_are_not_looked_up, teardown),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
