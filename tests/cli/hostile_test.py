# SPDX-License-Identifier: MIT
"""Strangers over TCP, all at once: a node serves its peers meanwhile, and all they took is back afterwards.
How much it costs is measured elsewhere (tests/bench/hostile.py)."""
import os
import sys

from homes import installed, make_pack, publish
from netns import Lan
from nodes import peers, start
from tap import ROOT, equal, main, skip, test, wait_until

SLACK = 3           # descriptors of its own that come and go


def descriptors(home):
    try:
        return len(os.listdir(f"/proc/{home.node.pid}/fd"))
    except PermissionError:
        skip("descriptors of a process in a namespace are not shown")


@test
def silence_garbage_and_frames_without_end_are_cut_and_leave_nothing(home):
    other, strangers = home.another(), home.another()
    lan = Lan(home)
    for number, one in enumerate((home, other, strangers), 1):
        lan.host(one, f"10.77.0.{number}/24")
    address = start(home, listen="/ip4/10.77.0.1/tcp/4001")
    start(other, address, listen="/ip4/10.77.0.2/tcp/4001")
    wait_until(lambda: peers(other), what="the peer")
    publish(home, make_pack(home, "steady"))
    wait_until(lambda: other.json("market", "search", "steady")["results"], what="the package")
    before = descriptors(home)
    attacks = [strangers.start_program([sys.executable, ROOT / "tests/bench/strangers.py", attack,
                                        "10.77.0.1", 4001, 2, count])
               for attack, count in (("silent", 300), ("garbage", 8), ("header", 8), ("multipart", 8))]
    for attack in attacks:
        attack.wait_for("^begun$")
    other.run("market", "install", "steady")
    equal(installed(other), {"steady": "1.0.0"}, "what was installed meanwhile")
    for attack in attacks:
        equal(attack.wait(), 0, "exit code of the strangers")
        attack.wait_for(r"cut [1-9]\d* times")
    wait_until(lambda: descriptors(home) <= before + SLACK, what="the descriptors to be back")
    equal(home.node.rc, None, "the end of the node")
    equal(len(peers(other)), 1, "peers")


main()
