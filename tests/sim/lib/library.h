// SPDX-License-Identifier: MIT
//  What honest publishers have published: ground truth for those who look for it.
#ifndef GGEN_TESTS_LIBRARY_H
#define GGEN_TESTS_LIBRARY_H

#include "crypto_sim.h"
#include "play.h"
#include "publisher_key.h"
#include "sim_contents.h"
#include "record.pb-c.h"

#define LIBRARY_NAME_MAX 31u

typedef struct {
    crypto_sim_identity_t pair;
    const identity_t *identity;     //  that notes what it signs
    uint32_t node;                  //  where its keyring is
} publisher_t;

#define LIBRARY_VERSIONS_MAX 64u        //  of a package; then it gets no more

typedef struct {
    char name[LIBRARY_NAME_MAX + 1];    //  "toolN-market": words are "toolN", which is its own, and
                                        //  "market", which all have
    uint32_t publisher;
    uint32_t versions;              //  1.0.0, 2.0.0, ...
    uint64_t seq;                   //  of the newest head that was signed
    uint64_t seq_stored;            //  of the newest that somebody said he stored; 0: none yet
    uint32_t versions_stored;       //  that this one lists
    int64_t stored_us;              //  when that was
    bool withdrawn;
    uint64_t yanked;                //  a bit a version
    int64_t yanked_us;              //  when the last of them was told; 0: none was
} package_t;

library_t *library_new (play_t *play, uint32_t publishers);
void library_destroy (library_t **self_p);

uint32_t library_publishers_count (const library_t *self);
const publisher_t *library_publisher (const library_t *self, uint32_t number);

//  A new package of the next publisher in turn whose node is ready. PLAY_NOBODY: none is.
uint32_t library_add (library_t *self);

uint32_t library_count (const library_t *self);
package_t *library_package (library_t *self, uint32_t number);

//  One that is stored and not withdrawn, drawn by Zipf's law with this exponent over the order of their
//  publication (0: all alike). PLAY_NOBODY: there is none.
uint32_t library_draw (library_t *self, double exponent, rng_t *rng);

//  The newest version that somebody said he stored and that is not yanked; 0: there is none.
uint32_t library_newest (const package_t *package);

//  A packed SignedRecord by this publisher, which the caller frees.
ProtobufCBinaryData library_sign (const publisher_t *publisher, Ggen__RecordKind kind,
                                  const ProtobufCMessage *payload);

//  Sign a head of the package as it is now, with the next seq. 'wall_ms' is the publisher's clock.
ProtobufCBinaryData library_sign_head (library_t *self, uint32_t package, int64_t wall_ms);

//  The release of a version, from 1, by its publisher.
ProtobufCBinaryData library_sign_release (library_t *self, uint32_t package, uint32_t version,
                                          int64_t wall_ms);

//  The archive of a version, whose size comes from the seed: most are small, some have several chunks.
const sim_content_t *library_content (library_t *self, uint32_t package, uint32_t version);

//  Which package and version an archive is of. False: of none.
bool library_find_content (library_t *self, bytes_t sha256, uint32_t *package_p,
                           uint32_t *version_p);

//  The text of a version, from 1.
#define LIBRARY_VERSION_MAX 15u
void library_version (uint32_t version, char text[LIBRARY_VERSION_MAX + 1]);

//  The package of this name, or PLAY_NOBODY.
uint32_t library_named (library_t *self, const char *name);

size_t library_bytes (const library_t *self);

#endif
