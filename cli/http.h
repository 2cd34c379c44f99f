// SPDX-License-Identifier: MIT
//  The HTTP endpoint of a node (http.listen; SPEC 10): a client of its bus, in a thread of libmicrohttpd.
//  It only reads, and of packages only what the file registry has: no request reaches another node.
//
//      GET /                               what there is, as JSON
//      GET /health                         200 while the node answers, else 503
//      GET /metrics                        as `ggen p2p metrics`
//      GET /index.json                     the file registry's, with GET /PATH for each archive that it names
//      GET /packages                       {"results","total"}, at most HTTP_PACKAGES_MAX
//      GET /packages/ID                    {"id","versions"}
//      GET /packages/ID/VERSION/download   the archive
//
//  A '/' in ID is written %2F. HEAD is as GET; other methods are refused with 405.
#ifndef GGEN_HTTP_H
#define GGEN_HTTP_H

#include "base.h"

#define HTTP_CONNECTIONS_MAX  64        //  at one time; further ones are closed at once
#define HTTP_IDLE_SECS        10u       //  after so much silence a connection is closed
#define HTTP_PACKAGES_MAX     1000
#define HTTP_URL_MAX          1024      //  bytes; a longer one is not found

typedef struct http_t http_t;

//  Listen on 'endpoint' ("127.0.0.1:8080", "[::1]:0", "localhost:8080") for the node of the home 'home';
//  'registry' is its registry directory. Both are copied.
//  OK                   *self_p serves
//  FEATURE_NOT_ENABLED  libmicrohttpd is not there
//  NETWORK              it cannot be listened on
//  INTERNAL             out of memory; 'why' has the words in all cases
must_use code_t
    http_start (http_t **self_p, const char *endpoint, const char *home, const char *registry,
                char *why, size_t why_size);

//  Where it listens: "http://127.0.0.1:8080".
const char *
    http_url (const http_t *self);

void
    http_stop (http_t **self_p);

#endif
