#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measure the bus beside a raw ZeroMQ PAIR, and whole processes beside /bin/true.

    tests/bench/bus.py --build DIR [--rounds N] [--only bus|process]

Each round runs every row once, so that a change of the machine's load meets all rows alike; a cell
is the median of the rounds [min - max]. Compare rows of one run, not of two.
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROUNDS = 5
PROCESS_RUNS = 20       # of each program in a round
TIMEOUT_S = 120

# name, arguments of tests/bench/bus.c
BUS_ROWS = [
    ("round trip, 64 B",                        ["rtt", "20000", "none"]),
    ("round trip, 64 B, tap idle",              ["rtt", "20000", "idle"]),
    ("round trip, 64 B, tap subscribed",        ["rtt", "20000", "subscribed"]),
    ("round trip, 256 KiB back",                ["bulk-rtt", "10000", "none"]),
    ("round trip, 256 KiB, tap subscribed",     ["bulk-rtt", "2000", "subscribed"]),
    ("round trip, raw PAIR",                    ["pair-rtt", "20000"]),
    ("one way, 64 B",                           ["flow", "500000", "none"]),
    ("one way, 64 B, tap idle",                 ["flow", "500000", "idle"]),
    ("one way, 64 B, tap subscribed",           ["flow", "200000", "subscribed"]),
    ("8 under way, 256 KiB back",               ["bulk-flow", "30000", "none"]),
    ("8 under way, 256 KiB, tap subscribed",    ["bulk-flow", "3000", "subscribed"]),
    ("one way, raw PAIR",                       ["pair-flow", "2000000"]),
]


def run(argv, env=None):
    """stdout of a program, or None with its complaint on stderr."""
    done = subprocess.run([str(word) for word in argv], env=env, capture_output=True, text=True,
                          timeout=TIMEOUT_S)
    if done.returncode != 0:
        print(f"{' '.join(map(str, argv))}: {done.stderr.strip()}", file=sys.stderr)
        return None
    return done.stdout


def spread(values, scale=1.0, digits=1):
    """'median [min - max]' of what was measured; '-' for a cell that does not apply."""
    if not any(values):
        return "-"
    numbers = [f"{value / scale:,.{digits}f}"
               for value in (statistics.median(values), min(values), max(values))]
    return f"{numbers[0]} [{numbers[1]} - {numbers[2]}]"


def print_table(head, rows):
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    for row in [head, *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    print()


# ---- the bus ---------------------------------------------------------------------------------------

def measure_bus(build, rounds):
    results = {name: [] for name, _ in BUS_ROWS}
    for _ in range(rounds):
        for name, words in BUS_ROWS:
            line = run([build / "tests/bench/bus", *words])
            if line:
                results[name].append([float(word) for word in line.split()])
    rows = []
    for name, lines in results.items():
        if not lines:
            continue
        p50, p99, rate, cpu = zip(*lines)
        rows.append((name, spread(p50, 1000), spread(p99, 1000), spread(rate, 1000, 0),
                     spread(cpu, 1000, 2)))
    print_table(("bus", "p50 us", "p99 us", "1,000 messages/s", "CPU us/message"), rows)
    print_idle_tap(results)


def print_idle_tap(results):
    """What a tap nobody listens to adds to a message: CPU, median against median."""
    bare, idle = results["one way, 64 B"], results["one way, 64 B, tap idle"]
    if bare and idle:
        cost = (statistics.median(line[3] for line in idle)
                - statistics.median(line[3] for line in bare))
        print(f"idle tap: {cost / 1000:+.3f} us of CPU a message\n")


# ---- processes -------------------------------------------------------------------------------------

def process_rows(build):
    ggen = build / "ggen"
    rows = [("/bin/true", ["/bin/true"]),
            ("empty, linked as ggen", [build / "tests/bench/empty"])]
    if ggen.is_file():
        rows += [("ggen --version", [ggen, "--version"]),
                 ("ggen market list, empty home", [ggen, "market", "list"]),
                 ("ggen market search, empty home", [ggen, "market", "search", "demo"])]
    else:
        print(f"{ggen} is not there: its rows are left out", file=sys.stderr)
    return rows


def measure_processes(build, rounds):
    rows = process_rows(build)
    times = {name: [] for name, _ in rows}
    memory = {name: [] for name, _ in rows}
    with tempfile.TemporaryDirectory(prefix="ggen-bench-") as home:
        env = {**os.environ, "HOME": home, "GGEN_HOME": os.path.join(home, "ggen")}
        for _ in range(rounds):
            for name, argv in rows:
                line = run([build / "tests/bench/launch", str(PROCESS_RUNS), *argv], env)
                if line:
                    walls, kib = line.split(";")
                    times[name].append(statistics.median(map(float, walls.split())))
                    memory[name].append([float(word) for word in kib.split()])
    table = [(name, spread(times[name], 1000, 2), spread([m[0] for m in memory[name]], 1024, 2),
              spread([m[1] for m in memory[name]], 1024, 2)) for name, _ in rows if times[name]]
    print_table(("process", "ms, start to end", "private MiB at exit", "resident MiB"), table)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, required=True, help="folder of the built programs")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", choices=("bus", "process"))
    options = parser.parse_args()
    build = options.build.resolve()
    print(f"{options.rounds} rounds, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}: "
          "median [min - max]\n")
    if options.only != "process":
        measure_bus(build, options.rounds)
    if options.only != "bus":
        measure_processes(build, options.rounds)


if __name__ == "__main__":
    main()
