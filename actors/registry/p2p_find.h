// SPDX-License-Identifier: MIT
//  Looking up a name: who publishes it, their newest heads, the releases these list. First trust is asked
//  whom it has pinned, then the hot tier of "cache" whether it was looked up lately. Then the DHT: whatever
//  is known to be needed is read at once, as far as FIND_READS_MAX allows, and each answer may show more:
//      listings    under the name: its publishers
//      heads       of each publisher, and of those they hand the name over to; rotations if wanted
//      releases    that these heads list
//  What was heard of before takes part from the beginning, so a name that is known takes as long as one read;
//  of two heads of one key the higher seq counts, so no reader is ever taken back. What is read is noted
//  in discovered.h. What FIND_LATEST and FIND_VERSIONS found is put into the hot tier, and is all that is
//  looked at the next time, unless something newer was heard of meanwhile. When that is refresh_ms old, it
//  is looked up anew after the answer, so that a name that is asked for again and again stays hot.
#ifndef GGEN_P2P_FIND_H
#define GGEN_P2P_FIND_H

#include "discovered.h"
#include "runtime/actor/out.h"

#define FIND_PUBLISHERS_MAX DISCOVERED_NAME_MAX     //  of one name; more are left out: incomplete
#define FIND_VERSIONS_MAX   32                      //  of one publisher, the newest
#define FIND_ROTATIONS_MAX  16
#define FIND_READS_MAX      8                       //  of one look-up, at one time

struct registry_p2p;
typedef struct find_t find_t;

typedef enum {
    FIND_PUBLISHERS,            //  listings; heads of those only who withdrew theirs
    FIND_HEADS,
    FIND_LATEST,                //  and the release that each calls latest (the pinned one's alone, if any)
    FIND_VERSION,               //  and the release of one version
    FIND_VERSIONS               //  and all
} find_depth_t;

typedef struct {
    const Ggen__HeadVersion *listed;        //  in the publisher's head
    const p2p_signed_t *found;              //  its release; NULL: not found
} find_version_t;

typedef struct {
    publisher_key_t key;
    bool pinned;
    p2p_signed_t listing;                   //  empty: none
    p2p_signed_t head;                      //  empty: none
    find_version_t *versions;               //  that were looked for, at the end
    size_t versions_count;
    //  For p2p_find.c and p2p_find_take.c.
    bool sorted;                            //  the head's versions are, newest first
    bool asked_head, asked_rotations;
    bool short_cut;                         //  the head came from the first who answered
    bool in_full;                           //  no short cut: it led to something old
    uint64_t planned;                       //  releases are asked for as heads were then
} find_publisher_t;

struct find_t {
    find_t *next;
    struct registry_p2p *home;
    char *name;
    char *version;                          //  FIND_VERSION
    find_depth_t depth;
    bool one_key;                           //  only the publisher it was asked for
    bool all_answer;                        //  no short cuts: nothing hot, every head is read in full
    bool wants_rotations;
    bool anew;                              //  behind an answer from the hot tier, which it renews
    bool stale;                             //  what is hot is old enough to be renewed

    //  What was found.
    find_publisher_t publishers[FIND_PUBLISHERS_MAX];
    unsigned publishers_count;
    p2p_signed_t rotations[FIND_ROTATIONS_MAX];
    unsigned rotations_count;
    bool hot;                               //  it is from the hot tier
    bool incomplete;                        //  something is missing
    bool cut;                               //  there was more than the bounds allow
    code_t failure_code;                    //  OK, or the first failure of a read
    char *failure_text;

    //  How far it is; for p2p_find.c.
    ticket_t ticket;
    int64_t answer_at_ms;
    void (*done) (find_t *find, void *arg);
    void *arg;
    void (*free_arg) (void *arg);
    unsigned stage;
    struct read *reads;
    p2p_signed_t *releases;                 //  that came, whatever they are good for
    size_t releases_count, releases_room;
    unsigned unsent, in_flight;
    bool told;                              //  'done' was called
};

typedef struct {
    const char *name;
    const char *version;
    find_depth_t depth;
    const publisher_key_t *only;            //  NULL: all publishers
    bool all_answer;
    bool wants_rotations;
    bool anew;                              //  what is hot does not count
    ticket_t ticket;
    int64_t answer_at_ms;                   //  then 'done' is called with what there is
    //  Called once; what was found is borrowed for the call.
    void (*done) (find_t *find, void *arg);
    void *arg;
    void (*free_arg) (void *arg);           //  when the look-up is over, or could not begin; may be NULL
} find_ask_t;

//  OK    'done' will be called, maybe before this returns.
//  BUSY  REGISTRY_P2P_FINDS_MAX go on, or memory is short.
must_use code_t find_start (struct registry_p2p *home, const find_ask_t *ask);

//  Time passed: look-ups whose time is up answer with what they have.
void find_tick (struct registry_p2p *home, int64_t now_ms);
int64_t find_deadline_ms (const struct registry_p2p *home);

//  Reads of others have come back: there may be room for more.
void find_pump (struct registry_p2p *home);

void find_destroy_all (struct registry_p2p *home);

//  Why what was not found may be there nevertheless, with words for it; PACKAGE_NOT_FOUND: it is not.
code_t find_doubt (const find_t *self, const char **words_p);

find_publisher_t *find_publisher (find_t *self, const publisher_key_t *key);

//  Whose head decides for this publisher now, as far as heads and rotations here tell: itself, or whom
//  it handed the name over to. Trust proves the same with pins before anything is installed.
const find_publisher_t *find_successor (find_t *self, const find_publisher_t *publisher);

#endif
