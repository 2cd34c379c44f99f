// SPDX-License-Identifier: MIT
//  From a multiaddr with a name to those with an IP: dns, dns4 and dns6 by the addresses of the name,
//  dnsaddr by the TXT records "dnsaddr=MULTIADDR" of _dnsaddr.NAME, whose names are resolved in turn
//  (multiformats/multiaddr, protocols/DNSADDR.md). Pure: who looks names up is given.
//
//  What a zone says is somebody else's: lookups, depth and answers are bounded, and an answer counts
//  only if it fits what was asked, to the peer id.
#ifndef GGEN_SWARM_NAMES_H
#define GGEN_SWARM_NAMES_H

#include "multiaddr.h"

#define NAMES_DEPTH_MAX   4u     //  of dnsaddr in dnsaddr; what lies deeper is left out
#define NAMES_LOOKUPS_MAX 16u    //  names looked up for one address; the rest is left out
#define NAMES_ANSWERS_MAX 32u    //  addresses that come of it, and TXT records of one name
#define NAMES_TEXT_MAX    512u   //  characters of a TXT record; a longer one is left out

typedef enum { NAMES_ANY, NAMES_V4, NAMES_V6 } names_family_t;

typedef struct {
    void *context;
    //  IPs of a host, at most 'max': sets kind and ip of each. Returns how many; 0: none, or no answer.
    size_t (*ips) (void *context, const char *host, names_family_t family, multiaddr_t *ips,
                   size_t max);
    //  TXT records of a name, as the DNS message that came: its bytes, 0 without.
    size_t (*texts) (void *context, const char *name, uint8_t *message, size_t size);
} names_source_t;

#define NAMES_MESSAGE_MAX 4096u  //  bytes of a DNS message

//  'answers' without doubles. OK; INVALID_MULTIADDR: 'address' has no name; CONNECTION_FAILED: it leads
//  nowhere.
must_use code_t names_resolve (const names_source_t *self, const multiaddr_t *address,
                              multiaddr_t answers[NAMES_ANSWERS_MAX], size_t *count_p);

//  The TXT records that a DNS message (RFC 1035) answers with, those with more than NAMES_TEXT_MAX
//  bytes or a NUL left out; the strings of one are joined. Returns how many; a message that breaks off
//  or lies about its lengths gives those before.
size_t names_texts (bytes_t message, char texts[NAMES_ANSWERS_MAX][NAMES_TEXT_MAX + 1]);

#endif
