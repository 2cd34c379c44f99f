// SPDX-License-Identifier: MIT
//  Names that were handed from key to key: heads and rotations as registries have them, and whose a
//  name is by those, as trust says.
#include "install.h"

#include "head.h"
#include "memory.h"
#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char name [PACKAGE_ID_MAX + 1];
    Ggen__GetHeadsReply *records;
    Ggen__SuccessionReply *line;
    bool line_asked;
    item_t *item;                   //  what 'then' is about
    install_item_fn *then;          //  when the records have come, or will not; NULL: nothing
} line_t;

typedef struct lines_t {
    map_t *map;                     //  name -> line_t
} lines_t;

void
install_lines_destroy (lines_t **self_p)
{
    uint32_t cursor = 0;
    line_t *line;
    if (!*self_p)
        return;
    while ((line = map_next ((*self_p)->map, &cursor, NULL)) != NULL) {
        if (line->records)
            ggen__get_heads_reply__free_unpacked (line->records, NULL);
        if (line->line)
            ggen__succession_reply__free_unpacked (line->line, NULL);
        free (line);
    }
    map_destroy (&(*self_p)->map);
    free (*self_p);
    *self_p = NULL;
}

static line_t *
find (const task_t *task, const char *name)
{
    const lines_t *lines = install_of (task)->lines;
    return lines ? map_get (lines->map, name, strlen (name)) : NULL;
}

//  NULL: there are GATHER_NAMES_MAX.
static line_t *
add (task_t *task, const char *name)
{
    install_t *self = install_of (task);
    if (!self->lines) {
        self->lines = memory_new (1, sizeof *self->lines);
        self->lines->map = map_new (GATHER_NAMES_MAX, 0);
    }
    line_t *line = memory_new (1, sizeof *line);
    snprintf (line->name, sizeof line->name, "%s", name);
    if (map_put (self->lines->map, name, strlen (name), line) == OK)
        return line;
    free (line);
    return NULL;
}

//  ---- records -------------------------------------------------------------------------------------

//  A registry that keeps none is no failure: what is known here then decides.
static void
on_records (task_t *task, void *line_, const answer_t *answer)
{
    line_t *line = line_;
    if (answer->code == OK)
        line->records = (Ggen__GetHeadsReply *) message_copy (answer->message);
    if (line->then)
        line->then (task, line->item);
}

//  NULL: they were asked for, or cannot be.
static line_t *
ask_records (task_t *task, const char *name)
{
    line_t *line = find (task, name) ? NULL : add (task, name);
    Ggen__GetHeadsRequest request = GGEN__GET_HEADS_REQUEST__INIT;
    request.local = task->offline;
    request.id = (char *) (uintptr_t) name;
    if (line)
        task_ask (task, "registry", &request.base, &ggen__get_heads_reply__descriptor, on_records,
                  line, true);
    return line;
}

void
install_ask_records (task_t *task, const char *name)
{
    ask_records (task, name);
}

void
install_with_records (task_t *task, item_t *item, install_item_fn *then)
{
    line_t *line = ask_records (task, item->package->id);
    if (!line) {
        then (task, item);
        return;
    }
    line->item = item;
    line->then = then;
}

ProtobufCBinaryData *
install_records (const task_t *task, const char *name, size_t *count_p)
{
    const line_t *line = find (task, name);
    *count_p = line && line->records ? line->records->n_records : 0;
    return *count_p > 0 ? line->records->records : NULL;
}

//  ---- lines ---------------------------------------------------------------------------------------

static void
on_line (task_t *task, void *line_, const answer_t *answer)
{
    (void) task;
    line_t *line = line_;
    if (answer->code == OK && !line->line)
        line->line = (Ggen__SuccessionReply *) message_copy (answer->message);
}

void
install_ask_line (task_t *task, const char *name, ProtobufCBinaryData key)
{
    line_t *line = find (task, name);
    if (!line || line->line_asked)
        return;
    Ggen__SuccessionRequest request = GGEN__SUCCESSION_REQUEST__INIT;
    request.name = line->name;
    request.key = key;
    request.records = install_records (task, name, &request.n_records);
    line->line_asked = true;
    task_ask (task, "trust", &request.base, &ggen__succession_reply__descriptor, on_line, line,
              true);
}

static bool
is_of_line (const Ggen__SuccessionReply *line, ProtobufCBinaryData key)
{
    bool found = key.len > 0 && message_same_bytes (line->key, key);
    for (size_t i = 0; i < line->n_former_keys && !found; i++)
        found = key.len > 0 && message_same_bytes (line->former_keys [i], key);
    return found;
}

bool
install_line_joins (const task_t *task, const char *name, ProtobufCBinaryData a,
                    ProtobufCBinaryData b)
{
    const line_t *line = find (task, name);
    return line && line->line && is_of_line (line->line, a) && is_of_line (line->line, b);
}

bool
install_line_allows (const task_t *task, const Ggen__Package *package, ProtobufCBinaryData key)
{
    const line_t *found = find (task, package->id);
    const Ggen__SuccessionReply *line = found ? found->line : NULL;
    if (!line || key.len == 0)
        return false;
    if (message_same_bytes (line->key, key))
        return true;
    for (size_t i = 0; i < line->n_versions; i++)
        if (strcmp (line->versions [i]->version, package->version) == 0)
            return (line->versions [i]->release_key.len > 0 || is_of_line (line, key))
                   && head_stands_for (line->versions [i], package, task->crypto);
    return false;
}
