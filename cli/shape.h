// SPDX-License-Identifier: MIT
//  The shape of each message in --json: one function a message, used by every verb that prints it.
//  Every function returns a new reference, or NULL without memory. Names as in the .proto in
//  snake_case; absent texts are "", absent lists []. Bytes become text:
//      digests          64 hex digits                  "sha256"
//      publisher keys   "ed25519:" and 64 hex digits   null = unsigned
//      times            RFC 3339 in UTC                null = not known
//  Signed records, which are for programs that verify, not read, are left out.
#ifndef GGEN_SHAPE_H
#define GGEN_SHAPE_H

#include "base.h"
#include "installer.pb-c.h"
#include "package.pb-c.h"
#include "trust.pb-c.h"

#include <jansson.h>

//  A string of any bytes: those that are no UTF-8 become '?', as JSON cannot hold them.
json_t *shape_text (const char *text);
json_t *shape_texts (char *const texts [], size_t texts_count);
json_t *shape_digest (ProtobufCBinaryData field);
json_t *shape_key (ProtobufCBinaryData field);
json_t *shape_time (int64_t wall_s);

//  Set 'key' to 'value' and release value. On no memory *object_p is released and becomes NULL, and
//  stays so through further calls: build a shape without looking, return it at the end.
void shape_set (json_t **object_p, const char *key, json_t *value);
void shape_append (json_t **array_p, json_t *value);

//  {"error":{"code","message","hint","details":{...}}}; a key told twice becomes a list.
json_t *shape_failure (const Ggen__Failure *failure);
json_t *shape_error (code_t code, const char *message, const char *hint);

json_t *shape_package (const Ggen__Package *package);
json_t *shape_dependency (const Ggen__Dependency *dependency);
//  [{"name", SECOND}]: the version of a LockedDependency goes by the name of what it is there.
json_t *shape_locked_dependencies (Ggen__LockedDependency *const list [], size_t count,
                                   const char *second);
json_t *shape_plan_step (const Ggen__PlanStep *step);
json_t *shape_locked_package (const Ggen__LockedPackage *package);
json_t *shape_verify_finding (const Ggen__VerifyFinding *finding);
json_t *shape_key_info (const Ggen__KeyInfo *key);
json_t *shape_trust_pin (const Ggen__TrustPin *pin);
json_t *shape_progress (const Ggen__Progress *progress);

#endif
