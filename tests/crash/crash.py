#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Crash, fault and power-loss enumeration: after each point the old state or the new one.

    tests/crash/crash.py --build DIR [--only NAME] [--modes a,b] [--sample N] [--loss N] [--seed N]

For each operation, and for every call k of it that changes the home (tests/crash/shim.c): killed
before k, killed in the middle of k, k failing with ENOSPC, EIO or EACCES, no room from k on. Then the
states that a power loss may leave (tests/crash/replay.py). After each: `list` tells the old state or
the new one, `verify` finds nothing, `search` finds what it found before or finds now; what follows
succeeds, gives the new state, and leaves nothing behind.

--sample N takes N points of each mode, --loss N at most so many of the states of power loss; --seed N
chooses them.
"""
import argparse
import contextlib
import errno
import json
import os
import random
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

sys.dont_write_bytecode = True
sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]
from operations import OPERATIONS, PACKS, Sandbox, Wrong, pack, told    # noqa: E402
from replay import ENDED, Recording, distinct, some  # noqa: E402
from tap import remove_tree     # noqa: E402

JOBS = 2
LOSS_MAX = 1000         # states of power loss looked at, by operation
SHOWN_MAX = 10          # violations shown, by operation and mode
FAULTS = {"ENOSPC": errno.ENOSPC, "EIO": errno.EIO, "EACCES": errno.EACCES}
MODES = ["kill", "torn", *FAULTS, "full", "loss"]


class Rig:
    """An operation with its home before, and what is before and after it."""

    def __init__(self, operation, folder, build, packs, unsynced=None):
        self.operation, self.folder, self.packs = operation, folder, packs
        self.ggen, self.shim = build / "ggen", build / "tests/crash/shim.so"
        box = self.sandbox("making")
        operation.prepare(box)
        self.before = folder / "before"
        box.path.rename(self.before)
        box.restore(self.before)
        self.old = box.installed(*self.operation.there), box.found()
        code, out, err = box.run(*operation.words, crash={
            "CRASH_MODE": "record", **({"CRASH_UNSYNCED": unsynced} if unsynced else {})})
        if code:
            raise SystemExit(f"{operation.name}: fails undisturbed: {told(out, err)}")
        self.log = folder / "record"
        box.log.rename(self.log)
        self.new = box.installed(*self.operation.there), box.found()
        self.calls = [line.split(b"\t")[0] for line in self.log.read_bytes().splitlines()]

    def sandbox(self, name):
        return Sandbox(self.folder / name, self.ggen, self.shim, self.packs)

    # ---- what must hold

    def check(self, box, code=None, out="", err=""):
        """The home is in the old or the new state, and the next run makes it the new one."""
        listed, found = box.installed(*self.operation.there), box.found()
        done = listed == self.new[0] and found == self.new[1]
        if listed not in (self.old[0], self.new[0]):
            raise Wrong(f"neither the old state nor the new: {listed}")
        if found not in (self.old[1], self.new[1]):
            raise Wrong(f"search finds neither what it did nor what it should: {found}")
        if code == 0 and not done:
            raise Wrong("it says that it is done and it is not")
        if code:
            self._check_error(code, out, err)
        verified = box.ask("verify", *self.operation.there, codes=(0, 1) if self.operation.repairs else (0,))
        if not verified["ok"] and not self.operation.repairs:
            raise Wrong(f"verify: {verified['findings']}")
        self.operation.check_always(box)
        again = self.operation.after if done and self.operation.after else self.operation.words
        box.ask(*again)
        if (box.installed(*self.operation.there), box.found()) != self.new:
            raise Wrong(f"after the next run: {box.installed(*self.operation.there)}")
        verified = box.ask("verify", *self.operation.there)
        if not verified["ok"]:
            raise Wrong(f"verify after the next run: {verified['findings']}")
        if box.leftovers():
            raise Wrong(f"left over: {box.leftovers()}")
        self.operation.check_always(box)
        self.operation.check_more(box)

    def _check_error(self, code, out, err):
        if code < 0:
            raise Wrong(f"ended by signal {-code}: {err[-300:]}")
        if not json.loads(out)["error"]["hint"]:
            raise Wrong(f"a failure without a hint: {out[-300:]}{err[-300:]}")

    # ---- one point

    def crash(self, box, mode, k):
        """Stopped or disturbed at call k. False when there is no call k."""
        box.restore(self.before)
        crash = {"CRASH_MODE": "fail" if mode in FAULTS else mode, "CRASH_AT": str(k)}
        if mode in FAULTS:
            crash["CRASH_ERRNO"] = str(FAULTS[mode])
        code, out, err = box.run(*self.operation.words, crash=crash)
        fired = box.log.read_text(encoding="utf-8") if box.log.exists() else ""
        if not fired:
            return False
        self._judge(box, f"{mode} {' '.join(fired.split()[1:])}",
                    *((None,) if mode in ("kill", "torn") else (code, out, err)))
        return True

    def lose(self, box, recording, state, what):
        if box.path.exists():
            remove_tree(box.path)
        recording.write(dict(state), box.path)
        self._judge(box, f"loss {what}", 0 if what.startswith(ENDED) else None)

    def _judge(self, box, point, *ended):
        try:
            self.check(box, *ended)
        except Wrong as wrong:
            raise Wrong(f"{point}: {wrong}") from None
        except (ValueError, KeyError, OSError) as error:
            raise Wrong(f"{point}: {type(error).__name__}: {error}") from None


# ---- many points -----------------------------------------------------------------------------------

class Tally:
    def __init__(self):
        self.points, self.violations, self.distinct, self.seconds = 0, [], None, 0.0


def side_by_side(rig, jobs):
    """Call each job (box), JOBS at a time; what was Wrong."""
    boxes = SimpleQueue()
    for number in range(JOBS):
        boxes.put(rig.sandbox(f"box{number}"))

    def work(job):
        box = boxes.get()
        try:
            job(box)
        except Wrong as wrong:
            return str(wrong)
        finally:
            boxes.put(box)
        return None
    with ThreadPoolExecutor(JOBS) as pool:
        return [wrong for wrong in pool.map(work, jobs) if wrong]


def every_call(rig, mode, sample, generator):
    points = range(1, len(rig.calls) + 1)
    if mode == "torn":
        points = [k for k in points if rig.calls[k - 1] == b"write"]
    if sample and sample < len(points):
        points = sorted(generator.sample(list(points), sample))
    tally = Tally()
    tally.points = len(points)
    tally.violations = side_by_side(rig, [lambda box, k=k: rig.crash(box, mode, k) for k in points])
    return tally


def power_loss(rig, sample, most, generator):
    recording = Recording(rig.before, rig.log)
    tally = Tally()
    if sample:
        found = some(recording, generator, sample)
    else:
        found = sorted(distinct(recording, generator).items(), key=lambda item: sorted(item[0]))
        tally.distinct = len(found)
        if len(found) > most:
            found = generator.sample(found, most)
    tally.points = len(found)
    tally.violations = side_by_side(
        rig, [lambda box, state=state, what=what: rig.lose(box, recording, state, what)
              for state, what in found])
    return tally


def make_packs(folder):
    for name, version, requires in PACKS:
        pack(folder, name, version, requires)
    return folder


@contextlib.contextmanager
def work_folder():
    """A folder that goes afterwards; in memory where that is possible, as a sync of a disk takes long."""
    memory = Path("/dev/shm")
    folder = tempfile.mkdtemp(prefix="ggen-crash-",
                              dir=memory if os.access(memory, os.W_OK) else None)
    try:
        yield Path(folder).resolve()
    finally:
        remove_tree(folder)


def enumerate_points(options, folder, report):
    """Call report (operation, mode, tally) for each of them."""
    packs = make_packs(folder / "packs")
    for operation in OPERATIONS:
        if options.only and not any(part in operation.name for part in options.only.split(",")):
            continue
        if not operation.is_known(options.build / "ggen"):
            print(f"# SKIPPED: {operation.name}: this ggen has no such verb", flush=True)
            continue
        generator = random.Random(f"{options.seed} {operation.name}")
        rig = Rig(operation, folder / operation.name.replace(" ", "-"), options.build, packs,
                  options.unsynced)
        for mode in options.modes:
            began = time.monotonic()
            if mode == "loss":
                tally = power_loss(rig, options.sample, options.loss, generator)
            else:
                tally = every_call(rig, mode, options.sample, generator)
            tally.seconds = time.monotonic() - began
            report(operation, mode, tally)
        remove_tree(rig.folder)


def arguments(words=None):
    parser = argparse.ArgumentParser(description="Crash, fault and power-loss enumeration.")
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--only", help="parts of operations' names, with commas")
    parser.add_argument("--modes", type=lambda text: text.split(","), default=MODES)
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--loss", type=int, default=LOSS_MAX)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--unsynced", choices=("syncfs", "all"),
                        help="as if these calls synced nothing: must find violations")
    options = parser.parse_args(words)
    options.build = options.build.resolve()
    return options


def main():
    signal.signal(signal.SIGTERM, signal.default_int_handler)       # the folder goes then, too
    options = arguments()
    totals = {"points": 0, "violations": 0}
    by_operation = {}

    def report(operation, mode, tally):
        of = f" of {tally.distinct} distinct states" if tally.distinct else ""
        print(f"{operation.name:<20} {mode:<7} {tally.points:>5} points{of}, "
              f"{len(tally.violations)} violations  {tally.seconds:.1f} s", flush=True)
        for violation in tally.violations[:SHOWN_MAX]:
            print(f"    {violation[:600]}", flush=True)
        by_operation[operation.name] = by_operation.get(operation.name, 0) + tally.points
        totals["points"] += tally.points
        totals["violations"] += len(tally.violations)
    with work_folder() as folder:
        enumerate_points(options, folder, report)
    for name, points in by_operation.items():
        print(f"{name}: {points} points")
    print(f"crash: {totals['points']} points, {totals['violations']} violations, "
          f"seed {options.seed}")
    sys.exit(1 if totals["violations"] or not totals["points"] else 0)


if __name__ == "__main__":
    main()
