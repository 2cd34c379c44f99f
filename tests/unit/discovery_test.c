// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "messages/discovery_valid.h"
#include "messages/multiaddr.h"
#include "messages/record.h"
#include "tests/unit/seeded.h"

#include <stdio.h>
#include <string.h>

static uint8_t zeros [64];
static char long_text [1024];

static ProtobufCBinaryData
bytes_of (size_t size)
{
    return (ProtobufCBinaryData) {size, zeros};
}

//  A text of so many bytes.
static char *
text_of (size_t size)
{
    memset (long_text, 'x', sizeof long_text - 1);
    return long_text + sizeof long_text - 1 - size;
}

static Ggen__Listing
make_listing (void)
{
    Ggen__Listing listing = GGEN__LISTING__INIT;
    listing.name = "pkg";
    listing.seq = 1;
    listing.ttl_secs = 1;
    listing.version = "1.0.0";
    listing.sha256 = bytes_of (32);
    listing.size_bytes = 1;
    return listing;
}

static Ggen__Provider
make_provider (void)
{
    Ggen__Provider provider = GGEN__PROVIDER__INIT;
    provider.sha256 = bytes_of (32);
    provider.seq = 1;
    provider.ttl_secs = 1;
    return provider;
}

static Ggen__PeerRecord
make_peer (void)
{
    Ggen__PeerRecord peer = GGEN__PEER_RECORD__INIT;
    peer.seq = 1;
    peer.ttl_secs = 1;
    return peer;
}

