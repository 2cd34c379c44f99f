// SPDX-License-Identifier: MIT
//  What was signed, as packages: messages of their own memory, freed with
//  ggen__package__free_unpacked.
#ifndef GGEN_P2P_ROWS_H
#define GGEN_P2P_ROWS_H

#include "p2p_find.h"

#include "messages/discovery_valid.h"
#include "package.pb-c.h"

//  The latest version of a name, as its listing describes it; no record, no head. For searches.
Ggen__Package *rows_of_listing (const p2p_signed_t *listing);

//  A version that was found, with record and head; texts are those of the listing, which are about the
//  latest version. Yanked by the word of whoever decides now (find_successor).
Ggen__Package *rows_of_version (find_t *find, const find_publisher_t *publisher,
                                const find_version_t *version);

//  What a package tells of itself, as a listing of head 'seq' whose latest version this is. Texts that are
//  too long are cut, lists too.
typedef struct {
    Ggen__Listing message;              //  what it points to is inside, or the package's
    char title[DISCOVERY_TITLE_MAX + 1];
    char description[DISCOVERY_DESCRIPTION_MAX + 1];
    char license[DISCOVERY_LABEL_MAX + 1];
    char author[DISCOVERY_AUTHOR_MAX + 1];
    char keywords[DISCOVERY_KEYWORDS_MAX][DISCOVERY_KEYWORD_MAX + 1];
    char *keyword_list[DISCOVERY_KEYWORDS_MAX];
    char *category_list[DISCOVERY_CATEGORIES_MAX];
    char *tag_list[DISCOVERY_TAGS_MAX];
} rows_listing_t;

void rows_listing (rows_listing_t *self, const Ggen__Package *package, uint64_t seq,
                   int64_t issued_at);

#endif
