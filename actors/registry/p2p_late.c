// SPDX-License-Identifier: MIT
#include "p2p_late.h"

#include "p2p_change.h"
#include "message.h"

#include "state.pb-c.h"

#include <stdlib.h>
#include <string.h>

#define TABLE "unannounced"

static void
wait (registry_p2p_t *home, int64_t delay_ms)
{
    home->late.at_ms = out_now_ms (home->out) + delay_ms;
}

static const char *
id_of (const late_t *self)
{
    return (const char *) self->key;
}

static const char *
version_of (const late_t *self)
{
    return id_of (self) + strlen (id_of (self)) + 1;
}

//  A state that does not answer, or is too busy, is asked again in the next round.
static bool
ask (registry_p2p_t *home, const char *to, const ProtobufCMessage *message,
     const ProtobufCMessageDescriptor *expect, answer_fn *on_answer)
{
    ask_t asked = {.to = to,
                   .message = message,
                   .expect = expect,
                   .budget_ms = KEEP_BUDGET_MS,
                   .on_answer = on_answer};
    if (out_ask (home->out, &asked) == OK)
        return true;
    wait (home, LATE_ROUND_MS);
    return false;
}

//  ---- one of them ---------------------------------------------------------------------------------

static code_t
on_removed (void *home, void *arg, const answer_t *answer)
{
    (void) arg;
    if (!answer->progress)
        wait (home, 0);
    return OK;
}

static void
remove_it (registry_p2p_t *home)
{
    Ggen__StatePutRequest put = GGEN__STATE_PUT_REQUEST__INIT;
    ProtobufCBinaryData key = {home->late.key_size, home->late.key};
    put.table = TABLE;
    put.urgent = true;
    put.remove = &key;
    put.n_remove = 1;
    ask (home, "state", &put.base, &ggen__state_put_reply__descriptor, on_removed);
}

static bool
has_version (const registry_p2p_t *home)
{
    const late_t *self = &home->late;
    for (const outbox_entry_t *at = outbox_next (&home->outbox, NULL); at;
         at = outbox_next (&home->outbox, at))
        if (strcmp (outbox_state (at)->id, id_of (self)) == 0
            && strcmp (outbox_state (at)->version, version_of (self)) == 0)
            return true;
    return false;
}

static bool
has_record (const registry_p2p_t *home, ProtobufCBinaryData record)
{
    for (const outbox_entry_t *at = outbox_next (&home->outbox, NULL); at;
         at = outbox_next (&home->outbox, at))
        if (message_same_bytes (outbox_state (at)->head, record)
            || message_same_bytes (outbox_state (at)->rotation, record))
            return true;
    return false;
}

//  Nobody waits for the answer: the outbox tells how it went. A refusal has been answered; what stays
//  out of the outbox is looked at again.
static delivery_t
from_nobody (const registry_p2p_t *home)
{
    return (delivery_t) {.out = home->out,
                         .now_ms = out_now_ms (home->out),
                         .wall_ms = out_wall_ms (home->out),
                         .deadline_ms = DEADLINE_NEVER};
}

static void
leave (registry_p2p_t *home)
{
    home->late.trying = false;
    home->late.any_left = true;
    wait (home, 0);
}

static void
look_again (registry_p2p_t *home)
{
    home->late.trying = true;
    wait (home, LATE_STEP_MS);
}

static code_t
on_package (void *home_, void *arg, const answer_t *answer)
{
    (void) arg;
    registry_p2p_t *home = home_;
    const Ggen__PackageReply *reply = (const void *) answer->message;
    if (answer->progress)
        return OK;
    if (answer->code == PACKAGE_NOT_FOUND || (answer->code == OK && !reply->package))
        remove_it (home);
    else if (answer->code != OK)
        leave (home);
    else {
        const delivery_t at = from_nobody (home);
        Ggen__PublishRequest request = GGEN__PUBLISH_REQUEST__INIT;
        request.package = reply->package;
        request.archive_path = reply->package->location;
        if (p2p_on_publish (home, &at, &request.base) == OK)
            look_again (home);
        else
            leave (home);
    }
    return OK;
}

