// SPDX-License-Identifier: MIT
//  What makes the payload of a LISTING, PROVIDER or PEER record acceptable, whoever signed it: the
//  bounds that discovery.proto names. For signers before they sign, and for those who received one.
//  And the words under which a package is found.
#ifndef GGEN_DISCOVERY_VALID_H
#define GGEN_DISCOVERY_VALID_H

#include "base.h"
#include "discovery.pb-c.h"
#include "package.pb-c.h"
#include "record.pb-c.h"

#define DISCOVERY_TTL_MAX_SECS  172800      //  48 h
#define DISCOVERY_KEYWORDS_MAX  12
#define DISCOVERY_KEYWORD_MAX   32          //  bytes

bool
    discovery_valid_listing (const Ggen__Listing *listing);
bool
    discovery_valid_provider (const Ggen__Provider *provider);
bool
    discovery_valid_peer (const Ggen__PeerRecord *peer);

//  Unpack the payload of a record that record_open () gave. As record_release () in record.h; free
//  with ggen__..._free_unpacked.
must_use code_t
    discovery_listing (Ggen__Listing **listing_p, const Ggen__SignedRecord *record);
must_use code_t
    discovery_provider (Ggen__Provider **provider_p, const Ggen__SignedRecord *record);
must_use code_t
    discovery_peer (Ggen__PeerRecord **peer_p, const Ggen__SignedRecord *record);

//  The keyword of a word: folded to lower case, cut to letters and digits. Returns its size; 0 when nothing
//  is left, it is shorter than 2 or longer than DISCOVERY_KEYWORD_MAX.
size_t
    discovery_keyword (const char *word, size_t size, char keyword [DISCOVERY_KEYWORD_MAX + 1]);

//  The words of a package that a search may find it by: from its name, tags, keywords, title, then
//  description (stop words left out), at most DISCOVERY_KEYWORDS_MAX, none twice.
size_t
    discovery_keywords (const Ggen__Package *package,
        char keywords [DISCOVERY_KEYWORDS_MAX][DISCOVERY_KEYWORD_MAX + 1]);

#endif
