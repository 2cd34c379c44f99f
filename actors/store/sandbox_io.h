// SPDX-License-Identifier: MIT
//  A second wall around unpacking: where the kernel has Landlock (Linux 5.13, landlock(7)), the
//  work is done by a thread of its own that can change files below one directory only, whatever
//  path it may be talked into. Landlock holds for a thread and is never lifted, so the thread ends
//  with the work. It is a wall against mistakes about paths, not against foreign code: that would
//  share our memory with all other threads.
#ifndef GGEN_SANDBOX_IO_H
#define GGEN_SANDBOX_IO_H

#include "base.h"

//  Has this kernel Landlock, and is it switched on?
bool
    sandbox_available (void);

typedef code_t (sandbox_work_fn) (void *argument);

//  Do 'work' and wait for its end. Inside, nothing can be created, opened to write, renamed, linked
//  or removed but below 'dirfd', nothing be executed: EACCES. Files can be read everywhere, and
//  written where they are open already. Where the kernel lacks it, or a rule above us forbids it,
//  'work' is done all the same, without a wall.
//  OK     *code_p is what 'work' returned.
//  BUSY   there is no thread to be had; 'work' was not called.
must_use code_t
    sandbox_run (int dirfd, sandbox_work_fn *work, void *argument, code_t *code_p);

#endif
