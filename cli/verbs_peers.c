// SPDX-License-Identifier: MIT
//  p2p peers and peer-info: who this node is connected with, and what it has seen of them. p2p ban and
//  unban.
#include "verbs.h"
#include "peers.h"
#include "render.h"
#include "shape.h"
#include "table.h"
#include "text.h"
#include "wording.h"
#include "yaml.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

//  What one question to "reputation" may name; of more peers the rest is as of strangers.
#define ASKED_MAX 1000

//  ---- peers: which, and in what order ---------------------------------------------------------------

typedef struct {
    const Ggen__PeerStatus *status;
    const Ggen__PeerReputation *seen;
} row_t;

typedef struct {
    row_t *list;
    size_t count;
} rows_t;

static void
rows_release (rows_t *self)
{
    free (self->list);
}

static double
score_of (const row_t *row)
{
    return row->seen && row->seen->score ? row->seen->score->score : 0;
}

static int
by_reputation (const void *a_, const void *b_)
{
    const double a = score_of (a_), b = score_of (b_);
    return (a < b) - (a > b);
}

//  Not known comes last.
static int
by_latency (const void *a_, const void *b_)
{
    const uint32_t a = ((const row_t *) a_)->status->rtt_ms - 1;
    const uint32_t b = ((const row_t *) b_)->status->rtt_ms - 1;
    return (a > b) - (a < b);
}

static int
by_packages (const void *a_, const void *b_)
{
    const row_t *a = a_, *b = b_;
    const uint32_t many = a->seen ? a->seen->packages : 0, few = b->seen ? b->seen->packages : 0;
    return (many < few) - (many > few);
}

static void
sort (rows_t *rows, const char *by)
{
    if (!by || rows->count == 0)
        return;
    qsort (rows->list, rows->count, sizeof *rows->list,
           strcmp (by, "latency") == 0    ? by_latency
           : strcmp (by, "packages") == 0 ? by_packages
                                          : by_reputation);
}

static const Ggen__ReputationReply *
ask_reputation (session_t *session, const Ggen__PeersReply *peers)
{
    ProtobufCBinaryData keys [ASKED_MAX];
    Ggen__ReputationRequest request = GGEN__REPUTATION_REQUEST__INIT;
    request.peer_keys = keys;
    for (; request.n_peer_keys < peers->n_peers && request.n_peer_keys < ASKED_MAX;
         request.n_peer_keys++)
        keys [request.n_peer_keys] = peers->peers [request.n_peer_keys]->peer_key;
    //  Nobody named would mean all.
    if (request.n_peer_keys == 0) {
        static const Ggen__ReputationReply nobody = GGEN__REPUTATION_REPLY__INIT;
        return &nobody;
    }
    return session_ask (session, "reputation", &request.base, &ggen__reputation_reply__descriptor);
}

static bool
choose (rows_t *rows, const Ggen__PeersReply *peers, const Ggen__ReputationReply *seen,
        double least)
{
    rows->list = calloc (peers->n_peers + 1, sizeof *rows->list);
    for (size_t at = 0; rows->list && at < peers->n_peers; at++) {
        const row_t row = {peers->peers [at], peers_seen (seen, peers->peers [at]->peer_key)};
        if (score_of (&row) >= least)
            rows->list [rows->count++] = row;
    }
    return rows->list != NULL;
}

//  ---- peers: printing -------------------------------------------------------------------------------

static code_t
brief_row (table_t *table, const row_t *row)
{
    const Ggen__PeerStatus *peer = row->status;
    char id [PEER_ID_TEXT + 1], address [MULTIADDR_TEXT_MAX + 1], rtt [24] = "-", score [16];
    char sent [TEXT_SIZE_MAX], received [TEXT_SIZE_MAX];
    if (peer->rtt_ms)
        snprintf (rtt, sizeof rtt, "%" PRIu32 " ms", peer->rtt_ms);
    snprintf (score, sizeof score, "%.2f", score_of (row));
    return table_row (table, (const char *const []) {
        wording_peer (peer->peer_key, id), peers_address (peer->address, address),
        peers_tier (peer->tier), rtt, score, text_size (peer->sent_bytes, sent),
        text_size (peer->received_bytes, received)});
}

