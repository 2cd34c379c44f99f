# SPDX-License-Identifier: MIT
"""Addresses with names: real nodes, a DNS server of our own, in network namespaces."""
import json
import sys
import time

import nodes
from netns import Lan
from nodes import id_of, peers
from tap import ROOT, contains, equal, main, matches, slack_s, test, true, wait_until

SERVER = "127.0.0.53"


def start(home, *bootstraps, listen="/ip4/0.0.0.0/tcp/4101"):
    """The peer id."""
    return id_of(nodes.start(home, *bootstraps, listen=listen))


def resolve_by(home, host, server):
    host.see("/etc/resolv.conf", home.write("resolv.conf", f"nameserver {server}\n"))
    host.see("/etc/nsswitch.conf", home.write("nsswitch.conf", "hosts: files dns\n"))


def two(home):
    """(lan, host of home, another home on a host of its own)."""
    other = home.another()
    lan = Lan(home)
    host = lan.host(home, "10.77.0.1/24", "fd00:77::1/64")
    lan.host(other, "10.77.0.2/24", "fd00:77::2/64")
    return lan, host, other


def serve(home, host, zone):
    """Answer the DNS questions of this host."""
    file = home.write("zone.json", json.dumps(zone))
    server = home.start_program([sys.executable, ROOT / "tests" / "dns_responder.py", SERVER, file])
    server.wait_for("^serving$")
    resolve_by(home, host, SERVER)
    return server


@test
def a_name_is_dialled_where_the_dns_says(home):
    _, host, other = two(home)
    there = start(other, listen="/ip6/::/tcp/4101")
    server = serve(home, host, {"node.test": {"A": ["10.77.0.2"], "AAAA": ["fd00:77::2"]}})
    start(home)
    for kind, asked in (("dns4", "A"), ("dns6", "AAAA"), ("dns", "A")):
        home.run("p2p", "connect", f"/{kind}/node.test/tcp/4101/p2p/{there}")
        equal(peers(home), {there})
        matches(server.out, rf"^{asked} node\.test$")
        home.run("p2p", "disconnect", there)
        wait_until(lambda: not peers(other), what="the other side")


@test
def a_dnsaddr_is_enough_of_a_bootstrap_node(home):
    _, host, other = two(home)
    there = start(other)
    server = serve(home, host, {
        "_dnsaddr.boot.test": {"TXT": ["dnsaddr=/dnsaddr/deep.test", "unrelated", "x" * 300]},
        "_dnsaddr.deep.test": {"TXT": [f"dnsaddr=/dns4/node.test/tcp/4101/p2p/{there}",
                                       "dnsaddr=/dnsaddr/boot.test"]},
        "node.test": {"A": ["10.77.0.2"]}})
    start(home, "/dnsaddr/boot.test")
    wait_until(lambda: peers(home) == {there}, what="the node behind the name")
    true(server.out.count("_dnsaddr.boot.test") <= 3, "a loop ends")


@test
def a_name_that_leads_nowhere_is_told(home):
    _, host, other = two(home)
    there = start(other)
    serve(home, host, {"node.test": {"A": ["10.77.0.2"]}})
    start(home)
    for address in (f"/dns4/nobody.test/tcp/4101/p2p/{there}", f"/dns6/node.test/tcp/4101/p2p/{there}",
                    f"/dnsaddr/nobody.test/p2p/{there}"):
        refused = home.run("p2p", "connect", address, ok=1)
        contains(refused.err, "its name leads nowhere")


@test
def a_silent_dns_server_holds_up_nothing_else(home):
    _, host, other = two(home)
    there = start(other)
    start(home)
    resolve_by(home, host, "10.77.0.99")
    began = time.monotonic()
    waiting = home.start("p2p", "connect", f"/dns4/node.test/tcp/4101/p2p/{there}")
    home.run("p2p", "connect", f"/ip4/10.77.0.2/tcp/4101/p2p/{there}")
    equal(waiting.wait(), 0, "the one that waited has the session, too")
    failing = home.start("p2p", "connect", "/dnsaddr/node.test")
    home.json("p2p", "status")
    true(failing.rc is None, "it still waits")
    equal(failing.wait(), 1)
    true(time.monotonic() - began < 20 + slack_s(), "and not for ever")
    stopping = time.monotonic()
    home.start("p2p", "connect", "/dnsaddr/node.test")
    equal(home.node.stop(), 0)
    true(time.monotonic() - stopping < 10 + slack_s(), "a node that looks a name up ends soon")


main()
