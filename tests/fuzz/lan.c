// SPDX-License-Identifier: MIT
//  What anybody on a network may send: the input as a beacon, as a DNS message with TXT records, and as
//  all DNS messages that a dnsaddr leads to.
#include "actors/swarm/beacon.h"
#include "actors/swarm/names.h"
#include "tests/fuzz/lib/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void
check_beacon (bytes_t input)
{
    beacon_t beacon;
    uint8_t again[BEACON_SIZE];
    if (beacon_decode (&beacon, input) != OK)
        return;
    must_hold (input.size == sizeof again && (beacon.port > 0 || beacon.asks));
    beacon_encode (&beacon, again);
    must_hold (memcmp (again, input.data, sizeof again) == 0);
}

static void
check_texts (bytes_t input)
{
    char (*texts)[NAMES_TEXT_MAX + 1] = calloc (NAMES_ANSWERS_MAX, sizeof *texts);
    must_hold (texts != NULL);
    size_t count = names_texts (input, texts), bytes = 0;
    must_hold (count <= NAMES_ANSWERS_MAX);
    for (size_t i = 0; i < count; i++)
        bytes += strlen (texts[i]);
    must_hold (bytes <= input.size);
    free (texts);
}

typedef struct {
    bytes_t message;
    unsigned lookups;
} zone_t;

static size_t
zone_ips (void *zone, const char *host, names_family_t family, multiaddr_t *ips, size_t max)
{
    ((zone_t *) zone)->lookups++;
    must_hold (*host && max > 0);
    ips[0] = (multiaddr_t) {.kind = family == NAMES_V6 ? MULTIADDR_IP6 : MULTIADDR_IP4,
                            .ip = {0x20, 1, 2, 3}};
    return 1;
}

static size_t
zone_texts (void *zone_, const char *name, uint8_t *message, size_t size)
{
    zone_t *zone = zone_;
    zone->lookups++;
    must_hold (strncmp (name, "_dnsaddr.", 9) == 0);
    size_t length = zone->message.size < size ? zone->message.size : size;
    if (length > 0)
        memcpy (message, zone->message.data, length);
    return length;
}

static void
check_resolving (bytes_t input)
{
    zone_t zone = {.message = input};
    const names_source_t source = {&zone, zone_ips, zone_texts};
    multiaddr_t address, answers[NAMES_ANSWERS_MAX];
    char why[128];
    size_t count;
    must_hold (multiaddr_parse (&address, "/dnsaddr/a.example", why, sizeof why) == OK);
    code_t code = names_resolve (&source, &address, answers, &count);
    must_hold (zone.lookups <= NAMES_LOOKUPS_MAX && count <= NAMES_ANSWERS_MAX);
    must_hold ((code == OK) == (count > 0));
    for (size_t i = 0; i < count; i++)
        must_hold (answers[i].kind <= MULTIADDR_IP6 && multiaddr_is_dialable (&answers[i]));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    const bytes_t input = {data, size};
    check_beacon (input);
    check_texts (input);
    check_resolving (input);
    return 0;
}