static code_t
full_row (table_t *table, const row_t *row)
{
    const Ggen__PeerStatus *peer = row->status;
    const Ggen__PeerReputation *seen = row->seen;
    char id [PEER_ID_TEXT + 1], address [MULTIADDR_TEXT_MAX + 1], rtt [24] = "-", score [16];
    char sent [TEXT_SIZE_MAX], received [TEXT_SIZE_MAX], since [TEXT_TIME_MAX], packages [24];
    char success [24] = "-";
    if (peer->rtt_ms)
        snprintf (rtt, sizeof rtt, "%" PRIu32 " ms", peer->rtt_ms);
    if (seen && seen->score && seen->successes + seen->failures > 0)
        snprintf (success, sizeof success, "%.0f %%", 100 * seen->score->success_rate);
    snprintf (score, sizeof score, "%.2f", score_of (row));
    snprintf (packages, sizeof packages, "%" PRIu32, seen ? seen->packages : 0);
    return table_row (table, (const char *const []) {
        wording_peer (peer->peer_key, id), peers_address (peer->address, address),
        peers_tier (peer->tier), peer->inbound ? "in" : "out",
        text_duration ((uint64_t) (peer->since_ms > 0 ? peer->since_ms : 0) / 1000, since), rtt, score,
        success, packages, text_size (peer->sent_bytes, sent),
        text_size (peer->received_bytes, received)});
}

static void
print_rows (const screen_t *screen, const rows_t *rows)
{
    static const column_t brief [] = {
        {"PEER", 0},                 {"ADDRESS", TABLE_CUT}, {"TIER", 0},
        {"RTT", TABLE_RIGHT},        {"SCORE", TABLE_RIGHT}, {"SENT", TABLE_RIGHT},
        {"RECEIVED", TABLE_RIGHT}};
    static const column_t full [] = {
        {"PEER", 0},              {"ADDRESS", TABLE_CUT},    {"TIER", 0},
        {"DIALLED", 0},           {"SINCE", TABLE_RIGHT},    {"RTT", TABLE_RIGHT},
        {"SCORE", TABLE_RIGHT},   {"SUCCESS", TABLE_RIGHT},  {"PACKAGES", TABLE_RIGHT},
        {"SENT", TABLE_RIGHT},    {"RECEIVED", TABLE_RIGHT}};
    AUTO (table_destroy) table_t *table =
        screen->verbose ? table_new (screen, full, COUNT_OF (full))
                        : table_new (screen, brief, COUNT_OF (brief));
    code_t code = table ? OK : INTERNAL;
    for (size_t at = 0; code == OK && at < rows->count; at++)
        code = screen->verbose ? full_row (table, &rows->list [at])
                               : brief_row (table, &rows->list [at]);
    char count [WORDING_COUNT_MAX];
    if (code != OK)
        render_error (screen, code, "out of memory", NULL);
    else if (rows->count > 0) {
        table_print (table);
        screen_say (screen, "\n%s\n", wording_count (rows->count, "peer", count));
    }
    else
        screen_say (screen, "No peers. Connect to one: ggen p2p connect ADDRESS\n");
}

static json_t *
rows_shape (const rows_t *rows)
{
    json_t *document = json_object (), *peers = json_array ();
    for (size_t at = 0; at < rows->count; at++)
        shape_append (&peers, peers_shape (rows->list [at].status, rows->list [at].seen));
    shape_set (&document, "peers", peers);
    shape_set (&document, "total", json_integer ((json_int_t) rows->count));
    return document;
}

static void
print_peers (const screen_t *screen, const rows_t *rows, const char *format)
{
    if (screen->json || strcmp (format, "json") == 0)
        render_json (screen, rows_shape (rows));
    else if (strcmp (format, "yaml") == 0) {
        json_t *document = rows_shape (rows);
        yaml_write (screen->out, document);
        json_decref (document);
    }
    else
        print_rows (screen, rows);
}

