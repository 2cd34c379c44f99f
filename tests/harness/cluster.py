#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Play the long scenarios of the harness, one after the other; exit 1 when one failed.

    tests/harness/cluster.py --build DIR [--only PART] [--packages DIR] [--seed S] [--minutes M] [--plots DIR]

--packages: `everyone` publishes the real packs in there. --minutes: of scenarios that have a length, or a storm.
--plots: what `churn` sampled is plotted into that folder. What each run printed is in BUILD/cluster/NAME.txt.
"""
import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tap import remove_tree    # noqa: E402

HERE = Path(__file__).resolve().parent


def play(options, path):
    """Play one scenario; whether it went well."""
    build = options.build
    words = [str(build / "ggen-harness"), "--scenario", str(path), "--seed", str(options.seed)]
    if options.packages and "everyone" in path.stem:
        words += ["--packages", str(options.packages)]
    if options.minutes:
        words += ["--minutes", str(options.minutes)]
    samples = tempfile.mkdtemp(prefix="ggen-") if options.plots and path.stem == "churn" else None
    if samples:
        words += ["--keep", "--dir", samples]
    log = build / "cluster" / f"{path.stem}.txt"
    log.parent.mkdir(exist_ok=True)
    began = time.monotonic()
    with open(log, "w", encoding="utf-8") as out:
        good = subprocess.run(words, stdout=out, stderr=subprocess.STDOUT, check=False).returncode == 0
    print(f"{'ok  ' if good else 'FAIL'}  {path.stem:24} {time.monotonic() - began:7.1f} s  {log}", flush=True)
    if not good:
        print(log.read_text(encoding="utf-8"), flush=True)
    if samples:
        subprocess.run([sys.executable, str(HERE / "plot.py"), f"{samples}/samples.csv", str(options.plots)],
                       check=True)
        remove_tree(samples)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--packages", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--plots", type=Path)
    options = parser.parse_args()
    paths = [path for path in sorted((HERE / "long").glob("*.scn")) if options.only in path.stem]
    if not paths:
        sys.exit(f"no scenario has {options.only} in its name")
    results = [play(options, path) for path in paths]
    sys.exit(0 if all(results) else 1)


main()
