# SPDX-License-Identifier: MIT
"""Who is banned stays out, also when the node that banned it was killed and started again."""
import base64
import json
import subprocess

from nodes import id_of, key_of, peers, start
from tap import ROOT, contains, equal, ggen_path, lacks, main, skip, test, true, wait_until

KNOCKS = 5
PYTHON = "/usr/bin/python3"     # the one python3-zmq and python3-protobuf are for


def key_field(peer_id):
    """The public key in a peer id, as JSON has it."""
    return base64.b64encode(key_of(peer_id)).decode()


def ask(home, actor, request, **fields):
    done = home.run_program([PYTHON, ROOT / "tests" / "ask.py", ROOT / "messages",
                             home.path / "run" / "bus.ipc", actor, request, json.dumps(fields)])
    return json.loads(done.out)


def ban(home, peer_id, secs=600):
    ask(home, "reputation", "BanRequest", peer_key=key_field(peer_id), secs=secs, reason="a test")


@test
def a_ban_that_was_acknowledged_holds_after_a_kill(home):
    if subprocess.run([PYTHON, "-c", "import zmq, google.protobuf"], capture_output=True).returncode:
        skip("python3-zmq and python3-protobuf are not installed")
    other, third = home.another(), home.another()
    address, there = start(home), id_of(start(other))
    other.run("p2p", "connect", "--persistent", address)
    wait_until(lambda: peers(home) == {there}, what="a session")
    ban(home, there)
    wait_until(lambda: not peers(home), what="its end")
    home.node.kill()
    tap = home.start("tap", "--json")
    wait_until((home.path / "run" / "tap.ipc").exists, what="the tap")
    knock = other.start_program(["sh", "-c", f"while :; do {ggen_path()} p2p connect {address}; done"])
    start(home, listen=address.partition("/p2p/")[0])
    wait_until(lambda: tap.out.count("LinkUp") >= KNOCKS, what="the banned one to knock")
    knock.kill()
    lacks(tap.out, '"type":"PeerUp"')
    contains(home.run("p2p", "connect", f"/ip4/127.0.0.1/tcp/1/p2p/{there}", ok=1).err, "it is banned")
    for _ in range(20):
        other.run("p2p", "connect", address, ok=1)
        equal(peers(home), set())
    stranger = id_of(start(third, address))
    wait_until(lambda: stranger in peers(home), what="one that is not banned")
    known = ask(home, "reputation", "ReputationRequest", peer_keys=[key_field(there)])
    equal(known["peers"][0]["ban_reason"], "a test")
    true(known["peers"][0]["score"]["banned"], "it is banned")
    ask(home, "reputation", "UnbanRequest", peer_key=key_field(there))
    wait_until(lambda: other.run("p2p", "connect", address, ok=None).rc == 0, what="it to be let in again")


main()
