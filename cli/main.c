// SPDX-License-Identifier: MIT
//  Parse, dispatch, exit. Everything that can be typed is in command_table.c. The only file of cli/
//  that knows how a node is made.
#include "completion.h"
#include "help.h"
#include "http.h"
#include "man.h"
#include "node_settings.h"
#include "registries.h"
#include "render.h"
#include "session.h"
#include "shape.h"
#include "stage.h"
#include "verbs.h"
#include "verbs_node.h"
#include "version.h"
#include "actors/node.h"
#include "config/config.h"

#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#define HELP_WIDTH_MAX 100      //  columns; longer lines are hard to read

typedef int run_t (const args_t *args, const screen_t *screen);

//  ---- a node in this process --------------------------------------------------------------------

static volatile int interrupted;

static void
on_signal (int number)
{
    (void) number;
    interrupted = 1;
    session_interrupt ();
}

//  What a node of this process is made with. It reads the settings as long as it runs.
typedef struct {
    const args_t *args;
    const screen_t *screen;
    config_t *config;
    node_options_t options;
    bool left;                      //  a node that has not been stopped
} maker_t;

//  What is logged: by --verbose or --quiet, else by the settings. Somebody who runs a verb wants its
//  result, so there the level is "warn" unless they named one.
static void
set_log_level (const args_t *args, const config_t *config, bool is_node)
{
    const bool named = strcmp (config_origin (config, "log.level"), "default") != 0;
    const char *level = named || is_node ? config_string (config, "log.level") : "warn";
    if (args_global (args, "quiet"))
        level = "error";
    else if (args_global (args, "verbose") && strcmp (level, "trace") != 0
             && strcmp (level, "debug") != 0)
        level = "info";
    node_log_level (level);
}

//  Before the settings of a home are read, which a verb that attaches leaves to the running node.
static void
set_first_log_level (const args_t *args)
{
    AUTO (config_destroy) config_t *config = config_new ("/");
    if (!config)
        return;
    //  A wrong variable is told by whoever reads all settings.
    (void) !config_read_env (config);
    set_log_level (args, config, false);
}

static void
write_errors (const config_t *config, char *why, size_t why_size)
{
    const json_t *errors = config_errors (config);
    size_t used = 0;
    *why = 0;
    for (size_t at = 0; at < json_array_size (errors) && used < why_size; at++)
        used += (size_t) snprintf (why + used, why_size - used, "%s%s", at > 0 ? "\n" : "",
                                   json_string_value (json_array_get (errors, at)));
}

//  Read the settings of a home, once.
static code_t
read_settings (maker_t *self, const char *home_dir, char *why, size_t why_size)
{
    if (!self->config)
        self->config = config_new (home_dir);
    if (!self->config) {
        snprintf (why, why_size, "out of memory");
        return INTERNAL;
    }
    const bool loaded = node_settings_load (self->args, self->config) == OK;
    if (config_check (self->config) != OK || !loaded) {
        write_errors (self->config, why, why_size);
        return CONFIG;
    }
    const bool is_node = self->args->verb->id == VERB_NODE_RUN;
    set_log_level (self->args, self->config, is_node);
    if (is_node) {
        config_warn_idle (self->config);
        self->options.logs = args_flag (self->args, "daemon");
    }
    const json_t *warnings = config_warnings (self->config);
    for (size_t at = 0; at < json_array_size (warnings); at++)
        render_warning (self->screen, json_string_value (json_array_get (warnings, at)));
    self->options.config = self->config;
    self->options.writable = args_needs (self->args) == NEEDS_WRITE;
    const reach_t reach = registries_reach (self->args);
    self->options.reach = reach == REACH_P2P ? NODE_ASKS_ANYWAY
                          : reach == REACH_ANY ? NODE_ASKS
                                               : NODE_LOCAL;
    //  A verb that would write, told to look only.
    self->options.dry = self->args->verb->needs == NEEDS_WRITE && !self->options.writable;
    return OK;
}

static code_t
start_node (void *context, const home_t *home, bool daemon, void **node_p, const char **endpoint_p,
            char *why, size_t why_size)
{
    maker_t *self = context;
    const code_t code = read_settings (self, home->dir, why, why_size);
    return code != OK ? code : node_start (&self->options, home, daemon, node_p, endpoint_p, why,
                                           why_size);
}

