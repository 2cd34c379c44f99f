// SPDX-License-Identifier: MIT
//  All verbs of the language. docs/SIMULATION.md and docs/HARNESS.md explain them; tests/sim/script.c
//  looks that they do.
#include "script.h"

#define NEEDS(name, kind) {name, kind, true, SCRIPT_BOTH}
#define TAKES(name, kind) {name, kind, false, SCRIPT_BOTH}
#define SIM(name, kind)   {name, kind, false, SCRIPT_SIM}
#define LIVE(name, kind)  {name, kind, false, SCRIPT_HARNESS}

#define AT      TAKES ("at", SLOT_TIME)
#define FROM    TAKES ("from", SLOT_TIME)
#define UNTIL   TAKES ("until", SLOT_TIME)
#define FOR     TAKES ("for", SLOT_TIME)
#define OVER    TAKES ("over", SLOT_TIME)
#define EVERY   TAKES ("every", SLOT_TIME)
#define AGAIN   SIM ("every", SLOT_TIME), SIM ("until", SLOT_TIME)
#define WHO     NEEDS ("<who>", SLOT_AMOUNT)
#define ZIPF    SIM ("zipf", SLOT_NUMBER)

static const script_verb_t verbs[] = {
    {VERB_TITLE, SCRIPT_BOTH, "title", {NEEDS ("<text>", SLOT_WORD)}, false,
     "what is shown, in one word"},
    {VERB_NODES, SCRIPT_BOTH, "nodes", {NEEDS ("<count>", SLOT_COUNT)}, false,
     "how many there are, unless --nodes says"},
    {VERB_LENGTH, SCRIPT_BOTH, "length", {NEEDS ("<time>", SLOT_TIME)}, false,
     "of the run, unless --minutes says"},
    {VERB_MIX, SCRIPT_SIM, "mix", {NEEDS ("<name>", SLOT_WORD)}, false,
     "actors of an honest node: swarm, dht, gossip or full"},
    {VERB_DHT, SCRIPT_SIM, "dht", {NEEDS ("<name>", SLOT_WORD)}, false,
     "its lookups: own or plain (Kademlia)"},
    {VERB_NET, SCRIPT_SIM, "net",
     {TAKES ("nat", SLOT_SHARE), TAKES ("loss", SLOT_SHARE), TAKES ("skew", SLOT_TIME),
      TAKES ("drift", SLOT_NUMBER)}, false,
     "nodes that nobody can dial, packets lost, clocks off by up to, and drifting (ppm)"},
    {VERB_SETTING, SCRIPT_HARNESS, "setting",
     {NEEDS ("<key>", SLOT_WORD), NEEDS ("<value>", SLOT_WORD)}, false,
     "a line of each node's config.toml"},
    {VERB_LIMIT, SCRIPT_HARNESS, "limit", {NEEDS ("<time>", SLOT_TIME)}, false,
     "a run that takes longer has failed"},
    {VERB_BOOTSTRAPS, SCRIPT_BOTH, "bootstraps", {NEEDS ("<count>", SLOT_COUNT)}, false,
     "the first nodes, whose addresses all others are configured with, three each"},
    {VERB_PEERS, SCRIPT_SIM, "peers",
     {NEEDS ("<count>", SLOT_COUNT), TAKES ("wanted", SLOT_COUNT)}, false,
     "sessions that a node keeps at most, and as many transient ones; looks for others below"},
    {VERB_LIARS, SCRIPT_BOTH, "liars",
     {NEEDS ("<class>", SLOT_WORD), NEEDS ("<who>", SLOT_AMOUNT)}, true,
     "so many of the nodes are adversaries of a class"},

    {VERB_JOIN, SCRIPT_BOTH, "join", {WHO, AT, OVER}, false,
     "nodes start: at once, or one by one over a time"},
    {VERB_CHURN, SCRIPT_SIM, "churn",
     {NEEDS ("<share>", SLOT_TURNOVER), FROM, UNTIL, TAKES ("return", SLOT_SHARE)}, true,
     "nodes leave after sessions of Pareto length; of them a share comes back, others take the place "
     "of the rest"},
    {VERB_ROLL, SCRIPT_SIM, "roll", {EVERY, FROM, FOR, WHO}, true,
     "nodes are restarted one after the other"},
    {VERB_KILL, SCRIPT_BOTH, "kill", {WHO, AT, FOR}, true,
     "processes die, and start again after a time"},
    {VERB_STOP, SCRIPT_BOTH, "stop", {WHO, AT, FOR}, true,
     "nodes end in good order, and start again"},
    {VERB_VANISH, SCRIPT_SIM, "vanish", {WHO, AT, FOR}, true, "hosts vanish, and come back"},
    {VERB_AWAY, SCRIPT_BOTH, "away", {AT, FOR}, true,
     "nodes of publishers stop, and start again after a time"},
    {VERB_START, SCRIPT_HARNESS, "start", {WHO, AT}, false, "nodes that are off start again"},
    {VERB_STORM, SCRIPT_HARNESS, "storm", {NEEDS ("<kills>", SLOT_COUNT), EVERY}, true,
     "SIGKILLs at random moments, each node started again at once"},

    {VERB_FREEZE, SCRIPT_BOTH, "freeze", {WHO, AT, FOR, AGAIN}, true, "processes stand still"},
    {VERB_UNPLUG, SCRIPT_BOTH, "unplug", {WHO, AT, FOR, AGAIN}, true, "nothing gets in or out"},
    {VERB_SLOW, SCRIPT_SIM, "slow", {WHO, NEEDS ("by", SLOT_NUMBER), AT, FOR}, true,
     "handlers take so many times as long"},
    {VERB_SHIFT, SCRIPT_SIM, "shift",
     {WHO, NEEDS ("by", SLOT_TIME), TAKES ("drift", SLOT_NUMBER), AT}, true,
     "wall clocks are set wrong"},
    {VERB_CUT, SCRIPT_BOTH, "cut", {WHO, AT, FOR}, true,
     "a part of the nodes is cut off from the others"},
    {VERB_OUTAGE, SCRIPT_SIM, "outage", {NEEDS ("<region>", SLOT_WORD), AT, FOR}, true,
     "a region of the map goes dark; \"any\" is drawn"},
    {VERB_BREAK, SCRIPT_BOTH, "break", {NEEDS ("<links>", SLOT_COUNT), AT, AGAIN}, true, "links end"},
    {VERB_DISK, SCRIPT_SIM, "disk", {NEEDS ("<how>", SLOT_WORD), WHO, AT, FOR}, true,
     "disks are full, deaf (no reads) or dumb (no writes)"},
    {VERB_DELAY, SCRIPT_HARNESS, "delay", {WHO, NEEDS ("by", SLOT_TIME), AT, FOR}, true,
     "bytes from and to these nodes come so much later"},
    {VERB_DROP, SCRIPT_HARNESS, "drop", {WHO, NEEDS ("of", SLOT_SHARE), AT, FOR}, true,
     "so many segments from and to these nodes are lost, and sent again after 200 ms"},
    {VERB_CORRUPT, SCRIPT_HARNESS, "corrupt", {WHO, NEEDS ("of", SLOT_SHARE), AT, FOR}, true,
     "in so many segments from and to these nodes a bit is changed"},
    {VERB_HEAL, SCRIPT_HARNESS, "heal", {AT}, false, "all that is wrong with the network ends"},

    {VERB_PUBLISHERS, SCRIPT_BOTH, "publishers", {NEEDS ("<count>", SLOT_COUNT)}, false,
     "nodes that have a publisher's key"},
    {VERB_PUBLISH, SCRIPT_BOTH, "publish",
     {NEEDS ("<count>", SLOT_COUNT), AT, SIM ("over", SLOT_TIME), LIVE ("size", SLOT_COUNT)}, false,
     "new packages; of so many KiB"},
    {VERB_UPDATE, SCRIPT_BOTH, "update", {NEEDS ("<rate>", SLOT_RATE), FROM, UNTIL}, false,
     "new versions of packages, drawn"},
    {VERB_READ, SCRIPT_SIM, "read",
     {NEEDS ("<how>", SLOT_WORD), NEEDS ("<rate>", SLOT_RATE), FROM, UNTIL, ZIPF}, false,
     "heads are looked up by nodes, drawn: first (the first valid one will do) or full"},
    {VERB_SEARCH, SCRIPT_BOTH, "search", {NEEDS ("<rate>", SLOT_RATE), FROM, UNTIL, ZIPF}, false,
     "packages are searched by a keyword"},
    {VERB_INSTALL, SCRIPT_BOTH, "install", {NEEDS ("<rate>", SLOT_RATE), FROM, UNTIL, ZIPF}, false,
     "packages are found, checked, fetched"},
    {VERB_ANNOUNCE, SCRIPT_SIM, "announce", {NEEDS ("<rate>", SLOT_RATE), FROM, UNTIL}, false,
     "something is announced by a node, drawn"},
    {VERB_YANK, SCRIPT_SIM, "yank", {NEEDS ("<count>", SLOT_COUNT), AT}, false,
     "versions are yanked"},
    {VERB_WITHDRAW, SCRIPT_SIM, "withdraw", {NEEDS ("<count>", SLOT_COUNT), AT}, false,
     "packages are withdrawn"},
    {VERB_ROTATE, SCRIPT_SIM, "rotate", {NEEDS ("<count>", SLOT_COUNT), AT}, false,
     "publishers hand their names over to a new key, by the old one"},
    {VERB_STEAL, SCRIPT_SIM, "steal", {NEEDS ("<count>", SLOT_COUNT), AT}, false,
     "publishers' keys are stolen: a thief hands their names over to himself"},
    {VERB_RECOVER, SCRIPT_SIM, "recover", {NEEDS ("<count>", SLOT_COUNT), AT}, false,
     "publishers who were robbed hand their names over to a new key, by the recovery key"},
    {VERB_BAN, SCRIPT_HARNESS, "ban", {NEEDS ("<rate>", SLOT_RATE), FROM, UNTIL}, false,
     "nodes, drawn, ban peers that do not exist"},
    {VERB_VISIT, SCRIPT_HARNESS, "visit", {NEEDS ("<count>", SLOT_COUNT), AT}, false,
     "new nodes come, search a word, install what it finds, and leave"},
    {VERB_SAMPLE, SCRIPT_HARNESS, "sample", {EVERY}, false,
     "memory, descriptors and threads of each process, into samples.csv"},

    {VERB_SETTLE, SCRIPT_BOTH, "settle", {NEEDS ("<time>", SLOT_TIME)}, false,
     "the last part of the run: no faults, no work; then every package has to be found by all"},
    {VERB_CHECK, SCRIPT_BOTH, "check",
     {NEEDS ("<name>", SLOT_WORD), LIVE ("within", SLOT_TIME)}, false,
     "a checker looks on; or all do"},
    {VERB_EXPECT, SCRIPT_BOTH, "expect",
     {NEEDS ("<measure>", SLOT_WORD), NEEDS ("<is>", SLOT_WORD), NEEDS ("<value>", SLOT_VALUE)},
     false, "what a measure has to be at the end: >= or <= a value"}};

const script_verb_t *
script_verb (unsigned index)
{
    return index < COUNT_OF (verbs) ? &verbs[index] : NULL;
}
