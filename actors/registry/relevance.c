// SPDX-License-Identifier: MIT
#include "relevance.h"

#include <ctype.h>
#include <string.h>

//  Bytes beyond ASCII are letters.
static bool
is_letter (char byte)
{
    return isalnum ((unsigned char) byte) || (unsigned char) byte >= 0x80;
}

static bool
contains_word (const char *text, const char *word, size_t size)
{
    for (; *text; text++)
        if (strncasecmp (text, word, size) == 0)
            return true;
    return false;
}

typedef bool (has_word_fn) (const Ggen__Package *package, const char *word, size_t size);

static bool
has_all_words (const Ggen__Package *package, const char *query, has_word_fn *has_word)
{
    for (const char *word = query; *word;) {
        size_t size = 0;
        while (is_letter (word[size]))
            size++;
        if (size > 0 && !has_word (package, word, size))
            return false;
        word += size > 0 ? size : 1;
    }
    return true;
}

static bool
in_name (const Ggen__Package *package, const char *word, size_t size)
{
    return contains_word (package->id, word, size) || contains_word (package->title, word, size);
}

static bool
in_description (const Ggen__Package *package, const char *word, size_t size)
{
    return contains_word (package->description, word, size);
}

static bool
in_list (char *const *list, size_t count, const char *word, size_t size)
{
    for (size_t i = 0; i < count; i++)
        if (contains_word (list[i], word, size))
            return true;
    return false;
}

static bool
in_tags (const Ggen__Package *package, const char *word, size_t size)
{
    return in_list (package->tags, package->n_tags, word, size)
           || in_list (package->keywords, package->n_keywords, word, size)
           || in_list (package->categories, package->n_categories, word, size);
}

relevance_t
relevance_of (const Ggen__SearchRequest *request, const Ggen__Package *package)
{
    const char *query = request->query;
    if (!*query || strcasecmp (package->id, query) == 0 || strcasecmp (package->title, query) == 0)
        return RELEVANCE_NAME_EQUAL;
    if (has_all_words (package, query, in_name))
        return RELEVANCE_NAME_CONTAINS;
    if (has_all_words (package, query, in_description))
        return RELEVANCE_DESCRIPTION;
    if (has_all_words (package, query, in_tags))
        return RELEVANCE_TAG;
    return request->fuzzy ? RELEVANCE_NAME_CLOSE : RELEVANCE_OTHER;
}
