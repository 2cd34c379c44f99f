// SPDX-License-Identifier: MIT
//  Small files that are there completely or not at all. Every path is a name below an open
//  directory. Functions that change something return
//  OK                        done. It has reached the disk (fsync) only where this is said.
//  PERMISSION_DENIED         EACCES, EPERM, EROFS.
//  INSUFFICIENT_DISK_SPACE   ENOSPC, EDQUOT.
//  STORAGE                   any other failure; errno says which.
#ifndef GGEN_DISK_IO_H
#define GGEN_DISK_IO_H

#include "messages/base.h"

#define DISK_DEPTH_MAX 16       //  directories within directories that disk_remove goes down

//  The code for a value of errno.
code_t disk_code (int error);

//  Closes *fd_p unless it is -1, and sets it to -1. For AUTO (disk_close).
void disk_close (int *fd_p);

//  A directory, never through a symbolic link in its last part. -1 with errno.
int disk_open_directory (int dir, const char *name);

//  The whole file into memory the caller frees, with a NUL behind it that *size_p does not count.
//  OK with *data_p NULL when there is no such file; STORAGE also when it has more than 'max' bytes
//  or is no regular file.
must_use code_t
    disk_read (int dir, const char *name, size_t max, uint8_t **data_p, size_t *size_p);

//  A new file; one that is there is overwritten.
must_use code_t disk_write (int dir, const char *name, bytes_t data);

//  The same by one rename from ".tmp-NAME": a reader finds the old file or the new one. Synced.
must_use code_t disk_replace (int dir, const char *name, bytes_t data);

//  The regular file 'path' as 'name': a hard link, or a copy where links are not possible.
//  VALIDATION when it is no regular file or has not 'size' bytes.
must_use code_t disk_link (const char *path, uint64_t size, int dir, const char *name);

//  Each missing part of the relative path 'path'.
must_use code_t disk_make_directories (int dir, const char *path);

//  The same without syncing what they were made in.
must_use code_t disk_make_directories_unsynced (int dir, const char *path);

//  fsync of an open directory (or file).
must_use code_t disk_sync (int fd);

//  All files in a directory, and the directory: synced. Faster than one by one as each is written.
must_use code_t disk_sync_files (int dir);

//  A file, or a directory with all it holds. Missing is OK.
must_use code_t disk_remove (int dir, const char *name);

#endif
