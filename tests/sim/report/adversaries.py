# SPDX-License-Identifier: MIT
"""What becomes of liars, class by class: who notices, who bans them, what harm they do."""
import runs_list as the
from page import number, percent, table

#  Class: what it does, who notices ("-": nobody can, or need).
KINDS = {
    "mute": ("answers nothing that the DHT is asked", "-: asked less, as all who are slow"),
    "poison": ("names nodes that there are not, 60 at a time", "DHT: more than 20 contacts"),
    "hole": ("says that it stores, and does not", "-: nineteen others do"),
    "records": ("serves forged, cut, old, foreign records", "DHT: a signature"),
    "hoard": ("stores 8 sound records a second at others, under ever new keys",
              "-: shares of a store by signer, sender, distance"),
    "clique": ("names nobody but its band", "-: other paths"),
    "sybil": ("the same, 12 keys ground next to one package", "-: regions of keys"),
    "eclipse": ("the same, keys next to one node", "-: other paths"),
    "spam": ("lists all names and words as its own", "-: shares by signer and name; trust"),
    "flood": ("100 sound announcements a second to each", "gossip, swarm: rates"),
    "forge": ("announces in the name of others", "gossip: a signature"),
    "promise": ("250 ids a second of what there is not", "gossip: score; it is no neighbour"),
    "replay": ("says 16 old announcements each second", "-: known ids, seqs gone by"),
    "equivocate": ("one number, something else for each", "-: of a number each node takes one"),
    "swallow": ("passes nothing on", "-: five other neighbours"),
    "wrong-chunks": ("every chunk has a wrong bit", "transfer: a hash"),
    "odd-chunks": ("chunks of other sizes and numbers", "transfer: size, number, hash"),
    "drip": ("chunks after 20 s, or never", "transfer: asks another after 1.5 s"),
    "have": ("claims all, gives nothing", "reputation: tried last after its first failure"),
    "gaming": ("serves well for 5 minutes, then wrong", "transfer: a hash"),
    "deputy": ("envelopes that say more than it may", "swarm: who may say what to whom"),
}

#  Measures of what people see: share, and time.
WORK = (("installs", "install-ms-p50"), ("lookups", "lookup-ms-p50"), ("gossip", "gossip-ms-p50"))


def seen(result):
    """The work that its scenario has: name, share, time."""
    for name, time in WORK:
        if result and result.get(f"{name}-count"):
            return name, result[name], result.get(time)
    return None, None, None


def row(runner, kind):
    lied, clean = (runner.result(the.liars_alone(kind, lies)) for lies in (True, False))
    if not lied or not clean:
        return None
    name, share, time = seen(lied)
    _, _, clean_time = seen(clean)
    banned = lied.get("liars-banned")
    first = lied.get("ban-ms-p50")
    return [f"`{kind}`", KINDS[kind][0], KINDS[kind][1],
            percent(banned, 0) if banned else "none",
            number(first / 1000, 1) if first is not None else "-",
            number(lied.get("liar-bans"), 1) if banned else "-",
            f"{percent(share)} {name}", f"{number(clean_time, 0)} → {number(time, 0)}",
            f"{lied['network_messages'] / clean['network_messages']:.2f}"]


def bans(runner, _):
    rows = [made for made in (row(runner, kind) for kind in the.KINDS) if made]
    lines = table(["class", "what it does", "who notices", "banned", "first, s", "by nodes",
                   "what people get", "ms p50, without → with", "messages ×"], rows).split("\n")
    if len(lines) > 1:
        lines[1] = "|---|---|---" + "|---:" * 6 + "|"
    return "\n\n".join([
        "## What becomes of liars",
        "One run of each `tests/sim/scenarios/liars-CLASS.scn`, and one without its liars; seed 1. Banned: liars\n"
        "that some honest node has banned; the first time after the liar's first session; by how many honest\n"
        "nodes, the mean of all liars. Who is not banned breaks no rule that an honest node keeps: silence and\n"
        "slowness are no proof. What is lost by it is in the last columns.",
        "\n".join(lines),
        "Made by `make sim-report ONLY=bans`; one of its runs is\n"
        f"`{the.liars_alone('records', True).command()}`."])
