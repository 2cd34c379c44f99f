// SPDX-License-Identifier: MIT
#include "screen.h"

#include <errno.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_MIN 20            //  a terminal that says less is not believed
#define WIDTH_MAX 1000
#define WIDTH_UNKNOWN 80

static size_t
terminal_width (FILE *stream)
{
    struct winsize size;
    if (!isatty (fileno (stream)))
        return 0;
    const char *columns = getenv ("COLUMNS");
    size_t width = columns ? strtoul (columns, NULL, 10) : 0;
    if (width == 0 && ioctl (fileno (stream), TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    if (width < WIDTH_MIN)
        return width == 0 ? WIDTH_UNKNOWN : WIDTH_MIN;
    return width < WIDTH_MAX ? width : WIDTH_MAX;
}

//  Escape sequences would be garbage on it.
static bool
is_dumb (void)
{
    const char *term = getenv ("TERM");
    return !term || !*term || strcmp (term, "dumb") == 0;
}

//  https://no-color.org: present and not empty.
static bool
colors_wanted (const args_t *args)
{
    const char *no_color = getenv ("NO_COLOR");
    return !args_global (args, "no-color") && !(no_color && *no_color) && !is_dumb ();
}

void
screen_init (screen_t *self, const args_t *args)
{
    *self = (screen_t) {.out = stdout, .err = stderr};
    self->json = args_json (args);
    self->quiet = args_global (args, "quiet");
    self->verbose = args_global (args, "verbose");
    self->width = terminal_width (stdout);
    self->err_width = terminal_width (stderr);
    self->dumb = is_dumb ();
    self->colors = self->width && !self->json && colors_wanted (args);
    self->err_colors = self->err_width && colors_wanted (args);
    self->utf8 = strcmp (nl_langinfo (CODESET), "UTF-8") == 0;
    self->can_ask = self->err_width && !self->json && isatty (STDIN_FILENO);
}

void
screen_say (const screen_t *self, const char *format, ...)
{
    if (self->json || self->quiet)
        return;
    va_list values;
    va_start (values, format);
    vfprintf (self->out, format, values);
    va_end (values);
}

const char *
screen_color (bool colors, color_t color)
{
    static const char *const start [] = {
        [COLOR_ERROR] = "\033[1;31m",  [COLOR_WARNING] = "\033[33m", [COLOR_HINT] = "\033[36m",
        [COLOR_GOOD] = "\033[32m",     [COLOR_STRONG] = "\033[1m",   [COLOR_FAINT] = "\033[2m"};
    return colors ? start [color] : "";
}

const char *
screen_plain (bool colors)
{
    return colors ? "\033[0m" : "";
}

int
screen_finish (const screen_t *self, int exit_status)
{
    errno = 0;
    const bool lost = fflush (self->out) != 0 || ferror (self->out);
    //  It was lost earlier, and the reason with it; the next write most likely has the same.
    if (lost && errno == 0 && fputc ('\n', self->out) != EOF)
        fflush (self->out);
    if (lost && errno != EPIPE)
        fprintf (self->err, "error: the output could not be written%s%s\n", errno ? ": " : "",
                 errno ? strerror (errno) : "");
    return lost ? 1 : exit_status;
}
