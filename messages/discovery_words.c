// SPDX-License-Identifier: MIT
#include "discovery_valid.h"

#include "utf8.h"

#include <string.h>

//  Words of English that say nothing about a package, in order.
static const char *const stop_words [] = {
    "about", "all", "also", "an", "and", "any", "are", "as", "at", "be", "but", "by", "can", "do",
    "does", "for", "from", "has", "have", "how", "if", "in", "into", "is", "it", "its", "like",
    "more", "no", "not", "of", "on", "or", "other", "our", "so", "some", "such", "than", "that",
    "the", "their", "them", "then", "there", "these", "they", "this", "those", "to", "too", "up",
    "use", "used", "using", "via", "was", "we", "what", "when", "which", "while", "who", "will",
    "with", "without", "you", "your"};

static bool
is_stop_word (const char *word)
{
    for (size_t i = 0; i < COUNT_OF (stop_words); i++)
        if (strcmp (stop_words [i], word) == 0)
            return true;
    return false;
}

//  As part of a word: the character in lower case, or 0 when it is none.
static char
fold (char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char) (c - 'A' + 'a');
    bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char) c >= 0x80;
    return word ? c : 0;
}

size_t
discovery_keyword (const char *word, size_t size, char keyword [DISCOVERY_KEYWORD_MAX + 1])
{
    size_t kept = 0;
    for (size_t i = 0; i < size; i++) {
        char c = fold (word [i]);
        if (c == 0)
            continue;
        if (kept == DISCOVERY_KEYWORD_MAX)
            return 0;
        keyword [kept++] = c;
    }
    keyword [kept] = 0;
    return kept >= DISCOVERY_KEYWORD_MIN && utf8_valid (keyword) ? kept : 0;
}

bool
discovery_next_keyword (const char **text, char keyword [DISCOVERY_KEYWORD_MAX + 1])
{
    while (**text) {
        while (**text && !fold (**text))
            ++*text;
        const char *word = *text;
        while (**text && fold (**text))
            ++*text;
        if (discovery_keyword (word, (size_t) (*text - word), keyword) > 0
        &&  !is_stop_word (keyword))
            return true;
    }
    return false;
}

typedef struct {
    char (*list) [DISCOVERY_KEYWORD_MAX + 1];
    size_t count;
} keywords_t;

static void
add_new (keywords_t *self, const char *keyword)
{
    for (size_t i = 0; i < self->count; i++)
        if (strcmp (self->list [i], keyword) == 0)
            return;
    strcpy (self->list [self->count++], keyword);
}

static void
add_words (keywords_t *self, const char *text)
{
    char keyword [DISCOVERY_KEYWORD_MAX + 1];
    while (self->count < DISCOVERY_KEYWORDS_MAX && discovery_next_keyword (&text, keyword))
        add_new (self, keyword);
}

size_t
discovery_keywords (const Ggen__Package *package,
    char keywords [DISCOVERY_KEYWORDS_MAX][DISCOVERY_KEYWORD_MAX + 1])
{
    keywords_t self = {.list = keywords};
    add_words (&self, package->id);
    for (size_t i = 0; i < package->n_tags; i++)
        add_words (&self, package->tags [i]);
    for (size_t i = 0; i < package->n_keywords; i++)
        add_words (&self, package->keywords [i]);
    add_words (&self, package->title);
    add_words (&self, package->description);
    return self.count;
}
