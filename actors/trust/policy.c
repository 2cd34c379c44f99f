// SPDX-License-Identifier: MIT
#include "policy.h"

#include "heads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//  What the rules look at, and the verdict they write.
typedef struct {
    const Ggen__CheckReleaseRequest *request;
    const pin_t *pin;
    signatures_t *signatures;
    int64_t wall_ms;
    verdict_t *verdict;
    findings_t *findings;           //  of the verdict
    signed_head_t head;             //  head.head is NULL: none given, or not opened yet
    evidence_t *evidence;
    succession_t line;              //  from the pinned key, or the record's, to whose the name is
    bool is_last;                   //  the record's key is that one,
    bool vouched;                   //  or that one stands for the release
    bool rotated;                   //  the pin moves to the last key of the line
} case_t;

#define FINGERPRINT_SIZE (PUBLISHER_KEY_FINGERPRINT_SIZE + 1)
#define TEXT_SIZE        (PUBLISHER_KEY_TEXT_SIZE + 1)

static bytes_t
bytes_of (ProtobufCBinaryData field)
{
    return (bytes_t) {field.data, field.len};
}

//  ---- 1: bounds ---------------------------------------------------------------------------------

static code_t
check_request (case_t *self)
{
    const Ggen__CheckReleaseRequest *request = self->request;
    publisher_key_t key;
    if (!package_id_valid (request->name))
        return findings_refuse (self->findings, VALIDATION, "not a package name: '%s'",
                                request->name);
    if (request->publisher_key.len > 0
        && publisher_key_from_field (&key, request->publisher_key) != OK)
        return findings_refuse (self->findings, VALIDATION, "a publisher key has %d bytes",
                                PUBLISHER_KEY_SIZE);
    if (request->n_rivals > RIVALS_MAX)
        return findings_refuse (self->findings, VALIDATION, "more than %d rivals of %s",
                                RIVALS_MAX, request->name);
    for (size_t i = 0; i < request->n_rivals; i++)
        if (publisher_key_from_field (&key, request->rivals[i]) != OK)
            return findings_refuse (self->findings, VALIDATION, "a rival's key has %d bytes",
                                    PUBLISHER_KEY_SIZE);
    if (request->n_records > RECORDS_MAX)
        return findings_refuse (self->findings, VALIDATION, "more than %d records of %s",
                                RECORDS_MAX, request->name);
    if (self->pin && self->pin->damaged) {
        findings_hint (self->findings, "ggen market trust add %s KEY", request->name);
        return findings_refuse (self->findings, STORAGE,
                                "the publisher kept for %s does not decode", request->name);
    }
    return OK;
}

//  ---- 2: unsigned -------------------------------------------------------------------------------

static code_t
check_unsigned (case_t *self)
{
    const Ggen__CheckReleaseRequest *request = self->request;
    const char *name = request->name;
    if (!request->allow_unsigned) {
        if (self->pin)
            findings_hint (self->findings, "its publisher signs: get it from another registry");
        else
            findings_hint (self->findings, "--allow-unsigned accepts it as it is");
        return findings_refuse (self->findings, MISSING_SIGNATURE, "%s %s is not signed", name,
                                request->version);
    }
    if (self->pin) {
        char fingerprint[FINGERPRINT_SIZE];
        publisher_key_fingerprint (&self->pin->key, fingerprint);
        findings_hint (self->findings,
                       "get it from another registry; to give up its publisher:"
                       " ggen market trust remove %s",
                       name);
        return findings_refuse (self->findings, UNTRUSTED_PUBLISHER,
                                "%s %s is not signed, but %s is pinned to %s (%s):"
                                " unsigned releases of a pinned name are never accepted",
                                name, request->version, name, fingerprint, self->pin->how);
    }
    if (request->publisher_key.len > 0)
        return findings_refuse (self->findings, UNTRUSTED_PUBLISHER,
                                "%s %s is not signed, but a publisher is asked for", name,
                                request->version);
    if (request->n_rivals > 0)
        findings_warn (self->findings, "%s %s is not signed, but others sign their %s",
                       name, request->version, name);
    return OK;
}

//  ---- 3, 4: the record --------------------------------------------------------------------------

static code_t
open_record (case_t *self)
{
    verdict_t *verdict = self->verdict;
    code_t code = record_open (&verdict->record, bytes_of (self->request->record));
    if (code == OK)
        code = signatures_check (self->signatures, verdict->record);
    if (code == OK)
        code = record_release (&verdict->release, verdict->record);
    if (code == OK)
        code = publisher_key_from_field (&verdict->key, verdict->record->key);
    if (code == OK)
        return OK;
    return findings_refuse (self->findings, INVALID_SIGNATURE,
                            code == INVALID_SIGNATURE
                                ? "the signature of %s %s does not hold"
                                : "the release record of %s %s is malformed",
                            self->request->name, self->request->version);
}

