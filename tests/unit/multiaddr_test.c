// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "messages/hex.h"
#include "messages/multiaddr.h"
#include "tests/unit/seeded.h"

#include <stdio.h>
#include <string.h>

#define ROUNDS 4000
#define ID "12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq"
#define ID_HEX "0024080112201ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e"
#define CID "bafzaajaiaejcahwr5d5ofrfbis4l5d6uwr57hu5tjodrypfm6yaq6dsc2r2pzyt6"

static multiaddr_t
parse (const char *text)
{
    multiaddr_t address;
    char why [256] = "";
    if (multiaddr_parse (&address, text, why, sizeof why) != OK)
        fail_msg ("%s: %s", text, why);
    return address;
}

static void
text_and_bytes_say_the_same (void **state)
{
    (void) state;
    static const char *const rows [] [2] = {
        {"/ip4/192.0.2.42/tcp/443", "04c000022a0601bb"},
        {"/ip4/0.0.0.0/tcp/0", "0400000000060000"},
        {"/ip4/255.255.255.255/tcp/65535", "04ffffffff06ffff"},
        {"/ip6/::1/tcp/4001", "2900000000000000000000000000000001060fa1"},
        {"/ip6/::/tcp/1", "2900000000000000000000000000000000060001"},
        {"/ip6/2001:db8:0:1:1:1:1:1/tcp/80", "2920010db8000000010001000100010001060050"},
        {"/ip6/2001:db8::1:0:0:1/tcp/80", "2920010db8000000000001000000000001060050"},
        {"/dns/example.com/tcp/443", "350b6578616d706c652e636f6d0601bb"},
        {"/dns4/a.b/tcp/1", "3603612e62060001"},
        {"/dns6/a/tcp/1", "370161060001"},
        {"/dnsaddr/boot.ggen.dev", "380d626f6f742e6767656e2e646576"},
        {"/dnsaddr/a/p2p/" ID, "380161a50326" ID_HEX},
        {"/ip4/127.0.0.1/tcp/4001/p2p/" ID, "047f000001060fa1a50326" ID_HEX},
    };
    for (size_t i = 0; i < COUNT_OF (rows); i++) {
        multiaddr_t address = parse (rows [i] [0]), back;
        uint8_t bytes [MULTIADDR_SIZE_MAX];
        char hex [2 * MULTIADDR_SIZE_MAX + 1], text [MULTIADDR_TEXT_MAX + 1];
        size_t size = multiaddr_encode (&address, bytes);
        hex_encode (hex, bytes, size);
        assert_string_equal (hex, rows [i] [1]);
        assert_int_equal (multiaddr_decode (&back, (bytes_t) {bytes, size}), OK);
        assert_true (multiaddr_equal (&address, &back));
        multiaddr_text (&back, text);
        assert_string_equal (text, rows [i] [0]);
    }
}

static void
what_people_write_has_one_form_afterwards (void **state)
{
    (void) state;
    static const char *const rows [] [2] = {
        {"/ip4/1.2.3.4/tcp/1/ipfs/" ID, "/ip4/1.2.3.4/tcp/1/p2p/" ID},
        {"/ip4/1.2.3.4/tcp/1/p2p/" CID, "/ip4/1.2.3.4/tcp/1/p2p/" ID},
        {"/ip6/2001:DB8:0:0:0:0:0:1/tcp/1", "/ip6/2001:db8::1/tcp/1"},
        {"/ip6/0:0:0:0:0:0:0:1/tcp/1", "/ip6/::1/tcp/1"},
        {"/dns/Example.COM/tcp/1", "/dns/example.com/tcp/1"},
    };
    for (size_t i = 0; i < COUNT_OF (rows); i++) {
        multiaddr_t address = parse (rows [i] [0]), same = parse (rows [i] [1]);
        char text [MULTIADDR_TEXT_MAX + 1];
        multiaddr_text (&address, text);
        assert_string_equal (text, rows [i] [1]);
        assert_true (multiaddr_equal (&address, &same));
    }
}

