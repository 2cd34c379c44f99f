#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run every fuzz target for a time with libFuzzer, two of them at once; stop at the first crash.

    tests/fuzz/run.py --build DIR [--secs SECS] [--only NAME]

A target begins with its corpus in tests/fuzz/corpus/NAME, which stays as it is; what it finds on
the way is kept in DIR/corpus/NAME for the next run. Of each target: executions, code edges reached
(with the comparisons that make up libFuzzer's features), and the size of what was found. A crash,
leak or an input of more than 5 s is left in DIR/crash/, its path and the report are printed: exit 1.
"""
import argparse
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
AT_ONCE = 2
INPUT_S = 5             # an input that takes longer is a finding
MEMORY_MB = 2048
INPUT_BYTES = {"archive": 16384, "tar": 16384, "installer": 16384}
INPUT_BYTES_ELSE = 4096
REPORT_LINES = 40

PULSE = re.compile(r"^#\d+.*\bcov: (\d+) ft: (\d+)", re.MULTILINE)
UNITS = re.compile(r"^stat::number_of_executed_units: (\d+)", re.MULTILINE)


class Run:
    """One target's run; 'crash' is the path of what it fell over."""

    def __init__(self, build, program, secs):
        self.name = program.name
        self.found = build / "corpus" / self.name
        self.found.mkdir(parents=True, exist_ok=True)
        self.prefix = build / "crash" / f"{self.name}-"
        self.prefix.parent.mkdir(exist_ok=True)
        corpus = HERE / "corpus" / self.name
        self.argv = [str(program), f"-max_total_time={secs}", f"-timeout={INPUT_S}",
                     f"-rss_limit_mb={MEMORY_MB}", "-print_final_stats=1", "-close_fd_mask=1",
                     f"-max_len={INPUT_BYTES.get(self.name, INPUT_BYTES_ELSE)}",
                     f"-artifact_prefix={self.prefix}", str(self.found),
                     *([str(corpus)] if corpus.is_dir() else [])]
        self.child = None

    def go(self):
        environment = {**os.environ, "UBSAN_OPTIONS": "print_stacktrace=1"}
        self.child = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, env=environment,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.log = self.child.communicate()[1].decode("utf-8", "replace")
        return self

    def line(self):
        units, pulse = UNITS.search(self.log), PULSE.findall(self.log)
        cov, features = pulse[-1] if pulse else ("?", "?")
        count = len(list(self.found.iterdir()))
        return (f"{self.name:<12} {int(units[1]) if units else 0:>10,} executions  {cov:>6} edges  "
                f"{features:>6} features  {count:>5} inputs kept")

    def stop(self):
        if self.child and self.child.poll() is None:
            self.child.terminate()


def arguments():
    parser = argparse.ArgumentParser(description="Run the fuzz targets.")
    parser.add_argument("--build", type=Path, required=True, help="folder of the built targets")
    parser.add_argument("--secs", type=int, default=60, help="of each target")
    parser.add_argument("--only", metavar="NAME", help="part of a target's name")
    return parser.parse_args()


def crashed(run, ended):
    """Print a crash: the end of its report, and how to see it again."""
    lines = run.log.splitlines()
    start = next((i for i, line in enumerate(lines) if "ERROR:" in line or "does not hold" in line
                  or "runtime error" in line), max(0, len(lines) - REPORT_LINES))
    print("\n".join(lines[start:start + REPORT_LINES]))
    found = re.findall(r"Test unit written to (\S+)", run.log)
    print(f"{run.name}: FAILED (exit code {ended}); again: {run.argv[0]} {found[-1] if found else ''}")


def main():
    options = arguments()
    build = options.build.resolve()
    programs = sorted(path for path in (build / "tests" / "fuzz").iterdir()
                      if not path.suffix and os.access(path, os.X_OK)
                      and (options.only or "") in path.name)
    if not programs:
        print("no fuzz target of that name", file=sys.stderr)
        return 2
    runs = [Run(build, program, options.secs) for program in programs]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            for run in pool.map(Run.go, runs):
                print(run.line(), flush=True)
                if run.child.returncode != 0:
                    crashed(run, run.child.returncode)
                    return 1
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            for run in runs:
                run.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
