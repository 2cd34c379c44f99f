// SPDX-License-Identifier: MIT
//  What stands for an archive and for its tree in the simulator: eight digits, a manifest of so
//  many bytes (package.json), and a readme. The digest of its file list covers all of it.
#ifndef GGEN_TESTS_SIM_ARCHIVE_H
#define GGEN_TESTS_SIM_ARCHIVE_H

#include "sim_disk.h"
#include "store.pb-c.h"

//  The archive of a directory, written to 'path'; false when it has no package.json.
bool sim_archive_pack (sim_disk_t *disk, const char *directory, const char *path);

//  The manifest inside; false when it is no archive. Ends with sim_archive_forget.
bool sim_archive_manifest (bytes_t archive, Ggen__Manifest *manifest);

//  A directory's manifest, in the same way; false when it has none.
bool sim_archive_directory (const sim_disk_t *disk, const char *directory,
                            Ggen__Manifest *manifest);
void sim_archive_forget (Ggen__Manifest *manifest);

//  Digest of the list of the files inside.
void sim_archive_files_sha256 (bytes_t archive, digest_t *digest);

#endif