static void
text_that_is_none_is_refused_with_its_reason (void **state)
{
    (void) state;
    static const char *const rows [] [2] = {
        {"", "empty"}, {"/", "protocol of the host is empty"}, {"//", "ends with a slash"},
        {"ip4/1.2.3.4/tcp/1", "does not begin with a slash"},
        {"/ip4", "ends before the host"}, {"/ip4/", "ends with a slash"},
        {"/ip4/1.2.3.4", "ends before tcp"}, {"/ip4/1.2.3.4/tcp", "ends before the port"},
        {"/ip4/1.2.3.4/tcp/80/", "ends with a slash"},
        {"/ip4//tcp/80", "the host is empty"}, {"//ip4/1.2.3.4/tcp/80", "is empty"},
        {"/ip4/1.2.3.4//tcp/80", "tcp is empty"},
        {"/ip4/1.2.3/tcp/1", "no IPv4"}, {"/ip4/1.2.3.256/tcp/1", "no IPv4"},
        {"/ip4/1.2.3.04/tcp/1", "no IPv4"}, {"/ip4/1.2.3.4.5/tcp/1", "no IPv4"},
        {"/ip4/0x1.2.3.4/tcp/1", "no IPv4"}, {"/ip4/::1/tcp/1", "no IPv4"},
        {"/ip4/a.example/tcp/1", "no IPv4"}, {"/ip4/1.2.3.4./tcp/1", "no IPv4"},
        {"/ip6/1.2.3.4/tcp/1", "no IPv6"}, {"/ip6/:::/tcp/1", "no IPv6"},
        {"/ip6/1::2::3/tcp/1", "no IPv6"}, {"/ip6/fe80::1%eth0/tcp/1", "no IPv6"},
        {"/ip6/[::1]/tcp/1", "no IPv6"}, {"/ip6/12345::/tcp/1", "no IPv6"},
        {"/ip6/::ffff:1.2.3.4/tcp/1", "write it as /ip4/"},
        {"/ip6/::ffff:7f00:1/tcp/1", "write it as /ip4/"},
        {"/ip6zone/eth0/ip6/fe80::1/tcp/1", "ip6zone stands where"},
        {"/ip4/1.2.3.4/tcp/65536", "above 65535"}, {"/ip4/1.2.3.4/tcp/99999", "above 65535"},
        {"/ip4/1.2.3.4/tcp/99999999999999999999", "above 65535"},
        {"/ip4/1.2.3.4/tcp/080", "no port"}, {"/ip4/1.2.3.4/tcp/-1", "no port"},
        {"/ip4/1.2.3.4/tcp/+1", "no port"}, {"/ip4/1.2.3.4/tcp/0x50", "no port"},
        {"/ip4/1.2.3.4/tcp/00", "no port"}, {"/ip4/1.2.3.4/tcp/http", "no port"},
        {"/ip4/1.2.3.4/tcp/8 0", "not ASCII"}, {"/ip4/1.2.3.4/tcp/80\n", "not ASCII"},
        {"/dns/a\x7f/tcp/1", "not ASCII"},
        {" /ip4/1.2.3.4/tcp/80", "not ASCII"}, {"/dns/\xc3\xa4.example/tcp/1", "not ASCII"},
        {"/ip4/127.0.0.1/udp/1234", "udp stands where tcp is needed"},
        {"/tcp/80", "tcp stands where ip4"}, {"/p2p/" ID, "p2p stands where ip4"},
        {"/unix/a/b", "unix stands where"}, {"/memory/777", "memory stands where"},
        {"/onion/aaimaq4ygg2iegci:80", "onion stands where"},
        {"/http-path/a%20space", "http-path stands where"},
        {"/IP4/1.2.3.4/tcp/1", "'IP4' is no protocol"}, {"/ip5/1/tcp/1", "'ip5' is no protocol"},
        {"/ip4/1.2.3.4/TCP/1", "'TCP' is no protocol"},
        {"/ip4/1.2.3.4/p2p/" ID, "p2p stands where tcp"},
        {"/ip4/1.2.3.4/tcp/80/ws", "ws stands where p2p or the end"},
        {"/ip4/1.2.3.4/tcp/80/tls/ws", "tls stands where"},
        {"/ip4/1.2.3.4/tcp/80/tcp/81", "tcp stands where p2p"},
        {"/ip4/1.2.3.4/tcp/80/p2p", "ends before the peer id"},
        {"/ip4/1.2.3.4/tcp/80/p2p/" ID "/p2p-circuit", "more follows"},
        {"/ip4/1.2.3.4/tcp/80/p2p/" ID "/p2p/" ID, "more follows"},
        {"/ip4/1.2.3.4/tcp/80/p2p/x", "peer id is refused: it begins neither"},
        {"/ip4/1.2.3.4/tcp/80/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N",
         "peer id is refused: it is the hash of a key"},
        {"/ip4/1.2.3.4/tcp/80/p2p/16Uiu2HAmLhLvBoYaoZfaMUKuibM6ac163GwKY74c5kiSLg5KvLpY",
         "secp256k1"},
        {"/dnsaddr/a/tcp/1", "tcp stands where p2p or the end"},
        {"/dns/a", "ends before tcp"},
        {"/dns/a..b/tcp/1", "no name"}, {"/dns/.a/tcp/1", "no name"},
        {"/dns/a./tcp/1", "no name"}, {"/dns/-a/tcp/1", "no name"}, {"/dns/a-/tcp/1", "no name"},
        {"/dns/a*b/tcp/1", "no name"}, {"/dns/a%2fb/tcp/1", "no name"},
        {"/dns/127.0.0.1/tcp/1", "no name"}, {"/dns/2130706433/tcp/1", "no name"},
        {"/dns/0x7f.1/tcp/1", "no name"}, {"/dns/0x7f000001/tcp/1", "no name"},
        {"/dns/a.0x/tcp/1", "no name"}, {"/dns/[::1]/tcp/1", "no name"},
    };
    for (size_t i = 0; i < COUNT_OF (rows); i++) {
        multiaddr_t address;
        char why [256] = "";
        assert_int_equal (multiaddr_parse (&address, rows [i] [0], why, sizeof why),
                          INVALID_MULTIADDR);
        if (!strstr (why, rows [i] [1]))
            fail_msg ("%s: %s", rows [i] [0], why);
        assert_int_equal (multiaddr_parse (&address, rows [i] [0], NULL, 0), INVALID_MULTIADDR);
    }
}

