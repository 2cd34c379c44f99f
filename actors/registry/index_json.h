// SPDX-License-Identifier: MIT
//  The texts that index.json 1.0.0 is put together from (SPEC 3.4). Fields stand in the order of
//  the specification and are always there, so equal packages give equal bytes.
#ifndef GGEN_INDEX_JSON_H
#define GGEN_INDEX_JSON_H

#include "messages/base.h"
#include "package.pb-c.h"


//  {"name","description","author","category","tags","repository","license","homepage"} of what a
//  package tells of itself: its title (else its id), its authors with ", " between, its first
//  category. The caller frees it; NULL when there is no memory. Bytes that are no UTF-8 become '?'.
char *index_json_package (const Ggen__Package *package);

//  {"version","download_url","checksum","dependencies","published_at","size_bytes"}.
//  'archive' is the archive's path relative to index.json, or empty: then package->location is
//  taken as the URL it is.
char *index_json_version (const Ggen__Package *package, const char *archive);

//  A JSON string, with its quotes.
char *index_json_text (const char *text);

#endif
