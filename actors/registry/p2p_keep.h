// SPDX-License-Identifier: MIT
//  What the P2P registry keeps in "state". Both tables are loaded at birth; until then requests wait. When
//  they cannot be loaded (KEEP_TRIES times) it goes on without what it once heard, refuses to publish,
//  and goes on trying.
//  The outbox is written before it is believed; what was heard of is written when there is time, one
//  change at a time, and what is lost of it is heard again.
#ifndef GGEN_P2P_KEEP_H
#define GGEN_P2P_KEEP_H

#include "discovered.h"
#include "runtime/actor/out.h"

#include "p2p.pb-c.h"

#define KEEP_TRIES       3
#define KEEP_RETRY_MS    500
#define KEEP_AGAIN_MS    5000
#define KEEP_BUDGET_MS   10000
#define KEEP_CHANGED_MAX 256            //  entries that wait to be written; more are not written
#define KEEP_BATCH_MAX   64             //  of them in one change
#define KEEP_DELAY_MS    2000           //  between hearing and writing

struct registry_p2p;

typedef struct {
    bool loaded;
    bool writing;
    unsigned tries;
    int64_t load_at_ms;                 //  DEADLINE_NEVER: it is loading, or loaded
    int64_t write_at_ms;                //  DEADLINE_NEVER: nothing waits, or it is writing
    bool taking;                        //  what changes now comes from the disk
    unsigned table;                     //  that is being loaded
    ProtobufCBinaryData *changed;       //  keys of entries; on demand
    unsigned changed_count;
    ticket_t saving;                    //  who wants all of it written now; 0 = nobody
} keep_t;

void keep_begin (struct registry_p2p *home);
void keep_end (keep_t *self);

//  For actor_class_t: have the tables been looked at?
bool keep_ready (const keep_t *self);

//  Handler of SaveRequest.
code_t keep_save_all (void *home, const delivery_t *at, const ProtobufCMessage *message);

void keep_tick (struct registry_p2p *home, int64_t now_ms);
int64_t keep_deadline_ms (const keep_t *self);

//  An entry of the outbox to the disk, now; NULL removes it. 'on_written' as of ask_t.
must_use code_t keep_outbox (struct registry_p2p *home, bytes_t key, const Ggen__OutboxState *entry,
                             ticket_t ticket, answer_fn *on_written, void *arg);

#endif
