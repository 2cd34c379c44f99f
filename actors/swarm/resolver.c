// SPDX-License-Identifier: MIT
#include "resolver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//  ---- a DNS message -------------------------------------------------------------------------------

#define HEADER_SIZE 12u
#define TYPE_TXT    16u
#define CLASS_IN    1u

typedef struct {
    bytes_t message;
    size_t at;
    bool good;                      //  nothing broke off until now
} reader_t;

static unsigned
read_number (reader_t *self, unsigned size)
{
    unsigned value = 0;
    self->good &= self->message.size - self->at >= size;
    for (unsigned i = 0; self->good && i < size; i++)
        value = value << 8 | self->message.data[self->at++];
    return value;
}

static void
skip (reader_t *self, size_t size)
{
    self->good &= self->message.size - self->at >= size;
    if (self->good)
        self->at += size;
}

//  Labels until an empty one, or until a pointer, which is the last of a name.
static void
skip_name (reader_t *self)
{
    unsigned size;
    while ((size = read_number (self, 1)) > 0 && size < 0x40)
        skip (self, size);
    self->good &= size < 0x40 || size >= 0xC0;
    if (size >= 0xC0)
        skip (self, 1);
}

//  The strings of one record, joined. False: it is left out.
static bool
read_text (reader_t *self, size_t size, char text[RESOLVER_TEXT_MAX + 1])
{
    const size_t end = self->at + size;
    size_t length = 0;
    bool whole = true;
    while (self->good && self->at < end) {
        const unsigned part = read_number (self, 1);
        self->good &= part <= end - self->at;
        whole &= self->good && length + part <= RESOLVER_TEXT_MAX;
        if (whole)
            memcpy (text + length, self->message.data + self->at, part);
        if (whole)
            length += part;
        skip (self, part);
    }
    text[whole ? length : 0] = 0;
    return self->good && whole && strlen (text) == length;
}

size_t
resolver_texts (bytes_t message, char texts[RESOLVER_ANSWERS_MAX][RESOLVER_TEXT_MAX + 1])
{
    reader_t reader = {.message = message, .good = true};
    size_t count = 0;
    skip (&reader, 4);
    unsigned questions = read_number (&reader, 2), answers = read_number (&reader, 2);
    skip (&reader, HEADER_SIZE - 8);
    for (; reader.good && questions > 0; questions--) {
        skip_name (&reader);
        skip (&reader, 4);
    }
    for (; reader.good && answers > 0 && count < RESOLVER_ANSWERS_MAX; answers--) {
        skip_name (&reader);
        const unsigned type = read_number (&reader, 2), class = read_number (&reader, 2);
        skip (&reader, 4);
        const unsigned size = read_number (&reader, 2);
        reader.good &= reader.message.size - reader.at >= size;
        if (reader.good && type == TYPE_TXT && class == CLASS_IN)
            count += read_text (&reader, size, texts[count]);
        else
            skip (&reader, size);
    }
    return count;
}

//  ---- resolving -----------------------------------------------------------------------------------

typedef struct {
    const resolver_t *resolver;
    multiaddr_t *answers;
    size_t count;
    unsigned lookups;
} run_t;

static void
add (run_t *run, const multiaddr_t *answer)
{
    for (size_t i = 0; i < run->count; i++)
        if (multiaddr_equal (&run->answers[i], answer))
            return;
    if (run->count < RESOLVER_ANSWERS_MAX && multiaddr_is_dialable (answer))
        run->answers[run->count++] = *answer;
}

static bool
may_look_up (run_t *run)
{
    return run->count < RESOLVER_ANSWERS_MAX && run->lookups++ < RESOLVER_LOOKUPS_MAX;
}

static void
resolve_host (run_t *run, const multiaddr_t *address)
{
    multiaddr_t *ips = calloc (RESOLVER_ANSWERS_MAX, sizeof *ips);
    const resolver_family_t family = address->kind == MULTIADDR_DNS4   ? RESOLVER_V4
                                     : address->kind == MULTIADDR_DNS6 ? RESOLVER_V6
                                                                       : RESOLVER_ANY;
    size_t count = ips ? run->resolver->ips (run->resolver->context, address->host, family, ips,
                                             RESOLVER_ANSWERS_MAX)
                       : 0;
    for (size_t i = 0; i < count; i++) {
        ips[i].port = address->port;
        ips[i].has_peer = address->has_peer;
        ips[i].peer = address->peer;
        add (run, &ips[i]);
    }
    free (ips);
}

static void resolve (run_t *run, const multiaddr_t *address, unsigned depth);

//  One TXT record. Of one that is no address, or of another peer than was asked for, nothing comes.
static void
resolve_text (run_t *run, const multiaddr_t *asked, const char *text, unsigned depth)
{
    static const char prefix[] = "dnsaddr=";
    char why[128];
    multiaddr_t address;
    if (strncmp (text, prefix, sizeof prefix - 1) != 0
        || multiaddr_parse (&address, text + sizeof prefix - 1, why, sizeof why) != OK
        || (asked->has_peer
            && (!address.has_peer || !peer_key_equal (&address.peer, &asked->peer))))
        return;
    resolve (run, &address, depth);
}

static void
resolve_dnsaddr (run_t *run, const multiaddr_t *address, unsigned depth)
{
    char name[sizeof "_dnsaddr." + MULTIADDR_HOST_MAX];
    uint8_t *message = malloc (RESOLVER_MESSAGE_MAX);
    char (*texts)[RESOLVER_TEXT_MAX + 1] = calloc (RESOLVER_ANSWERS_MAX, sizeof *texts);
    snprintf (name, sizeof name, "_dnsaddr.%s", address->host);
    size_t size = message && texts ? run->resolver->texts (run->resolver->context, name, message,
                                                           RESOLVER_MESSAGE_MAX)
                                   : 0;
    size_t count = size > 0 ? resolver_texts ((bytes_t) {message, size}, texts) : 0;
    free (message);
    for (size_t i = 0; i < count; i++)
        resolve_text (run, address, texts[i], depth + 1);
    free (texts);
}

static void
resolve (run_t *run, const multiaddr_t *address, unsigned depth)
{
    if (address->kind == MULTIADDR_IP4 || address->kind == MULTIADDR_IP6)
        add (run, address);
    else if (address->kind != MULTIADDR_DNSADDR) {
        if (may_look_up (run))
            resolve_host (run, address);
    } else if (depth < RESOLVER_DEPTH_MAX && may_look_up (run))
        resolve_dnsaddr (run, address, depth);
}

code_t
resolver_run (const resolver_t *self, const multiaddr_t *address,
              multiaddr_t answers[RESOLVER_ANSWERS_MAX], size_t *count_p)
{
    run_t run = {.resolver = self, .answers = answers};
    *count_p = 0;
    if (address->kind == MULTIADDR_IP4 || address->kind == MULTIADDR_IP6)
        return INVALID_MULTIADDR;
    resolve (&run, address, 0);
    *count_p = run.count;
    return run.count > 0 ? OK : CONNECTION_FAILED;
}
