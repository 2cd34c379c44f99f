// SPDX-License-Identifier: MIT
//  What the steps of one installation share (install.c, install_local.c, install_choose.c); an
//  update is one too (update.c).
#ifndef GGEN_INSTALLER_INSTALL_H
#define GGEN_INSTALLER_INSTALL_H

#include "gather.h"
#include "package_id.h"

//  A directory or archive that the user named.
typedef struct {
    const char *path;
    Ggen__Package *manifest;        //  of a directory, before it is packed
    char *archive_path;             //  of a directory, once it is packed
    const Ggen__Package *package;   //  the candidate it became
    uint8_t files_sha256 [CRYPTO_HASH_BYTES];
} local_t;

typedef struct {
    const Ggen__InstallRequest *request;
    Ggen__InstallRequest *own_request;          //  the same when an update made it
    task_step_fn *after_choice, *answer;
    Ggen__Lock *installed;          //  a given ggen.lock is 'before', and this is what is there; or NULL
    bool updates;                   //  nothing is downgraded, and of these names
    const char **fresh;             //  the newest version is preferred; sorted, borrowed
    size_t fresh_count;
    gather_t *gather;
    local_t *locals;
    size_t locals_count;
    char **suggestions;             //  names like the ones that do not exist
    size_t suggestions_count, suggestions_room;
    bool suggested;
    map_t *pins;                    //  name -> publisher key (32 bytes), of the names gathered
    Ggen__TrustListReply *trust;    //  what they are from; NULL: no name was gathered
    const Ggen__Package **chosen;
    size_t chosen_count;
    uint64_t indexed_count;         //  packages of the index that an update made anew
    char **direct;                  //  names asked for, now or earlier
    size_t direct_count;
    struct lines_t *lines;          //  who succeeds whom; NULL: nobody asked
    task_step_fn *when_chosen, *when_checked;
    bool prepared;                  //  the store was told that there will be much to unpack
} install_t;

static inline install_t *
install_of (const task_t *task)
{
    return task->more;
}

static inline const Ggen__InstallRequest *
install_request (const task_t *task)
{
    return install_of (task)->request;
}

//  Make the task one that installs as 'request' says, which is borrowed for its life. 'answer'
//  tells how it ended.
install_t *
    install_begin (task_t *task, const Ggen__InstallRequest *request, task_step_fn *answer);

//  The step after the root was read. It goes on to the choice, and then to 'after_choice', which is
//  install_chosen unless it was set to something else.
task_step_fn install_gather, install_chosen;

//  What a want names: its id, and its range (NULL: none). False: it is a path, or no id.
bool
    install_want (const char *want, char id [PACKAGE_ID_MAX + 1], const char **range_p);

//  Whether the user asked for this name in this request.
bool
    install_wants (const task_t *task, const char *name);

//  Whether choosing this puts it in the place of an adopted package, not of one of ours.
bool
    install_replaces_adopted (const task_t *task, const Ggen__Package *package);

//  Read, pack and unpack what the user named by path; each becomes a candidate. Then 'next'.
void
    install_locals (task_t *task, task_step_fn *next);

//  From candidates to task->items and task->after: the resolver's choice. Then 'next'.
void
    install_choose (task_t *task, task_step_fn *next);

//  task->steps from 'before' to that choice.
void
    install_plan (task_t *task, const Ggen__Lock *before);

//  Whether a candidate is the very release that was installed: its signature by the same publisher,
//  and what was signed of it. True, too, when it was installed unsigned.
bool
    install_is_as_signed (const task_t *task, const Ggen__Package *package,
                          const Ggen__LockedPackage *locked);

//  Other publishers of one name that are told to trust.
#define RIVALS_MAX 16

//  Their keys. Returns how many; borrowed from the candidates.
size_t
    install_rivals (const gather_t *gather, const Ggen__Package *package,
                    ProtobufCBinaryData rivals [RIVALS_MAX]);

//  The newest head that came with any version of this name by this publisher; borrowed.
ProtobufCBinaryData
    install_head (const gather_t *gather, const Ggen__Package *package);
//  ---- install_given.c -----------------------------------------------------------------------------

//  The step after the root was read, when a ggen.lock that lies in the target is to be reproduced.
task_step_fn install_read_given;

//  Whether a package of 'before' is installed: true unless a given lock says what is to be.
bool
    install_is_there (const task_t *task, const Ggen__LockedPackage *locked);

//  The steps from what is there, not from the given lock. False, after task_fail: a release is by
//  another publisher than the lock says.
bool
    install_take_given (task_t *task);

//  ---- install_line.c ------------------------------------------------------------------------------

//  Ask the registry for heads and rotations of a name, once; they are there in the next step.
void
    install_ask_records (task_t *task, const char *name);

//  The same for the package of an item; 'then' does what needs them, as soon as they are there. Those
//  that an earlier step has asked for are.
typedef void (install_item_fn) (task_t *task, item_t *item);
void
    install_with_records (task_t *task, item_t *item, install_item_fn *then);

//  What it said, to be put into a message; borrowed until the task ends.
ProtobufCBinaryData *
    install_records (const task_t *task, const char *name, size_t *count_p);

//  Ask trust whose a name is by those records; 'key' is where to begin when nothing is pinned.
void
    install_ask_line (task_t *task, const char *name, ProtobufCBinaryData key);

//  May a release by 'key' be one of this name, as the line of its keys is known? One that the last key
//  did not sign only when that one's head stands for it.
bool
    install_line_allows (const task_t *task, const Ggen__Package *package, ProtobufCBinaryData key);

//  Are both keys of the line of this name?
bool
    install_line_joins (const task_t *task, const char *name, ProtobufCBinaryData a,
                        ProtobufCBinaryData b);

void
    install_lines_destroy (struct lines_t **self_p);

//  So many packages may have to be unpacked: where that is many the store gets ready, once, beside
//  what the step does.
void
    install_prepare (task_t *task, size_t count);

//  Ask trust about every release that changes. Then 'next'.
void
    install_check (task_t *task, task_step_fn *next);

//  The same once more, so that trust remembers: publishers of names seen for the first time, names
//  that were handed over, newer heads.
void
    install_pin (task_t *task, task_step_fn *next);

#endif
