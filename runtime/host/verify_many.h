// SPDX-License-Identifier: MIT
//  Many signatures on several processors: the crypto_t.verify_many of actors that run in threads.
#ifndef GGEN_VERIFY_MANY_H
#define GGEN_VERIFY_MANY_H

#include "runtime/actor/crypto.h"

//  Fewer are not worth a thread: it takes about as long to start as two of them.
#define VERIFY_MANY_MIN 8

//  Threads at work, with the caller's.
#define VERIFY_THREADS_MAX 4

void verify_many (crypto_check_t *checks, size_t count);

#endif