int
p2p_peers_run (const args_t *args, const screen_t *screen)
{
    AUTO (session_close) session_t *session = session_open (args, screen);
    AUTO (rows_release) rows_t rows = {.count = 0};
    Ggen__PeersRequest request = GGEN__PEERS_REQUEST__INIT;
    const Ggen__PeersReply *peers =
        peers_node_runs (session, screen)
            ? session_ask (session, "swarm", &request.base, &ggen__peers_reply__descriptor)
            : NULL;
    const Ggen__ReputationReply *seen = peers ? ask_reputation (session, peers) : NULL;
    if (!seen)
        return peers_status (session);
    if (!choose (&rows, peers, seen, args_real (args, "min-reputation", 0))) {
        render_error (screen, INTERNAL, "out of memory", NULL);
        return VERB_FAILED;
    }
    sort (&rows, args_value (args, "sort"));
    print_peers (screen, &rows, args_value (args, "format"));
    return VERB_DONE;
}

//  ---- peer-info -------------------------------------------------------------------------------------

typedef struct {
    peer_key_t key;
    const Ggen__PeerStatus *status;         //  NULL: no session
    const Ggen__PeerReputation *seen;
} info_t;

static bool
was_met (const info_t *info)
{
    const Ggen__PeerReputation *seen = info->seen;
    return info->status || seen->last_seen || seen->successes || seen->failures || seen->banned_until;
}

static json_t *
history_shape (const Ggen__PeerReputation *seen)
{
    json_t *history = json_array ();
    for (size_t at = 0; at < seen->n_history; at++) {
        json_t *point = json_object ();
        shape_set (&point, "at", shape_time (seen->history [at]->at));
        shape_set (&point, "score", json_real (seen->history [at]->score));
        shape_append (&history, point);
    }
    return history;
}

static json_t *
location_shape (const Ggen__PeerReputation *seen)
{
    if (!seen->located)
        return json_null ();
    json_t *location = json_object ();
    shape_set (&location, "latitude", json_real (seen->latitude));
    shape_set (&location, "longitude", json_real (seen->longitude));
    shape_set (&location, "distance_km",
               seen->distance_km > 0 ? json_real (seen->distance_km) : json_null ());
    return location;
}

static json_t *
ban_shape (const Ggen__PeerReputation *seen)
{
    if (!seen->banned_until)
        return json_null ();
    json_t *ban = json_object ();
    shape_set (&ban, "until", shape_time (seen->banned_until));
    shape_set (&ban, "reason", shape_text (seen->ban_reason));
    return ban;
}

static json_t *
info_shape (const info_t *info, bool full)
{
    char id [PEER_ID_TEXT + 1];
    const Ggen__PeerReputation *seen = info->seen;
    json_t *document = json_object ();
    peer_id_text (&info->key, id);
    shape_set (&document, "peer_id", shape_text (id));
    shape_set (&document, "session", info->status ? peers_shape (info->status, seen) : json_null ());
    shape_set (&document, "reputation", json_real (seen->score->score));
    shape_set (&document, "success_rate", json_real (seen->score->success_rate));
    shape_set (&document, "successes", json_integer ((json_int_t) seen->successes));
    shape_set (&document, "failures", json_integer ((json_int_t) seen->failures));
    shape_set (&document, "average_ms",
               seen->average_ms > 0 ? json_real (seen->average_ms) : json_null ());
    shape_set (&document, "packages", json_integer (seen->packages));
    shape_set (&document, "trusted", json_boolean (seen->score->trusted));
    shape_set (&document, "last_seen", shape_time (seen->last_seen));
    shape_set (&document, "location", location_shape (seen));
    shape_set (&document, "ban", ban_shape (seen));
    shape_set (&document, "bans_count", json_integer (seen->bans_count));
    if (full)
        shape_set (&document, "history", history_shape (seen));
    if (full)
        shape_set (&document, "protocols",
                   info->status ? shape_texts (info->status->protocols, info->status->n_protocols)
                                : json_array ());
    return document;
}

