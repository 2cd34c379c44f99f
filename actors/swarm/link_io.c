// SPDX-License-Identifier: MIT
#include "actors/swarm/link_io.h"

#include "actors/swarm/guard_io.h"
#include "actors/swarm/link_ends_io.h"
#include "actors/swarm/link_pulse_io.h"
#include "actors/swarm/redials_io.h"
#include "link.pb-c.h"
#include "runtime/actor/out.h"
#include "runtime/host/log.h"

#include <arpa/inet.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define SWARM "swarm"

//  Messages taken from a side, and news from a monitor, before the mailbox gets its turn.
#define BURST 64

//  ZeroMQ does not say when a full queue has room again: it is tried, ever more seldom. When there is
//  some, there is room for half a queue.
#define RETRY_MS     2
#define RETRY_MAX_MS 64

//  Between looks whether another node of this process has left ZAP to us.
#define ADMIT_MS 100

//  Who was cut off has left what it sent in memory that is free, but still ours: given back so long after
//  the last of them, when ZeroMQ has let go of it.
#define TRIM_MS 1000

//  A closing link may still have something on its way.
#define PARTING_MS 200

typedef struct {
    out_t *out;
    wires_t *wires;
    ends_t *ends;
    guard_t *guard;
    uint64_t last_inbound;              //  number of the last link that came in: even
    int64_t look_ms;                    //  when the guard looks next
    int64_t trim_ms;                    //  when free memory is given back
    int64_t stuck_ms;                   //  that a peer may not read
    int64_t admit_ms;                   //  when we look next whether we have to answer ZAP
    unsigned closed;                    //  links whose connection has ended, not told yet
    redials_t redials;
    pulse_t pulse;
    int64_t now_ms;                     //  of the call that is being handled
    bool unread;                        //  what has come is read before a link is given up
    bool announced;                     //  swarm knows where we listen
    const char *beacon;                 //  as the settings say
} links_t;

//  ---- telling swarm -------------------------------------------------------------------------------

static void
tell_down (links_t *self, uint64_t number, code_t code, const char *reason)
{
    Ggen__LinkDown down = GGEN__LINK_DOWN__INIT;
    down.link = number;
    down.code = code;
    down.reason = (char *) reason;
    out_event (self->out, SWARM, &down.base);
}

static void
tell_up (links_t *self, end_t *end, const multiaddr_t *address)
{
    uint8_t bytes[MULTIADDR_SIZE_MAX];
    Ggen__LinkUp up = GGEN__LINK_UP__INIT;
    up.link = end->number;
    up.inbound = end->side == WIRES_IN;
    up.transport_key = (ProtobufCBinaryData) {sizeof end->key, (uint8_t *) end->key};
    up.address = (ProtobufCBinaryData) {multiaddr_encode (address, bytes), bytes};
    out_event (self->out, SWARM, &up.base);
    pulse_begin (end, self->now_ms);
    ends_wake (self->ends, end, pulse_next_ms (&self->pulse, end));
}

static void
tell_written (links_t *self, end_t *end)
{
    Ggen__LinkWritten written = GGEN__LINK_WRITTEN__INIT;
    written.link = end->number;
    written.bytes_count = end->written_bytes;
    end->written_bytes = 0;
    out_event (self->out, SWARM, &written.base);
}

static void
tell_listening (links_t *self)
{
    uint8_t bytes[8][MULTIADDR_SIZE_MAX];
    ProtobufCBinaryData list[8];
    size_t size;
    Ggen__LinkListening listening = GGEN__LINK_LISTENING__INIT;
    while (listening.n_addresses < COUNT_OF (list)
           && (size = wires_listening (self->wires, (unsigned) listening.n_addresses,
                                       bytes[listening.n_addresses])) > 0) {
        list[listening.n_addresses] = (ProtobufCBinaryData) {size, bytes[listening.n_addresses]};
        listening.n_addresses++;
    }
    listening.addresses = list;
    out_event (self->out, SWARM, &listening.base);
    if (self->beacon)
        out_event (self->out, self->beacon, &listening.base);
}

//  ---- passing on ----------------------------------------------------------------------------------

static void
free_copy (void *data, void *hint)
{
    (void) hint;
    free (data);
}

