# SPDX-License-Identifier: MIT
"""Nodes that find each other on a local network with nothing configured: in network namespaces."""
import json
import re
import sys
from pathlib import Path

import nodes
from homes import make_pack, publish
from netns import Lan
from nodes import LOOPBACK, id_of, peers
from tap import ROOT, contains, equal, main, moment, test, true, wait_until


def start(home, listen=None, lan="true", **env):
    """Nothing but this: no bootstrap node, the default place to listen. The peer id."""
    return id_of(nodes.start(home, listen=listen, GGEN_P2P_LAN=lan, **env))


def tool(home, *words):
    return home.start_program([sys.executable, ROOT / "tests" / "beacon_tool.py", *words])


def memory_kib(home):
    """Private memory of the node."""
    status = open(f"/proc/{home.node.pid}/status", encoding="ascii").read()
    return int(re.search(r"^RssAnon:\s+(\d+) kB", status, re.MULTILINE)[1])


def descriptors(home):
    return len(list((Path("/proc") / str(home.node.pid) / "fd").iterdir()))


def found(home, word):
    return {result["id"] for result in home.json("market", "search", word)["results"]}


@test
def what_one_publishes_another_finds_by_the_beacon_and_installs(home):
    other = home.another()
    lan = Lan(home)
    lan.host(home, "10.77.0.1/24")
    lan.host(other, "10.77.0.2/24")
    there = start(other)
    publish(other, make_pack(other, "palette-base"))
    publish(other, make_pack(other, "palette", requires=["palette-base"]))
    start(home)
    wait_until(lambda: peers(home) == {there}, what="the other node")
    wait_until(lambda: found(home, "palette") == {"palette", "palette-base"},
               what="the packages to be found")
    home.run("market", "install", "palette")
    home.run("market", "verify")
    lock = json.loads((home.path / "packages" / "ggen.lock").read_text())["packages"]
    equal({entry["publisher"] for entry in lock.values()},
          {other.json("market", "key", "show")["key"]["public_key"]})


@test
def without_a_node_one_call_finds_the_others_by_their_beacons(home):
    other = home.another()
    lan = Lan(home)
    lan.host(home, "10.77.0.1/24")
    lan.host(other, "10.77.0.2/24")
    start(other)
    publish(other, make_pack(other, "palette-base"))
    publish(other, make_pack(other, "palette", requires=["palette-base"]))
    env = nodes.environment(listen=None, GGEN_P2P_LAN="true")
    results = home.json("market", "search", "palette", env=env)["results"]
    equal({result["id"] for result in results}, {"palette", "palette-base"})
    home.run("market", "install", "palette", env=env)
    home.run("market", "verify")


@test
def who_came_first_or_last_does_not_matter(home):
    others = [home.another() for _ in range(3)]
    lan = Lan(home)
    ids = set()
    for number, node in enumerate((home, *others), 1):
        lan.host(node, f"10.77.0.{number}/24")
        ids.add(start(node))
    for node in (home, *others):
        wait_until(lambda: len(peers(node)) == 3, what="all others")
        shown = node.json("p2p", "peers")["peers"]
        wait_until(lambda: all(peer["lan"] for peer in node.json("p2p", "peers")["peers"]), 60,
                   "all to be known as near")
        equal({peer["address"].split("/")[2].rsplit(".", 1)[0] for peer in shown}, {"10.77.0"})


@test
def a_network_that_is_joined_later_is_used(home):
    other = home.another()
    lan = Lan(home)
    lan.host(other, "10.77.0.2/24")
    host = lan.host(home)
    there = start(other)
    start(home)
    equal(peers(home), set())
    host.ip("address", "add", "10.77.0.1/24", "dev", "eth0")
    wait_until(lambda: peers(home) == {there}, what="the other node")


@test
def a_network_of_ipv6_alone_will_do(home):
    other = home.another()
    lan = Lan(home)
    lan.host(home, "fd00:77::1/64")
    lan.host(other, "fd00:77::2/64")
    there = start(other, listen="/ip6/::/tcp/0")
    start(home, listen="/ip6/::/tcp/0")
    wait_until(lambda: peers(home) == {there}, what="the other node")
    contains(home.run("p2p", "peers").out, "/ip6/fd00:77::2/")


@test
def one_that_is_switched_off_or_listens_here_only_is_silent(home):
    other = home.another()
    lan = Lan(home)
    lan.host(home, "10.77.0.1/24")
    lan.host(other, "10.77.0.2/24")
    ear = tool(other, "hear", "10.77.0.2")
    ear.wait_for("^hearing$")
    for silent in ({"lan": "false"}, {"listen": LOOPBACK}):
        start(home, **silent)
        moment(0.5)
        home.node.stop()
    equal(ear.out, "hearing\n")
    start(home, GGEN_P2P_DHT_SERVER="false")
    ear.wait_for(r"^10\.77\.0\.1 0 asks ")
    home.node.stop()
    start(home, listen="/ip4/10.77.0.1/tcp/4101")
    ear.wait_for(r"^10\.77\.0\.1 4101 asks ")


@test
def a_flood_of_forged_beacons_costs_few_dials_and_no_memory(home):
    other, hostile = home.another(), home.another()
    lan = Lan(home)
    lan.host(home, "10.77.0.1/24")
    lan.host(other, "10.77.0.2/24")
    sources = [f"10.77.0.{number}" for number in range(100, 140)]
    lan.host(hostile, *[f"{source}/24" for source in sources])
    start(home)
    before, open_before = memory_kib(home), descriptors(home)
    flood = tool(hostile, "flood", "10", "10000", "20001", *sources)
    flood.wait_for("^flooding$")
    home.json("p2p", "status")
    ended = flood.wait_for(r"^sent (\d+) dialled (\d+) in (\d+) s$", deadline_s=120)
    sent, dialled, secs = map(int, ended.groups())
    true(dialled <= 9 * secs, f"few dials: {dialled} in {secs} s")
    true(memory_kib(home) - before < 4096, f"memory: {before} KiB, then {memory_kib(home)}")
    wait_until(lambda: descriptors(home) <= open_before + 4, what="descriptors to be back")
    there = start(other)
    wait_until(lambda: there in peers(home), what="an honest node")
    print(f"# beacons sent {sent}, dialled {dialled}, memory +{memory_kib(home) - before} KiB")


main()
