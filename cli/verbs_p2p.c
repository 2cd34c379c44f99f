// SPDX-License-Identifier: MIT
//  p2p connect, disconnect, bootstrap, stop: what a running node does with others.
#include "verbs.h"
#include "peers.h"
#include "render.h"
#include "shape.h"
#include "wording.h"
#include "node.pb-c.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define STOP_WAIT_MS  15000         //  a node drains for 10 s at most (SPEC 2.2)
#define STOP_POLL_MS  20
#define ADDRESSES_MAX 32            //  as many as a node takes

//  ---- connect and disconnect ------------------------------------------------------------------------

int
p2p_connect_run (const args_t *args, const screen_t *screen)
{
    peer_key_t key;
    multiaddr_t address;
    bool is_key;
    uint8_t bytes [MULTIADDR_SIZE_MAX];
    char id [PEER_ID_TEXT + 1];
    if (!peers_take (screen, args->positionals [0], &key, &is_key, &address))
        return VERB_FAILED;
    Ggen__ConnectRequest request = GGEN__CONNECT_REQUEST__INIT;
    request.persistent = args_flag (args, "persistent");
    if (is_key)
        request.peer_key = peer_key_to_field (&key);
    else
        request.address = (ProtobufCBinaryData) {multiaddr_encode (&address, bytes), bytes};
    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__ConnectReply *reply =
        peers_node_runs (session, screen)
            ? session_ask (session, "swarm", &request.base, &ggen__connect_reply__descriptor)
            : NULL;
    if (!reply)
        return peers_status (session);
    wording_peer (reply->peer_key, id);
    if (!screen->json) {
        screen_say (screen, "%s %s %s\n", render_mark (screen, MARK_GOOD),
                    reply->was_connected ? "Already connected to" : "Connected to", id);
        return VERB_DONE;
    }
    json_t *document = json_object ();
    shape_set (&document, "peer_id", shape_text (id));
    shape_set (&document, "was_connected", json_boolean (reply->was_connected));
    render_json (screen, document);
    return VERB_DONE;
}

//  Whom the line names, in either way; NULL: nobody, which is all. False: it names two.
static bool
take_one (const args_t *args, const screen_t *screen, const char **word)
{
    const char *argument = args_positional (args, 0);
    const char *option = args_value (args, "peer");
    *word = argument ? argument : option;
    if (!argument || !option)
        return true;
    render_error (screen, VALIDATION, "two peers are named", "name one: ggen p2p disconnect PEER");
    return false;
}

int
p2p_disconnect_run (const args_t *args, const screen_t *screen)
{
    peer_key_t key;
    bool is_key;
    const char *word;
    Ggen__DisconnectRequest request = GGEN__DISCONNECT_REQUEST__INIT;
    if (args_flag (args, "shutdown"))
        return p2p_stop_run (args, screen);
    if (!take_one (args, screen, &word))
        return VERB_USAGE;
    if (word && !peers_take (screen, word, &key, &is_key, NULL))
        return VERB_FAILED;
    if (word)
        request.peer_key = peer_key_to_field (&key);
    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__DisconnectReply *reply =
        peers_node_runs (session, screen)
            ? session_ask (session, "swarm", &request.base, &ggen__disconnect_reply__descriptor)
            : NULL;
    if (!reply)
        return peers_status (session);
    if (!screen->json) {
        char counted [WORDING_COUNT_MAX];
        screen_say (screen, "%s Disconnected from %s\n", render_mark (screen, MARK_GOOD),
                    wording_count (reply->peers_count, "peer", counted));
        return VERB_DONE;
    }
    json_t *document = json_object ();
    shape_set (&document, "peers", json_integer (reply->peers_count));
    render_json (screen, document);
    return VERB_DONE;
}

//  ---- bootstrap -------------------------------------------------------------------------------------

typedef struct {
    uint8_t bytes [ADDRESSES_MAX][MULTIADDR_SIZE_MAX];
    ProtobufCBinaryData fields [ADDRESSES_MAX];
    size_t count;
} addresses_t;

static bool
add_address (addresses_t *self, const screen_t *screen, const char *word)
{
    multiaddr_t address;
    char why [200], message [700];
    code_t code = multiaddr_parse (&address, word, why, sizeof why);
    if (code == OK && self->count < ADDRESSES_MAX) {
        uint8_t *bytes = self->bytes [self->count];
        self->fields [self->count++] =
            (ProtobufCBinaryData) {multiaddr_encode (&address, bytes), bytes};
        return true;
    }
    snprintf (message, sizeof message, "%.400s: %s", word,
              code != OK ? why : "more addresses than are dialled at one time");
    render_error (screen, code != OK ? INVALID_MULTIADDR : VALIDATION, message,
                  "an address is /ip4/192.0.2.7/tcp/4101/p2p/12D3KooW...");
    return false;
}