static bytes_t
frame_bytes (wires_message_t *message, unsigned at)
{
    if (at >= message->count)
        return (bytes_t) {0};
    return (bytes_t) {zmq_msg_data (&message->frames[at]), zmq_msg_size (&message->frames[at])};
}

static void
pass_on (links_t *self, const end_t *end, wires_message_t *message)
{
    bytes_t envelope = frame_bytes (message, 0), body = frame_bytes (message, 1);
    bytes_t attachment = frame_bytes (message, 2);
    Ggen__LinkReceived received = GGEN__LINK_RECEIVED__INIT;
    received.link = end->number;
    received.envelope = (ProtobufCBinaryData) {envelope.size, (uint8_t *) envelope.data};
    received.body = (ProtobufCBinaryData) {body.size, (uint8_t *) body.data};
    void *copy = attachment.size > 0 && attachment.size <= ATTACHMENT_BYTES_MAX
                     ? malloc (attachment.size)
                     : NULL;
    if (!copy) {
        out_event (self->out, SWARM, &received.base);
        return;
    }
    memcpy (copy, attachment.data, attachment.size);
    out_event_with (self->out, SWARM, &received.base, copy, attachment.size, free_copy, NULL);
}

//  ---- ending --------------------------------------------------------------------------------------

//  What came from another peer meanwhile is not lost.
static void
hang_up (links_t *self, const end_t *end)
{
    wires_message_t message;
    if (!wires_hang_up (self->wires, end->endpoint, &message))
        return;
    const end_t *from =
        ends_by_routing (self->ends, WIRES_OUT, message.routing, message.routing_size);
    if (from)
        guard_read (self->guard, from->fd, message.bytes);
    if (from && from != end && !from->closing && !pulse_is (&message))
        pass_on (self, from, &message);
    wires_forget (&message);
}

//  Let go of the connection; swarm knows, or is told by the caller.
static void
let_go (links_t *self, end_t *end)
{
    if (end->endpoint) {
        hang_up (self, end);
        guard_closed (self->guard, end->fd, true);
    } else if (end->fd >= 0)
        guard_cut (self->guard, end->fd);
    self->closed -= end->closed;
    ends_remove (self->ends, end);
}

static void
bring_down (links_t *self, end_t *end, code_t code, const char *reason)
{
    if (!end->closing)
        tell_down (self, end->number, code, reason);
    let_go (self, end);
}

//  ---- sending -------------------------------------------------------------------------------------

static void
sent (links_t *self, end_t *end, size_t bytes, int64_t now_ms)
{
    end->written_bytes += bytes;
    end->said_ms = now_ms;
    if (end->closing)
        return;
    if (end->written_bytes >= LINK_WRITTEN_BYTES)
        tell_written (self, end);
    else
        ends_wake (self->ends, end, now_ms + LINK_WRITTEN_MS);
}

//  Returns false when the link ended.
static bool
wait_for_room (links_t *self, end_t *end, int64_t now_ms)
{
    if (end->retry_ms == 0)
        end->stuck_ms = now_ms;
    if (now_ms - end->stuck_ms >= self->stuck_ms) {
        bring_down (self, end, BUSY, "the peer does not read");
        return false;
    }
    end->retry_ms = end->retry_ms == 0 ? RETRY_MS : 2 * end->retry_ms;
    if (end->retry_ms > RETRY_MAX_MS)
        end->retry_ms = RETRY_MAX_MS;
    ends_wake (self->ends, end, now_ms + end->retry_ms);
    return true;
}

//  Returns false when the link ended.
static bool
send_waiting (links_t *self, end_t *end, int64_t now_ms)
{
    while (end->first) {
        waiting_frames_t *first = end->first;
        code_t code = wires_send (self->wires, end->side, end->routing, end->routing_size,
                                  first->frames, first->count);
        if (code == BUSY)
            return wait_for_room (self, end, now_ms);
        if (code != OK) {
            bring_down (self, end, NETWORK, "the connection has ended");
            return false;
        }
        end->retry_ms = 0;
        end->first = first->next;
        if (!end->first)
            end->last = NULL;
        end->waiting_bytes -= first->bytes;
        sent (self, end, first->bytes, now_ms);
        free (first);
    }
    return true;
}

