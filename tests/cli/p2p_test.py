# SPDX-License-Identifier: MIT
"""Nodes of the network, real ones, on loopback: they meet, and what one publishes another installs."""
import json
import os
import re
import socket
import threading
from contextlib import contextmanager
from pathlib import Path

from homes import make_pack, publish
from nodes import LOOPBACK, environment, id_of, key_of, peers, start
from tap import contains, equal, lacks, main, matches, slack_s, test, true, wait_until


def is_kept(home, peer_id):
    """Whether the node has written down who that is."""
    files = (home.path / "p2p").glob("state.db*")
    return any(key_of(peer_id) in path.read_bytes() for path in files)


def listening_port(pid):
    """The TCP port that a process listens at; None: not yet."""
    links = (os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir())
    inodes = {link[8:-1] for link in links if link.startswith("socket:[")}
    rows = (line.split() for name in ("tcp", "tcp6")
            for line in Path("/proc/net", name).read_text(encoding="ascii").splitlines())
    return next((int(row[1].split(":")[1], 16) for row in rows if row[3] == "0A" and row[9] in inodes),
                None)


def pass_on(one, other):
    """Pass bytes from one connection to another until either ends."""
    try:
        while data := one.recv(65536):
            other.sendall(data)
    except OSError:
        pass
    other.close()


@contextmanager
def forwarder():
    """A port that is forwarded: to the port that is put into the list; whom it served is in another."""
    goes_to, seen = [], []
    with socket.create_server(("127.0.0.1", 0)) as door:
        def serve():
            while True:
                try:
                    one, _ = door.accept()
                except OSError:
                    return
                other = socket.create_connection(("127.0.0.1", goes_to[0]))
                seen.append(other)
                for pair in ((one, other), (other, one)):
                    threading.Thread(target=pass_on, args=pair, daemon=True).start()
        threading.Thread(target=serve, daemon=True).start()
        yield door.getsockname()[1], goes_to, seen
        door.shutdown(socket.SHUT_RDWR)


@test
def two_nodes_connect_and_part(home):
    other = home.another()
    here, there = start(home), start(other)
    equal(peers(home), set())
    contains(home.run("p2p", "connect", there).out, id_of(there))
    equal(peers(home), {id_of(there)})
    wait_until(lambda: peers(other) == {id_of(here)}, what="the other side")
    true(home.json("p2p", "connect", there)["was_connected"], "there is one session only")
    home.run("p2p", "disconnect", id_of(there))
    equal(peers(home), set())
    wait_until(lambda: not peers(other), what="the other side")


@test
def who_was_disconnected_can_be_connected_with_again_at_once(home):
    other = home.another()
    there, _ = start(other), start(home)
    for _ in range(5):
        home.run("p2p", "connect", there)
        equal(peers(home), {id_of(there)})
        home.run("p2p", "disconnect", id_of(there))
        equal(peers(home), set())


@test
def a_node_on_all_interfaces_says_where_others_can_dial_it(home):
    other = home.another()
    start(other, listen="/ip4/0.0.0.0/tcp/0")
    status = other.json("p2p", "status")
    lacks(" ".join(status["addresses"]), "/0.0.0.0/")
    matches(status["addresses"][-1], "^/ip4/127[.]0[.]0[.]1/tcp/[1-9]")
    shown = [f'{address}/p2p/{status["peer_id"]}' for address in status["addresses"]]
    printed = other.run("p2p", "status").out
    lacks(printed, "0.0.0.0")
    for address in shown:
        contains(printed, address)
    start(home)
    for address in shown:
        home.run("p2p", "connect", address)
    equal(peers(home), {status["peer_id"]})


@test
def a_node_that_announces_another_address_is_dialled_there(home):
    other, third = home.another(), home.another()
    other.write("ggen/config.toml", "[network]\nbulk = false\n")      # so it listens at one port
    with forwarder() as (port, goes_to, seen):
        announced = f"/ip4/127.0.0.1/tcp/{port}"
        there = start(other, GGEN_P2P_ANNOUNCE=announced, GGEN_P2P_BULK="false")
        equal(there.split("/p2p/")[0], announced)
        goes_to.append(wait_until(lambda: listening_port(other.node.pid), what="the node's own port"))
        start(third, there)
        wait_until(lambda: peers(third) == {id_of(there)}, what="the peer behind the forwarded port")
        true(seen, "they met through it")
        equal(other.json("p2p", "status")["addresses"], [announced])


@test
def an_address_that_nobody_can_dial_is_not_announced(home):
    env = environment(GGEN_P2P_ANNOUNCE="/ip4/0.0.0.0/tcp/0")
    refused = home.run("node", "run", env=env, ok=1)
    contains(refused.err, "network.announce_addresses: /ip4/0.0.0.0/tcp/0: nobody can dial that")


@test
def another_key_at_the_address_is_no_peer(home):
    other, third = home.another(), home.another()
    start(home)
    there, elsewhere = start(other), start(third)
    wrong = there.replace(id_of(there), id_of(elsewhere))
    refused = home.run("p2p", "connect", wrong, ok=1)
    matches(refused.err, "^error: ")
    equal(peers(home), set())


