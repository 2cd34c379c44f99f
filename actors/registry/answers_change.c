// SPDX-License-Identifier: MIT
//  The answers to what changes registries, and what they are.
#include "answers.h"

#include <stdio.h>
#include <string.h>

#define FEATURES_MAX 64         //  told of all backends together; more are left out
#define UNAVAILABLE_MAX 64      //  bytes of "unavailable: CODE"

void
answers_publish (out_t *out, const crypto_t *crypto, call_t *call)
{
    (void) crypto;
    if (call_replies_count (call) == 0) {
        answers_failure (out, call);
        return;
    }
    Ggen__PublishReply reply = GGEN__PUBLISH_REPLY__INIT;
    const Ggen__PublishReply *first = NULL;
    for (unsigned i = 0; i < call->slots_count; i++) {
        const Ggen__PublishReply *own = (const void *) call->slots[i].reply;
        if (!own)
            continue;
        if (!first)
            first = own;
        reply.acknowledged += own->acknowledged;
        for (size_t w = 0; w < own->n_warnings; w++)
            call_warn (call, "%s", own->warnings[w]);
    }
    call_warn_of_failures (call);
    reply.already_there = first->already_there;
    reply.location = first->location;
    reply.warnings = call->warnings;
    reply.n_warnings = call->warnings_count;
    out_answer (out, call->ticket, &reply.base);
}

//  A registry that this node does not run has nothing to delete, if another one had.
static bool
is_done (const call_t *call)
{
    unsigned deleted = call_replies_count (call);
    return deleted > 0
           && deleted + call_failures_count (call, PACKAGE_NOT_FOUND)
                      + call_failures_count (call, FEATURE_NOT_ENABLED)
                  == call->asked;
}

void
answers_delete (out_t *out, const crypto_t *crypto, call_t *call)
{
    (void) crypto;
    const Ggen__DeleteRequest *request = (const void *) call->request;
    if (is_done (call)) {
        Ggen__DeleteReply reply = GGEN__DELETE_REPLY__INIT;
        out_answer (out, call->ticket, &reply.base);
        return;
    }
    const Ggen__Failure *failure = call_failure (call);
    if (call->asked == 0 || (call->asked == 1 && failure)) {
        answers_failure (out, call);
        return;
    }
    char text[FAILURE_TEXT_MAX / 2];
    call_describe (call, text, sizeof text);
    out_refuse (out, call->ticket, failure ? failure->code : PACKAGE_NOT_FOUND,
                failure ? failure->hint : "", "delete %s@%s: %s", request->id, request->version,
                text);
}

//  ---- Metadata ----------------------------------------------------------------------------------

typedef struct {
    char *list[FEATURES_MAX];
    size_t count;
} features_t;

static void
add_feature (features_t *self, char *feature)
{
    for (size_t i = 0; i < self->count; i++)
        if (strcmp (self->list[i], feature) == 0)
            return;
    if (self->count < FEATURES_MAX)
        self->list[self->count++] = feature;
}

static void
include (Ggen__MetadataReply *reply, features_t *features, const slot_t *slot,
         const Ggen__MetadataReply *own)
{
    if (reply->packages_count < own->packages_count)
        reply->packages_count = own->packages_count;
    reply->supports_publish |= own->supports_publish && slot->backend->writes;
    reply->requires_auth |= own->requires_auth;
    for (size_t i = 0; i < own->n_features; i++)
        add_feature (features, own->features[i]);
}

void
answers_metadata (out_t *out, const crypto_t *crypto, call_t *call)
{
    (void) crypto;
    Ggen__MetadataReply reply = GGEN__METADATA_REPLY__INIT, absent[REGISTRY_BACKENDS_MAX];
    Ggen__MetadataReply *backends[REGISTRY_BACKENDS_MAX];
    char reasons[REGISTRY_BACKENDS_MAX][UNAVAILABLE_MAX], *reason_list[REGISTRY_BACKENDS_MAX];
    features_t features = {.count = 0};
    reply.name = "registry";
    reply.version = GGEN_VERSION;
    for (unsigned i = 0; i < call->slots_count; i++) {
        const slot_t *slot = &call->slots[i];
        if (!slot->asked)
            continue;
        Ggen__MetadataReply **backend = &backends[reply.n_backends++];
        if (slot->reply) {
            *backend = (Ggen__MetadataReply *) slot->reply;
            include (&reply, &features, slot, *backend);
            continue;
        }
        snprintf (reasons[i], sizeof reasons[i], "unavailable: %s",
                  code_name (slot->failure ? slot->failure->code : BUSY));
        reason_list[i] = reasons[i];
        ggen__metadata_reply__init (&absent[i]);
        absent[i].name = (char *) slot->backend->name;
        absent[i].features = &reason_list[i];
        absent[i].n_features = 1;
        *backend = &absent[i];
    }
    reply.backends = backends;
    reply.features = features.list;
    reply.n_features = features.count;
    out_answer (out, call->ticket, &reply.base);
}
