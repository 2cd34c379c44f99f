// SPDX-License-Identifier: MIT
//  A second wall around unpacking: the work is done by a thread of its own. Where the kernel has
//  Landlock (Linux 5.13, landlock(7)) that can change files below one directory only, whatever path
//  it may be talked into; where it has seccomp(2) it has no sockets, starts no programs and looks into
//  no others. Both hold for a thread and are never lifted, so the thread ends with the work. They are
//  walls against mistakes, not against foreign code: that would share our memory with all other
//  threads.
#ifndef GGEN_SANDBOX_IO_H
#define GGEN_SANDBOX_IO_H

#include "base.h"

//  Has this kernel Landlock, and is it switched on?
bool
    sandbox_available (void);

typedef code_t (sandbox_work_fn) (void *argument);

//  Do 'work' and wait for its end. Inside, nothing can be created, opened to write, renamed, linked
//  or removed but below 'dirfd', nothing be executed: EACCES, or EPERM where seccomp says it. Files can
//  be read everywhere, and written where they are open already. Where the kernel lacks either, or a
//  rule above us forbids it, 'work' is done all the same, without that wall.
//  OK     *code_p is what 'work' returned.
//  BUSY   there is no thread to be had; 'work' was not called.
must_use code_t
    sandbox_run (int dirfd, sandbox_work_fn *work, void *argument, code_t *code_p);

//  Do 'work' and wait for its end, in a thread that has no sockets, starts no programs and looks into
//  no others (where there is seccomp), but may change files anywhere. Each sandbox_run () inside has
//  that wall already, which is half of what it costs.
//  OK, BUSY as above.
must_use code_t
    sandbox_series (sandbox_work_fn *work, void *argument, code_t *code_p);

#endif
