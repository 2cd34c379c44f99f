#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Plot what a run of the harness sampled: private memory, descriptors and threads over time.

    tests/harness/plot.py SAMPLES.csv FOLDER

Writes churn-memory.svg, churn-descriptors.svg and churn-threads.svg: of each moment the least, the median
and the most of all nodes, and the most of those that were never killed. Needs gnuplot.
"""
import csv
import statistics
import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "sim" / "report"))
from page import plot    # noqa: E402

THINGS = [("private_kib", "churn-memory", "Private memory of a node", "MiB", 1024),
          ("descriptors", "churn-descriptors", "Open descriptors of a node", "descriptors", 1),
          ("threads", "churn-threads", "Threads of a node", "threads", 1)]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    lives = defaultdict(int)
    for row in rows:
        lives[row["node"]] = max(lives[row["node"]], int(row["life"]))
    for thing, name, title, unit, factor in THINGS:
        moments, steady = defaultdict(list), defaultdict(list)
        for row in rows:
            minute = round(float(row["secs"]) / 60, 2)
            moments[minute].append(float(row[thing]) / factor)
            if lives[row["node"]] == 1:
                steady[minute].append(float(row[thing]) / factor)
        series = [(what, [(at, of(values)) for at, values in sorted(some.items())])
                  for what, some, of in (("most", moments, max), ("median", moments, statistics.median),
                                         ("least", moments, min), ("never killed, most", steady, max))]
        plot(Path(sys.argv[2]), name, title, "minutes", unit, series)


main()
