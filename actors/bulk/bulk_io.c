// SPDX-License-Identifier: MIT
#include "bulk_io.h"

#include "bulk.pb-c.h"
#include "line_io.h"
#include "listen_io.h"
#include "offers.h"
#include "runtime/actor/out.h"
#include "runtime/host/log.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define SWARM "swarm"

//  Connections that get their turn before the mailbox does, and accepted at one time.
#define BURST        64
#define ACCEPT_BURST 16

//  Without descriptors nobody is let in for so long.
#define REST_MS 200

typedef struct {
    out_t *out;
    int epoll;
    listen_t listen;
    uint16_t announced_port;                //  offered in place of where we listen; 0 = none
    bool aes;                               //  the processor has instructions for it
    bool resting;                           //  nobody is let in until rest_ms
    int64_t rest_ms;
    offers_t offers;
    line_t *lines[BULK_LINES_MAX];
    unsigned lines_count, strangers_count;
    deadlines_t *deadlines;
    size_t intake_bytes;                    //  of the records that are not whole
    bool hungry;                            //  a line waits for room among them
} bulk_t;

//  ---- telling swarm -------------------------------------------------------------------------------

static void
tell_down (bulk_t *self, uint64_t lane, code_t code, const char *reason)
{
    Ggen__BulkDown down = GGEN__BULK_DOWN__INIT;
    down.lane = lane;
    down.code = code;
    down.reason = (char *) reason;
    out_event (self->out, SWARM, &down.base);
}

static void
tell_up (bulk_t *self, uint64_t lane)
{
    Ggen__BulkUp up = GGEN__BULK_UP__INIT;
    up.lane = lane;
    out_event (self->out, SWARM, &up.base);
}

static void
free_hint (void *data, void *hint)
{
    (void) data;
    free (hint);
}

//  'memory' is taken: the record lies in it.
static void
tell_received (bulk_t *self, uint64_t lane, const bulk_record_t *record, uint8_t *memory)
{
    Ggen__BulkReceived received = GGEN__BULK_RECEIVED__INIT;
    received.lane = lane;
    received.envelope =
        (ProtobufCBinaryData) {record->envelope.size, (uint8_t *) record->envelope.data};
    received.body = (ProtobufCBinaryData) {record->body.size, (uint8_t *) record->body.data};
    out_event_with (self->out, SWARM, &received.base, (uint8_t *) record->attachment.data,
                    record->attachment.size, free_hint, memory);
}

static void
give_back (bulk_t *self, const Ggen__BulkSend *message, bytes_t attachment)
{
    uint8_t *copy = malloc (attachment.size + 1);
    if (!copy)
        return;
    if (attachment.size > 0)
        memcpy (copy, attachment.data, attachment.size);
    Ggen__BulkReturned returned = GGEN__BULK_RETURNED__INIT;
    returned.lane = message->lane;
    returned.envelope = message->envelope;
    returned.body = message->body;
    out_event_with (self->out, SWARM, &returned.base, copy, attachment.size, free_hint, copy);
}

//  ---- lines ---------------------------------------------------------------------------------------

static line_t *
line_of (const bulk_t *self, uint64_t lane)
{
    for (unsigned i = 0; i < BULK_LINES_MAX; i++)
        if (self->lines[i] && self->lines[i]->lane == lane)
            return self->lines[i];
    return NULL;
}

static void
watch (const bulk_t *self, line_t *line, int operation)
{
    const bool connecting = line->state == LINE_DIALLING;
    line->watched_out = connecting || line->first != NULL;
    struct epoll_event event = {.events = (line->watched_out ? EPOLLOUT : 0u)
                                          | (line->hungry || connecting ? 0u : EPOLLIN),
                                .data.u32 = line->slot};
    epoll_ctl (self->epoll, operation, line->fd, &event);
}

//  Takes 'fd' with it, whatever comes of it.
static line_t *
add (bulk_t *self, int fd, line_state_t state, int64_t now_ms)
{
    line_t *line = self->lines_count < BULK_LINES_MAX ? line_new (fd, state, now_ms) : NULL;
    if (!line) {
        close (fd);
        return NULL;
    }
    while (self->lines[line->slot])
        line->slot++;
    self->lines[line->slot] = line;
    self->lines_count++;
    self->strangers_count += state == LINE_WAITING;
    deadlines_set (self->deadlines, line->slot, line_due_ms (line));
    watch (self, line, EPOLL_CTL_ADD);
    return line;
}

