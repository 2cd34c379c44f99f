#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run every test program, read their TAP, end with one line: N passed, N failed, N skipped.

    tests/run.py --build DIR [--only PATTERN] [--shared DATA] [--timeout SECS]

Each program runs in a process group and a temporary directory of its own, with a clean environment:
TESTS_DATA is tests/data, GGEN the program under test. A death by signal, a missing plan, results
that are not as many as planned and a sanitizer report are failures, as is an exit code that says
so. Exit 1 on any failure and when nothing ran; with --shared a skip is a failure, too.
"""
import argparse
import fnmatch
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

sys.dont_write_bytecode = True      # nothing is written outside build/
from tap import SANITIZER_REPORT, clean_environment, remove_tree    # noqa: E402

TESTS = Path(__file__).resolve().parent
TIMEOUT_S = 600         # of one program: ten times what the slowest takes

PLAN = re.compile(r"^1\.\.(\d+)\s*(# *SKIP.*)?$", re.IGNORECASE)
RESULT = re.compile(r"^(not )?ok\b(.*)$")
SKIP = re.compile(r"# *SKIP\b", re.IGNORECASE)
SHARED = re.compile(r"^SHARED (.+): (\d+) of (\d+)$")


@dataclass
class Program:
    name: str
    argv: list
    patience: float = 1     # how much longer than others it may take


@dataclass
class Report:
    """What one program's run amounts to. 'reasons' are failures beyond its own results."""
    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    reasons: list = field(default_factory=list)
    seconds: float = 0.0
    output: str = ""

    @property
    def failures(self):
        return self.failed if self.failed else len(self.reasons[:1])


# ---- which programs --------------------------------------------------------------------------------

def discover(build, shared):
    """The programs to run, in order of their names."""
    folders = ["shared"] if shared else ["unit", "contract", "sim"]
    data = [str(shared)] if shared else []
    programs = [Program(f"{folder}/{path.name}", [str(path), *data])
                for folder in folders for path in executables(build / "tests" / folder)]
    if not shared:          # each target once over its corpus
        programs += [Program(f"fuzz/{path.name}", [str(path), str(TESTS / "fuzz/corpus" / path.name)])
                     for path in executables(build / "tests" / "fuzz")]
    folder = "shared" if shared else "cli"
    networked = has_feature(build, "p2p")
    programs += [Program(f"{folder}/{path.stem}", [sys.executable, str(path), *data])
                 for path in sorted((TESTS / folder).glob("*_test.py"))
                 if networked or not needs_network(path)]
    simulator = build / "ggen-sim"
    slow = build.name in ("san", "tsan", "cov")         # instrumented: ten times slower
    if not shared and simulator.is_file():
        programs.append(Program("seeds", [str(simulator), "--scenario",
                                          str(TESTS / "sim/scenarios/small.scn"),
                                          "--seed", str(random_seed()), "--seeds", "10" if slow else "100",
                                          "--tap"], patience=5))
        programs += [Program(f"scenario/{name}", [str(simulator), "--scenario",
                                                  str(TESTS / f"sim/scenarios/{name}.scn"),
                                                  "--seed", "1", "--seeds", "1", "--tap"])
                     for name in ("halves", "recover", "late-thief", "rotate-thrice", "rotate-recover")]
    if not shared and (TESTS / "style.py").is_file():
        programs.append(Program("style", [sys.executable, str(TESTS / "style.py"), "--tap",
                                          "--build", str(build)]))
    return programs


def has_feature(build, name):
    """Whether the program under test was built with it; one that cannot say has all."""
    try:
        said = subprocess.run([build / "ggen", "--version", "--json"], capture_output=True, timeout=TIMEOUT_S,
                              check=True)
        return json.loads(said.stdout)["features"][name]
    except (OSError, subprocess.SubprocessError, ValueError, KeyError):
        return True


def needs_network(path):
    """Whether a test of the command line starts nodes of the peer-to-peer network."""
    return re.search(r"^(from|import) nodes\b", path.read_text(encoding="utf-8"), re.MULTILINE) is not None


def random_seed():
    """SEED, or another one each time; the lines of a run name each seed."""
    return int(os.environ.get("SEED") or int.from_bytes(os.urandom(4), "little") % 10**9)


def executables(folder):
    return sorted(path for path in folder.glob("*") if path.is_file() and os.access(path, os.X_OK))


def wanted(name, pattern):
    return not pattern or fnmatch.fnmatch(name, f"*{pattern}*")


# ---- what their output says ------------------------------------------------------------------------

def read_results(report, text):
    """Count TAP results and SHARED lines of 'text' into 'report'."""
    planned, seen, plans, suites = 0, 0, 0, 0
    for line in text.splitlines():
        if plan := PLAN.match(line):
            plans += 1
            planned += int(plan[1])
            report.skipped += bool(plan[2])             # "1..0 # SKIP why": the whole program
        elif result := RESULT.match(line):
            seen += 1
            count_result(report, result)
        elif suite := SHARED.match(line):
            suites += 1
            count_suite(report, suite)
    if not plans and not suites:
        report.reasons.append("printed no plan")
    elif seen != planned:
        report.reasons.append(f"printed {seen} results, planned {planned}")
    elif not planned and not suites and not report.skipped:
        report.reasons.append("planned no test")


