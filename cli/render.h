// SPDX-License-Identifier: MIT
//  What verbs print besides tables: errors, warnings, JSON documents, titled fields.
#ifndef GGEN_RENDER_H
#define GGEN_RENDER_H

#include "screen.h"

#include <jansson.h>

//  Print one JSON document to out and release it. Keys stay in the order they were set in, so the
//  same answer is always the same bytes. Non-ASCII is written as \u escapes: the same document for
//  every reader, and nothing that a terminal could obey (C1, bidi overrides) is ever written raw.
//  Numbers are as short as they read back: 0.7, not 0.69999999999999996.
//  'document' NULL (no memory when it was made) is an INTERNAL error document.
void
    render_json (const screen_t *screen, json_t *document);

//  The flag of json_dumps by which numbers of 'value' are as short as they read back.
size_t
    render_reals (const json_t *value);

//  One line of a live feed: the same, compact.
void
    render_json_line (const screen_t *screen, json_t *document);

//  Say what failed. For people on err: `error: WHAT`, then `hint: WHAT TO DO NEXT` if there is one;
//  with --json on out {"error":{"code","message","hint","details"}}. Further lines of a message are
//  indented, so that none of its text can pose as the hint. --verbose prints code and details too.
void
    render_failure (const screen_t *screen, const Ggen__Failure *failure);

//  The same without details. 'hint' may be NULL.
void
    render_error (const screen_t *screen, code_t code, const char *message, const char *hint);

//  `warning: WHAT` on err; nothing with --json, where warnings are part of the document.
void
    render_warning (const screen_t *screen, const char *message);
void
    render_warnings (const screen_t *screen, char *const messages [], size_t messages_count);

//  "title:   value" with values in one column, wrapped to the screen. Nothing when value is NULL
//  or "". 'value' is cleaned.
void
    render_field (const screen_t *screen, const char *title, const char *value);

typedef enum { MARK_GOOD, MARK_BAD, MARK_WARNING, MARK_ARROW, MARK_BULLET } mark_t;

//  A symbol in UTF-8 or ASCII, as the screen can show: "✓" or "ok", "→" or "->".
const char *
    render_mark (const screen_t *screen, mark_t mark);

#endif
