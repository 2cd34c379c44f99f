# SPDX-License-Identifier: MIT
"""Killed at any moment, a verb leaves the old state or the new one, and nothing in the way."""
import shutil
import signal

from homes import IN_THE_MAKING, check_sound, installed, leftovers, make_pack
from moments import FILES, NEW, OLD, POINTS, at_random_moments, published, stocked
from tap import equal, main, remove_tree, test, true


@test
def an_install_killed_at_any_moment_leaves_the_old_state_or_the_new(home):
    stocked(home)

    def check(rc):
        true(rc in (0, -signal.SIGKILL), "ended or killed")
        now = installed(home)
        true(now in (OLD, NEW), f"the old state or the new, not {now}")
        equal(home.json("market", "verify")["ok"], True, "verify")
        home.json("market", "install", "big")
        check_sound(home)
    at_random_moments(home, ["install", "big"], signal.SIGKILL, POINTS, check)


@test
def an_install_killed_at_any_moment_can_be_followed_by_any_other(home):
    stocked(home)

    def check(rc):
        true(rc in (0, -signal.SIGKILL), "ended or killed")
        home.json("market", "install", "dependency")
        check_sound(home)
        home.json("market", "rollback")
        equal(home.json("market", "verify")["ok"], True, "verify")
    at_random_moments(home, ["install", "big"], signal.SIGKILL, POINTS // 8, check)


@test
def an_install_into_a_target_killed_at_any_moment_leaves_nothing_after_the_next(home):
    stocked(home)
    target = home.dir / "target"

    def check(rc):
        true(rc in (0, -signal.SIGKILL), "ended or killed")
        home.json("market", "install", "dependency", "--target", target)
        equal(home.json("market", "verify", "--target", target)["ok"], True, "verify")
        equal([str(path) for path in target.rglob("*") if IN_THE_MAKING.search(path.name)], [])
        remove_tree(target)
    at_random_moments(home, ["install", "big", "--target", target], signal.SIGKILL, POINTS // 4,
                      check)


@test
def a_publish_killed_at_any_moment_has_happened_or_not(home):
    stocked(home)
    folder = make_pack(home, "more", files=FILES)
    before = published(home)

    def check(rc):
        true(rc in (0, -signal.SIGKILL), "ended or killed")
        now = published(home)
        true(now in (before, sorted([*before, "more"])), f"with or without it, not {now}")
        home.json("market", "publish", folder)
        equal(home.json("market", "info", "more")["package"]["version"], "1.0.0")
        equal(leftovers(home), [], "leftovers")
    at_random_moments(home, ["publish", folder], signal.SIGKILL, POINTS // 2, check)


@test
def a_first_publish_killed_at_any_moment_leaves_one_usable_key(home):
    home.path.mkdir()
    shutil.copytree(home.path, home.dir / "before")
    folder = make_pack(home, "more")

    def check(rc):
        home.json("market", "publish", folder)
        equal(home.json("market", "key", "list")["total"], 1)
        home.json("market", "install", "more")
        check_sound(home)
    at_random_moments(home, ["publish", folder], signal.SIGKILL, POINTS // 8, check)


@test
def a_remove_killed_at_any_moment_has_happened_or_not(home):
    stocked(home)

    def check(rc):
        true(rc in (0, -signal.SIGKILL), "ended or killed")
        true(installed(home) in (OLD, {}), "with or without it")
        home.json("market", "install", "base", "dependency")
        check_sound(home)
    at_random_moments(home, ["remove", "base"], signal.SIGKILL, POINTS // 8, check)


main()