//  A name of 253 bytes in labels of 63, and what is one longer.
static void
a_name_is_as_long_as_dns_allows (void **state)
{
    (void) state;
    char label [65], text [MULTIADDR_TEXT_MAX + 2], written [MULTIADDR_TEXT_MAX + 1];
    uint8_t bytes [MULTIADDR_SIZE_MAX];
    multiaddr_t address, back;
    memset (label, 'a', 64);
    label [64] = 0;
    snprintf (text, sizeof text, "/dns4/%.63s.%.63s.%.63s.%.61s/tcp/65535/p2p/" ID, label, label,
              label, label);
    address = parse (text);
    assert_int_equal (strlen (address.host), MULTIADDR_HOST_MAX);
    size_t size = multiaddr_encode (&address, bytes);
    assert_int_equal (size, MULTIADDR_SIZE_MAX);
    assert_int_equal (multiaddr_decode (&back, (bytes_t) {bytes, size}), OK);
    multiaddr_text (&back, written);
    assert_string_equal (written, text);

    snprintf (text, sizeof text, "/dns4/%.63s.%.63s.%.63s.%.62s/tcp/1", label, label, label, label);
    assert_int_equal (multiaddr_parse (&address, text, NULL, 0), INVALID_MULTIADDR);
    snprintf (text, sizeof text, "/dns4/%.64s/tcp/1", label);
    assert_int_equal (multiaddr_parse (&address, text, NULL, 0), INVALID_MULTIADDR);
    char why [256] = "";
    memset (text, '/', sizeof text - 1);
    text [sizeof text - 1] = 0;
    assert_int_equal (multiaddr_parse (&address, text, why, sizeof why), INVALID_MULTIADDR);
    assert_string_equal (why, "it is longer than 512 characters");
    //  One byte more than a name has, in bytes
    static uint8_t long_bytes [3 + MULTIADDR_HOST_MAX + 1 + 3] = {54, 0xfe, 1};
    memset (long_bytes + 3, 'a', MULTIADDR_HOST_MAX + 1);
    for (size_t i = 63; i < MULTIADDR_HOST_MAX; i += 64)
        long_bytes [3 + i] = '.';
    long_bytes [sizeof long_bytes - 3] = 6;
    assert_int_equal (multiaddr_decode (&back, (bytes_t) {long_bytes, sizeof long_bytes}),
                      INVALID_MULTIADDR);
}