static void
stop_node (void *context, void **node_p)
{
    maker_t *self = context;
    node_stop (&self->options, node_p);
}

static bool
may_leave_node (void *context, const void *node)
{
    maker_t *self = context;
    self->left = self->left || node_may_be_left (node);
    return node_may_be_left (node);
}

//  The node that runs in this process; its callback has no context.
static struct {
    maker_t *maker;
    void (*ready) (const home_t *home);
    http_t *http;
    code_t code;                    //  of the HTTP endpoint
    char *why;
    size_t why_size;
} running;

//  It serves: so may its HTTP endpoint. Without the one that was asked for it ends.
static void
on_serving (const home_t *home)
{
    const config_t *config = running.maker->config;
    const char *endpoint = config_string (config, "http.listen");
    char *registry = config_path (config, "registry.registry_path");
    if (*endpoint && registry)
        running.code = http_start (&running.http, endpoint, home->dir, registry, running.why,
                                   running.why_size);
    free (registry);
    if (running.http)
        node_log_http (http_url (running.http));
    if (running.code == OK)
        running.ready (home);
    else
        interrupted = 1;
}

static void
on_ending (void)
{
    http_stop (&running.http);
}

static code_t
run_node (void *context, const char *dir, void (*ready) (const home_t *home), char *why,
          size_t why_size)
{
    maker_t *self = context;
    code_t code = read_settings (self, dir, why, why_size);
    if (code != OK)
        return code;
    running.maker = self;
    self->options.ending = on_ending;
    running.ready = ready;
    running.why = why;
    running.why_size = why_size;
    code = node_run (&self->options, dir, &interrupted, on_serving, why, why_size);
    return code != OK ? code : running.code;
}

static code_t
open_stage (void *context, const char *dir, const char *actor, bool brief, void **stage_p, char *why,
            size_t why_size)
{
    maker_t *self = context;
    const code_t code = read_settings (self, dir, why, why_size);
    return code != OK ? code
                      : node_stage_open (&self->options, dir, actor, brief, stage_p, why, why_size);
}

//  --timeout of a node: it ends as by Ctrl-C.
static void
end_after (double timeout_s)
{
    const time_t whole = (time_t) timeout_s;
    const struct itimerval timer = {
        .it_value = {whole, (suseconds_t) ((timeout_s - (double) whole) * 1e6)}};
    struct sigaction action = {.sa_handler = on_signal};
    sigaction (SIGALRM, &action, NULL);
    setitimer (ITIMER_REAL, &timer, NULL);
}

static int
node_run_run (const args_t *args, const screen_t *screen)
{
    maker_t maker = {.args = args, .screen = screen};
    end_after (args_real (args, "timeout", 0));
    const int status = node_verb (args, screen, run_node, &maker);
    if (maker.config)
        config_destroy (&maker.config);
    return status;
}

//  ---- dispatch ----------------------------------------------------------------------------------

//  Help is read in pagers too, where the screen says nothing of its width.
static size_t
help_width (size_t screen_width)
{
    return screen_width > 0 && screen_width < HELP_WIDTH_MAX ? screen_width : HELP_WIDTH_MAX;
}

//  Text for people as a program gets it: a document of one member. 'text' is freed.
static void
print_document (const screen_t *screen, const char *member, char *text)
{
    json_t *document = json_object ();
    shape_set (&document, member, shape_text (text));
    render_json (screen, document);
    free (text);
}

typedef struct {
    const group_t *group;
    const verb_t *verb;             //  NULL: on the group
    bool man, list;
} help_t;

static void
list_verbs (FILE *out, const help_t *on)
{
    const size_t size = strlen (on->group->path);
    for (size_t at = 0; at < VERBS_COUNT; at++)
        if (on->verb ? on->verb == &command_verbs [at]
                     : strncmp (command_verbs [at].path, on->group->path, size) == 0)
            fprintf (out, "%s\n", command_verbs [at].path);
}

static void
write_help (FILE *out, const help_t *on, size_t width)
{
    if (on->list)
        list_verbs (out, on);
    else if (on->man)
        man_print (out, on->verb);
    else if (on->verb)
        help_verb (out, on->verb, width);
    else
        help_group (out, on->group, width);
}

