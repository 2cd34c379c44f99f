# SPDX-License-Identifier: MIT
"""The parts of the page: each takes the runner and the folder of plots, and returns Markdown."""
import runs_list as the
from adversaries import bans
from page import log_fit, number, percent, plot, table
from targets import targets

WAY_NAMES = {"own": "ggen", "plain": "plain Kademlia"}


def value(runner, run, name):
    result = runner.result(run)
    return result.get(name) if result else None


def share(runner, runs):
    """Of all runs together: the share that went well, and how many there were."""
    results = [result for result in map(runner.result, runs)
               if result and result.get("lookups-count")]
    count = sum(result["lookups-count"] for result in results)
    if count == 0:
        return None, 0
    return sum(result["lookups"] * result["lookups-count"] for result in results) / count, count


def mean(runner, runs, name):
    found = [result[name] for result in map(runner.result, runs) if result and name in result]
    return sum(found) / len(found) if found else None


def made_by(part, run):
    return (f"Made by `make sim-report ONLY={part}`; one of its runs is\n"
            f"`{run.command()}`.")


def parts(*texts):
    return "\n\n".join(text for text in texts if text)


# ---- reads over the number of nodes ---------------------------------------------------------

def lookup_row(runner, nodes, way, how):
    run = the.lookup(nodes, way, how)
    messages = "messages-full" if how == "full" else "messages-first-valid"
    result = runner.result(run)
    if not result:
        return None
    return [f"{WAY_NAMES[way]}, {how}", nodes, result["lookups-count"], percent(result["lookups"]),
            number(result["hops"], 2), number(result["hops-p99"], 0), number(result[messages]),
            number(result[f"{messages}-p99"], 0), number(result["lookup-ms-p50"], 0),
            number(result["lookup-ms-p99"], 0)]


def over_sizes(runner, way, how, name):
    found = [(nodes, value(runner, the.lookup(nodes, way, how), name)) for nodes in the.SIZES]
    return [(nodes, is_) for nodes, is_ in found if is_ is not None]


def lookup(runner, plots):
    rows = [lookup_row(runner, nodes, way, how) for way in the.WAYS for how in ("full", "first")
            for nodes in the.SIZES]
    fits = []
    for how in ("full", "first"):
        fit = log_fit(over_sizes(runner, "own", how, "hops"))
        if fit:
            fits.append(f"hops of a {how} read = {fit[0]:.2f} {fit[1]:+.2f} log2 N "
                        f"(R² = {fit[2]:.3f})")
    hops = [(f"{WAY_NAMES[way]}, {how}", over_sizes(runner, way, how, "hops")) for way in the.WAYS
            for how in ("full", "first")]
    messages = [(f"{WAY_NAMES[way]}, {how}",
                 over_sizes(runner, way, how, "messages-full" if how == "full"
                            else "messages-first-valid"))
                for way in the.WAYS for how in ("full", "first")]
    return parts(
        "## Reads over the number of nodes",
        "No faults but 0.1 % of packets lost, a fifth of the nodes behind NAT. A full read walks\n"
        "its disjoint paths to the end; a first read ends with the first valid record.",
        table(["read", "N", "reads", "found", "hops", "p99", "messages", "p99", "ms p50", "p99"],
              [row for row in rows if row]),
        "Least squares: " + "; ".join(fits) + "." if fits else "",
        plot(plots, "lookup-hops", "Hops of a read", "nodes", "hops, mean", hops, log_x=True),
        plot(plots, "lookup-messages", "Messages of a read", "nodes", "requests, mean", messages,
             log_x=True),
        made_by("lookup", the.lookup(1000, "own", "full")))


# ---- reads while things go wrong ------------------------------------------------------------

