// SPDX-License-Identifier: MIT
#include "adversary.h"

#include <string.h>

#define LIES(...) ((const lie_t *const[]) {__VA_ARGS__, NULL})

//  Ends with a row of NULLs.
static const adversary_t adversaries[] = {
    {"mute", "no answer to what the DHT is asked", LIES (&lie_mute), false, NULL},
    {"poison", "nodes that there are not, or not there", LIES (&lie_poison), false, NULL},
    {"hole", "records are taken, and not kept", LIES (&lie_hole), false, NULL},
    {"records", "records forged, of others, old, or no records", LIES (&lie_records), false, NULL},
    {"hoard", "stores are filled with records that are sound", LIES (&lie_hoard), false, NULL},
    {"clique", "nobody is known but others of them", LIES (&lie_clique), false, NULL},
    {"sybil", "a clique whose keys are next to one package", LIES (&lie_clique), false, sybil_join},
    {"eclipse", "a clique whose keys are next to one node", LIES (&lie_clique), false, eclipse_join},
    {"dht-mixed", "each lies in one of these ways",
     LIES (&lie_mute, &lie_poison, &lie_hole, &lie_records, &lie_clique), true, NULL},
    {"spam", "listings for every name and keyword", LIES (&lie_spam), false, NULL},
    {0}};

const adversary_t *
adversary_at (unsigned index)
{
    return index < COUNT_OF (adversaries) && adversaries[index].name ? &adversaries[index] : NULL;
}

const adversary_t *
adversary_find (const char *name)
{
    for (unsigned i = 0; adversaries[i].name; i++)
        if (strcmp (adversaries[i].name, name) == 0)
            return &adversaries[i];
    return NULL;
}