static code_t
decode_hex (multiaddr_t *address, const char *hex)
{
    uint8_t bytes [MULTIADDR_SIZE_MAX + 1];
    assert_int_equal (hex_decode (bytes, strlen (hex) / 2, hex), OK);
    return multiaddr_decode (address, (bytes_t) {bytes, strlen (hex) / 2});
}

static void
bytes_that_are_none_are_refused (void **state)
{
    (void) state;
    static const char *const rows [] = {
        "", "04", "047f0000", "047f000001",                     //  Cut short
        "047f00000106", "047f0000010600", "36", "3603612e", "3603612e62",
        "047f000001910204d2",                                   //  udp, known but not dialled
        "047f0000018600" "0050",                                //  tcp in a longer varint
        "84007f000001060050",                                   //  ip4 in a longer varint
        "368300612e62060001",                                   //  A size in a longer varint
        "80808080808080808001", "ffffffffffffffffff01",         //  More than 63 bits
        "ff7f7f000001060050", "007f000001060050",               //  Codes of nothing
        "3600060001", "360161",                                 //  An empty name; no port
        "3603610062060001", "360141060001", "36012d060001",     //  NUL, capital, '-'
        "3603612f62060001", "360131060001", "36022e61060001",   //  Slash, number, empty label
        "2900000000000000000000ffff7f000001060050",             //  IPv4 inside
        "380161060050",                                         //  A port after dnsaddr
        "047f000001060050" "00", "047f000001060050" "060050",   //  More follows
        "047f000001060050" "a503", "047f000001060050" "a50300", "047f000001060050" "a50326" "00",
        "047f000001060050" "a583000026" ID_HEX,
        "047f000001060050" "a503a600" ID_HEX,
        "047f000001060050" "a50327" ID_HEX "00",
        "047f000001060050" "a50326" ID_HEX "00",
        "047f000001060050" "a50326" ID_HEX "a50326" ID_HEX,
        "047f000001" "a50326" ID_HEX "060050",                  //  In another order
        "a50326" ID_HEX,
        "047f000001060050" "a50322"                             //  The hash of an RSA key
        "12209dff3b17d74cf4d38a50d8b6383e92d181a10395a5e73a726dcccbd21bf6f0b9",
    };
    multiaddr_t address;
    assert_int_equal (decode_hex (&address, "047f000001060050" "a50326" ID_HEX), OK);
    for (size_t i = 0; i < COUNT_OF (rows); i++)
        if (decode_hex (&address, rows [i]) != INVALID_MULTIADDR)
            fail_msg ("%s is accepted", rows [i]);
    uint8_t zeros [MULTIADDR_SIZE_MAX + 1] = {0};
    assert_int_equal (multiaddr_decode (&address, (bytes_t) {zeros, sizeof zeros}),
                      INVALID_MULTIADDR);
}

//  ---- properties --------------------------------------------------------------------------------

