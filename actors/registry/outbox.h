// SPDX-License-Identifier: MIT
//  What is published here and has to be told to the network: on disk before the first word, and tried
//  again, ever more rarely, until everything that can be acknowledged is. One entry is one version of a
//  name with the head that lists it, or a head by itself; what is told are its steps:
//      release, head, listing, rotation    written under their keys of the DHT, the listing also under
//                                          each keyword, in the first part that is not full
//      archive                             provided by this node, and stored at settings.replicas hosts
//      news                                announced on the topic of all and on those of its categories
//      withdrawn bytes                     no longer served and no longer provided
//  A newer head of the same name and key stands for the older one's head, listing and news. What is done
//  stays, to be announced again when a split network heals; at OUTBOX_MAX the oldest of it goes.
//  What fewer than three others took is written again, six times within half an hour: the network may have
//  been cut. What was published within that time before a start is written once more after it.
#ifndef GGEN_OUTBOX_H
#define GGEN_OUTBOX_H

#include "messages/publisher_key.h"
#include "runtime/actor/out.h"

#include "p2p.pb-c.h"

#define OUTBOX_MAX         256      //  entries; with as many unfinished ones, STORAGE
#define OUTBOX_ACTIVE_MAX  2        //  entries that are being told at one time
#define OUTBOX_STEPS_MAX   8        //  of one entry, at one time
#define OUTBOX_RETRY_MS    5000     //  after the first failure, doubled by each
#define OUTBOX_RETRY_MAX_MS 600000
#define OUTBOX_AGAIN_MAX   16       //  entries that are announced again at one time, the newest
#define OUTBOX_AGAIN_MS    30000    //  between doing so twice
#define OUTBOX_AGAIN_SECS  86400    //  what was published longer ago is found by asking

struct registry_p2p;
typedef struct outbox_entry outbox_entry_t;

typedef struct {
    outbox_entry_t *entries;        //  oldest first
    unsigned count;
    unsigned active;
    int64_t again_ms;               //  news was announced again last
    bool wants_again;               //  it is to be, at
    int64_t again_at_ms;
} outbox_t;

//  'kept' is called when it is on disk, then 'told' once: when all steps were tried, or when it is time to
//  answer. Or only 'told', with the failure: it could not be written.
typedef struct {
    void (*kept) (void *arg);
    void (*told) (void *arg, const Ggen__OutboxState *state, const Ggen__Failure *failure);
    void *arg;
} outbox_asker_t;

//  One from the disk; taken. What is malformed is dropped.
void outbox_load (struct registry_p2p *home, Ggen__OutboxState *state);

//  Write it down, then tell it. Signed records in it were checked. 'state' is taken, also when it fails.
//  OK       the asker will be called.
//  STORAGE  OUTBOX_MAX entries are unfinished, or the tables were not loaded.
//  BUSY     out of memory, or too much is asked at once.
must_use code_t outbox_add (struct registry_p2p *home, Ggen__OutboxState *state, ticket_t ticket,
                            int64_t answer_at_ms, const outbox_asker_t *asker);

//  OutboxState.left_out of a publisher who does not want this told: to neighbours, or to the DHT.
uint64_t outbox_left_out (bool unannounced, bool unrecorded);

//  The newest entry of this name and key that is not withdrawn; NULL: none. With a version: that one.
const Ggen__OutboxState *outbox_find (const outbox_t *self, const char *id, const char *version,
                                      const publisher_key_t *key);

//  Try what is unfinished again, 'delay_ms' from now at the latest.
void outbox_wake (struct registry_p2p *home, int64_t delay_ms);

//  A network that was split has come together: announce what was published lately again.
void outbox_announce_again (struct registry_p2p *home);

void outbox_tick (struct registry_p2p *home, int64_t now_ms);
int64_t outbox_deadline_ms (const outbox_t *self);
void outbox_destroy (outbox_t *self);

//  ---- for OutboxRequest ---------------------------------------------------------------------------

//  The entry behind 'at' (NULL: the first), or NULL.
const outbox_entry_t *outbox_next (const outbox_t *self, const outbox_entry_t *at);
const Ggen__OutboxState *outbox_state (const outbox_entry_t *entry);
bool outbox_is_done (const outbox_entry_t *entry);

#endif
