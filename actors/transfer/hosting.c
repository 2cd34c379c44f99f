// SPDX-License-Identifier: MIT
//  Keeping packages for others: what is taken in, and what goes at the bound.
#include "transfer_inside.h"

#include <stdlib.h>
#include <string.h>

#define RANK_BUDGET_MS 2000
#define PROGRESS_MS    5000     //  it crosses the network
#define SUBJECT_ROOM   (PACKAGE_ID_MAX + 1)

struct hosting_t {
    hosting_t *next;
    release_t *release;         //  until it is fetched
    digest_t sha256;
    uint64_t size_bytes;
    publisher_key_t signer;
    peer_key_t asker;
    ticket_t ticket;
};

//  ---- life --------------------------------------------------------------------------------------

static void
hosting_end (transfer_t *self, hosting_t *hosting)
{
    hosting_t **at = &self->hostings;
    while (*at != hosting)
        at = &(*at)->next;
    *at = hosting->next;
    self->hostings_count--;
    self->hosting_bytes -= hosting->size_bytes;
    release_destroy (&hosting->release);
    free (hosting);
}

void
hosting_clear (transfer_t *self)
{
    while (self->hostings)
        hosting_end (self, self->hostings);
}

static hosting_t *
find (const transfer_t *self, ticket_t ticket)
{
    hosting_t *at = self->hostings;
    while (at && at->ticket != ticket)
        at = at->next;
    return at;
}

//  ---- room --------------------------------------------------------------------------------------

//  Room for all that is being taken in, if need be by dropping what more than enough others have.
static bool
make_room (transfer_t *self)
{
    while (self->served.hosted_bytes + self->hosting_bytes > self->settings->host_max_bytes) {
        served_entry_t *spare = served_spare (&self->served, self->settings->replicas);
        if (!spare)
            return false;
        adopt_drop (self, &spare->release->sha256);
    }
    return true;
}

static uint64_t
signers_bytes (const transfer_t *self, const publisher_key_t *signer)
{
    uint64_t bytes = served_hosted_of (&self->served, signer);
    for (const hosting_t *at = self->hostings; at; at = at->next)
        if (publisher_key_equal (&at->signer, signer))
            bytes += at->size_bytes;
    return bytes;
}

static bool
is_being_hosted (const transfer_t *self, const digest_t *sha256)
{
    const hosting_t *at = self->hostings;
    while (at && !digest_equal (&at->sha256, sha256))
        at = at->next;
    return at != NULL;
}

//  ---- the steps ---------------------------------------------------------------------------------

static void
on_adopted (transfer_t *self, const adopted_t *adopted)
{
    hosting_t *hosting = find (self, adopted->ticket);
    Ggen__HostReply reply = GGEN__HOST_REPLY__INIT;
    if (hosting)
        hosting_end (self, hosting);
    if (adopted->failure)
        out_refuse_as (self->out, adopted->ticket, adopted->failure);
    else
        out_answer (self->out, adopted->ticket, &reply.base);
}

static code_t
on_dropped (void *self, void *arg, const answer_t *answer)
{
    (void) self;
    (void) arg;
    (void) answer;
    return OK;
}

//  Half of something that nobody here has asked for is of no use.
static void
drop_part (transfer_t *self, const digest_t *sha256)
{
    digest_t key = *sha256;
    Ggen__PartDropRequest request = GGEN__PART_DROP_REQUEST__INIT;
    request.sha256 = digest_to_field (&key);
    ask_t ask = {.to = "blobs",
                 .message = &request.base,
                 .expect = &ggen__part_drop_reply__descriptor,
                 .on_answer = on_dropped};
    if (!downloads_has (&self->downloads, sha256))
        (void) !out_ask (self->out, &ask);
}

static void
on_fetched (void *self_, ticket_t ticket, const download_end_t *fetched)
{
    transfer_t *self = self_;
    hosting_t *hosting = find (self, ticket);
    if (fetched->code) {
        out_refuse_as (self->out, ticket, fetched->failure);
        drop_part (self, &hosting->sha256);
        hosting_end (self, hosting);
        return;
    }
    AUTO (release_destroy) release_t *release = release_copy (fetched->release);
    code_t code = release ? adopt (self, &release, GGEN__SERVE_REASON__SERVE_HOSTED, ticket, 0,
                                   on_adopted)
                          : BUSY;
    if (code) {
        out_refuse (self->out, ticket, code, "", "too much is kept at once");
        hosting_end (self, hosting);
    }
}

//  From the asker first, who need not have told the DHT.
static code_t
fetch (transfer_t *self, hosting_t *hosting)
{
    char subject[SUBJECT_ROOM] = "";
    Ggen__Contact asker = GGEN__CONTACT__INIT, *providers[] = {&asker};
    asker.peer_key = peer_key_to_field (&hosting->asker);
    bytes_t name = hosting->release->name;
    memcpy (subject, name.data, name.size < SUBJECT_ROOM ? name.size : SUBJECT_ROOM - 1);
    download_ask_t ask = {.providers = providers,
                          .providers_count = 1,
                          .subject = subject,
                          .ticket = hosting->ticket,
                          .hold = true,
                          .progress_ms = PROGRESS_MS,
                          .end = on_fetched};
    return downloads_start (&self->downloads, &hosting->release, &ask);
}

