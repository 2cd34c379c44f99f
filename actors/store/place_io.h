// SPDX-License-Identifier: MIT
//  Where packages live (SPEC 3.6): the home, or the root of its own that `--target DIR` makes.
//
//      home                              target DIR
//      HOME/store/INSTANCE/              DIR/.ggen/store/INSTANCE/       unpacked trees
//      HOME/generations/N/               DIR/.ggen/generations/N/        ID -> the tree, ggen.lock
//      HOME/packages -> generations/N    DIR/.ggen/current -> generations/N
//                                        DIR/ID -> .ggen/current/ID, DIR/ggen.lock likewise
//
//  An instance is "<files_sha256>" or, when a user edited that one, "<files_sha256>.1", ".2" ...:
//      tree/     the files, 0444 or 0555
//      files     the canonical file list; its digest is the instance's name
//      stamps    when the files were last seen right (stamps.h)
//  Renames make everything true: of an instance into store/, of a generation into generations/,
//  and last of the link, which switches all of it.
#ifndef GGEN_PLACE_IO_H
#define GGEN_PLACE_IO_H

#include "file_list.h"
#include "refusal.h"

#define PLACE_PATH_MAX        4096
#define PLACE_INSTANCE_MAX    80        //  bytes of an instance's name, with its NUL
#define PLACE_INSTANCES_MAX   1000      //  edited copies of one tree that are looked at
#define PLACE_GENERATIONS_MAX 100000
#define PLACE_LOCK_NAME       "ggen.lock"
//  In the order they are looked for (SPEC 3.1).
#define PLACE_MANIFESTS       {"gpack.toml", "package.toml", "pack.toml", "package.json"}
#define PLACE_ADOPTED_LINK    "generations/0"      //  adopt_io.h
#define PLACE_LOCK_MAX        (3u << 20)  //  bytes of ggen.lock: it travels in one message

typedef struct {
    char base [PLACE_PATH_MAX];     //  HOME or DIR/.ggen
    char target [PLACE_PATH_MAX];   //  DIR, or "" for the home
    const char *link;               //  "packages" or "current"
    int base_fd;                    //  -1: it is not there
    int store_fd;
    int generations_fd;
    bool made_target;               //  place_open made DIR
} place_t;

//  Open the place of 'root' ("" = the home itself). With 'create' what is missing is made, also the
//  directories above a target; without, missing parts are descriptors of -1 and nothing is installed there.
must_use code_t
    place_open (place_t *self, const char *home, const char *root, bool create,
                refusal_t *refusal);
void
    place_close (place_t *self);

//  Remove what place_open made in a target and nobody put anything into: a refused package leaves
//  DIR as it was. Nothing happens to the home.
void
    place_tidy (const place_t *self);

//  Number of the current generation; 0 when nothing was ever installed, or when it is what was there
//  before ggen (adopt_io.h).
//  ALREADY_EXISTS: a target's link is a directory of somebody else.
must_use code_t
    place_current (const place_t *self, uint64_t *generation_p, refusal_t *refusal);

//  The text of a generation's ggen.lock, free () it; NULL and 0 for generation 0.
//  PACKAGE_NOT_FOUND: there is no such generation.
must_use code_t
    place_lock (const place_t *self, uint64_t generation, char **text_p, size_t *size_p,
                refusal_t *refusal);

//  The text of a file ggen.lock that lies in a target where our link would be: somebody, or a version
//  control system, put it there. free () it; NULL and 0 when there is none. Errors as place_read_file.
must_use code_t
    place_given_lock (const place_t *self, char **text_p, size_t *size_p, refusal_t *refusal);

//  The numbers of all generations, ascending; free () the array. NULL when there is none.
uint64_t *
    place_generations (const place_t *self, size_t *count_p);

//  The instance that 'id' is linked to in a generation. false: none, or no link of ours.
bool
    place_instance (const place_t *self, uint64_t generation, const char *id,
                    char instance [PLACE_INSTANCE_MAX]);

//  The instance that the text of a link leads to. false: it is no link of ours.
bool
    place_instance_in (const char *link, char instance [PLACE_INSTANCE_MAX]);

//  The first instance of the tree 'files_sha256' whose files look as they were published.
//  true: 'instance' is it. false: 'instance' is the first name that is free, or "" when all
//  PLACE_INSTANCES_MAX are taken. 'refresh': stamps that had to be renewed are saved.
bool
    place_clean_instance (const place_t *self, const uint8_t files_sha256 [SHA256_SIZE],
                          bool refresh, char instance [PLACE_INSTANCE_MAX]);

//  Whether a generation's link of 'id' leads to an instance of this tree that a user edited.
//  'clean' is one that is known to be none ("" = none is known).
bool
    place_is_edited (const place_t *self, uint64_t generation, const char *id,
                     const uint8_t files_sha256 [SHA256_SIZE], const char *clean);

//  Keep other processes from writing here until the descriptor *fd_p is closed (-1: this file
//  system has no locks). BUSY: one of them does so now.
must_use code_t
    place_take (const place_t *self, int *fd_p, refusal_t *refusal);

//  The file list of an instance, when its digest is 'files_sha256'; else NULL.
file_list_t *
    place_file_list (const place_t *self, const char *instance,
                     const uint8_t files_sha256 [SHA256_SIZE]);

//  Read a whole file of at most 'size_max' bytes, NUL behind it; free () it.
//  STORAGE, PERMISSION_DENIED: as the system says; VALIDATION: larger.
must_use code_t
    place_read_file (int dirfd, const char *name, size_t size_max, char **data_p, size_t *size_p,
                     refusal_t *refusal);

#endif
