// SPDX-License-Identifier: MIT
//  node-semver rewrites every form to comparators step by step, with regular expressions. All its
//  forms (caret, tilde, x-range, hyphen) are one thing here: numbers up to the first x, and which
//  of them to increase for the upper bound.
#include "semver_grammar.h"

#include "semver_scan.h"

#include <assert.h>
#include <string.h>

//  "1.2.x": numbers before the first x, and what follows three numbers.
typedef struct {
    size_t count;               //  0..3
    uint64_t numbers [3];       //  0 behind count
    const char *prerelease;
    size_t prerelease_size;
    bool exact;                 //  Nothing but one v stood before it, as node asks of full versions
    bool number_behind_x;       //  1.x.5: node takes it for 1.x, but not after < = >
} partial_t;

//  A number behind an x is read but does not count.
static const char *
scan_component (const char *at, partial_t *partial, bool *x_seen)
{
    if (*at == 'x' || *at == 'X' || *at == '*') {
        *x_seen = true;
        return at + 1;
    }
    uint64_t number;
    at = semver_scan_number (at, &number);
    if (at && *x_seen)
        partial->number_behind_x = true;
    else if (at)
        partial->numbers [partial->count++] = number;
    return at;
}

//  The whole of 'word' is a version with parts left out or x.
static bool
parse_partial (partial_t *partial, const char *word)
{
    *partial = (partial_t) {0};
    size_t prefix = strspn (word, "v=");
    partial->exact = prefix == 0 || (prefix == 1 && *word == 'v');

    bool x_seen = false;
    const char *at = scan_component (word + prefix, partial, &x_seen);
    int components = 1;
    for (; at && *at == '.' && components < 3; components++)
        at = scan_component (at + 1, partial, &x_seen);
    if (at && components == 3) {
        const char *start = at;
        at = semver_scan_prerelease (start);
        if (at > start && partial->count == 3) {
            partial->prerelease = start + 1;
            partial->prerelease_size = (size_t) (at - start) - 1;
        }
    }
    if (at)
        at = semver_scan_build (at);
    return at && *at == 0;
}

//  Compare with the partial's own numbers.
static code_t
add_bound (semver_set_t *self, semver_operator_t operator, const partial_t *partial)
{
    return semver_set_add (self, operator, partial->numbers,
        partial->prerelease, partial->prerelease_size);
}

//  Compare with the version after all that begin with the partial's numbers up to 'index'. The
//  bound "-0" keeps the pre-releases of that version out.
static code_t
add_next (semver_set_t *self, semver_operator_t operator, const partial_t *partial, size_t index)
{
    uint64_t numbers [3] = {0};
    memcpy (numbers, partial->numbers, (index + 1) * sizeof *numbers);
    numbers [index]++;
    return semver_set_add (self, operator, numbers, "0", operator == SEMVER_BELOW ? 1 : 0);
}

//  At least the partial, and below the increase of its number 'index'.
static code_t
add_between (semver_set_t *self, const partial_t *partial, size_t index)
{
    code_t code = add_bound (self, SEMVER_AT_LEAST, partial);
    return code == OK ? add_next (self, SEMVER_BELOW, partial, index) : code;
}

//  ^1.2.3: the leftmost number that is not 0 stays (the last one given, when all are 0).
static code_t
parse_caret (semver_set_t *self, const char *word)
{
    partial_t partial;
    if (!parse_partial (&partial, word))
        return VALIDATION;
    if (partial.count == 0)
        return semver_set_add_any (self);
    size_t index = 0;
    while (index + 1 < partial.count && partial.numbers [index] == 0)
        index++;
    return add_between (self, &partial, index);
}

//  ~1.2.3: major and minor stay, as far as they are given.
static code_t
parse_tilde (semver_set_t *self, const char *word)
{
    partial_t partial;
    if (!parse_partial (&partial, word))
        return VALIDATION;
    if (partial.count == 0)
        return semver_set_add_any (self);
    return add_between (self, &partial, partial.count == 1 ? 0 : 1);
}

