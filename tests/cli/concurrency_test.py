# SPDX-License-Identifier: MIT
"""Several programs on one home: all end well, and two never write at once."""
import fcntl
import json
import os
import shutil
import signal
import time

from homes import check_sound, installed, is_locked, lock_holders, make_pack, publish
from tap import contains, equal, lacks, main, matches, moment, slack_s, test, true, wait_until

ROUNDS = 4


def start_node(home):
    node = home.start("node", "run")
    node.wait_for("node runs: ")
    return node


def all_end_well(verbs):
    for verb in verbs:
        equal(verb.wait(), 0, f"exit code of {verb.argv[2:]}: {verb.err}")


def packs(home, count, **options):
    return [make_pack(home, f"pack-{number}", **options) for number in range(count)]


@test
def two_installs_at_once_both_end_well(home):
    publish(home, *packs(home, 2 * ROUNDS))
    for number in range(ROUNDS):
        all_end_well([home.start("market", "install", f"pack-{2 * number + one}")
                      for one in range(2)])
    equal(sorted(installed(home)), [f"pack-{number}" for number in range(2 * ROUNDS)])
    equal(home.json("market", "list")["generation"], 2 * ROUNDS)
    check_sound(home)


@test
def two_installs_of_the_same_at_once_make_one_generation(home):
    publish(home, make_pack(home, "same", files=40))
    all_end_well([home.start("market", "install", "same") for _ in range(2)])
    equal(home.json("market", "list")["generation"], 1)
    check_sound(home)


@test
def two_publishes_at_once_both_end_well(home):
    home.run("market", "key", "generate")
    folders = packs(home, 2 * ROUNDS)
    for number in range(ROUNDS):
        all_end_well([home.start("market", "publish", folder)
                      for folder in folders[2 * number:2 * number + 2]])
    equal(home.json("market", "search")["total"], 2 * ROUNDS)
    check_sound(home)


@test
def two_first_publishes_at_once_make_one_key(home):
    all_end_well([home.start("market", "publish", folder) for folder in packs(home, 2)])
    equal(home.json("market", "key", "list")["total"], 1)
    keys = {found["publisher"]["public_key"]
            for found in home.json("market", "search")["results"]}
    equal(len(keys), 1, "keys that signed")


@test
def the_same_version_published_twice_at_once_is_one_or_the_other(home):
    home.run("market", "key", "generate")
    second = make_pack(home, "same", size_bytes=3000).rename(home.dir / "other")
    first = make_pack(home, "same")
    verbs = [home.start("market", "publish", folder, "--json") for folder in (first, second)]
    equal(sorted(verb.wait() for verb in verbs), [0, 1])
    [refused] = [json.loads(verb.out)["error"]["code"] for verb in verbs if verb.rc]
    equal(refused, "ALREADY_EXISTS")
    home.json("market", "install", "same")
    check_sound(home)


def six_mixed(home, folders):
    """Six verbs, started at once."""
    return [home.start("market", *words) for words in (
        ["publish", folders[2]], ["publish", folders[3]], ["install", "pack-0"],
        ["install", "pack-1"], ["search", "pack"], ["verify"])]


@test
def six_programs_at_once_all_end_well(home):
    folders = packs(home, 4, files=10)
    publish(home, *folders[:2])
    all_end_well(six_mixed(home, folders))
    equal(sorted(installed(home)), ["pack-0", "pack-1"])
    equal(home.json("market", "search")["total"], 4)
    check_sound(home)


@test
def six_programs_at_once_all_end_well_attached_to_a_node(home):
    folders = packs(home, 4, files=10)
    publish(home, *folders[:2])
    node = start_node(home)
    all_end_well(six_mixed(home, folders))
    equal(sorted(installed(home)), ["pack-0", "pack-1"])
    check_sound(home)
    equal(node.stop(), 0)
    equal(home.json("market", "search")["total"], 4)
    check_sound(home)


@test
def while_a_node_runs_it_alone_holds_the_home_and_the_others_ask_it(home):
    folders = packs(home, 6)
    publish(home, *folders[:5])
    node = start_node(home)
    tap = home.start("tap", "--json", "--type", "*Request")
    tap.wait_for("^watching ")
    true(is_locked(home), "nobody else could write")
    verbs = [home.start("market", "install", f"pack-{number}") for number in range(5)]
    verbs += [home.start("market", "search", f"pack-{number}") for number in range(4)]
    verbs.append(home.start("market", "publish", folders[5]))
    holders = set()
    while any(verb.rc is None for verb in verbs):
        holders |= lock_holders(home)
    all_end_well(verbs)
    equal(holders, {node.pid}, "who held the home")
    asked = {"InstallRequest": 5, "SearchRequest": 4, "PublishTreeRequest": 1}

    def heard():
        lines = [json.loads(line) for line in tap.out.splitlines()]
        clients = [(line["from"], line["type"]) for line in lines
                   if line["from"].startswith("client-")]
        return all(len({client for client, kind in clients if kind == name}) == count
                   for name, count in asked.items())
    wait_until(heard, what="ten clients on the node's bus")
    check_sound(home)


