// SPDX-License-Identifier: MIT
#include "look.h"

#include "actors/registry/p2p_change.h"

static unsigned
publishers_of (const known_t *known)
{
    unsigned count = 0;
    for (; known; known = known->next_of_name)
        count++;
    return count;
}

void
look_registry (const void *state, look_bound_fn *bound, void *context)
{
    const registry_p2p_t *registry = state;
    const registry_p2p_settings_t *settings = registry->settings;
    unsigned changes = 0, looked_up = 0;
    for (const change_t *change = registry->changes; change; change = change->next)
        changes++;
    for (const find_t *find = registry->finds; find; find = find->next)
        looked_up++;
    const look_bound_t bounds[] = {
        {"registry_p2p: heard of", discovered_count (registry->discovered),
         settings->discovered_max ? settings->discovered_max : DISCOVERED_MAX},
        {"registry_p2p: outbox", registry->outbox.count, OUTBOX_MAX},
        {"registry_p2p: being told", registry->outbox.active, OUTBOX_ACTIVE_MAX},
        {"registry_p2p: look-ups", looked_up, REGISTRY_P2P_FINDS_MAX},
        {"registry_p2p: changes", changes, CHANGES_MAX},
        {"registry_p2p: reads", registry->reads_in_flight, P2P_READS_MAX},
        {"registry_p2p: to be written", registry->keep.changed_count, KEEP_CHANGED_MAX}};
    for (unsigned i = 0; i < COUNT_OF (bounds); i++)
        bound (context, &bounds[i]);
    discovered_walk_t walk = {0};
    for (const known_t *known; (known = discovered_next (registry->discovered, &walk)) != NULL;) {
        const look_bound_t one = {"registry_p2p: publishers of a name", publishers_of (known),
                                  DISCOVERED_NAME_MAX};
        bound (context, &one);
    }
}

void
look_registry_records (const void *state, look_signed_fn *visit, void *context)
{
    const registry_p2p_t *registry = state;
    discovered_walk_t walk = {0};
    for (const known_t *known; (known = discovered_next (registry->discovered, &walk)) != NULL;) {
        const ProtobufCBinaryData *records[] = {&known->listing, &known->head, &known->rotation};
        for (unsigned i = 0; i < COUNT_OF (records); i++)
            if (records[i]->len > 0)
                visit (context, (bytes_t) {records[i]->data, records[i]->len});
    }
}

uint64_t
look_registry_stored (const void *state)
{
    const registry_p2p_t *registry = state;
    discovered_walk_t walk = {0};
    uint64_t bytes = 0;
    for (const known_t *known; (known = discovered_next (registry->discovered, &walk)) != NULL;)
        bytes += sizeof *known + known->listing.len + known->head.len + known->rotation.len;
    return bytes;
}