static void
feed_the_hungry (bulk_t *self)
{
    self->hungry = false;
    for (unsigned i = 0; i < BULK_LINES_MAX; i++)
        if (self->lines[i] && self->lines[i]->hungry) {
            self->lines[i]->hungry = false;
            watch (self, self->lines[i], EPOLL_CTL_MOD);
        }
}

static void
forget_intake (bulk_t *self, size_t bytes)
{
    self->intake_bytes -= bytes;
    if (self->hungry)
        feed_the_hungry (self);
}

static void
end (bulk_t *self, line_t *line)
{
    self->lines[line->slot] = NULL;
    self->lines_count--;
    self->strangers_count -= line->state == LINE_WAITING;
    deadlines_set (self->deadlines, line->slot, DEADLINE_NEVER);
    if (line->record)
        forget_intake (self, line->record_size);
    line_destroy (&line);
}

static void
bring_down (bulk_t *self, line_t *line, code_t code, const char *reason)
{
    if (line->lane)
        tell_down (self, line->lane, code, reason);
    else
        log_debug ("bulk.cut", "code=%s why=%s", code_name (code), reason);
    end (self, line);
}

//  Something of it has changed.
static void
settle (bulk_t *self, line_t *line)
{
    deadlines_set (self->deadlines, line->slot, line_due_ms (line));
    if (line->watched_out != (line->first != NULL))
        watch (self, line, EPOLL_CTL_MOD);
}

static void
rise (bulk_t *self, line_t *line, int64_t now_ms)
{
    self->strangers_count -= line->state == LINE_WAITING;
    line->state = LINE_UP;
    line->used_ms = now_ms;
    deadlines_set (self->deadlines, line->slot, line_due_ms (line));
    watch (self, line, EPOLL_CTL_MOD);
    tell_up (self, line->lane);
}

//  ---- asked by swarm ------------------------------------------------------------------------------

static code_t
on_invite (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    bulk_t *self = self_;
    const uint64_t lane = ((const Ggen__BulkInvite *) message)->lane;
    uint8_t token[OPENING_TOKEN_BYTES], secret[OPENING_SECRET_BYTES], key[OPENING_KEY_BYTES];
    if (self->listen.count == 0) {
        tell_down (self, lane, FEATURE_NOT_ENABLED, "this node accepts no bulk connections");
        return OK;
    }
    randombytes_buf (token, sizeof token);
    randombytes_buf (secret, sizeof secret);
    if (offers_add (&self->offers, lane, token, secret, at->now_ms) == OK) {
        opening_key (secret, key);
        Ggen__BulkOffer offer = GGEN__BULK_OFFER__INIT;
        Ggen__BulkInvited invited = GGEN__BULK_INVITED__INIT;
        offer.token = (ProtobufCBinaryData) {sizeof token, token};
        offer.key = (ProtobufCBinaryData) {sizeof key, key};
        offer.port = self->announced_port ? self->announced_port : self->listen.port;
        offer.aes = self->aes;
        invited.lane = lane;
        invited.offer = &offer;
        out_event (self->out, SWARM, &invited.base);
    } else
        tell_down (self, lane, BUSY, "too many offers are open");
    sodium_memzero (secret, sizeof secret);
    sodium_memzero (token, sizeof token);
    return OK;
}

static bool
read_dial (const Ggen__BulkDial *request, multiaddr_t *address)
{
    const Ggen__BulkOffer *offer = request->offer;
    if (!offer || offer->token.len != OPENING_TOKEN_BYTES || offer->key.len != OPENING_KEY_BYTES
        || offer->port == 0 || offer->port > UINT16_MAX
        || multiaddr_decode (address, (bytes_t) {request->address.data, request->address.len}) != OK
        || address->kind > MULTIADDR_IP6)
        return false;
    address->port = (uint16_t) offer->port;
    return true;
}

//  OK, or why not.
static code_t
dial (bulk_t *self, const Ggen__BulkDial *request, int64_t now_ms, const char **reason)
{
    uint8_t secret[OPENING_SECRET_BYTES];
    multiaddr_t address;
    *reason = "it is no offer that this node can take";
    if (!read_dial (request, &address))
        return VALIDATION;
    *reason = "the system refuses";
    int fd = self->lines_count < BULK_LINES_MAX ? listen_dial (&address) : -1;
    line_t *line = fd >= 0 ? add (self, fd, LINE_DIALLING, now_ms) : NULL;
    if (!line)
        return self->lines_count == BULK_LINES_MAX ? BUSY : NETWORK;
    randombytes_buf (secret, sizeof secret);
    code_t code =
        opening_write (request->offer->token.data, request->offer->key.data, secret,
                       self->aes && request->offer->aes ? SEAL_AES_256_GCM : SEAL_CHACHA20_POLY1305,
                       line->opening, &line->seals);
    sodium_memzero (secret, sizeof secret);
    line->lane = request->lane;
    if (code)
        end (self, line);
    return code;
}

