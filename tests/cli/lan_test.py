# SPDX-License-Identifier: MIT
"""Nodes that find each other on a local network with nothing configured: in network namespaces."""
import json

from homes import make_pack, publish
from netns import Lan
from tap import equal, main, test, wait_until

#  Nothing but these: no bootstrap node, the default place to listen.
PLAIN = {"GGEN_P2P_ENABLED": "true", "GGEN_P2P_LAN": "true"}


def start(home, **env):
    home.node = home.start("node", "run", env={**PLAIN, **env})
    home.node.wait_for("node runs: ")
    return wait_until(lambda: (found := home.json("p2p", "status"))["addresses"] and found,
                      what="an address that is bound")


def peers(home):
    return {peer["peer_id"] for peer in home.json("p2p", "peers")["peers"]}


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
    wait_until(lambda: peers(home) == {there["peer_id"]}, what="the other node")
    found = wait_until(lambda: home.json("market", "search", "palette")["results"],
                       what="the packages to be found")
    equal({result["id"] for result in found}, {"palette", "palette-base"})
    home.run("market", "install", "palette")
    home.run("market", "verify")
    lock = json.loads((home.path / "packages" / "ggen.lock").read_text())["packages"]
    equal({entry["publisher"] for entry in lock.values()},
          {other.json("market", "key", "show")["key"]["public_key"]})


main()
