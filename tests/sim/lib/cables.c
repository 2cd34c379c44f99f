// SPDX-License-Identifier: MIT
#include "cable_table.h"

#include "link.pb-c.h"

#include <stdlib.h>
#include <string.h>

//  What is due for a link, in the low bits; above them the generation of its place in the table.
enum { LINK_ACCEPT, LINK_ANSWER, LINK_WRITTEN_0, LINK_WRITTEN_1, LINK_SILENCE };

//  Beside the bytes of envelope, body and attachment.
#define FRAME_BYTES 24u

//  After its start it has bound its port.
#define LISTEN_US 2000

//  Ports of those that dial.
#define PORT_FIRST 32768u

static void
due (world_t *self, int64_t at_us, uint32_t link, uint32_t what)
{
    world_due (self, DUE_LINK, at_us, link, self->network.links[link].generation << CABLE_WHAT_BITS | what);
}

//  ---- telling swarm -------------------------------------------------------------------------------

//  A letter from "link", for the swarm of this node.
static note_t *
write_letter (world_t *self, uint32_t node, const parcel_t *given)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__EVENT;
    envelope.from = "link";
    envelope.type = (char *) given->body->descriptor->short_name;
    envelope.sent_us = clocks_mono_us (&self->nodes[node].traits.clocks, self->now_us);
    parcel_t parcel = *given;
    parcel.envelope = &envelope;
    return letters_write (self->letters, &parcel);
}

//  The same of the link at this end.
static note_t *
write_note (world_t *self, uint32_t at, const parcel_t *given)
{
    note_t *note = write_letter (self, end_of (self, at)->node, given);
    note->end = at;
    note->generation = link_of (self, at)->generation;
    return note;
}

//  Nothing overtakes what is under way to this end.
static void
post_note (world_t *self, uint32_t at, note_t *note, int64_t at_us)
{
    end_t *end = end_of (self, at);
    uint8_t seat = self->nodes[end->node].swarm;
    if (seat == WORLD_SEATS_MAX) {
        letters_free (self->letters, &note);
        return;
    }
    if (at_us < end->arrives_us)
        at_us = end->arrives_us;
    end->arrives_us = at_us;
    seats_post (self, end->node, seat, note, at_us);
}

static void
tell (world_t *self, uint32_t at, const ProtobufCMessage *message, int64_t at_us)
{
    parcel_t parcel = {.body = message};
    post_note (self, at, write_note (self, at, &parcel), at_us);
}

static void
tell_down (world_t *self, uint32_t at, code_t code, const char *reason, int64_t at_us)
{
    Ggen__LinkDown down = GGEN__LINK_DOWN__INIT;
    down.link = end_of (self, at)->number;
    down.code = code;
    down.reason = (char *) reason;
    parcel_t parcel = {.body = &down.base};
    note_t *note = write_note (self, at, &parcel);
    note->ends_link = 1;
    post_note (self, at, note, at_us);
}

static void
tell_up (world_t *self, uint32_t at, bool inbound)
{
    const end_t *other = end_of (self, at ^ 1);
    uint8_t key[CRYPTO_KEY_BYTES], address[WORLD_ADDRESS_BYTES];
    Ggen__LinkUp up = GGEN__LINK_UP__INIT;
    up.link = end_of (self, at)->number;
    up.inbound = inbound;
    self->crypto->transport_key (world_identity (self, other->node)->key, key);
    up.transport_key = (ProtobufCBinaryData) {sizeof key, key};
    up.address = (ProtobufCBinaryData) {world_address (self, other->node, address), address};
    if (inbound) {
        uint32_t port = PORT_FIRST + at / 2 % PORT_FIRST;
        address[WORLD_ADDRESS_BYTES - 2] = (uint8_t) (port >> 8);
        address[WORLD_ADDRESS_BYTES - 1] = (uint8_t) port;
    }
    tell (self, at, &up.base, self->now_us);
}

//  When the network has changed for a link.
static void look (world_t *self, uint32_t link);

//  ---- dialling ------------------------------------------------------------------------------------

static void
fail_dial (world_t *self, uint32_t at, code_t code, const char *reason, int64_t in_us)
{
    self->network.counts.dials_failed++;
    tell_down (self, at, code, reason, self->now_us + in_us);
}

static bool
read_address (ProtobufCBinaryData address, uint32_t *ip_p, uint16_t *port_p)
{
    const uint8_t *bytes = address.data;
    if (address.len != WORLD_ADDRESS_BYTES || bytes[0] != 4 || bytes[5] != 6)
        return false;
    *ip_p = (uint32_t) bytes[1] << 24 | (uint32_t) bytes[2] << 16 | (uint32_t) bytes[3] << 8
            | bytes[4];
    *port_p = (uint16_t) (bytes[6] << 8 | bytes[7]);
    return true;
}

