# SPDX-License-Identifier: MIT
"""IPv6: nodes on ::1, nodes on all of both families, and who has a whole network of addresses."""
import sys

from homes import make_pack, publish
from netns import Lan
from nodes import id_of, peers, start
from tap import ROOT, contains, equal, main, test, wait_until

STRANGERS_MAX = 5           # of swarm, from one address

def family(home, peer_id):
    """By which family of addresses the node is connected with that peer."""
    [address] = [peer["address"] for peer in home.json("p2p", "peers")["peers"] if peer["peer_id"] == peer_id]
    return address.split("/")[1]


@test
def two_nodes_on_loopback_meet_and_one_installs_what_the_other_publishes(home):
    other = home.another()
    there = start(other, listen="/ip6/::1/tcp/0")
    contains(there, "/ip6/::1/tcp/")
    publish(other, make_pack(other, "sixth"))
    start(home, there, listen="/ip6/::1/tcp/0")
    wait_until(lambda: id_of(there) in peers(home), what="the other node")
    wait_until(lambda: home.json("market", "search", "sixth")["results"], what="the package")
    home.run("market", "install", "sixth")
    wait_until(lambda: home.json("p2p", "status")["dialable"] is True, what="a dial back")


@test
def who_listens_on_all_of_ipv6_takes_ipv4_too(home):
    other, third = home.another(), home.another()
    there = start(other, listen="/ip6/::/tcp/0")
    port = there.split("/tcp/")[1]
    start(home, listen="/ip6/::/tcp/0")
    home.run("p2p", "connect", f"/ip4/127.0.0.1/tcp/{port}")
    equal(family(home, id_of(there)), "ip4")
    wait_until(lambda: other.json("p2p", "status")["dialable"] is True, what="a dial back")
    start(third)
    third.run("p2p", "connect", f"/ip6/::1/tcp/{port}")
    equal(family(third, id_of(there)), "ip6")


@test
def who_has_a_64_of_ipv6_has_as_many_silent_connections_as_who_has_one_address(home):
    other, hostile = home.another(), home.another()
    lan = Lan(home)
    host = lan.host(home, "fd00:77::1/64")
    attacker = lan.host(hostile, "fd00:77::66/64")
    attacker.ip("route", "add", "local", "fd00:66::/64", "dev", "lo")
    host.ip("route", "add", "fd00:66::/64", "via", "fd00:77::66")
    attacker.run("sh", "-c", "echo 1 > /proc/sys/net/ipv6/ip_nonlocal_bind")
    lan.host(other, "fd00:77::2/64")
    there = start(home, listen="/ip6/::/tcp/4101")
    sources = [f"fd00:66::{number:x}" for number in range(1, 41)]
    silent = hostile.start_program([sys.executable, ROOT / "tests" / "silent.py", "--on",
                                    "fd00:77::1", 4101, *sources])
    order = [int(word) for word in silent.wait_for(r"^closed (.*)$")[1].split()]
    equal(sorted(order[-STRANGERS_MAX:]), list(range(STRANGERS_MAX)), "who was let in")
    start(other, f"/ip6/fd00:77::1/tcp/4101/p2p/{id_of(there)}", listen="/ip6/::/tcp/4101")
    wait_until(lambda: id_of(there) in peers(other), what="an honest node to be let in")


main()
