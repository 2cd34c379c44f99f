# SPDX-License-Identifier: MIT
"""Archives between real nodes: over a bulk connection, and over the session when there is none."""
import os

from homes import make_pack, publish
from tap import equal, main, test, true, wait_until

MIB = 1 << 20


def start(home, bootstrap="", bulk=True):
    """Start a node; its address with its peer id."""
    env = {"GGEN_P2P_ENABLED": "true", "GGEN_P2P_LISTEN": "/ip4/127.0.0.1/tcp/0",
           "GGEN_P2P_BOOTSTRAP": bootstrap, "GGEN_P2P_BULK": "true" if bulk else "false"}
    home.start("node", "run", env=env).wait_for("node runs: ")
    status = wait_until(lambda: (found := home.json("p2p", "status"))["addresses"] and found,
                        what="an address that is bound")
    return f'{status["addresses"][0]}/p2p/{status["peer_id"]}'


def publish_large(home, name, mib):
    pack = make_pack(home, name)
    (pack / "data.bin").write_bytes(os.urandom(mib * MIB))
    publish(home, pack)


def install_from(home, other, name, mib, **settings):
    """'other' publishes, 'home' knows only its address and installs; both statuses."""
    home.write("ggen/config.toml", "[storage]\nhost_max = 0\n")       # else it may be here already
    there = start(other, **settings)
    start(home, there, **settings)
    wait_until(lambda: home.json("p2p", "peers")["peers"], what="the bootstrap node")
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
    here, there = install_from(home, home.another(), "large", 12, bulk=False)
    true(here["received_bytes"] >= 12 * MIB, here)
    equal((here["bulk_received_bytes"], there["bulk_sent_bytes"]), (0, 0))
    equal((here["bulk_connections"], there["bulk_connections"]), (0, 0))


main()
