// SPDX-License-Identifier: MIT
//  Heavy libraries are loaded when they are first needed: an empty program that links all of ours
//  takes 7-8 ms to start. NAME.dl lists a library's functions that we call; the Makefile makes
//  NAME_dl.h of it, which sends each call through a table, typed as in the library's own header.
//  A library that was linked in after all is there at once: its functions are weak references.
//  Call NAME_dl_load () before the first call; a function that is missing in the list does not link.
#ifndef GGEN_DL_H
#define GGEN_DL_H

#include "base.h"

#include <pthread.h>

#define DL_UNLOADED false, PTHREAD_MUTEX_INITIALIZER

typedef struct {
    const char *soname;
    const char *const *names;
    void *const *linked;            //  the functions, of a library that was linked in; else NULLs
    unsigned names_count;
    void **slots;
    bool loaded;
    pthread_mutex_t mutex;
} dl_t;

//  Load it and find its functions; does nothing the second time. For any thread.
//  OK, or FEATURE_NOT_ENABLED: the library or one of its functions is missing; 'why' says which.
must_use code_t dl_load (dl_t *self, char *why, size_t why_size);

#endif
