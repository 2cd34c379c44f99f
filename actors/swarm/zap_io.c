// SPDX-License-Identifier: MIT
#include "actors/swarm/zap_io.h"

#include "hex.h"

#include <errno.h>
#include <string.h>
#include <zmq.h>

#define ENDPOINT "inproc://zeromq.zap.01"

//  Frames of a request: version, request id, domain, address, identity, mechanism, credentials.
enum { VERSION, REQUEST_ID, DOMAIN, ADDRESS, IDENTITY, MECHANISM, CREDENTIALS, FRAMES };

#define ID_MAX 64u

void *
zap_open (void *context, bool *taken)
{
    *taken = false;
    void *socket = zmq_socket (context, ZMQ_REP);
    int linger_ms = 0;
    if (!socket)
        return NULL;
    zmq_setsockopt (socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    if (zmq_bind (socket, ENDPOINT) == 0)
        return socket;
    *taken = errno == EADDRINUSE;
    zmq_close (socket);
    return NULL;
}

void
zap_close (void **socket_p)
{
    if (!*socket_p)
        return;
    zmq_unbind (*socket_p, ENDPOINT);
    zmq_close (*socket_p);
    *socket_p = NULL;
}

typedef struct {
    uint8_t id[ID_MAX];
    size_t id_size;
    bool curve;
    uint8_t key[32];
} question_t;

static void
take_frame (question_t *question, unsigned at, zmq_msg_t *frame)
{
    const void *data = zmq_msg_data (frame);
    size_t size = zmq_msg_size (frame);
    if (at == REQUEST_ID && size <= ID_MAX) {
        memcpy (question->id, data, size);
        question->id_size = size;
    }
    if (at == MECHANISM)
        question->curve = size == 5 && memcmp (data, "CURVE", 5) == 0;
    if (at == CREDENTIALS && question->curve) {
        question->curve = size == sizeof question->key;
        if (question->curve)
            memcpy (question->key, data, size);
    }
}

//  False when none has come.
static bool
receive (void *socket, question_t *question)
{
    *question = (question_t) {0};
    bool more = true;
    for (unsigned at = 0; more; at++) {
        zmq_msg_t frame;
        zmq_msg_init (&frame);
        if (zmq_msg_recv (&frame, socket, at == 0 ? ZMQ_DONTWAIT : 0) < 0) {
            zmq_msg_close (&frame);
            return false;
        }
        more = zmq_msg_more (&frame) != 0;
        take_frame (question, at, &frame);
        zmq_msg_close (&frame);
    }
    return true;
}

static void
answer (void *socket, const question_t *question)
{
    char user[65] = "";
    if (question->curve)
        hex_encode (user, question->key, sizeof question->key);
    const char *parts[] = {question->curve ? "200" : "400", question->curve ? "OK" : "a CURVE key",
                           user};
    zmq_send (socket, "1.0", 3, ZMQ_SNDMORE);
    zmq_send (socket, question->id, question->id_size, ZMQ_SNDMORE);
    for (unsigned i = 0; i < COUNT_OF (parts); i++)
        zmq_send (socket, parts[i], strlen (parts[i]), ZMQ_SNDMORE);
    zmq_send (socket, "", 0, 0);            //  No metadata
}

void
zap_answer (void *socket, unsigned max)
{
    question_t question;
    for (unsigned i = 0; i < max && receive (socket, &question); i++)
        answer (socket, &question);
}
