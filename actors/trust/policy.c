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
    const crypto_t *crypto;
    int64_t wall_ms;
    verdict_t *verdict;
    findings_t *findings;           //  of the verdict
    signed_head_t head;             //  head.head is NULL: none given, or not opened yet
    bool rotated;                   //  the head moves the pin to the record's key
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
        code = record_check (verdict->record, self->crypto->verify, NULL);
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
check_asked_key (case_t *self)
{
    publisher_key_t asked;
    if (publisher_key_from_field (&asked, self->request->publisher_key) != OK
        || publisher_key_equal (&asked, &self->verdict->key))
        return OK;
    char theirs[FINGERPRINT_SIZE], ours[FINGERPRINT_SIZE];
    publisher_key_fingerprint (&self->verdict->key, theirs);
    publisher_key_fingerprint (&asked, ours);
    return findings_refuse (self->findings, UNTRUSTED_PUBLISHER,
                            "%s %s is signed by %s, asked for is %s", self->request->name,
                            self->request->version, theirs, ours);
}

static code_t
open_head (case_t *self)
{
    if (self->head.head || self->request->head.len == 0)
        return OK;
    return heads_open (&self->head, bytes_of (self->request->head), self->request->name,
                       self->crypto, self->findings);
}

//  Does the pinned key hand the name over to the record's?
static bool
is_rotated (case_t *self)
{
    const signed_head_t *head = &self->head;
    return open_head (self) == OK && head->head && head->rotates
           && publisher_key_equal (&head->key, &self->pin->key)
           && publisher_key_equal (&head->successor, &self->verdict->key)
           && heads_check_seq (head, self->pin->head_seq, self->findings) == OK;
}

static code_t
check_pin (case_t *self)
{
    if (!self->pin || publisher_key_equal (&self->pin->key, &self->verdict->key))
        return OK;
    self->rotated = is_rotated (self);
    if (self->rotated)
        return OK;
    char theirs[FINGERPRINT_SIZE], ours[FINGERPRINT_SIZE], key[TEXT_SIZE];
    publisher_key_fingerprint (&self->verdict->key, theirs);
    publisher_key_fingerprint (&self->pin->key, ours);
    publisher_key_to_text (&self->verdict->key, key);
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

static code_t
check_rivals (case_t *self)
{
    const Ggen__CheckReleaseRequest *request = self->request;
    char list[(RIVALS_SHOWN + 1) * (FINGERPRINT_SIZE + TEXT_SIZE + 24)] = "";
    size_t used = print_rival (list, sizeof list, &self->verdict->key), others = 0;
    for (size_t i = 0; i < request->n_rivals; i++) {
        publisher_key_t rival;
        if (publisher_key_from_field (&rival, request->rivals[i]) != OK
            || publisher_key_equal (&rival, &self->verdict->key))
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

static code_t
check_head (case_t *self)
{
    const publisher_key_t *key = &self->verdict->key;
    signed_head_t *head = &self->head;
    code_t code = open_head (self);
    if (code || !head->head)
        return code;
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

//  ---- what to keep ------------------------------------------------------------------------------

//  After a rotation nothing is known of the new key's heads: seqs are compared per key.
static void
note_pin (case_t *self)
{
    verdict_t *verdict = self->verdict;
    pin_t *pin = &verdict->pin;
    uint64_t seq = self->head.head && !self->rotated ? self->head.head->seq : 0;
    verdict->first_use = !self->pin;
    verdict->changes = !self->pin || self->rotated || seq > self->pin->head_seq;
    if (self->pin)
        *pin = *self->pin;
    if (!self->pin || self->rotated) {
        snprintf (pin->name, sizeof pin->name, "%s", self->request->name);
        snprintf (pin->how, sizeof pin->how, "%s", self->rotated ? PIN_ROTATED : PIN_FIRST_USE);
        pin->key = verdict->key;
        pin->since = self->wall_ms / 1000;
        pin->head_seq = 0;
    }
    if (seq > pin->head_seq)
        pin->head_seq = seq;
    if (self->rotated)
        findings_warn (self->findings, "the publisher of %s has moved to a new key",
                       self->request->name);
}

code_t
policy_judge (verdict_t **verdict_p, const Ggen__CheckReleaseRequest *request, const pin_t *pin,
              const crypto_t *crypto, int64_t wall_ms)
{
    static code_t (*const rules[]) (case_t *) = {open_record,  check_subject, check_asked_key,
                                                 check_pin,    check_rivals,  check_head};
    verdict_t *verdict = *verdict_p = calloc (1, sizeof *verdict);
    if (!verdict)
        return BUSY;
    case_t self = {.request = request,
                   .pin = pin,
                   .crypto = crypto,
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