//  The least acceptable message, after a change.
#define CHECK(kind, Type, verdict, change) \
    do { \
        Ggen__##Type it = make_##kind (); \
        change; \
        assert_int_equal (discovery_valid_##kind (&it), verdict); \
    } while (0)
#define LISTING(verdict, change) CHECK (listing, Listing, verdict, change)
#define PROVIDER(verdict, change) CHECK (provider, Provider, verdict, change)
#define PEER(verdict, change) CHECK (peer, PeerRecord, verdict, change)

static void
a_listing_has_a_name_a_sequence_a_time_and_a_life_of_two_days_at_most (void **state)
{
    (void) state;
    LISTING (true, (void) 0);
    LISTING (false, it.name = "");
    LISTING (false, it.name = "../x");
    LISTING (false, it.seq = 0);
    LISTING (true, it.seq = UINT64_MAX);
    LISTING (false, it.issued_at = -1);
    LISTING (true, it.issued_at = INT64_MAX);
    LISTING (false, it.ttl_secs = 0);
    LISTING (true, it.ttl_secs = 172800);
    LISTING (false, it.ttl_secs = 172801);
}

static void
what_a_listing_offers_is_bounded (void **state)
{
    (void) state;
    LISTING (false, it.version = "");
    LISTING (false, it.version = "v1.0.0");
    LISTING (false, it.sha256 = bytes_of (31));
    LISTING (false, it.sha256 = bytes_of (0));
    LISTING (false, it.size_bytes = 0);
    LISTING (true, it.title = text_of (128));
    LISTING (false, it.title = text_of (129));
    LISTING (false, it.title = "\xff");
    LISTING (true, it.description = text_of (512));
    LISTING (false, it.description = text_of (513));
    LISTING (false, it.description = "\xc3");
    LISTING (true, it.license = text_of (64));
    LISTING (false, it.license = text_of (65));
    LISTING (false, it.license = "\x80");
    LISTING (true, it.author = text_of (128));
    LISTING (false, it.author = text_of (129));
    LISTING (false, it.author = "\xed\xa0\x80");
}

static void
categories_and_tags_are_few_short_and_unique (void **state)
{
    (void) state;
    static char names [DISCOVERY_TAGS_MAX + 1] [4];
    char *list [DISCOVERY_TAGS_MAX + 1];
    for (size_t i = 0; i <= DISCOVERY_TAGS_MAX; i++) {
        snprintf (names [i], sizeof names [i], "t%zu", i);
        list [i] = names [i];
    }
    LISTING (true, it.categories = list; it.n_categories = 8);
    LISTING (false, it.categories = list; it.n_categories = 9);
    LISTING (true, it.tags = list; it.n_tags = 16);
    LISTING (false, it.tags = list; it.n_tags = 17);
    static char *const refused [] = {"", "\xff", "t0"};
    for (size_t i = 0; i < COUNT_OF (refused); i++) {
        list [1] = refused [i];
        LISTING (false, it.categories = list; it.n_categories = 2);
        LISTING (false, it.tags = list; it.n_tags = 2);
    }
    LISTING (true, list [1] = text_of (64); it.tags = list; it.n_tags = 2);
    LISTING (false, list [1] = text_of (65); it.tags = list; it.n_tags = 2);
    LISTING (false, list [1] = text_of (65); it.categories = list; it.n_categories = 2);
}

static void
keywords_are_few_folded_and_unique (void **state)
{
    (void) state;
    static char names [DISCOVERY_KEYWORDS_MAX + 1] [4];
    char *list [DISCOVERY_KEYWORDS_MAX + 1];
    for (size_t i = 0; i <= DISCOVERY_KEYWORDS_MAX; i++) {
        snprintf (names [i], sizeof names [i], "k%zu", i);
        list [i] = names [i];
    }
    LISTING (true, it.keywords = list; it.n_keywords = 12);
    LISTING (false, it.keywords = list; it.n_keywords = 13);
    static char *const refused [] = {"", "x", "Web", "web ", "a-b", "k0", "\xff\xff",
                                     "012345678901234567890123456789012"};
    for (size_t i = 0; i < COUNT_OF (refused); i++) {
        list [1] = refused [i];
        LISTING (false, it.keywords = list; it.n_keywords = 2);
    }
    list [1] = "01234567890123456789012345678901";
    LISTING (true, it.keywords = list; it.n_keywords = 2);
    list [1] = "gr\xc3\xb6\xc3\x9f" "e";
    LISTING (true, it.keywords = list; it.n_keywords = 2);
}

static void
a_withdrawn_listing_says_only_where_it_lies (void **state)
{
    (void) state;
    char *word = "web";

#define WITHDRAWN(verdict, change) \
    LISTING (verdict, it.withdrawn = true; it.version = ""; it.sha256 = bytes_of (0); \
             it.size_bytes = 0; change)
    WITHDRAWN (true, (void) 0);
    WITHDRAWN (true, it.keywords = &word; it.n_keywords = 1);
    WITHDRAWN (false, it.version = "1.0.0");
    WITHDRAWN (false, it.title = "t");
    WITHDRAWN (false, it.description = "d");
    WITHDRAWN (false, it.categories = &word; it.n_categories = 1);
    WITHDRAWN (false, it.tags = &word; it.n_tags = 1);
    WITHDRAWN (false, it.license = "MIT");
    WITHDRAWN (false, it.author = "a");
    WITHDRAWN (false, it.sha256 = bytes_of (32));
    WITHDRAWN (false, it.size_bytes = 1);
    WITHDRAWN (false, it.name = "");
    WITHDRAWN (false, it.seq = 0);
}

//  Binary addresses, one for each text.
typedef struct {
    uint8_t bytes [MULTIADDR_PEER_MAX + 1] [MULTIADDR_SIZE_MAX];
    ProtobufCBinaryData list [MULTIADDR_PEER_MAX + 1];
} addresses_t;

static void
set_address (addresses_t *self, size_t at, const char *text)
{
    multiaddr_t address;
    assert_int_equal (multiaddr_parse (&address, text, NULL, 0), OK);
    self->list [at] = (ProtobufCBinaryData) {multiaddr_encode (&address, self->bytes [at]),
                                             self->bytes [at]};
}

static void
make_addresses (addresses_t *self)
{
    for (size_t i = 0; i <= MULTIADDR_PEER_MAX; i++) {
        char text [64];
        snprintf (text, sizeof text, "/ip4/192.0.2.1/tcp/%zu", i + 1);
        set_address (self, i, text);
    }
}

static void
a_provider_names_a_digest_and_how_long_it_holds (void **state)
{
    (void) state;
    addresses_t addresses;
    make_addresses (&addresses);
    PROVIDER (true, (void) 0);
    PROVIDER (false, it.sha256 = bytes_of (0));
    PROVIDER (false, it.sha256 = bytes_of (33));
    PROVIDER (false, it.seq = 0);
    PROVIDER (false, it.issued_at = -1);
    PROVIDER (false, it.ttl_secs = 0);
    PROVIDER (true, it.ttl_secs = 172800);
    PROVIDER (false, it.ttl_secs = 172801);
    PROVIDER (true, it.withdrawn = true);
    PROVIDER (true, it.addresses = addresses.list; it.n_addresses = 1);
    PROVIDER (false, it.addresses = addresses.list; it.n_addresses = 1; it.withdrawn = true);
}

static void
a_peer_record_holds_for_two_days_at_most (void **state)
{
    (void) state;
    PEER (true, (void) 0);
    PEER (false, it.seq = 0);
    PEER (false, it.issued_at = -1);
    PEER (false, it.ttl_secs = 0);
    PEER (true, it.ttl_secs = 172800);
    PEER (false, it.ttl_secs = 172801);
}

static void
addresses_are_few_unique_and_can_be_dialled (void **state)
{
    (void) state;
    addresses_t addresses;
    make_addresses (&addresses);
#define BOTH(verdict, count) \
    do { \
        PROVIDER (verdict, it.addresses = addresses.list; it.n_addresses = count); \
        PEER (verdict, it.addresses = addresses.list; it.n_addresses = count); \
    } while (0)
    BOTH (true, MULTIADDR_PEER_MAX);
    BOTH (false, MULTIADDR_PEER_MAX + 1);
    static const char *const refused [] = {"/ip4/192.0.2.1/tcp/1", "/ip4/192.0.2.1/tcp/0",
                                           "/ip4/0.0.0.0/tcp/1", "/ip6/ff02::1/tcp/1"};
    for (size_t i = 0; i < COUNT_OF (refused); i++) {
        set_address (&addresses, 1, refused [i]);
        BOTH (false, 2);
    }
    set_address (&addresses, 1, "/dnsaddr/boot.example");
    BOTH (true, 2);
    addresses.list [1] = bytes_of (0);
    BOTH (false, 2);
    addresses.list [1] = bytes_of (8);
    BOTH (false, 2);
    set_address (&addresses, 1, "/ip4/192.0.2.9/tcp/1");
    addresses.list [1].len--;
    BOTH (false, 2);
}

//  ---- payloads ----------------------------------------------------------------------------------

//  A record as record_open () gives it; nobody signed it.
static Ggen__SignedRecord *
make_record (Ggen__RecordKind kind, const ProtobufCMessage *payload)
{
    static uint8_t packed [4096], record_packed [8192];
    Ggen__SignedRecord record = GGEN__SIGNED_RECORD__INIT, *opened = NULL;
    record.kind = kind;
    record.payload
        = (ProtobufCBinaryData) {protobuf_c_message_pack (payload, packed), packed};
    record.key = bytes_of (32);
    record.signature = bytes_of (64);
    size_t size = ggen__signed_record__pack (&record, record_packed);
    assert_int_equal (record_open (&opened, (bytes_t) {record_packed, size}), OK);
    return opened;
}

static void
a_payload_is_read_as_the_kind_it_is_signed_as (void **state)
{
    (void) state;
    Ggen__Listing made_listing = make_listing ();
    Ggen__Provider made_provider = make_provider ();
    Ggen__PeerRecord made_peer = make_peer ();
    const struct {
        Ggen__RecordKind kind;
        const ProtobufCMessage *payload;
    } rows [] = {{GGEN__RECORD_KIND__LISTING, &made_listing.base},
                 {GGEN__RECORD_KIND__PROVIDER, &made_provider.base},
                 {GGEN__RECORD_KIND__PEER, &made_peer.base}};
    for (size_t i = 0; i < COUNT_OF (rows); i++) {
        AUTO (record_destroy) Ggen__SignedRecord *record
            = make_record (rows [i].kind, rows [i].payload);
        AUTO (discovery_listing_destroy) Ggen__Listing *listing = NULL;
        AUTO (discovery_provider_destroy) Ggen__Provider *provider = NULL;
        AUTO (discovery_peer_destroy) Ggen__PeerRecord *peer = NULL;
        assert_int_equal (discovery_listing (&listing, record), i == 0 ? OK : SERIALIZATION);
        assert_int_equal (discovery_provider (&provider, record), i == 1 ? OK : SERIALIZATION);
        assert_int_equal (discovery_peer (&peer, record), i == 2 ? OK : SERIALIZATION);
        assert_true (!listing == (i != 0) && !provider == (i != 1) && !peer == (i != 2));
    }
}

static void
a_payload_out_of_bounds_is_not_given (void **state)
{
    (void) state;
    Ggen__Listing made_listing = make_listing ();
    Ggen__Provider made_provider = make_provider ();
    Ggen__PeerRecord made_peer = make_peer ();
    made_listing.ttl_secs = made_provider.ttl_secs = made_peer.ttl_secs = 0;
    AUTO (record_destroy) Ggen__SignedRecord *a
        = make_record (GGEN__RECORD_KIND__LISTING, &made_listing.base);
    AUTO (record_destroy) Ggen__SignedRecord *b
        = make_record (GGEN__RECORD_KIND__PROVIDER, &made_provider.base);
    AUTO (record_destroy) Ggen__SignedRecord *c
        = make_record (GGEN__RECORD_KIND__PEER, &made_peer.base);
    Ggen__Listing *listing = &made_listing;
    Ggen__Provider *provider = &made_provider;
    Ggen__PeerRecord *peer = &made_peer;
    assert_int_equal (discovery_listing (&listing, a), VALIDATION);
    assert_int_equal (discovery_provider (&provider, b), VALIDATION);
    assert_int_equal (discovery_peer (&peer, c), VALIDATION);
    assert_true (!listing && !provider && !peer);
}

//  The signer's key is 32 zeros.
static void
an_address_names_the_signer_or_nobody (void **state)
{
    (void) state;
    static const struct {
        const char *text;
        code_t code;
    } rows [] = {
        {"/dns4/a/tcp/1", OK},
        {"/dns4/a/tcp/1/p2p/12D3KooW9pNAk8aiBuGVQtWRdbkLmo5qVL3e2h5UxbN2Nz9ttwiw", OK},
        {"/dns4/a/tcp/1/p2p/12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq", VALIDATION},
    };
    for (size_t i = 0; i < COUNT_OF (rows); i++) {
        addresses_t addresses;
        set_address (&addresses, 0, rows [i].text);
        Ggen__Provider made_provider = make_provider ();
        Ggen__PeerRecord made_peer = make_peer ();
        made_provider.addresses = made_peer.addresses = addresses.list;
        made_provider.n_addresses = made_peer.n_addresses = 1;
        AUTO (record_destroy) Ggen__SignedRecord *a
            = make_record (GGEN__RECORD_KIND__PROVIDER, &made_provider.base);
        AUTO (record_destroy) Ggen__SignedRecord *b
            = make_record (GGEN__RECORD_KIND__PEER, &made_peer.base);
        AUTO (discovery_provider_destroy) Ggen__Provider *provider = NULL;
        AUTO (discovery_peer_destroy) Ggen__PeerRecord *peer = NULL;
        assert_int_equal (discovery_provider (&provider, a), rows [i].code);
        assert_int_equal (discovery_peer (&peer, b), rows [i].code);
    }
}

//  ---- words -------------------------------------------------------------------------------------

static void
a_keyword_is_of_lower_case_letters_and_digits (void **state)
{
    (void) state;
    static const char *const rows [] [2] = {
        {"web", "web"}, {"WebServer2", "webserver2"}, {"node.js", "nodejs"}, {"don't", "dont"},
        {"  ok\n", "ok"}, {"gr\xc3\xb6\xc3\x9f" "e", "gr\xc3\xb6\xc3\x9f" "e"},
        {"\xe6\x97\xa5", "\xe6\x97\xa5"}, {"", ""}, {"x", ""}, {"c++", ""}, {"---", ""},
        {"\xff\xff", ""}, {"\xc3\xb6\xc3", ""},
        {"01234567890123456789012345678901", "01234567890123456789012345678901"},
        {"012345678901234567890123456789012", ""},
    };
    for (size_t i = 0; i < COUNT_OF (rows); i++) {
        char keyword [DISCOVERY_KEYWORD_MAX + 1];
        size_t size = discovery_keyword (rows [i] [0], strlen (rows [i] [0]), keyword);
        assert_int_equal (size, strlen (rows [i] [1]));
        if (size > 0)
            assert_string_equal (keyword, rows [i] [1]);
    }
    char keyword [DISCOVERY_KEYWORD_MAX + 1];
    assert_int_equal (discovery_keyword ("webserver", 3, keyword), 3);
    assert_string_equal (keyword, "web");
}

static void
a_text_is_cut_into_keywords_without_stop_words (void **state)
{
    (void) state;
    const char *text = "The fastest JSON-parser, for C++ (and a \"Rust\" one) v2!";
    static const char *const expected [] = {"fastest", "json", "parser", "rust", "one", "v2"};
    char keyword [DISCOVERY_KEYWORD_MAX + 1];
    for (size_t i = 0; i < COUNT_OF (expected); i++) {
        assert_true (discovery_next_keyword (&text, keyword));
        assert_string_equal (keyword, expected [i]);
    }
    assert_false (discovery_next_keyword (&text, keyword));
    assert_false (discovery_next_keyword (&text, keyword));
}

static void
a_package_is_found_by_its_name_tags_keywords_title_then_description (void **state)
{
    (void) state;
    Ggen__Package package = GGEN__PACKAGE__INIT;
    char *tags [] = {"Web Server", "http"}, *words [] = {"http", "io"};
    package.id = "@acme/web-kit";
    package.tags = tags;
    package.n_tags = 2;
    package.keywords = words;
    package.n_keywords = 2;
    package.title = "A kit for the web";
    package.description = "It serves pages: one two three four five six seven eight";
    static const char *const expected [] = {"acme", "web", "kit", "server", "http", "io",
                                            "serves", "pages", "one", "two", "three", "four"};
    char keywords [DISCOVERY_KEYWORDS_MAX] [DISCOVERY_KEYWORD_MAX + 1];
    assert_int_equal (discovery_keywords (&package, keywords), COUNT_OF (expected));
    for (size_t i = 0; i < COUNT_OF (expected); i++)
        assert_string_equal (keywords [i], expected [i]);
}

//  Whatever a package says of itself, a listing with its keywords is acceptable.
static void
the_keywords_of_any_text_are_acceptable (void **state)
{
    (void) state;
    static const char letters [] = "abzABZ019 -.,\n\xc3\xa4\xff\xe2\x82\xac/'";
    rng_t rng = seeded_rng (1);
    for (unsigned round = 0; round < 3000; round++) {
        char text [600], *words [DISCOVERY_KEYWORDS_MAX];
        size_t size = rng_below (&rng, sizeof text);
        for (size_t i = 0; i < size; i++)
            text [i] = letters [rng_below (&rng, rng_below (&rng, 3) ? 9 : sizeof letters - 1)];
        text [size] = 0;
        Ggen__Package package = GGEN__PACKAGE__INIT;
        package.description = text;
        char keywords [DISCOVERY_KEYWORDS_MAX] [DISCOVERY_KEYWORD_MAX + 1];
        Ggen__Listing listing = make_listing ();
        listing.n_keywords = discovery_keywords (&package, keywords);
        listing.keywords = words;
        for (size_t i = 0; i < listing.n_keywords; i++)
            words [i] = keywords [i];
        assert_seeded (discovery_valid_listing (&listing), round);
    }
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_listing_has_a_name_a_sequence_a_time_and_a_life_of_two_days_at_most),
        cmocka_unit_test (what_a_listing_offers_is_bounded),
        cmocka_unit_test (categories_and_tags_are_few_short_and_unique),
        cmocka_unit_test (keywords_are_few_folded_and_unique),
        cmocka_unit_test (a_withdrawn_listing_says_only_where_it_lies),
        cmocka_unit_test (a_provider_names_a_digest_and_how_long_it_holds),
        cmocka_unit_test (a_peer_record_holds_for_two_days_at_most),
        cmocka_unit_test (addresses_are_few_unique_and_can_be_dialled),
        cmocka_unit_test (a_payload_is_read_as_the_kind_it_is_signed_as),
        cmocka_unit_test (a_payload_out_of_bounds_is_not_given),
        cmocka_unit_test (an_address_names_the_signer_or_nobody),
        cmocka_unit_test (a_keyword_is_of_lower_case_letters_and_digits),
        cmocka_unit_test (a_text_is_cut_into_keywords_without_stop_words),
        cmocka_unit_test (a_package_is_found_by_its_name_tags_keywords_title_then_description),
        cmocka_unit_test (the_keywords_of_any_text_are_acceptable),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
