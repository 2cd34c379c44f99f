// SPDX-License-Identifier: MIT
#include "trust.h"

#include "succession.h"
#include "trust_self.h"

#include "many.h"
#include "many.pb-c.h"
#include "publisher.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//  The change has been answered.
static void
forget_change (waiting_change_t *self)
{
    policy_destroy (&self->verdict);
    free (self->pin);
    self->pin = NULL;
}

static void
trust_destroy (void *self_)
{
    trust_t *self = self_;
    forget_change (&self->change);
    tables_destroy (&self->tables);
    signatures_destroy (&self->signatures);
    free (self);
}

static void *
trust_create (const actor_env_t *env)
{
    trust_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->out = env->out;
    self->signatures = signatures_new (env->crypto);
    self->tables = tables_new (env);
    if (!self->signatures || !self->tables) {
        trust_destroy (self);
        return NULL;
    }
    return self;
}

static bool
trust_ready (const void *self)
{
    return tables_ready (((const trust_t *) self)->tables);
}

static code_t
trust_tick (void *self, int64_t now_ms, int64_t wall_ms)
{
    (void) wall_ms;
    tables_tick (((trust_t *) self)->tables, now_ms);
    return OK;
}

static int64_t
trust_deadline_ms (const void *self)
{
    return tables_deadline_ms (((const trust_t *) self)->tables);
}

//  May it be handled? An event may not (it does not wait until we are ready, and nobody would hear
//  the answer); a request is told why not.
static bool
admit (trust_t *self, const delivery_t *at)
{
    if (at->ticket == 0)
        return false;
    const Ggen__Failure *failure = tables_failure (self->tables);
    if (failure)
        out_refuse_as (self->out, at->ticket, failure);
    return !failure;
}

//  A text as far as a refusal repeats it: a long one would be cut, maybe inside a character.
static const char *
shown (const char *text)
{
    return strnlen (text, UNSIGNED_NAME_MAX + 1) <= UNSIGNED_NAME_MAX ? text : "(a long text)";
}

//  What a change that could not be sent is answered with.
static code_t
refuse_change (const delivery_t *at, code_t code)
{
    if (code == STORAGE)
        return out_fail (at, code, "remove some: ggen market trust remove NAME",
                         "as many are kept as can be (%d names, %d registries)", PINS_MAX,
                         UNSIGNED_MAX);
    return out_fail (at, code, "try again", "trust: cannot keep a change now");
}

//  ---- CheckRelease ------------------------------------------------------------------------------

//  The answer of a verdict, which it borrows.
typedef struct {
    Ggen__CheckReleaseReply reply;
    char *warnings[FINDINGS_WARNINGS_MAX];
} accepted_t;

static void
fill_accepted (accepted_t *self, verdict_t *verdict)
{
    Ggen__CheckReleaseReply *reply = &self->reply;
    ggen__check_release_reply__init (reply);
    if (verdict->record)
        reply->publisher_key = publisher_key_to_field (&verdict->key);
    reply->release = verdict->release;
    reply->first_use = verdict->first_use;
    reply->pin_changes = verdict->changes;
    reply->yanked = verdict->findings.yanked;
    reply->n_warnings = verdict->findings.warnings_count;
    reply->warnings = self->warnings;
    for (size_t i = 0; i < reply->n_warnings; i++)
        self->warnings[i] = verdict->findings.warnings[i];
}

static void
answer_accepted (trust_t *self, ticket_t ticket, verdict_t *verdict)
{
    accepted_t accepted;
    fill_accepted (&accepted, verdict);
    out_answer (self->out, ticket, &accepted.reply.base);
}

//  The keys that a person may choose from, in a form for programs.
typedef struct {
    char text[PUBLISHER_KEY_TEXT_SIZE + 1];
    Ggen__Detail detail;
} choice_t;

static bool
add_choice (choice_t *choice, ProtobufCBinaryData field)
{
    publisher_key_t key;
    if (publisher_key_from_field (&key, field) != OK)
        return false;
    publisher_key_to_text (&key, choice->text);
    ggen__detail__init (&choice->detail);
    choice->detail.key = "publisher";
    choice->detail.value = choice->text;
    return true;
}

