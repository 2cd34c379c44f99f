// SPDX-License-Identifier: MIT
#include "man.h"
#include "text.h"

#include <string.h>

#define LINE_COLUMNS 72         //  of the source; mandoc -T lint complains beyond 80
#define SENTENCE_MAX 512        //  bytes of one help line made a sentence; longer ones are cut

const char *
man_name (const verb_t *verb, char name [MAN_NAME_MAX])
{
    snprintf (name, MAN_NAME_MAX, "ggen%s%s", verb ? "-" : "", verb ? verb->path : "");
    for (char *at = name; *at; at++)
        if (*at == ' ')
            *at = '-';
    return name;
}

//  ---- text --------------------------------------------------------------------------------------

//  Characters as they are typed: roff would print some of them as typographic ones, which cannot be
//  pasted into a shell.
static void
put_roff (FILE *out, const char *text, size_t size)
{
    static const struct {
        char plain;
        const char *roff;
    } escapes [] = {{'\\', "\\e"}, {'-', "\\-"}, {'\'', "\\(aq"}, {'`', "\\(ga"}, {'^', "\\(ha"},
                    {'~', "\\(ti"}, {'"', "\\(dq"}};
    for (size_t at = 0; at < size; at++) {
        size_t i = 0;
        while (i < COUNT_OF (escapes) && escapes [i].plain != text [at])
            i++;
        if (i < COUNT_OF (escapes))
            fputs (escapes [i].roff, out);
        else
            putc (text [at], out);
    }
}

static void
put (FILE *out, const char *text)
{
    put_roff (out, text, strlen (text));
}

//  A paragraph: a new line for each sentence and when the line is full. A line that begins with a
//  dot would be a request.
static void
put_text (FILE *out, const char *text)
{
    size_t column = 0;
    for (const char *word = text; *word; word += strspn (word, " ")) {
        const size_t size = strcspn (word, " ");
        if (column == 0 && *word == '.')
            fputs ("\\&", out);
        put_roff (out, word, size);
        column += size + 1;
        const bool ends = strchr (".!?", word [size - 1]) != NULL;
        word += size;
        if (*word && (ends || column > LINE_COLUMNS)) {
            putc ('\n', out);
            column = 0;
        }
        else if (*word)
            putc (' ', out);
    }
    putc ('\n', out);
}

//  Help lines in the table begin in lower case and end without a dot.
static void
put_sentence (FILE *out, const char *help)
{
    char text [SENTENCE_MAX];
    snprintf (text, sizeof text, "%s%s", help, help [strlen (help) - 1] == '.' ? "" : ".");
    if (text [0] >= 'a' && text [0] <= 'z')
        text [0] = (char) (text [0] - 'a' + 'A');
    put_text (out, text);
}

//  ---- parts -------------------------------------------------------------------------------------

static void
put_header (FILE *out, const verb_t *verb)
{
    char name [MAN_NAME_MAX];
    man_name (verb, name);
    fputs (".TH ", out);
    for (const char *at = name; *at; at++)
        putc (*at >= 'a' && *at <= 'z' ? *at - 'a' + 'A' : *at, out);
    fputs (" 1 " GGEN_RELEASED " \"ggen " GGEN_VERSION "\" \"ggen manual\"\n.SH NAME\n", out);
    put (out, name);
    fputs (" \\- ", out);
    //  By convention neither a capital nor a dot.
    const char *help = verb ? verb->help : "a package marketplace that needs no server";
    put (out, help);
    fputs ("\n.SH SYNOPSIS\n", out);
}

static void
put_option (FILE *out, const option_t *option)
{
    fputs (".TP\n", out);
    if (option->letter)
        fprintf (out, "\\fB\\-%c\\fR, ", option->letter);
    fputs ("\\fB\\-\\-", out);
    put (out, option->name);
    fputs ("\\fR", out);
    if (option->value_name) {
        fputs (" \\fI", out);
        put (out, option->value_name);
        fputs (option->collects ? "\\fR..." : "\\fR", out);
    }
    putc ('\n', out);
    put_sentence (out, option->help);
    if (option->initial) {
        fputs ("Default: ", out);
        put (out, option->initial);
        fputs (".\n", out);
    }
    if (option->alias) {
        fputs ("Also \\fB\\-\\-", out);
        put (out, option->alias);
        fputs ("\\fR.\n", out);
    }
}

