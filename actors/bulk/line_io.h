// SPDX-License-Identifier: MIT
//  One bulk connection: what comes in until it is a whole thing, and what waits to go out.
#ifndef GGEN_BULK_LINE_IO_H
#define GGEN_BULK_LINE_IO_H

#include "bulk_record.h"
#include "multiaddr.h"
#include "opening.h"

typedef enum {
    LINE_WAITING,                       //  it came in; its opening is due
    LINE_DIALLING,                      //  TCP does not stand yet
    LINE_CALLING,                       //  our opening has left; the answer is due
    LINE_UP
} line_state_t;

typedef struct line_queue line_queue_t;

typedef struct {
    int fd;
    line_state_t state;
    uint32_t slot;
    uint64_t lane;                      //  0: nobody's yet
    multiaddr_t from;                   //  WAITING: its IP
    seals_t seals;
    int64_t made_ms;
    int64_t used_ms;                    //  when the last record was whole, was given to send, or had left
    int64_t begun_ms;                   //  when the record that is coming in began
    int64_t moved_ms;                   //  when something left, or began to wait
    uint8_t opening[OPENING_BYTES];     //  that comes in, or was sent
    uint8_t small[OPENING_BYTES];       //  an answer or a header that comes in
    size_t have;                        //  bytes of what is coming in
    uint8_t *record;                    //  that is coming in; NULL: its header is
    size_t record_size;
    bool hungry;                        //  there is no room for its next record now
    bool watched_out;                   //  epoll tells when it can be written
    line_queue_t *first, *last;
    size_t queued_bytes;
} line_t;

//  Takes 'fd'. NULL without memory; then it is still the caller's.
line_t *line_new (int fd, line_state_t state, int64_t now_ms);

//  Closes it; what waits is thrown away.
void line_destroy (line_t **self_p);

//  More of a thing of 'size' bytes at 'bytes', of which self->have are there.
//  OK: it is whole, and 'have' 0 again; BUSY: not yet; NETWORK: the connection has ended.
must_use code_t line_take (line_t *self, uint8_t *bytes, size_t size);

//  Send now, all of it: for the few bytes of a beginning. NETWORK.
must_use code_t line_say (line_t *self, const uint8_t *bytes, size_t size);

//  Seal and send a record, or have it wait. BUSY: BULK_QUEUE_BYTES_MAX, or no memory; NETWORK, SECURITY:
//  the connection is at its end.
must_use code_t line_send (line_t *self, const bulk_record_t *record, int64_t now_ms);

//  Send of what waits as much as goes. OK or NETWORK.
must_use code_t line_flush (line_t *self, int64_t now_ms);

//  When it is next to be looked at.
int64_t line_due_ms (const line_t *self);

#endif
