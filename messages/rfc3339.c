// SPDX-License-Identifier: MIT
#include "rfc3339.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define WALL_MAX 253402300799       //  9999-12-31T23:59:59Z

void
rfc3339_write (int64_t wall_s, char text [RFC3339_SIZE + 1])
{
    time_t when = wall_s < 0 ? 0 : wall_s > WALL_MAX ? WALL_MAX : wall_s;
    struct tm tm;
    gmtime_r (&when, &tm);
    snprintf (text, RFC3339_SIZE + 1, "%04u-%02u-%02uT%02u:%02u:%02uZ",
        (unsigned) (tm.tm_year + 1900) % 10000, (unsigned) (tm.tm_mon + 1) % 100,
        (unsigned) tm.tm_mday % 100, (unsigned) tm.tm_hour % 100, (unsigned) tm.tm_min % 100,
        (unsigned) tm.tm_sec % 100);
}

//  Read the digits of 'pattern' ('0' = a digit, others stand for themselves) into numbers, one per
//  run of digits. Returns what follows, or NULL.
static const char *
read_pattern (const char *text, const char *pattern, int *numbers)
{
    for (; *pattern; pattern++, text++) {
        if (*pattern != '0') {
            if (toupper ((unsigned char) *text) != *pattern)
                return NULL;
            numbers++;
        }
        else if (!isdigit ((unsigned char) *text))
            return NULL;
        else
            *numbers = *numbers * 10 + (*text - '0');
    }
    return text;
}

//  "Z" or "+01:30": seconds to subtract.
static code_t
read_offset (const char *text, int64_t *offset_s_p)
{
    int numbers [3] = {0};
    if (!strcmp (text, "Z") || !strcmp (text, "z")) {
        *offset_s_p = 0;
        return OK;
    }
    const char *end = NULL;
    if (*text == '+' || *text == '-')
        end = read_pattern (text + 1, "00:00", numbers);
    if (!end || *end || numbers [0] > 23 || numbers [1] > 59)
        return VALIDATION;
    *offset_s_p = (*text == '-' ? -1 : 1) * (numbers [0] * 3600 + numbers [1] * 60);
    return OK;
}

code_t
rfc3339_read (const char *text, int64_t *wall_s_p)
{
    int part [7] = {0};
    int64_t offset_s = 0;
    const char *rest = read_pattern (text, "0000-00-00T00:00:00", part);
    if (rest && *rest == '.') {
        size_t digits = strspn (rest + 1, "0123456789");
        rest = digits ? rest + 1 + digits : NULL;
    }
    if (!rest || read_offset (rest, &offset_s) != OK)
        return VALIDATION;

    struct tm given = {.tm_year = part [0] - 1900, .tm_mon = part [1] - 1, .tm_mday = part [2],
        .tm_hour = part [3], .tm_min = part [4], .tm_sec = part [5] == 60 ? 59 : part [5]};
    struct tm normal = given;
    time_t when = timegm (&normal);
    if (normal.tm_mon != given.tm_mon || normal.tm_mday != given.tm_mday
    ||  normal.tm_hour != given.tm_hour || normal.tm_min != given.tm_min || given.tm_sec > 59)
        return VALIDATION;
    when -= offset_s;
    if (when < 0 || when > WALL_MAX)
        return VALIDATION;
    *wall_s_p = when;
    return OK;
}