static code_t
check_subject (case_t *self)
{
    const Ggen__Release *release = self->verdict->release;
    if (strcmp (release->name, self->request->name) == 0
        && strcmp (release->version, self->request->version) == 0)
        return OK;
    return findings_refuse (self->findings, SECURITY, "asked for %s %s, the record is of %s %s",
                            self->request->name, self->request->version, release->name,
                            release->version);
}

//  ---- 5, 6: keys --------------------------------------------------------------------------------

static code_t
open_head (case_t *self)
{
    if (self->head.head || self->request->head.len == 0)
        return OK;
    return heads_open (&self->head, bytes_of (self->request->head), self->request->name,
                       self->signatures, self->findings);
}

succession_start_t
policy_begin (const pin_t *pin, const publisher_key_t *key)
{
    if (!pin)
        return (succession_start_t) {.key = *key};
    return (succession_start_t) {.key = pin->key,
                                 .head_seq = pin->head_seq,
                                 .has_recovery = pin->has_recovery,
                                 .recovery = pin->recovery,
                                 .rotation_seq = pin->rotation_seq};
}

//  Is it a key that the name came from, as the pin or the records know?
static bool
is_former (const case_t *self)
{
    const publisher_key_t *key = &self->verdict->key;
    for (unsigned i = 0; self->pin && i < self->pin->former_count; i++)
        if (publisher_key_equal (&self->pin->former[i], key))
            return true;
    return succession_has (&self->line, key);
}

//  Of a name without a pin the key that the caller insists on may stand for what another signed, whether
//  or not it can prove that the name is its own: the caller says so.
static void
follow_asked (case_t *self, const foreign_release_t *foreign)
{
    succession_start_t start = {.head_seq = 0};
    succession_t line;
    if (publisher_key_from_field (&start.key, self->request->publisher_key) != OK
        || publisher_key_equal (&start.key, &self->verdict->key))
        return;
    succession_follow (&line, self->evidence, &start);
    if (!publisher_key_equal (succession_last (&line), &start.key)
        || !succession_vouches (&line, foreign))
        return;
    self->line = line;
    self->is_last = false;
    self->vouched = true;
}

static code_t
follow_line (case_t *self)
{
    const Ggen__CheckReleaseRequest *request = self->request;
    const ProtobufCBinaryData *payload = &self->verdict->record->payload;
    foreign_release_t foreign = {.release = self->verdict->release, .signer = self->verdict->key};
    self->evidence = evidence_new (request->name, self->signatures);
    if (!self->evidence)
        return findings_refuse (self->findings, BUSY, "out of memory");
    evidence_add (self->evidence, bytes_of (request->head));
    for (size_t i = 0; i < request->n_records; i++)
        evidence_add (self->evidence, bytes_of (request->records[i]));
    succession_start_t start = policy_begin (self->pin, &self->verdict->key);
    succession_follow (&self->line, self->evidence, &start);
    self->is_last = publisher_key_equal (succession_last (&self->line), &self->verdict->key);
    signatures_crypto (self->signatures)->sha256 (payload->data, payload->len,
                                                  foreign.payload_sha256.bytes);
    foreign.is_former = is_former (self);
    self->vouched = !self->is_last && succession_vouches (&self->line, &foreign);
    if (!self->pin && !self->vouched)
        follow_asked (self, &foreign);
    self->rotated = self->pin && (self->is_last || self->vouched)
                    && !publisher_key_equal (&self->pin->key, succession_last (&self->line));
    return OK;
}

//  Whoever recovered a name has maybe published nothing yet, but stands for what a key before signed.
static code_t
check_asked_key (case_t *self)
{
    publisher_key_t asked;
    if (publisher_key_from_field (&asked, self->request->publisher_key) != OK
        || publisher_key_equal (&asked, &self->verdict->key)
        || (self->vouched && publisher_key_equal (&asked, succession_last (&self->line))))
        return OK;
    char theirs[FINGERPRINT_SIZE], ours[FINGERPRINT_SIZE];
    publisher_key_fingerprint (&self->verdict->key, theirs);
    publisher_key_fingerprint (&asked, ours);
    return findings_refuse (self->findings, UNTRUSTED_PUBLISHER,
                            "%s %s is signed by %s, asked for is %s", self->request->name,
                            self->request->version, theirs, ours);
}

//  The key of a release has handed the name over, and whom to does not stand for this release.
static code_t
refuse_retired (case_t *self)
{
    char theirs[FINGERPRINT_SIZE], last[FINGERPRINT_SIZE];
    publisher_key_fingerprint (&self->verdict->key, theirs);
    publisher_key_fingerprint (succession_last (&self->line), last);
    return findings_refuse (self->findings, SECURITY,
                            "%s %s is signed by %s, which has handed the name over to %s, and that"
                            " does not list this release",
                            self->request->name, self->request->version, theirs, last);
}