static void
answer_refused (trust_t *self, ticket_t ticket, code_t code, verdict_t *verdict,
                const Ggen__CheckReleaseRequest *request)
{
    choice_t choices[RIVALS_SHOWN + 1];
    Ggen__Detail *details[RIVALS_SHOWN + 2], package = GGEN__DETAIL__INIT;
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    failure.code = code;
    failure.message = verdict->findings.message;
    failure.hint = verdict->findings.hint;
    failure.details = details;
    if (code == UNTRUSTED_PUBLISHER && verdict->release) {
        failure.n_details = add_choice (choices, publisher_key_to_field (&verdict->key));
        for (size_t i = 0; i < request->n_rivals && failure.n_details <= RIVALS_SHOWN; i++)
            failure.n_details += add_choice (&choices[failure.n_details], request->rivals[i]);
    }
    for (size_t i = 0; i < failure.n_details; i++)
        details[i] = &choices[i].detail;
    package.key = "package";
    package.value = request->name;
    if (failure.n_details > 0)
        details[failure.n_details++] = &package;
    out_answer (self->out, ticket, &failure.base);
}

static void
checked_and_kept (void *self_, const Ggen__Failure *failure)
{
    trust_t *self = self_;
    if (failure)
        out_refuse_as (self->out, self->change.ticket, failure);
    else
        answer_accepted (self, self->change.ticket, self->change.verdict);
    forget_change (&self->change);
}

static code_t
on_check_release (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    trust_t *self = self_;
    const Ggen__CheckReleaseRequest *request = (const void *) message;
    if (!admit (self, at))
        return OK;
    AUTO (policy_destroy) verdict_t *verdict = NULL;
    const pin_t *pin = pins_get (tables_pins (self->tables), request->name);
    code_t code = policy_judge (&verdict, request, pin, self->signatures, at->wall_ms);
    if (!verdict)
        return code;
    if (code)
        answer_refused (self, at->ticket, code, verdict, request);
    else if (!request->pin || !verdict->changes)
        answer_accepted (self, at->ticket, verdict);
    else {
        code = tables_put_pin (self->tables, &verdict->pin, checked_and_kept, self);
        if (code)
            return refuse_change (at, code);
        self->change = (waiting_change_t) {.ticket = at->ticket, .verdict = verdict};
        verdict = NULL;
    }
    return OK;
}

//  ---- CheckMany ---------------------------------------------------------------------------------

//  What the rules will ask of each, asked of all at once.
static void
learn_signatures (trust_t *self, const Ggen__CheckManyRequest *request)
{
    Ggen__SignedRecord *records[2 * MANY_QUESTIONS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < request->n_releases; i++) {
        const ProtobufCBinaryData packed[] = {request->releases[i]->record,
                                              request->releases[i]->head};
        for (unsigned j = 0; j < COUNT_OF (packed); j++)
            count += record_open (&records[count], (bytes_t) {packed[j].data, packed[j].len}) == OK;
    }
    signatures_learn (self->signatures, records, count);
    while (count > 0)
        record_destroy (&records[--count]);
}

//  Those that are refused, or whose answers would be too much, are left out.
static code_t
on_check_many (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    trust_t *self = self_;
    const Ggen__CheckManyRequest *request = (const void *) message;
    verdict_t *verdicts[MANY_QUESTIONS_MAX] = {0};
    accepted_t accepted[MANY_QUESTIONS_MAX];
    ProtobufCMessage *replies[MANY_QUESTIONS_MAX] = {0};
    size_t size = 0;
    if (!admit (self, at))
        return OK;
    if (request->n_releases > MANY_QUESTIONS_MAX)
        return VALIDATION;
    learn_signatures (self, request);
    for (size_t i = 0; i < request->n_releases && size < MANY_BYTES_MAX; i++) {
        const Ggen__CheckReleaseRequest *release = request->releases[i];
        const pin_t *pin = pins_get (tables_pins (self->tables), release->name);
        if (release->pin
            || policy_judge (&verdicts[i], release, pin, self->signatures, at->wall_ms) != OK)
            continue;
        fill_accepted (&accepted[i], verdicts[i]);
        replies[i] = &accepted[i].reply.base;
        size += ggen__check_release_reply__get_packed_size (&accepted[i].reply);
    }
    ProtobufCMessage *reply =
        many_replies (&ggen__check_many_reply__descriptor, replies, request->n_releases);
    out_answer (self->out, at->ticket, reply);
    many_free (&reply);
    for (size_t i = 0; i < request->n_releases; i++)
        policy_destroy (&verdicts[i]);
    return OK;
}

