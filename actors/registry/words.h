// SPDX-License-Identifier: MIT
//  Text as the search sees it. What a person types becomes words and nothing else: no character of
//  it is ever an operator of the search engine.
#ifndef GGEN_WORDS_H
#define GGEN_WORDS_H

#include "messages/base.h"

#define WORDS_QUERY_MAX 1000        //  characters of a query; more is refused
#define WORDS_MAX 32                //  words of a query that count; those behind them do not
#define WORDS_SHORT 3               //  bytes that a substring of a name needs to be indexed
#define WORDS_DISTANCE_TEXT_MAX 256 //  bytes of a text whose distance can be told

//  Number of UTF-8 characters; bytes that are no UTF-8 count as one each.
size_t words_characters (const char *text);

//  Lower case (ASCII), and each run of ASCII characters that are neither letter nor digit becomes
//  one space; none at the ends. "Rust-CLI_tool" -> "rust cli tool". The caller frees it; NULL when
//  there is no memory.
char *words_fold (const char *text);

//  Which words of a folded text words_match takes.
typedef enum { WORDS_ALL, WORDS_LONG, WORDS_REST } words_kind_t;

//  The words of a folded text as an FTS5 expression that wants all of them: each a quoted string,
//  with 'prefix' each also as the beginning of a word. WORDS_LONG takes those of WORDS_SHORT bytes
//  and more, WORDS_REST the others. 'columns' ("name", "name description") restricts it, or NULL.
//  The caller frees it; NULL when there is no such word, or no memory.
char *words_match (const char *folded, const char *columns, words_kind_t kind, bool prefix);

//  Edits that a text of this length may be away and still be meant: 0 below 3 bytes, 1 up to 5, 2.
unsigned words_tolerance (size_t length);

//  Edit distance (optimal string alignment: insert, delete, replace, swap of neighbours; Damerau
//  1964) of two texts of at most WORDS_DISTANCE_TEXT_MAX bytes; 'max' + 1 as soon as it is more
//  than 'max'.
unsigned words_distance (const char *a, const char *b, unsigned max);

#endif