static int
print_help (const screen_t *screen, const help_t *on)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = screen->json ? open_memstream (&text, &size) : screen->out;
    if (!out) {
        render_error (screen, INTERNAL, "out of memory", NULL);
        return VERB_FAILED;
    }
    write_help (out, on, help_width (screen->width));
    if (screen->json) {
        fclose (out);
        print_document (screen, "help", text);
    }
    return VERB_DONE;
}

//  `ggen help WORD...`, where the words may lead nowhere.
static int
help_run (const args_t *args, const screen_t *screen)
{
    help_t on = {.man = args_flag (args, "man"), .list = args_flag (args, "list")};
    char message [ARGS_TEXT_MAX], hint [ARGS_TEXT_MAX];
    size_t at;
    if (help_find (args->positionals, args->positionals_count, &on.group, &on.verb, &at) != OK) {
        const char *path = on.group->path, *near = command_near (on.group, args->positionals [at]);
        const char *gap = *path ? " " : "";
        snprintf (message, sizeof message, "there is no `ggen %s%s%s`", path, gap,
                  args->positionals [at]);
        if (near)
            snprintf (hint, sizeof hint, "did you mean: ggen help %s", near);
        else
            snprintf (hint, sizeof hint, "see: ggen %s%s--help", path, gap);
        render_error (screen, VALIDATION, message, hint);
        return VERB_USAGE;
    }
    if (on.man && !on.verb && *on.group->path) {
        render_error (screen, VALIDATION, "manual pages are of ggen and of single verbs",
                      "see which there are: ggen help --list");
        return VERB_USAGE;
    }
    return print_help (screen, &on);
}

static int
completion_run (const args_t *args, const screen_t *screen)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = screen->json ? open_memstream (&text, &size) : screen->out;
    const code_t code = out ? completion_print (out, args_positional (args, 0)) : INTERNAL;
    if (screen->json && out)
        fclose (out);
    if (code == OK && screen->json)
        print_document (screen, "script", text);
    else
        free (text);
    if (code == OK)
        return VERB_DONE;
    render_error (screen, VALIDATION, "there is no completion for this shell",
                  "it is one of: " COMPLETION_SHELLS);
    return VERB_USAGE;
}

//  The function of each row.
static run_t *const runs [VERBS_COUNT] = {
    [VERB_SEARCH] = search_run,
    [VERB_INFO] = info_run,
    [VERB_INSTALL] = install_run,
    [VERB_LIST] = list_run,
    [VERB_REMOVE] = remove_run,
    [VERB_VERIFY] = verify_run,
    [VERB_ROLLBACK] = rollback_run,
    [VERB_INIT] = init_run,
    [VERB_PUBLISH] = publish_run,
    [VERB_KEY_GENERATE] = key_generate_run,
    [VERB_KEY_SHOW] = key_show_run,
    [VERB_KEY_LIST] = key_list_run,
    [VERB_KEY_EXPORT] = key_export_run,
    [VERB_KEY_IMPORT] = key_import_run,
    [VERB_TRUST_LIST] = trust_list_run,
    [VERB_TRUST_ADD] = trust_add_run,
    [VERB_TRUST_REMOVE] = trust_remove_run,
    [VERB_CONFIG_SHOW] = config_show_run,
    [VERB_CONFIG_VALIDATE] = config_validate_run,
    [VERB_CONFIG_PATH] = config_path_run,
    [VERB_NODE_RUN] = node_run_run,
    [VERB_TAP] = tap_run,
    [VERB_COMPLETION] = completion_run,
    [VERB_HELP] = help_run,
    [VERB_TREE] = tree_run,
    [VERB_WHY] = why_run,
    [VERB_OUTDATED] = outdated_run,
    [VERB_UPDATE] = update_run,
    [VERB_HISTORY] = history_run,
    [VERB_CLEAN] = clean_run,
    [VERB_POLICY] = policy_run,
    [VERB_YANK] = yank_run,
    [VERB_UNPUBLISH] = unpublish_run,
    [VERB_KEY_ROTATE] = key_rotate_run,
    [VERB_REGISTRY_LIST] = registry_list_run,
    [VERB_REGISTRY_ADD] = registry_add_run,
    [VERB_REGISTRY_REMOVE] = registry_remove_run,
    [VERB_REGISTRY_IMPORT] = registry_import_run,
    [VERB_REGISTRY_SYNC] = registry_sync_run,
    [VERB_P2P_STATUS] = p2p_status_run,
    [VERB_P2P_PEERS] = p2p_peers_run,
    [VERB_P2P_CONNECT] = p2p_connect_run,
    [VERB_P2P_DISCONNECT] = p2p_disconnect_run,
    [VERB_P2P_METRICS] = p2p_metrics_run,
    [VERB_P2P_PUBLISH] = p2p_publish_run,
    [VERB_P2P_SEARCH] = search_run,
    [VERB_P2P_PEER_INFO] = p2p_peer_info_run,
    [VERB_P2P_BOOTSTRAP] = p2p_bootstrap_run,
    [VERB_P2P_BAN] = p2p_ban_run,
    [VERB_P2P_UNBAN] = p2p_unban_run,
    [VERB_P2P_STOP] = p2p_stop_run,
    [VERB_CONFIG_EDIT] = config_edit_run,
    [VERB_CONFIG_RESET] = config_reset_run,
};

