// SPDX-License-Identifier: MIT
//  Publish: look that it agrees with itself, read the newest head of ours that the network has, see that
//  the archive is in the blob store, and tell (p2p_change.h).
#include "p2p_change.h"

#include "cache.pb-c.h"
#include "package_id.h"
#include "publication.h"
#include "reply.h"
#include "message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void
answer (change_t *self, const Ggen__OutboxState *state)
{
    Ggen__PublishReply reply = GGEN__PUBLISH_REPLY__INIT;
    uint32_t wanted = self->home->settings->replicas;
    if (state->stored < wanted)
        change_warn (self, "p2p: %s@%s is stored on %u of %u hosts; the others are tried again",
                     self->id, self->version, state->stored, wanted);
    reply.acknowledged = state->stored;
    reply.location = (char *) self->home->settings->topic;
    reply.warnings = self->warnings;
    reply.n_warnings = self->warnings_count;
    out_answer (self->home->out, self->ticket, &reply.base);
}

static void
answer_already_there (change_t *self)
{
    Ggen__PublishReply reply = GGEN__PUBLISH_REPLY__INIT;
    const Ggen__OutboxState *state =
        outbox_find (&self->home->outbox, self->id, self->version, &self->head.key);
    reply.already_there = true;
    reply.acknowledged = state ? state->stored : 0;
    reply.location = (char *) self->home->settings->topic;
    reply.warnings = self->warnings;
    reply.n_warnings = self->warnings_count;
    out_answer (self->home->out, self->ticket, &reply.base);
    change_end (self);
}

//  ---- the archive ---------------------------------------------------------------------------------

static code_t
on_imported (void *home, void *self_, const answer_t *answered)
{
    change_t *self = self_;
    if (answered->progress)
        return OK;
    if (answered->code != OK) {
        out_refuse_as (((registry_p2p_t *) home)->out, self->ticket, answered->failure);
        change_end (self);
        return OK;
    }
    change_list (self);
    return OK;
}

//  It has to be there still when the file it came from is gone.
static void
import_archive (change_t *self)
{
    const Ggen__PublishRequest *request = (const void *) self->request;
    Ggen__FetchSource source = GGEN__FETCH_SOURCE__INIT, *sources[] = {&source};
    Ggen__FetchRequest fetch = GGEN__FETCH_REQUEST__INIT;
    source.registry = "file";
    source.location = request->archive_path;
    fetch.sha256 = self->package->sha256;
    fetch.size_bytes = self->package->size_bytes;
    fetch.sources = sources;
    fetch.n_sources = 1;
    fetch.offline = true;
    fetch.subject = (char *) self->id;
    ask_t ask = {.to = "cache",
                 .message = &fetch.base,
                 .expect = &ggen__fetch_reply__descriptor,
                 .parent = self->ticket,
                 .on_answer = on_imported,
                 .arg = self,
                 .quiet = true};
    code_t code = out_ask (self->home->out, &ask);
    if (code != OK)
        change_refuse (self, code, "", "%s cannot be published now", self->id);
}

//  ---- what the network has ------------------------------------------------------------------------

static void
on_found (find_t *find, void *self_)
{
    change_t *self = self_;
    const find_publisher_t *publisher = find_publisher (find, &self->head.key);
    const p2p_signed_t *newest =
        publisher && publisher->head.payload ? &publisher->head : NULL;
    const Ggen__HeadVersion *listed =
        newest ? p2p_head_version (newest->head, self->version) : NULL;
    if (find->failure_code != OK)
        change_warn (self, "p2p: the newest head of %s in the network could not be read: %.150s",
                     self->id, find->failure_text ? find->failure_text
                                                  : code_name (find->failure_code));
    if (listed && !message_same_bytes (listed->sha256, self->package->sha256)) {
        change_refuse (self, ALREADY_EXISTS, "publish another version",
                       "the network has %s@%s of this publisher with other bytes", self->id,
                       self->version);
        return;
    }
    uint64_t seq = self->head.head->seq;
    if (newest && newest->head->seq > seq) {
        change_refuse (self, VALIDATION, "publish again: the newest head is known now",
                       "the network has head %" PRIu64 " of %s, this is %" PRIu64
                       ": a seq never goes back", newest->head->seq, self->id, seq);
        return;
    }
    if (newest && newest->head->seq == seq
        && !message_same_bytes (newest->packed, self->head.packed)) {
        change_refuse (self, SECURITY, "publish again with a newer head",
                       "the network has another head %" PRIu64 " of %s by this key", seq, self->id);
        return;
    }
    change_take_listings (self, publisher);
    //  The same again; a newer head is told nevertheless, when next something is.
    const Ggen__OutboxState *before =
        outbox_find (&self->home->outbox, self->id, self->version, &self->head.key);
    if (listed && before && !(before->left_out & ~self->left_out))
        answer_already_there (self);
    else
        import_archive (self);
}

