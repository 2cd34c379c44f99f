# SPDX-License-Identifier: MIT
"""What goes wrong in the network (N1 to N9 of SPEC 6), each provoked between real nodes, and what people see.

N4 and N6 take longer: tests/harness/long/limited.scn and flood.scn. What a call without a node says is in
client_mode_test.py, a build without the network in feature_test.py.
"""
import json
import signal
import socket
from pathlib import Path

import nodes
from homes import make_pack, publish
from nodes import STRANGER, id_of, peers
from tap import contains, equal, ggen_path, lacks, main, matches, skip, test, true, wait_until


def start(home, *bootstraps, settings="", lie=None):
    """As nodes.start (). 'lie': of a liar's program, which one it tells."""
    home.write("ggen/config.toml", settings)
    if lie:
        return nodes.start(home, *bootstraps, program=liar(), GGEN_LIE=lie)
    return nodes.start(home, *bootstraps)


def liar():
    path = Path(ggen_path()).parent / "ggen-liar"
    if not path.is_file():
        skip("ggen-liar is not built")
    return str(path)


def meet(*homes):
    """Wait until each of the nodes has a session with all the others."""
    ids = {home.json("p2p", "status")["peer_id"] for home in homes}
    for home in homes:
        own = home.json("p2p", "status")["peer_id"]
        wait_until(lambda: peers(home) >= ids - {own}, what="all to be connected")


def hosted(home):
    return home.json("p2p", "status")["serving"]


def install(home, name, ok=True):
    """Install with the stages of its progress in a file; the Result and the stages."""
    script = 'exec 9>progress; exec "$0" market install "$1" --progress-fd 9'
    result = home.run_program(["sh", "-c", script, ggen_path(), name], ok=ok, deadline_s=60)
    lines = (home.dir / "progress").read_text(encoding="utf-8").splitlines()
    return result, {json.loads(line)["stage"] for line in lines}


@test
def n1_without_its_bootstraps_a_node_works_alone_and_says_so(home):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"/ip4/127.0.0.1/tcp/{closed.getsockname()[1]}/p2p/{STRANGER}"
        start(home, nobody)
        publish(home, make_pack(home, "palette"))
        contains(home.run("market", "search", "palette").out, "palette")
        contains(home.run("p2p", "status").out, "operating in offline mode")
        home.run("market", "install", "palette")
        failed = home.run("p2p", "bootstrap", ok=1)
        matches(failed.err, "^error: ")
        matches(failed.err, "(?m)^hint: ")


@test
def n2_a_search_gives_what_it_has_when_others_do_not_answer(home):
    others = [home.another() for _ in range(3)]
    there = start(others[0])
    for other in others[1:]:
        start(other, there)
    start(home, there, settings="performance.dht_query_timeout = 1\n")
    meet(home, *others)
    publish(home, make_pack(home, "palette"))
    for other in others:
        other.node.send_signal(signal.SIGSTOP)
    told = home.run("market", "search", "palette")
    contains(told.out, "(incomplete)")
    contains(told.out, "palette")
    for other in others:
        other.node.send_signal(signal.SIGCONT)
    wait_until(lambda: not home.json("market", "search", "palette")["incomplete"],
               what="a search that is complete again")


@test
def n3_a_node_that_nobody_reaches_says_so_and_is_found_again(home):
    other = home.another()
    there = start(other)
    start(home, there)
    meet(home, other)
    lacks(home.run("p2p", "status").out, "offline mode")
    other.node.kill()
    wait_until(lambda: not peers(home), what="the end of the session")
    contains(home.run("p2p", "status").out, "operating in offline mode")
    publish(home, make_pack(home, "palette"))
    home.run("market", "install", "palette")


@test
def n5_a_peer_that_lies_is_banned_and_another_one_asked(home):
    other, lying = home.another(), home.another()
    settings = "storage.replicas = 1\n"
    there = start(other, settings=settings)
    wrong = start(lying, there, settings=settings, lie="wrong-chunks")
    meet(other, lying)
    big = make_pack(other, "big")
    (big / "bytes").write_bytes(Path("/dev/urandom").open("rb").read(3 << 20))
    publish(other, big)
    wait_until(lambda: hosted(lying) == 1, what="the liar to host it")
    start(home, there)
    meet(home, other)
    _, stages = install(home, "big")
    true("verification failed, trying alternate source" in stages, f"a stage says so: {stages}")
    home.run("market", "verify")
    seen = home.json("p2p", "peer-info", id_of(wrong))
    true(seen["ban"], f"the liar is banned: {seen}")
    true(id_of(wrong) not in peers(home), "it has no session any more")


@test
def n5_when_all_who_have_it_lie_nothing_is_installed_and_the_reason_told(home):
    other, lying = home.another(), home.another()
    there = start(other, settings="storage.replicas = 1\n")
    start(lying, there, lie="wrong-chunks")
    meet(other, lying)
    publish(other, make_pack(other, "palette"))
    wait_until(lambda: hosted(lying) == 1, what="the liar to host it")
    start(home, there)
    meet(home, other, lying)
    wait_until(lambda: home.json("market", "search", "palette")["total"], what="the package to be found")
    other.node.kill()
    wait_until(lambda: len(peers(home)) == 1, what="its end to be noticed")
    failed, stages = install(home, "palette", ok=1)
    contains(failed.err, "every provider failed")
    contains(failed.err, "palette")
    true("verification failed, trying alternate source" in stages, f"a stage says so: {stages}")
    equal(home.json("market", "list")["total"], 0)


@test
def n7_forged_records_are_neither_kept_nor_believed(home):
    other, lying, third = home.another(), home.another(), home.another()
    there = start(other)
    start(lying, there, lie="records")
    start(third, there)
    meet(other, lying, third)
    publish(other, make_pack(other, "palette"))
    start(home, there)
    wait_until(lambda: len(peers(home)) >= 2, what="some peers")
    wait_until(lambda: home.json("market", "search", "palette")["total"] == 1, what="the package")
    home.run("market", "install", "palette")
    theirs = other.json("market", "key", "show")["key"]["public_key"]
    lock = json.loads((home.path / "packages" / "ggen.lock").read_text(encoding="utf-8"))
    equal({entry["publisher"] for entry in lock["packages"].values()}, {theirs})


@test
def n8_a_node_whose_network_cannot_start_says_why_and_the_file_registry_goes_on(home):
    publish(home, make_pack(home, "palette"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        env = nodes.environment(listen=f"/ip4/127.0.0.1/tcp/{taken.getsockname()[1]}")
        refused = home.run("node", "run", env=env, ok=1)
    contains(refused.err, "Address already in use")
    matches(refused.err, "(?m)^hint: ")
    home.run("market", "install", "palette")


@test
def n9_what_a_provider_gave_before_it_failed_is_not_fetched_again(home):
    other, helper = home.another(), home.another()
    there = start(other, settings="storage.replicas = 1\n")
    start(helper, there)
    meet(other, helper)
    big = make_pack(other, "big")
    (big / "bytes").write_bytes(Path("/dev/urandom").open("rb").read(24 << 20))
    publish(other, big)
    wait_until(lambda: hosted(helper) == 1, what="a second host")
    start(home, there)
    meet(home, other, helper)
    call = home.start("market", "install", "big")
    wait_until(lambda: home.json("p2p", "status")["received_bytes"] > 1 << 20, what="the first chunks")
    other.node.kill()
    equal(call.wait(60), 0)
    home.run("market", "verify")
    true(home.json("p2p", "status")["received_bytes"] < 40 << 20, "no chunk that was there came again")


main()