//  Whether that can only be done by a build with the network. A node and the tap can do without.
static bool
wants_network (const args_t *args)
{
    return strncmp (args->verb->path, "p2p ", strlen ("p2p ")) == 0
           || (args->verb->id == VERB_NODE_RUN && node_settings_of_network (args));
}

static int
run (const args_t *args, const screen_t *screen)
{
    if (args_global (args, "version")) {
        version_print (screen, node_has_landlock ());
        return VERB_DONE;
    }
    if (args_global (args, "help"))
        return print_help (screen, &(help_t) {.group = args->group, .verb = args->verb});
    if (!args->verb && screen->json)
        render_error (screen, VALIDATION, "a verb is missing", "see: ggen --help");
    else if (!args->verb)
        help_group (screen->err, args->group, help_width (screen->err_width));
    if (!args->verb)
        return VERB_USAGE;
    if (wants_network (args) && !version_has ("p2p")) {
        render_error (screen, FEATURE_NOT_ENABLED,
                      "this ggen was built without the peer-to-peer network",
                      "build one with it: make P2P=1");
        return VERB_FAILED;
    }
    set_first_log_level (args);
    maker_t maker = {.args = args, .screen = screen};
    const client_embed_t embed = {.start = start_node,
                                  .stop = stop_node,
                                  .may_be_left = may_leave_node,
                                  .context = &maker};
    const stage_t stage = {&maker, open_stage, node_stage_hear, node_stage_play, node_stage_close};
    session_provide (&embed);
    stage_provide (&stage);
    const int status = runs [args->verb->id] (args, screen);
    if (maker.config && !maker.left)
        config_destroy (&maker.config);
    return status;
}

static void
catch_signals (void)
{
    //  Without SA_RESTART: waiting ends at once.
    struct sigaction action = {.sa_handler = on_signal};
    sigaction (SIGINT, &action, NULL);
    sigaction (SIGTERM, &action, NULL);
    signal (SIGPIPE, SIG_IGN);
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

//  The end of the process. What was opened has been closed by now; CZMQ's exit handler would wait
//  200 ms for any thread of an actor that is just about to be gone. Sanitizers and coverage report in
//  exit handlers, so they keep theirs.
static int
leave (int status)
{
#ifndef GGEN_INSTRUMENTED
    fflush (NULL);
    quick_exit (status);
#endif
    return status;
}

int
main (int argc, char *argv [])
{
    args_t args;
    screen_t screen;
    //  Characters only: numbers are printed and read as in C.
    setlocale (LC_CTYPE, "");
    catch_signals ();
    const code_t code = command_parse (argc, argv, &args);
    screen_init (&screen, &args);
    if (code != OK) {
        screen.json = screen.json || mentions_json (argc, argv);
        render_error (&screen, code, args.problem, args.hint);
        return leave (screen_finish (&screen, VERB_USAGE));
    }
    if (args.verb && args.verb->id == VERB_NODE_RUN && !args_global (&args, "help"))
        node_settle (argv);
    return leave (screen_finish (&screen, run (&args, &screen)));
}
