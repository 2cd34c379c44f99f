// SPDX-License-Identifier: MIT
#ifndef GGEN_ABSENT_H
#define GGEN_ABSENT_H

//  What is called in place of functions of libraries that are not linked. Ends the process: no
//  endpoint or mechanism of ggen leads there.
_Noreturn void absent (void);

//  The same for what libzmq calls whether or not its transport is used: PGM's init and shutdown, which
//  would look for the protocol's number in files and libraries of the system. Returns 1: done.
int absent_ready (void);

#endif
