// SPDX-License-Identifier: MIT
#include "names.h"

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
read_text (reader_t *self, size_t size, char text[NAMES_TEXT_MAX + 1])
{
    const size_t end = self->at + size;
    size_t length = 0;
    bool whole = true;
    while (self->good && self->at < end) {
        const unsigned part = read_number (self, 1);
        self->good &= part <= end - self->at;
        whole &= self->good && length + part <= NAMES_TEXT_MAX;
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
names_texts (bytes_t message, char texts[NAMES_ANSWERS_MAX][NAMES_TEXT_MAX + 1])
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
    for (; reader.good && answers > 0 && count < NAMES_ANSWERS_MAX; answers--) {
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
    const names_source_t *source;
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
    if (run->count < NAMES_ANSWERS_MAX && multiaddr_is_dialable (answer))
        run->answers[run->count++] = *answer;
}

static bool
may_look_up (run_t *run)
{
    return run->count < NAMES_ANSWERS_MAX && run->lookups++ < NAMES_LOOKUPS_MAX;
}

static void
resolve_host (run_t *run, const multiaddr_t *address)
{
    multiaddr_t *ips = calloc (NAMES_ANSWERS_MAX, sizeof *ips);
    const names_family_t family = address->kind == MULTIADDR_DNS4   ? NAMES_V4
                                  : address->kind == MULTIADDR_DNS6 ? NAMES_V6
                                                                    : NAMES_ANY;
    size_t count = ips ? run->source->ips (run->source->context, address->host, family, ips,
                                           NAMES_ANSWERS_MAX)
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
    uint8_t *message = malloc (NAMES_MESSAGE_MAX);
    char (*texts)[NAMES_TEXT_MAX + 1] = calloc (NAMES_ANSWERS_MAX, sizeof *texts);
    snprintf (name, sizeof name, "_dnsaddr.%s", address->host);
    size_t size = message && texts ? run->source->texts (run->source->context, name, message,
                                                           NAMES_MESSAGE_MAX)
                                   : 0;
    size_t count = size > 0 ? names_texts ((bytes_t) {message, size}, texts) : 0;
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
    } else if (depth < NAMES_DEPTH_MAX && may_look_up (run))
        resolve_dnsaddr (run, address, depth);
}

code_t
names_resolve (const names_source_t *self, const multiaddr_t *address,
              multiaddr_t answers[NAMES_ANSWERS_MAX], size_t *count_p)
{
    run_t run = {.source = self, .answers = answers};
    *count_p = 0;
    if (address->kind == MULTIADDR_IP4 || address->kind == MULTIADDR_IP6)
        return INVALID_MULTIADDR;
    resolve (&run, address, 0);
    *count_p = run.count;
    return run.count > 0 ? OK : CONNECTION_FAILED;
}