//  Without the global options that the verb has one of the same name as.
static void
put_options (FILE *out, const char *title, const verb_t *verb, const option_t *list)
{
    if (!list)
        return;
    fprintf (out, ".SH %s\n", title);
    for (; list->name; list++)
        if (command_option (verb, list->name, strlen (list->name)) == list)
            put_option (out, list);
}

static void
put_examples (FILE *out, const verb_t *verb)
{
    if (!verb->examples [0])
        return;
    fputs (".SH EXAMPLES\n.EX\n", out);
    for (size_t at = 0; at < COMMAND_EXAMPLES_MAX && verb->examples [at]; at++) {
        put (out, verb->examples [at]);
        putc ('\n', out);
    }
    fputs (".EE\n", out);
}

static void
put_exit_status (FILE *out)
{
    fputs (".SH EXIT STATUS\n.TP\n0\nDone.\n.TP\n1\nFailed; what was asked for did not happen.\n"
           ".TP\n2\nWrong usage.\n.TP\n3\nSomething is outdated.\n.TP\n130\n"
           "Interrupted by Ctrl\\-C.\n", out);
}

static void
put_see_also (FILE *out, const verb_t *of)
{
    char name [MAN_NAME_MAX];
    fputs (".SH SEE ALSO\n", out);
    if (of) {
        fputs (".BR ggen (1)\n", out);
        return;
    }
    for (size_t at = 0; at < VERBS_COUNT; at++) {
        fputs (".BR ", out);
        put (out, man_name (&command_verbs [at], name));
        fprintf (out, " (1)%s\n", at + 1 < VERBS_COUNT ? "," : "");
    }
}

//  ---- pages -------------------------------------------------------------------------------------

static void
put_synopsis (FILE *out, const char *path, const char *arguments)
{
    fputs (".B ggen ", out);
    put (out, path);
    fputs ("\n[\\fIOPTIONS\\fR]", out);
    if (arguments) {
        putc (' ', out);
        put (out, arguments);
    }
    putc ('\n', out);
}

static void
print_verb (FILE *out, const verb_t *verb)
{
    put_header (out, verb);
    put_synopsis (out, verb->path, verb->arguments);
    for (size_t at = 0; at < COMMAND_ALIASES_MAX && verb->aliases [at]; at++) {
        fputs (".br\n", out);
        put_synopsis (out, verb->aliases [at], verb->arguments);
    }
    fputs (".SH DESCRIPTION\n", out);
    put_sentence (out, verb->help);
    if (verb->more) {
        fputs (".PP\n", out);
        put_text (out, verb->more);
    }
    put_options (out, "OPTIONS", verb, verb->options);
    put_options (out, "OPTIONS EVERYWHERE", verb, command_globals);
    put_examples (out, verb);
    put_exit_status (out);
    put_see_also (out, verb);
}

static void
print_ggen (FILE *out)
{
    put_header (out, NULL);
    fputs (".B ggen\n.I VERB\n[\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]\n.SH DESCRIPTION\n", out);
    put_sentence (out, command_groups [0].help);
    fputs ("Every verb has a manual page of its own.\n.SH VERBS\n", out);
    for (size_t at = 0; at < VERBS_COUNT; at++) {
        const verb_t *verb = &command_verbs [at];
        fputs (".TP\n\\fBggen ", out);
        put (out, verb->path);
        fputs ("\\fR", out);
        if (verb->arguments) {
            putc (' ', out);
            put (out, verb->arguments);
        }
        putc ('\n', out);
        put_sentence (out, verb->help);
    }
    put_options (out, "OPTIONS EVERYWHERE", NULL, command_globals);
    fputs (".SH ENVIRONMENT\n"
           ".TP\nGGEN_HOME\nWhere ggen keeps everything, instead of \\(ti/.ggen.\n"
           ".TP\nNO_COLOR\nWhen not empty: no colours.\n"
           ".PP\nSettings have variables of their own: see\n.BR ggen\\-config\\-show (1).\n"
           ".SH FILES\n"
           ".TP\n\\(ti/.ggen/packages\nThe installed packages, and their ggen.lock.\n"
           ".TP\n\\(ti/.ggen/config.toml\nThe settings.\n"
           ".TP\n\\(ti/.ggen/keys\nYour publisher keys. They are secret.\n", out);
    put_exit_status (out);
    put_see_also (out, NULL);
}

void
man_print (FILE *out, const verb_t *verb)
{
    if (verb)
        print_verb (out, verb);
    else
        print_ggen (out);
}
