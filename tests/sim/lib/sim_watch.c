// SPDX-License-Identifier: MIT
#include "sim_watch.h"

#include "actors/installer/lockfile.h"
#include "runtime/actor/map.h"
#include "sim_pins.h"
#include "sim_truth.h"
#include "store.pb-c.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUESTS_MAX 65536      //  open at one time, and those that were dropped for being late

struct sim_watch_t {
    const sim_state_t *state;
    map_t *requests;            //  without a reply yet, by asker and id
    sim_truth_t truth;
    sim_pins_t pins;
    unsigned commits, judged;
    char fault[1024];
};

sim_watch_t *
sim_watch_new (const sim_state_t *state)
{
    sim_watch_t *self = calloc (1, sizeof *self);
    if (!self)
        abort ();
    self->state = state;
    self->requests = map_new (REQUESTS_MAX, 0);
    if (!self->requests)
        abort ();
    return self;
}

void
sim_watch_destroy (sim_watch_t **self_p)
{
    if (!*self_p)
        return;
    map_destroy (&(*self_p)->requests);
    sim_truth_clear (&(*self_p)->truth);
    free (*self_p);
    *self_p = NULL;
}

const char *
sim_watch_fault (const sim_watch_t *self)
{
    return *self->fault ? self->fault : NULL;
}

void
sim_watch_blame (sim_watch_t *self, const char *format, ...)
{
    va_list args;
    if (*self->fault)
        return;
    va_start (args, format);
    vsnprintf (self->fault, sizeof self->fault, format, args);
    va_end (args);
}

void
sim_watch_believe (sim_watch_t *self, ProtobufCBinaryData record)
{
    sim_truth_add (&self->truth, record);
}

unsigned
sim_watch_commits (const sim_watch_t *self)
{
    return self->commits;
}

unsigned
sim_watch_judged (const sim_watch_t *self)
{
    return self->judged;
}

//  ---- requests and replies ------------------------------------------------------------------------

static size_t
key_of (char key[MAP_KEY_MAX], const char *asker, uint64_t id)
{
    return (size_t) snprintf (key, MAP_KEY_MAX, "%llu %s", (unsigned long long) id, asker);
}

static void
match (sim_watch_t *self, const char *to, const Ggen__Envelope *envelope)
{
    char key[MAP_KEY_MAX];
    if (envelope->kind == GGEN__KIND__REQUEST
        && map_put (self->requests, key, key_of (key, envelope->from, envelope->id), self) != OK)
        sim_watch_blame (self, "more than %d requests are open", REQUESTS_MAX);
    if (envelope->kind == GGEN__KIND__REPLY
        && !map_remove (self->requests, key, key_of (key, to, envelope->id)))
        sim_watch_blame (self, "%s answers %s a second time: request %llx, with %s",
                         envelope->from, to, (unsigned long long) envelope->id, envelope->type);
}

//  ---- what is installed ---------------------------------------------------------------------------

static void
judge_tree (sim_watch_t *self, const char *what, const Ggen__Tree *tree)
{
    self->judged++;
    if (!sim_truth_has_tree (&self->truth, tree->id, tree->version, tree->files_sha256))
        sim_watch_blame (self, "%s has a tree of %s %s that nobody signed, or trust did not accept",
                         what, tree->id, tree->version);
}

static void
judge_commit (sim_watch_t *self, const Ggen__CommitRequest *commit)
{
    Ggen__Lock *lock = NULL;
    char *why = NULL;
    self->commits++;
    if (lockfile_read ((const char *) commit->lock.data, commit->lock.len, &lock, &why) != OK)
        sim_watch_blame (self, "a commit has a lock that does not read: %s", why ? why : "");
    for (size_t i = 0; lock && i < lock->n_packages; i++)
        if (!sim_truth_holds (&self->truth, lock->packages[i]))
            sim_watch_blame (self, "a commit has %s %s, which is not as it was signed and accepted",
                             lock->packages[i]->name, lock->packages[i]->version);
    if (lock && lock->n_packages != commit->n_trees)
        sim_watch_blame (self, "a commit has %zu trees for %zu packages", commit->n_trees,
                         lock->n_packages);
    for (size_t i = 0; i < commit->n_trees; i++)
        judge_tree (self, "a commit", commit->trees[i]);
    if (lock)
        ggen__lock__free_unpacked (lock, NULL);
    free (why);
}

static void
judge (sim_watch_t *self, const ProtobufCMessage *message)
{
    if (message->descriptor == &ggen__commit_request__descriptor)
        judge_commit (self, (const void *) message);
    else if (message->descriptor == &ggen__activate_request__descriptor) {
        const Ggen__ActivateRequest *activate = (const void *) message;
        for (size_t i = 0; i < activate->n_trees; i++)
            judge_tree (self, "an earlier state", activate->trees[i]);
    }
    else if (message->descriptor == &ggen__sign_reply__descriptor)
        sim_truth_add (&self->truth, ((const Ggen__SignReply *) message)->record);
    else if (message->descriptor == &ggen__check_release_reply__descriptor) {
        if (!sim_truth_accept (&self->truth, (const void *) message))
            sim_watch_blame (self, "trust accepts a release that nobody signed");
    }
    else if (message->descriptor == &ggen__trust_add_request__descriptor) {
        const Ggen__TrustAddRequest *add = (const void *) message;
        sim_pins_asked_add (&self->pins, add->name, add->key);
    }
    else if (message->descriptor == &ggen__trust_remove_request__descriptor)
        sim_pins_asked_remove (&self->pins, ((const Ggen__TrustRemoveRequest *) message)->name);
}

void
sim_watch_arrives (sim_watch_t *self, const char *to, const Ggen__Envelope *envelope, bytes_t body)
{
    static const ProtobufCMessageDescriptor *const told[] = {
        &ggen__commit_request__descriptor,    &ggen__activate_request__descriptor,
        &ggen__sign_reply__descriptor,        &ggen__check_release_reply__descriptor,
        &ggen__trust_add_request__descriptor, &ggen__trust_remove_request__descriptor};
    match (self, to, envelope);
    for (size_t i = 0; i < COUNT_OF (told); i++) {
        if (strcmp (told[i]->short_name, envelope->type) != 0)
            continue;
        ProtobufCMessage *message =
            protobuf_c_message_unpack (told[i], NULL, body.size, body.data);
        if (message)
            judge (self, message);
        protobuf_c_message_free_unpacked (message, NULL);
    }
}

void
sim_watch_worked (sim_watch_t *self, const char *name, const world_counts_t *counts)
{
    if (counts->depth_max > MAILBOX_MESSAGES_MAX || counts->depth_bytes_max > MAILBOX_BYTES_MAX)
        sim_watch_blame (self, "a mailbox holds %llu messages, %llu bytes",
                         (unsigned long long) counts->depth_max,
                         (unsigned long long) counts->depth_bytes_max);
    if (counts->replies_lost > 0)
        sim_watch_blame (self, "a reply is lost at a full mailbox");
    const char *changed =
        strcmp (name, "state") == 0 ? sim_pins_compare (&self->pins, self->state) : NULL;
    if (changed)
        sim_watch_blame (self, "the pin of %s has changed, and nobody asked for it", changed);
}