@test
def what_one_publishes_the_other_finds_by_a_word_and_installs(home):
    other = home.another()
    there = start(other)
    start(home, there)
    wait_until(lambda: peers(home) == {id_of(there)}, what="the bootstrap node")
    publish(other, make_pack(other, "palette-base"))
    publish(other, make_pack(other, "palette", requires=["palette-base"]))
    found = wait_until(lambda: home.json("market", "search", "palette")["results"],
                       what="the packages to be found")
    equal({result["id"] for result in found}, {"palette", "palette-base"})
    home.run("market", "install", "palette")
    home.run("market", "verify")
    lock = json.loads((home.path / "packages" / "ggen.lock").read_text())["packages"]
    theirs = other.json("market", "key", "show")["key"]["public_key"]
    equal(sorted(lock), ["palette-base@1.0.0", "palette@1.0.0"])
    equal({entry["publisher"] for entry in lock.values()}, {theirs})


@test
def what_was_published_before_they_met_is_found_too(home):
    other = home.another()
    there = start(other)
    publish(other, make_pack(other, "early"))
    start(home, there)
    wait_until(lambda: home.json("market", "search", "early", "--registry", "p2p")["results"],
               what="the package to be found")
    home.run("market", "install", "early")


@test
def a_node_keeps_its_peer_id_and_its_peers(home):
    other = home.another()
    there, here = start(other), start(home)
    home.run("p2p", "connect", there)
    wait_until(lambda: is_kept(home, id_of(there)), what="the peer to be remembered")
    equal(home.node.stop(), 0)
    again = start(home)
    equal(id_of(again), id_of(here))
    wait_until(lambda: peers(home) == {id_of(there)}, what="the peer it knew")
    equal((home.path / "p2p" / "keypair").stat().st_mode & 0o777, 0o600)


@test
def a_node_that_is_stopped_at_once_keeps_what_it_knows(home):
    other = home.another()
    there, here = start(other), start(home)
    home.run("p2p", "connect", there)
    equal(home.node.stop(deadline_s=10 + slack_s()), 0)
    true(is_kept(home, id_of(there)), "whom it met")
    equal(id_of(start(home)), id_of(here))
    wait_until(lambda: peers(home) == {id_of(there)}, what="the peer it knew")


@test
def flags_say_where_a_node_listens_and_whom_it_joins(home):
    other = home.another()
    network = environment(listen="/ip4/127.0.0.2/tcp/0")
    there = start(other)
    home.run("p2p", "start", "--daemon", "-l", LOOPBACK, "--listen", "/ip4/127.0.0.3/tcp/0",
             "-b", there, "--no-dht-server", "--topic", "/own/topic", env=network)
    status = wait_until(lambda: (found := home.json("p2p", "status"))["peers"] and found,
                        what="the bootstrap node")
    equal([address.split("/")[2] for address in status["addresses"]], ["127.0.0.1", "127.0.0.3"])
    equal(status["dht_server"], False)
    equal([topic["topic"] for topic in status["topics"]], ["/own/topic"])
    home.stop_node()


@test
def an_address_that_is_none_is_told_before_the_node_runs(home):
    for words in (["--listen", "nonsense"], ["-d", "-l", "nonsense"]):
        refused = home.run("node", "run", *words, ok=1, env={"GGEN_P2P_ENABLED": "true"})
        contains(refused.err,
                 'error: --listen: network.listen_addresses: expected a list of texts beginning with "/"')


@test
def a_port_that_is_taken_is_told_before_the_node_runs(home):
    other = home.another()
    there = start(home).split("/p2p/")[0]
    refused = other.run("node", "run", env=environment(listen=there), ok=1)
    contains(refused.err, f"error: cannot listen on {there}: Address already in use")
    contains(refused.err, "hint: listen elsewhere: set network.listen_addresses")
    lacks(refused.err, "failed too often")


@test
def a_node_ends_soon_while_others_are_connected(home):
    other = home.another()
    there = start(other)
    start(home, there)
    wait_until(lambda: peers(home) == {id_of(there)}, what="the bootstrap node")
    equal(other.node.stop(deadline_s=5 + slack_s()), 0)
    wait_until(lambda: not peers(home), what="its end to be noticed")


@test
def without_a_node_each_verb_says_how_to_start_one(home):
    contains(home.run("p2p", "status").out, "ggen p2p start")
    equal(home.json("p2p", "status"), {"running": False})
    for words in (["peers"], ["connect", LOOPBACK], ["disconnect", "12D3KooW" + "x" * 44]):
        failed = home.run("p2p", *words, ok=1)
        matches(failed.err, "^error: ")
    contains(home.run("p2p", "peers", ok=1).err, "hint: start one: ggen p2p start")


@test
def what_is_no_address_is_told_with_the_reason(home):
    start(home)
    for word in ("/ip4/1.2.3/tcp/4", "/ip4/127.0.0.1/udp/1", "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N",
                 "nonsense"):
        failed = home.run("p2p", "connect", word, ok=1)
        matches(failed.err, "^error: " + re.escape(word[:20]))
        contains(failed.err, "hint: ")
    lacks(home.run("p2p", "peers").out, "12D3")


main()
