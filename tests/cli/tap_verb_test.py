# SPDX-License-Identifier: MIT
"""ggen tap: with a node, without one, and across the start and end of one."""
import json
import os
import signal
import stat
import struct

from tap import PACKS, check_schema, contains, equal, lacks, main, matches, test, true, wait_until


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


# ---- recordings --------------------------------------------------------------------------------------

def frames_of(path):
    data, frames = path.read_bytes()[11:], []
    while data:
        [size] = struct.unpack(">I", data[:4])
        frames.append(data[4:4 + size])
        data = data[4 + size:]
    return frames


def write_frames(path, frames):
    path.write_bytes(b"ggen tap 1\n" + b"".join(struct.pack(">I", len(frame)) + frame for frame in frames))


def recorded(home, name="messages"):
    """A recording of a node's whole life: a publish, an install, a search. What was shown meanwhile."""
    tap = start_tap(home, "--record", name)
    home.run("node", "run", "--daemon")
    home.run("market", "key", "generate")
    home.run("market", "publish", PACKS / "greeting-core-1.0.0")
    home.run("market", "install", "greeting-core")
    home.run("market", "search", "greeting")
    tap.wait_for(" SearchReply +registry -> client")
    home.stop_node()
    equal(tap.stop(signal.SIGINT), 0)
    return tap.out


@test
def a_recording_is_shown_again_as_it_was(home):
    shown = recorded(home)
    equal(home.run("tap", "--replay", "messages").out, shown)
    filtered = home.run("tap", "--replay", "messages", "--type", "InstallRe*", "--actor", "installer").out
    equal([line.split()[1] for line in filtered.splitlines()], ["InstallRequest", "InstallReply"])
    for line in home.run("tap", "--replay", "messages", "--json").out.splitlines():
        check_schema(json.loads(line), "tap")


@test
def what_was_lost_is_told_again_and_filters_lose_nothing(home):
    recorded(home)
    frames = frames_of(home.dir / "messages")
    write_frames(home.dir / "some", frames[:3] + [b"", b"", (7).to_bytes(8, "big")] + frames[30:33])
    again = home.run("tap", "--replay", "some").out.splitlines()
    equal(again[1], "lost 7")
    equal(len(again), 3)


@test
def a_recording_that_is_broken_is_told_with_the_place(home):
    recorded(home)
    whole = (home.dir / "messages").read_bytes()
    frames = frames_of(home.dir / "messages")
    for data, words in ((whole[:-1], f"ends in the middle of message {len(frames) // 3}$"),
                        (whole[:13], "ends in the middle of message 1$"),
                        (whole[:11] + b"\xff" * 40, "has parts beyond every bound in message 1$"),
                        (b"ggen tap 2\n" + whole[11:], "a recording of another version of ggen$"),
                        (b"GIF89a" + whole, "not a recording of `ggen tap --record`$"),
                        (b"", "not a recording of `ggen tap --record`$")):
        (home.dir / "broken").write_bytes(data)
        matches(home.run("tap", "--replay", "broken", ok=1).err, rf"^error: {home.dir}/broken: {words}")
        matches(home.run("tap", "--replay", "broken", "--into", "registry", ok=1).err, words)
    equal(home.run("tap", "--replay", "broken", "--json", ok=1).out.count("not a recording"), 1)
    write_frames(home.dir / "broken", [b"X", b"\xff\xff", b""])
    contains(home.run("tap", "--replay", "broken", ok=1).err, "has a message without a header")
    contains(home.run("tap", "--replay", "absent", ok=1).err, "error: ")


@test
def options_that_do_not_go_together_are_told(home):
    contains(home.run("tap", "--into", "registry", ok=2).err, "--into needs --replay")
    contains(home.run("tap", "--replay", "x", "--record", "y", ok=2).err, "do not go together")


@test
def a_fresh_actor_says_what_was_recorded(home):
    recorded(home)
    for actor in ("registry", "installer", "trust", "cache"):
        told = home.json("tap", "--replay", "messages", "--into", actor)
        equal((told["actor"], told["difference"], told["failed"], told["next_life"]),
              (actor, None, False, False))
        true(told["inputs"] > 0 and told["outputs"] > 0, f"messages of {actor}")
    matches(home.run("tap", "--replay", "messages", "--into", "registry").out,
            r"registry: \d+ messages in, \d+ out, as recorded$")


@test
def the_first_difference_is_named(home):
    recorded(home)
    frames = frames_of(home.dir / "messages")
    replies = [at for at in range(0, len(frames), 3) if frames[at] == b"SearchReply"
               and b"registry" in frames[at + 1] and b"client" in frames[at + 1]]
    [reply] = replies
    frames[reply + 2] = frames[reply + 2].replace(b"Vocabulary", b"Vocabulous")
    write_frames(home.dir / "other", frames)
    told = home.json("tap", "--replay", "other", "--into", "registry", ok=1, schema="tap")
    difference = told["difference"]
    equal(difference["number"], told["outputs"] + 1)
    equal(difference["recorded"]["type"], "SearchReply")
    contains(json.dumps(difference["recorded"]["body"]), "Vocabulous")
    contains(json.dumps(difference["played"]["body"]), "Vocabulary")
    printed = home.run("tap", "--replay", "other", "--into", "registry", ok=1).out
    matches(printed, rf"number {difference['number']} differs$")
    matches(printed, "^  recorded: REPLY SearchReply -> client-[0-9]+  .*Vocabulous")
    matches(printed, "^  played: +REPLY SearchReply -> client-[0-9]+  .*Vocabulary")


@test
def only_a_pure_actor_of_this_node_can_be_played_to(home):
    recorded(home)
    for actor, words in (("store", "what an actor with I/O got is not in a recording"),
                         ("nobody", "there is no actor 'nobody'; it can be one of installer, registry, ")):
        contains(home.run("tap", "--replay", "messages", "--into", actor, ok=1).err, words)
    write_frames(home.dir / "none", [])
    contains(home.run("tap", "--replay", "none", "--into", "registry", ok=1).err,
             "the recording has no message of actor 'registry'")


@test
def of_several_nodes_the_first_is_played(home):
    tap = start_tap(home, "--record", "messages")
    home.run("market", "search")
    home.run("market", "search")
    wait_until(lambda: tap.out.count(" SearchReply              registry -> ") == 2, what="both answers")
    equal(tap.stop(signal.SIGINT), 0)
    told = home.json("tap", "--replay", "messages", "--into", "registry")
    equal((told["difference"], told["next_life"]), (None, True))


main()
