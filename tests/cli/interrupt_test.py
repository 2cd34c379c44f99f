# SPDX-License-Identifier: MIT
"""Ctrl-C at any moment: exit code 130, nothing changed, and the next verb works."""
import random
import signal

from homes import check_sound, installed, make_pack
from moments import FILES, NEW, OLD, POINTS, SEED, at_random_moments, published, stocked
from tap import equal, main, moment, test, true

ROUNDS_MAX = 5


@test
def an_interrupted_install_has_changed_nothing(home):
    stocked(home)
    interrupted = []

    def check(rc):
        # Before the program minds signals, the signal ends it.
        true(rc in (0, 130, -signal.SIGINT), "done or interrupted")
        interrupted.append(rc == 130)
        equal(installed(home), NEW if rc == 0 else OLD)
        if rc:
            check_sound(home)
        home.json("market", "install", "big")
        check_sound(home)
    for _ in range(ROUNDS_MAX):         # a machine that is busy elsewhere moves all moments to one side
        at_random_moments(home, ["install", "big"], signal.SIGINT, POINTS // 2, check)
        if any(interrupted):
            break
    true(any(interrupted), "some were interrupted in the middle")


@test
def an_interrupted_publish_has_changed_nothing(home):
    stocked(home)
    folder = make_pack(home, "more", files=FILES)
    before = published(home)

    def check(rc):
        true(rc in (0, 130, -signal.SIGINT), "done or interrupted")
        equal(published(home), before if rc else sorted([*before, "more"]))
        if rc:
            check_sound(home)
        home.json("market", "publish", folder)
    at_random_moments(home, ["publish", folder], signal.SIGINT, POINTS // 4, check)


@test
def an_attached_install_interrupted_or_killed_leaves_the_node_sound(home):
    stocked(home)
    home.start("node", "run").wait_for("node runs: ")
    moments = random.Random(SEED)
    for point in range(POINTS // 4):
        number = (signal.SIGINT, signal.SIGKILL)[point % 2]
        verb = home.start("market", "install", "big")
        moment(moments.uniform(0, 0.1))
        verb.send_signal(number)
        rc = verb.wait()
        now = installed(home)
        true(now in (OLD, NEW), f"the old state or the new, not {now}")
        if rc == 130:
            equal(now, OLD, f"nothing was changed (KILL_SEED={SEED})")
        home.json("market", "install", "big")
        check_sound(home)
        home.json("market", "remove", "big", "dependency")


main()