//  ---- Succession --------------------------------------------------------------------------------

static void
answer_succession (const delivery_t *at, succession_t *line, const pin_t *pin)
{
    ProtobufCBinaryData former[FORMER_KEYS_MAX + SUCCESSION_KEYS_MAX];
    Ggen__SuccessionReply reply = GGEN__SUCCESSION_REPLY__INIT;
    publisher_key_t *last = &line->keys[line->keys_count - 1];
    reply.key = publisher_key_to_field (last);
    reply.former_keys = former;
    for (unsigned i = 0; pin && i < pin->former_count; i++)
        former[reply.n_former_keys++] =
            (ProtobufCBinaryData) {PUBLISHER_KEY_SIZE, (uint8_t *) pin->former[i].bytes};
    for (size_t i = 0; i + 1 < line->keys_count; i++)
        former[reply.n_former_keys++] = publisher_key_to_field (&line->keys[i]);
    if (line->head) {
        reply.versions = line->head->head->versions;
        reply.n_versions = line->head->head->n_versions;
        reply.seq = line->head->head->seq;
    }
    out_answer (at->out, at->ticket, &reply.base);
}

static code_t
on_succession (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    trust_t *self = self_;
    const Ggen__SuccessionRequest *request = (const void *) message;
    succession_start_t start = {.head_seq = 0};
    if (!admit (self, at))
        return OK;
    if (!package_id_valid (request->name) || request->n_records > RECORDS_MAX)
        return out_fail (at, VALIDATION, "", "not a package name, or more than %d records",
                         RECORDS_MAX);
    const pin_t *pin = pins_get (tables_pins (self->tables), request->name);
    if (pin && pin->damaged)
        return out_fail (at, STORAGE, "", "the publisher kept for %s does not decode",
                         request->name);
    if (pin)
        start = policy_begin (pin, NULL);
    else if (publisher_key_from_field (&start.key, request->key) != OK)
        return out_fail (at, PACKAGE_NOT_FOUND, "", "no publisher of %s is known here",
                         request->name);
    AUTO (evidence_destroy) evidence_t *evidence =
        evidence_new (request->name, self->signatures);
    if (!evidence)
        return BUSY;
    for (size_t i = 0; i < request->n_records; i++)
        evidence_add (evidence,
                      (bytes_t) {request->records[i].data, request->records[i].len});
    succession_t line;
    succession_follow (&line, evidence, &start);
    answer_succession (at, &line, pin);
    return OK;
}

//  ---- PinReleases -------------------------------------------------------------------------------

static void
all_kept (void *self_, const Ggen__Failure *failure)
{
    trust_t *self = self_;
    Ggen__PinReleasesReply reply = GGEN__PIN_RELEASES_REPLY__INIT;
    if (failure)
        out_refuse_as (self->out, self->change.ticket, failure);
    else
        out_answer (self->out, self->change.ticket, &reply.base);
}

//  Each is judged by what is known before any of them, so no two may be of one name.
static bool
names_differ (const Ggen__PinReleasesRequest *request)
{
    for (size_t i = 0; i < request->n_releases; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp (request->releases[i]->name, request->releases[j]->name) == 0)
                return false;
    return true;
}