static code_t
on_dial (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    bulk_t *self = self_;
    const Ggen__BulkDial *request = (const void *) message;
    const char *reason;
    code_t code = dial (self, request, at->now_ms, &reason);
    if (code)
        tell_down (self, request->lane, code, reason);
    return OK;
}

static code_t
on_send (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    bulk_t *self = self_;
    const Ggen__BulkSend *request = (const void *) message;
    const bulk_record_t record = {.envelope = {request->envelope.data, request->envelope.len},
                                  .body = {request->body.data, request->body.len},
                                  .attachment = at->attachment};
    line_t *line = line_of (self, request->lane);
    if (!line || line->state != LINE_UP || bulk_record_size (&record) == 0) {
        give_back (self, request, at->attachment);
        return OK;
    }
    code_t code = line_send (line, &record, at->now_ms);
    if (code == OK)
        settle (self, line);
    else
        bring_down (self, line, code,
                    code == BUSY ? "the peer does not read" : "the connection has ended");
    return OK;
}

static code_t
on_close (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) at;
    bulk_t *self = self_;
    const uint64_t lane = ((const Ggen__BulkClose *) message)->lane;
    line_t *line = lane ? line_of (self, lane) : NULL;
    offers_drop (&self->offers, lane);
    if (line)
        end (self, line);
    return OK;
}

//  ---- beginnings ----------------------------------------------------------------------------------

static void
connected (bulk_t *self, line_t *line)
{
    if (!listen_connected (line->fd)) {
        bring_down (self, line, CONNECTION_FAILED, "nobody answers there");
        return;
    }
    if (line_say (line, line->opening, sizeof line->opening) != OK) {
        bring_down (self, line, NETWORK, "the connection has ended");
        return;
    }
    line->state = LINE_CALLING;
    watch (self, line, EPOLL_CTL_MOD);
}

//  A whole opening has come: is there an offer that it takes? Returns its code.
static code_t
admit (bulk_t *self, line_t *line)
{
    uint8_t id[OPENING_ID_BYTES], answer[OPENING_ANSWER_BYTES];
    offer_t offer;
    if (opening_peek (line->opening, id) != OK)
        return VALIDATION;
    if (!offers_take (&self->offers, id, &offer))
        return PERMISSION_DENIED;
    line->lane = offer.lane;
    code_t code =
        opening_read (line->opening, offer.token, offer.secret, answer, &line->seals);
    offer_wipe (&offer);
    return code == OK ? line_say (line, answer, sizeof answer) : code;
}

static void
take_opening (bulk_t *self, line_t *line, int64_t now_ms)
{
    code_t code = line_take (line, line->opening, sizeof line->opening);
    //  Garbage is not waited for.
    const size_t magic = line->have < sizeof OPENING_MAGIC ? line->have : sizeof OPENING_MAGIC;
    if (code == BUSY && memcmp (line->opening, OPENING_MAGIC, magic) != 0)
        code = VALIDATION;
    if (code == BUSY)
        return;
    if (code == OK)
        code = admit (self, line);
    if (code == OK)
        rise (self, line, now_ms);
    else
        bring_down (self, line, code, "it did not begin as a bulk connection does");
}

static void
take_answer (bulk_t *self, line_t *line, int64_t now_ms)
{
    code_t code = line_take (line, line->small, OPENING_ANSWER_BYTES);
    if (code == OK)
        code = opening_confirm (&line->seals, line->opening, line->small);
    if (code == OK)
        rise (self, line, now_ms);
    else if (code != BUSY)
        bring_down (self, line, code, "it did not answer as a bulk connection does");
}

//  ---- records -------------------------------------------------------------------------------------

//  OK: there is room for what follows the header.
static code_t
begin_record (bulk_t *self, line_t *line, int64_t now_ms)
{
    const size_t size = bulk_record_sealed (line->small);
    if (size == 0)
        return VALIDATION;
    line->record = malloc (size);
    if (!line->record)
        return INTERNAL;
    line->record_size = size;
    line->begun_ms = now_ms;
    self->intake_bytes += size;
    deadlines_set (self->deadlines, line->slot, line_due_ms (line));
    return OK;
}