def count_result(report, result):
    if SKIP.search(result[2]):          # cmocka says "not ok 3 # SKIP name"
        report.skipped += 1
    elif result[1]:
        report.failed += 1
    else:
        report.passed += 1


def count_suite(report, suite):
    """One 'SHARED name: N of M' line is one test; an empty suite proves nothing."""
    if suite[2] == suite[3] and int(suite[3]) > 0:
        report.passed += 1
    else:
        report.failed += 1


def judge(report, rc, out, err, timeout_s):
    """Fill 'report' from how a program ended (rc None: it was stopped at its timeout)."""
    report.output = out + (("\n--- stderr\n" + err) if err else "")
    read_results(report, out)
    if rc is None:
        report.reasons.append(f"still running after {timeout_s:g} s")
    elif rc < 0:
        report.reasons.append(f"killed by {signal.Signals(-rc).name}")
    elif rc > 0 and not report.failed:
        report.reasons.append(f"exit code {rc}")
    if SANITIZER_REPORT.search(err):
        report.reasons.append("sanitizer report on stderr")


# ---- running them ----------------------------------------------------------------------------------

class Runner:
    """Runs programs, several at a time, and can end all of them at once."""

    def __init__(self, build, timeout_s):
        self.build, self.timeout_s = build, timeout_s
        self._lock, self._groups, self._ended = threading.Lock(), set(), False

    def run(self, program):
        """Run one program to its end or timeout; its Report."""
        report = Report(program.name)
        began = time.monotonic()
        directory = tempfile.mkdtemp(prefix="ggen-")
        try:
            with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
                rc = self._run_in(directory, program, out, err)
                judge(report, rc, text_of(out), text_of(err), self.timeout_s * program.patience)
        finally:
            remove_tree(directory)
        report.seconds = time.monotonic() - began
        return report

    def _run_in(self, directory, program, out, err):
        child = self._start(directory, program, out, err)
        try:
            return child.wait(self.timeout_s * program.patience)
        except subprocess.TimeoutExpired:
            return None
        finally:
            with self._lock:
                kill_group(child.pid)       # also what a program left behind
                self._groups.discard(child.pid)
            child.wait()

    def _start(self, directory, program, out, err):
        with self._lock:
            if self._ended:
                raise KeyboardInterrupt
            child = subprocess.Popen(program.argv, cwd=directory, env=self._environment(directory),
                                     stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                     start_new_session=True)
            self._groups.add(child.pid)
        return child

    def _environment(self, directory):
        return {**clean_environment(directory), "CMOCKA_MESSAGE_OUTPUT": "TAP",
                "PYTHONPATH": str(TESTS), "TESTS_DATA": str(TESTS / "data"),
                "GGEN": str(self.build / "ggen")}

    def end(self):
        """Kill what runs and start nothing more."""
        with self._lock:
            self._ended = True
            for group in self._groups:
                kill_group(group)


def kill_group(group):
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass


def text_of(stream):
    stream.seek(0)
    return stream.read().decode("utf-8", "replace")


def run_all(runner, programs, skips_fail):
    """Run and print all programs; their reports."""
    reports = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            for done in as_completed([pool.submit(runner.run, program) for program in programs]):
                reports.append(done.result())
                print_report(reports[-1], skips_fail)
        except BaseException:
            runner.end()
            pool.shutdown(cancel_futures=True)
            raise
    return reports


def print_report(report, skips_fail):
    bad = report.failures or (skips_fail and report.skipped)
    counts = f"{report.passed} passed, {report.failures} failed, {report.skipped} skipped"
    print(f"{'FAIL' if bad else 'ok  '}  {report.name:<34} {counts}  {report.seconds:.2f} s",
          flush=True)
    if bad:
        for reason in report.reasons:
            print(f"      {report.name}: {reason}")
        print("".join(f"    | {line}\n" for line in report.output.splitlines()), end="", flush=True)


def arguments():
    parser = argparse.ArgumentParser(description="Run the tests.")
    parser.add_argument("--build", type=Path, required=True, help="folder of the built programs")
    parser.add_argument("--only", metavar="PATTERN", help="part of a name, or a glob: unit/semver*")
    parser.add_argument("--shared", metavar="DATA", type=Path, help="run the conformance suites on DATA")
    parser.add_argument("--timeout", metavar="SECS", type=float, default=TIMEOUT_S)
    return parser.parse_args()


def main():
    options = arguments()
    build = options.build.resolve()
    shared = options.shared.resolve() if options.shared else None
    programs = [program for program in discover(build, shared) if wanted(program.name, options.only)]
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        reports = run_all(Runner(build, options.timeout), programs, bool(shared))
    except KeyboardInterrupt:
        print("interrupted")
        return 130
    passed = sum(report.passed for report in reports)
    failed = sum(report.failures for report in reports)
    skipped = sum(report.skipped for report in reports)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed or (shared and skipped) else 0


if __name__ == "__main__":
    sys.exit(main())
