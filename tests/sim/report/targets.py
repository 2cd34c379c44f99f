# SPDX-License-Identifier: MIT
"""What the network has to show, and whether these runs show it: "met", "not met", "met so far" (at
a smaller size than the target names), or "not run"."""
import runs_list as the
from page import number, percent, table

NOT_RUN = ["-", "not run"]


def pooled(runner, runs):
    """Share of reads found in all of these runs; None when one of them was not made."""
    results = [runner.result(run) for run in runs]
    if not all(results):
        return None, 0
    count = sum(result["lookups-count"] for result in results)
    return sum(result["lookups"] * result["lookups-count"] for result in results) / count, count


def largest(runner, sizes, run_of):
    made = [(nodes, runner.result(run_of(nodes))) for nodes in sizes]
    made = [(nodes, result) for nodes, result in made if result]
    return made[-1] if made else (0, None)


def judge(good, whole):
    if not good:
        return "**not met**"
    return "met" if whole else "met so far"


def reads(runner):
    rows = []
    nodes, full = largest(runner, the.SIZES, lambda at: the.lookup(at, "own", "full"))
    firsts, first = largest(runner, the.SIZES, lambda at: the.lookup(at, "own", "first"))
    whole = nodes >= 10000
    rows.append(["10,000 nodes without faults: 100 % of reads succeed"]
                + ([f"{percent(full['lookups'], 3)} of {full['lookups-count']}, {nodes} nodes",
                    judge(full["lookups"] >= 1, whole)] if full else NOT_RUN))
    rows.append(["a full read: at most 130 messages"]
                + ([f"{number(full['messages-full'])} "
                    f"(p99 {number(full['messages-full-p99'], 0)}), {nodes} nodes",
                    judge(full["messages-full"] <= 130, whole)] if full else NOT_RUN))
    rows.append(["a first-valid read: at most 45 messages"]
                + ([f"{number(first['messages-first-valid'])} "
                    f"(p99 {number(first['messages-first-valid-p99'], 0)}), {firsts} nodes",
                    judge(first["messages-first-valid"] <= 45, firsts >= 10000)]
                   if first else NOT_RUN))
    rows.append(["250,000 events a second"]
                + ([f"{full['events_per_second']:,}, {nodes} nodes",
                    judge(full["events_per_second"] >= 250000, whole)] if full else NOT_RUN))
    rows.append(["48 KiB a node beyond stored records"]
                + ([f"{number(full['bytes_per_node'] / 1024)} KiB with records, {nodes} nodes",
                    judge(full["bytes_per_node"] <= 49152, whole)] if full else NOT_RUN))
    rows.append(["50,000 nodes in less than 3 GiB", "run by hand", "\"What a node takes\""])
    return rows


def trouble(runner):
    rows = []
    for said, bound, run_of, at in (
            ("30 % of nodes replaced per hour: 99.9 % of reads", 0.999, the.churn, 30),
            ("20 % byzantine, of mixed classes: 99 % of reads", 0.99, the.liars, 20)):
        found, count = pooled(runner, [run_of(at, "own", seed) for seed in the.SEEDS])
        rows.append([said] + ([f"{percent(found, 3)} of {count}", judge(found >= bound, True)]
                              if count else NOT_RUN))
    classes = [(runner.result(the.liars_of(kind, "own")), kind) for kind in the.CLASSES]
    if all(result for result, _ in classes):
        worst, kind = min(classes, key=lambda pair: pair[0]["lookups"])
        rows.append(["20 % byzantine, all of the worst class: 99 % of reads",
                     f"{percent(worst['lookups'], 3)} of {worst['lookups-count']}, {kind}",
                     judge(worst["lookups"] >= 0.99, True)])
    results = [runner.result(the.liars(20, "own", seed)) for seed in the.SEEDS]
    rows.append(["20 % byzantine: no bad byte accepted"]
                + ([f"{sum(result['violations'] for result in results)} in {len(results)} runs",
                    judge(not any(result["violations"] for result in results), True)]
                   if all(results) else NOT_RUN))
    market = runner.result(the.scenario("market"))
    rows.append(["installs, without faults (the target names churn and liars)"]
                + ([f"{percent(market['installs'], 2)} of {market['installs-count']}",
                    judge(market["installs"] >= 0.999, False)]
                   if market and "installs" in market else NOT_RUN))
    hours = [at for at in the.HOURS if runner.result(the.survival(at))]
    found, count = pooled(runner, [the.survival(hours[-1])]) if hours else (None, 0)
    rows.append(["a publisher that is offline for 30 days: still found"]
                + ([f"{percent(found, 3)} of {count} after {hours[-1]} h",
                    judge(found >= 1, False)] if count else NOT_RUN))
    return rows


