// SPDX-License-Identifier: MIT
//  URLs of a registry that a web server has: where its index.json is, and what the index's relative URLs
//  (RFC 3986, section 4.2) mean.
#ifndef GGEN_WEB_URL_H
#define GGEN_WEB_URL_H

#include "messages/base.h"

//  "http://" or "https://" with something behind it, whatever the case.
bool web_url_is_one (const char *url);

//  Of a registry's URL that of its index: itself when it ends with ".json", else "index.json" below it.
//  To be freed; NULL: out of memory.
char *web_url_index (const char *registry);

//  'reference' as it stands in the index at the URL 'index', as a whole URL, to be freed. NULL: another
//  scheme or host without scheme, a path that leaves its directory, or out of memory.
char *web_url_join (const char *index, const char *reference);

#endif
