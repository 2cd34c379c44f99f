// SPDX-License-Identifier: MIT
#include "speak.h"

#include "frame.h"
#include "lanes.h"
#include "status.h"
#include "link.pb-c.h"
#include "runtime/actor/envelope.h"

#include <stdlib.h>
#include <string.h>

#define ENVELOPE_MAX 256u           //  bytes: three short names, four numbers

_Static_assert (ENVELOPE_MAX > 2 * (SWARM_NAME_MAX + 3) + FRAME_TYPE_MAX + 3 + 2 + 6 + 3 * 9,
                "every envelope fits");

static void
free_copy (void *data, void *hint)
{
    (void) hint;
    free (data);
}

static void
send (swarm_t *self, const char *to, const ProtobufCMessage *message, bytes_t attachment)
{
    uint8_t *copy = attachment.size > 0 ? malloc (attachment.size) : NULL;
    if (!copy) {
        out_event (self->out, to, message);
        return;
    }
    memcpy (copy, attachment.data, attachment.size);
    out_event_with (self->out, to, message, copy, attachment.size, free_copy, NULL);
}

static ProtobufCBinaryData
pack (const said_mail_t *mail, uint32_t budget_ms, uint8_t packed[ENVELOPE_MAX])
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = mail->kind;
    envelope.id = mail->id;
    envelope.from = (char *) mail->from;
    envelope.to = (char *) mail->to;
    envelope.type = (char *) mail->type;
    envelope.trace = mail->trace;
    envelope.budget_ms = budget_ms;
    return (ProtobufCBinaryData) {envelope_pack (&envelope, packed), packed};
}

void
speak_mail (swarm_t *self, link_t *link, const said_mail_t *mail, uint32_t budget_ms)
{
    uint8_t packed[ENVELOPE_MAX];
    Ggen__LinkSend message = GGEN__LINK_SEND__INIT;
    message.link = link->number;
    message.envelope = pack (mail, budget_ms, packed);
    message.body = (ProtobufCBinaryData) {mail->body.size, (uint8_t *) mail->body.data};
    size_t size = message.envelope.len + mail->body.size + mail->attachment.size;
    link->unwritten_bytes += (uint32_t) size;
    link->sent_bytes += size;
    status_traffic (self, mail->from)->sent_bytes += size;
    send (self, "link", &message.base, mail->attachment);
}

void
speak_bulk (swarm_t *self, link_t *link, const said_mail_t *mail)
{
    uint8_t packed[ENVELOPE_MAX];
    Ggen__BulkSend message = GGEN__BULK_SEND__INIT;
    message.lane = lanes_number (link);
    message.envelope = pack (mail, 0, packed);
    message.body = (ProtobufCBinaryData) {mail->body.size, (uint8_t *) mail->body.data};
    const size_t size = message.envelope.len + mail->body.size + mail->attachment.size;
    link->used_ms = out_now_ms (self->out);
    link->sent_bytes += size;
    self->bulk_sent_bytes += size;
    status_traffic (self, mail->from)->sent_bytes += size;
    send (self, "bulk", &message.base, mail->attachment);
}

void
speak_again (swarm_t *self, link_t *link, const Ggen__BulkReturned *returned, bytes_t attachment)
{
    Ggen__LinkSend message = GGEN__LINK_SEND__INIT;
    if (!link->number)
        return;
    const size_t size = returned->envelope.len + returned->body.len + attachment.size;
    message.link = link->number;
    message.envelope = returned->envelope;
    message.body = returned->body;
    link->unwritten_bytes += (uint32_t) size;
    self->bulk_sent_bytes -= size;
    send (self, "link", &message.base, attachment);
}

void
speak_message (swarm_t *self, link_t *link, const ProtobufCMessage *message)
{
    size_t size = protobuf_c_message_get_packed_size (message);
    uint8_t *body = malloc (size + 1);
    if (!body)
        return;
    protobuf_c_message_pack (message, body);
    said_mail_t mail = {.kind = GGEN__KIND__EVENT,
                        .from = "swarm",
                        .to = "swarm",
                        .type = message->descriptor->short_name,
                        .body = {body, size}};
    speak_mail (self, link, &mail, 0);
    free (body);
}

void
speak_leave (swarm_t *self, link_t *link, code_t code, const char *reason, uint32_t pause_secs)
{
    Ggen__Goodbye goodbye = GGEN__GOODBYE__INIT;
    goodbye.code = code;
    goodbye.reason = (char *) reason;
    goodbye.pause_secs = pause_secs;
    if (link->number)
        speak_message (self, link, &goodbye.base);
}

void
speak_goodbye (swarm_t *self, link_t *link, code_t code, const char *reason,
               uint32_t pause_secs)
{
    speak_leave (self, link, code, reason, pause_secs);
    speak_close (self, link);
}

void
speak_close (swarm_t *self, link_t *link)
{
    Ggen__LinkClose close = GGEN__LINK_CLOSE__INIT;
    if (!link->number)
        return;
    close.link = link->number;
    out_event (self->out, "link", &close.base);
    links_number (self->links, link, 0);
}