static code_t
check_pin (case_t *self)
{
    if (self->is_last || self->vouched)
        return OK;
    //  With no word of the successor, what the last head of a key lists stays good: rule 8.
    bool is_first = !self->pin || publisher_key_equal (&self->pin->key, &self->verdict->key);
    if (is_first && (self->line.head || self->line.by_recovery))
        return refuse_retired (self);
    if (is_first)
        return OK;
    char theirs[FINGERPRINT_SIZE], ours[FINGERPRINT_SIZE], key[TEXT_SIZE];
    publisher_key_fingerprint (&self->verdict->key, theirs);
    publisher_key_fingerprint (&self->pin->key, ours);
    publisher_key_to_text (&self->verdict->key, key);
    if (is_former (self))
        findings_hint (self->findings, "this key had %s before, and whoever has it now does not list"
                                       " this release: take another version",
                       self->request->name);
    else
        findings_hint (self->findings, "if its publisher told you of this key:"
                                       " ggen market trust add %s %s",
                       self->request->name, key);
    return findings_refuse (self->findings, UNTRUSTED_PUBLISHER,
                            "%s %s is signed by %s, but %s is pinned to %s (%s)",
                            self->request->name, self->request->version, theirs,
                            self->request->name, ours, self->pin->how);
}

//  ---- 7: rivals ---------------------------------------------------------------------------------

static size_t
print_rival (char *text, size_t size, const publisher_key_t *key)
{
    char fingerprint[FINGERPRINT_SIZE], full[TEXT_SIZE];
    publisher_key_fingerprint (key, fingerprint);
    publisher_key_to_text (key, full);
    int used = snprintf (text, size, "\n  %s  --publisher %s", fingerprint, full);
    return used > 0 && (size_t) used < size ? (size_t) used : 0;
}

//  Has this one the name handed over to whom we end with, or got it?
static bool
is_of_line (const case_t *self, const publisher_key_t *rival)
{
    succession_t line;
    succession_start_t start = policy_begin (NULL, rival);
    if (succession_has (&self->line, rival))
        return true;
    succession_follow (&line, self->evidence, &start);
    return publisher_key_equal (succession_last (&line), succession_last (&self->line));
}

static code_t
check_rivals (case_t *self)
{
    const Ggen__CheckReleaseRequest *request = self->request;
    char list[(RIVALS_SHOWN + 1) * (FINGERPRINT_SIZE + TEXT_SIZE + 24)] = "";
    size_t used = print_rival (list, sizeof list, &self->verdict->key), others = 0;
    for (size_t i = 0; i < request->n_rivals; i++) {
        publisher_key_t rival;
        if (publisher_key_from_field (&rival, request->rivals[i]) != OK
            || publisher_key_equal (&rival, &self->verdict->key) || is_of_line (self, &rival))
            continue;
        if (others++ < RIVALS_SHOWN)
            used += print_rival (list + used, sizeof list - used, &rival);
    }
    if (self->pin || others == 0 || request->publisher_key.len > 0)
        return OK;
    findings_hint (self->findings, "choose one with --publisher KEY");
    return findings_refuse (self->findings, UNTRUSTED_PUBLISHER,
                            "%zu publishers of %s, and none of them is known here:%s%s",
                            others + 1, request->name, list,
                            others > RIVALS_SHOWN ? "\n  ..." : "");
}

//  ---- 8: the head -------------------------------------------------------------------------------

//  By a head of the key that the name is with.
static code_t
check_by_last (case_t *self)
{
    const signed_head_t *head = self->line.head;
    bool pinned = self->pin && publisher_key_equal (&self->pin->key, &head->key);
    code_t code = heads_check_seq (head, pinned ? self->pin->head_seq : 0, self->findings);
    return code ? code
                : heads_check_release (head, self->verdict->release, &self->verdict->key,
                                       self->wall_ms, self->findings);
}

static code_t
check_head (case_t *self)
{
    const publisher_key_t *key = &self->verdict->key;
    signed_head_t *head = &self->head;
    code_t code = open_head (self);
    if (code)
        return code;
    if (self->line.head && (self->is_last || self->vouched))
        return check_by_last (self);
    if (!head->head)
        return OK;
    if (self->rotated)
        return heads_check_release (head, self->verdict->release, key, self->wall_ms,
                                    self->findings);
    if (publisher_key_equal (&head->key, key)) {
        code = heads_check_seq (head, self->pin ? self->pin->head_seq : 0, self->findings);
        return code ? code
                    : heads_check_release (head, self->verdict->release, key, self->wall_ms,
                                           self->findings);
    }
    if (!head->rotates || !publisher_key_equal (&head->successor, key))
        return findings_refuse (self->findings, SECURITY,
                                "the head given for %s is signed by another key than the release",
                                self->request->name);
    findings_warn (self->findings, "the newest head of %s is of an earlier key: yanks are unknown",
                   self->request->name);
    heads_destroy (head);
    return OK;
}

