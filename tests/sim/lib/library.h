// SPDX-License-Identifier: MIT
//  What honest publishers have published: ground truth for those who look for it.
#ifndef GGEN_TESTS_LIBRARY_H
#define GGEN_TESTS_LIBRARY_H

#include "crypto_sim.h"
#include "play.h"
#include "publisher_key.h"
#include "sim_contents.h"
#include "sim_keyring.h"
#include "record.pb-c.h"

#define LIBRARY_NAME_MAX 31u

#define LIBRARY_KEYS_MAX 4u             //  of one publisher; then it gets no more

//  Identities note what they sign: what a thief says with a stolen key was said by that key.
typedef struct {
    const identity_t *identity;     //  that it signs with now
    const identity_t *keys[LIBRARY_KEYS_MAX];   //  it ever had; the last is 'identity'
    unsigned keys_count;
    const identity_t *recovery;     //  lies in a drawer
    sim_signer_t keyring[LIBRARY_KEYS_MAX];     //  the same keys, the newest first
    ProtobufCBinaryData rotation;   //  the last that 'recovery' signed, for all names at once
    uint64_t rotation_seq;
    const identity_t *thief;        //  who has handed our names over to himself; NULL: nobody has
    uint32_t thief_node;
    bool robbed;                    //  and they have not been taken back
    int64_t recovered_us;           //  when the last of them was; 0: not yet
    uint32_t node;                  //  where its keyring is
} publisher_t;

#define LIBRARY_VERSIONS_MAX 64u        //  of a package; then it gets no more
#define LIBRARY_EVIL         1000u      //  the version that a thief publishes

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
    uint32_t own_from;              //  first version that the publisher's newest key has signed itself
    int64_t handed_us;              //  when that was told; 0: it never was
    uint64_t last_seq;              //  of the newest head of the keys before it
    digest_t released[LIBRARY_VERSIONS_MAX];    //  SHA-256 of each release's payload,
    publisher_key_t signers[LIBRARY_VERSIONS_MAX];  //  and who signed it
} package_t;

//  What a head says.
typedef struct {
    uint64_t seq;
    uint32_t own_from;              //  for versions before it the signer stands: they are others'
    uint32_t evil;                  //  a version more; 0: none
    const identity_t *successor;    //  NULL: none
    const identity_t *recovery;     //  that it names
} library_head_t;

library_t *library_new (play_t *play, uint32_t publishers);
void library_destroy (library_t **self_p);

uint32_t library_publishers_count (const library_t *self);
publisher_t *library_publisher (const library_t *self, uint32_t number);

//  A new package of the next publisher in turn whose node is ready. PLAY_NOBODY: none is.
uint32_t library_add (library_t *self);

uint32_t library_count (const library_t *self);
package_t *library_package (library_t *self, uint32_t number);

//  One that is stored and not withdrawn, drawn by Zipf's law with this exponent over the order of their
//  publication (0: all alike). PLAY_NOBODY: there is none.
uint32_t library_draw (library_t *self, double exponent, rng_t *rng);

//  The newest version that somebody said he stored and that is not yanked; 0: there is none.
uint32_t library_newest (const package_t *package);

//  Sign a head of the package as it is now, with the next seq. 'wall_ms' is the signer's clock.
ProtobufCBinaryData library_sign_head (library_t *self, uint32_t package, int64_t wall_ms);

//  The release of a version, from 1, by its publisher.
ProtobufCBinaryData library_sign_release (library_t *self, uint32_t package, uint32_t version,
                                          int64_t wall_ms);

//  The same as somebody else's, and with a head's room for what is said besides.
ProtobufCBinaryData library_release_by (library_t *self, const identity_t *key, uint32_t package,
                                        uint32_t version, int64_t wall_ms);
ProtobufCBinaryData library_head_by (library_t *self, const identity_t *key, uint32_t package,
                                     const library_head_t *what, int64_t wall_ms);

//  ---- library_keys.c ------------------------------------------------------------------------------

//  A key that belongs to 'purpose', which notes what it signs. Owned by the library.
const identity_t *library_key (library_t *self, const char *purpose, uint64_t number);

//  The publisher has a new key from now on; it signs all its packages' next heads, in which it stands for
//  what the others signed. False: it has had LIBRARY_KEYS_MAX.
bool library_rotate (library_t *self, uint32_t publisher);

//  The last head of the package by one of the publisher's keys, which hands it over to the next.
ProtobufCBinaryData library_sign_last (library_t *self, const identity_t *from, const identity_t *to,
                                       uint32_t package, int64_t wall_ms);

//  The same said by the recovery key, of all names at once: publisher_t.rotation.
void library_sign_rotation (library_t *self, uint32_t publisher, int64_t wall_ms);

//  A thief has the publisher's key. What he says of a package: a release of his own, a head of his own
//  that lists it too, and one by the stolen key that hands the name over to him; he says that also when
//  the publisher has a new key already, which he has not.
void library_rob (library_t *self, uint32_t publisher, uint32_t thief_node);
ProtobufCBinaryData library_sign_evil_release (library_t *self, uint32_t package, int64_t wall_ms);
ProtobufCBinaryData library_sign_evil_head (library_t *self, uint32_t package, int64_t wall_ms);
ProtobufCBinaryData library_sign_stolen_head (library_t *self, const identity_t *stolen,
                                              uint32_t package, int64_t wall_ms);

//  Which of the keys that had the package is it: 0 the first, and so on; LIBRARY_KEYS_MAX the thief's.
//  -1: somebody else's.
int library_rank (const library_t *self, uint32_t package, const uint8_t *key);

//  ---- archives --------------------------------------------------------------------------------------

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

#endif
