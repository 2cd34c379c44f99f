// SPDX-License-Identifier: MIT
//  Text for people: safe for a terminal, measured in columns, wrapped; sizes and times in words.
#ifndef GGEN_TEXT_H
#define GGEN_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

//  A copy of 'text' (NULL = "") that can do nothing to a terminal but show itself. Taken out:
//  escape sequences whole (ECMA-48: CSI, OSC, DCS, SOS, PM, APC and the short ones), the controls
//  C0, DEL and C1, overrides and isolates of direction (Unicode UAX 9: "Trojan Source"), line and
//  paragraph separators, byte order marks and tag characters. Tabs and line ends become a space.
//  Bytes that are no UTF-8 become '?'. The caller frees it; NULL only without memory.
char *
    text_clean (const char *text);

//  The same, but line ends stay: for texts of several lines.
char *
    text_clean_lines (const char *text);

//  Free *text_p and make it NULL; for AUTO.
void
    text_free (char **text_p);

//  Columns a terminal uses for the UTF-8 'text' (clean). Depends on the locale's wcwidth.
size_t
    text_columns (const char *text);

//  Bytes of the longest start of 'text' (clean) that fits 'columns', never half a character.
size_t
    text_fit (const char *text, size_t columns);

//  Print words of 'text' broken at spaces so that lines end before 'width' columns; lines after the
//  first begin with 'indent' spaces. 'column' is where the cursor is now. Words longer than a line
//  stay whole. width 0 = no breaking. Ends with a line end.
void
    text_wrap (FILE *out, const char *text, size_t column, size_t indent, size_t width);

#define TEXT_SIZE_MAX 16
#define TEXT_TIME_MAX 32

//  "0 B", "999 B", "1.5 KiB", "100 MiB". Powers of 1024.
const char *
    text_size (uint64_t size_bytes, char out [TEXT_SIZE_MAX]);

//  Seconds since 1970 as RFC 3339 in UTC: "2026-11-20T05:46:00Z"; "" outside the years 1 to 9999.
const char *
    text_time (int64_t wall_s, char out [TEXT_TIME_MAX]);

//  "just now", "5 minutes ago", "in 2 days", and the date beyond a year.
const char *
    text_ago (int64_t then_s, int64_t now_s, char out [TEXT_TIME_MAX]);

//  "3s", "2m 05s", "1h 02m", ">99h".
const char *
    text_duration (uint64_t seconds, char out [TEXT_TIME_MAX]);

#endif
