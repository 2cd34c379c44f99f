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

#define DISCOVERY_TTL_MAX_SECS      172800      //  48 h
#define DISCOVERY_KEYWORDS_MAX      12
#define DISCOVERY_KEYWORD_MIN       2           //  bytes
#define DISCOVERY_KEYWORD_MAX       32          //  bytes
#define DISCOVERY_TITLE_MAX         128         //  bytes, as are those that follow
#define DISCOVERY_DESCRIPTION_MAX   512
#define DISCOVERY_CATEGORIES_MAX    8
#define DISCOVERY_TAGS_MAX          16
#define DISCOVERY_LABEL_MAX         64          //  of a category, a tag, the license
#define DISCOVERY_AUTHOR_MAX        128

//  A listing: a valid name; seq at least 1; a time that is not negative; a TTL of 1 to
//  DISCOVERY_TTL_MAX_SECS; keywords as discovery_keyword () gives them. If it is withdrawn, nothing
//  else; if not, a canonical version, texts in UTF-8 within their bounds, categories and tags that
//  are not empty, none twice; a digest of 32 bytes and at least one byte of archive.
bool
    discovery_valid_listing (const Ggen__Listing *listing);

//  A provider or peer record: seq at least 1; time and TTL as above; at most MULTIADDR_PEER_MAX
//  addresses that can be dialled, none twice. A provider names 32 bytes, and no address when it is
//  withdrawn. No address at all is acceptable: a node that nobody can dial is one, too.
bool
    discovery_valid_provider (const Ggen__Provider *provider);
bool
    discovery_valid_peer (const Ggen__PeerRecord *peer);

//  Unpack the payload of a record that record_open () gave, as record_release () in record.h does.
//  Free with ggen__..._free_unpacked, or the functions below.
//  VALIDATION  also when an address of a provider or peer record names a peer that is not the
//              signer.
must_use code_t
    discovery_listing (Ggen__Listing **listing_p, const Ggen__SignedRecord *record);
must_use code_t
    discovery_provider (Ggen__Provider **provider_p, const Ggen__SignedRecord *record);
must_use code_t
    discovery_peer (Ggen__PeerRecord **peer_p, const Ggen__SignedRecord *record);

//  Free and set to NULL; NULL is accepted.
void
    discovery_listing_destroy (Ggen__Listing **listing_p);
void
    discovery_provider_destroy (Ggen__Provider **provider_p);
void
    discovery_peer_destroy (Ggen__PeerRecord **peer_p);

//  ---- words -------------------------------------------------------------------------------------

//  The keyword of a word: folded to lower case, cut to letters and digits. Of ASCII, that is: every
//  other character of UTF-8 counts as a letter and stays as it is, as in the search of this node
//  (actors/registry/words.h). Returns its size; 0 when it is shorter than DISCOVERY_KEYWORD_MIN or
//  longer than DISCOVERY_KEYWORD_MAX, or no UTF-8.
size_t
    discovery_keyword (const char *word, size_t size, char keyword [DISCOVERY_KEYWORD_MAX + 1]);

//  Take the next word of a text that is worth a keyword, from *text on: words stand between
//  characters of ASCII that are neither letter nor digit; stop words ("the", "for", ...) are passed
//  over. False when there is none. A query cut into words by this meets the keywords of packages.
bool
    discovery_next_keyword (const char **text, char keyword [DISCOVERY_KEYWORD_MAX + 1]);

//  The words of a package that a search may find it by: from its name, tags, keywords, title, then
//  description, as discovery_next_keyword () cuts them; at most DISCOVERY_KEYWORDS_MAX, none twice.
size_t
    discovery_keywords (const Ggen__Package *package,
        char keywords [DISCOVERY_KEYWORDS_MAX][DISCOVERY_KEYWORD_MAX + 1]);

#endif