//  Without a key whoever is there is meant.
static bool
proves (const world_t *self, uint32_t node, ProtobufCBinaryData key)
{
    uint8_t own[CRYPTO_KEY_BYTES];
    return key.len == 0
           || (key.len == sizeof own
               && self->crypto->transport_key (world_identity (self, node)->key, own)
               && memcmp (own, key.data, sizeof own) == 0);
}

static int64_t
dial_budget_us (const Ggen__LinkDial *dial)
{
    uint32_t ms = dial->budget_ms;
    return (ms > 0 && ms < NETWORK_DIAL_MS_MAX ? ms : NETWORK_DIAL_MS_MAX) * INT64_C (1000);
}

//  Who listens there is looked at when the last message of the handshake comes in (LINK_ACCEPT).
static void
take_dial (world_t *self, uint32_t node, const Ggen__LinkDial *dial)
{
    self->network.counts.dials++;
    if (dial->link % 2 == 0 || cable_table_find (self, node, dial->link) != NO_INDEX)
        return;
    uint32_t link = cable_table_add (self), ip = 0;
    uint16_t port = 0;
    cable_table_open (self, 2 * link, node, dial->link);
    uint32_t target = read_address (dial->address, &ip, &port) ? network_find (self, ip, port)
                                                               : NO_INDEX;
    int64_t budget_us = dial_budget_us (dial);
    if (target == NO_INDEX) {
        fail_dial (self, 2 * link, TIMEOUT, "no answer", budget_us);
        return;
    }
    int64_t way_us = network_latency_us (self, node, target);
    self->network.links[link].way_us = (uint32_t) way_us & WAY_US_MAX;
    self->network.links[link].ends[1].node = target;
    const node_t *place = &self->nodes[target];
    if (place->state == NODE_GONE || !place->traits.dialable || place->state == NODE_FROZEN
        || network_blocked (self, node, target) || network_blocked (self, target, node)
        || 7 * way_us > budget_us)
        fail_dial (self, 2 * link, TIMEOUT, "no answer", budget_us);
    else if (place->state == NODE_OFF)
        fail_dial (self, 2 * link, CONNECTION_FAILED, "connection refused", 2 * way_us);
    else if (!proves (self, target, dial->transport_key))
        fail_dial (self, 2 * link, CONNECTION_FAILED, "it holds another key", 5 * way_us);
    else
        due (self, self->now_us + 6 * way_us + network_jitter_us (self, 6 * way_us), link,
             LINK_ACCEPT);
}

//  The handshake has come as far as to the one that was dialled.
static void
accept_link (world_t *self, uint32_t link)
{
    link_t *place = &self->network.links[link];
    uint32_t target = place->ends[1].node;
    const node_t *host = &self->nodes[target];
    if (host->state != NODE_ON || network_blocked (self, place->ends[0].node, target)) {
        fail_dial (self, 2 * link, CONNECTION_FAILED, "it broke in the handshake", place->way_us);
        return;
    }
    cable_table_open (self, 2 * link + 1, target, cable_table_inbound (self, link));
    self->network.counts.ups++;
    tell_up (self, 2 * link + 1, true);
    due (self, self->now_us + place->way_us, link, LINK_ANSWER);
}

static void
answer_dialler (world_t *self, uint32_t link)
{
    link_t *place = &self->network.links[link];
    if (!place->ends[0].open || !place->ends[1].open)
        return;
    place->up = true;
    tell_up (self, 2 * link, false);
    look (self, link);
}

//  ---- ending --------------------------------------------------------------------------------------

//  The other side hears of an end by what still gets through, or by its heartbeats.
static void
end_other (world_t *self, uint32_t at, bool silent, code_t code, const char *reason)
{
    const end_t *end = end_of (self, at), *other = end_of (self, at ^ 1);
    const link_t *link = link_of (self, at);
    if (!other->open)
        return;
    self->network.counts.downs++;
    bool blocked = silent || network_blocked (self, end->node, other->node);
    int64_t in_us = blocked ? NETWORK_HEARTBEAT_MS * INT64_C (1000) : link->way_us;
    tell_down (self, at ^ 1, blocked ? TIMEOUT : code, blocked ? "no sign of life" : reason,
               self->now_us + in_us);
}

static void
take_close (world_t *self, uint32_t node, uint64_t number)
{
    uint32_t at = cable_table_find (self, node, number);
    if (at == NO_INDEX)
        return;
    end_other (self, at, false, CONNECTION_FAILED, "closed by the other side");
    cable_table_close (self, at);
}

void
cables_lose (world_t *self, uint32_t node, bool vanished)
{
    while (self->nodes[node].first_end != NO_INDEX) {
        uint32_t at = self->nodes[node].first_end;
        end_other (self, at, vanished, CONNECTION_FAILED, "closed by the other side");
        cable_table_close (self, at);
    }
}

