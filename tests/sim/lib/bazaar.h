// SPDX-License-Identifier: MIT
//  Nodes that publish, search and look up: those of honest.h, and beside them the real "transfer", "cache",
//  "trust" and "registry_p2p", with a publisher's key each (sim_publisher.h) and a disk for archives
//  (sim_parts.h). What was asked and what came of it is counted here. Aborts when memory is short.
#ifndef GGEN_TESTS_BAZAAR_H
#define GGEN_TESTS_BAZAAR_H

#include "actors/registry/registry_p2p.h"
#include "actors/transfer/transfer.h"
#include "crypto_sim.h"
#include "honest.h"
#include "registry.pb-c.h"
#include "sim_parts.h"

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

//  'follower' of the options is set here.
bazaar_t *bazaar_new (const honest_options_t *options);
void bazaar_destroy (bazaar_t **self_p);

//  A compose_fn; its context is the bazaar_t.
void bazaar_compose (void *self, world_t *world, uint32_t node, node_plan_t *plan);

honest_t *bazaar_honest (bazaar_t *self);
registry_p2p_settings_t *bazaar_registry (bazaar_t *self, world_t *world, uint32_t node);
sim_parts_t *bazaar_disk (bazaar_t *self, world_t *world, uint32_t node);

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
uint32_t bazaar_heard (const bazaar_t *self, const world_t *world, const bazaar_package_t *package);

#endif