static bool
add_frame (waiting_frames_t *message, bytes_t bytes)
{
    zmq_msg_t *frame = &message->frames[message->count];
    if (zmq_msg_init_size (frame, bytes.size) != 0)
        return false;
    if (bytes.size > 0)
        memcpy (zmq_msg_data (frame), bytes.data, bytes.size);
    message->count++;
    message->bytes += bytes.size;
    return true;
}

static void
drop (waiting_frames_t *message)
{
    while (message->count > 0)
        zmq_msg_close (&message->frames[--message->count]);
    free (message);
}

static waiting_frames_t *
message_of (const Ggen__LinkSend *request, bytes_t attachment)
{
    waiting_frames_t *message = calloc (1, sizeof *message);
    if (message && add_frame (message, (bytes_t) {request->envelope.data, request->envelope.len})
        && add_frame (message, (bytes_t) {request->body.data, request->body.len})
        && (attachment.size == 0 || add_frame (message, attachment)))
        return message;
    if (message)
        drop (message);
    return NULL;
}

static code_t
on_send (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    links_t *self = self_;
    const Ggen__LinkSend *request = (const void *) message;
    end_t *end = ends_by_number (self->ends, request->link);
    if (!end || end->closing)
        return OK;
    waiting_frames_t *it = message_of (request, at->attachment);
    if (!it || end->waiting_bytes + it->bytes > LINK_QUEUE_BYTES_MAX) {
        if (it)
            drop (it);
        bring_down (self, end, BUSY, "the peer does not read");
        return OK;
    }
    if (end->last)
        end->last->next = it;
    else
        end->first = it;
    end->last = it;
    end->waiting_bytes += it->bytes;
    if (end->first == it)
        send_waiting (self, end, at->now_ms);
    return OK;
}

//  ---- dialling and closing ------------------------------------------------------------------------

//  "tcp://IP:PORT"; false for an address without an IP: ZeroMQ would look a name up in the thread
//  that carries all connections.
static bool
endpoint_of (const multiaddr_t *address, char *endpoint, size_t size)
{
    char ip[INET6_ADDRSTRLEN];
    switch (address->kind) {
    case MULTIADDR_IP4:
        inet_ntop (AF_INET, address->ip, ip, sizeof ip);
        snprintf (endpoint, size, "tcp://%s:%u", ip, address->port);
        return true;
    case MULTIADDR_IP6:
        inet_ntop (AF_INET6, address->ip, ip, sizeof ip);
        snprintf (endpoint, size, "tcp://[%s]:%u", ip, address->port);
        return true;
    default:
        return false;
    }
}

//  OK, or why it cannot be dialled.
static code_t
read_dial (const Ggen__LinkDial *request, int64_t now_ms, outbound_t *dial, const char **reason)
{
    char endpoint[WIRES_ENDPOINT_MAX + 1];
    *dial = (outbound_t) {.number = request->link, .ends_ms = now_ms + request->budget_ms};
    *reason = "it is no address that this node can dial";
    if (multiaddr_decode (&dial->address, (bytes_t) {request->address.data, request->address.len})
            != OK
        || !endpoint_of (&dial->address, endpoint, sizeof endpoint))
        return INVALID_MULTIADDR;
    *reason = "whose key is there is not known";
    if (request->transport_key.len != sizeof dial->key)
        return FEATURE_NOT_ENABLED;
    memcpy (dial->key, request->transport_key.data, sizeof dial->key);
    return OK;
}

static code_t
begin_dial (links_t *self, const outbound_t *dial, const char **reason)
{
    char endpoint[WIRES_ENDPOINT_MAX + 1];
    endpoint_of (&dial->address, endpoint, sizeof endpoint);
    *reason = "there is a link to that address already, or too many";
    end_t *end = ends_add (self->ends, dial->number, WIRES_OUT, (const uint8_t *) &dial->number,
                           sizeof dial->number, endpoint);
    if (!end)
        return BUSY;
    memcpy (end->key, dial->key, sizeof end->key);
    end->address = malloc (sizeof *end->address);
    if (end->address)
        *end->address = dial->address;
    *reason = "the system refuses";
    if (!end->address
        || wires_dial (self->wires, endpoint, end->routing, end->routing_size, end->key) != OK) {
        ends_remove (self->ends, end);
        return NETWORK;
    }
    end->ends_ms = dial->ends_ms;
    ends_wake (self->ends, end, end->ends_ms);
    return OK;
}

