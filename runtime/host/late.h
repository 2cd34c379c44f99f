// SPDX-License-Identifier: MIT
//  Functions that stand in the place of a library's, and load it when one of them is called first.
//  To load a library takes a process 50 (libsolv) to 550 (libcrypto) microseconds, and most commands
//  need neither. Used where libraries are linked in (see LINKED_IN in the Makefile); callers, pure ones
//  too, know nothing of it. The library stays one of the system, found as the dynamic linker would find
//  it. A function that is missing in the list does not link.
#ifndef GGEN_LATE_H
#define GGEN_LATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

//  The library, and a function of it. When one is missing the process ends with a message and 127,
//  as the dynamic linker does at the start.
void *late_open (const char *soname);
void *late_find (void *library, const char *name);

//  Define all functions of a list: FUNCTIONS (F) has a line F (type, name, (parameters), (arguments))
//  for each. Those in ENDINGS return nothing and have nothing to do before the library is loaded.
#define LATE_LIBRARY(soname, FUNCTIONS, ENDINGS)                                                   \
    static struct {                                                                                \
        FUNCTIONS (LATE_SLOT)                                                                      \
        ENDINGS (LATE_SLOT)                                                                        \
    } real;                                                                                        \
    static pthread_once_t once = PTHREAD_ONCE_INIT;                                                \
    static atomic_bool loaded;                                                                     \
    static void load (void)                                                                        \
    {                                                                                              \
        void *library = late_open (soname);                                                        \
        FUNCTIONS (LATE_FIND)                                                                      \
        ENDINGS (LATE_FIND)                                                                        \
        atomic_store (&loaded, true);                                                              \
    }                                                                                              \
    FUNCTIONS (LATE_FUNCTION)                                                                      \
    ENDINGS (LATE_ENDING)

#define LATE_SLOT(type, name, parameters, arguments) type (*name) parameters;
#define LATE_FIND(type, name, parameters, arguments) real.name = late_find (library, #name);
#define LATE_FUNCTION(type, name, parameters, arguments)                                           \
    type name parameters                                                                           \
    {                                                                                              \
        pthread_once (&once, load);                                                                \
        return real.name arguments;                                                                \
    }
#define LATE_ENDING(type, name, parameters, arguments)                                             \
    type name parameters                                                                           \
    {                                                                                              \
        if (atomic_load (&loaded))                                                                 \
            real.name arguments;                                                                   \
    }
#define LATE_NONE(F)

#endif
