# SPDX-License-Identifier: MIT
"""Who can be dialled and who cannot: real nodes, one of them behind a NAT, in network namespaces."""
import nodes
from homes import make_pack
from netns import Lan
from nodes import id_of
from tap import contains, equal, lacks, main, test, wait_until


def start(home, *bootstraps):
    return nodes.start(home, *bootstraps, listen="/ip4/0.0.0.0/tcp/4101")


def tiers(home):
    return {peer["peer_id"]: peer["tier"] for peer in home.json("p2p", "peers")["peers"]}


def wait_dialable(home, wanted):
    wait_until(lambda: home.json("p2p", "status")["dialable"] is wanted, 60,
               f"dialable to be {wanted}")


def internet(home, count):
    """(lan, homes): 'count' homes on hosts with addresses of their own, in different networks, each a
    node that knows the first."""
    lan, homes, first = Lan(home), [], None
    for number in range(1, count + 1):
        homes.append(home.another())
        lan.host(homes[-1], f"11.{number}.0.1/8")
        address = start(homes[-1], *([first] if first else []))
        first = first or address
    return lan, homes, first


def hide(lan, home):
    """Put 'home' behind a NAT."""
    lan.bridge("home0")
    lan.router(home, "11.99.0.1/8", "192.168.7.1/24", "home0")
    host = lan.host(home, "192.168.7.2/24", network="home0")
    host.ip("route", "add", "default", "via", "192.168.7.1")


@test
def a_node_behind_a_nat_learns_it_and_its_publish_is_stored_by_those_who_can_be_dialled(home):
    lan, others, first = internet(home, 3)
    hide(lan, home)
    for other in others[1:]:
        wait_until(lambda: len(tiers(other)) >= 1, what="peers")
    for other in others:
        wait_dialable(other, True)
    here = id_of(start(home, first))
    wait_dialable(home, False)
    wait_until(lambda: tiers(others[0]).get(here) == "client", what="the client to be known as one")
    wait_until(lambda: len(tiers(home)) == 3, what="all three to be found by way of the first")
    contains(home.run("p2p", "status").out, "no: others cannot connect to this node")
    done = home.run("market", "publish", make_pack(home, "hidden"))
    lacks(done.err, "stored on")
    equal(home.node.stop(), 0)
    wait_until(lambda: all(here not in tiers(other) for other in others), what="its end")
    reader = others[2]
    reader.run("market", "install", "hidden")
    reader.run("market", "verify")


@test
def with_too_few_who_can_be_dialled_a_publish_says_on_how_many_it_is_stored(home):
    lan, others, first = internet(home, 2)
    hide(lan, home)
    for other in others:
        wait_dialable(other, True)
    start(home, first)
    wait_dialable(home, False)
    wait_until(lambda: len(tiers(home)) == 2, what="both")
    done = home.run("market", "publish", make_pack(home, "hidden"))
    contains(done.err, "hidden@1.0.0 is stored on 2 of 3 hosts; the others are tried again")
    others.append(home.another())
    lan.host(others[-1], "11.3.0.1/8")
    third = start(others[-1], first)
    wait_dialable(others[-1], True)
    home.run("p2p", "connect", third)
    wait_until(lambda: others[-1].json("p2p", "status")["serving"] == 1, 60, "the third to store it")


@test
def nodes_that_can_be_dialled_know_it(home):
    _, others, _ = internet(home, 2)
    for other in others:
        wait_dialable(other, True)
        contains(other.run("p2p", "status").out, "yes")
        equal(set(tiers(other).values()), {"community"})


main()