static bool
is_taken (const links_t *self, const outbound_t *dial)
{
    char endpoint[WIRES_ENDPOINT_MAX + 1];
    endpoint_of (&dial->address, endpoint, sizeof endpoint);
    return ends_by_endpoint (self->ends, endpoint) != NULL;
}

static code_t
on_dial (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    links_t *self = self_;
    const Ggen__LinkDial *request = (const void *) message;
    const char *reason;
    outbound_t dial;
    code_t code = read_dial (request, at->now_ms, &dial, &reason);
    if (code == OK && is_taken (self, &dial) && redials_put (&self->redials, &dial, at->now_ms))
        return OK;
    if (code == OK)
        code = begin_dial (self, &dial, &reason);
    if (code != OK)
        tell_down (self, request->link, code, reason);
    return OK;
}

//  Dial those whose place has become free; those that have waited long enough are refused.
static void
look_at_redials (links_t *self, int64_t now_ms)
{
    self->redials.look_ms = now_ms + REDIALS_LOOK_MS;
    for (unsigned i = self->redials.count; i > 0; i--) {
        const redial_t *it = self->redials.list[i - 1];
        const outbound_t dial = it->dial;
        const char *reason;
        if (is_taken (self, &dial) && now_ms < it->until_ms)
            continue;
        redials_drop (&self->redials, dial.number);
        code_t code = begin_dial (self, &dial, &reason);
        if (code != OK)
            tell_down (self, dial.number, code, reason);
    }
}

static code_t
on_close (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    links_t *self = self_;
    const Ggen__LinkClose *request = (const void *) message;
    redials_drop (&self->redials, request->link);
    end_t *end = ends_by_number (self->ends, request->link);
    if (!end || end->closing)
        return OK;
    end->closing = true;
    end->ends_ms = at->now_ms + PARTING_MS;
    ends_wake (self->ends, end, end->ends_ms);
    return OK;
}

//  ---- what comes in -------------------------------------------------------------------------------

//  The first message of a connection makes it a link: its key is proven and it means to talk.
static end_t *
welcome (links_t *self, const wires_message_t *message)
{
    multiaddr_t address = {.kind = MULTIADDR_IP4};
    //  One that has ended before its first message was read: nobody to answer.
    if (!guard_address (self->guard, message->fd, &address))
        return NULL;
    if (!message->known || !guard_proven (self->guard, message->fd)) {
        guard_cut (self->guard, message->fd);
        return NULL;
    }
    end_t *end = ends_add (self->ends, self->last_inbound + 2, WIRES_IN, message->routing,
                           message->routing_size, NULL);
    if (!end) {
        guard_cut (self->guard, message->fd);
        return NULL;
    }
    self->last_inbound += 2;
    end->fd = message->fd;
    end->up = true;
    memcpy (end->key, message->key, sizeof end->key);
    tell_up (self, end, &address);
    return end;
}

static void
take_message (links_t *self, wires_side_t side, wires_message_t *message)
{
    end_t *end = ends_by_routing (self->ends, side, message->routing, message->routing_size);
    guard_read (self->guard, side == WIRES_OUT && end ? end->fd : message->fd, message->bytes);
    if (!end && side == WIRES_IN)
        end = welcome (self, message);
    if (!end)
        return;
    end->heard_ms = self->now_ms;
    if (!pulse_is (message)) {
        if (!end->closing)
            pass_on (self, end, message);
    } else if (!pulse_heard (end, self->now_ms))
        bring_down (self, end, VALIDATION, "it says far too often that it is there");
}

//  Who speaks otherwise than nodes do.
static void
refuse_message (links_t *self, wires_side_t side, const wires_message_t *message)
{
    end_t *end = ends_by_routing (self->ends, side, message->routing, message->routing_size);
    if (end)
        bring_down (self, end, VALIDATION, "it sent what is no message");
    else if (side == WIRES_IN)
        guard_cut (self->guard, message->fd);
}

//  What came before the end of a connection may still be unread, so its link ends after that.
static void
end_the_closed (links_t *self)
{
    uint32_t cursor = 0;
    end_t *end;
    while (self->closed > 0 && (end = ends_next (self->ends, &cursor)) != NULL)
        if (end->closed)
            bring_down (self, end, NETWORK, "the connection has ended");
}

//  Connections are looked at from now on.
static void
watch (links_t *self)
{
    if (self->look_ms == DEADLINE_NEVER)
        self->look_ms = self->now_ms + GUARD_INTERVAL_MS;
}

