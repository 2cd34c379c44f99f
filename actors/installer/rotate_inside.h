// SPDX-License-Identifier: MIT
//  The inside of a rotation, shared by rotate.c and rotate_releases.c; nobody else includes it.
#ifndef GGEN_INSTALLER_ROTATE_INSIDE_H
#define GGEN_INSTALLER_ROTATE_INSIDE_H

#include "task.h"

#include <string.h>

//  Names that one rotation hands over; more fail it before anything is signed.
#define ROTATE_NAMES_MAX 5000

//  Releases that the answer tells of; more are counted in a warning.
#define ROTATE_RELEASES_MAX 10000

typedef struct {
    char *name;
    Ggen__ListVersionsReply *versions;
    Ggen__GetHeadsReply *records;
    Ggen__Head *former, *fresh;             //  newest of each key, as found
    ProtobufCBinaryData signed_former, signed_fresh;
} rotate_name_t;

typedef struct {
    Ggen__KeyInfo *key;                     //  the new one
    rotate_name_t *names;
    size_t names_count;
    uint32_t offset, total;                 //  of the search for names
    Ggen__RotatedRelease *releases;         //  of the former key; texts are the names' lists'
    size_t releases_count, releases_left;   //  told, and not told
} rotate_t;

static inline const Ggen__RotateRequest *
rotate_request (const task_t *task)
{
    return (const Ggen__RotateRequest *) (const void *) task->request;
}

//  ---- rotate_releases.c ---------------------------------------------------------------------------

//  Did this key sign it, as its registry says?
bool rotate_is_of (const Ggen__Package *package, ProtobufCBinaryData key);

//  Is the new key not to stand for it?
bool rotate_leaves_out (const task_t *task, const Ggen__Package *package);
bool rotate_leaves_any_out (const task_t *task, const rotate_name_t *name);

//  List all releases that this is about. What is to be left out and does not exist is a slip of the
//  pen, and would leave in what was meant: false, and the task has failed.
bool rotate_list_releases (task_t *task);

#endif