static void
break_both (world_t *self, uint32_t link, code_t code, const char *reason)
{
    for (uint32_t side = 0; side < 2; side++)
        if (self->network.links[link].ends[side].open) {
            self->network.counts.downs++;
            tell_down (self, 2 * link + side, code, reason, self->now_us);
        }
}

void
cables_break (world_t *self, uint32_t link)
{
    break_both (self, link, CONNECTION_FAILED, "connection reset");
}

void
cables_listen (world_t *self, uint32_t node)
{
    const node_t *place = &self->nodes[node];
    uint8_t bytes[WORLD_ADDRESS_BYTES];
    ProtobufCBinaryData address = {world_address (self, node, bytes), bytes};
    memset (bytes + 1, 0, 4);
    Ggen__LinkListening listening = GGEN__LINK_LISTENING__INIT;
    listening.addresses = &address;
    listening.n_addresses = 1;
    parcel_t parcel = {.body = &listening.base};
    if (place->swarm < WORLD_SEATS_MAX)
        seats_post (self, node, place->swarm, write_letter (self, node, &parcel),
                    self->now_us + LISTEN_US);
}

//  ---- sending -------------------------------------------------------------------------------------

//  Its bytes leave when the uplink is free; returns when.
static int64_t
leave (world_t *self, end_t *end, size_t size)
{
    node_t *node = &self->nodes[end->node];
    int64_t start_us = node->uplink_us > self->speaking_us ? node->uplink_us : self->speaking_us;
    node->uplink_us = start_us + (int64_t) (size * 1000000 / node->traits.uplink_bytes_s);
    end->left_us = node->uplink_us;
    return node->uplink_us;
}

//  The news of the last bytes may wait for more of them, that of many does not.
static void
tell_written_later (world_t *self, uint32_t at)
{
    end_t *end = end_of (self, at);
    bool much = end->untold_bytes >= NETWORK_WRITTEN_BYTES;
    if (end->telling > much)
        return;
    end->telling++;
    due (self, end->left_us + (much ? 0 : NETWORK_WRITTEN_US), at / 2, LINK_WRITTEN_0 + at % 2);
}

static void
take_send (world_t *self, uint32_t node, const Ggen__LinkSend *send, const parcel_t *parcel)
{
    uint32_t at = cable_table_find (self, node, send->link);
    end_t *end = at == NO_INDEX ? NULL : end_of (self, at), *other = end ? end_of (self, at ^ 1) : NULL;
    if (!end || !other->open) {
        if (parcel->attachment)
            parcel->free_attachment (parcel->attachment, parcel->hint);
        return;
    }
    size_t size = send->envelope.len + send->body.len + parcel->attachment_size;
    int64_t left_us = leave (self, end, size + FRAME_BYTES);
    end->untold_bytes += (uint32_t) size;
    self->network.counts.messages++;
    self->network.counts.bytes += size;
    Ggen__LinkReceived received = GGEN__LINK_RECEIVED__INIT;
    received.link = other->number;
    received.envelope = send->envelope;
    received.body = send->body;
    parcel_t arrives = *parcel;
    arrives.body = &received.base;
    note_t *note = write_note (self, at ^ 1, &arrives);
    if (end->untold_bytes > NETWORK_QUEUE_BYTES_MAX) {
        letters_free (self->letters, &note);
        break_both (self, at / 2, BUSY, "its queue is full");
        return;
    }
    tell_written_later (self, at);
    int64_t way_us = link_of (self, at)->way_us;
    if (other->held_last || network_blocked (self, node, other->node))
        cable_table_hold (other, note);
    else
        post_note (self, at ^ 1, note,
                   left_us + way_us + network_jitter_us (self, way_us)
                       + network_resend_us (self, size, way_us));
}

//  Of what was sent so much has not left yet: what the uplink still works on is at most that.
static void
tell_written (world_t *self, uint32_t at)
{
    end_t *end = end_of (self, at);
    end->telling--;
    if (end->untold_bytes == 0)
        return;
    int64_t rate = self->nodes[end->node].traits.uplink_bytes_s;
    int64_t left = end->left_us > self->now_us ? (end->left_us - self->now_us) * rate / 1000000 : 0;
    uint32_t waiting = left < end->untold_bytes ? (uint32_t) left : end->untold_bytes;
    uint32_t written = end->untold_bytes - waiting;
    if (waiting == 0 || written >= NETWORK_WRITTEN_BYTES) {
        Ggen__LinkWritten news = GGEN__LINK_WRITTEN__INIT;
        news.link = end->number;
        news.bytes_count = written;
        end->untold_bytes = waiting;
        tell (self, at, &news.base, self->now_us);
    }
    if (waiting == 0 || end->telling > 0)
        return;
    end->telling++;
    int64_t step_us = (int64_t) NETWORK_WRITTEN_BYTES * 1000000 / rate + 1;
    due (self, self->now_us + step_us < end->left_us ? self->now_us + step_us : end->left_us,
         at / 2, LINK_WRITTEN_0 + at % 2);
}

