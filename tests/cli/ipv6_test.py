# SPDX-License-Identifier: MIT
"""IPv6: nodes on ::1, nodes on all of both families, and who has a whole network of addresses."""
import sys

from homes import make_pack, publish
from netns import Lan
from tap import contains, equal, main, test, true, wait_until

PLAIN = {"GGEN_P2P_ENABLED": "true"}

#  Connections from 200 addresses of one /64, which say nothing; prints how many are still open when
#  none has been closed for half a second, and goes on.
SILENT = """
import select, socket, sys
def dial(number):
    it = socket.socket(socket.AF_INET6)
    it.bind((f"fd00:66::{number:x}", 0))
    it.connect((sys.argv[1], 4101))
    return it
def is_closed(it):
    try:
        return not it.recv(64)      # else its greeting
    except ConnectionResetError:
        return True
def hold(count, quiet_s):
    open = {dial(number) for number in range(1, count + 1)}
    while readable := select.select(open, [], [], quiet_s)[0]:
        open -= {it for it in readable if is_closed(it)}
    return len(open)
print("open", hold(200, 0.5), flush=True)
while True:
    hold(20, 0.1)
"""


def start(home, listen, *bootstraps):
    home.node = home.start("node", "run", env={**PLAIN, "GGEN_P2P_LISTEN": listen,
                                               "GGEN_P2P_BOOTSTRAP": ",".join(bootstraps)})
    home.node.wait_for("node runs: ")
    status = wait_until(lambda: (found := home.json("p2p", "status"))["addresses"] and found,
                        what="an address that is bound")
    return [f'{address}/p2p/{status["peer_id"]}' for address in status["addresses"]]


def peers(home):
    return {peer["peer_id"]: peer for peer in home.json("p2p", "peers")["peers"]}


def id_of(address):
    return address.rsplit("/", 1)[1]


@test
def two_nodes_on_loopback_meet_and_one_installs_what_the_other_publishes(home):
    other = home.another()
    there = start(other, "/ip6/::1/tcp/0")
    contains(there[0], "/ip6/::1/tcp/")
    publish(other, make_pack(other, "sixth"))
    start(home, "/ip6/::1/tcp/0", there[0])
    wait_until(lambda: id_of(there[0]) in peers(home), what="the other node")
    wait_until(lambda: home.json("market", "search", "sixth")["results"], what="the package")
    home.run("market", "install", "sixth")
    wait_until(lambda: home.json("p2p", "status")["dialable"] is True, what="a dial back")


@test
def who_listens_on_all_of_ipv6_takes_ipv4_too(home):
    other, third = home.another(), home.another()
    there = start(other, "/ip6/::/tcp/0")
    port = there[0].split("/tcp/")[1]
    start(home, "/ip6/::/tcp/0")
    home.run("p2p", "connect", f"/ip4/127.0.0.1/tcp/{port}")
    equal(peers(home)[id_of(there[0])]["address"].split("/")[1], "ip4")
    wait_until(lambda: other.json("p2p", "status")["dialable"] is True, what="a dial back")
    start(third, "/ip4/127.0.0.1/tcp/0")
    third.run("p2p", "connect", f"/ip6/::1/tcp/{port}")
    equal(peers(third)[id_of(there[0])]["address"].split("/")[1], "ip6")


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
    there = start(home, "/ip6/::/tcp/4101")
    silent = hostile.start_program([sys.executable, "-c", SILENT, "fd00:77::1"])
    count = int(silent.wait_for(r"^open (\d+)$")[1])
    true(count <= 5, f"{count} of 200 silent ones are open")
    start(other, "/ip6/::/tcp/4101", f"/ip6/fd00:77::1/tcp/4101/p2p/{id_of(there[0])}")
    wait_until(lambda: id_of(there[0]) in peers(other), what="an honest node to be let in")


main()