static void
print_session (const screen_t *screen, const Ggen__PeerStatus *status)
{
    char line [MULTIADDR_TEXT_MAX + 80], address [MULTIADDR_TEXT_MAX + 1], since [TEXT_TIME_MAX];
    if (!status) {
        render_field (screen, "connected", "no");
        return;
    }
    snprintf (line, sizeof line, "for %s, %s",
              text_duration ((uint64_t) (status->since_ms > 0 ? status->since_ms : 0) / 1000, since),
              status->inbound ? "it dialled us" : "we dialled it");
    render_field (screen, "connected", line);
    render_field (screen, "address", peers_address (status->address, address));
    render_field (screen, "tier", peers_tier (status->tier));
    if (status->rtt_ms) {
        snprintf (line, sizeof line, "%" PRIu32 " ms", status->rtt_ms);
        render_field (screen, "round trip", line);
    }
}

static void
print_seen (const screen_t *screen, const Ggen__PeerReputation *seen)
{
    char line [600], ago [TEXT_TIME_MAX];
    const uint64_t all = seen->successes + seen->failures;
    snprintf (line, sizeof line, "%.2f%s", seen->score->score,
              seen->score->trusted ? ", trusted" : seen->score->low ? ", tried last" : "");
    render_field (screen, "reputation", line);
    if (all > 0)
        snprintf (line, sizeof line, "%.0f %%, %" PRIu64 " of %" PRIu64,
                  100 * seen->score->success_rate, seen->successes, all);
    render_field (screen, "success", all > 0 ? line : "not asked for bytes yet");
    if (seen->average_ms > 0) {
        snprintf (line, sizeof line, "%.0f ms on average", seen->average_ms);
        render_field (screen, "response", line);
    }
    snprintf (line, sizeof line, "%" PRIu32 " verified from it", seen->packages);
    render_field (screen, "packages", line);
    render_field (screen, "last seen",
                  seen->last_seen ? text_ago (seen->last_seen, (int64_t) time (NULL), ago)
                                  : "never");
}

static void
print_place (const screen_t *screen, const Ggen__PeerReputation *seen)
{
    char line [600], until [TEXT_TIME_MAX];
    if (seen->located) {
        snprintf (line, sizeof line, "%.4f, %.4f, as it says", seen->latitude, seen->longitude);
        render_field (screen, "location", line);
    }
    if (seen->distance_km > 0) {
        snprintf (line, sizeof line, "%.0f km", seen->distance_km);
        render_field (screen, "distance", line);
    }
    AUTO (text_free) char *reason = text_clean (seen->ban_reason);
    snprintf (line, sizeof line, "until %s: %.400s", text_time (seen->banned_until, until),
              reason ? reason : "");
    render_field (screen, "banned", seen->banned_until ? line : "no");
    if (seen->bans_count > 0) {
        snprintf (line, sizeof line, "%" PRIu32, seen->bans_count);
        render_field (screen, "bans so far", line);
    }
}

static void
print_full (const screen_t *screen, const info_t *info)
{
    char line [80], when [TEXT_TIME_MAX], sent [TEXT_SIZE_MAX], received [TEXT_SIZE_MAX];
    if (info->status) {
        AUTO (text_free) char *protocols =
            wording_join (info->status->protocols, info->status->n_protocols);
        render_field (screen, "protocols", protocols);
        snprintf (line, sizeof line, "%s, received %s", text_size (info->status->sent_bytes, sent),
                  text_size (info->status->received_bytes, received));
        render_field (screen, "sent", line);
    }
    for (size_t at = 0; at < info->seen->n_history; at++) {
        const Ggen__ReputationPoint *point = info->seen->history [at];
        snprintf (line, sizeof line, "%s  %.2f", text_time (point->at, when), point->score);
        render_field (screen, at == 0 ? "history" : "", line);
    }
}

static int
print_info (const screen_t *screen, const info_t *info, bool full)
{
    char id [PEER_ID_TEXT + 1];
    if (screen->json) {
        render_json (screen, info_shape (info, full));
        return VERB_DONE;
    }
    peer_id_text (&info->key, id);
    render_field (screen, "peer id", id);
    print_session (screen, info->status);
    print_seen (screen, info->seen);
    print_place (screen, info->seen);
    if (full)
        print_full (screen, info);
    return VERB_DONE;
}

