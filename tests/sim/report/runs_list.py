# SPDX-License-Identifier: MIT
"""Which runs there are, cheap ones first."""
from runs import Run

SIZES = (100, 300, 600, 1000, 3000, 10000)
PLAIN_SIZES = (100, 300, 1000)
GOSSIP_SIZES = (60, 100, 300, 1000, 10000)
REST_SIZES = (30, 100, 300)
REST_MINUTES = (10, 40)
CHURN = (0, 10, 30, 50, 80)
LIARS = (0, 10, 20, 30, 40, 50)
CLASSES = ("mute", "poison", "hole", "records", "hoard", "clique", "sybil", "eclipse")
HOURS = (1, 3, 6, 12)
KINDS = ("mute", "poison", "hole", "records", "hoard", "clique", "sybil", "eclipse", "spam", "flood", "forge",
         "promise", "replay", "equivocate", "swallow", "wrong-chunks", "odd-chunks", "drip", "have", "gaming",
         "deputy")
SEEDS = (1, 2)
WAYS = ("own", "plain")
FILES = ("partition-heal", "gossip-64", "gossip-64-80", "market", "liars-flood")


def lookup(nodes, way, how):
    return Run(f"lookup-{nodes}-{way}-{how}", "lookup",
               (("nodes", str(nodes)), ("dht", way), ("read", f"{how} 5/s from 3m until 5m")))


def real_crypto():
    return Run("lookup-100-real", "lookup", (("nodes", "100"),), ("--real-crypto",))


def churn(share, way, seed):
    return Run(f"churn-{share}-{way}-{seed}", "churn",
               (("churn", f"{share}%/h from 5m return 50%" if share else None), ("dht", way)),
               ("--seed", str(seed)))


def liars(share, way, seed):
    return Run(f"liars-{share}-{way}-{seed}", "liars",
               (("liars", f"dht-mixed {share}%" if share else None), ("dht", way)),
               ("--seed", str(seed)))


def liars_of(kind, way):
    return Run(f"class-{kind}-{way}", "liars", (("liars", f"{kind} 20%"), ("dht", way)))


def liars_alone(kind, lies):
    """The scenario of a class, or the same without its liars."""
    base = f"tests/sim/scenarios/liars-{kind}.scn"
    if lies:
        return Run(f"liars-{kind}", base)
    return Run(f"liars-{kind}-none", base, (("liars", None), ("expect", None)))    # nobody to be banned


def gossip(nodes):
    return Run(f"gossip-{nodes}", "gossip", (("nodes", str(nodes)),))


def survival(hours):
    return Run(f"survival-{hours}", "survival",
               (("length", f"{hours * 60 + 10}m"),
                ("read", f"full 1/s from {hours * 60 - 10}m until {hours * 60 + 9}m")))


def rest(nodes, minutes):
    return Run(f"rest-{nodes}-{minutes}", "rest",
               (("nodes", str(nodes)), ("length", f"{minutes}m")))


def scenario(name):
    return Run(name, f"tests/sim/scenarios/{name}.scn")


PARTS = {
    "lookup": [lookup(nodes, way, how) for nodes in SIZES for how in ("full", "first")
               for way in WAYS if way == "own" or nodes in PLAIN_SIZES],
    "churn": [churn(share, way, seed) for seed in SEEDS for share in CHURN for way in WAYS],
    "liars": [liars(share, way, seed) for seed in SEEDS for share in LIARS for way in WAYS],
    "classes": [liars_of(kind, way) for kind in CLASSES for way in WAYS],
    "gossip": [gossip(nodes) for nodes in GOSSIP_SIZES],
    "survival": [survival(hours) for hours in HOURS],
    "rest": [rest(nodes, minutes) for nodes in REST_SIZES for minutes in REST_MINUTES],
    "cost": [real_crypto()],
    "bans": [liars_alone(kind, lies) for kind in KINDS for lies in (True, False)],
    "targets": [scenario(name) for name in FILES]}
