#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Memory of an idle node that has 32 peers, and of an idle `dhtnode` of OpenDHT that has, in one run.

    tests/bench/memory.py --build DIR [--peers N] [--rounds N] [--idle SECS]

All on loopback. Both programs are the first node of a network of N + 1: the others are told of it, and of
nobody else. It is looked at when it says that it has N peers, and has then been left alone for SECS. Private
memory is what /proc/PID/smaps_rollup says. A ggen node has its peers in encrypted sessions over TCP; dhtnode
keeps addresses and sends datagrams. Rows without peers are of a node that is alone. Cells are medians of
the rounds [min - max].
"""
import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from nodes import start                         # noqa: E402
from tap import Home, moment, wait_until        # noqa: E402

JOINED_S = 120
DHT_PORT, DHT_NETWORK = 21700, "9731"           # a network of its own, whoever else runs a dhtnode
THINGS = ("Private_Dirty", "Private_Clean", "threads", "descriptors")


def look(pid):
    """What a process has, by THINGS; memory in KiB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    memory = {line.split(":")[0]: int(line.split()[1]) for line in lines if line.startswith("Private_")}
    return (memory["Private_Dirty"], memory["Private_Clean"],
            len(os.listdir(f"/proc/{pid}/task")), len(os.listdir(f"/proc/{pid}/fd")))


# ---- ggen --------------------------------------------------------------------------------------------

def ggen(peers, idle_s):
    """(what the first node has, how many peers it says)"""
    homes = [Home() for _ in range(peers + 1)]
    try:
        address = start(homes[0])
        for home in homes[1:]:
            start(home, address)
        wait_until(lambda: homes[0].json("p2p", "status")["peers"] >= peers, JOINED_S, f"{peers} peers")
        moment(idle_s)
        return look(homes[0].node.pid), homes[0].json("p2p", "status")["peers"]
    finally:
        for home in homes:
            home.kill_all()
            home.remove()


# ---- dhtnode -----------------------------------------------------------------------------------------

class DhtNode:
    """A dhtnode with its shell; what it prints goes into a file."""

    def __init__(self, number):
        words = ["dhtnode", "-n", DHT_NETWORK, "-p", str(DHT_PORT + number)]
        words += ["-b", f"127.0.0.1:{DHT_PORT}"] if number else []
        self.printed = tempfile.TemporaryFile()
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=self.printed,
                                        stderr=subprocess.STDOUT)

    def known(self):
        """How many nodes it knows; asks again, so the number is of the question before."""
        self.process.stdin.write(b"ll\n")
        self.process.stdin.flush()
        text = os.pread(self.printed.fileno(), os.fstat(self.printed.fileno()).st_size, 0)
        found = re.findall(rb"(\d+) total cached nodes", text)
        return max(map(int, found[-4:]), default=0)             # IPv4 and IPv6, twice

    def end(self):
        self.process.kill()
        self.process.wait()


def dhtnode(peers, idle_s):
    nodes = []
    try:
        for number in range(peers + 1):
            nodes.append(DhtNode(number))
        wait_until(lambda: moment(0.5) or nodes[0].known() >= peers, JOINED_S, f"{peers} nodes")
        moment(idle_s)
        return look(nodes[0].process.pid), nodes[0].known()
    finally:
        for node in nodes:
            node.end()


# ---- the table ---------------------------------------------------------------------------------------

def cell(values):
    return f"{statistics.median(values):,.0f} [{min(values):,.0f} - {max(values):,.0f}]"


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--build", type=Path, default=Path("build"))
    options.add_argument("--peers", type=int, default=32)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--idle", type=float, default=30)
    given = options.parse_args()
    os.environ["GGEN"] = str(given.build.resolve() / "ggen")
    rows = {"ggen node": ggen}
    if shutil.which("dhtnode"):
        rows["dhtnode"] = dhtnode
    else:
        print("dhtnode is MISSING, nothing to compare with: apt-get install dhtnode", file=sys.stderr)
    found = {}
    for _ in range(given.rounds):
        for name, measure in rows.items():
            for peers in (0, given.peers):
                found.setdefault((name, peers), []).append(measure(peers, given.idle))
    print(f"idle for {given.idle:.0f} s; {given.rounds} rounds; KiB of private memory")
    print(f"{'':12}{'peers':>6}  " + "".join(f"{thing:26}" for thing in THINGS).rstrip())
    for (name, _), looks in found.items():
        known = min(peers for _, peers in looks)
        print((f"{name:12}{known:>6}  "
               + "".join(f"{cell(values):26}" for values in zip(*(one for one, _ in looks)))).rstrip())


main()