static void
any_host (rng_t *rng, char host [MULTIADDR_HOST_MAX + 1])
{
    static const char letters [] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    size_t size = 1 + rng_below (rng, rng_below (rng, 4) ? 20 : MULTIADDR_HOST_MAX);
    for (size_t i = 0; i < size; i++)
        host [i] = letters [rng_below (rng, 36)];
    for (size_t i = 1; i + 1 < size; i++)
        if (i % 60 == 0 || rng_below (rng, 9) == 0)
            host [i] = host [i - 1] == '.' || host [i - 1] == '-' ? 'x'
                     : i % 60 == 0 || rng_below (rng, 2) ? '.' : '_';
    host [size - 1] = 'z';
    host [size] = 0;
}

static multiaddr_t
any_address (rng_t *rng)
{
    multiaddr_t address;
    memset (&address, 0, sizeof address);
    address.kind = (multiaddr_kind_t) rng_below (rng, MULTIADDR_DNSADDR + 1);
    if (address.kind == MULTIADDR_IP4)
        rng_bytes (rng, address.ip, 4);
    else if (address.kind == MULTIADDR_IP6) {
        rng_bytes (rng, address.ip, 16);
        memset (address.ip + rng_below (rng, 8), 0, rng_below (rng, 9));
    }
    else
        any_host (rng, address.host);
    if (address.kind != MULTIADDR_DNSADDR)
        address.port = (uint16_t) rng_u64 (rng);
    address.has_peer = rng_below (rng, 2);
    if (address.has_peer)
        rng_bytes (rng, address.peer.bytes, sizeof address.peer.bytes);
    return address;
}

static void
any_address_comes_back_from_its_text_and_bytes (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (1);
    for (unsigned round = 0; round < ROUNDS; round++) {
        multiaddr_t address = any_address (&rng), back;
        char text [MULTIADDR_TEXT_MAX + 1], why [256];
        uint8_t bytes [MULTIADDR_SIZE_MAX];
        multiaddr_text (&address, text);
        assert_seeded (multiaddr_parse (&back, text, why, sizeof why) == OK, round);
        assert_seeded (multiaddr_equal (&address, &back), round);
        size_t size = multiaddr_encode (&address, bytes);
        assert_seeded (multiaddr_decode (&back, (bytes_t) {bytes, size}) == OK, round);
        assert_seeded (multiaddr_equal (&address, &back), round);
    }
}

//  Whatever is accepted is the one form of what it says.
static void
check_form (const uint8_t *bytes, size_t size, const multiaddr_t *was, unsigned round)
{
    multiaddr_t address, again;
    uint8_t encoded [MULTIADDR_SIZE_MAX];
    char text [MULTIADDR_TEXT_MAX + 1];
    if (multiaddr_decode (&address, (bytes_t) {bytes, size}) != OK)
        return;
    assert_seeded (multiaddr_encode (&address, encoded) == size, round);
    assert_seeded (memcmp (encoded, bytes, size) == 0, round);
    assert_seeded (!was || !multiaddr_equal (&address, was), round);
    multiaddr_text (&address, text);
    assert_seeded (multiaddr_parse (&again, text, NULL, 0) == OK, round);
    assert_seeded (multiaddr_equal (&address, &again), round);
}

static void
every_flipped_bit_and_every_cut_is_refused_or_another_address (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (2);
    for (unsigned round = 0; round < ROUNDS / 20; round++) {
        multiaddr_t address = any_address (&rng);
        uint8_t bytes [MULTIADDR_SIZE_MAX];
        size_t size = multiaddr_encode (&address, bytes);
        for (size_t bit = 0; bit < 8 * size; bit++) {
            bytes [bit / 8] ^= (uint8_t) (1u << bit % 8);
            check_form (bytes, size, &address, round);
            bytes [bit / 8] ^= (uint8_t) (1u << bit % 8);
        }
        for (size_t cut = 0; cut < size; cut++)
            check_form (bytes, cut, &address, round);
    }
}