static code_t
on_rank (void *self_, void *ticket_, const answer_t *answer)
{
    transfer_t *self = self_;
    ticket_t ticket = (ticket_t) (uintptr_t) ticket_;
    hosting_t *hosting = find (self, ticket);
    const Ggen__RankReply *reply = (const void *) answer->message;
    if (answer->progress || !hosting)
        return OK;
    const Ggen__PeerScore *score = reply && reply->n_peers == 1 ? reply->peers[0] : NULL;
    code_t code = score && (score->low || score->banned) ? LOW_REPUTATION : OK;
    if (code == OK && !make_room (self))
        code = INSUFFICIENT_DISK_SPACE;
    if (code == OK)
        code = fetch (self, hosting);
    //  A fetch that ended at once has ended this too.
    if (code && (hosting = find (self, ticket)) != NULL) {
        out_refuse (self->out, ticket, code, "", "not kept here: %s", code_name (code));
        hosting_end (self, hosting);
    }
    return OK;
}

static code_t
ask_rank (transfer_t *self, const hosting_t *hosting)
{
    ProtobufCBinaryData keys[] = {peer_key_to_field (&hosting->asker)};
    Ggen__RankRequest request = GGEN__RANK_REQUEST__INIT;
    request.peer_keys = keys;
    request.n_peer_keys = 1;
    ask_t ask = {.to = "reputation",
                 .message = &request.base,
                 .expect = &ggen__rank_reply__descriptor,
                 .budget_ms = RANK_BUDGET_MS,
                 .on_answer = on_rank,
                 .arg = (void *) (uintptr_t) hosting->ticket,
                 .quiet = true};
    return out_ask (self->out, &ask);
}

//  ---- requests ----------------------------------------------------------------------------------

//  Takes the release when OK.
static code_t
begin (transfer_t *self, ticket_t ticket, const peer_key_t *asker, release_t **release_p)
{
    hosting_t *hosting = calloc (1, sizeof *hosting);
    if (!hosting)
        return BUSY;
    *hosting = (hosting_t) {.next = self->hostings,
                            .sha256 = (*release_p)->sha256,
                            .size_bytes = (*release_p)->size_bytes,
                            .signer = (*release_p)->signer,
                            .asker = *asker,
                            .ticket = ticket};
    code_t code = ask_rank (self, hosting);
    if (code) {
        free (hosting);
        return code;
    }
    hosting->release = *release_p;
    *release_p = NULL;
    self->hostings = hosting;
    self->hostings_count++;
    self->hosting_bytes += hosting->size_bytes;
    return OK;
}

code_t
hosting_request (transfer_t *self, const delivery_t *at, const Ggen__HostRequest *ask)
{
    const transfer_settings_t *settings = self->settings;
    AUTO (release_destroy) release_t *release = NULL;
    peer_key_t asker;
    if (at->ticket == 0 || peer_id_of_address (&asker, at->from) != OK)
        return VALIDATION;
    if (!settings->hosts || self->undialable)
        return out_fail (at, PERMISSION_DENIED, "", "this node keeps nothing for others");
    if (self->hostings_count == TRANSFER_HOSTINGS_MAX)
        return BUSY;
    bytes_t record = {ask->record.data, ask->record.len};
    code_t code = release_new (&release, record, self->crypto->verify);
    if (code)
        return code;
    if (transfer_private (self, release->name))
        return out_fail (at, PERMISSION_DENIED, "", "this node keeps no such package");
    const served_entry_t *entry = served_get (&self->served, &release->sha256);
    if (entry && entry->reason != GGEN__SERVE_REASON__SERVE_SHARED) {
        Ggen__HostReply reply = GGEN__HOST_REPLY__INIT;
        reply.already_there = true;
        return out_reply (at, &reply.base);
    }
    if (is_being_hosted (self, &release->sha256))
        return BUSY;
    if (signers_bytes (self, &release->signer) + release->size_bytes
        > settings->host_signer_max_bytes)
        return out_fail (at, INSUFFICIENT_DISK_SPACE, "",
                         "no room for %llu bytes more of this signer",
                         (unsigned long long) release->size_bytes);
    return begin (self, at->ticket, &asker, &release);
}

bool
hosting_cancelled (transfer_t *self, ticket_t ticket)
{
    hosting_t *hosting = find (self, ticket);
    if (!hosting)
        return false;
    if (downloads_leave (&self->downloads, ticket))
        drop_part (self, &hosting->sha256);
    out_forget (self->out, on_rank, (void *) (uintptr_t) ticket);
    hosting_end (self, hosting);
    return true;
}
