// SPDX-License-Identifier: MIT
#include "script.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX 65536u
#define WORDS_MAX      32u          //  of a line

typedef struct {
    script_program_t program;
    const char *name;
    char *why;
    size_t why_size;
    unsigned line;
    char *words[WORDS_MAX];
    unsigned count, next;
} reader_t;

static bool wrong (reader_t *self, const char *format, ...) printf_like (2, 3);

static bool
wrong (reader_t *self, const char *format, ...)
{
    char text[160];
    va_list args;
    va_start (args, format);
    vsnprintf (text, sizeof text, format, args);
    va_end (args);
    snprintf (self->why, self->why_size, "%s:%u: %s", self->name, self->line, text);
    return false;
}

//  ---- numbers -------------------------------------------------------------------------------------

typedef struct {
    const char *text;
    double factor;
} unit_t;

static const unit_t unit_none[] = {{"", 1}, {NULL, 0}};
static const unit_t unit_share[] = {{"%", 0.01}, {NULL, 0}};
static const unit_t unit_amount[] = {{"%", 0.01}, {"", 1}, {NULL, 0}};
static const unit_t unit_time[] = {{"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400},
                                   {NULL, 0}};
static const unit_t unit_rate[] = {{"/s", 1}, {"/m", 1.0 / 60}, {"/h", 1.0 / 3600}, {NULL, 0}};
static const unit_t unit_turnover[] = {{"%/h", 0.01 / 3600}, {"%/m", 0.01 / 60}, {NULL, 0}};
static const unit_t unit_value[] = {{"%", 0.01}, {"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600},
                                    {"d", 86400}, {"", 1}, {NULL, 0}};

static const struct {
    const unit_t *units;
    const char *example;
} kinds[] = {[SLOT_COUNT] = {unit_none, "a number"},
             [SLOT_SHARE] = {unit_share, "a share, as 30%"},
             [SLOT_AMOUNT] = {unit_amount, "a number, a share as 30%, or rest"},
             [SLOT_TIME] = {unit_time, "a time, as 300ms, 20s, 5m, 2h or 30d"},
             [SLOT_RATE] = {unit_rate, "a rate, as 20/s, 6/m or 1/h"},
             [SLOT_TURNOVER] = {unit_turnover, "a turnover, as 30%/h"},
             [SLOT_NUMBER] = {unit_none, "a number"},
             [SLOT_VALUE] = {unit_value, "a value, as 45, 99.9% or 30s"},
             [SLOT_WORD] = {NULL, "a word"}};

//  One number with its unit, up to the end of 'text' or to "..".
static bool
read_number (const char **text, const unit_t *units, double *value, bool *share)
{
    char digits[32];
    size_t size = 0;
    const char *at = *text;
    while (size + 1 < sizeof digits
           && (isdigit ((unsigned char) *at) || (*at == '-' && size == 0)
               || (*at == '.' && at[1] != '.' && size > 0)))
        digits[size++] = *at++;
    digits[size] = 0;
    if (size == 0)
        return false;
    for (; units->text; units++) {
        size_t length = strlen (units->text);
        if (strncmp (at, units->text, length) == 0
            && (at[length] == 0 || strncmp (at + length, "..", 2) == 0)) {
            *value = strtod (digits, NULL) * units->factor;
            *share = units->text[0] == '%';
            *text = at + length;
            return true;
        }
    }
    return false;
}

static bool
read_value (reader_t *self, const script_slot_t *slot, script_value_t *value)
{
    if (self->next == self->count)
        return wrong (self, "%s is missing: %s", slot->name, kinds[slot->kind].example);
    const char *word = self->words[self->next++], *at = word;
    if (value->given)
        return wrong (self, "%s is given twice", slot->name);
    value->given = true;
    if (strlen (word) > SCRIPT_WORD_MAX)
        return wrong (self, "a word has more than %u characters", SCRIPT_WORD_MAX);
    strcpy (value->word, word);
    if (slot->kind == SLOT_WORD)
        return true;
    value->rest = slot->kind == SLOT_AMOUNT && strcmp (word, "rest") == 0;
    if (value->rest)
        return true;
    const unit_t *units = kinds[slot->kind].units;
    bool fits = read_number (&at, units, &value->low, &value->share);
    value->high = value->low;
    if (fits && strncmp (at, "..", 2) == 0) {
        at += 2;
        fits = read_number (&at, units, &value->high, &value->share);
    }
    if (!fits || *at)
        return wrong (self, "%s is %s: that is not %s", slot->name, word,
                      kinds[slot->kind].example);
    return value->low <= value->high || wrong (self, "%s ends before it begins", word);
}

//  ---- statements ----------------------------------------------------------------------------------

static bool
is_of (script_program_t whose, script_program_t program)
{
    return whose == SCRIPT_BOTH || whose == program;
}

static const script_verb_t *
find_verb (script_program_t program, const char *name)
{
    const script_verb_t *verb;
    for (unsigned i = 0; (verb = script_verb (i)) != NULL; i++)
        if (is_of (verb->program, program) && strcmp (verb->name, name) == 0)
            return verb;
    return NULL;
}

static bool
read_places (reader_t *self, script_line_t *line)
{
    const script_slot_t *slots = line->verb->slots;
    for (unsigned i = 0; i < SCRIPT_SLOTS_MAX && slots[i].name; i++)
        if (slots[i].name[0] == '<' && !read_value (self, &slots[i], &line->values[i]))
            return false;
    return true;
}

static bool
read_named (reader_t *self, script_line_t *line)
{
    const script_slot_t *slots = line->verb->slots;
    while (self->next < self->count) {
        const char *name = self->words[self->next++];
        unsigned at = 0;
        while (at < SCRIPT_SLOTS_MAX && slots[at].name
               && (!is_of (slots[at].program, self->program) || strcmp (slots[at].name, name) != 0))
            at++;
        if (at == SCRIPT_SLOTS_MAX || !slots[at].name)
            return wrong (self, "%s has no %s", line->verb->name, name);
        if (!read_value (self, &slots[at], &line->values[at]))
            return false;
    }
    for (unsigned i = 0; i < SCRIPT_SLOTS_MAX && slots[i].name; i++)
        if (slots[i].required && !line->values[i].given)
            return wrong (self, "%s needs %s", line->verb->name, slots[i].name);
    return true;
}

static bool
read_maybe (reader_t *self, double *chance)
{
    *chance = 1.0;
    if (strcmp (self->words[0], "maybe") != 0)
        return true;
    const script_slot_t slot = {"maybe", SLOT_SHARE, true, SCRIPT_BOTH};
    script_value_t value = {0};
    self->next = 1;
    if (!read_value (self, &slot, &value))
        return false;
    *chance = value.low;
    return self->next < self->count || wrong (self, "maybe what?");
}

static bool
read_line (reader_t *self, char *text, script_t *script)
{
    char *comment = strchr (text, '#'), *rest = NULL;
    if (comment)
        *comment = 0;
    self->count = self->next = 0;
    for (char *word = strtok_r (text, " \t\r", &rest); word; word = strtok_r (NULL, " \t\r", &rest)) {
        if (self->count == WORDS_MAX)
            return wrong (self, "more than %u words", WORDS_MAX);
        self->words[self->count++] = word;
    }
    if (self->count == 0)
        return true;
    if (script->count == SCRIPT_LINES_MAX)
        return wrong (self, "more than %u statements", SCRIPT_LINES_MAX);
    script_line_t *line = &script->lines[script->count++];
    line->line = self->line;
    if (!read_maybe (self, &line->chance))
        return false;
    line->verb = find_verb (self->program, self->words[self->next]);
    if (!line->verb)
        return wrong (self, "there is no verb %s", self->words[self->next]);
    self->next++;
    return read_places (self, line) && read_named (self, line);
}

//  ---- files ---------------------------------------------------------------------------------------

script_t *
script_parse (script_program_t program, const char *name, const char *text, char *why,
              size_t why_size)
{
    reader_t reader = {.program = program, .name = name, .why = why, .why_size = why_size};
    script_t *self = calloc (1, sizeof *self);
    char *copy = strdup (text), *rest = copy;
    if (!self || !copy)
        abort ();
    self->name = strdup (name);
    bool good = true;
    for (char *line; good && (line = strsep (&rest, "\n")) != NULL;) {
        reader.line++;
        good = read_line (&reader, line, self);
    }
    free (copy);
    if (!good)
        script_destroy (&self);
    return self;
}

script_t *
script_read (script_program_t program, const char *path, char *why, size_t why_size)
{
    FILE *file = fopen (path, "r");
    char *text = malloc (FILE_BYTES_MAX + 1);
    if (!text)
        abort ();
    size_t size = file ? fread (text, 1, FILE_BYTES_MAX + 1, file) : 0;
    bool whole = file && !ferror (file) && size <= FILE_BYTES_MAX;
    if (file)
        fclose (file);
    text[whole ? size : 0] = 0;
    script_t *self = NULL;
    if (whole)
        self = script_parse (program, path, text, why, why_size);
    else
        snprintf (why, why_size, "%s: cannot be read, or is larger than %u bytes", path,
                  FILE_BYTES_MAX);
    free (text);
    return self;
}

void
script_destroy (script_t **self_p)
{
    if (!*self_p)
        return;
    free ((*self_p)->name);
    free (*self_p);
    *self_p = NULL;
}

//  ---- what a statement says -----------------------------------------------------------------------

const script_value_t *
script_value (const script_line_t *line, const char *slot)
{
    const script_slot_t *slots = line->verb->slots;
    for (unsigned i = 0; i < SCRIPT_SLOTS_MAX && slots[i].name; i++)
        if (strcmp (slots[i].name, slot) == 0)
            return &line->values[i];
    abort ();
}

double
script_number (const script_line_t *line, const char *slot, double otherwise, rng_t *rng)
{
    const script_value_t *value = script_value (line, slot);
    if (!value->given)
        return otherwise;
    return value->low + (value->high - value->low) * rng_unit (rng);
}

const script_line_t *
script_find (const script_t *self, script_verb_id_t verb)
{
    for (unsigned i = 0; i < self->count; i++)
        if (self->lines[i].verb->id == verb)
            return &self->lines[i];
    return NULL;
}
