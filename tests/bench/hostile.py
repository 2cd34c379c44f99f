#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measure what attackers over TCP do to a node, and to what an honest node's question to it takes.

    tests/bench/hostile.py --build DIR [--rounds N] [--seconds S] [--only ATTACK]

Three hosts in network namespaces: A has published a package of 16 MiB; B has a session with it and asks its
dht one question after another (tests/bench/net.c); the attackers have the third, with nice 19, for they
would have a processor of their own. So A sees them at addresses that are not loopback, where its bounds
for each address count: at one address, or at 4,096. For each attack B asks before, during, and after; then newcomers
from B's host begin one session after another, before and during the attack; and A's private memory (smaps_rollup) and descriptors are read every 20 ms. Cells are medians of the rounds.

A bound is broken, and the exit code 1, when the median during an attack is 2 times that before or more, or that
of newcomers is and 20 ms more, or one of ten of them is refused; when memory grows by more than 64 MiB, or when descriptors are not back within 15 s. The rows "nothing" and "spin"
have no attack: what the machine does by itself, and what a busy processor alone does; they are not judged.
"""
import argparse
import os
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT.parent))
from homes import make_pack, publish            # noqa: E402
from netns import Lan                           # noqa: E402
from nodes import id_of, peers, start           # noqa: E402
from tap import Failure, Home, Skip, wait_until # noqa: E402

BEFORE_MS, DURING_MS, COMING_S = 1200, 1600, 1.2
NEWCOMER_SLACK_MS, REFUSED_MAX = 20, 0.1
BULK_PORT = 4002
RATIO_MAX, MEMORY_MAX_MIB, BACK_S = 2.0, 64, 15
DESCRIPTORS_SLACK = 3                           # sessions and files of its own that come and go
PACK_MIB, CHUNK_BYTES = 16, 262144
MANY = "10.78.0.0/16"

#  Name in the table, program, its attack, how many at a time, from many addresses.
ATTACKS = [
    ("nothing", "strangers", "nothing", 0, False),
    ("spin", "strangers", "spin", 0, False),
    ("4,000 silent, 1 address", "strangers", "silent", 4000, False),
    ("4,000 silent, 4,096 addresses", "strangers", "silent", 4000, True),
    ("garbage, 1 address", "strangers", "garbage", 64, False),
    ("garbage, 64 of 4,096 addresses", "strangers", "garbage", 64, True),
    ("frame header of 64 GiB, 64 of 4,096", "strangers", "header", 64, True),
    ("endless multipart, 64 of 4,096", "strangers", "multipart", 64, True),
    ("endless multipart in CURVE, 4 keys", "hostile", "endless", 4, False),
    ("the same, 16 keys of 4,096 addresses", "hostile", "endless", 16, True),
    ("10,000 garbage msg/s in CURVE", "hostile", "garbage", 4, False),
    ("10,000 requests/s in 4 sessions", "hostile", "requests", 4, False),
    ("10,000 announcements/s in 4 sessions", "hostile", "events", 4, False),
    ("4 peers stop reading in mid-transfer", "hostile", "deaf", 4, False),
    ("bulk port: 4,000 silent of 4,096", "bulk", "silent", 4000, True),
    ("bulk port: garbage, 64 of 4,096", "bulk", "garbage", 64, True),
    ("bulk port: half openings, 64 of 4,096", "bulk", "opening", 64, True),
    ("bulk port: half records, 16 sessions", "hostile", "half", 16, True),
]


class Watch(threading.Thread):
    """Private memory and descriptors of a process: the most there was."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.over = pid, threading.Event()
        self.memory = self.descriptors = 0
        self.start()

    def run(self):
        while not self.over.wait(0.02) and Path(f"/proc/{self.pid}/smaps_rollup").exists():
            try:
                self.memory = max(self.memory, memory_mib(self.pid))
                self.descriptors = max(self.descriptors, descriptors(self.pid))
            except OSError:
                return                          # It has ended, which others see

    def end(self):
        self.over.set()
        self.join()


