// SPDX-License-Identifier: MIT
//  All verbs of the language. docs/SIMULATION.md explains them; tests/sim/script.c looks that it does.
#include "script.h"

#define AT      {"at", SLOT_TIME, false}
#define FROM    {"from", SLOT_TIME, false}
#define UNTIL   {"until", SLOT_TIME, false}
#define FOR     {"for", SLOT_TIME, false}
#define OVER    {"over", SLOT_TIME, false}
#define EVERY   {"every", SLOT_TIME, false}
#define WHO     {"<who>", SLOT_AMOUNT, true}
#define ZIPF    {"zipf", SLOT_NUMBER, false}

static const script_verb_t verbs[] = {
    {VERB_TITLE, "title", {{"<text>", SLOT_WORD, true}}, false, "what is shown, in one word"},
    {VERB_NODES, "nodes", {{"<count>", SLOT_COUNT, true}}, false,
     "how many there are, unless --nodes says"},
    {VERB_LENGTH, "length", {{"<time>", SLOT_TIME, true}}, false,
     "of the run, unless --minutes says"},
    {VERB_MIX, "mix", {{"<name>", SLOT_WORD, true}}, false,
     "actors of an honest node: swarm, dht, gossip or full"},
    {VERB_DHT, "dht", {{"<name>", SLOT_WORD, true}}, false, "its lookups: own or plain (Kademlia)"},
    {VERB_NET, "net",
     {{"nat", SLOT_SHARE, false}, {"loss", SLOT_SHARE, false}, {"skew", SLOT_TIME, false},
      {"drift", SLOT_NUMBER, false}}, false,
     "nodes that nobody can dial, packets lost, clocks off by up to, and drifting (ppm)"},
    {VERB_BOOTSTRAPS, "bootstraps", {{"<count>", SLOT_COUNT, true}}, false,
     "the first nodes, whose addresses all others are configured with, three each"},
    {VERB_PEERS, "peers", {{"<count>", SLOT_COUNT, true}, {"wanted", SLOT_COUNT, false}}, false,
     "sessions that a node keeps at most, and as many transient ones; looks for others below"},
    {VERB_LIARS, "liars", {{"<class>", SLOT_WORD, true}, {"<who>", SLOT_AMOUNT, true}}, true,
     "so many of the nodes are adversaries of a class"},

    {VERB_JOIN, "join", {WHO, AT, OVER}, false, "nodes start: at once, or one by one over a time"},
    {VERB_CHURN, "churn", {{"<share>", SLOT_TURNOVER, true}, FROM, UNTIL,
                           {"return", SLOT_SHARE, false}}, true,
     "nodes leave after sessions of Pareto length; of them a share comes back, others take the place "
     "of the rest"},
    {VERB_ROLL, "roll", {EVERY, FROM, FOR, WHO}, true, "nodes are restarted one after the other"},
    {VERB_KILL, "kill", {WHO, AT, FOR}, true, "processes die, and start again after a time"},
    {VERB_STOP, "stop", {WHO, AT, FOR}, true, "nodes end in good order, and start again"},
    {VERB_VANISH, "vanish", {WHO, AT, FOR}, true, "hosts vanish, and come back"},
    {VERB_AWAY, "away", {AT, FOR}, true, "nodes of publishers stop, and start again after a time"},

    {VERB_FREEZE, "freeze", {WHO, AT, FOR, EVERY, UNTIL}, true, "processes stand still"},
    {VERB_UNPLUG, "unplug", {WHO, AT, FOR, EVERY, UNTIL}, true, "nothing gets in or out"},
    {VERB_SLOW, "slow", {WHO, {"by", SLOT_NUMBER, true}, AT, FOR}, true,
     "handlers take so many times as long"},
    {VERB_SHIFT, "shift", {WHO, {"by", SLOT_TIME, true}, {"drift", SLOT_NUMBER, false}, AT}, true,
     "wall clocks are set wrong"},
    {VERB_CUT, "cut", {WHO, AT, FOR}, true, "a part of the nodes is cut off from the others"},
    {VERB_OUTAGE, "outage", {{"<region>", SLOT_WORD, true}, AT, FOR}, true,
     "a region of the map goes dark; \"any\" is drawn"},
    {VERB_BREAK, "break", {{"<links>", SLOT_COUNT, true}, AT, EVERY, UNTIL}, true, "links end"},
    {VERB_DISK, "disk", {{"<how>", SLOT_WORD, true}, WHO, AT, FOR}, true,
     "disks are full, deaf (no reads) or dumb (no writes)"},

    {VERB_PUBLISHERS, "publishers", {{"<count>", SLOT_COUNT, true}}, false,
     "nodes that have a publisher's key"},
    {VERB_PUBLISH, "publish", {{"<count>", SLOT_COUNT, true}, AT, OVER}, false, "new packages"},
    {VERB_UPDATE, "update", {{"<rate>", SLOT_RATE, true}, FROM, UNTIL}, false,
     "new versions of packages, drawn"},
    {VERB_READ, "read", {{"<how>", SLOT_WORD, true}, {"<rate>", SLOT_RATE, true}, FROM, UNTIL, ZIPF},
     false, "heads are looked up by nodes, drawn: first (the first valid one will do) or full"},
    {VERB_SEARCH, "search", {{"<rate>", SLOT_RATE, true}, FROM, UNTIL, ZIPF}, false,
     "packages are searched by a keyword"},
    {VERB_INSTALL, "install", {{"<rate>", SLOT_RATE, true}, FROM, UNTIL, ZIPF}, false,
     "packages are found, checked, fetched"},
    {VERB_ANNOUNCE, "announce", {{"<rate>", SLOT_RATE, true}, FROM, UNTIL}, false,
     "something is announced by a node, drawn"},
    {VERB_YANK, "yank", {{"<count>", SLOT_COUNT, true}, AT}, false, "versions are yanked"},
    {VERB_WITHDRAW, "withdraw", {{"<count>", SLOT_COUNT, true}, AT}, false, "packages are withdrawn"},

    {VERB_SETTLE, "settle", {{"<time>", SLOT_TIME, true}}, false,
     "the last part of the run: no faults, no work; then every package has to be found by all"},
    {VERB_CHECK, "check", {{"<name>", SLOT_WORD, true}}, false, "a checker looks on; or all do"},
    {VERB_EXPECT, "expect", {{"<measure>", SLOT_WORD, true}, {"<is>", SLOT_WORD, true},
                             {"<value>", SLOT_VALUE, true}}, false,
     "what a measure has to be at the end: >= or <= a value"}};

const script_verb_t *
script_verb (unsigned index)
{
    return index < COUNT_OF (verbs) ? &verbs[index] : NULL;
}
