// SPDX-License-Identifier: MIT
//  The disk of the simulator: files by path, in memory. It belongs to the test and outlives every
//  incarnation of the actors that work on it.
#ifndef GGEN_TESTS_SIM_DISK_H
#define GGEN_TESTS_SIM_DISK_H

#include "base.h"
#include "digest.h"

#define SIM_PATH_MAX 512

typedef struct sim_disk_t sim_disk_t;

sim_disk_t *sim_disk_new (void);
void sim_disk_destroy (sim_disk_t **self_p);

//  The file has these bytes from now on. Aborts when memory is short (it is a test's).
void sim_disk_write (sim_disk_t *self, const char *path, const void *data, size_t size);
void sim_disk_write_text (sim_disk_t *self, const char *path, const char *text);

//  False when there is no such file. The bytes are borrowed until it is written or removed.
bool sim_disk_read (const sim_disk_t *self, const char *path, bytes_t *content);

//  Nothing happens when there is none.
void sim_disk_remove (sim_disk_t *self, const char *path);
void sim_disk_remove_below (sim_disk_t *self, const char *prefix);

//  The paths that begin with 'prefix', in their order: start with *cursor = 0; NULL at the end.
//  Borrowed until the disk changes.
const char *sim_disk_next (const sim_disk_t *self, const char *prefix, size_t *cursor);

//  One bit of a file is another one from now on, as a bad disk or a user does. False: no such file,
//  or it is empty.
bool sim_disk_damage (sim_disk_t *self, const char *path, uint64_t where);

//  SHA-256 of a file. False when there is none.
bool sim_disk_sha256 (const sim_disk_t *self, const char *path, digest_t *digest);

#endif
