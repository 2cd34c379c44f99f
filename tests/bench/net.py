#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measure two nodes on loopback: an archive over a bulk connection and over the session side by side,
and what a question to the other node takes meanwhile.

    tests/bench/net.py --build DIR [--rounds N] [--mib N] [--times N]

There are two pairs of nodes, one with bulk connections and one without. Each round measures both, so
that a change of the machine's load meets both alike; a cell is the median of the rounds [min - max].
A rate is that of the whole fetch: asking who has it, reading, checking on both sides, writing, and
hashing the whole at the end.
"""
import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from homes import make_pack, publish            # noqa: E402
from nodes import id_of, peers, start           # noqa: E402
from tap import Home, wait_until                # noqa: E402

PING_MS = 1500

# what, its column of a round, divisor, digits
ROWS = [("fetch, MB/s", 0, 1, 0), ("the same while pings go, MB/s", 1, 1, 0),
        ("processor time of both, ms/100 MB", 2, 1, 0),
        ("ping, idle, median, ms", 3, 1000, 2), ("ping, idle, 99 %, ms", 4, 1000, 2),
        ("ping during fetches, median, ms", 5, 1000, 2), ("ping during fetches, 99 %, ms", 6, 1000, 2)]


class Pair:
    """A node that has published an archive, and one that knows it."""

    def __init__(self, build, name, bulk, mib):
        self.net, self.name, self.bulk = build / "tests/bench/net", name, bulk
        self.home, self.other, self.pids = Home(), Home(), []
        #  What it hosted for others it would not have to fetch.
        self.home.write("ggen/config.toml", "[storage]\nhost_max = 0\n")
        address = self.start(self.other)
        self.peer = id_of(address)
        self.start(self.home, address)
        wait_until(lambda: peers(self.home), what="the peer")
        pack = make_pack(self.other, name)
        (pack / "data.bin").write_bytes(os.urandom(mib << 20))
        publish(self.other, pack)
        wait_until(lambda: self.home.json("market", "search", name)["results"], what="the package")

    def start(self, home, *bootstraps):
        address = start(home, *bootstraps, GGEN_P2P_BULK="true" if self.bulk else "false")
        self.pids.append(home.node.pid)
        return address

    def begin(self, verb, *words):
        return subprocess.Popen([self.net, verb, self.home.path, *map(str, words)],
                                stdout=subprocess.PIPE, text=True)

    def cpu_ms(self):
        """Processor time of both nodes."""
        fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in self.pids]
        return sum(int(field[11]) + int(field[12]) for field in fields) * 1000 / os.sysconf("SC_CLK_TCK")

    def idle(self):
        """Microseconds of pings of an idle pair."""
        return [ended - began for began, ended in rows(self.begin("ping", self.peer, PING_MS))]

    def fetch(self, times):
        """MB/s of fetches, one after another."""
        return [rate(*row) for row in rows(self.begin("fetch", self.name, times))]

    def both(self, times):
        """MB/s of fetches, and microseconds of the pings that were asked during one."""
        pinging = self.begin("ping", self.peer, PING_MS)
        fetched = rows(self.begin("fetch", self.name, times))
        pings = rows(pinging)
        return ([rate(*row) for row in fetched],
                [ended - began for began, ended in pings
                 if any(first <= began < last for _, first, last in fetched)])

    def end(self):
        for home in (self.home, self.other):
            home.kill_all()
            home.remove()


def rows(process):
    out, _ = process.communicate(timeout=300)
    if process.returncode != 0:
        sys.exit("a measurement failed")
    return [[float(word) for word in line.split()] for line in out.splitlines()]


def rate(size_bytes, began_us, ended_us):
    return size_bytes / (ended_us - began_us)


def tail(values):
    """The 99th percentile."""
    return sorted(values)[len(values) * 99 // 100]


def round_of(pair, times, mib):
    before = pair.cpu_ms()
    alone = pair.fetch(times)
    cpu_ms = (pair.cpu_ms() - before) / (times * mib * 1.048576) * 100
    idle, (loaded, pings) = pair.idle(), pair.both(times)
    median = statistics.median
    return median(alone), median(loaded), cpu_ms, median(idle), tail(idle), median(pings), tail(pings)


def spread(values, scale=1.0, digits=0):
    return (f"{statistics.median(values) / scale:,.{digits}f} "
            f"[{min(values) / scale:,.{digits}f} - {max(values) / scale:,.{digits}f}]")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--build", type=Path, default=Path("build"))
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--mib", type=int, default=64)
    options.add_argument("--times", type=int, default=6)
    given = options.parse_args()
    build = given.build.resolve()
    os.environ["GGEN"] = str(build / "ggen")
    pairs = [Pair(build, "over-bulk", True, given.mib), Pair(build, "over-session", False, given.mib)]
    try:
        results = [[], []]
        for number in range(given.rounds):
            for pair, rounds in zip(pairs[::1 if number % 2 else -1],
                                    results[::1 if number % 2 else -1]):
                rounds.append(round_of(pair, given.times, given.mib))
        names = ("bulk connection", "session")
        print(f"{given.mib} MiB, {given.times} fetches a round".ljust(36) + "".join(f"{n:24}" for n in names))
        for what, column, scale, digits in ROWS:
            cells = [spread([row[column] for row in rounds], scale, digits) for rounds in results]
            print((what.ljust(36) + "".join(f"{cell:24}" for cell in cells)).rstrip())
    finally:
        for pair in pairs:
            pair.end()


main()
