// SPDX-License-Identifier: MIT
//  A registry that a web server has (SPEC 1, "HTTP registry"), as a catalog (catalog_io.h) that changes
//  nothing. Its index.json is asked for by the first call, and again when the last answer is
//  CATALOG_WEB_FRESH_MS old, with the tag of the one that is here; what it lists is kept in an index of
//  SQLite, so that a text that has not changed is neither brought nor read again.
//  When the server cannot be asked, what it listed before is the answer, incomplete and with a warning;
//  then it is let alone for CATALOG_WEB_RETRY_MS. Without any such list the call fails with NETWORK.
//  A request with 'local' never asks the server.
//
//      DIRECTORY/index.db      what it listed
//      DIRECTORY/tag           web_answer_t.tag of it
//
//  What stands in the index is not believed: records are checked as those of an import are, what does
//  not hold is left out; who installs checks signatures and bytes as ever.
#ifndef GGEN_CATALOG_WEB_IO_H
#define GGEN_CATALOG_WEB_IO_H

#include "actors/registry/catalog_io.h"

#define CATALOG_WEB_FRESH_MS 30000
#define CATALOG_WEB_RETRY_MS 10000
#define CATALOG_WEB_INDEX_MAX (256u << 20)      //  bytes of an index.json; a longer one is refused

//  'url' as in registry.url. 'directory' is absolute and made when it is missing; NULL: nothing is kept.
//  'fresh_ms' 0: CATALOG_WEB_FRESH_MS. NULL: out of memory.
catalog_t *catalog_new_web (const char *url, const char *directory, int64_t fresh_ms,
                            const crypto_t *crypto);

#endif
