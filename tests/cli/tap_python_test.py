# SPDX-License-Identifier: MIT
"""The tap read by other people's tools: docs/tap.py, with Debian's Python, against a real node."""
import os
import subprocess

from tap import ROOT, contains, equal, main, matches, skip, test, true, wait_until

PYTHON = "/usr/bin/python3"     # the one python3-zmq and python3-protobuf are for
PROGRAM = ROOT / "docs" / "tap.py"
LINES_MAX = 20
LINE = r"^(\S+) (\S+) -> (\S+) id=([0-9a-f]+) (\d+) B (\d+) us$"


def start_tap(home):
    """docs/tap.py on the home's tap; skipped where its libraries are not installed."""
    if subprocess.run([PYTHON, "-c", "import zmq, google.protobuf"], capture_output=True).returncode:
        skip("python3-zmq and python3-protobuf are not installed")
    return home.start_program([PYTHON, PROGRAM, home.path / "run" / "tap.ipc", ROOT / "messages"])


@test
def the_program_is_at_most_20_lines(home):
    true(len(PROGRAM.read_text().splitlines()) <= LINES_MAX, f"at most {LINES_MAX} lines")


@test
def a_running_node_shows_what_a_client_asks_of_it(home):
    node = home.start("node", "run")
    wait_until((home.path / "run" / "tap.ipc").exists, what="the node's tap")
    tap = start_tap(home)

    def list_until_seen():
        home.run("market", "list")
        return "ListInstalledRequest" in tap.out
    wait_until(list_until_seen, what="a ListInstalledRequest on the tap")
    contains(tap.out, "client-")
    for line in tap.out.splitlines():
        matches(line, LINE)
    kinds = [matches(line, LINE).groups() for line in tap.out.splitlines()]
    asked = next(fields for fields in kinds if fields[0] == "ListInstalledRequest")
    wait_until(lambda: any(line.startswith("ListInstalledReply") for line in tap.out.splitlines()),
               what="its answer")
    answered = [matches(line, LINE).groups() for line in tap.out.splitlines()
                if line.startswith("ListInstalledReply")]
    true(any(fields[3] == asked[3] and fields[2] == asked[1] for fields in answered),
         "an answer with the id of the question, to who asked")
    equal(node.stop(), 0, "the node's exit code")


@test
def other_people_cannot_listen(home):
    node = home.start("node", "run")
    socket = home.path / "run" / "tap.ipc"
    wait_until(socket.exists, what="the node's tap")
    equal(oct(os.stat(socket).st_mode & 0o777), "0o600", "mode of the tap")
    node.stop()


main()
