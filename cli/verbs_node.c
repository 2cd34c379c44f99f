// SPDX-License-Identifier: MIT
#include "verbs_node.h"
#include "render.h"
#include "session.h"
#include "shape.h"
#include "text.h"
#include "verbs.h"

#include <stdlib.h>
#include <unistd.h>

#define WHY_MAX 4608

//  Where the one line goes; NULL once it is printed. The callback has no context.
static const screen_t *announce_on;

static void
announce (const home_t *home)
{
    const screen_t *screen = announce_on;
    announce_on = NULL;
    if (screen->json) {
        json_t *document = json_object ();
        shape_set (&document, "home", shape_text (home->dir));
        shape_set (&document, "bus", shape_text (home->bus_path));
        shape_set (&document, "pid", json_integer (getpid ()));
        render_json (screen, document);
    }
    else {
        AUTO (text_free) char *dir = text_clean (home->dir);
        AUTO (text_free) char *bus = text_clean (home->bus_path);
        screen_say (screen, "node runs: home %s, bus %s, pid %d; Ctrl-C ends it\n",
                    dir ? dir : "", bus ? bus : "", (int) getpid ());
    }
    fflush (screen->out);
}

static const char *
hint_of (code_t code)
{
    if (code == ALREADY_EXISTS)
        return "every ggen command on this home asks that node";
    if (code == NETWORK)
        return "listen elsewhere: set network.listen_addresses (tcp/0 is any free port)";
    return code == CONFIG ? "see all of it: ggen config validate" : NULL;
}

int
node_verb (const args_t *args, const screen_t *screen, node_runner_t *run, void *context)
{
    char why [WHY_MAX] = "";
    AUTO (text_free) char *dir = session_home (args, screen);
    if (!dir)
        return VERB_FAILED;
    announce_on = screen;
    const code_t code = run (context, dir, announce, why, sizeof why);
    if (code == OK)
        return VERB_DONE;
    screen_t plain = *screen;
    plain.json = screen->json && announce_on;       //  One document only
    render_error (&plain, code, why, hint_of (code));
    return VERB_FAILED;
}