static void
take_news_of_dialled (links_t *self, const wires_event_t *event)
{
    end_t *end = ends_by_endpoint (self->ends, event->endpoint);
    if (event->news == WIRES_CLOSED)
        guard_closed (self->guard, event->fd, true);
    if (!end)
        return;
    switch (event->news) {
    case WIRES_CONNECTED:
        end->fd = event->fd;
        if (guard_dialled (self->guard, event->fd, self->now_ms))
            watch (self);
        break;
    case WIRES_SECURED:
        end->up = true;
        guard_proven (self->guard, end->fd);
        end->ends_ms = DEADLINE_NEVER;
        tell_up (self, end, end->address);
        break;
    case WIRES_FAILED:
        bring_down (self, end, CONNECTION_FAILED, "another node is there");
        break;
    case WIRES_CLOSED:
        //  The end of an earlier connection to the same place says nothing of this one.
        if (end->fd == -1 || end->fd == event->fd)
            bring_down (self, end, end->up ? NETWORK : CONNECTION_FAILED,
                        end->up ? "the connection has ended" : "nobody answers there");
        break;
    default:
        break;
    }
}

static end_t *
end_of_fd (const links_t *self, int fd)
{
    uint32_t cursor = 0;
    end_t *end;
    while ((end = ends_next (self->ends, &cursor)) != NULL)
        if (end->side == WIRES_IN && end->fd == fd)
            return end;
    return NULL;
}

static void
take_news_of_accepted (links_t *self, const wires_event_t *event)
{
    if (event->news == WIRES_ACCEPTED && guard_accepted (self->guard, event->fd, self->now_ms))
        watch (self);
    if (event->news != WIRES_CLOSED || event->fd < 0)
        return;
    guard_closed (self->guard, event->fd, false);
    end_t *end = end_of_fd (self, event->fd);
    if (!end)
        return;
    end->fd = -1;
    end->closed = true;
    self->closed++;
}

static code_t
links_input (void *self_, int64_t now_ms)
{
    links_t *self = self_;
    wires_event_t event;
    wires_message_t message;
    code_t code;
    self->now_ms = now_ms;
    wires_admit (self->wires);
    while (wires_event (self->wires, WIRES_OUT, &event))
        take_news_of_dialled (self, &event);
    for (unsigned side = 0; side < WIRES_SIDES; side++)
        for (unsigned i = 0; i < BURST; i++) {
            //  A descriptor may be another connection's since: what the monitor tells comes first.
            while (side == WIRES_IN && wires_event (self->wires, WIRES_IN, &event))
                take_news_of_accepted (self, &event);
            code = wires_receive (self->wires, side, &message);
            if (code == BUSY && side == WIRES_IN)
                end_the_closed (self);
            if (code == BUSY) {
                self->pulse.drained_ms[side] = now_ms;
                break;
            }
            if (code == OK)
                take_message (self, side, &message);
            else
                refuse_message (self, side, &message);
            wires_forget (&message);
        }
    return OK;
}

//  ---- time ----------------------------------------------------------------------------------------

static void
keep_alive (links_t *self, end_t *end, int64_t now_ms)
{
    const pulse_verdict_t verdict = pulse_judge (&self->pulse, end, now_ms);
    if (verdict == PULSE_LOST)
        bring_down (self, end, TIMEOUT, "nothing is heard of it");
    else if (verdict == PULSE_READ) {
        self->unread = true;
        ends_wake (self->ends, end, now_ms + PULSE_AGAIN_MS);
    } else {
        if (verdict == PULSE_SAY)
            pulse_say (self->wires, end, now_ms);
        ends_wake (self->ends, end, pulse_next_ms (&self->pulse, end));
    }
}

static void
due (links_t *self, end_t *end, int64_t now_ms)
{
    if (end->first && !send_waiting (self, end, now_ms))
        return;
    if (now_ms >= end->ends_ms && (end->closing || !end->up)) {
        bring_down (self, end, TIMEOUT, "nobody answered in time");
        return;
    }
    if (end->written_bytes > 0 && !end->closing)
        tell_written (self, end);
    if (end->ends_ms != DEADLINE_NEVER)
        ends_wake (self->ends, end, end->ends_ms);
    if (end->up && !end->closing)
        keep_alive (self, end, now_ms);
}

