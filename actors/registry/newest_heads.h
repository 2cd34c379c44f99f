// SPDX-License-Identifier: MIT
//  The newest head of each publisher among those that several registries have: of two heads of one
//  key the one of higher seq is true, if its signature is (SPEC 9).
#ifndef GGEN_REGISTRY_NEWEST_HEADS_H
#define GGEN_REGISTRY_NEWEST_HEADS_H

#include "runtime/actor/crypto.h"
#include "package.pb-c.h"
#include "record.pb-c.h"

//  Different heads that are looked at in one merge, for each may cost a signature check; more are
//  not heeded.
#define HEADS_MAX 64

typedef struct newest_heads_t newest_heads_t;

//  NULL: out of memory.
newest_heads_t *newest_heads_new (const crypto_t *crypto);
void newest_heads_destroy (newest_heads_t **self_p);

//  Look at the head of a package, if it has one. One that is malformed, for another name or not
//  signed by its key is not heeded; the signature is checked when a package would be changed by it, or
//  it is not the only one. Borrowed until newest_heads_destroy.
void newest_heads_add (newest_heads_t *self, const Ggen__Package *package);

//  Let 'package' say what the newest head of its publisher says of it: whether it is yanked (when
//  it is listed with this digest; one that hands the name over only says that, never that it is
//  not), and, when it carries a head, that one.
void newest_heads_apply (newest_heads_t *self, Ggen__Package *package);

#endif
