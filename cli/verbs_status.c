// SPDX-License-Identifier: MIT
//  p2p status, metrics: how the node of this home is doing, for people and for programs.
#include "verbs.h"
#include "metrics.h"
#include "render.h"
#include "session.h"
#include "shape.h"

static const void *
ask_session (void *session, const char *to, const ProtobufCMessage *request,
             const ProtobufCMessageDescriptor *expect)
{
    return session_ask (session, to, request, expect);
}

//  VERB_DONE: '*status' is what the node said. Anything else: that was printed.
static int
ask (session_t *session, status_t *status)
{
    return status_ask (status, ask_session, session) ? VERB_DONE
           : session_status (session) == VERB_DONE ? VERB_FAILED
                                                   : session_status (session);
}

int
p2p_status_run (const args_t *args, const screen_t *screen)
{
    status_t status;
    const bool is_detailed = args_flag (args, "detailed");
    AUTO (session_close) session_t *session = session_open (args, screen);
    if (session_status (session) != VERB_DONE)
        return session_status (session);
    if (session_embedded (session) && screen->json) {
        json_t *document = json_object ();
        shape_set (&document, "running", json_false ());
        render_json (screen, document);
        return VERB_DONE;
    }
    if (session_embedded (session)) {
        screen_say (screen, "No node runs on this home. Start one: ggen p2p start\n");
        return VERB_DONE;
    }
    const int result = ask (session, &status);
    if (result == VERB_DONE && screen->json)
        render_json (screen, status_shape (&status, is_detailed));
    else if (result == VERB_DONE)
        status_print (&status, screen, is_detailed);
    return result;
}

int
p2p_metrics_run (const args_t *args, const screen_t *screen)
{
    status_t status;
    metric_t metrics [METRICS_MAX];
    AUTO (session_close) session_t *session = session_open (args, screen);
    if (session_status (session) != VERB_DONE)
        return session_status (session);
    if (session_embedded (session)) {
        render_error (screen, NODE_NOT_STARTED, "no node runs on this home",
                      "start one: ggen p2p start");
        return VERB_FAILED;
    }
    const int result = ask (session, &status);
    if (result != VERB_DONE)
        return result;
    const size_t count = metrics_of (&status, metrics);
    if (screen->json) {
        json_t *document = json_object ();
        shape_set (&document, "metrics", metrics_shape (metrics, count));
        render_json (screen, document);
    }
    else
        metrics_print (screen->out, metrics, count);
    return VERB_DONE;
}