static void
look_at_guard (links_t *self, int64_t now_ms)
{
    unsigned cut = guard_look (self->guard, now_ms);
    if (cut > 0) {
        log_warn ("link.cut", "connections=%u", cut);
        self->trim_ms = now_ms + TRIM_MS;
    }
    const bool haste = guard_unread (self->guard) > GUARD_HASTE_BYTES;
    self->look_ms = guard_count (self->guard) == 0
                        ? DEADLINE_NEVER
                        : now_ms + (haste ? GUARD_HASTE_MS : GUARD_INTERVAL_MS);
}

static code_t
links_tick (void *self_, int64_t now_ms, int64_t wall_ms)
{
    links_t *self = self_;
    end_t *end;
    (void) wall_ms;
    if (!self->announced) {
        self->announced = true;
        tell_listening (self);
    }
    self->now_ms = now_ms;
    while ((end = ends_due (self->ends, now_ms)) != NULL)
        due (self, end, now_ms);
    if (self->unread) {
        self->unread = false;
        links_input (self, now_ms);
    }
    if (redials_next_ms (&self->redials) <= now_ms)
        look_at_redials (self, now_ms);
    if (self->admit_ms <= now_ms)
        self->admit_ms = wires_admit (self->wires) ? DEADLINE_NEVER : now_ms + ADMIT_MS;
    if (self->look_ms <= now_ms)
        look_at_guard (self, now_ms);
    if (self->trim_ms <= now_ms) {
        self->trim_ms = DEADLINE_NEVER;
        malloc_trim (0);
    }
    return OK;
}

static int64_t
links_deadline_ms (const void *self_)
{
    const links_t *self = self_;
    if (!self->announced)
        return 0;
    const int64_t all_ms[] = {ends_earliest_ms (self->ends), self->look_ms, self->trim_ms,
                              self->admit_ms, redials_next_ms (&self->redials)};
    int64_t earliest_ms = all_ms[0];
    for (unsigned i = 1; i < COUNT_OF (all_ms); i++)
        if (all_ms[i] < earliest_ms)
            earliest_ms = all_ms[i];
    return earliest_ms;
}

//  ---- life ----------------------------------------------------------------------------------------

static unsigned
links_sockets (void *self_, void **sockets)
{
    return wires_sockets (((links_t *) self_)->wires, sockets);
}

static void
links_destroy (void *self_)
{
    links_t *self = self_;
    redials_clear (&self->redials);
    ends_destroy (&self->ends);
    guard_destroy (&self->guard);
    wires_destroy (&self->wires);
    free (self);
}

//  The other half is for those we dial, and for files: who floods us takes none of these.
static unsigned
connections_max (void)
{
    struct rlimit limit;
    if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur / 2 > LINK_CONNECTIONS_MAX)
        return LINK_CONNECTIONS_MAX;
    return (unsigned) (limit.rlim_cur / 2);
}

static void *
links_create (const actor_env_t *env)
{
    char why[200] = "no memory";
    links_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->out = env->out;
    const link_settings_t *settings = env->settings;
    self->stuck_ms = settings->stuck_ms ? settings->stuck_ms : LINK_STUCK_MS;
    self->beacon = settings->beacon;
    self->look_ms = self->trim_ms = DEADLINE_NEVER;
    pulse_init (&self->pulse, ((const link_settings_t *) env->settings)->heartbeat_ms);
    self->ends = ends_new (rng_u64 (env->rng));
    self->guard = guard_new (connections_max ());
    self->wires = self->ends && self->guard ? wires_new (settings, why, sizeof why) : NULL;
    if (self->wires)
        return self;
    log_error ("link.no_network", "why=%s", why);
    links_destroy (self);
    return NULL;
}

static const handler_t rows[] = {
    {&ggen__link_dial__descriptor, on_dial, THIS_NODE},
    {&ggen__link_send__descriptor, on_send, THIS_NODE},
    {&ggen__link_close__descriptor, on_close, THIS_NODE},
    {0},
};

const actor_class_t link_actor = {
    .name = "link",
    .create = links_create,
    .destroy = links_destroy,
    .rows = rows,
    .tick = links_tick,
    .deadline_ms = links_deadline_ms,
    .sockets = links_sockets,
    .input = links_input,
};