static bool
ask_info (session_t *session, info_t *info)
{
    ProtobufCBinaryData key = peer_key_to_field (&info->key);
    Ggen__PeersRequest peers = GGEN__PEERS_REQUEST__INIT;
    Ggen__ReputationRequest reputation = GGEN__REPUTATION_REQUEST__INIT;
    reputation.peer_keys = &key;
    reputation.n_peer_keys = 1;
    const Ggen__PeersReply *connected =
        session_ask (session, "swarm", &peers.base, &ggen__peers_reply__descriptor);
    const Ggen__ReputationReply *seen =
        connected ? session_ask (session, "reputation", &reputation.base,
                                 &ggen__reputation_reply__descriptor)
                  : NULL;
    for (size_t at = 0; seen && at < connected->n_peers; at++)
        if (connected->peers [at]->peer_key.len == key.len
            && memcmp (connected->peers [at]->peer_key.data, key.data, key.len) == 0)
            info->status = connected->peers [at];
    info->seen = seen ? peers_seen (seen, key) : NULL;
    return info->seen != NULL;
}

int
p2p_peer_info_run (const args_t *args, const screen_t *screen)
{
    info_t info = {.status = NULL};
    bool is_key;
    if (!peers_take (screen, args_positional (args, 0), &info.key, &is_key, NULL))
        return VERB_FAILED;
    AUTO (session_close) session_t *session = session_open (args, screen);
    if (!peers_node_runs (session, screen) || !ask_info (session, &info))
        return peers_status (session);
    if (was_met (&info))
        return print_info (screen, &info, args_flag (args, "full"));
    render_error (screen, VALIDATION, "this node has never met that peer",
                  "those it is connected with: ggen p2p peers");
    return VERB_FAILED;
}

//  ---- ban and unban ---------------------------------------------------------------------------------

int
p2p_ban_run (const args_t *args, const screen_t *screen)
{
    peer_key_t key;
    bool is_key;
    char id [PEER_ID_TEXT + 1], until [TEXT_TIME_MAX];
    Ggen__BanRequest request = GGEN__BAN_REQUEST__INIT;
    if (!peers_take (screen, args_positional (args, 0), &key, &is_key, NULL))
        return VERB_FAILED;
    request.peer_key = peer_key_to_field (&key);
    request.secs = (uint32_t) args_count (args, "for", 0);
    request.reason = wording_borrow (args_value (args, "reason"));
    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__BanReply *reply =
        peers_node_runs (session, screen)
            ? session_ask (session, "reputation", &request.base, &ggen__ban_reply__descriptor)
            : NULL;
    if (!reply)
        return peers_status (session);
    peer_id_text (&key, id);
    if (!screen->json) {
        screen_say (screen, "%s Banned %s until %s\n", render_mark (screen, MARK_GOOD), id,
                    text_time (reply->until, until));
        return VERB_DONE;
    }
    json_t *document = json_object ();
    shape_set (&document, "peer_id", shape_text (id));
    shape_set (&document, "until", shape_time (reply->until));
    render_json (screen, document);
    return VERB_DONE;
}

int
p2p_unban_run (const args_t *args, const screen_t *screen)
{
    peer_key_t key;
    bool is_key;
    char id [PEER_ID_TEXT + 1];
    Ggen__UnbanRequest request = GGEN__UNBAN_REQUEST__INIT;
    if (!peers_take (screen, args_positional (args, 0), &key, &is_key, NULL))
        return VERB_FAILED;
    request.peer_key = peer_key_to_field (&key);
    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__UnbanReply *reply =
        peers_node_runs (session, screen)
            ? session_ask (session, "reputation", &request.base, &ggen__unban_reply__descriptor)
            : NULL;
    if (!reply)
        return peers_status (session);
    peer_id_text (&key, id);
    if (!screen->json) {
        screen_say (screen, reply->was_banned ? "%s %s is no longer banned\n"
                                              : "%s %s was not banned\n",
                    render_mark (screen, reply->was_banned ? MARK_GOOD : MARK_BULLET), id);
        return VERB_DONE;
    }
    json_t *document = json_object ();
    shape_set (&document, "peer_id", shape_text (id));
    shape_set (&document, "was_banned", json_boolean (reply->was_banned));
    render_json (screen, document);
    return VERB_DONE;
}
