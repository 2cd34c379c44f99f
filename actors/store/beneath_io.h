// SPDX-License-Identifier: MIT
//  Opening files below a directory without ever leaving it or following a link.
#ifndef GGEN_BENEATH_IO_H
#define GGEN_BENEATH_IO_H

#include "base.h"

#include <sys/types.h>

//  Like openat (2) with O_CLOEXEC and O_NOFOLLOW, but no component of 'path' may be a link, ".." or
//  lead out of 'dirfd': by openat2 (2) in one call, else component by component. -1 and errno.
int
    beneath_open (int dirfd, const char *path, int flags, mode_t mode);

//  The way without openat2 (kernels before 5.6, some sandboxes), also for tests.
int
    beneath_open_by_walk (int dirfd, const char *path, int flags, mode_t mode);

//  Write all of it, through interrupts and short writes. false and errno.
bool
    beneath_write_all (int fd, const void *data, size_t size);

#endif