static void
look (change_t *self)
{
    find_ask_t ask = {.name = self->id,
                      .depth = FIND_HEADS,
                      .only = &self->head.key,
                      .all_answer = true,
                      .ticket = self->ticket,
                      .answer_at_ms = out_now_ms (self->home->out) + self->home->settings->answer_ms,
                      .done = on_found,
                      .arg = self};
    if (find_start (self->home, &ask) != OK)
        change_refuse (self, BUSY, "try again", "%s cannot be published now", self->id);
}

//  ---- the request ---------------------------------------------------------------------------------

static Ggen__Failure *
check_ids (const registry_p2p_t *self, const Ggen__Package *package)
{
    for (const known_t *known = discovered_of_name (self->discovered, package->id); known;
         known = known->next_of_name)
        if (package_id_collides (known->name, package->id))
            return reply_failure (ALREADY_EXISTS, "choose another name",
                                  "%s differs from %s in case only", package->id, known->name);
    return NULL;
}

static Ggen__Failure *
check (const registry_p2p_t *self, const Ggen__PublishRequest *request)
{
    const char *format = "";
    Ggen__Failure *failure = publication_check_shape (request);
    if (!failure && request->package->head.len == 0)
        failure = reply_failure (MISSING_SIGNATURE, "make a key: ggen market key generate",
                                 "%s is not signed: the network takes signed packages only",
                                 request->package->id);
    if (!failure)
        failure = publication_check_records (request, self->crypto, &format);
    return failure ? failure : check_ids (self, request->package);
}

static code_t
answer_untold (const delivery_t *at, const char *id, const char *why)
{
    char text[PACKAGE_ID_MAX + 80], *warnings = text;
    Ggen__PublishReply reply = GGEN__PUBLISH_REPLY__INIT;
    snprintf (text, sizeof text, "p2p: %s %s: the network is not told", id, why);
    reply.warnings = &warnings;
    reply.n_warnings = 1;
    return out_reply (at, &reply.base);
}

code_t
p2p_on_publish (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    registry_p2p_t *home = self_;
    const Ggen__PublishRequest *request = (const void *) message;
    Ggen__Failure *failure = check (home, request);
    if (failure) {
        out_refuse_as (home->out, at->ticket, failure);
        ggen__failure__free_unpacked (failure, NULL);
        return OK;
    }
    if (p2p_is_private (home, request->package->id))
        return answer_untold (at, request->package->id, "is private (p2p.private)");
    if (home->settings->routes_only)
        return answer_untold (at, request->package->id, "is not for a bootstrap node (node.tier)");
    change_t *self = change_new (home, at, message);
    if (!self)
        return BUSY;
    self->package = ((const Ggen__PublishRequest *) (const void *) self->request)->package;
    self->left_out = outbox_left_out (request->unannounced, request->unrecorded);
    self->id = self->package->id;
    self->version = self->package->version;
    self->answer = answer;
    ProtobufCBinaryData release = self->package->record, head = self->package->head;
    if (p2p_signed_open (&self->signed_release, GGEN__RECORD_KIND__RELEASE,
                         (bytes_t) {release.data, release.len}, home->crypto)
            != OK
        || p2p_signed_open (&self->head, GGEN__RECORD_KIND__HEAD,
                            (bytes_t) {head.data, head.len}, home->crypto)
               != OK) {
        change_end (self);
        return VALIDATION;
    }
    look (self);
    return OK;
}