static void
random_bytes_are_refused_or_the_one_form_of_an_address (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (3);
    static const uint8_t firsts [] = {4, 41, 53, 54, 55, 56};
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint8_t bytes [64];
        rng_bytes (&rng, bytes, sizeof bytes);
        bytes [0] = firsts [rng_below (&rng, sizeof firsts)];
        bytes [1] = bytes [0] > 41 ? (uint8_t) rng_below (&rng, 4) : bytes [1];
        bytes [5] = bytes [0] == 4 ? 6 : bytes [5];
        check_form (bytes, rng_below (&rng, sizeof bytes + 1), NULL, round);
        check_form (bytes, 8, NULL, round);
    }
}

static void
addresses_are_equal_only_when_all_of_them_is (void **state)
{
    (void) state;
    static const char *const rows [] = {
        "/ip4/1.2.3.4/tcp/1", "/ip4/1.2.3.5/tcp/1", "/ip4/1.2.3.4/tcp/2",
        ("/ip4/1.2.3.4/tcp/1/p2p/" ID),
        "/ip4/1.2.3.4/tcp/1/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA",
        "/ip6/102:304::/tcp/1", "/dns/a/tcp/1", "/dns4/a/tcp/1", "/dns6/a/tcp/1", "/dns/b/tcp/1",
        "/dnsaddr/a",
    };
    for (size_t i = 0; i < COUNT_OF (rows); i++)
        for (size_t j = 0; j < COUNT_OF (rows); j++) {
            multiaddr_t a = parse (rows [i]), b = parse (rows [j]);
            assert_int_equal (multiaddr_equal (&a, &b), i == j);
        }
}

//  ---- what an address is ------------------------------------------------------------------------

static void
addresses_are_known_by_their_networks (void **state)
{
    (void) state;
    enum { PUBLIC, PRIVATE, LOOPBACK };
    static const struct {
        const char *text;
        int where;
        bool dialable;
        uint64_t group;
    } rows [] = {
        {"/ip4/127.0.0.1/tcp/1", LOOPBACK, true, 0},
        {"/ip4/127.255.255.255/tcp/1", LOOPBACK, true, 0},
        {"/ip4/126.255.255.255/tcp/1", PUBLIC, true, 0x47eff0000},
        {"/ip4/128.0.0.0/tcp/1", PUBLIC, true, 0x480000000},
        {"/ip4/10.0.0.0/tcp/1", PRIVATE, true, 0}, {"/ip4/10.255.255.255/tcp/1", PRIVATE, true, 0},
        {"/ip4/11.0.0.0/tcp/1", PUBLIC, true, 0x40b000000},
        {"/ip4/172.15.255.255/tcp/1", PUBLIC, true, 0x4ac0f0000},
        {"/ip4/172.16.0.0/tcp/1", PRIVATE, true, 0},
        {"/ip4/172.31.255.255/tcp/1", PRIVATE, true, 0},
        {"/ip4/172.32.0.0/tcp/1", PUBLIC, true, 0x4ac200000},
        {"/ip4/192.168.1.1/tcp/1", PRIVATE, true, 0},
        {"/ip4/192.169.1.1/tcp/1", PUBLIC, true, 0x4c0a90000},
        {"/ip4/100.63.255.255/tcp/1", PUBLIC, true, 0x4643f0000},
        {"/ip4/100.64.0.0/tcp/1", PRIVATE, true, 0},
        {"/ip4/100.127.255.255/tcp/1", PRIVATE, true, 0},
        {"/ip4/100.128.0.0/tcp/1", PUBLIC, true, 0x464800000},
        {"/ip4/169.254.1.1/tcp/1", PRIVATE, true, 0},
        {"/ip4/8.8.4.4/tcp/1", PUBLIC, true, 0x408080000},
        {"/ip4/8.8.8.8/tcp/0", PUBLIC, false, 0x408080000},
        {"/ip4/0.0.0.0/tcp/1", PUBLIC, false, 0x400000000},
        {"/ip4/223.255.255.255/tcp/1", PUBLIC, true, 0x4dfff0000},
        {"/ip4/224.0.0.1/tcp/1", PUBLIC, false, 0x4e0000000},
        {"/ip4/255.255.255.255/tcp/1", PUBLIC, false, 0x4ffff0000},
        {"/ip6/::1/tcp/1", LOOPBACK, true, 0},
        {"/ip6/::2/tcp/1", PUBLIC, true, 0x600000000},
        {"/ip6/::/tcp/1", PUBLIC, false, 0x600000000},
        {"/ip6/fc00::1/tcp/1", PRIVATE, true, 0}, {"/ip6/fdff::1/tcp/1", PRIVATE, true, 0},
        {"/ip6/fbff::1/tcp/1", PUBLIC, true, 0x6fbff0000},
        {"/ip6/fe80::1/tcp/1", PRIVATE, false, 0}, {"/ip6/febf::1/tcp/1", PRIVATE, false, 0},
        {"/ip6/ff02::1/tcp/1", PUBLIC, false, 0x6ff020000},
        {"/ip6/2001:db8:5::1/tcp/1", PUBLIC, true, 0x620010db8},
        {"/dns/localhost/tcp/1", PUBLIC, true, 0}, {"/dns4/a/tcp/0", PUBLIC, false, 0},
        {"/dnsaddr/a", PUBLIC, true, 0},
    };
    for (size_t i = 0; i < COUNT_OF (rows); i++) {
        multiaddr_t address = parse (rows [i].text);
        if (multiaddr_is_loopback (&address) != (rows [i].where == LOOPBACK)
        ||  multiaddr_is_private (&address) != (rows [i].where != PUBLIC)
        ||  multiaddr_is_dialable (&address) != rows [i].dialable
        ||  multiaddr_group (&address) != rows [i].group)
            fail_msg ("%s: group %llx", rows [i].text,
                      (unsigned long long) multiaddr_group (&address));
    }
}

