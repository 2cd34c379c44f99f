// SPDX-License-Identifier: MIT
//  What there is to publish and to install in the simulator: directories of our own below
//  SIM_SOURCES, and packages that strangers put into the registry, some of them with bad intent.
#ifndef GGEN_TESTS_SIM_MARKET_H
#define GGEN_TESTS_SIM_MARKET_H

#include "sim_keyring.h"
#include "sim_registry_file.h"
#include "sim_watch.h"

#define SIM_SOURCES "/src/"             //  and NAME-VERSION

typedef struct {
    sim_signer_t ours, alice, eve;
} sim_people_t;

//  Names, for those who install; ends with NULL.
//      own-N       ours, once they are published; own-N needs own-(N-1) unless N is a multiple of 3
//      alice-N     alice's; alice-1 and alice-2 need the one before
//      rival       of alice and of eve
extern const char *const sim_market_names[];

//  Those that must never get in; ends with NULL.
//      forged      eve signed it, and its record names alice
//      unsigned    has no record
//      swapped     its archive is not the one that was signed
//      lied        the registry leaves out what it needs
//      stolen      eve signed it, and the registry says that alice published it
extern const char *const sim_market_traps[];

//  Directories that can be published: SIM_SOURCES NAME-VERSION; ends with NULL.
extern const char *const sim_market_sources[];

void sim_market_open (const sim_people_t *people, sim_disk_t *disk,
                      sim_registry_file_t *registry, sim_watch_t *watch);

//  Write a directory that can be published: SIM_SOURCES NAME-VERSION. 'needs' is a name or NULL.
void sim_market_write (sim_disk_t *disk, const char *name, const char *version,
                       const char *needs);

#endif
