// SPDX-License-Identifier: MIT
//  Files from a web server: one GET over HTTP or HTTPS, by libcurl, into an open file. It blocks, so it
//  is for a worker (job.h). libcurl is loaded by the first call. Proxies are those of the environment
//  (http_proxy, https_proxy, no_proxy), names and passwords those of ~/.netrc; certificates are checked
//  against the system's. Redirections are followed, WEB_REDIRECTS_MAX at most, from https to https only.
#ifndef GGEN_WEB_H
#define GGEN_WEB_H

#include "base.h"
#include "runtime/host/job.h"

#define WEB_URL_MAX       2048      //  bytes; a longer one is none
#define WEB_ETAG_MAX      200       //  bytes; a longer one, or one of more than ASCII's visible, is forgotten
#define WEB_REDIRECTS_MAX 5
#define WEB_CONNECT_MS    5000
#define WEB_SILENT_S      15        //  with less than WEB_SLOW_BYTES a second: TIMEOUT
#define WEB_SLOW_BYTES    1000

//  "http://..." or "https://..." with a host, without user or password, that can be asked.
//  OK; VALIDATION: 'why' says what is wrong with it; FEATURE_NOT_ENABLED: no libcurl here.
must_use code_t web_url_check (const char *url, char *why, size_t why_size);

//  What 'reference', found in the document 'base', means (RFC 3986, section 5). False: no http or https
//  URL comes of it, or one of a user, or it is longer than WEB_URL_MAX.
must_use bool web_url_join (char url [WEB_URL_MAX + 1], const char *base, const char *reference);

typedef struct {
    const char *url;
    int fd;                         //  written from 'have_bytes' on; what was behind is cut off
    uint64_t have_bytes;            //  of the file that are there: only the rest is asked for
    uint64_t max_bytes;             //  of the whole; what is longer is refused
    const char *etag;               //  of what is there: nothing is sent again unless it changed; or ""
    bool packed;                    //  a text: the server may compress it on the way
    job_t *job;
    const char *subject;            //  for people, in its progress
} web_ask_t;

typedef struct {
    bool unchanged;                 //  'etag' still holds; nothing was written
    char etag [WEB_ETAG_MAX + 1];   //  of what was written; "" when the server tells none
} web_answer_t;

//  OK                    '*answer' tells of the file. A server that begins anew where the rest was asked
//                        for is followed.
//  PACKAGE_NOT_FOUND     there is no such document (404, 410).
//  PERMISSION_DENIED     the server wants to know who asks (401, 403, 407).
//  BUSY                  it is too busy (429, 503).
//  NETWORK               no such host, nobody listens, cut off, another answer than a document.
//  TIMEOUT               silent, or nearly, for WEB_SILENT_S, or no connection within WEB_CONNECT_MS.
//  SECURITY              its certificate does not hold.
//  VALIDATION            as web_url_check; or more than max_bytes.
//  STORAGE, INSUFFICIENT_DISK_SPACE    the file cannot be written.
//  CANCELLED; FEATURE_NOT_ENABLED: no libcurl here, or one before 7.85.
//  'why' then has the words.
must_use code_t web_get (const web_ask_t *ask, web_answer_t *answer, char *why, size_t why_size);

#endif
