// SPDX-License-Identifier: MIT
#include "runtime/host/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static multiaddr_t
parse (const char *text)
{
    multiaddr_t address;
    char why[128];
    assert_int_equal (multiaddr_parse (&address, text, why, sizeof why), OK);
    return address;
}

static void
an_address_comes_back_as_it_was (void **state)
{
    (void) state;
    static const char *const texts[] = {"/ip4/8.7.6.5/tcp/4001", "/ip6/2001:db8::9/tcp/65535"};
    for (size_t i = 0; i < COUNT_OF (texts); i++) {
        multiaddr_t address = parse (texts[i]), read;
        struct sockaddr_storage at;
        const bool v6 = address.kind == MULTIADDR_IP6;
        assert_int_equal (socket_address_from (&address, &at),
                          v6 ? sizeof (struct sockaddr_in6) : sizeof (struct sockaddr_in));
        assert_int_equal (at.ss_family, v6 ? AF_INET6 : AF_INET);
        socket_address_read (&at, &read);
        assert_true (multiaddr_equal (&read, &address));
    }
}

static void
ip4_inside_ip6_is_ip4 (void **state)
{
    (void) state;
    struct sockaddr_storage at = {.ss_family = AF_INET6};
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *) &at;
    multiaddr_t read, expected = parse ("/ip4/8.7.6.5/tcp/7");
    assert_int_equal (inet_pton (AF_INET6, "::ffff:8.7.6.5", &v6->sin6_addr), 1);
    v6->sin6_port = htons (7);
    socket_address_read (&at, &read);
    assert_true (multiaddr_equal (&read, &expected));
}

static void
what_is_no_ip_is_nowhere (void **state)
{
    (void) state;
    const struct sockaddr_storage at = {.ss_family = AF_UNIX};
    multiaddr_t read, nowhere = {.kind = MULTIADDR_IP4};
    socket_address_read (&at, &read);
    assert_true (multiaddr_equal (&read, &nowhere));
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (an_address_comes_back_as_it_was),
        cmocka_unit_test (ip4_inside_ip6_is_ip4),
        cmocka_unit_test (what_is_no_ip_is_nowhere),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
