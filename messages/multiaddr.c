// SPDX-License-Identifier: MIT
#include "multiaddr_inside.h"

#include "uvarint.h"

#include <string.h>

//  multiformats/multiaddr, protocols.csv
#define CODE_TCP 6
#define CODE_P2P 421
#define LABEL_MAX 63            //  RFC 1035, 2.3.4

const multiaddr_protocol_t multiaddr_hosts [MULTIADDR_KINDS] = {
    [MULTIADDR_IP4] = {"ip4", 4},
    [MULTIADDR_IP6] = {"ip6", 41},
    [MULTIADDR_DNS] = {"dns", 53},
    [MULTIADDR_DNS4] = {"dns4", 54},
    [MULTIADDR_DNS6] = {"dns6", 55},
    [MULTIADDR_DNSADDR] = {"dnsaddr", 56},
};

//  Code, size and name; tcp and port; p2p, size and id.
_Static_assert (MULTIADDR_SIZE_MAX == 1 + 2 + MULTIADDR_HOST_MAX + 3 + 2 + 1 + PEER_ID_SIZE,
    "the longest address has room");

size_t
multiaddr_ip_size (const multiaddr_t *self)
{
    return self->kind == MULTIADDR_IP4 ? 4 : self->kind == MULTIADDR_IP6 ? 16 : 0;
}

//  ::ffff:0:0/96 (RFC 4291, 2.5.5.2)
bool
multiaddr_is_ip4_in_ip6 (const uint8_t ip [16])
{
    static const uint8_t mapped [12] = {[10] = 0xff, 0xff};
    return memcmp (ip, mapped, sizeof mapped) == 0;
}

static bool
is_label (const char *label, size_t size)
{
    static const char letters [] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    return size > 0 && size <= LABEL_MAX && strspn (label, letters) >= size
        && label [0] != '-' && label [size - 1] != '-';
}

//  Would inet_aton take a name that ends so for an address?
static bool
is_number (const char *label)
{
    if (strncmp (label, "0x", 2) == 0)
        return label [2 + strspn (label + 2, "0123456789abcdef")] == 0;
    return label [strspn (label, "0123456789")] == 0;
}

bool
multiaddr_is_host (const char *host)
{
    if (strnlen (host, MULTIADDR_HOST_MAX + 1) > MULTIADDR_HOST_MAX)
        return false;
    for (;;) {
        size_t size = strcspn (host, ".");
        if (!is_label (host, size))
            return false;
        if (host [size] == 0)
            return !is_number (host);
        host += size + 1;
    }
}

//  Take 'size' bytes.
static bool
take_bytes (bytes_t *rest, void *to, size_t size)
{
    if (rest->size < size)
        return false;
    memcpy (to, rest->data, size);
    rest->data += size;
    rest->size -= size;
    return true;
}

static bool
decode_host (multiaddr_t *self, bytes_t *rest)
{
    uint64_t code, size;
    if (uvarint_take (rest, &code))
        return false;
    size_t kind = 0;
    while (kind < MULTIADDR_KINDS && multiaddr_hosts [kind].code != code)
        kind++;
    if (kind == MULTIADDR_KINDS)
        return false;
    self->kind = (multiaddr_kind_t) kind;
    if (multiaddr_ip_size (self) > 0)
        return take_bytes (rest, self->ip, multiaddr_ip_size (self))
            && (self->kind == MULTIADDR_IP4 || !multiaddr_is_ip4_in_ip6 (self->ip));
    return uvarint_take (rest, &size) == OK && size <= MULTIADDR_HOST_MAX
        && take_bytes (rest, self->host, size)
        && strlen (self->host) == size && multiaddr_is_host (self->host);
}

static bool
decode_port (multiaddr_t *self, bytes_t *rest)
{
    uint8_t port [2];
    uint64_t code;
    if (uvarint_take (rest, &code) || code != CODE_TCP || !take_bytes (rest, port, sizeof port))
        return false;
    self->port = (uint16_t) (port [0] << 8 | port [1]);
    return true;
}

static bool
decode_peer (multiaddr_t *self, bytes_t *rest)
{
    uint8_t id [PEER_ID_SIZE];
    uint64_t code, size;
    self->has_peer = uvarint_take (rest, &code) == OK && code == CODE_P2P
        && uvarint_take (rest, &size) == OK && size == sizeof id
        && take_bytes (rest, id, sizeof id)
        && peer_id_from_bytes (&self->peer, (bytes_t) {id, sizeof id}, NULL, 0) == OK;
    return self->has_peer;
}

code_t
multiaddr_decode (multiaddr_t *self, bytes_t bytes)
{
    memset (self, 0, sizeof *self);
    bool good = bytes.size <= MULTIADDR_SIZE_MAX && decode_host (self, &bytes)
        && (self->kind == MULTIADDR_DNSADDR || decode_port (self, &bytes))
        && (bytes.size == 0 || decode_peer (self, &bytes)) && bytes.size == 0;
    return good ? OK : INVALID_MULTIADDR;
}

size_t
multiaddr_encode (const multiaddr_t *self, uint8_t bytes [MULTIADDR_SIZE_MAX])
{
    uint8_t *at = bytes;
    size_t size = multiaddr_ip_size (self);
    at += uvarint_write (at, multiaddr_hosts [self->kind].code);
    if (size == 0) {
        size = strlen (self->host);
        at += uvarint_write (at, size);
    }
    memcpy (at, multiaddr_ip_size (self) ? (const void *) self->ip : self->host, size);
    at += size;
    if (self->kind != MULTIADDR_DNSADDR) {
        at += uvarint_write (at, CODE_TCP);
        *at++ = (uint8_t) (self->port >> 8);
        *at++ = (uint8_t) self->port;
    }
    if (self->has_peer) {
        at += uvarint_write (at, CODE_P2P);
        at += uvarint_write (at, PEER_ID_SIZE);
        peer_id_bytes (&self->peer, at);
        at += PEER_ID_SIZE;
    }
    return (size_t) (at - bytes);
}

bool
multiaddr_equal (const multiaddr_t *a, const multiaddr_t *b)
{
    size_t size = multiaddr_ip_size (a);
    return a->kind == b->kind && a->port == b->port && a->has_peer == b->has_peer
        && (size > 0 ? memcmp (a->ip, b->ip, size) == 0 : strcmp (a->host, b->host) == 0)
        && (!a->has_peer || peer_key_equal (&a->peer, &b->peer));
}
