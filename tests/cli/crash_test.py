# SPDX-License-Identifier: MIT
"""A few of the points of `make crash`. CRASH_SEED repeats a run."""
import os
import sys
import time
from pathlib import Path

from tap import ROOT, Failure, equal, ggen_path, main, test, true

sys.path.append(str(ROOT / "tests" / "crash"))
import crash                                # noqa: E402
from operations import OPERATIONS, Wrong    # noqa: E402
from replay import Recording, candidates    # noqa: E402

SEED = int(os.environ.get("CRASH_SEED", time.time_ns() % 1_000_000))
BUILD = Path(ggen_path()).parent
print(f"# CRASH_SEED={SEED}")


def sample(modes):
    """One point of each mode in each operation."""
    seen = []

    def report(operation, mode, tally):
        seen.append(tally.points)
        if tally.violations:
            raise Failure(f"{operation.name}: {tally.violations[0]}, CRASH_SEED={SEED}")
    options = crash.arguments(["--build", str(BUILD), "--sample", "1", "--seed", str(SEED),
                               "--modes", ",".join(modes)])
    with crash.work_folder() as folder:
        crash.enumerate_points(options, folder, report)
    known = [operation for operation in OPERATIONS if operation.is_known(ggen_path())]
    equal(len(seen), len(known) * len(modes), "operations and modes")


@test
def killed_at_any_call_there_is_the_old_state_or_the_new(_):
    sample(["kill", "torn"])


@test
def whatever_call_fails_there_is_the_old_state_or_the_new(_):
    sample([*crash.FAULTS, "full"])


@test
def after_a_power_loss_there_is_the_old_state_or_the_new(_):
    sample(["loss"])


def violations_unsynced(unsynced):
    """Of power losses after an install whose syncs did nothing."""
    install = next(operation for operation in OPERATIONS if operation.name == "install")
    with crash.work_folder() as folder:
        rig = crash.Rig(install, folder / "rig", BUILD, crash.make_packs(folder / "packs"), unsynced)
        recording, found = Recording(rig.before, rig.log), []
        for what, kept, zeros in candidates(recording, len(recording.changes), None):
            if "all unsynced" in what or "bytes" in what:
                try:
                    rig.lose(rig.sandbox("box"), recording, recording.tree(kept, zeros).items(), what)
                except Wrong as wrong:
                    found.append(str(wrong))
        return found


@test
def without_its_syncs_a_power_loss_is_seen_to_do_harm(_):
    true(violations_unsynced("all"), "a violation without any sync")
    true(violations_unsynced("syncfs"), "a violation without syncfs")
    equal(violations_unsynced("none"), [], "violations with all syncs")


main()
