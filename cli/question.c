// SPDX-License-Identifier: MIT
#include "question.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX 64           //  bytes of a line; a longer one is no answer

//  The next line, without its end. False: there is none.
static bool
read_answer (const screen_t *screen, char answer [ANSWER_MAX])
{
    fflush (screen->err);
    if (!fgets (answer, ANSWER_MAX, stdin)) {
        fputc ('\n', screen->err);
        return false;
    }
    bool whole = strchr (answer, '\n') || feof (stdin);
    for (int c = 0; !whole && c != '\n' && c != EOF;)
        c = getchar ();
    answer [whole ? strcspn (answer, "\r\n") : 0] = 0;
    return true;
}

bool
question_yes (const args_t *args, const screen_t *screen, const char *text, bool unasked)
{
    char answer [ANSWER_MAX];
    if (args_flag (args, "yes"))
        return true;
    if (!screen->can_ask)
        return unasked;
    fprintf (screen->err, "%s [y/N] ", text);
    return read_answer (screen, answer)
           && (strcasecmp (answer, "y") == 0 || strcasecmp (answer, "yes") == 0);
}

unsigned
question_choice (const screen_t *screen, const char *text, unsigned count)
{
    char answer [ANSWER_MAX], *end;
    if (!screen->can_ask)
        return 0;
    fprintf (screen->err, "%s [1-%u, nothing: none] ", text, count);
    if (!read_answer (screen, answer) || !*answer)
        return 0;
    unsigned long number = strtoul (answer, &end, 10);
    return *end == 0 && number <= count ? (unsigned) number : 0;
}
