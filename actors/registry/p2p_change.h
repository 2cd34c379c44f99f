// SPDX-License-Identifier: MIT
//  What a publisher has told of a name, on its way to the network, whatever it began with (Publish,
//  PutHead, Delete): the listing that goes with the head is made and signed, both are written into the
//  outbox and told, and the asker hears how far they got.
//      publish, put head, delete -> change_list -> change_store -> the answer
#ifndef GGEN_P2P_CHANGE_H
#define GGEN_P2P_CHANGE_H

#include "p2p_requests.h"

#include "publisher.pb-c.h"

#define CHANGES_MAX          16         //  at one time; one more is refused with BUSY
#define CHANGE_WARNINGS_MAX  4
#define CHANGE_ANSWER_FACTOR 3          //  answers wait so many times settings.answer_ms at most

typedef struct change change_t;

struct change {
    change_t *next;
    registry_p2p_t *home;
    ticket_t ticket;
    int64_t answer_at_ms;
    ProtobufCMessage *request;          //  a copy
    const char *id;                     //  inside 'request'
    const char *version;                //  of the entry: inside 'request', or ""
    const Ggen__Package *package;       //  inside 'request': what is published; or NULL

    p2p_signed_t signed_release;        //  what is told; each may be empty
    p2p_signed_t head;
    p2p_signed_t rotation;
    p2p_signed_t listing;
    p2p_signed_t old_listing;           //  the newest of this publisher that was there
    p2p_signed_t offered;               //  the newest that was not withdrawn
    digest_t withdrawn;
    bool withdraws;
    uint64_t left_out;                  //  of OutboxState

    //  Signing.
    publisher_key_t key;
    Ggen__RecordKind kind;
    ProtobufCBinaryData payload;
    bool looked_for_key;
    void (*on_signed) (change_t *self, bytes_t record);     //  size 0: nobody here has the key

    char *warnings[CHANGE_WARNINGS_MAX];
    size_t warnings_count;
    void (*answer) (change_t *self, const Ggen__OutboxState *state);
};

//  A change that a request begins. NULL: CHANGES_MAX go on, or memory is short.
change_t *change_new (registry_p2p_t *home, const delivery_t *at, const ProtobufCMessage *request);

//  It is over; refuse or answer before.
void change_end (change_t *self);
void change_destroy_all (registry_p2p_t *home);

void change_warn (change_t *self, const char *format, ...) printf_like (2, 3);

//  End it with a failure.
void change_refuse (change_t *self, code_t code, const char *hint, const char *format, ...)
    printf_like (4, 5);

//  Have 'message' signed by self->key: 'on_signed' is called later, or the change ends.
void change_sign (change_t *self, Ggen__RecordKind kind, const ProtobufCMessage *message,
                  void (*on_signed) (change_t *self, bytes_t record));

//  Make the listing that goes with self->head, then store all. The newest listings known are taken from
//  the look-up.
void change_take_listings (change_t *self, const find_publisher_t *publisher);
void change_list (change_t *self);

//  Into the outbox, and tell.
void change_store (change_t *self);

#endif
