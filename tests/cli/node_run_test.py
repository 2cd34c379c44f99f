# SPDX-License-Identifier: MIT
"""node run, and that nobody can tell an attached verb from one with its own node."""
import json
import re
import signal

from tap import PACKS, contains, equal, main, matches, test, true

TIME = re.compile(r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"')

READS = [
    ["market", "search"], ["market", "search", "greeting", "--sort", "name"],
    ["market", "search", "nothing"], ["market", "info", "greeting-rest"],
    ["market", "info", "greeting-core@1.0.0"], ["market", "info", "absent"], ["market", "list"],
    ["market", "verify"], ["market", "install", "greeting-docs", "--dry-run"],
    ["market", "install", "absent", "--dry-run"],
    ["market", "remove", "greeting-rest", "--dry-run"],
    ["market", "publish", PACKS / "greeting-docs", "--dry-run"], ["market", "key", "list"],
    ["market", "key", "show"], ["market", "trust", "list"],
]
WRITES = [
    ["market", "publish", PACKS / "greeting-core-1.0.0"],
    ["market", "publish", PACKS / "greeting-core-1.1.0"],
    ["market", "publish", PACKS / "greeting-rest"], ["market", "publish", PACKS / "greeting-rest"],
    ["market", "publish", PACKS / "greeting-docs"], ["market", "install", "greeting-core@1.0.0"],
    ["market", "install", "greeting-rest"], ["market", "install", "absent"],
    ["market", "install", "greeting-rest", "--target", "vendor"],
    ["market", "remove", "greeting-core"], ["market", "remove", "greeting-rest"],
    ["market", "rollback"], ["market", "rollback", "99"], ["market", "verify", "--fix"],
    ["market", "trust", "add", "other", "ed25519:" + "8" * 64],
    ["market", "trust", "add", "--unsigned", "file"], ["market", "trust", "remove", "other"],
    ["market", "trust", "remove", "other"], ["market", "init", "fresh"],
    ["market", "init", "fresh"], ["market", "key", "export", "again.key"],
    ["market", "yank", "greeting-core@1.1.0", "--reason", "it burns"],
    ["market", "yank", "greeting-core@1.1.0", "--undo"],
    ["market", "yank", "absent@1.0.0", "--reason", "x"],
    ["market", "unpublish", "greeting-docs@0.3.0"],
    ["market", "unpublish", "greeting-docs@0.3.0"],
]


def start_node(home):
    node = home.start("node", "run")
    node.wait_for("node runs: ")
    return node


def answer(home, words):
    """What a verb printed on stdout with --json, its exit code, without times and own paths."""
    result = home.run(*words, "--json", ok=None)
    json.loads(result.out)
    text = TIME.sub('"TIME"', result.out).replace(str(home.dir.resolve()), "DIR")
    return result.rc, text


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
def reading_verbs_answer_the_same_bytes_attached(home):
    for words in WRITES[:7]:
        home.run(*words)
    alone = [answer(home, words) for words in READS]
    start_node(home)
    for words, before in zip(READS, alone):
        equal(answer(home, words), before, str(words))


@test
def writing_verbs_answer_the_same_bytes_attached(home):
    other = home.another()
    home.run("market", "key", "generate")
    for each in (home, other):
        home.run("market", "key", "export", each.dir / "key")
        if each is other:
            other.run("market", "key", "import", "key")
    start_node(other)
    for words in WRITES:
        equal(answer(other, words), answer(home, words), str(words))


@test
def an_attached_verb_leaves_nothing_behind_when_it_is_killed(home):
    start_node(home)
    for _ in range(3):
        verb = home.start("market", "publish", PACKS / "greeting-rest")
        verb.kill()
    home.run("market", "publish", PACKS / "greeting-rest")
    true(home.json("market", "search")["total"] == 1, "one package")


main()
