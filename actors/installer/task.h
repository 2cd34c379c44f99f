// SPDX-License-Identifier: MIT
//  A request to the installer while it is worked on: a chain of steps. Each step asks other actors,
//  TASK_WINDOW at a time, and the next one runs when all of them have answered. The first failure
//  ends the chain, after what is still being asked has ended; then the asker is told.
#ifndef GGEN_INSTALLER_TASK_H
#define GGEN_INSTALLER_TASK_H

#include "arena.h"
#include "lock.h"
#include "plan.h"

#include "runtime/actor/out.h"
#include "runtime/actor/map.h"
#include "message.h"

#include "cache.pb-c.h"
#include "installer.pb-c.h"
#include "publisher.pb-c.h"
#include "registry.pb-c.h"
#include "store.pb-c.h"
#include "trust.pb-c.h"
#include "upkeep.pb-c.h"

//  Asks of one task under way at a time, and tasks under way: together below PENDING_MAX.
#define TASK_WINDOW     16
#define TASK_ACTIVE_MAX 4

//  Asks of one step that wait for the window, and warnings of one task.
#define TASK_QUEUE_MAX    200000
#define TASK_WARNINGS_MAX 200

_Static_assert (TASK_WINDOW * TASK_ACTIVE_MAX < PENDING_MAX, "every ask of the window is taken");

typedef struct task_t task_t;
typedef struct installer_t installer_t;

typedef void (task_step_fn) (task_t *task);

//  An answer to an ask of the task; 'item' is what the ask was about.
typedef void (task_answer_fn) (task_t *task, void *item, const answer_t *answer);

//  A package that will be installed after the task.
typedef struct {
    Ggen__LockedPackage *locked;    //  its entry in 'after'; owned by that
    const Ggen__Package *package;   //  where it can be had; NULL: not known yet
    Ggen__Package *own_package;     //  the same, when it is this item's to free
    bool changed;                   //  added, changed or put back: its release has to be checked
    Ggen__Release *release;         //  what was signed, once it was checked; NULL: unsigned
    bool local;                     //  from a path the user gave: needs no signature
    bool missing;                   //  its tree has to be fetched and unpacked
    bool edited;                    //  a user changed files of its tree
    bool first_use;
    bool pin_changes;               //  what trust remembers of its publisher changes by installing it
} item_t;

struct task_t {
    installer_t *installer;
    out_t *out;
    const crypto_t *crypto;
    ticket_t ticket;
    ProtobufCMessage *request;
    task_step_fn *first;
    bool require_fresh;             //  of the installer's settings
    bool tells_later;               //  the same
    bool writes;                    //  changes or compares what is installed: one at a time
    bool started;
    task_t *following;

    //  the chain
    task_step_fn *next;
    struct task_ask_t *queue, *queue_last;      //  not asked yet
    struct task_ask_t *under_way;
    unsigned queued, waiting;
    Ggen__Failure *failure;         //  how it ended: this,
    ProtobufCMessage *reply;        //  or this
    bool committed;                 //  what was asked for is on disk: a cancel comes too late
    bool staged;                    //  something was packed or unpacked beside the store

    //  what the steps pass on
    const char *root;
    Ggen__Lock *before;
    uint64_t generation, current;
    uint64_t *generations;
    size_t generations_count;
    Ggen__Lock *after;
    bool has_adopted;               //  there is a generation 0 of before ggen
    struct adoption_t *adoption;    //  what is read of it; NULL: nothing
    task_step_fn *after_root;
    char *given_lock;               //  text of a ggen.lock that somebody put into the target; or NULL
    bool adopts;                    //  'before' is of a target, and becomes its generation 0 by the commit
    bool replaces_lock;             //  the commit takes that one's place
    item_t *items;
    size_t items_count;
    task_step_fn *materialised;     //  what follows when every tree is there
    Ggen__PlanStep **steps;
    size_t steps_count;
    uint64_t fetched_bytes;
    bool offline;                   //  nothing is fetched from elsewhere
    char *warnings [TASK_WARNINGS_MAX];
    size_t warnings_count;
    bool pinned;
    arena_t *arena;                 //  of task_room (); NULL until it is needed
    void *more;                     //  state of the kind of task
    void (*free_more) (void *more);
};

//  Run the first step.
void
    task_begin (task_t *task);

//  The actor ends: free what still waits. What is under way is never called back.
void
    task_abandon (task_t *task);

