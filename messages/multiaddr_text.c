// SPDX-License-Identifier: MIT
#include "multiaddr_inside.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *rest;           //  "" or "/..."
    char part [MULTIADDR_HOST_MAX + 1];
    char *why;
    size_t why_size;
} scan_t;

static code_t printf_like (2, 3)
refuse (const scan_t *scan, const char *format, ...)
{
    va_list list;
    va_start (list, format);
    vsnprintf (scan->why, scan->why_size, format, list);
    va_end (list);
    return INVALID_MULTIADDR;
}

//  Take the next part, which is 'what'.
static code_t
take (scan_t *scan, const char *what)
{
    if (*scan->rest == 0)
        return refuse (scan, "it ends before %s", what);
    if (*scan->rest != '/')
        return refuse (scan, "it does not begin with a slash");
    size_t size = strcspn (++scan->rest, "/");
    if (size == 0)
        return refuse (scan, "%s is empty", what);
    if (size >= sizeof scan->part)
        return refuse (scan, "%s is too long", what);
    memcpy (scan->part, scan->rest, size);
    scan->part [size] = 0;
    scan->rest += size;
    return OK;
}

//  'part' is a protocol, but not one that may stand here.
static code_t
refuse_protocol (const scan_t *scan, const char *wanted)
{
    static const char *const known [] = {
        "tcp", "p2p", "ipfs", "udp", "ip6zone", "ipcidr", "dccp", "sctp", "udt", "utp", "unix",
        "onion", "onion3", "garlic64", "garlic32", "tls", "sni", "noise", "quic", "quic-v1", "ws",
        "wss", "http", "https", "http-path", "webtransport", "certhash", "webrtc", "webrtc-direct",
        "p2p-circuit", "memory"};
    bool is_known = false;
    for (size_t i = 0; i < MULTIADDR_KINDS; i++)
        is_known |= strcmp (scan->part, multiaddr_hosts [i].name) == 0;
    for (size_t i = 0; i < COUNT_OF (known); i++)
        is_known |= strcmp (scan->part, known [i]) == 0;
    return refuse (scan, is_known ? "%s stands where %s is needed: a node is dialled by tcp"
                                  : "'%s' is no protocol that is known; %s is needed",
                   scan->part, wanted);
}

static code_t
parse_ip (multiaddr_t *self, const scan_t *scan)
{
    if (self->kind == MULTIADDR_IP4 && inet_pton (AF_INET, scan->part, self->ip) != 1)
        return refuse (scan, "'%s' is no IPv4 address", scan->part);
    if (self->kind == MULTIADDR_IP6 && inet_pton (AF_INET6, scan->part, self->ip) != 1)
        return refuse (scan, "'%s' is no IPv6 address", scan->part);
    if (self->kind == MULTIADDR_IP6 && multiaddr_is_ip4_in_ip6 (self->ip))
        return refuse (scan, "'%s' is an IPv4 address: write it as /ip4/", scan->part);
    return OK;
}

static code_t
parse_name (multiaddr_t *self, const scan_t *scan)
{
    for (size_t i = 0; scan->part [i]; i++) {
        char c = scan->part [i];
        self->host [i] = c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
    }
    if (!multiaddr_is_host (self->host))
        return refuse (scan, "'%s' is no name of a host", scan->part);
    return OK;
}

static code_t
parse_host (multiaddr_t *self, scan_t *scan)
{
    code_t code = take (scan, "the protocol of the host");
    if (code)
        return code;
    size_t kind = 0;
    while (kind < MULTIADDR_KINDS && strcmp (scan->part, multiaddr_hosts [kind].name) != 0)
        kind++;
    if (kind == MULTIADDR_KINDS)
        return refuse_protocol (scan, "ip4, ip6, dns, dns4, dns6 or dnsaddr");
    self->kind = (multiaddr_kind_t) kind;
    code = take (scan, "the host");
    if (code)
        return code;
    return multiaddr_ip_size (self) > 0 ? parse_ip (self, scan) : parse_name (self, scan);
}

static code_t
parse_port (multiaddr_t *self, scan_t *scan)
{
    code_t code = take (scan, "tcp");
    if (code == OK && strcmp (scan->part, "tcp") != 0)
        code = refuse_protocol (scan, "tcp");
    if (code == OK)
        code = take (scan, "the port");
    if (code)
        return code;
    size_t digits = strspn (scan->part, "0123456789");
    if (scan->part [digits] || (*scan->part == '0' && digits > 1))
        return refuse (scan, "'%s' is no port", scan->part);
    unsigned long port = digits > 5 ? ULONG_MAX : strtoul (scan->part, NULL, 10);
    if (port > UINT16_MAX)
        return refuse (scan, "port %s is above 65535", scan->part);
    self->port = (uint16_t) port;
    return OK;
}

static code_t
parse_peer (multiaddr_t *self, scan_t *scan)
{
    char reason [128];
    code_t code = take (scan, "p2p");
    if (code == OK && strcmp (scan->part, "p2p") != 0 && strcmp (scan->part, "ipfs") != 0)
        code = refuse_protocol (scan, "p2p or the end");
    if (code == OK)
        code = take (scan, "the peer id");
    if (code)
        return code;
    if (peer_id_parse (&self->peer, scan->part, reason, sizeof reason) != OK)
        return refuse (scan, "the peer id is refused: %s", reason);
    self->has_peer = true;
    return OK;
}

code_t
multiaddr_parse (multiaddr_t *self, const char *text, char *why, size_t why_size)
{
    memset (self, 0, sizeof *self);
    scan_t scan = {.rest = text, .why = why, .why_size = why_size};
    size_t size = strnlen (text, MULTIADDR_TEXT_MAX + 1);
    if (size == 0)
        return refuse (&scan, "it is empty");
    if (size > MULTIADDR_TEXT_MAX)
        return refuse (&scan, "it is longer than %d characters", MULTIADDR_TEXT_MAX);
    for (size_t i = 0; i < size; i++)
        if (text [i] <= ' ' || text [i] > '~')
            return refuse (&scan, "it has a space or a character that is not ASCII");
    if (size > 1 && text [size - 1] == '/')
        return refuse (&scan, "it ends with a slash");

    code_t code = parse_host (self, &scan);
    if (code == OK && self->kind != MULTIADDR_DNSADDR)
        code = parse_port (self, &scan);
    if (code == OK && *scan.rest)
        code = parse_peer (self, &scan);
    if (code == OK && *scan.rest)
        code = refuse (&scan, "more follows its end");
    return code;
}

void
multiaddr_text (const multiaddr_t *self, char text [MULTIADDR_TEXT_MAX + 1])
{
    char ip [INET6_ADDRSTRLEN], port [16] = "", peer [PEER_ID_TEXT + 1] = "";
    const char *host = self->host;
    if (multiaddr_ip_size (self) > 0)
        host = inet_ntop (self->kind == MULTIADDR_IP4 ? AF_INET : AF_INET6, self->ip, ip,
                          sizeof ip);
    if (self->kind != MULTIADDR_DNSADDR)
        snprintf (port, sizeof port, "/tcp/%u", self->port);
    if (self->has_peer)
        peer_id_text (&self->peer, peer);
    snprintf (text, MULTIADDR_TEXT_MAX + 1, "/%s/%s%s%s%s", multiaddr_hosts [self->kind].name,
              host, port, self->has_peer ? "/p2p/" : "", peer);
}