@test
def a_verb_that_writes_holds_a_node_off_until_it_has_ended(home):
    publish(home, make_pack(home, "big", files=300))
    verb = home.start("market", "install", "big")
    wait_until(lambda: verb.pid in lock_holders(home), what="the verb to hold the home")
    verb.send_signal(signal.SIGSTOP)
    node = home.start("node", "run")
    for _ in range(20):
        equal(lock_holders(home), {verb.pid}, "who holds the home")
        equal((node.rc, node.out), (None, ""), "the node waits")
        moment(0.01)
    verb.send_signal(signal.SIGCONT)
    equal(verb.wait(), 0)
    node.wait_for("node runs: ")
    equal(lock_holders(home), {node.pid})
    equal(installed(home), {"big": "1.0.0"})


@test
def two_nodes_started_at_once_are_one(home):
    for _ in range(ROUNDS):
        nodes = [home.start("node", "run") for _ in range(2)]
        wait_until(lambda: sum(node.rc is None for node in nodes) == 1, what="one to give up")
        [loser] = [node for node in nodes if node.rc is not None]
        [winner] = [node for node in nodes if node.rc is None]
        contains(loser.err, f"already running (pid {winner.pid})")
        winner.wait_for("node runs: ")
        equal(winner.stop(), 0)


@test
def two_homes_that_install_into_one_target_at_once_leave_it_sound(home):
    publish(home, *packs(home, 2, files=20))
    homes = [home, home.another()]
    shutil.copytree(home.path, homes[1].path, symlinks=True)
    for round_number in range(ROUNDS):
        target = home.dir / f"target-{round_number}"
        verbs = [each.start("market", "install", f"pack-{number}", "--target", target, "--json")
                 for number, each in enumerate(homes)]
        for verb in verbs:
            true(verb.wait() == 0 or json.loads(verb.out)["error"]["code"] == "BUSY",
                 f"installed, or told that the other is at it: {verb.out}")
        true(0 in [verb.rc for verb in verbs], "one of them was installed")
        home.json("market", "install", "pack-0", "pack-1", "--target", target)
        equal(home.json("market", "verify", "--target", target)["packages_count"], 2)


@test
def a_killed_node_leaves_a_socket_that_holds_nobody_up(home):
    publish(home, make_pack(home, "thing"))
    start_node(home).kill()
    true((home.path / "run" / "bus.ipc").exists(), "the dead node's socket is there")
    for words in (["list"], ["search"], ["install", "thing"]):
        began = time.monotonic()
        lacks(home.run("market", *words).err, "waiting")
        true(time.monotonic() - began < 2 + slack_s(), f"{words} takes less than two seconds")
    equal(start_node(home).stop(), 0)
    check_sound(home)


@test
def a_node_that_ends_lets_the_verbs_it_served_end(home):
    publish(home, make_pack(home, "big", files=300))
    node = start_node(home)
    verb = home.start("market", "install", "big", "--json")
    equal(node.stop(), 0)
    true(verb.wait() in (0, 1), "it ended, by itself")
    true(installed(home) in ({}, {"big": "1.0.0"}), "the old state or the new")
    home.json("market", "install", "big")
    check_sound(home)


@test
def a_home_that_stays_in_use_is_given_up_after_three_waits(home):
    publish(home, make_pack(home, "thing"))
    with open(home.path / "run" / "node.lock", "r+", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        began = time.monotonic()
        verb = home.start("market", "install", "thing", "--json")
        equal(verb.wait(), 1)
        seconds = time.monotonic() - began
    for attempt in (1, 2, 3):
        matches(verb.err, rf"^another installation in progress \(pid {os.getpid()}\), "
                          rf"waiting \({attempt}/3\)$")
    failure = json.loads(verb.out)["error"]
    equal(failure["code"], "LOCK_TIMEOUT")
    equal(failure["details"]["path"], str(home.path / "run" / "node.lock"))
    equal(failure["details"]["pid"], str(os.getpid()))
    true(14 < seconds < 20 + slack_s(), f"after about 15 s, not {seconds:.1f}")
    home.json("market", "install", "thing")


main()
