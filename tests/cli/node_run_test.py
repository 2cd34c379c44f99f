# SPDX-License-Identifier: MIT
"""node run: its start, its end, and verbs that attach to it (parity_test.py compares answers)."""
import fcntl
import json
import os
import random
import signal
import socket
import stat
import time
from pathlib import Path

from homes import make_pack
from tap import (PACKS, contains, equal, ggen_path, lacks, main, matches, running, slack_s, test,
                 true, wait_until)

LOG_MAX = 8 << 20


def start_node(home):
    node = home.start("node", "run")
    node.wait_for("node runs: ")
    return node


@test
def a_node_says_one_line_and_ends_with_ctrl_c(home):
    node = start_node(home)
    bus = home.path / "run" / "bus.ipc"
    matches(node.out, rf"^node runs: home {home.path}, bus {bus}, pid {node.pid};")
    equal(node.stop(signal.SIGINT), 0)
    equal(node.out.count("\n"), 1)
    node = start_node(home)
    equal(node.stop(signal.SIGTERM), 0)


@test
def with_json_it_prints_one_document(home):
    node = home.start("node", "run", "--json")
    node.wait_for(r"^\}")
    equal(json.loads(node.out),
          {"home": str(home.path), "bus": f"{home.path}/run/bus.ipc", "pid": node.pid})
    failure = home.json("node", "run", ok=1)["error"]
    equal(failure["code"], "ALREADY_EXISTS")
    equal(node.stop(signal.SIGINT), 0)


@test
def a_service_manager_hears_when_it_serves_and_when_it_ends(home):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(home.dir / "notify"))
        manager.settimeout(30)
        node = home.start("node", "run", env={"NOTIFY_SOCKET": str(home.dir / "notify")})
        equal(manager.recv(100), b"READY=1")
        equal(home.json("market", "list")["total"], 0)
        node.send_signal(signal.SIGTERM)
        equal(manager.recv(100), b"STOPPING=1")
        equal(node.wait(), 0)


@test
def a_second_node_on_the_same_home_is_refused_with_the_pid(home):
    node = start_node(home)
    contains(home.run("node", "run", ok=1).err, f"already running (pid {node.pid})")
    equal(home.json("market", "list")["total"], 0)


@test
def a_node_that_was_killed_leaves_nothing_in_the_way(home):
    start_node(home).kill()
    equal(home.json("market", "list")["total"], 0)
    home.run("market", "key", "generate")
    equal(start_node(home).stop(signal.SIGINT), 0)


@test
def an_attached_verb_leaves_nothing_behind_when_it_is_killed(home):
    start_node(home)
    for _ in range(3):
        verb = home.start("market", "publish", PACKS / "greeting-rest")
        verb.kill()
    home.run("market", "publish", PACKS / "greeting-rest")
    true(home.json("market", "search")["total"] == 1, "one package")


# ---- its end ---------------------------------------------------------------------------------------

@test
def what_runs_may_end_before_the_node_does(home):
    home.run("market", "key", "generate")
    pack = make_pack(home, "large", files=1)
    (pack / "noise").write_bytes(random.Random(1).randbytes(6 << 20))
    node = start_node(home)
    verb = home.start("market", "publish", pack)
    wait_until(lambda: list((home.path / "store").glob("tmp.*")) or verb.rc is not None,
               what="the work to begin")
    node.send_signal(signal.SIGTERM)
    refused = wait_until(lambda: (home.run("market", "list", ok=None).rc != 0) or node.rc is not None,
                         what="new requests to be refused")
    true(refused, "it takes no more")
    equal(verb.wait(), 0)
    equal(node.wait(), 0)
    equal(home.json("market", "search")["total"], 1)


@test
def a_node_without_work_ends_at_once(home):
    node = start_node(home)
    home.run("market", "list")
    started = time.monotonic()
    equal(node.stop(), 0)
    true(time.monotonic() - started < 1 + slack_s(), "no waiting for nothing")


# ---- in the background -----------------------------------------------------------------------------

def log_of(home):
    return (home.path / "run" / "node.log").read_text(encoding="utf-8")


@test
def a_node_in_the_background_answers_when_the_command_returns(home):
    started = home.run("p2p", "start", "--daemon")
    pid = home.node_pid()
    matches(started.out, rf"^node runs: home {home.path}, bus .*/bus.ipc, pid {pid}; log .*/node.log$")
    equal(started.err, "")
    true((home.path / "run" / "bus.ipc").exists(), "its bus")
    contains(home.run("node", "run", "-d", ok=1).err, f"already running (pid {pid})")
    equal(home.json("market", "list")["total"], 0)
    home.stop_node()
    contains(log_of(home), f"info node.started home={home.path} pid={pid} ")
    contains(log_of(home), "info node.stopped ")
    true(not (home.path / "run" / "node.pid").exists(), "its pid file is removed")
    equal(stat.S_IMODE((home.path / "run" / "node.log").stat().st_mode), 0o600)


