# SPDX-License-Identifier: MIT
"""node run: its start, its end, and verbs that attach to it (parity_test.py compares answers)."""
import json
import signal

from tap import PACKS, contains, equal, main, matches, test, true


def start_node(home):
    node = home.start("node", "run")
    node.wait_for("node runs: ")
    return node


@test
def a_node_says_one_line_and_ends_with_ctrl_c(home):
    node = start_node(home)
    bus = home.path / "run" / "bus.ipc"
    matches(node.out, rf"^node runs: home {home.path}, bus {bus}, pid {node.pid};")
    equal(node.stop(signal.SIGINT), 0)
    equal(node.out.count("\n"), 1)
    node = start_node(home)
    equal(node.stop(signal.SIGTERM), 0)


@test
def with_json_it_prints_one_document(home):
    node = home.start("node", "run", "--json")
    node.wait_for(r"^\}")
    equal(json.loads(node.out),
          {"home": str(home.path), "bus": f"{home.path}/run/bus.ipc", "pid": node.pid})
    failure = home.json("node", "run", ok=1)["error"]
    equal(failure["code"], "ALREADY_EXISTS")
    equal(node.stop(signal.SIGINT), 0)


@test
def a_second_node_on_the_same_home_is_refused_with_the_pid(home):
    node = start_node(home)
    contains(home.run("node", "run", ok=1).err, f"already running (pid {node.pid})")
    equal(home.json("market", "list")["total"], 0)


@test
def a_node_that_was_killed_leaves_nothing_in_the_way(home):
    start_node(home).kill()
    equal(home.json("market", "list")["total"], 0)
    home.run("market", "key", "generate")
    equal(start_node(home).stop(signal.SIGINT), 0)


@test
def an_attached_verb_leaves_nothing_behind_when_it_is_killed(home):
    start_node(home)
    for _ in range(3):
        verb = home.start("market", "publish", PACKS / "greeting-rest")
        verb.kill()
    home.run("market", "publish", PACKS / "greeting-rest")
    true(home.json("market", "search")["total"] == 1, "one package")


main()
