// SPDX-License-Identifier: MIT
#include "findings.h"

#include "utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

//  A text that was cut inside a character would not be UTF-8, and its message refused.
static void
print (char *text, size_t size, const char *format, va_list args)
{
    vsnprintf (text, size, format, args);
    size_t length = strlen (text);
    while (length > 0 && !utf8_valid (text))
        text[--length] = 0;
}

code_t
findings_refuse (findings_t *self, code_t code, const char *format, ...)
{
    va_list args;
    va_start (args, format);
    print (self->message, sizeof self->message, format, args);
    va_end (args);
    return code;
}

void
findings_hint (findings_t *self, const char *format, ...)
{
    va_list args;
    va_start (args, format);
    print (self->hint, sizeof self->hint, format, args);
    va_end (args);
}

void
findings_warn (findings_t *self, const char *format, ...)
{
    if (self->warnings_count == FINDINGS_WARNINGS_MAX)
        return;
    char *text = self->warnings[self->warnings_count++];
    va_list args;
    va_start (args, format);
    print (text, sizeof self->warnings[0], format, args);
    va_end (args);
}