static semver_operator_t
take_operator (const char **word)
{
    char first = **word;
    if (first == '<' || first == '>')
        (*word)++;
    bool equal = **word == '=';
    if (equal)
        (*word)++;
    if (first == '<')
        return equal ? SEMVER_AT_MOST : SEMVER_BELOW;
    if (first == '>')
        return equal ? SEMVER_AT_LEAST : SEMVER_ABOVE;
    return SEMVER_EQUAL;
}

//  1.2.x with an operator: the operator is about all versions that 1.2.x covers.
static code_t
add_x_range (semver_set_t *self, semver_operator_t operator, const partial_t *partial)
{
    size_t last = partial->count - 1;
    switch (operator) {
        case SEMVER_AT_LEAST: return add_bound (self, SEMVER_AT_LEAST, partial);
        case SEMVER_ABOVE:    return add_next (self, SEMVER_AT_LEAST, partial, last);
        case SEMVER_AT_MOST:  return add_next (self, SEMVER_BELOW, partial, last);
        case SEMVER_BELOW:    return semver_set_add (self, SEMVER_BELOW, partial->numbers, "0", 1);
        default:              return add_between (self, partial, last);
    }
}

static code_t
parse_comparator (semver_set_t *self, const char *word)
{
    semver_operator_t operator = take_operator (&word);
    partial_t partial;
    if (!parse_partial (&partial, word) || partial.number_behind_x)
        return VALIDATION;
    if (partial.count == 3)
        return partial.exact ? add_bound (self, operator, &partial) : VALIDATION;
    if (partial.count > 0)
        return add_x_range (self, operator, &partial);
    if (operator == SEMVER_ABOVE || operator == SEMVER_BELOW)
        return semver_set_add_none (self);
    return semver_set_add_any (self);
}

static code_t
parse_word (semver_set_t *self, const char *word)
{
    if (*word == '^')
        return parse_caret (self, word + 1);
    if (*word == '~')
        return parse_tilde (self, word [1] == '>' ? word + 2 : word + 1);
    return parse_comparator (self, word);
}

//  "1.2 - 2.3": at least the first, and at most anything that the second covers.
static code_t
parse_hyphen (semver_set_t *self, const char *first, const char *second)
{
    partial_t from, to;
    if (!parse_partial (&from, first) || !parse_partial (&to, second))
        return VALIDATION;
    if ((from.count == 3 && !from.exact) || (to.count == 3 && !to.exact))
        return VALIDATION;
    code_t code = from.count ? add_bound (self, SEMVER_AT_LEAST, &from) : semver_set_add_any (self);
    if (code != OK || to.count == 0)
        return code;
    if (to.count == 3)
        return add_bound (self, SEMVER_AT_MOST, &to);
    return add_next (self, SEMVER_BELOW, &to, to.count - 1);
}

//  A word is at least one byte and a space: no more than this fit.
#define WORDS_MAX (SEMVER_RANGE_TEXT_MAX / 2 + 1)

static size_t
split_words (char *text, char **words)
{
    size_t count = 0;
    char *rest = NULL;
    for (char *word = strtok_r (text, SEMVER_SCAN_SPACES, &rest); word;
            word = strtok_r (NULL, SEMVER_SCAN_SPACES, &rest)) {
        assert (count < WORDS_MAX);
        words [count++] = word;
    }
    return count;
}

//  Join each word that ends in one of 'operators' with the word behind it: "> 1" is ">1". In place:
//  the second word only moves towards the front of the same buffer.
static size_t
join_words (char **words, size_t count, const char *operators)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        char *word = words [i];
        size_t size = strlen (word);
        if (i + 1 < count && strchr (operators, word [size - 1])) {
            i++;
            memmove (word + size, words [i], strlen (words [i]) + 1);
        }
        words [kept++] = word;
    }
    return kept;
}

code_t
semver_grammar_parse (semver_set_t *set, char *text)
{
    char *words [WORDS_MAX];
    size_t count = split_words (text, words);
    if (count == 0)
        return semver_set_add_any (set);
    if (count == 3 && strcmp (words [1], "-") == 0)
        return parse_hyphen (set, words [0], words [2]);

    count = join_words (words, count, "<>=");   //  First, for "~ > 1"
    count = join_words (words, count, "^~");
    code_t code = OK;
    for (size_t i = 0; i < count && code == OK; i++)
        code = parse_word (set, words [i]);
    return code;
}
