# SPDX-License-Identifier: MIT
"""Signals at random moments of a verb, for the tests that kill and interrupt.

Environment: KILL_POINTS, how many moments (default 40); KILL_SEED, to repeat a run.
"""
import os
import random
import shutil
import time

from homes import make_pack, publish, restore
from tap import Failure, moment

POINTS = int(os.environ.get("KILL_POINTS", "40"))
SEED = int(os.environ.get("KILL_SEED", time.time_ns() % 1_000_000))
FILES = 60

OLD = {"base": "1.0.0"}
NEW = {"base": "1.0.0", "big": "1.0.0", "dependency": "1.0.0"}


def stocked(home):
    """'base' is installed and 'big' can be; 'before' is a copy of that to go back to."""
    publish(home, make_pack(home, "base"), make_pack(home, "dependency"),
            make_pack(home, "big", files=FILES, requires=["dependency"]))
    home.json("market", "install", "base")
    shutil.copytree(home.path, home.dir / "before", symlinks=True)


def published(home):
    return sorted(found["id"] for found in home.json("market", "search")["results"])


def duration(home, words):
    """Seconds the verb takes when nobody disturbs it; it is undone."""
    began = time.monotonic()
    home.json("market", *words)
    seconds = time.monotonic() - began
    restore(home, home.dir / "before")
    return seconds


def at_random_moments(home, words, number, points, check):
    """Send the signal in the middle of the verb, at 'points' moments; check (exit code) each time."""
    moments = random.Random(SEED)
    longest = duration(home, words)
    for point in range(points):
        after_s = moments.uniform(0, longest)
        verb = home.start("market", *words)
        moment(after_s)
        verb.send_signal(number)
        rc = verb.wait()
        try:
            check(rc)
        except Failure as failure:
            raise Failure(f"point {point}, {after_s * 1000:.1f} ms, exit code {rc}, KILL_SEED={SEED}"
                          f": {failure}\n{verb.err}") from None
        restore(home, home.dir / "before")
