// SPDX-License-Identifier: MIT
#include "verbs_node.h"
#include "background.h"
#include "render.h"
#include "session.h"
#include "shape.h"
#include "text.h"
#include "verbs.h"
#include "node.pb-c.h"

#include <stdlib.h>
#include <unistd.h>

#define WHY_MAX 4608

//  Who is told once the node serves; NULL once that is done. The callback has no context.
static const screen_t *announce_on;
static background_t *told_to;

static void
announce (const screen_t *screen, const home_t *home, int pid, bool in_background)
{
    if (screen->json) {
        json_t *document = json_object ();
        shape_set (&document, "home", shape_text (home->dir));
        shape_set (&document, "bus", shape_text (home->bus_path));
        shape_set (&document, "pid", json_integer (pid));
        if (in_background)
            shape_set (&document, "log", shape_text (home->log_path));
        render_json (screen, document);
    }
    else {
        AUTO (text_free) char *dir = text_clean (home->dir);
        AUTO (text_free) char *bus = text_clean (home->bus_path);
        AUTO (text_free) char *log = text_clean (home->log_path);
        screen_say (screen, "node runs: home %s, bus %s, pid %d; %s%s\n", dir ? dir : "",
                    bus ? bus : "", pid, in_background ? "log " : "Ctrl-C ends it",
                    in_background && log ? log : "");
    }
    fflush (screen->out);
}

static void
on_ready (const home_t *home)
{
    if (told_to)
        background_tell (told_to, OK, "");
    else
        announce (announce_on, home, getpid (), false);
    announce_on = NULL;
}

static const char *
hint_of (code_t code)
{
    if (code == ALREADY_EXISTS)
        return "every ggen command on this home asks that node";
    if (code == NETWORK)
        return "listen elsewhere: set network.listen_addresses (tcp/0 is any free port)";
    if (code == PERMISSION_DENIED)
        return "use a home of your own: --home DIR";
    return code == CONFIG ? "see all of it: ggen config validate" : NULL;
}

static int
fail (const screen_t *screen, code_t code, const char *why)
{
    render_error (screen, code, why, hint_of (code));
    return code == CANCELLED ? VERB_INTERRUPTED : VERB_FAILED;
}

//  ---- in the background -----------------------------------------------------------------------------

//  It said that it serves; what counts is that it answers.
static int
greet (const args_t *args, const screen_t *screen, const char *dir, int pid)
{
    home_t home;
    AUTO (session_close) session_t *session = session_open (args, screen);
    Ggen__NodeStatusRequest request = GGEN__NODE_STATUS_REQUEST__INIT;
    const Ggen__NodeStatusReply *reply =
        session_ask (session, "bus", &request.base, &ggen__node_status_reply__descriptor);
    if (!reply)
        return session_status (session);
    if (!reply->running || (int) reply->pid != pid || home_init (&home, dir) != OK)
        return fail (screen, INTERNAL, "the node ended soon after it had started; see run/node.log");
    announce (screen, &home, pid, true);
    return VERB_DONE;
}

static int
start_in_background (const args_t *args, const screen_t *screen, const char *dir,
                     node_runner_t *run, void *context)
{
    char why [WHY_MAX] = "";
    background_t background;
    code_t code = background_fork (&background, why, sizeof why);
    if (code != OK)
        return fail (screen, code, why);
    if (!background.is_child) {
        code = background_wait (&background, why, sizeof why);
        return code == OK ? greet (args, screen, dir, background.pid) : fail (screen, code, why);
    }
    told_to = &background;
    code = run (context, dir, on_ready, why, sizeof why);
    background_tell (&background, code, why);
    return code == OK ? VERB_DONE : VERB_FAILED;
}

//  ---- the verb --------------------------------------------------------------------------------------

int
node_verb (const args_t *args, const screen_t *screen, node_runner_t *run, void *context)
{
    char why [WHY_MAX] = "";
    AUTO (text_free) char *dir = session_home (args, screen);
    if (!dir)
        return VERB_FAILED;
    announce_on = screen;
    if (args_flag (args, "daemon"))
        return start_in_background (args, screen, dir, run, context);
    const code_t code = run (context, dir, on_ready, why, sizeof why);
    if (code == OK)
        return VERB_DONE;
    screen_t plain = *screen;
    plain.json = screen->json && announce_on;       //  One document only
    return fail (&plain, code, why);
}
