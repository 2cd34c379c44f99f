// SPDX-License-Identifier: MIT
//  The input as a multiaddr in bytes, and as one in text. What is accepted has one form of each.
#include "messages/multiaddr.h"
#include "tests/fuzz/lib/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void
check_address (const multiaddr_t *address)
{
    multiaddr_t again;
    uint8_t bytes [MULTIADDR_SIZE_MAX];
    char text [MULTIADDR_TEXT_MAX + 1];
    size_t size = multiaddr_encode (address, bytes);
    must_hold (size <= sizeof bytes);
    must_hold (multiaddr_decode (&again, (bytes_t) {bytes, size}) == OK);
    must_hold (multiaddr_equal (address, &again));
    multiaddr_text (address, text);
    must_hold (multiaddr_parse (&again, text, NULL, 0) == OK && multiaddr_equal (address, &again));
    must_hold (!multiaddr_is_loopback (address) || multiaddr_is_private (address));
    must_hold (!multiaddr_is_private (address) || multiaddr_group (address) == 0);
    must_hold (!multiaddr_is_dialable (address) || address->port > 0
               || address->kind == MULTIADDR_DNSADDR);
}

static void
check_reason (const char *why)
{
    must_hold (*why);
    for (; *why; why++)
        must_hold (*why >= ' ' && *why <= '~');
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    multiaddr_t address;
    uint8_t bytes [MULTIADDR_SIZE_MAX];
    if (multiaddr_decode (&address, (bytes_t) {data, size}) == OK) {
        must_hold (multiaddr_encode (&address, bytes) == size && memcmp (bytes, data, size) == 0);
        check_address (&address);
    }
    char *text = fuzz_text (data, size), why [256] = "";
    if (multiaddr_parse (&address, text, why, sizeof why) == OK)
        check_address (&address);
    else
        check_reason (why);
    free (text);
    return 0;
}