//  As arguments, and as --nodes, which may also be a list with commas.
static bool
take_addresses (addresses_t *self, const args_t *args, const screen_t *screen)
{
    const char *lists [ARGS_OPTIONS_MAX];
    size_t lists_count = args_values (args, "nodes", lists, COUNT_OF (lists));
    for (size_t at = 0; at < args->positionals_count; at++)
        if (!add_address (self, screen, args->positionals [at]))
            return false;
    for (size_t at = 0; at < lists_count; at++) {
        const char *word = lists [at];
        while (*word) {
            char one [MULTIADDR_TEXT_MAX + 1];
            size_t size = strcspn (word, ",");
            snprintf (one, sizeof one, "%.*s", (int) size, word);
            if (size > 0 && !add_address (self, screen, one))
                return false;
            word += size + (word [size] == ',');
        }
    }
    return true;
}

static void
print_bootstrap (const screen_t *screen, const Ggen__BootstrapReply *reply)
{
    char counted [WORDING_COUNT_MAX];
    if (screen->json) {
        json_t *document = json_object ();
        shape_set (&document, "connected", json_integer (reply->connected));
        shape_set (&document, "failed", json_integer (reply->failed));
        shape_set (&document, "failures", shape_texts (reply->failures, reply->n_failures));
        render_json (screen, document);
        return;
    }
    render_warnings (screen, reply->failures, reply->n_failures);
    screen_say (screen, "%s Connected to %s\n", render_mark (screen, MARK_GOOD),
                wording_count (reply->connected, "bootstrap node", counted));
}

int
p2p_bootstrap_run (const args_t *args, const screen_t *screen)
{
    addresses_t addresses = {.count = 0};
    if (!take_addresses (&addresses, args, screen))
        return VERB_FAILED;
    Ggen__BootstrapRequest request = GGEN__BOOTSTRAP_REQUEST__INIT;
    request.addresses = addresses.fields;
    request.n_addresses = addresses.count;
    request.wanted = args_flag (args, "wait") ? 0 : 1;
    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__BootstrapReply *reply =
        peers_node_runs (session, screen)
            ? session_ask (session, "swarm", &request.base, &ggen__bootstrap_reply__descriptor)
            : NULL;
    if (!reply)
        return peers_status (session);
    print_bootstrap (screen, reply);
    return VERB_DONE;
}

//  ---- stop ------------------------------------------------------------------------------------------

//  A node holds its home's lock until it has written down what it knows.
static bool
has_left (const char *lock_path)
{
    int lock = open (lock_path, O_RDONLY | O_CLOEXEC);
    if (lock < 0)
        return errno == ENOENT;
    bool left = flock (lock, LOCK_SH | LOCK_NB) == 0;
    close (lock);
    return left;
}

//  VERB_DONE: it has ended. Anything else was printed.
static int
wait_for_end (session_t *session, const screen_t *screen, const char *lock_path)
{
    for (unsigned waited_ms = 0; waited_ms < STOP_WAIT_MS; waited_ms += STOP_POLL_MS) {
        if (has_left (lock_path))
            return VERB_DONE;
        if (!session_wait (session, STOP_POLL_MS))
            return peers_status (session);
    }
    render_error (screen, TIMEOUT, "the node was told to stop and has not ended yet",
                  "what it is doing: ggen tap");
    return VERB_FAILED;
}

int
p2p_stop_run (const args_t *args, const screen_t *screen)
{
    home_t home;
    AUTO (session_close) session_t *session = session_open (args, screen);
    Ggen__NodeStatusRequest request = GGEN__NODE_STATUS_REQUEST__INIT;
    const Ggen__NodeStatusReply *node =
        peers_node_runs (session, screen)
            ? session_ask (session, "bus", &request.base, &ggen__node_status_reply__descriptor)
            : NULL;
    if (!node || home_init (&home, node->home) != OK)
        return peers_status (session);
    if (kill ((pid_t) node->pid, SIGTERM) != 0) {
        render_error (screen, PERMISSION_DENIED, "the node is another user's", NULL);
        return VERB_FAILED;
    }
    session_changed (session);
    int status = wait_for_end (session, screen, home.lock_path);
    if (status == VERB_DONE && screen->json) {
        json_t *document = json_object ();
        shape_set (&document, "stopped", json_true ());
        shape_set (&document, "pid", json_integer (node->pid));
        render_json (screen, document);
    }
    else if (status == VERB_DONE)
        screen_say (screen, "%s The node has stopped (pid %u).\n", render_mark (screen, MARK_GOOD),
                    node->pid);
    return status;
}