//  Those that the outbox has not; how many that were.
static unsigned
put_records (registry_p2p_t *home, const Ggen__GetHeadsReply *reply)
{
    const delivery_t at = from_nobody (home);
    unsigned count = 0;
    for (size_t i = 0; i < reply->n_records; i++) {
        Ggen__PutHeadRequest request = GGEN__PUT_HEAD_REQUEST__INIT;
        request.id = (char *) (uintptr_t) id_of (&home->late);
        request.record = reply->records[i];
        if (has_record (home, request.record))
            continue;
        count++;
        if (!home->late.trying && p2p_on_put_head (home, &at, &request.base) != OK)
            break;
    }
    return count;
}

static code_t
on_records (void *home_, void *arg, const answer_t *answer)
{
    (void) arg;
    registry_p2p_t *home = home_;
    if (answer->progress)
        return OK;
    const bool gone = answer->code == PACKAGE_NOT_FOUND;
    if (answer->code != OK && !gone)
        leave (home);
    else if (gone || put_records (home, (const void *) answer->message) == 0) {
        home->late.trying = false;
        remove_it (home);
    }
    else if (home->late.trying)
        leave (home);
    else
        look_again (home);
    return OK;
}

//  The one at hand.
static void
look (registry_p2p_t *home)
{
    late_t *self = &home->late;
    Ggen__GetPackageVersionRequest version = GGEN__GET_PACKAGE_VERSION_REQUEST__INIT;
    Ggen__GetHeadsRequest heads = GGEN__GET_HEADS_REQUEST__INIT;
    version.id = heads.id = (char *) (uintptr_t) id_of (self);
    version.version = (char *) (uintptr_t) version_of (self);
    const bool is_version = *version.version != 0;
    if (!is_version)
        ask (home, "registry_file", &heads.base, &ggen__get_heads_reply__descriptor, on_records);
    else if (has_version (home)) {
        self->trying = false;
        remove_it (home);
    }
    else if (self->trying)
        leave (home);
    else
        ask (home, "registry_file", &version.base, &ggen__package_reply__descriptor, on_package);
}

//  ---- the table -----------------------------------------------------------------------------------

static void
end_round (registry_p2p_t *home)
{
    late_t *self = &home->late;
    self->over = !self->any_left;
    self->any_left = false;
    self->key_size = 0;
    free (self->key);
    self->key = NULL;
    if (self->over)
        self->at_ms = DEADLINE_NEVER;
    else
        wait (home, LATE_ROUND_MS);
}

static code_t
on_next (void *home_, void *arg, const answer_t *answer)
{
    (void) arg;
    registry_p2p_t *home = home_;
    late_t *self = &home->late;
    const Ggen__StateLoadReply *page = (const void *) answer->message;
    if (answer->progress)
        return OK;
    if (answer->code != OK)
        self->any_left = true;
    if (answer->code != OK || page->n_entries == 0) {
        end_round (home);
        return OK;
    }
    ProtobufCBinaryData key = page->entries[0]->key;
    //  Two NULs behind it: what is no key of ours has an empty version at least.
    self->key_size = key.len < LATE_KEY_MAX ? key.len : LATE_KEY_MAX;
    memcpy (self->key, key.data, self->key_size);
    memset (self->key + self->key_size, 0, LATE_KEY_MAX + 2 - self->key_size);
    look (home);
    return OK;
}

static void
ask_next (registry_p2p_t *home)
{
    Ggen__StateLoadRequest load = GGEN__STATE_LOAD_REQUEST__INIT;
    if (!home->late.key)
        home->late.key = calloc (1, LATE_KEY_MAX + 2);
    if (!home->late.key) {
        wait (home, LATE_ROUND_MS);
        return;
    }
    load.table = TABLE;
    load.after_key = (ProtobufCBinaryData) {home->late.key_size, home->late.key};
    load.limit = 1;
    ask (home, "state", &load.base, &ggen__state_load_reply__descriptor, on_next);
}

//  ---- life ----------------------------------------------------------------------------------------

void
late_begin (registry_p2p_t *home)
{
    home->late.at_ms = DEADLINE_NEVER;
    home->late.over = home->settings->brief || home->settings->routes_only;
}

void
late_end (late_t *self)
{
    free (self->key);
}

void
late_wake (registry_p2p_t *home)
{
    if (!home->late.over && !home->late.woken)
        wait (home, LATE_DELAY_MS);
    home->late.woken = true;
}

void
late_tick (registry_p2p_t *home, int64_t now_ms)
{
    late_t *self = &home->late;
    if (now_ms < self->at_ms)
        return;
    self->at_ms = DEADLINE_NEVER;
    if (self->trying)
        look (home);
    else
        ask_next (home);
}
