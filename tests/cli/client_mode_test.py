# SPDX-License-Identifier: MIT
"""Without a node of their own: search, info and install that look into the network for one call."""
import json
import os
import shutil
import signal
import socket
import threading
import time

from homes import make_pack, publish
from netns import Lan
from nodes import STRANGER, environment, start
from tap import contains, equal, lacks, main, skip, slack_s, test, true, wait_until

UNREACHABLE = "P2P network unreachable, using local registry"


def knows(*addresses):
    """The environment of a call that knows these bootstrap nodes."""
    return environment(*addresses, listen=None)


def publishing(home):
    """A node that has two packages, one of which needs the other; its address."""
    there = start(home)
    publish(home, make_pack(home, "palette-base"))
    publish(home, make_pack(home, "palette", requires=["palette-base"],
                            description="Colours for ontologies"))
    return there


def silent(home):
    """An address that takes connections and says nothing."""
    listener = socket.create_server(("127.0.0.1", 0))
    home.listener = listener                    # stays open as long as the home
    return f"/ip4/127.0.0.1/tcp/{listener.getsockname()[1]}/p2p/{STRANGER}"


def closed():
    """An address at which nobody is."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return f"/ip4/127.0.0.1/tcp/{port}/p2p/{STRANGER}"


def everything_in(home):
    return sorted(str(path.relative_to(home.dir)) for path in home.dir.rglob("*"))


@test
def a_word_is_found_and_its_package_installed_with_what_it_needs(home):
    other = home.another()
    env = knows(publishing(other))
    found = home.json("market", "search", "ontologies", env=env)
    equal([result["id"] for result in found["results"]], ["palette"])
    equal((found["incomplete"], found["warnings"]), (False, []))
    equal(home.json("market", "info", "palette", env=env)["package"]["source"], "p2p")
    contains(home.run("market", "policy", "palette", env=env).out, "p2p")
    home.run("market", "install", "palette", env=env)
    home.run("market", "verify")
    lock = json.loads((home.path / "packages" / "ggen.lock").read_text())["packages"]
    theirs = other.json("market", "key", "show")["key"]["public_key"]
    equal(sorted(lock), ["palette-base@1.0.0", "palette@1.0.0"])
    equal({entry["publisher"] for entry in lock.values()}, {theirs})


@test
def the_settings_file_can_name_the_bootstrap_node_too(home):
    other = home.another()
    there = publishing(other)
    home.path.mkdir()
    home.write("ggen/config.toml", f'[network]\nbootstrap_nodes = ["{there}"]\n')
    found = home.json("market", "search", "ontologies", env={"GGEN_P2P_ENABLED": "true"})
    equal([result["id"] for result in found["results"]], ["palette"])


@test
def a_newer_version_is_seen_and_installed(home):
    other = home.another()
    env = knows(publishing(other))
    home.run("market", "install", "palette", env=env)
    publish(other, make_pack(other, "palette", version="1.1.0", requires=["palette-base"]))
    outdated = home.json("market", "outdated", env=env, ok=3)
    equal([(one["name"], one["wanted"]) for one in outdated["packages"]], [("palette", "1.1.0")])
    home.run("market", "update", env=env)
    equal(home.json("market", "outdated", env=env)["packages"], [])


@test
def it_asks_and_does_not_stay_nor_is_kept_by_others(home):
    other = home.another()
    env = knows(publishing(other))
    home.json("market", "search", "ontologies", env=env)
    wait_until(lambda: not other.json("p2p", "peers")["peers"], what="the end of the session")
    equal(other.json("p2p", "status")["dht_contacts"], 0)


@test
def what_only_reads_creates_nothing(home):
    other = home.another()
    env = knows(publishing(other))
    before = everything_in(home)
    home.json("market", "search", "ontologies", env=env)
    home.json("market", "info", "palette", env=env)
    equal(everything_in(home), before)


@test
def a_home_that_may_not_be_written_is_searched_from(home):
    other = home.another()
    env = knows(publishing(other))
    home.run("market", "key", "generate")
    try:
        home.path.chmod(0o500)
        equal(home.json("market", "search", "ontologies", env=env)["total"], 1)
    finally:
        home.path.chmod(0o700)


@test
def the_identity_of_the_home_is_used_and_never_by_two_calls(home):
    other = home.another()
    env = knows(publishing(other))
    start(home)
    equal(home.node.stop(), 0)
    calls = [home.start("market", "search", "ontologies", "--json", env=env) for _ in range(4)]
    for call in calls:
        equal(call.wait(), 0)
        equal(json.loads(call.out)["total"], 1)
        equal(json.loads(call.out)["incomplete"], False)


@test
def one_call_after_the_other_finds_the_same(home):
    other = home.another()
    env = knows(publishing(other))
    start(home)
    equal(home.node.stop(), 0)
    for _ in range(8):
        found = home.json("market", "search", "ontologies", env=env)
        equal((found["total"], found["incomplete"]), (1, False))


@test
def two_installs_at_once_both_succeed(home):
    other = home.another()
    there = publishing(other)
    publish(other, make_pack(other, "brushes"))
    calls = [home.start("market", "install", name, env=knows(there))
             for name in ("palette", "brushes")]
    equal([call.wait() for call in calls], [0, 0])
    listed = {package["name"] for package in home.json("market", "list")["packages"]}
    equal(listed, {"palette", "palette-base", "brushes"})


@test
def when_nobody_is_there_local_results_come_with_the_reason(home):
    publish(home, make_pack(home, "palette", description="Colours for ontologies"))
    for verb in (["search", "ontologies"], ["info", "palette"], ["install", "palette", "--dry-run"]):
        told = home.run("market", *verb, env=knows(closed()))
        contains(told.out, "palette")
        equal(told.err.count(UNREACHABLE), 1)
    found = home.json("market", "search", "ontologies", env=knows(closed()))
    equal((found["total"], found["incomplete"], found["warnings"]), (1, True, [UNREACHABLE]))
    contains(home.run("market", "search", "ontologies", env=knows(closed())).out, "(incomplete)")


@test
def a_failure_says_that_the_network_was_not_there(home):
    failed = home.run("market", "install", "palette", ok=1, env=knows(closed()))
    contains(failed.err, f"warning: {UNREACHABLE}\nerror: palette: not found")
    error = home.json("market", "install", "palette", ok=1, env=knows(closed()))["error"]
    equal((error["code"], error["details"]["warning"]), ("PACKAGE_NOT_FOUND", UNREACHABLE))


@test
def a_node_that_has_gone_is_missed_but_known_packages_stay(home):
    other = home.another()
    env = knows(publishing(other))
    home.run("market", "install", "palette", env=env)
    equal(other.node.stop(), 0)
    told = home.run("market", "install", "palette", env=env)
    contains(told.err, UNREACHABLE)
    contains(told.out, "all of it is installed")


@test
def what_is_asked_for_exactly_and_at_hand_needs_no_network(home):
    publish(home, make_pack(home, "palette"))
    told = home.run("market", "install", "palette@1.0.0", env=knows(closed()))
    equal(told.err.count(UNREACHABLE), 0)
    home.run("market", "install", "--frozen", env=knows(silent(home)), deadline_s=4 + slack_s())


@test
def offline_and_the_file_registry_alone_ask_nobody(home):
    publish(home, make_pack(home, "palette"))
    for words in (["install", "palette", "--offline"], ["search", "palette", "--registry", "file"],
                  ["install", "palette", "--registry", "file"]):
        told = home.run("market", *words, env=knows(silent(home)), deadline_s=4 + slack_s())
        lacks(told.err, UNREACHABLE)


@test
def a_network_that_does_not_answer_is_given_up(home):
    publish(home, make_pack(home, "palette"))
    begun = time.monotonic()
    told = home.run("market", "search", "palette", env=knows(silent(home)))
    contains(told.err, UNREACHABLE)
    contains(told.out, "(incomplete)")
    true(time.monotonic() - begun < 8 + slack_s(), "it waits for 5 s")


@test
def with_a_timeout_a_search_gives_what_there_is_by_then(home):
    publish(home, make_pack(home, "palette"))
    begun = time.monotonic()
    found = home.json("market", "search", "palette", "--timeout", "1", env=knows(silent(home)))
    equal((found["total"], found["incomplete"]), (1, True))
    true(time.monotonic() - begun < 3 + slack_s(), "it gives up in time")
    failed = home.run("market", "install", "nothing", "--timeout", "1", ok=1,
                      env=knows(silent(home)))
    contains(failed.err, "gave up after 1 s")


@test
def ctrl_c_ends_it_at_once(home):
    publish(home, make_pack(home, "palette"))
    for words in (["search", "palette"], ["install", "palette"]):
        address = silent(home)
        call = home.start("market", *words, env=knows(address))
        peer, _ = home.listener.accept()        # it has dialled
        begun = time.monotonic()
        call.send_signal(signal.SIGINT)
        equal(call.wait(), 130)
        true(time.monotonic() - begun < 2 + slack_s(), "it ends soon")
        contains(call.err, "cancelled")
        peer.close()
    equal(home.json("market", "list")["packages"], [])


@test
def without_a_way_into_the_network_no_socket_is_opened(home):
    publish(home, make_pack(home, "palette"))
    if not shutil.which("strace"):
        skip("strace is not installed")
    trace = home.dir / "trace"
    home.run_program(["strace", "-f", "-e", "trace=socket", "-o", trace, os.environ["GGEN"],
                      "market", "search", "palette"],
                     env={"GGEN_P2P_ENABLED": "true", "ASAN_OPTIONS": "detect_leaks=0"})    # nor ptrace
    lacks(trace.read_text(), "AF_INET")


@test
def the_network_by_name_needs_a_node_or_a_way_in(home):
    home.path.mkdir()
    home.write("ggen/config.toml", "[network]\nlan_discovery = false\n")
    error = home.json("market", "search", "ontologies", "--registry", "p2p", ok=1,
                      env={"GGEN_P2P_ENABLED": "true"})["error"]
    equal(error["code"], "NODE_NOT_STARTED")
    contains(error["hint"], "ggen p2p start")


@test
def what_is_published_without_a_node_is_said_to_wait_for_one(home):
    contains(home.run("market", "publish", make_pack(home, "palette"), env=knows(closed())).err,
             "note: the network is told of palette 1.0.0 when a node runs")
    lacks(home.run("market", "publish", make_pack(home, "brushes")).err, "the network")


class Door:
    """A port that leads to another, and lets only so many bytes come from there until it is opened."""

    def __init__(self, port, bytes_max):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._goes_to, self._left, self._open = port, bytes_max, threading.Event()
        self.port = self._listener.getsockname()[1]
        self.shut = threading.Event()           # somebody waits at it
        self._run(self._serve)

    def open(self):
        self._open.set()

    def _run(self, *call):
        threading.Thread(target=call[0], args=call[1:], daemon=True).start()

    def _serve(self):
        while True:
            one, _ = self._listener.accept()
            other = socket.create_connection(("127.0.0.1", self._goes_to))
            self._run(self._pass_on, one, other, False)
            self._run(self._pass_on, other, one, True)

    def _pass_on(self, one, other, counted):
        try:
            while data := one.recv(65536):
                if counted and not self._open.is_set():
                    self._left -= len(data)
                    if self._left < 0:
                        self.shut.set()
                        self._open.wait()
                other.sendall(data)
        except OSError:
            pass


@test
def an_install_that_is_interrupted_half_way_changes_nothing_and_goes_on_later(home):
    other = home.another()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    door = Door(port, 900_000)
    there = start(other, listen=f"/ip4/127.0.0.1/tcp/{port}", GGEN_P2P_BULK="false",
                  GGEN_P2P_ANNOUNCE=f"/ip4/127.0.0.1/tcp/{door.port}")
    pack = make_pack(other, "landscape")
    (pack / "stones.bin").write_bytes(os.urandom(2_000_000))
    publish(other, pack)
    call = home.start("market", "install", "landscape", env=knows(there))
    true(door.shut.wait(60), "its bytes are on their way")
    call.send_signal(signal.SIGINT)
    equal(call.wait(), 130)
    contains(call.err, "nothing was changed")
    equal(home.json("market", "list")["packages"], [])
    door.open()
    home.run("market", "install", "landscape", env=knows(there))
    home.run("market", "verify")


@test
def with_nothing_but_the_beacon_a_neighbour_is_found(home):
    other = home.another()
    lan = Lan(home)
    lan.host(home, "10.77.0.1/24")
    lan.host(other, "10.77.0.2/24")
    plain = environment(listen=None, GGEN_P2P_LAN="true")
    start(other, listen=None, GGEN_P2P_LAN="true")
    publish(other, make_pack(other, "palette-base"))
    publish(other, make_pack(other, "palette", requires=["palette-base"],
                             description="Colours for ontologies"))
    found = home.json("p2p", "search", "ontologies", env=plain)
    equal([result["id"] for result in found["results"]], ["palette"])
    home.run("market", "install", "palette", env=plain)
    home.run("market", "verify")


@test
def who_asks_for_the_network_and_finds_nobody_is_told(home):
    lan = Lan(home)
    lan.host(home, "10.77.0.1/24")
    begun = time.monotonic()
    told = home.run("p2p", "search", "ontologies",
                    env=environment(listen=None, GGEN_P2P_LAN="true"))
    contains(told.err, "operating in offline mode")
    contains(told.out, "(incomplete)")
    true(time.monotonic() - begun < 5 + slack_s(), "it gives up soon")


main()
