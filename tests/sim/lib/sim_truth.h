// SPDX-License-Identifier: MIT
//  Which releases were truly signed, by whom, and which of them trust has accepted.
#ifndef GGEN_TESTS_SIM_TRUTH_H
#define GGEN_TESTS_SIM_TRUTH_H

#include "installer.pb-c.h"
#include "record.h"
#include "trust.pb-c.h"

#define SIM_TRUTHS_MAX 2048     //  aborts beyond: it is a test's

typedef struct {
    Ggen__Release *release;
    publisher_key_t key;
    bool accepted;
} sim_truth_entry_t;

typedef struct {
    sim_truth_entry_t entries[SIM_TRUTHS_MAX];
    size_t count;
} sim_truth_t;

void sim_truth_clear (sim_truth_t *self);

//  A record was made; one that is no release is not noted.
void sim_truth_add (sim_truth_t *self, ProtobufCBinaryData packed);

//  Trust has accepted this; false when nobody made it.
bool sim_truth_accept (sim_truth_t *self, const Ggen__CheckReleaseReply *reply);

//  Is this what somebody made and trust accepted?
bool sim_truth_holds (const sim_truth_t *self, const Ggen__LockedPackage *locked);

//  Is this the tree of what somebody made and trust accepted?
bool sim_truth_has_tree (const sim_truth_t *self, const char *id, const char *version,
                         ProtobufCBinaryData files);

#endif
