// SPDX-License-Identifier: MIT
//  What this node serves: the releases whose bytes it gives to others, kept in the state table
//  "served" (ServedEntry by digest). Entries exist on demand; an idle node has none.
#ifndef GGEN_SERVED_H
#define GGEN_SERVED_H

#include "release.h"
#include "runtime/actor/map.h"
#include "runtime/actor/out.h"

#include "transfer.pb-c.h"

#define SERVED_MAX              4096            //  releases; one more is refused
#define SERVED_RECORDS_BYTES_MAX (8u << 20)     //  of their records, in memory
#define SERVED_WRITES_MAX       8               //  on their way to "state"; more are BUSY

typedef struct {
    release_t *release;
    Ggen__ServeReason reason;
    uint32_t index;             //  in served_t.list
    uint8_t providers;          //  live ones at the last look, with us; 0 = not looked yet
} served_entry_t;

//  Called when an entry is kept, or could not be (*failure; it is no longer served then).
typedef void (served_done_fn) (void *context, void *arg, const Ggen__Failure *failure);

typedef struct served_write_t served_write_t;

typedef struct {
    out_t *out;
    void *context;              //  of these functions
    void (*on_loaded) (void *context);
    const crypto_t *crypto;
    uint64_t seed;
    map_t *map;                 //  digest -> entry; NULL while there is none
    served_entry_t **list;
    uint32_t count, room;
    uint32_t hosted_count;
    uint64_t hosted_bytes;
    size_t records_bytes;
    served_write_t *writing;    //  being kept
    unsigned writes;
    unsigned tries;             //  to load
    bool loaded;
    int64_t retry_ms;
} served_t;

//  Begins to load; on_loaded is called at the end of it.
void served_init (served_t *self, const actor_env_t *env, void (*on_loaded) (void *context),
                  void *context);
void served_clear (served_t *self);

//  Loaded; or "state" has failed so often that what was kept is not served in this life.
bool served_ready (const served_t *self);
void served_tick (served_t *self, int64_t now_ms);
int64_t served_deadline_ms (const served_t *self);

served_entry_t *served_get (const served_t *self, const digest_t *sha256);

//  Serve it, and keep that it is served; 'done' is called when it is kept. Of one that is served
//  already a stronger reason (PUBLISHED over HOSTED over SHARED) counts. What is left in *release_p
//  is the caller's.
//  OK                            done will be called.
//  BUSY                          memory is short, or SERVED_WRITES_MAX are being kept.
//  INSUFFICIENT_DISK_SPACE       SERVED_MAX or SERVED_RECORDS_BYTES_MAX is reached.
must_use code_t served_put (served_t *self, release_t **release_p, Ggen__ServeReason reason,
                            served_done_fn *done, void *arg);

//  Serve it no longer. Nothing happens when it is not.
void served_drop (served_t *self, const digest_t *sha256);

//  Bytes hosted for this signer.
uint64_t served_hosted_of (const served_t *self, const publisher_key_t *signer);

//  The hosted entry that most others have too, of those that more than 'replicas' have besides us;
//  NULL when there is none.
served_entry_t *served_spare (const served_t *self, uint32_t replicas);

#endif