//  ---- from swarm, and from others --------------------------------------------------------------------

void
cables_take (world_t *self, uint32_t node, const parcel_t *parcel)
{
    const ProtobufCMessage *body = parcel->body;
    if (body && body->descriptor == &ggen__link_send__descriptor) {
        take_send (self, node, (const Ggen__LinkSend *) body, parcel);
        return;
    }
    if (body && body->descriptor == &ggen__link_dial__descriptor)
        take_dial (self, node, (const Ggen__LinkDial *) body);
    else if (body && body->descriptor == &ggen__link_close__descriptor)
        take_close (self, node, ((const Ggen__LinkClose *) body)->link);
    else
        self->counts.nowhere++;
    if (parcel->attachment)
        parcel->free_attachment (parcel->attachment, parcel->hint);
}

bool
cables_deliver (world_t *self, const note_t *note)
{
    const link_t *link = link_of (self, note->end);
    const end_t *end = end_of (self, note->end);
    if (!link->used || link->generation != note->generation || !end->open)
        return false;
    self->nodes[note->node].received_bytes += letters_size (note);
    if (note->ends_link)
        cable_table_close (self, note->end);
    return true;
}

//  No life came through for a whole heartbeat.
static void
look_for_silence (world_t *self, uint32_t link)
{
    const link_t *place = &self->network.links[link];
    if (place->impaired_us < 0)
        return;
    int64_t at_us = place->impaired_us + NETWORK_HEARTBEAT_MS * INT64_C (1000);
    if (at_us > self->now_us)
        due (self, at_us, link, LINK_SILENCE);
    else
        break_both (self, link, TIMEOUT, "no sign of life");
}

void
cables_due (world_t *self, uint32_t link, uint32_t what)
{
    const link_t *place = &self->network.links[link];
    if (!place->used || place->generation != what >> CABLE_WHAT_BITS)
        return;
    uint32_t side = 0;
    switch (what & ((1u << CABLE_WHAT_BITS) - 1)) {
    case LINK_ACCEPT:
        accept_link (self, link);
        break;
    case LINK_ANSWER:
        answer_dialler (self, link);
        break;
    case LINK_WRITTEN_1:
        side = 1;
        //  fall through
    case LINK_WRITTEN_0:
        if (place->ends[side].open)
            tell_written (self, 2 * link + side);
        break;
    default:
        look_for_silence (self, link);
    }
}

//  ---- when the network changes ------------------------------------------------------------------------

static void
release_held (world_t *self, uint32_t at)
{
    end_t *end = end_of (self, at);
    const end_t *other = end_of (self, at ^ 1);
    if (!end->held_last || network_blocked (self, other->node, end->node))
        return;
    int64_t way_us = link_of (self, at)->way_us;
    int64_t at_us = self->now_us + way_us + network_jitter_us (self, way_us);
    for (note_t *note; (note = cable_table_take_held (end)) != NULL;)
        post_note (self, at, note, at_us);
}

static void
look (world_t *self, uint32_t link)
{
    link_t *place = &self->network.links[link];
    if (!place->used || !place->up)
        return;
    uint32_t a = place->ends[0].node, b = place->ends[1].node;
    bool impaired = self->nodes[a].state == NODE_FROZEN || self->nodes[b].state == NODE_FROZEN
                    || network_blocked (self, a, b) || network_blocked (self, b, a);
    if (impaired && place->impaired_us < 0) {
        place->impaired_us = self->now_us;
        due (self, self->now_us + NETWORK_HEARTBEAT_MS * INT64_C (1000), link, LINK_SILENCE);
    } else if (!impaired)
        place->impaired_us = -1;
    release_held (self, 2 * link);
    release_held (self, 2 * link + 1);
}

void
cables_look (world_t *self, uint32_t node)
{
    if (node == NO_INDEX) {
        for (uint32_t i = 0; i < self->network.count; i++)
            look (self, i);
        return;
    }
    for (uint32_t at = self->nodes[node].first_end; at != NO_INDEX; at = end_of (self, at)->next)
        look (self, at / 2);
}

void
cables_free (world_t *self)
{
    for (uint32_t i = 0; i < self->network.count; i++)
        for (uint32_t side = 0; side < 2; side++)
            if (self->network.links[i].used)
                cable_table_drop_held (self, &self->network.links[i].ends[side]);
    free (self->network.links);
    free (self->network.numbers);
}
