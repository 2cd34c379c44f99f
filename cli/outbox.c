// SPDX-License-Identifier: MIT
#include "outbox.h"
#include "render.h"
#include "shape.h"
#include "wording.h"
#include "registry.pb-c.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool
outbox_networked (session_t *session)
{
    if (session_embedded (session))
        return false;
    Ggen__MetadataRequest request = GGEN__METADATA_REQUEST__INIT;
    const Ggen__MetadataReply *all =
        session_ask (session, "registry", &request.base, &ggen__metadata_reply__descriptor);
    bool found = false;
    for (size_t at = 0; all && at < all->n_backends; at++)
        found |= strcmp (all->backends [at]->name, "p2p") == 0;
    if (all)
        session_drop (session);
    return found;
}

const Ggen__OutboxEntry *
outbox_ask (session_t *session, const char *id, const char *version)
{
    Ggen__OutboxRequest request = GGEN__OUTBOX_REQUEST__INIT;
    const Ggen__OutboxReply *reply =
        session_ask (session, "registry_p2p", &request.base, &ggen__outbox_reply__descriptor);
    //  The newest is last.
    for (size_t at = reply ? reply->n_entries : 0; at > 0; at--) {
        const Ggen__OutboxEntry *entry = reply->entries [at - 1];
        if (strcmp (entry->id, id) == 0 && strcmp (entry->version, version) == 0)
            return entry;
    }
    return NULL;
}

json_t *
outbox_shape (const Ggen__OutboxEntry *entry)
{
    if (!entry)
        return json_null ();
    json_t *self = json_object ();
    shape_set (&self, "stored", json_integer (entry->stored));
    shape_set (&self, "wanted", json_integer (entry->wanted));
    shape_set (&self, "records", json_integer (entry->records));
    shape_set (&self, "announced", json_integer (entry->announced));
    shape_set (&self, "done", json_boolean (entry->done));
    return self;
}

void
outbox_print (const screen_t *screen, const Ggen__OutboxEntry *entry)
{
    char line [160], nodes [WORDING_COUNT_MAX], peers [WORDING_COUNT_MAX];
    if (!entry)
        return;
    snprintf (line, sizeof line, "on %" PRIu32 " of %" PRIu32 " other hosts", entry->stored,
              entry->wanted);
    render_field (screen, "stored", line);
    snprintf (line, sizeof line, "head at %s, news to %s%s",
              wording_count (entry->records, "node", nodes),
              wording_count (entry->announced, "peer", peers),
              entry->done ? "" : "; the rest is tried again");
    render_field (screen, "told", line);
}