def memory_mib(pid):
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class World:
    def __init__(self, build):
        self.build, self.busy = build, 0
        self.a, self.b, self.attacker = Home(), Home(), Home()
        lan = Lan(self.a)
        for number, home in enumerate((self.a, self.b, self.attacker), 1):
            host = lan.host(home, f"10.77.0.{number}/24")
            if home is self.attacker:
                host.ip("route", "add", "local", MANY, "dev", "lo")
            else:
                host.ip("route", "add", MANY, "via", "10.77.0.3")
        self.address = start(self.a, listen="/ip4/10.77.0.1/tcp/4001", GGEN_P2P_BULK_PORT=str(BULK_PORT))
        start(self.b, self.address, listen="/ip4/10.77.0.2/tcp/4001")
        wait_until(lambda: peers(self.b), what="the peer")
        pack = make_pack(self.a, "hostage")
        (pack / "data.bin").write_bytes(os.urandom(PACK_MIB << 20))
        publish(self.a, pack)
        self.package = wait_until(lambda: self.b.json("market", "search", "hostage")["results"],
                                  what="the package") and self.a.json("market", "info", "hostage")["package"]

    def ping(self, for_ms):
        """Microseconds of B's questions to A; None: one was not answered."""
        argv = [*self.b.prefix, self.build / "tests/bench/net", "ping", self.b.path,
                id_of(self.address), for_ms]
        done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            print(f"a question was not answered: {done.stderr.strip()}", file=sys.stderr)
            return None
        self.busy += int(done.stderr.split()[0]) if done.stderr else 0
        return [float(ended) - float(began) for began, ended in map(str.split, done.stdout.splitlines())]

    def come(self):
        """Microseconds of newcomers' sessions, and the share of those that were refused."""
        argv = [*self.b.prefix, self.build / "tests/bench/hostile", "newcomer", self.address, COMING_S, 1]
        done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, timeout=120, check=True)
        lines = done.stdout.split()
        taken = [float(line) for line in lines if line != "refused"]
        return taken, 1 - len(taken) / len(lines)

    def attack(self, program, attack, count, many, seconds):
        if program in ("strangers", "bulk"):
            port = BULK_PORT if program == "bulk" else 4001
            argv = [sys.executable, ROOT / "strangers.py", attack, "10.77.0.1", port, seconds, count,
                    *([MANY] if many else [])]
        else:
            argv = [self.build / "tests/bench/hostile", attack, self.address, seconds, count]
            if attack == "deaf":
                argv += [self.package["sha256"], PACK_MIB * (1 << 20) // CHUNK_BYTES]
            argv += ["scattered"] if many else []
        process = self.attacker.start_program(["nice", "-n", "19", *argv])
        process.wait_for("^begun$")
        return process

    def round(self, row, seconds):
        _, *how = row
        pid = self.a.node.pid
        memory, count = memory_mib(pid), descriptors(pid)
        before = self.ping(BEFORE_MS)
        came_before, _ = self.come()
        watch = Watch(pid)
        process = self.attack(*how, seconds)
        self.busy = 0
        during = self.ping(DURING_MS)
        said_busy = self.busy
        came, refused = self.come()
        wait_until(lambda: process.rc is not None or self.a.node.rc is not None, 60, "the end of the attack")
        if self.a.node.rc is not None:
            raise Failure(f"A has ended with {self.a.node.rc}: {self.a.node.err[-2000:]}")
        ended = time.monotonic()
        try:
            wait_until(lambda: descriptors(pid) <= count + DESCRIPTORS_SLACK, BACK_S)
        except Failure:
            pass                                # The table says so
        back_s = time.monotonic() - ended
        watch.end()
        after = self.ping(BEFORE_MS)
        if before is None or after is None:
            raise Failure("A does not answer without an attack")
        said = process.out.strip().splitlines()[-1]
        return {"came before": middle(came_before), "came": middle(came), "came99": tail(came), "refused": refused,
                "before": middle(before), "before99": tail(before), "during": middle(during),
                "during99": tail(during), "after": middle(after), "busy": said_busy, "memory": memory,
                "peak": watch.memory, "memory after": memory_mib(pid), "count": count,
                "count peak": watch.descriptors, "count after": descriptors(pid), "back": back_s,
                "said": said}

    def end(self):
        for home in (self.attacker, self.b, self.a):
            home.kill_all()
            home.remove()


def middle(values):
    return statistics.median(values) / 1000 if values else float("inf")


def tail(values):
    """The 99th percentile."""
    return sorted(values)[len(values) * 99 // 100] / 1000 if values else float("inf")


def show(name, rounds):
    """Print a row; what it breaks."""
    def of(key, choose=statistics.median):
        return choose(one[key] for one in rounds)
    ratio = statistics.median(one["during"] / one["before"] for one in rounds)
    print(f'{name:38}{of("before"):7.2f}{of("before99"):7.1f}{of("during"):8.2f}{of("during99"):8.1f}'
          f'{of("after"):7.2f}{ratio:6.2f}{of("busy", max):6.0f}{of("came before"):7.1f}{of("came"):7.1f}'
          f'{of("came99"):7.1f}{of("refused", max):6.0%}{of("memory"):9.1f}{of("peak", max):7.1f}'
          f'{of("memory after"):7.1f}{of("count"):7.0f}{of("count peak", max):6.0f}'
          f'{of("count after"):6.0f}{of("back", max):7.1f}  {rounds[-1]["said"]}', flush=True)
    broken = []
    if ratio >= RATIO_MAX:
        broken.append(f"latency x {ratio:.2f}")
    if of("came") >= RATIO_MAX * of("came before") and of("came") - of("came before") >= NEWCOMER_SLACK_MS:
        broken.append(f'newcomers wait {of("came"):.0f} ms')
    if of("refused") > REFUSED_MAX:
        broken.append(f'{of("refused"):.0%} of the newcomers are refused')
    if any(one["peak"] - one["memory"] > MEMORY_MAX_MIB for one in rounds):
        broken.append(f'+{max(one["peak"] - one["memory"] for one in rounds):.0f} MiB')
    if any(one["count after"] > one["count"] + DESCRIPTORS_SLACK for one in rounds):
        broken.append("descriptors are not back")
    return [] if name in ("nothing", "spin") else [f"{name}: {what}" for what in broken]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--build", type=Path, default=Path("build"))
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=4)
    options.add_argument("--only", default="")
    given = options.parse_args()
    build = given.build.resolve()
    os.environ["GGEN"] = str(build / "ggen")
    try:
        world = World(build)
    except Skip as reason:
        print(f"SKIPPED: {reason}")
        return 0
    broken = []
    try:
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors; rounds: {given.rounds}; "
              "latency in ms, private memory in MiB")
        print(f'{"":38}{"before":>7}{"99 %":>7}{"during":>8}{"99 %":>8}{"after":>7}{"x":>6}{"busy":>6}'
              f'{"new":>7}{"during":>7}{"99 %":>7}{"ref":>6}'
              f'{"MiB":>9}{"peak":>7}{"after":>7}{"fds":>7}{"peak":>6}{"after":>6}{"back s":>7}')
        for row in ATTACKS:
            if given.only in row[0]:
                broken += show(row[0], [world.round(row, given.seconds) for _ in range(given.rounds)])
        print(f"load {os.getloadavg()[0]:.1f} at the end")
    finally:
        world.end()
    for line in broken:
        print(f"BROKEN: {line}")
    return 1 if broken else 0


sys.exit(main())
