// SPDX-License-Identifier: MIT
//  ggen-harness: plays a scenario with real nodes, each a process of its own, on this machine. Exit code
//  0: all that was expected has come; 1: something has not, and the folder with all logs is named; 2: the
//  command line or the scenario is wrong.
#include "run.h"

#include "runtime/host/host.h"
#include "runtime/host/log.h"

#include <ftw.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    run_options_t run;
    char file[PATH_MAX], program[PATH_MAX], liar[PATH_MAX], packages[PATH_MAX];
    char dir[FLEET_PATH_MAX];
    bool keep;
} options_t;

static const char usage[] =
    "usage: ggen-harness --scenario FILE [--nodes N] [--seed S] [--minutes M] [--packages DIR]\n"
    "                    [--program GGEN] [--dir DIR] [--keep] [--tap] [--json]\n"
    "  --scenario FILE   what happens: docs/HARNESS.md; also a name in tests/harness\n"
    "  --nodes N         how many, where the file says otherwise\n"
    "  --seed S          who is drawn, and when; default 1\n"
    "  --minutes M       how long, where the file has \"length\"\n"
    "  --packages DIR    publish the packs in there instead of ones that are made\n"
    "  --program GGEN    the program under test; default the ggen beside this one\n"
    "  --dir DIR         where homes and logs lie; default a new folder in $TMPDIR\n"
    "  --keep            leave them there also when all went well\n"
    "  --tap             record what is said in each node: DIR/node-N.tap\n"
    "  --json            one JSON document on stdout\n";

//  ---- the command line ----------------------------------------------------------------------------

static bool
wrong (const char *format, const char *what)
{
    fprintf (stderr, format, what);
    fputs (usage, stderr);
    return false;
}

//  What lies beside this program.
static void
beside (const char *name, char path[PATH_MAX])
{
    char own[PATH_MAX];
    ssize_t size = readlink ("/proc/self/exe", own, sizeof own - 1);
    own[size > 0 ? size : 0] = 0;
    char *slash = strrchr (own, '/');
    if (slash)
        *slash = 0;
    if ((size_t) snprintf (path, PATH_MAX, "%s/%s", own, name) >= PATH_MAX)
        path[0] = 0;
}

static bool
take_file (options_t *self, const char *text)
{
    if (access (text, R_OK) == 0 && strchr (text, '.'))
        return snprintf (self->file, sizeof self->file, "%s", text) > 0;
    static const char *const folders[] = {"scenarios", "long"};
    for (unsigned i = 0; i < COUNT_OF (folders); i++) {
        snprintf (self->file, sizeof self->file, "tests/harness/%s/%s.scn", folders[i], text);
        if (access (self->file, R_OK) == 0)
            return true;
    }
    return wrong ("ggen-harness: there is no scenario %s\n", text);
}

static bool
take_path (char path[PATH_MAX], const char *text)
{
    return realpath (text, path) || wrong ("ggen-harness: %s cannot be read\n", text);
}

static bool
take_dir (options_t *self, const char *text)
{
    char path[PATH_MAX];
    if (mkdir (text, 0700) != 0 && access (text, W_OK) != 0)
        return wrong ("ggen-harness: %s cannot be made\n", text);
    if (!take_path (path, text) || strlen (path) + sizeof "/n123" > sizeof self->dir)
        return wrong ("ggen-harness: %s: the path is too long\n", text);
    strcpy (self->dir, path);
    return true;
}

static bool
make_dir (options_t *self)
{
    static const char name[] = "/ggen-harness-XXXXXX";
    const char *tmp = getenv ("TMPDIR");
    if (!tmp || strlen (tmp) + sizeof name + sizeof "/n123" > sizeof self->dir)
        tmp = "/tmp";
    snprintf (self->dir, sizeof self->dir, "%.60s%s", tmp, name);
    return mkdtemp (self->dir) || wrong ("ggen-harness: %s cannot be made\n", self->dir);
}

static bool
take_option (options_t *self, int option)
{
    switch (option) {
        case 's':
            return take_file (self, optarg);
        case 'n':
            self->run.nodes = (unsigned) strtoul (optarg, NULL, 10);
            return true;
        case 'S':
            self->run.seed = strtoull (optarg, NULL, 10);
            return true;
        case 'm':
            self->run.minutes = strtod (optarg, NULL);
            return true;
        case 'p':
            self->run.packages = self->packages;
            return take_path (self->packages, optarg);
        case 'g':
            return take_path (self->program, optarg);
        case 'd':
            return take_dir (self, optarg);
        case 'k':
            self->keep = true;
            return true;
        case 't':
            self->run.taps = true;
            return true;
        case 'j':
            self->run.json = true;
            return true;
        default:
            return wrong ("%s", "");
    }
}