//  Judge all; pins[0 .. *count_p] are what accepting them means to keep. Returns false when one was
//  refused, which has been answered.
static bool
judge_all (trust_t *self, const delivery_t *at, const Ggen__PinReleasesRequest *request,
           pin_t *pins, size_t *count_p)
{
    *count_p = 0;
    for (size_t i = 0; i < request->n_releases; i++) {
        AUTO (policy_destroy) verdict_t *verdict = NULL;
        const Ggen__CheckReleaseRequest *release = request->releases[i];
        const pin_t *pin = pins_get (tables_pins (self->tables), release->name);
        code_t code = policy_judge (&verdict, release, pin, self->signatures, at->wall_ms);
        if (!verdict)
            out_refuse (self->out, at->ticket, code, "", "trust: out of memory");
        else if (code)
            answer_refused (self, at->ticket, code, verdict, release);
        if (code)
            return false;
        if (verdict->changes)
            pins[(*count_p)++] = verdict->pin;
    }
    return true;
}

static code_t
on_pin_releases (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    trust_t *self = self_;
    const Ggen__PinReleasesRequest *request = (const void *) message;
    pin_t pins[PUT_PINS_MAX];
    size_t count;
    if (!admit (self, at))
        return OK;
    if (request->n_releases > PUT_PINS_MAX || !names_differ (request))
        return out_fail (at, VALIDATION, "", "up to %d releases of different names are pinned",
                         PUT_PINS_MAX);
    if (!judge_all (self, at, request, pins, &count))
        return OK;
    self->change = (waiting_change_t) {.ticket = at->ticket};
    code_t code = OK;
    if (count == 0)
        all_kept (self, NULL);
    else
        code = tables_put_pins (self->tables, pins, count, all_kept, self);
    return code ? refuse_change (at, code) : OK;
}

//  ---- TrustList, TrustAdd, TrustRemove ----------------------------------------------------------

static code_t
on_list (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    trust_t *self = self_;
    if (!admit (self, at))
        return OK;
    const char *names[UNSIGNED_MAX];
    Ggen__TrustListReply reply = GGEN__TRUST_LIST_REPLY__INIT;
    const pin_t **pins = pins_sorted (tables_pins (self->tables), &reply.n_pins);
    Ggen__TrustPin *values = malloc ((reply.n_pins + 1) * sizeof *values);
    reply.pins = malloc ((reply.n_pins + 1) * sizeof *reply.pins);
    code_t code = pins && values && reply.pins ? OK : BUSY;
    for (size_t i = 0; i < reply.n_pins && code == OK; i++) {
        pin_to_message ((pin_t *) pins[i], &values[i]);
        values[i].n_former_keys = 0;        //  All pins have to fit a message
        reply.pins[i] = &values[i];
    }
    reply.unsigned_registries = (char **) names;
    reply.n_unsigned_registries = tables_registries (self->tables, names);
    if (code == OK)
        out_answer (self->out, at->ticket, &reply.base);
    free (reply.pins);
    free (values);
    free (pins);
    return code;
}

static void
added (void *self_, const Ggen__Failure *failure)
{
    trust_t *self = self_;
    waiting_change_t *change = &self->change;
    Ggen__TrustPin pin;
    Ggen__TrustAddReply reply = GGEN__TRUST_ADD_REPLY__INIT;
    if (change->pin) {
        pin_to_message (change->pin, &pin);
        reply.pin = &pin;
    }
    if (change->replaces)
        reply.replaced_key = publisher_key_to_field (&change->replaced);
    if (failure)
        out_refuse_as (self->out, change->ticket, failure);
    else
        out_answer (self->out, change->ticket, &reply.base);
    forget_change (change);
}

static void
removed (void *self_, const Ggen__Failure *failure)
{
    trust_t *self = self_;
    waiting_change_t *change = &self->change;
    Ggen__TrustPin pin;
    Ggen__TrustRemoveReply reply = GGEN__TRUST_REMOVE_REPLY__INIT;
    if (change->pin) {
        pin_to_message (change->pin, &pin);
        reply.pin = &pin;
    }
    if (failure)
        out_refuse_as (self->out, change->ticket, failure);
    else
        out_answer (self->out, change->ticket, &reply.base);
    forget_change (change);
}

