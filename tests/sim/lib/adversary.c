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

    {"flood", "sound announcements without end", LIES (&lie_flood), false, NULL},
    {"forge", "announcements in the name of others", LIES (&lie_forge), false, NULL},
    {"promise", "ids of announcements that there are not", LIES (&lie_promise), false, NULL},
    {"replay", "old announcements again and again", LIES (&lie_replay), false, NULL},
    {"equivocate", "of one number, something else for each", LIES (&lie_equivocate), false, NULL},
    {"swallow", "announcements are not passed on", LIES (&lie_swallow), false, NULL},
    {"gossip-mixed", "each lies in one of these ways",
     LIES (&lie_flood, &lie_forge, &lie_promise, &lie_replay, &lie_equivocate, &lie_swallow), true,
     NULL},

    {"wrong-chunks", "every chunk has a wrong bit", LIES (&lie_wrong_chunks), false, NULL},
    {"odd-chunks", "chunks too short, too long, of another number", LIES (&lie_odd_chunks), false,
     NULL},
    {"drip", "chunks come late, or never", LIES (&lie_drip), false, NULL},
    {"have", "all is there, nothing is given", LIES (&lie_have), false, NULL},
    {"gaming", "served well for five minutes, then with wrong bits", LIES (&lie_gaming), false,
     NULL},
    {"transfer-mixed", "each lies in one of these ways",
     LIES (&lie_wrong_chunks, &lie_odd_chunks, &lie_drip, &lie_have, &lie_gaming), true, NULL},

    {"deputy", "envelopes that say more than their sender may", LIES (&lie_deputy), false, NULL},
    {"mixed", "each lies in one of all ways",
     LIES (&lie_mute, &lie_poison, &lie_hole, &lie_records, &lie_hoard, &lie_clique, &lie_spam,
           &lie_flood, &lie_forge, &lie_promise, &lie_replay, &lie_equivocate, &lie_swallow,
           &lie_wrong_chunks, &lie_odd_chunks, &lie_drip, &lie_have, &lie_gaming, &lie_deputy),
     true, NULL},
    {0}};

const adversary_t *
adversary_find (const char *name)
{
    for (unsigned i = 0; adversaries[i].name; i++)
        if (strcmp (adversaries[i].name, name) == 0)
            return &adversaries[i];
    return NULL;
}
