// SPDX-License-Identifier: MIT
//  One request to the store while it is worked on, and what the store remembers between them. Used
//  on the worker threads only.
#ifndef GGEN_STORE_CALL_IO_H
#define GGEN_STORE_CALL_IO_H

#include "place_io.h"
#include "store_io.h"

#include <pthread.h>

#include "runtime/actor/out.h"
#include "runtime/host/job.h"
#include "store.pb-c.h"

//  Trees unpacked and archives packed that no commit has taken yet; more are refused with BUSY.
#define STORE_STAGED_MAX 8192

typedef struct {
    char *root;                             //  as in the request
    char name [PLACE_INSTANCE_MAX];         //  in store/ of that root
    uint8_t files_sha256 [SHA256_SIZE];
    bool archive;                           //  a packed archive, not a tree
} staged_t;

//  Roots that are written to at one time: one installation, and what it packs in the home.
#define STORE_HELD_MAX 8

//  A root that no other process may write to, from the first thing in the making until all of it
//  was committed or discarded.
typedef struct {
    char *root;                             //  as in the request
    int fd;                                 //  of place_take ()
    bool made_target;                       //  the root was made for it
} held_t;

//  What HasTrees found clean need not be read again by the commit that follows at once: an edit in
//  between is as one right after the commit.
#define STORE_CLEAN_MS 1000

typedef struct {
    uint8_t files_sha256 [SHA256_SIZE];
    char name [PLACE_INSTANCE_MAX];
} clean_t;

//  Unpackings run beside each other: what they share they change under the mutex, and what other
//  calls do with it is theirs alone while they run.
typedef struct {
    const store_settings_t *settings;
    pthread_mutex_t mutex;
    unsigned running;                       //  calls; roots are let go of when there are none
    staged_t *staged;
    size_t staged_count;
    size_t staged_room;
    uint64_t serial;
    held_t held [STORE_HELD_MAX];
    size_t held_count;
    char *clean_root;                       //  of what is below, or NULL
    clean_t *clean;
    size_t clean_count;
    int64_t clean_ms;                       //  when it was looked at first
} store_t;

typedef struct store_call_t {
    struct store_call_t *following;
    store_t *store;
    job_t *job;
    ticket_t ticket;
    ProtobufCMessage *request;
    ProtobufCMessage *reply;                //  set when code is OK
    code_t code;
    const char *hint;
    char base [PLACE_PATH_MAX];             //  of the place that was opened last, or ""
    char hint_text [PLACE_PATH_MAX + 256];
    refusal_t refusal;
    const char *subject;                    //  of progress
} store_call_t;

typedef code_t (store_fn) (store_call_t *call);

//  store_pack_io.c
store_fn store_read_manifest, store_write_new, store_pack;
//  store_unpack_io.c
store_fn store_prepare, store_unpack, store_unpack_many, store_has_trees, store_flush, store_discard;
//  store_root_io.c
store_fn store_read_root, store_commit, store_activate, store_check_trees;
//  store_upkeep_io.c
store_fn store_generations, store_sweep;
//  store_adopt_io.c
store_fn store_survey_adopted;

//  What there is to say of an adopted package (adopt_io.h).
typedef struct {
    bool there;
    bool known;                             //  there was something to compare it with
    bool differs;                           //  from that
    uint32_t files_count;                   //  that were hashed
    uint64_t bytes_count;
    char expected [SHA256_HEX_SIZE + 1];    //  digest of the list of files, or of the archive, or ""
    char actual [REFUSAL_TEXT_MAX];         //  the first of what is there, or why it has none
} adopted_check_t;

//  Compare what a generation leads to with the digests that are known of it. OK says that the comparison
//  was made. STORAGE, PERMISSION_DENIED: it cannot be opened; CANCELLED, INTERNAL.
must_use code_t
    store_check_adopted (store_call_t *call, const place_t *place, uint64_t generation,
                         const Ggen__Tree *tree, adopted_check_t *check);

//  A tree or archive of this root that is in the making, or NULL.
const staged_t *
    store_find_staged (const store_t *self, const char *root, const uint8_t files_sha256 [SHA256_SIZE]);

//  Begin to remember what is clean in this root, up to 'count'; and each of it. Out of memory nothing
//  is remembered.
void
    store_clean_begin (store_t *self, const char *root, size_t count);
void
    store_clean_add (store_t *self, const uint8_t files_sha256 [SHA256_SIZE], const char *name);

//  The instance of this tree that was found clean within STORE_CLEAN_MS, or NULL. '*hint' is where the
//  next of them, in the order of HasTrees, is looked for first.
const char *
    store_clean_find (const store_t *self, const char *root,
                      const uint8_t files_sha256 [SHA256_SIZE], size_t *hint);

//  A new name for something in the making: COMMIT_TEMPORARY and a number.
void
    store_temporary (store_t *self, char name [PLACE_INSTANCE_MAX]);

//  Remember it. BUSY: STORE_STAGED_MAX are there.
must_use code_t
    store_stage (store_t *self, const staged_t *staged);

//  Open the place of a request's root. To write, it is held against other processes, and what a
//  crash left there is removed.
//  PERMISSION_DENIED: to write, in a process that holds the home only to read.
//  BUSY: another process writes there, or STORE_HELD_MAX roots are held.
must_use code_t
    store_open_place (store_call_t *call, const char *root, bool write, place_t *place);

//  Remove what is in the making for a root, and archives whatever their root (an archive is packed
//  in the home for a tree of any root). With 'archives' false, those stay.
void
    store_forget (store_t *self, const place_t *place, const char *root, bool archives);

//  Let go of the roots that nothing is in the making for.
void
    store_release (store_t *self);

//  The manifest in a directory, or NULL with OK when there is none.
//  VALIDATION: it does not parse; the refusal has file, line, column and reason.
must_use code_t
    store_manifest_in (int dirfd, const char *path, uint32_t size_max, Ggen__Manifest **manifest_p,
                       refusal_t *refusal);

//  For pack, unpack: report and see whether to stop.
bool
    store_progress (void *call, uint64_t done_bytes, uint64_t total_bytes);

//  Set a bytes field of a message that will be freed.
void
    store_set_bytes (ProtobufCBinaryData *field, const void *data, size_t size);

#endif