static code_t
end_record (bulk_t *self, line_t *line, int64_t now_ms)
{
    bulk_record_t record;
    uint8_t *memory = line->record;
    code_t code = bulk_record_read (&record, line->seals.opens, line->small, memory,
                                    line->record_size);
    line->record = NULL;
    line->used_ms = now_ms;
    forget_intake (self, line->record_size);
    if (code == OK)
        tell_received (self, line->lane, &record, memory);
    else
        free (memory);
    return code;
}

//  The other side looks at another clock, and may have closed it as idle a little earlier.
static bool
was_idle (const line_t *line, int64_t now_ms)
{
    return !line->record && !line->first && now_ms - line->used_ms >= BULK_IDLE_MS / 2;
}

//  One record at most: others have their turn.
static void
take_record (bulk_t *self, line_t *line, int64_t now_ms)
{
    code_t code = OK;
    if (!line->record && self->intake_bytes > BULK_INTAKE_BYTES_MAX) {
        self->hungry = line->hungry = true;
        watch (self, line, EPOLL_CTL_MOD);
        return;
    }
    if (!line->record) {
        code = line_take (line, line->small, BULK_HEADER_BYTES);
        if (code == OK)
            code = begin_record (self, line, now_ms);
    }
    if (code == OK)
        code = line_take (line, line->record, line->record_size);
    if (code == OK)
        code = end_record (self, line, now_ms);
    if (code == OK)
        settle (self, line);
    else if (code == SECURITY)
        bring_down (self, line, code, "a seal of its bulk connection did not hold");
    else if (code == VALIDATION)
        bring_down (self, line, code, "what it sent is no record");
    else if (code == INTERNAL)
        bring_down (self, line, code, "no memory for a record");
    else if (code == NETWORK)
        bring_down (self, line, was_idle (line, now_ms) ? OK : code, "the connection has ended");
}

//  ---- what epoll tells ----------------------------------------------------------------------------

static void
readable (bulk_t *self, line_t *line, int64_t now_ms)
{
    switch (line->state) {
    case LINE_WAITING:
        take_opening (self, line, now_ms);
        break;
    case LINE_CALLING:
        take_answer (self, line, now_ms);
        break;
    case LINE_UP:
        take_record (self, line, now_ms);
        break;
    case LINE_DIALLING:
        break;
    }
}

static void
writable (bulk_t *self, line_t *line, int64_t now_ms)
{
    if (line_flush (line, now_ms) == OK)
        settle (self, line);
    else
        bring_down (self, line, NETWORK, "the connection has ended");
}

static void
happened (bulk_t *self, unsigned slot, uint32_t events, int64_t now_ms)
{
    line_t *line = self->lines[slot];
    if (line && line->state == LINE_DIALLING) {
        connected (self, line);
        return;
    }
    if (line && line->first && (events & EPOLLOUT))
        writable (self, line, now_ms);
    line = self->lines[slot];
    if (line && line->hungry && (events & (EPOLLERR | EPOLLHUP)))
        bring_down (self, line, NETWORK, "the connection has ended");
    else if (line && (events & (EPOLLIN | EPOLLERR | EPOLLHUP)))
        readable (self, line, now_ms);
}

//  May one more that has proven nothing come from there?
static bool
has_room (const bulk_t *self, const multiaddr_t *from)
{
    unsigned neighbours = 0;
    if (self->strangers_count >= BULK_STRANGERS_MAX)
        return false;
    if (multiaddr_is_loopback (from))
        return true;
    for (unsigned i = 0; i < BULK_LINES_MAX; i++) {
        const line_t *line = self->lines[i];
        neighbours += line && line->state == LINE_WAITING
                      && multiaddr_same_host (&line->from, from);
    }
    return neighbours < BULK_NEIGHBOURS_MAX;
}

static void
let_in (bulk_t *self, bool let)
{
    self->resting = !let;
    for (unsigned i = 0; i < self->listen.count; i++) {
        struct epoll_event event = {.events = let ? EPOLLIN : 0u, .data.u32 = BULK_LINES_MAX + i};
        epoll_ctl (self->epoll, EPOLL_CTL_MOD, self->listen.fds[i], &event);
    }
}

static void
accept_some (bulk_t *self, int listening, int64_t now_ms)
{
    for (unsigned i = 0; i < ACCEPT_BURST; i++) {
        multiaddr_t from;
        code_t code;
        int fd = listen_accept (listening, &from, &code);
        if (fd < 0 && code == NETWORK) {
            self->rest_ms = now_ms + REST_MS;
            let_in (self, false);
        }
        if (fd < 0)
            return;
        if (!has_room (self, &from)) {
            close (fd);
            continue;
        }
        line_t *line = add (self, fd, LINE_WAITING, now_ms);
        if (line)
            line->from = from;
    }
}

