# SPDX-License-Identifier: MIT
"""ggen tap: with a node, without one, and across the start and end of one."""
import json
import os
import signal
import stat
import struct

from tap import check_schema, contains, equal, lacks, main, matches, test, true, wait_until


def start_tap(home, *options):
    tap = home.start("tap", *options)
    tap.wait_for("^watching ")
    return tap


def lines(tap):
    return [json.loads(line) for line in tap.out.splitlines()]


@test
def without_a_node_the_verbs_of_other_terminals_are_shown(home):
    tap = start_tap(home)
    home.run("market", "search", "anything")
    found = tap.wait_for(r"^\d\d:\d\d:\d\d\.\d{3} SearchReply +registry -> client-1  "
                         r"([0-9a-f]{16})  \d+ B  (\d+) us$")
    matches(tap.out, rf"SearchRequest +client-1 -> registry  {found[1]}  \d+ B  \d+ us$")
    equal(tap.stop(signal.SIGINT), 0)
    true(not (home.path / "run" / "tap.ipc").exists(), "its path is removed")


@test
def a_running_node_is_shown_too(home):
    node = home.start("node", "run")
    node.wait_for("node runs")
    tap = start_tap(home)
    home.run("market", "list")
    tap.wait_for("ListInstalledReply")
    equal(tap.stop(signal.SIGINT), 0)


@test
def one_tap_hears_before_during_and_after_a_node(home):
    tap = start_tap(home)
    home.run("market", "key", "list")
    tap.wait_for("KeyListReply")
    node = home.start("node", "run")
    node.wait_for("node runs")
    home.run("market", "trust", "list")
    tap.wait_for("TrustListReply")
    equal(node.stop(signal.SIGINT), 0)
    home.run("market", "list")
    tap.wait_for("ListInstalledReply")
    lacks(tap.out, "lost")


@test
def when_the_node_ends_the_tap_takes_its_place(home):
    node = home.start("node", "run")
    node.wait_for("node runs")
    tap = start_tap(home)
    equal(node.stop(signal.SIGINT), 0)
    wait_until(lambda: (home.path / "run" / "tap.lock").read_text(encoding="utf-8")
               == f"tap {tap.pid}\n", what="the tap's name in the lock")
    wait_until((home.path / "run" / "tap.ipc").exists, what="the tap's path")
    home.run("market", "list")
    tap.wait_for("ListInstalledReply")


@test
def the_path_is_for_its_owner_only(home):
    start_tap(home)
    mode = (home.path / "run" / "tap.ipc").stat().st_mode
    equal(stat.S_IMODE(mode), 0o600)


@test
def a_second_tap_is_refused_with_the_pid_of_the_first(home):
    tap = start_tap(home)
    contains(home.run("tap", ok=1).err, f"pid {tap.pid}")
    tap.kill()
    second = start_tap(home)
    home.run("market", "list")
    second.wait_for("ListInstalledReply")


@test
def json_lines_have_decoded_bodies(home):
    tap = start_tap(home, "--json")
    home.run("market", "search", "some-words", "--sort", "name")
    tap.wait_for('"SearchReply"')
    for line in lines(tap):
        check_schema(line, "tap")
    [request] = [line for line in lines(tap) if line["type"] == "SearchRequest"
                 and line["to"] == "registry"]
    equal(request["body"]["query"], "some-words")
    equal(request["body"]["sort"], "BY_NAME")
    equal(request["kind"], "REQUEST")
    replies = [line for line in lines(tap) if line["id"] == request["id"]
               and line["type"] == "SearchReply" and line["to"] == request["from"]]
    equal(replies[0]["body"]["total"], 0)


@test
def filters_leave_out_the_others(home):
    tap = start_tap(home, "--type", "*Reply", "--actor", "trust", "--json")
    home.run("market", "list")
    home.run("market", "trust", "list")
    tap.wait_for("TrustListReply")
    equal({line["type"] for line in lines(tap) if line["to"].startswith("client")},
          {"TrustListReply"})
    true(all("trust" in (line["from"], line["to"]) for line in lines(tap)), "only of trust")


@test
def a_recording_has_what_was_shown(home):
    tap = start_tap(home, "--type", "ListInstalled*", "--record", "messages")
    home.run("market", "list")
    tap.wait_for("ListInstalledReply")
    equal(tap.stop(signal.SIGINT), 0)
    data = (home.dir / "messages").read_bytes()
    equal(stat.S_IMODE((home.dir / "messages").stat().st_mode), 0o600)
    true(data.startswith(b"ggen tap 1\n"), "the header line")
    data, frames = data[11:], []
    while data:
        [size] = struct.unpack(">I", data[:4])
        frames.append(data[4:4 + size])
        data = data[4 + size:]
    equal(frames[0::3][0], b"ListInstalledRequest")
    equal(len(frames) % 3, 0)
    equal(home.run("tap", "--record", "messages", ok=1).out, "")


@test
def a_tap_of_a_closed_pipe_ends(home):
    script = '"$0" tap | head -n 1'
    tap = home.start_program(["sh", "-c", script, os.environ["GGEN"]])
    tap.wait_for("^watching ")

    def ended():
        home.run("market", "list")
        return tap.rc is not None
    wait_until(ended, what="the end of the pipe")


main()