static void
who_has_an_ip6_address_has_its_network (void **state)
{
    (void) state;
    static const struct {
        const char *a, *b;
        bool same;
    } rows [] = {
        {"/ip4/8.0.0.1/tcp/1", "/ip4/8.0.0.1/tcp/2", true},
        {"/ip4/8.0.0.1/tcp/1", "/ip4/8.0.0.2/tcp/1", false},
        {"/ip6/2001:db8:0:1::1/tcp/1", "/ip6/2001:db8:0:1:ffff::2/tcp/1", true},
        {"/ip6/2001:db8:0:1::1/tcp/1", "/ip6/2001:db8:0:2::1/tcp/1", false},
        {"/ip4/32.1.13.184/tcp/1", "/ip6/2001:db8::/tcp/1", false},
        {"/dns/a/tcp/1", "/dns/a/tcp/1", false},
    };
    for (size_t i = 0; i < COUNT_OF (rows); i++) {
        multiaddr_t a = parse (rows [i].a), b = parse (rows [i].b);
        if (multiaddr_same_host (&a, &b) != rows [i].same
        ||  multiaddr_same_host (&b, &a) != rows [i].same)
            fail_msg ("%s, %s", rows [i].a, rows [i].b);
    }
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (text_and_bytes_say_the_same),
        cmocka_unit_test (what_people_write_has_one_form_afterwards),
        cmocka_unit_test (text_that_is_none_is_refused_with_its_reason),
        cmocka_unit_test (a_name_is_as_long_as_dns_allows),
        cmocka_unit_test (bytes_that_are_none_are_refused),
        cmocka_unit_test (any_address_comes_back_from_its_text_and_bytes),
        cmocka_unit_test (every_flipped_bit_and_every_cut_is_refused_or_another_address),
        cmocka_unit_test (random_bytes_are_refused_or_the_one_form_of_an_address),
        cmocka_unit_test (addresses_are_equal_only_when_all_of_them_is),
        cmocka_unit_test (addresses_are_known_by_their_networks),
        cmocka_unit_test (who_has_an_ip6_address_has_its_network),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