static code_t
bulk_input (void *self_, int64_t now_ms)
{
    bulk_t *self = self_;
    struct epoll_event events[BURST];
    int count = epoll_wait (self->epoll, events, BURST, 0);
    for (int i = 0; i < count; i++)
        if (events[i].data.u32 >= BULK_LINES_MAX)
            accept_some (self, self->listen.fds[events[i].data.u32 - BULK_LINES_MAX], now_ms);
        else
            happened (self, events[i].data.u32, events[i].events, now_ms);
    return OK;
}

//  One stands for all connections.
static unsigned
bulk_descriptors (void *self_, int *descriptors)
{
    const bulk_t *self = self_;
    descriptors[0] = self->epoll;
    return 1;
}

//  ---- time ----------------------------------------------------------------------------------------

static void
due (bulk_t *self, line_t *line, int64_t now_ms)
{
    const int64_t due_ms = line_due_ms (line);
    if (due_ms > now_ms)
        deadlines_set (self->deadlines, line->slot, due_ms);
    else if (line->state != LINE_UP)
        bring_down (self, line, TIMEOUT, "nobody answered in time");
    else if (line->first || line->record)
        bring_down (self, line, TIMEOUT, "the peer has stopped");
    else
        bring_down (self, line, OK, "nothing more to carry");
}

static code_t
bulk_tick (void *self_, int64_t now_ms, int64_t wall_ms)
{
    (void) wall_ms;
    bulk_t *self = self_;
    uint32_t slot;
    offer_t offer;
    while (deadlines_due (self->deadlines, now_ms, &slot))
        due (self, self->lines[slot], now_ms);
    while (offers_expired (&self->offers, now_ms, &offer)) {
        tell_down (self, offer.lane, TIMEOUT, "nobody took the offer");
        offer_wipe (&offer);
    }
    if (self->resting && self->rest_ms <= now_ms)
        let_in (self, true);
    return OK;
}

static int64_t
bulk_deadline_ms (const void *self_)
{
    const bulk_t *self = self_;
    int64_t first_ms = deadlines_earliest_ms (self->deadlines);
    int64_t offers_ms = offers_earliest_ms (&self->offers);
    if (offers_ms < first_ms)
        first_ms = offers_ms;
    return self->resting && self->rest_ms < first_ms ? self->rest_ms : first_ms;
}

//  ---- life ----------------------------------------------------------------------------------------

static void
bulk_destroy (void *self_)
{
    bulk_t *self = self_;
    for (unsigned i = 0; i < BULK_LINES_MAX; i++)
        line_destroy (&self->lines[i]);
    listen_close (&self->listen);
    offers_clear (&self->offers);
    deadlines_destroy (&self->deadlines);
    if (self->epoll >= 0)
        close (self->epoll);
    free (self);
}

//  Without its port a node still takes the offers of others.
static void
begin_to_listen (bulk_t *self, const bulk_settings_t *settings)
{
    char why[MULTIADDR_TEXT_MAX + 100];
    if (!listen_open (&self->listen, settings, why, sizeof why))
        log_warn ("bulk.not_listening", "why=%s", why);
    for (unsigned i = 0; i < self->listen.count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = BULK_LINES_MAX + i};
        epoll_ctl (self->epoll, EPOLL_CTL_ADD, self->listen.fds[i], &event);
    }
}

static void *
bulk_create (const actor_env_t *env)
{
    bulk_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->out = env->out;
    self->aes = crypto_aead_aes256gcm_is_available () != 0;
    self->epoll = epoll_create1 (EPOLL_CLOEXEC);
    self->deadlines = deadlines_new (BULK_LINES_MAX);
    if (self->epoll < 0 || !self->deadlines) {
        bulk_destroy (self);
        return NULL;
    }
    self->announced_port = ((const bulk_settings_t *) env->settings)->announced_port;
    begin_to_listen (self, env->settings);
    return self;
}

static const handler_t rows[] = {
    {&ggen__bulk_send__descriptor, on_send, THIS_NODE},
    {&ggen__bulk_invite__descriptor, on_invite, THIS_NODE},
    {&ggen__bulk_dial__descriptor, on_dial, THIS_NODE},
    {&ggen__bulk_close__descriptor, on_close, THIS_NODE},
    {0},
};

const actor_class_t bulk_actor = {
    .name = "bulk",
    .create = bulk_create,
    .destroy = bulk_destroy,
    .rows = rows,
    .tick = bulk_tick,
    .deadline_ms = bulk_deadline_ms,
    .descriptors = bulk_descriptors,
    .input = bulk_input,
};