def compare(runner, shares, run_of):
    """Rows over the shares; points of two plots by way: what is found, and the time that it takes."""
    rows, points, times = [], {way: [] for way in the.WAYS}, {way: [] for way in the.WAYS}
    for at in shares:
        row = [f"{at} %"]
        for way in the.WAYS:
            runs = [run_of(at, way, seed) for seed in the.SEEDS]
            found, count = share(runner, runs)
            millis = mean(runner, runs, "lookup-ms-p50")
            row += [percent(found, 3), count or "-", number(mean(runner, runs, "messages-full")),
                    number(millis, 0)]
            if found is not None:
                points[way].append((at, 100 * found))
                times[way].append((at, millis))
        rows.append(row)
    return rows, *([(WAY_NAMES[way], of[way]) for way in the.WAYS] for of in (points, times))


HEADS = ["found", "reads", "messages", "ms p50"]


def compare_heads(first):
    return [first] + [f"{WAY_NAMES[way]}: {HEADS[0]}" if head == HEADS[0] else head
                      for way in the.WAYS for head in HEADS]


def churn(runner, plots):
    rows, series, times = compare(runner, the.CHURN, the.churn)
    return parts(
        "## Reads under churn",
        "200 nodes; sessions of Pareto length; half of the nodes that leave come back later, new ones\n"
        f"take the place of the rest. Full reads, seeds {the.SEEDS[0]} to {the.SEEDS[-1]} together.",
        table(compare_heads("replaced per hour"), rows),
        plot(plots, "churn", "Reads that found the newest head, under churn",
             "nodes replaced per hour, %", "%", series, y_range="0:105"),
        plot(plots, "churn-ms", "Time of a read under churn", "nodes replaced per hour, %", "ms, p50",
             times),
        made_by("churn", the.churn(30, "own", 1)))


def classes(runner, _):
    rows = []
    for kind in the.CLASSES:
        row = [kind]
        for way in the.WAYS:
            runs = [the.liars_of(kind, way)]
            found, count = share(runner, runs)
            row += [percent(found, 3), count or "-", number(mean(runner, runs, "messages-full")),
                    number(mean(runner, runs, "lookup-ms-p50"), 0)]
        rows.append(row)
    return parts(
        "## Reads among liars, by class",
        "As above, with 20 % of the nodes liars of one class; seed 1.",
        table(compare_heads("liars"), rows),
        made_by("classes", the.liars_of("sybil", "own")))


def liars(runner, plots):
    rows, series, times = compare(runner, the.LIARS, the.liars)
    results = [runner.result(the.liars(at, way, seed)) for at in the.LIARS for way in the.WAYS
               for seed in the.SEEDS]
    broken = sum(1 for result in results if result and result["violations"] > 0)
    made = sum(1 for result in results if result)
    return parts(
        "## Reads among liars",
        "120 nodes; of the liars each lies in the DHT in a way of its own (mute, poison, hole,\n"
        f"records, clique). Full reads, seeds {the.SEEDS[0]} to {the.SEEDS[-1]} together. "
        "The checker of bytes\n"
        f"looks on: in {made} runs it found a forged or wrong byte accepted in {broken}.",
        table(compare_heads("liars"), rows),
        plot(plots, "liars", "Reads that found the newest head, among liars", "liars, %", "%",
             series, y_range="0:105"),
        plot(plots, "liars-ms", "Time of a read among liars", "liars, %", "ms, p50", times),
        made_by("liars", the.liars(20, "own", 1)))


# ---- gossip, survival, rest, cost -----------------------------------------------------------