//  Who is late with a head may be kept from us: what is latest is not known (TUF's freeze attack).
static code_t
check_fresh (case_t *self)
{
    const Ggen__Head *head = self->line.head && (self->is_last || self->vouched)
                                 ? self->line.head->head
                                 : self->head.head;
    int64_t now = self->wall_ms / 1000;
    if (!self->request->require_fresh || (head && now - HEAD_CLOCK_SECONDS <= head->expires_at))
        return OK;
    findings_hint (self->findings, "name the version, or set security.require_fresh to false");
    return findings_refuse (self->findings, SECURITY,
                            head ? "the newest head of %s has expired: what is latest is not known"
                                 : "%s has no head: what is latest is not known",
                            self->request->name);
}

//  ---- what to keep ------------------------------------------------------------------------------

//  The head whose seq counts from now on: one of the key that the name is with.
static const Ggen__Head *
kept_head (const case_t *self, const publisher_key_t *key)
{
    if (self->line.head && publisher_key_equal (&self->line.head->key, key))
        return self->line.head->head;
    return self->head.head && publisher_key_equal (&self->head.key, key) ? self->head.head : NULL;
}

static void
begin_pin (case_t *self, pin_t *pin)
{
    bool by_last = self->is_last || self->vouched;
    snprintf (pin->name, sizeof pin->name, "%s", self->request->name);
    snprintf (pin->how, sizeof pin->how, "%s", self->rotated ? PIN_ROTATED : PIN_FIRST_USE);
    pin->key = by_last ? *succession_last (&self->line) : self->verdict->key;
    pin->since = self->wall_ms / 1000;
    pin->head_seq = 0;
    if (by_last)
        pin->rotation_seq = self->line.rotation_seq;
    for (size_t i = 0; by_last && i + 1 < self->line.keys_count; i++)
        if (!publisher_key_equal (&self->line.keys[i], &pin->key))
            pin_add_former (pin, &self->line.keys[i]);
    if (self->vouched && !self->pin)
        pin_add_former (pin, &self->verdict->key);
}

//  After a rotation nothing is known of the new key's heads but what is here: seqs are compared per
//  key. The recovery key stays the one that was known first: a stolen key may name another.
static void
note_pin (case_t *self)
{
    verdict_t *verdict = self->verdict;
    pin_t *pin = &verdict->pin;
    verdict->first_use = !self->pin;
    verdict->changes = !self->pin || self->rotated;
    if (self->pin)
        *pin = *self->pin;
    if (verdict->changes)
        begin_pin (self, pin);
    const Ggen__Head *head = kept_head (self, &pin->key);
    if (head && head->seq > pin->head_seq) {
        pin->head_seq = head->seq;
        verdict->changes = true;
    }
    if (head && !pin->has_recovery
        && digest_from_field (&pin->recovery, head->recovery_sha256) == OK) {
        pin->has_recovery = true;
        verdict->changes = true;
    }
    if (self->line.by_recovery && self->line.rotation_seq > pin->rotation_seq) {
        pin->rotation_seq = self->line.rotation_seq;
        verdict->changes = true;
    }
    if (self->rotated)
        findings_warn (self->findings, "the publisher of %s has moved to a new key%s",
                       self->request->name,
                       self->line.by_recovery ? ", by its recovery key" : "");
}

code_t
policy_judge (verdict_t **verdict_p, const Ggen__CheckReleaseRequest *request, const pin_t *pin,
              signatures_t *signatures, int64_t wall_ms)
{
    static code_t (*const rules[]) (case_t *) = {open_record, check_subject, follow_line,
                                                 check_asked_key, check_pin, check_rivals,
                                                 check_head, check_fresh};
    verdict_t *verdict = *verdict_p = calloc (1, sizeof *verdict);
    if (!verdict)
        return BUSY;
    case_t self = {.request = request,
                   .pin = pin,
                   .signatures = signatures,
                   .wall_ms = wall_ms,
                   .verdict = verdict,
                   .findings = &verdict->findings};
    code_t code = check_request (&self);
    if (code == OK && request->record.len == 0)
        return check_unsigned (&self);
    for (size_t i = 0; i < COUNT_OF (rules) && code == OK; i++)
        code = rules[i](&self);
    if (code == OK)
        note_pin (&self);
    heads_destroy (&self.head);
    evidence_destroy (&self.evidence);
    return code;
}

void
policy_destroy (verdict_t **verdict_p)
{
    if (!*verdict_p)
        return;
    record_release_destroy (&(*verdict_p)->release);
    record_destroy (&(*verdict_p)->record);
    free (*verdict_p);
    *verdict_p = NULL;
}
