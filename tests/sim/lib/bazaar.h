// SPDX-License-Identifier: MIT
//  What people do at nodes with a market (honest.h): publish, search, look up, fetch. What was asked and
//  what came of it is counted here. Aborts when memory is short.
#ifndef GGEN_TESTS_BAZAAR_H
#define GGEN_TESTS_BAZAAR_H

#include "honest.h"
#include "registry.pb-c.h"

#define BAZAAR_PACKAGES_MAX 4096
#define BAZAAR_VERSIONS_MAX 16      //  of one package

typedef struct {
    char id[40];
    uint32_t node;                  //  whose it is
    uint64_t seq;
    char versions[BAZAAR_VERSIONS_MAX][16];
    const sim_content_t *contents[BAZAAR_VERSIONS_MAX];
    uint32_t versions_count;
    code_t code;                    //  of the last publish
    uint32_t acknowledged;          //  hosts
    int64_t published_us;           //  when that was answered; 0 = not yet
} bazaar_package_t;

typedef struct bazaar_t bazaar_t;

//  'honest' is borrowed; its nodes have a market.
bazaar_t *bazaar_new (honest_t *honest);

//  After the world: answers may still be on their way.
void bazaar_destroy (bazaar_t **self_p);

//  Publish the next version of a package of this node's publisher ("1.0.0", "1.1.0", ...), made if need
//  be, with an archive of so many bytes. Borrowed; its code and acknowledged are set when it is answered.
bazaar_package_t *bazaar_publish (bazaar_t *self, world_t *world, uint32_t node, const char *id,
                                  uint64_t size_bytes);

//  What came of a question. 'found': the package asked about is in the answer, its latest version and
//  digest right. 'wrong': something that nobody published is.
typedef struct {
    uint64_t asked, answered, found, incomplete, wrong;
    int64_t took_us, took_us_max;
} bazaar_count_t;

typedef struct {
    bazaar_count_t searches, gets, fetches;
} bazaar_counts_t;

//  Search for the first word of a package's id; GetPackage; and the archive, by the record that
//  GetPackage told.
void bazaar_search (bazaar_t *self, world_t *world, uint32_t node, const bazaar_package_t *package);
void bazaar_get (bazaar_t *self, world_t *world, uint32_t node, const bazaar_package_t *package);
void bazaar_fetch (bazaar_t *self, world_t *world, uint32_t node, const bazaar_package_t *package);

const bazaar_counts_t *bazaar_counts (const bazaar_t *self);

//  Nodes whose registry has heard of the package's last head, without asking.
uint32_t bazaar_heard (const bazaar_t *self, world_t *world, const bazaar_package_t *package);

#endif
