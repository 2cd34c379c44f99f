// SPDX-License-Identifier: MIT
#include "tap.h"

#include "clock.h"
#include "home.h"

#include <czmq.h>
#include <sys/stat.h>

#define SNDHWM             10000
#define LISTENER_WAIT_MS   1000

struct tap_t {
    zsock_t *socket;            //  XPUB: it hears who subscribes
    unsigned subscriptions;
    uint64_t sequence;
};

tap_t *
tap_new (const char *path, bool bind)
{
    tap_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->socket = zsock_new (ZMQ_XPUB);
    zsock_set_xpub_verboser (self->socket, 1);  //  also of the second one to a topic, who wants a hello, too
    zsock_set_sndhwm (self->socket, SNDHWM);
    zsock_set_linger (self->socket, LISTENER_WAIT_MS);
    mode_t old_mask = umask (0177);
    int rc = bind ? zsock_bind (self->socket, "ipc://%s", path)
                  : zsock_connect (self->socket, "ipc://%s", path);
    umask (old_mask);
    if (rc < 0) {
        tap_destroy (&self);
        return NULL;
    }
    if (!bind) {
        zmq_pollitem_t item = {zsock_resolve (self->socket), 0, ZMQ_POLLIN, 0};
        if (zmq_poll (&item, 1, LISTENER_WAIT_MS) > 0)
            tap_subscriptions (self);
    }
    return self;
}

void
tap_destroy (tap_t **self_p)
{
    tap_t *self = *self_p;
    if (!self)
        return;
    zsock_destroy (&self->socket);
    free (self);
    *self_p = NULL;
}

void *
tap_socket (tap_t *self)
{
    return zsock_resolve (self->socket);
}

void
tap_subscriptions (tap_t *self)
{
    static const char asks_for_hello[] = "\1" HOME_TAP_HELLO;
    char text[sizeof asks_for_hello];       //  longer ones are cut: none of those asks for it
    int size;
    while ((size = zmq_recv (tap_socket (self), text, sizeof text, ZMQ_DONTWAIT)) > 0)
        if (*text == 1) {
            self->subscriptions++;
            if ((size_t) size == strlen (asks_for_hello)
                && memcmp (text, asks_for_hello, strlen (asks_for_hello)) == 0)
                zmq_send (tap_socket (self), HOME_TAP_HELLO, strlen (HOME_TAP_HELLO), ZMQ_DONTWAIT);
        } else if (self->subscriptions > 0)
            self->subscriptions--;
}

bool
tap_wanted (const tap_t *self)
{
    return self->subscriptions > 0;
}

static void
send_header (tap_t *self, const Ggen__TapHeader *header, const char *topic)
{
    void *raw = tap_socket (self);
    zmq_msg_t part;
    zmq_send (raw, topic, strlen (topic), ZMQ_SNDMORE | ZMQ_DONTWAIT);
    if (zmq_msg_init_size (&part, protobuf_c_message_get_packed_size (&header->base)) != 0)
        zmq_msg_init (&part);
    else
        protobuf_c_message_pack (&header->base, zmq_msg_data (&part));
    if (zmq_msg_send (&part, raw, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
        zmq_msg_close (&part);
}

void
tap_publish (tap_t *self, const packet_t *packet)
{
    Ggen__Envelope *envelope =
        ggen__envelope__unpack (NULL, packet->envelope.size, packet->envelope.data);
    if (!envelope)
        return;
    bytes_t attachment = packet->attachment;
    uint8_t digest[CRYPTO_HASH_BYTES];
    Ggen__TapHeader header = GGEN__TAP_HEADER__INIT;
    header.sequence = ++self->sequence;
    header.at_us = clock_wall_ms () * 1000;
    header.to = (char *) packet->address;
    header.envelope = envelope;
    header.body_bytes = (uint32_t) packet->body.size;
    uint64_t now_us = clock_us ();
    header.latency_us = now_us > envelope->sent_us ? now_us - envelope->sent_us : 0;
    if (attachment.size > 0) {
        crypto_real.sha256 (attachment.data, attachment.size, digest);
        header.attachment_bytes = attachment.size;
        header.attachment_sha256 = (ProtobufCBinaryData) {sizeof digest, digest};
    }
    send_header (self, &header, *envelope->type ? envelope->type : "-");
    zmq_send (tap_socket (self), packet->body.data, packet->body.size, ZMQ_DONTWAIT);
    ggen__envelope__free_unpacked (envelope, NULL);
}

uint64_t
tap_sequence (const tap_t *self)
{
    return self->sequence;
}
