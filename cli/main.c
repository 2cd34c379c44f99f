// SPDX-License-Identifier: MIT
//  Parse, dispatch, exit. Everything that can be typed is in command_table.c.
#include "completion.h"
#include "help.h"
#include "render.h"
#include "version.h"

#include <locale.h>
#include <signal.h>
#include <string.h>

#define HELP_WIDTH_MAX 100      //  columns; longer lines are hard to read

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

//  A verb prints its answer or its failure and returns the exit status (SPEC 2).
typedef int run_t (const args_t *args, const screen_t *screen);

//  Help is read in pagers too, where the screen says nothing of its width.
static size_t
help_width (size_t screen_width)
{
    return screen_width > 0 && screen_width < HELP_WIDTH_MAX ? screen_width : HELP_WIDTH_MAX;
}

static int
help_run (const args_t *args, const screen_t *screen)
{
    if (help_words (screen->out, args->positionals, args->positionals_count,
                    help_width (screen->width)) == OK)
        return EXIT_DONE;
    render_error (screen, VALIDATION, "there is no such verb", "see: ggen --help");
    return EXIT_USAGE;
}

static int
completion_run (const args_t *args, const screen_t *screen)
{
    if (completion_print (screen->out, args_positional (args, 0)) == OK)
        return EXIT_DONE;
    render_error (screen, VALIDATION, "there is no completion for this shell",
                  "it is one of: " COMPLETION_SHELLS);
    return EXIT_USAGE;
}

//  The function of each row. A row without one is a verb that this build leaves out.
static run_t *const runs [VERBS_COUNT] = {
    [VERB_COMPLETION] = completion_run,
    [VERB_HELP] = help_run,
};

static int
print_help (const args_t *args, const screen_t *screen)
{
    if (args->verb)
        help_verb (screen->out, args->verb, help_width (screen->width));
    else
        help_group (screen->out, args->group, help_width (screen->width));
    return EXIT_DONE;
}

static int
run (const args_t *args, const screen_t *screen)
{
    if (args_global (args, "version")) {
        version_print (screen);
        return EXIT_DONE;
    }
    if (args_global (args, "help"))
        return print_help (args, screen);
    if (!args->verb && screen->json)
        render_error (screen, VALIDATION, "a verb is missing", "see: ggen --help");
    else if (!args->verb)
        help_group (screen->err, args->group, help_width (screen->err_width));
    if (!args->verb)
        return EXIT_USAGE;
    if (!runs [args->verb->id]) {
        char message [ARGS_TEXT_MAX];
        snprintf (message, sizeof message, "this build of ggen has no `ggen %s`", args->verb->path);
        render_error (screen, FEATURE_NOT_ENABLED, message, "see what it has: ggen --version");
        return EXIT_FAILED;
    }
    return runs [args->verb->id] (args, screen);
}

//  After wrong usage the rest of the line was not read, but --json in it still counts.
static bool
mentions_json (int argc, char *const argv [])
{
    for (int at = 1; at < argc && strcmp (argv [at], "--") != 0; at++)
        if (strcmp (argv [at], "--json") == 0 || strcmp (argv [at], "--format=json") == 0)
            return true;
    return false;
}

int
main (int argc, char *argv [])
{
    args_t args;
    screen_t screen;
    //  Characters only: numbers are printed and read as in C.
    setlocale (LC_CTYPE, "");
    signal (SIGPIPE, SIG_IGN);
    const code_t code = command_parse (argc, argv, &args);
    screen_init (&screen, &args);
    if (code != OK) {
        screen.json = screen.json || mentions_json (argc, argv);
        render_error (&screen, code, args.problem, args.hint);
        return screen_finish (&screen, EXIT_USAGE);
    }
    return screen_finish (&screen, run (&args, &screen));
}
