// SPDX-License-Identifier: MIT
#include "later.h"

#include "memory.h"
#include "state.pb-c.h"

#include <stdlib.h>
#include <string.h>

static void
on_noted (task_t *task, void *noted_p, const answer_t *message)
{
    if (message->code != OK)
        task_warn (task, "the network will not be told by itself: %s", message->failure->message);
    else if (noted_p)
        *(bool *) noted_p = true;
}

void
later_note (task_t *task, const char *name, const char *version, bool *noted_p)
{
    const size_t name_size = strlen (name) + 1, version_size = strlen (version);
    Ggen__StatePutRequest put = GGEN__STATE_PUT_REQUEST__INIT;
    Ggen__StateEntry entry = GGEN__STATE_ENTRY__INIT, *entries = &entry;
    if (!task->tells_later)
        return;
    entry.key.len = name_size + version_size;
    entry.key.data = memory_new (entry.key.len, 1);
    memcpy (entry.key.data, name, name_size);
    memcpy (entry.key.data + name_size, version, version_size);
    put.table = "unannounced";
    put.put = &entries;
    put.n_put = 1;
    put.urgent = true;
    task_ask (task, "state", &put.base, &ggen__state_put_reply__descriptor, on_noted, noted_p, true);
    free (entry.key.data);
}