//  A key that is trusted already keeps what is known of its heads.
static code_t
add_pin (trust_t *self, const delivery_t *at, const char *name, const publisher_key_t *key)
{
    const pin_t *before = pins_get (tables_pins (self->tables), name);
    bool same = before && !before->damaged && publisher_key_equal (&before->key, key);
    waiting_change_t change = {.ticket = at->ticket, .pin = calloc (1, sizeof *change.pin)};
    pin_t *pin = change.pin;
    if (!pin)
        return BUSY;
    if (before && !before->damaged && !same) {
        change.replaces = true;
        change.replaced = before->key;
    }
    if (same)
        *pin = *before;
    snprintf (pin->name, sizeof pin->name, "%s", name);
    snprintf (pin->how, sizeof pin->how, "%s", PIN_ADDED);
    if (!same) {
        pin->key = *key;
        pin->since = at->wall_ms / 1000;
    }
    code_t code = tables_put_pin (self->tables, pin, added, self);
    if (code) {
        free (pin);
        return refuse_change (at, code);
    }
    self->change = change;
    return OK;
}

static code_t
on_add (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    trust_t *self = self_;
    const Ggen__TrustAddRequest *add = (const void *) message;
    if (!admit (self, at))
        return OK;
    if (*add->unsigned_registry) {
        if (*add->name || add->key.len > 0 || !tables_registry_valid (add->unsigned_registry))
            return out_fail (at, VALIDATION, "", "give either a name with a key, or a registry");
        code_t code =
            tables_put_registry (self->tables, add->unsigned_registry, added, self);
        if (code)
            return refuse_change (at, code);
        self->change = (waiting_change_t) {.ticket = at->ticket};
        return OK;
    }
    publisher_key_t key;
    if (!package_id_valid (add->name))
        return out_fail (at, VALIDATION, "", "not a package name: '%s'", shown (add->name));
    if (publisher_key_from_field (&key, add->key) != OK)
        return out_fail (at, VALIDATION, "", "a publisher key has %d bytes", PUBLISHER_KEY_SIZE);
    return add_pin (self, at, add->name, &key);
}

static code_t
on_remove (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    trust_t *self = self_;
    const Ggen__TrustRemoveRequest *gone = (const void *) message;
    if (!admit (self, at))
        return OK;
    if ((*gone->name != 0) == (*gone->unsigned_registry != 0))
        return out_fail (at, VALIDATION, "", "give either a name or a registry");
    const pin_t *pin = pins_get (tables_pins (self->tables), gone->name);
    if (*gone->name ? !pin : !tables_has_registry (self->tables, gone->unsigned_registry))
        return out_fail (at, PACKAGE_NOT_FOUND, "ggen market trust list", "%s is not trusted",
                         shown (*gone->name ? gone->name : gone->unsigned_registry));
    waiting_change_t change = {.ticket = at->ticket};
    if (pin && !(change.pin = malloc (sizeof *change.pin)))
        return BUSY;
    if (pin)
        *change.pin = *pin;
    code_t code = pin ? tables_remove_pin (self->tables, change.pin->name, removed, self)
                      : tables_remove_registry (self->tables, gone->unsigned_registry, removed,
                                               self);
    if (code) {
        free (change.pin);
        return refuse_change (at, code);
    }
    self->change = change;
    return OK;
}

static const handler_t rows[] = {
    {&ggen__check_release_request__descriptor, on_check_release, THIS_NODE},
    {&ggen__check_many_request__descriptor, on_check_many, THIS_NODE},
    {&ggen__succession_request__descriptor, on_succession, THIS_NODE},
    {&ggen__pin_releases_request__descriptor, on_pin_releases, THIS_NODE},
    {&ggen__trust_list_request__descriptor, on_list, THIS_NODE},
    {&ggen__trust_add_request__descriptor, on_add, THIS_NODE},
    {&ggen__trust_remove_request__descriptor, on_remove, THIS_NODE},
    {0}};

const actor_class_t trust_actor = {.name = "trust",
                                   .create = trust_create,
                                   .destroy = trust_destroy,
                                   .rows = rows,
                                   .tick = trust_tick,
                                   .deadline_ms = trust_deadline_ms,
                                   .ready = trust_ready};
