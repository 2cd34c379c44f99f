// SPDX-License-Identifier: MIT
//  What every file here may use: the error codes, and the words for ownership.
#ifndef GGEN_BASE_H
#define GGEN_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "code.h"       //  Generated from messages/envelope.proto: enum of OK, INTERNAL, ...
#include "envelope.pb-c.h"

//  An error code of the one enum; OK is 0.
typedef Ggen__Code code_t;

//  Name of a code as the .proto spells it ("PACKAGE_NOT_FOUND"); never NULL.
const char *code_name (code_t code);

//  The caller has to look at the result.
#define must_use __attribute__ ((warn_unused_result))

//  printf-like: 'format' is argument number f, the first value is number v.
#define printf_like(f, v) __attribute__ ((format (printf, f, v)))

//  AUTO (zstr_free) char *name = ...; calls zstr_free (&name) when the scope ends, on every path.
#define AUTO(destructor) __attribute__ ((cleanup (destructor)))

//  Number of elements of an array (not of a pointer).
#define COUNT_OF(array) (sizeof (array) / sizeof (array)[0])

//  Bytes that somebody else owns.
typedef struct {
    const uint8_t *data;
    size_t size;
} bytes_t;

#endif