@test
def it_leaves_terminal_and_directory_alone(home):
    home.run("node", "run", "-d")
    pid = home.node_pid()
    equal(os.readlink(f"/proc/{pid}/cwd"), "/")
    equal(os.readlink(f"/proc/{pid}/fd/0"), "/dev/null")
    equal(os.readlink(f"/proc/{pid}/fd/1"), "/dev/null")
    equal(os.readlink(f"/proc/{pid}/fd/2"), str(home.path / "run" / "node.log"))
    true(os.getsid(pid) not in (os.getsid(0), pid), "a session of its own that it does not lead")


@test
def in_the_background_too_there_is_one_document(home):
    document = home.json("node", "run", "--daemon")
    equal(document, {"home": str(home.path), "bus": f"{home.path}/run/bus.ipc",
                     "pid": home.node_pid(), "log": f"{home.path}/run/node.log"})
    equal(home.json("node", "run", "--daemon", ok=1)["error"]["code"], "ALREADY_EXISTS")


@test
def what_keeps_it_from_starting_is_told_where_it_was_typed(home):
    refused = home.run("node", "run", "-d", "--http", "nonsense", ok=1)
    contains(refused.err, 'error: --http: http.listen: expected "HOST:PORT", or "" for off')
    home.write("ggen/config.toml", "[performance]\nmax_peers = 0\n")
    contains(home.run("node", "run", "-d", ok=1).err, "config.toml:2: performance.max_peers: ")
    (home.path / "config.toml").unlink()
    (home.path / "run").mkdir()
    (home.path / "run" / "node.log").mkdir()
    contains(home.run("node", "run", "-d", ok=1).err, "node.log: Is a directory")
    equal(home.node_pid(), None)


@test
def a_start_that_is_interrupted_leaves_no_node(home):
    home.run("market", "key", "generate")
    with open(home.path / "run" / "node.lock", "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        starting = home.start("node", "run", "--daemon")
        child = wait_until(lambda: started_by(home, starting.pid), what="the process in the background")
        equal(starting.stop(signal.SIGINT), 130)
        contains(starting.err, "the start was given up")
        wait_until(lambda: not running(child), what="its end")
    equal(home.node_pid(), None)


def started_by(home, pid):
    """The other process on this home, not 'pid'; None."""
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"GGEN_HOME={home.path}".encode() in path.read_bytes().split(b"\0") \
                    and os.getsid(int(path.parent.name)) not in (os.getsid(0), int(path.parent.name)):
                return int(path.parent.name) if int(path.parent.name) != pid else None
        except OSError:
            continue
    return None


@test
def settings_can_come_from_a_file_and_from_flags(home):
    home.write("ggen/config.toml", "[performance]\nmax_peers = 0\n")
    home.write("other.toml", '[log]\nlevel = "error"\n')
    home.run("node", "run", "-d", "--config", "other.toml")
    home.stop_node()
    equal(log_of(home), "")
    contains(home.run("node", "run", "--config", "absent.toml", ok=1).err, "absent.toml: cannot be read: ")


@test
def a_log_that_is_full_becomes_the_former_one(home):
    home.write("ggen/run/node.log", "x" * LOG_MAX)
    home.run("node", "run", "-d")
    pid = home.node_pid()
    home.stop_node()
    former = home.path / "run" / "node.log.1"
    matches(former.read_text(encoding="utf-8")[LOG_MAX:], rf"^info node.started .* pid={pid} ")
    matches(log_of(home), "^info node.stopped ")
    lacks(log_of(home), "node.started")


@test
def a_node_in_the_background_that_is_killed_leaves_nothing_in_the_way(home):
    home.run("node", "run", "-d")
    pid = home.node_pid()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not running(pid), what="its end")
    equal(home.json("market", "list")["total"], 0)
    home.run("node", "run", "-d")
    true(home.node_pid() not in (None, pid), "another one")


@test
def a_node_that_stays_keeps_little_of_what_it_frees(home):
    """glibc is told so by the environment, which it reads when a process starts."""
    def tunables():
        lines = Path(f"/proc/{home.node_pid()}/environ").read_bytes().split(b"\0")
        return [line for line in lines if line.startswith(b"GLIBC_TUNABLES=")]
    program = Path(ggen_path()).read_bytes()
    instrumented = b"__asan_init" in program or b"__gcov_" in program
    home.run("node", "run", "--daemon")
    equal(Path(f"/proc/{home.node_pid()}/comm").read_text(), Path(ggen_path()).name[:15] + "\n")
    equal(tunables(), [] if instrumented else [b"GLIBC_TUNABLES=glibc.malloc.tcache_count=2"])
    home.stop_node()
    home.run("node", "run", "--daemon", env={"GLIBC_TUNABLES": "glibc.malloc.tcache_count=5"})
    equal(tunables(), [b"GLIBC_TUNABLES=glibc.malloc.tcache_count=5"])
    home.stop_node()


main()