def gossip(runner, plots):
    rows, p50, p99 = [], [], []
    for nodes in the.GOSSIP_SIZES:
        result = runner.result(the.gossip(nodes))
        if not result:
            continue
        rows.append([nodes, result["gossip-count"], percent(result["gossip"], 3),
                     number(result["gossip-ms-p50"], 0), number(result["gossip-ms-p99"], 0),
                     number(result["gossip-ms-max"], 0), number(result["gossip-bodies"], 2)])
        p50.append((nodes, result["gossip-ms-p50"]))
        p99.append((nodes, result["gossip-ms-p99"]))
    ended = [nodes for nodes in the.GOSSIP_SIZES
             if (value(runner, the.gossip(nodes), "violations") or 0) > 0]
    return parts(
        "## Gossip",
        "One announcement a second by nodes drawn; all follow. Bodies per delivery: announcements\n"
        "that crossed a link for each that was new to the node.",
        table(["N", "deliveries", "heard", "ms p50", "p99", "max", "bodies per delivery"], rows),
        "Ended at its first violation (above): N = " + ", ".join(map(str, ended)) + "." if ended else "",
        plot(plots, "gossip", "From an announcement to its being heard", "nodes", "ms",
             [("p50", p50), ("p99", p99)], log_x=True),
        made_by("gossip", the.gossip(300)))


def survival(runner, plots):
    rows, points = [], []
    for hours in the.HOURS:
        found, count = share(runner, [the.survival(hours)])
        rows.append([f"{hours} h", percent(found, 3), count or "-"])
        if found is not None:
            points.append((hours, 100 * found))
    return parts(
        "## Survival of records",
        "100 nodes, 30 % of them replaced per hour. All publishers leave ten minutes after the start\n"
        "and do not come back; full reads in the 19 minutes around the hour named.",
        table(["after", "found", "reads"], rows),
        plot(plots, "survival", "Reads that found a head whose publisher left", "hours", "%",
             [("found", points)], y_range="0:105"),
        made_by("survival", the.survival(6)))


def rest_bytes(runner, nodes):
    """Of a node and hour between the two lengths; one run, up to the end of the shorter."""
    short, long = (runner.result(the.rest(nodes, minutes)) for minutes in the.REST_MINUTES)
    if not short or not long:
        return None
    hours = (the.REST_MINUTES[1] - the.REST_MINUTES[0]) / 60
    return tuple((long[name] - short[name]) / nodes / hours
                 for name in ("network_bytes", "network_messages", "dials"))


def rest(runner, _):
    rows = []
    for nodes in the.REST_SIZES:
        found = rest_bytes(runner, nodes)
        if found:
            rows.append([nodes, number(found[0] / 1e6, 2), number(found[1], 0),
                         number(found[2], 0)])
    return parts(
        "## At rest",
        f"All actors of a node, nobody wants anything; between minute {the.REST_MINUTES[0]}\n"
        f"and minute {the.REST_MINUTES[1]}. A byte that crosses a link is counted once.",
        table(["N", "MB a node and hour", "messages", "dials"], rows),
        made_by("rest", the.rest(100, 40)))


def cost(runner, _):
    rows = []
    for nodes in the.SIZES:
        result = runner.result(the.lookup(nodes, "own", "full"))
        if result:
            rows.append([f"reads, {nodes} nodes", result["events"], result["events_per_second"],
                         result["bytes_per_node"], result["simulator_bytes_per_node"]])
    real = runner.result(the.real_crypto())
    if real:
        rows.append(["reads, 100 nodes, real crypto", real["events"], real["events_per_second"],
                     real["bytes_per_node"], real["simulator_bytes_per_node"]])
    toy = runner.result(the.lookup(100, "own", "full"))
    said = ""
    if real and toy:
        said = (f"Real crypto and keyed hashes agree: {percent(real['lookups'])} and "
                f"{percent(toy['lookups'])} of reads found,\n{number(real['hops'], 2)} and "
                f"{number(toy['hops'], 2)} hops, {number(real['messages-full'])} and "
                f"{number(toy['messages-full'])} messages.")
    return parts(
        "## What it costs",
        "Events a second of processor time, on a machine that others used at the same time; bytes of\n"
        "the heap a node, with the records that it stores.",
        table(["run", "events", "events/s", "bytes a node", "and of the simulator"], rows), said,
        made_by("cost", the.real_crypto()))


SECTIONS = {"targets": targets, "lookup": lookup, "churn": churn, "liars": liars, "classes": classes,
            "gossip": gossip, "survival": survival, "rest": rest, "cost": cost, "bans": bans}
