# SPDX-License-Identifier: MIT
"""Nodes of the network, for tests that run some: how they start, and whom they are connected with."""
from tap import ggen_path, wait_until

LOOPBACK = "/ip4/127.0.0.1/tcp/0"
STRANGER = "12D3KooWQYV9dGMFoRzNStwpXztXaBUjtPqi6aU76ZgUriHhKust"      # nobody has its key
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def environment(*bootstraps, listen=LOOPBACK, **more):
    """Of a node of the network. 'listen': None, where it listens by itself."""
    where = {"GGEN_P2P_LISTEN": listen} if listen else {}
    return {"GGEN_P2P_ENABLED": "true", "GGEN_P2P_BOOTSTRAP": ",".join(bootstraps), **where, **more}


def start(home, *bootstraps, program=None, **options):
    """Start a node, whose process is home.node then; an address of it that others can dial, with its peer id.

    'program' stands in the place of ggen. More options: those of environment ().
    """
    env = environment(*bootstraps, **options)
    home.node = home.start_program([program or ggen_path(), "node", "run"], env=env)
    home.node.wait_for("node runs: ")
    return addresses(home)[0]


def start_daemon(home, *bootstraps, **options):
    """As start (), of a node in the background: Home.stop_node () ends it."""
    home.run("p2p", "start", "--daemon", env=environment(*bootstraps, **options))
    return addresses(home)[0]


def addresses(home):
    """All addresses of the node of this home, as soon as it has any, with its peer id."""
    status = wait_until(lambda: (found := home.json("p2p", "status"))["addresses"] and found,
                        what="an address that is bound")
    return [f'{address}/p2p/{status["peer_id"]}' for address in status["addresses"]]


def id_of(address):
    """The peer id at the end of an address."""
    return address.rpartition("/")[2]


def key_of(peer_id):
    """The public key in a peer id."""
    number = 0
    for letter in peer_id:
        number = number * 58 + BASE58.index(letter)
    return number.to_bytes(38, "big")[-32:]


def peers(home):
    """The peer ids of whom the node of this home has a session with."""
    return {peer["peer_id"] for peer in home.json("p2p", "peers")["peers"]}
