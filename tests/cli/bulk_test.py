# SPDX-License-Identifier: MIT
"""Archives between real nodes: over a bulk connection, and over the session when there is none."""
import os
import socket
import sys
from pathlib import Path

from homes import make_pack, publish
from netns import Lan
from nodes import environment, peers, start
from tap import ROOT, contains, equal, main, test, true, wait_until

MIB = 1 << 20
NEIGHBOURS_MAX = 4          # BULK_NEIGHBOURS_MAX


def publish_large(home, name, mib):
    pack = make_pack(home, name)
    (pack / "data.bin").write_bytes(os.urandom(mib * MIB))
    publish(home, pack)


def install_from(home, other, name, mib, **more):
    """'other' publishes, 'home' knows only its address and installs; both statuses."""
    home.write("ggen/config.toml", "[storage]\nhost_max = 0\n")       # else it may be here already
    there = start(other, **more)
    start(home, there, **more)
    wait_until(lambda: peers(home), what="the bootstrap node")
    publish_large(other, name, mib)
    wait_until(lambda: home.json("market", "search", name)["results"], what="the package")
    home.run("market", "install", name)
    home.run("market", "verify")
    return home.json("p2p", "status"), other.json("p2p", "status")


@test
def a_large_package_comes_over_the_bulk_connection(home):
    here, there = install_from(home, home.another(), "large", 12)
    true(here["received_bytes"] >= 12 * MIB, here)
    #  What is asked before the connection stands comes over the session.
    true(here["bulk_received_bytes"] > here["received_bytes"] * 3 // 4, here)
    true(there["bulk_sent_bytes"] >= here["bulk_received_bytes"], there)
    equal(here["bulk_connections"], 1)
    equal(there["bulk_connections"], 1)
    equal([peer["bulk"] for peer in home.json("p2p", "peers")["peers"]], [True])


@test
def a_package_of_one_chunk_makes_no_connection(home):
    here, _ = install_from(home, home.another(), "small", 0)
    true(here["received_bytes"] > 0, here)
    equal((here["bulk_received_bytes"], here["bulk_connections"]), (0, 0))


@test
def a_node_that_was_dialled_by_name_is_found_for_the_bulk_connection_too(home):
    other = home.another()
    there = start(other).replace("/ip4/127.0.0.1/", "/dns4/localhost/")
    start(home)
    home.run("p2p", "connect", there)
    publish_large(home, "upwards", 3)
    wait_until(lambda: other.json("market", "search", "upwards")["results"], what="the package")
    other.run("market", "install", "upwards")
    wait_until(lambda: home.json("p2p", "status")["bulk_connections"] == 1, what="a connection")


@test
def without_bulk_connections_it_comes_over_the_session(home):
    here, there = install_from(home, home.another(), "large", 12, GGEN_P2P_BULK="false")
    true(here["received_bytes"] >= 12 * MIB, here)
    equal((here["bulk_received_bytes"], there["bulk_sent_bytes"]), (0, 0))
    equal((here["bulk_connections"], there["bulk_connections"]), (0, 0))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def knock(port, said=b""):
    """A connection to the port that says this."""
    stranger = socket.create_connection(("127.0.0.1", port), timeout=30)
    stranger.sendall(said)
    return stranger


def is_cut_off(stranger):
    """Wait until the other side has ended the connection; whether it said nothing before."""
    try:
        return stranger.recv(100) == b""
    except ConnectionResetError:
        return True


def descriptors(process):
    return len(list(Path(f"/proc/{process.pid}/fd").iterdir()))


@test
def strangers_at_the_port_are_cut_off_and_hinder_nobody(home):
    other, port = home.another(), free_port()
    home.write("ggen/config.toml", "[storage]\nhost_max = 0\n")
    there = start(other, GGEN_P2P_BULK_PORT=str(port))
    start(home, there)
    wait_until(lambda: peers(home), what="the bootstrap node")
    publish_large(other, "wanted", 2)
    wait_until(lambda: home.json("market", "search", "wanted")["results"], what="the package")
    before = descriptors(other.node)
    said = [b"", b"G", b"GET / HTTP/1.1\r\n\r\n", b"ggbulk1\0" + bytes(65), b"ggbulk1\0", os.urandom(4096)]
    strangers = [knock(port, said[number % len(said)]) for number in range(180)]
    home.run("market", "install", "wanted")
    for stranger in strangers:
        true(is_cut_off(stranger), "a stranger is told nothing")
        stranger.close()
    #  With a bulk connection it has one more.
    wait_until(lambda: descriptors(other.node) <= before + 1, what="the descriptors to be back")
    publish_large(other, "later", 5)
    wait_until(lambda: home.json("market", "search", "later")["results"], what="the second package")
    home.run("market", "install", "later")


@test
def of_one_address_or_one_64_of_ipv6_so_many_strangers_are_let_in_and_no_more(home):
    hostile = home.another()
    lan = Lan(home)
    crowd = NEIGHBOURS_MAX + 2
    one, others = ["10.77.0.66"] * crowd, [f"fd00:77:0:1::{number}" for number in range(crowd)]
    lan.host(home, "10.77.0.1/24", "fd00:77::1/48")
    lan.host(hostile, "10.77.0.66/24", "10.77.0.67/24", "fd00:77::2/48", *[f"{it}/48" for it in others])
    start(home, listen="/ip6/::/tcp/4101", GGEN_P2P_BULK_PORT="4102")
    for host, own, other in (("10.77.0.1", one, "10.77.0.67"), ("fd00:77::1", others, "fd00:77::2")):
        silent = hostile.start_program([sys.executable, ROOT / "tests" / "silent.py", host, 4102,
                                        *own, other])
        order = [int(word) for word in silent.wait_for(r"^closed (.*)$")[1].split()]
        equal(sorted(order[:2]), [crowd - 2, crowd - 1], f"who was not let in: of {order}")
        true(order[2] != crowd, f"another host is: {order}")


@test
def a_port_that_cannot_be_had_is_told_before_the_node_runs(home):
    port = free_port()
    env = environment(listen=f"/ip4/127.0.0.1/tcp/{port}", GGEN_P2P_BULK_PORT=str(port))
    refused = home.run("node", "run", env=env, ok=1)
    contains(refused.err, f"network.bulk_port: {port} is in network.listen_addresses, too")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        env["GGEN_P2P_BULK_PORT"] = str(taken.getsockname()[1])
        refused = home.run("node", "run", env=env, ok=1)
        contains(refused.err, f'cannot listen on /ip4/127.0.0.1/tcp/{env["GGEN_P2P_BULK_PORT"]}')


main()
