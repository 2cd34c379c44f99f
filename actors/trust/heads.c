// SPDX-License-Identifier: MIT
#include "heads.h"

#include <inttypes.h>
#include <string.h>

void
heads_destroy (signed_head_t *self)
{
    record_head_destroy (&self->head);
    record_destroy (&self->record);
}

//  Sets key, rotates and successor of a head that is open.
static void
read_keys (signed_head_t *self)
{
    code_t code = publisher_key_from_field (&self->key, self->record->key);
    if (code == OK && publisher_key_from_field (&self->successor, self->head->rotated_to) == OK)
        self->rotates = !publisher_key_equal (&self->key, &self->successor);
}

code_t
heads_open (signed_head_t *self, bytes_t packed, const char *name, signatures_t *signatures,
            findings_t *findings)
{
    memset (self, 0, sizeof *self);
    code_t code = record_open (&self->record, packed);
    if (code == OK)
        code = signatures_check (signatures, self->record);
    if (code == OK)
        code = record_head (&self->head, self->record);
    if (code) {
        heads_destroy (self);
        return findings_refuse (findings, INVALID_SIGNATURE,
                                code == INVALID_SIGNATURE
                                    ? "the signature of the head of %s does not hold"
                                    : "the head of %s is malformed",
                                name);
    }
    if (strcmp (self->head->name, name) != 0) {
        findings_refuse (findings, SECURITY, "the head given for %s is of %s", name,
                         self->head->name);
        heads_destroy (self);
        return SECURITY;
    }
    read_keys (self);
    return OK;
}

code_t
heads_check_seq (const signed_head_t *self, uint64_t seen_seq, findings_t *findings)
{
    uint64_t seq = self->head->seq;
    if (seq < seen_seq) {
        findings_hint (findings, "the registry that answered is behind, or lies; ask another");
        return findings_refuse (findings, SECURITY,
                                "the head of %s goes back: seq %" PRIu64 ", seen before: %" PRIu64,
                                self->head->name, seq, seen_seq);
    }
    uint64_t jump_max = seen_seq > 0 ? HEAD_JUMP_MAX : HEAD_FIRST_MAX;
    if (seq - seen_seq > jump_max)
        return findings_refuse (findings, SECURITY,
                                "the head of %s jumps: seq %" PRIu64 " after %" PRIu64
                                ", at most %" PRIu64 " above it is believed",
                                self->head->name, seq, seen_seq, jump_max);
    return OK;
}

static const Ggen__HeadVersion *
find_version (const Ggen__Head *head, const char *version)
{
    for (size_t i = 0; i < head->n_versions; i++)
        if (strcmp (head->versions[i]->version, version) == 0)
            return head->versions[i];
    return NULL;
}

static void
warn_of_time (const Ggen__Head *head, int64_t wall_ms, findings_t *findings)
{
    int64_t now = wall_ms / 1000;
    if (now - HEAD_CLOCK_SECONDS > head->expires_at)
        findings_warn (findings,
                       "the head of %s has expired: newer versions or yanks may be unknown",
                       head->name);
    if (now + HEAD_CLOCK_SECONDS < head->issued_at)
        findings_warn (findings, "the head of %s is dated in the future: is the clock right?",
                       head->name);
}

code_t
heads_check_release (const signed_head_t *self, const Ggen__Release *release,
                     const publisher_key_t *release_key, int64_t wall_ms, findings_t *findings)
{
    const Ggen__HeadVersion *listed = find_version (self->head, release->version);
    warn_of_time (self->head, wall_ms, findings);
    if (!listed) {
        if (self->rotates && publisher_key_equal (&self->key, release_key))
            return findings_refuse (findings, SECURITY,
                                    "%s %s is signed by a key that has handed the name over"
                                    " without listing this version",
                                    release->name, release->version);
        if (!self->rotates)
            findings_warn (findings, "the newest head of %s does not list %s", release->name,
                           release->version);
        return OK;
    }
    if (listed->sha256.len != release->sha256.len
        || memcmp (listed->sha256.data, release->sha256.data, listed->sha256.len) != 0)
        return findings_refuse (findings, SECURITY,
                                "the head of %s lists %s with another digest than the release has",
                                release->name, release->version);
    findings->yanked = listed->yanked;
    if (listed->yanked)
        findings_warn (findings, "%s %s is yanked%s%s", release->name, release->version,
                       *listed->yank_reason ? ": " : "", listed->yank_reason);
    return OK;
}