//  Ask 'to'; the answer goes to 'on_answer' when it is OK, or always when 'tolerant'. The message is
//  copied; 'item' is the caller's and has to live until then.
void
    task_ask (task_t *task, const char *to, const ProtobufCMessage *message,
              const ProtobufCMessageDescriptor *expect, task_answer_fn *on_answer, void *item,
              bool tolerant);

//  The same, but before whatever waits for the window: what follows up an answer is not to wait until
//  all else of the step has been asked. Not tolerant.
void
    task_ask_first (task_t *task, const char *to, const ProtobufCMessage *message,
                    const ProtobufCMessageDescriptor *expect, task_answer_fn *on_answer, void *item);

//  Ask beside what the step does: its end is waited for, and means nothing, whatever it is.
void
    task_ask_aside (task_t *task, const char *to, const ProtobufCMessage *message,
                    const ProtobufCMessageDescriptor *expect);

//  'size' zeroed bytes that last as long as the task: what an ask is about and belongs to nobody.
void *
    task_room (task_t *task, size_t size);

//  When all has been answered, run 'next' (at once if nothing is being asked).
void
    task_then (task_t *task, task_step_fn *next);

//  End the chain with a failure.
void
    task_fail (task_t *task, code_t code, const char *hint, const char *format, ...)
    printf_like (4, 5);

//  End the chain with its answer, which is copied.
void
    task_answer (task_t *task, const ProtobufCMessage *message);

//  Keep a warning for the answer; beyond TASK_WARNINGS_MAX they are dropped.
void
    task_warn (task_t *task, const char *format, ...) printf_like (2, 3);
void
    task_take_warnings (task_t *task, char *const *warnings, size_t count);

//  ---- installer.c -----------------------------------------------------------------------------------

//  The task is over: the next one may start. Frees it.
void
    installer_task_over (installer_t *self, task_t *task);

//  ---- the first steps of each kind of request --------------------------------------------------------

task_step_fn install_start, remove_start, list_start, verify_start, rollback_start;
task_step_fn publish_start, init_start, yank_start, unpublish_start, rotate_start;
task_step_fn outdated_start, update_start, history_start, clean_start, policy_start;

//  ---- shared steps -----------------------------------------------------------------------------------

//  Read ggen.lock of a generation (0 = the current one) into before, generation, current. What was
//  there before ggen is made into one (adopted.h).
void
    task_read_root (task_t *task, uint64_t generation, task_step_fn *next);

//  The same of generation 0 itself, what was there before ggen.
void
    task_read_adopted_root (task_t *task, task_step_fn *next);

//  The same of the current generation for who leaves it: a lock that does not read or is gone counts
//  as empty, with a warning.
void
    task_read_any_root (task_t *task, task_step_fn *next);

//  ---- adopted_read.c: between the answer to ReadRoot and what follows it ---------------------------

//  When the answer is of generation 0, or of a target that can become it: ask what lies there, and what
//  the manifests say.
void
    adopted_ask (task_t *task, const Ggen__ReadRootReply *reply);

//  When all has been answered: 'before' is made of it. Nothing to do when nothing was asked.
void
    adopted_take (task_t *task);

void
    adopted_destroy (task_t *task);

//  Make every tree of 'items' be in the store or ready for the commit, then 'next'.
void
    materialise (task_t *task, task_step_fn *next);

//  items and after from a lock, with nothing changed.
void
    task_items_from_lock (task_t *task, const Ggen__Lock *lock);

//  Commit 'after' with its trees, then 'next'; the new generation is in task->generation.
void
    task_commit (task_t *task, task_step_fn *next);

//  Say in 'steps' who published what, from 'items'.
void
    task_tell_publishers (task_t *task);

//  The trees of 'after', to be put into a message. Free the pointers and the array.
Ggen__Tree **
    task_trees (const task_t *task, size_t *count_p);
void
    task_trees_destroy (Ggen__Tree **trees, size_t count);

//  ---- manifests of trees -----------------------------------------------------------------------------

//  End the chain because the directory 'where' has no manifest.
void
    task_lacks_manifest (task_t *task, const char *where);

//  The package that a manifest tells of, or NULL, and '*why_p' says why; the caller frees that.
Ggen__Package *
    task_read_package (const Ggen__Manifest *manifest, char **why_p);

//  The package that a manifest tells of, or NULL after task_fail. 'publish' says which version it
//  is to have and how strictly to read; NULL when it is not for publishing.
Ggen__Package *
    task_package_of (task_t *task, const Ggen__Manifest *manifest, const char *where,
                     const Ggen__PublishTreeRequest *publish);

#endif