def spread(runner):
    rows = []
    small = runner.result(the.scenario("gossip-64"))
    rows.append(["gossip, 64 nodes with a session to each other: all reached, no body twice"]
                + ([f"{percent(small['gossip'], 3)}, {number(small['gossip-bodies'], 2)} bodies "
                    "per delivery",
                    judge(small["gossip"] >= 1 and small["gossip-bodies"] <= 1.005, True)]
                   if small and "gossip" in small else NOT_RUN))
    nodes, large = largest(runner, the.GOSSIP_SIZES, the.gossip)
    rows.append(["gossip, 10,000 nodes: all reached, less than 1.5 bodies per delivery"]
                + ([f"{percent(large['gossip'], 3)}, {number(large['gossip-bodies'], 2)}, p99 "
                    f"{number(large['gossip-ms-p99'], 0)} ms, {nodes} nodes",
                    judge(large["gossip"] >= 1 and large["gossip-bodies"] < 1.5, nodes >= 10000)]
                   if large else NOT_RUN))
    across = runner.result(the.scenario("gossip-64-80"))
    rows.append(["crossing 64 and 80 members under load loses nothing"]
                + ([f"{percent(across['gossip'], 3)} of {across['gossip-count']}",
                    judge(across["gossip"] >= 1 and not across["violations"], True)]
                   if across and "gossip" in across else NOT_RUN))
    healed = runner.result(the.scenario("partition-heal"))
    rows.append(["halves see each other's packages within 10 s of healing"]
                + ([f"longest {number(healed['heal-ms-max'] / 1000)} s "
                    f"of {healed['heal-ms-count']}",
                    judge(healed["heal-ms-max"] <= 10000 and not healed["violations"], True)]
                   if healed and "heal-ms-max" in healed else NOT_RUN))
    flood = runner.result(the.scenario("liars-flood"))
    rows.append(["flood from 10 liars: honest announcements delayed less than 2 s"]
                + ([f"{percent(flood['gossip'], 3)} heard, longest "
                    f"{number(flood['gossip-ms-max'] / 1000)} s",
                    judge(flood["gossip-ms-max"] <= 2000 and not flood["violations"], True)]
                   if flood and "gossip-ms-max" in flood else NOT_RUN))
    return rows


def violations(runner):
    """What checkers said in these runs, one sentence each."""
    lines = []
    for runs in the.PARTS.values():
        for run in runs:
            result = runner.result(run)
            if result and result["violations"]:
                lines.append(f"- `{run.command()}`: {result['violation']}")
    return "Violations in these runs:\n\n" + "\n".join(lines) if lines else \
        "No checker found a violation in these runs."


def targets(runner, _):
    rows = reads(runner) + trouble(runner) + spread(runner)
    return "\n\n".join([
        "## What it has to show, and what these runs show",
        f"All parts below are written by `make sim-report`, of version {runner.version}. \"met so far\":\n"
        "at a smaller size, or a shorter time, than the target names. \"not run\": nothing is known.\n"
        "Few seeds: no proof of the last tenth of a percent.",
        table(["target", "seen", ""], rows), violations(runner)])
