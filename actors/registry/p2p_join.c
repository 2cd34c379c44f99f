// SPDX-License-Identifier: MIT
#include "p2p_join.h"

#include "p2p_self.h"
#include "swarm.pb-c.h"

//  Reads go out, or fail.
static void
end (registry_p2p_t *home, bool alone)
{
    bool waited = home->join.joining;
    home->join.joining = false;
    home->join.alone = alone;
    home->join.until_ms = DEADLINE_NEVER;
    if (waited)
        p2p_pump (home);
}

static void ask (registry_p2p_t *home, bool known);

//  Nobody of those is there. Who is on the local network says so without being asked.
static void
failed (registry_p2p_t *home, bool known, int64_t now_ms)
{
    int64_t lan_ms = now_ms + home->settings->lan_ms;
    if (!known)
        ask (home, true);
    else if (lan_ms < home->join.until_ms)
        home->join.until_ms = lan_ms;
}

static code_t
on_bootstrapped (void *home_, void *known, const answer_t *answer)
{
    registry_p2p_t *home = home_;
    if (answer->progress || !home->join.joining)
        return OK;
    if (answer->code == OK)
        join_peer (home, false, answer->now_ms);
    else
        failed (home, known != NULL, answer->now_ms);
    return OK;
}

static void
ask (registry_p2p_t *home, bool known)
{
    static char yes;
    Ggen__BootstrapRequest request = GGEN__BOOTSTRAP_REQUEST__INIT;
    request.wanted = 1;
    request.known = known;
    ask_t question = {.to = "swarm",
                      .message = &request.base,
                      .expect = &ggen__bootstrap_reply__descriptor,
                      .budget_ms = home->settings->join_ms,
                      .on_answer = on_bootstrapped,
                      .arg = known ? &yes : NULL,
                      .quiet = true};
    if (out_ask (home->out, &question) != OK)
        end (home, true);
}

void
join_begin (registry_p2p_t *home)
{
    home->join = (join_t) {.joining = home->settings->brief,
                           .alone = home->settings->alone_text != NULL,
                           .until_ms = DEADLINE_NEVER};
    if (!home->join.joining)
        return;
    home->join.until_ms = out_now_ms (home->out) + home->settings->join_ms;
    ask (home, false);
}

void
join_tick (registry_p2p_t *home, int64_t now_ms)
{
    if (home->join.until_ms <= now_ms)
        end (home, home->join.alone);
}

void
join_peer (registry_p2p_t *home, bool useful, int64_t now_ms)
{
    home->join.alone = false;
    if (useful)
        end (home, false);
    else if (home->join.until_ms > now_ms + JOIN_SETTLE_MS && home->join.joining)
        home->join.until_ms = now_ms + JOIN_SETTLE_MS;
}

void
join_changed (registry_p2p_t *home, bool alone)
{
    home->join.alone = alone && home->settings->alone_text;
}

const char *
join_alone_text (const registry_p2p_t *home)
{
    return home->join.alone && !home->join.joining ? home->settings->alone_text : NULL;
}