static bool
take_options (options_t *self, int argc, char **argv)
{
    static const struct option names[] = {
        {"scenario", required_argument, NULL, 's'}, {"nodes", required_argument, NULL, 'n'},
        {"seed", required_argument, NULL, 'S'},     {"minutes", required_argument, NULL, 'm'},
        {"packages", required_argument, NULL, 'p'}, {"program", required_argument, NULL, 'g'},
        {"dir", required_argument, NULL, 'd'},      {"keep", no_argument, NULL, 'k'},
        {"tap", no_argument, NULL, 't'},            {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0}};
    self->run.seed = 1;
    beside ("ggen", self->program);
    beside ("ggen-liar", self->liar);
    for (int option; (option = getopt_long (argc, argv, "", names, NULL)) != -1;)
        if (!take_option (self, option))
            return false;
    if (optind < argc)
        return wrong ("ggen-harness: what is %s?\n", argv[optind]);
    if (!self->file[0])
        return wrong ("%s", "ggen-harness: which scenario?\n");
    if (!self->dir[0] && !make_dir (self))
        return false;
    self->run.file = self->file;
    self->run.dir = self->dir;
    self->run.program = self->program;
    self->run.liar = self->liar;
    return true;
}

//  ---- the end -------------------------------------------------------------------------------------

static int
make_writable (const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void) info;
    (void) at;
    if (kind == FTW_D || kind == FTW_DNR)
        chmod (path, 0700);
    return 0;
}

static int
remove_one (const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void) info;
    (void) kind;
    (void) at;
    remove (path);
    return 0;
}

//  Installed trees are read-only.
static void
remove_dir (const char *dir)
{
    nftw (dir, make_writable, 16, FTW_PHYS);
    nftw (dir, remove_one, 16, FTW_PHYS | FTW_DEPTH);
}

static void
print_json_text (const char *text)
{
    putchar ('"');
    for (; *text; text++)
        if (*text == '"' || *text == '\\')
            printf ("\\%c", *text);
        else if ((uint8_t) *text < ' ')
            printf ("\\u%04x", *text);
        else
            putchar (*text);
    putchar ('"');
}

static void
print_json (const options_t *options, const run_t *run, bool kept)
{
    printf ("{\"scenario\": ");
    print_json_text (options->file);
    printf (", \"nodes\": %u, \"seed\": %" PRIu64 ", \"secs\": %.2f, \"failures_count\": %u, "
            "\"failures\": [", run->nodes, options->run.seed,
            run_secs_since (run->began_ms), run->failures_count);
    for (unsigned i = 0; i < run->failures_count && i < RUN_FAILURES_MAX; i++) {
        fputs (i > 0 ? ", " : "", stdout);
        print_json_text (run->failures[i]);
    }
    printf ("], \"directory\": ");
    print_json_text (kept ? options->dir : "");
    printf (", \"measures\": {");
    marks_print (run->marks, stdout, true);
    printf ("}}\n");
}

static void
print_text (const options_t *options, const run_t *run, bool kept)
{
    marks_print (run->marks, stdout, false);
    for (unsigned i = 0; i < run->failures_count && i < RUN_FAILURES_MAX; i++)
        printf ("FAILED: %s\n", run->failures[i]);
    if (kept)
        printf ("homes and logs: %s\n", options->dir);
    if (run->failures_count > 0)
        printf ("repeat with: build/ggen-harness --scenario %s --nodes %u --seed %" PRIu64 "%s%s --tap\n",
                options->file, run->nodes, options->run.seed,
                options->run.packages ? " --packages " : "",
                options->run.packages ? options->run.packages : "");
    else
        printf ("%s: all that was expected has come, %.1f s\n", options->file,
                run_secs_since (run->began_ms));
}

int
main (int argc, char **argv)
{
    options_t options = {.keep = false};
    char why[512];
    if (!take_options (&options, argc, argv))
        return 2;
    host_init ();
    log_set_level (LEVEL_ERROR);
    run_t *run = run_new (&options.run, why, sizeof why);
    if (!run) {
        fprintf (stderr, "ggen-harness: %s\n", why);
        remove_dir (options.dir);
        return 2;
    }
    bool good = run_play (run), kept = !good || options.keep;
    if (options.run.json)
        print_json (&options, run, kept);
    else
        print_text (&options, run, kept);
    run_destroy (&run);
    if (!kept)
        remove_dir (options.dir);
    return good ? 0 : 1;
}
