// SPDX-License-Identifier: MIT
//  GET over HTTP and HTTPS into a file, by libcurl, which the first call loads. It blocks: for workers.
//  Up to WEB_REDIRECTS_MAX redirections are followed, from https to https only. Certificates are
//  checked. Proxies are as the environment says (http_proxy, no_proxy). No password, no cookie.
#ifndef GGEN_WEB_H
#define GGEN_WEB_H

#include "base.h"

#define WEB_REDIRECTS_MAX 5
#define WEB_CONNECT_MS    5000      //  for name, connection and TLS
#define WEB_SLOW_SECS     15        //  below WEB_SLOW_BYTES a second for so long: given up
#define WEB_SLOW_BYTES    64
#define WEB_TAG_MAX       255       //  bytes of a tag; a longer one counts as none
#define WEB_SETTLED_SECS  2         //  what changed less long ago may change again in that second
#define WEB_URL_MAX       2048      //  bytes; a longer one is VALIDATION

typedef struct {
    const char *url;            //  http:// or https://
    int fd;                     //  where it goes, from its beginning
    uint64_t begin_bytes;       //  of them 'fd' has already: only the rest is asked for
    uint64_t bytes_max;         //  more in all is refused as soon as they are announced, or come
    const char *tag;            //  of what is here already, as an answer told it; "": of nothing
    bool compressed;            //  may come compressed; bytes_max counts what it expands to
    //  Looked at ten times a second; false ends it with CANCELLED. 'total' 0: not known.
    bool (*go_on) (void *arg, uint64_t done, uint64_t total);
    void *arg;
} web_get_t;

typedef struct {
    bool unchanged;             //  it is what 'tag' is of; nothing was written
    uint64_t size_bytes;        //  of the whole
    char tag[WEB_TAG_MAX + 1];  //  its ETag, else when it was modified last; "": not told
    char why[512];              //  of a failure, for people
} web_answer_t;

//  OK                   *answer tells of it.
//  PACKAGE_NOT_FOUND    404, 410.
//  NETWORK              not reached, too slow, broken off, or another status.
//  VALIDATION           larger than bytes_max; no URL of http or https; or a part was asked for, and
//                       the server has no such part: ask for the whole.
//  CANCELLED
//  FEATURE_NOT_ENABLED  there is no libcurl.
//  STORAGE, INSUFFICIENT_DISK_SPACE     'fd' cannot be written.
must_use code_t
    web_get (const web_get_t *get, web_answer_t *answer);

#endif
