# SPDX-License-Identifier: MIT
"""A tiny library for tests that run the real program and print TAP.

    from tap import main, test, equal, contains

    @test
    def an_empty_home_lists_nothing(home):
        equal(home.json("market", "list")["total"], 0)

    main()

Each test gets a Home of its own: a temporary directory with a GGEN_HOME in it. Environment: GGEN,
the program under test. tests/run.py sets it, and the import path.
"""
import json
import os
import re
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

import json_schema

ROOT = Path(__file__).resolve().parent.parent
PACKS = ROOT / "tests" / "data" / "packs"

DEADLINE_S = 30          # of one command
POLL_S = 0.01
OUTPUT_SHOWN_MAX = 8000  # bytes of each stream shown after a failure; the middle is left out

KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS",
                  "TSAN_OPTIONS", "PYTHONPATH", "GGEN")
SANITIZER_REPORT = re.compile(
    r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|SUMMARY: \w+Sanitizer|: runtime error: ")


class Failure(Exception):
    """What the test expected did not happen."""


class Skip(Exception):
    """The test cannot run here; the text says why."""


def clean_environment(directory):
    """The few variables a test may see; every path in it lies under 'directory'."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    return {**kept, "HOME": str(directory), "TMPDIR": str(directory), "LC_ALL": "C.UTF-8",
            "GGEN_HOME": str(Path(directory) / "ggen"), "PYTHONDONTWRITEBYTECODE": "1",
            "GGEN_P2P_ENABLED": "false", "GGEN_P2P_LAN": "false"}


def remove_tree(directory):
    """Remove a directory whatever the modes inside it; installed trees are read-only."""
    for folder, names, _ in os.walk(directory):
        for path in (os.path.join(folder, name) for name in names):
            if not os.path.islink(path):
                os.chmod(path, stat.S_IRWXU)    # before the walk enters it
    shutil.rmtree(directory)


# ---- waiting ---------------------------------------------------------------------------------------

def wait_until(condition, deadline_s=DEADLINE_S, what="the condition"):
    """Poll 'condition' until it is true and return its value; a Failure after 'deadline_s'."""
    end = time.monotonic() + deadline_s
    while not (value := condition()):
        if time.monotonic() >= end:
            raise Failure(f"waited {deadline_s} s for {what}")
        time.sleep(POLL_S)
    return value


def slack_s():
    """What a bound has to allow for on top of what is waited for: many times the seconds that a program which
    does nothing takes on this machine, now."""
    began = time.monotonic()
    subprocess.run([ggen_path(), "--version"], stdout=subprocess.DEVNULL, check=True)
    return 30 * (time.monotonic() - began)


def moment(seconds):
    """Let so much time pass: for a signal that has to come in the middle of work, never for work to end."""
    time.sleep(seconds)


# ---- assertions ------------------------------------------------------------------------------------

def equal(actual, expected, what="value"):
    if actual != expected:
        raise Failure(f"{what}: expected {expected!r}, got {actual!r}")


def true(condition, what):
    if not condition:
        raise Failure(f"expected: {what}")


def contains(text, part):
    if part not in text:
        raise Failure(f"expected {part!r} in {text!r}")


def lacks(text, part):
    if part in text:
        raise Failure(f"did not expect {part!r} in {text!r}")


def matches(text, pattern):
    found = re.search(pattern, text, re.MULTILINE)
    if not found:
        raise Failure(f"expected a match of /{pattern}/ in {text!r}")
    return found


def skip(why):
    raise Skip(why)


# ---- the program under test ------------------------------------------------------------------------

class Result:
    """What a finished command left: rc (negative: killed by that signal), out, err."""

    def __init__(self, argv, rc, out, err):
        self.argv, self.rc, self.out, self.err = argv, rc, out, err


class Process:
    """A command running in the background. Home ends it with the test."""

    def __init__(self, argv, directory, environment, stdin=None):
        self.argv = argv
        self._streams = {name: tempfile.TemporaryFile() for name in ("out", "err")}
        with tempfile.TemporaryFile() as given:
            given.write((stdin or "").encode())
            given.seek(0)
            self._child = subprocess.Popen(
                argv, cwd=directory, env=environment, stdin=given, stdout=self._streams["out"],
                stderr=self._streams["err"])
        self.pid = self._child.pid

    @property
    def out(self):
        return self._text("out")

    @property
    def err(self):
        return self._text("err")

    @property
    def rc(self):
        """Exit code, or None while it runs."""
        return self._child.poll()

    def wait_for(self, pattern, deadline_s=DEADLINE_S):
        """Wait until stdout or stderr matches; the match. It is a Failure to end without it."""
        def seen_or_ended():
            ended = self.rc is not None
            return re.search(pattern, self.out + "\n" + self.err, re.MULTILINE) or ended
        found = wait_until(seen_or_ended, deadline_s, f"/{pattern}/ from {shlex.join(self.argv)}")
        if found is True:
            raise Failure(f"ended with {self.rc} before printing /{pattern}/")
        return found

    def wait(self, deadline_s=DEADLINE_S):
        """Wait for its end; the exit code."""
        try:
            return self._child.wait(deadline_s)
        except subprocess.TimeoutExpired:
            raise Failure(f"still running after {deadline_s} s: {shlex.join(self.argv)}") from None

    def send_signal(self, number):
        self._child.send_signal(number)

    def stop(self, number=signal.SIGTERM, deadline_s=DEADLINE_S):
        """Ask it to end and wait for that; the exit code."""
        self.send_signal(number)
        return self.wait(deadline_s)

    def kill(self):
        """End it whatever it does. Harmless if it has ended."""
        self._child.kill()
        self._child.wait()

    def _text(self, name):
        descriptor = self._streams[name].fileno()
        size = os.fstat(descriptor).st_size
        return os.pread(descriptor, size, 0).decode("utf-8", "replace")     # offset is shared


class Home:
    """A temporary directory ('dir', also the working directory) with a GGEN_HOME ('path') in it."""

    def __init__(self):
        self.dir = Path(tempfile.mkdtemp(prefix="ggen-"))
        self.path = self.dir / "ggen"
        self.prefix = []            # words before every command: what runs it elsewhere (netns.py)
        self._processes, self._others = [], []

    def run(self, *args, ok=True, **options):
        """Run ggen with 'args' to its end; a Result.

        ok: True wants exit code 0, False any other but no signal, a number exactly that, None
        anything. Options: stdin (text), env (added variables), cwd, deadline_s.
        """
        return self.run_program([ggen_path(), *map(str, args)], ok=ok, **options)

    def run_program(self, argv, ok=True, deadline_s=DEADLINE_S, **options):
        """As run (), of any program."""
        process = self.start_program(argv, **options)
        process.wait(deadline_s)
        result = Result(process.argv, process.rc, process.out, process.err)
        if not exit_code_fits(result.rc, ok):
            wanted = "0" if ok is True else "a failure" if ok is False else ok
            raise Failure(f"exit code {result.rc}, wanted {wanted}: {shlex.join(result.argv)}")
        return result

    def json(self, *args, ok=True, schema=None, **options):
        """Run with --json; the one document it printed, checked against docs/json/SCHEMA.json.

        Without 'schema' the longest verb of 'args' that has one counts ("key-generate", "search");
        a failing command prints its document by "error".
        """
        result = self.run(*args, "--json", ok=ok, **options)
        try:
            document = json.loads(result.out)
        except ValueError as error:
            raise Failure(f"stdout is no single JSON document ({error})") from None
        if schema is None:
            schema = "error" if result.rc not in (0, 3) and "error" in document else verb_of(args)
        if schema is not None:
            check_schema(document, schema)
        return document

    def start(self, *args, **options):
        """Start ggen with 'args' in the background; a Process."""
        return self.start_program([ggen_path(), *map(str, args)], **options)

    def start_program(self, argv, env=None, cwd=None, stdin=None):
        environment = {**clean_environment(self.dir), **(env or {})}
        words = [str(word) for word in (*self.prefix, *argv)]
        process = Process(words, cwd or self.dir, environment, stdin)
        self._processes.append(process)
        return process

    def another(self):
        """A second, separate home; ends with this one."""
        self._others.append(Home())
        return self._others[-1]

    def write(self, path, text):
        """Write a file below the directory, with its folders; its path."""
        target = self.dir / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return target

    def transcript(self):
        """The commands so far with what they printed."""
        parts = []
        for process in self._processes:
            state = "running" if process.rc is None else f"exit {process.rc}"
            parts.append(f"$ {shlex.join(process.argv)}    [{state}]")
            parts += [f"{name}: {shortened(text)}" for name, text in
                      (("stdout", process.out), ("stderr", process.err)) if text]
        return "\n".join(parts + [other.transcript() for other in self._others])

    def node_pid(self):
        """The node that runs in the background on this home, or None."""
        try:
            pid = int((self.path / "run" / "node.pid").read_text(encoding="ascii"))
            environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        return pid if f"GGEN_HOME={self.path}".encode() in environment else None

    def stop_node(self, number=signal.SIGTERM, deadline_s=DEADLINE_S):
        """Ask the node in the background to end, and wait for that."""
        pid = self.node_pid()
        if pid is None:
            raise Failure("no node runs in the background")
        os.kill(pid, number)
        wait_until(lambda: not running(pid), deadline_s, f"the end of process {pid}")

    def kill_all(self):
        """End everything started here, then look for sanitizer reports in all of it."""
        for process in self._processes:
            process.kill()
        if pid := self.node_pid():
            os.kill(pid, signal.SIGKILL)
        for other in self._others:
            other.kill_all()
        for process in self._processes:
            if SANITIZER_REPORT.search(process.err):
                raise Failure(f"sanitizer report from {shlex.join(process.argv)}")

    def remove(self):
        for other in self._others:
            other.remove()
        remove_tree(self.dir)


def running(pid):
    """Whether there is such a process, and not only its remains."""
    try:
        stat_line = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return stat_line.rpartition(")")[2].split()[0] != "Z"


def shared_data():
    """The data folder given to a test of tests/shared/."""
    return Path(sys.argv[1])


def ggen_path():
    if "GGEN" not in os.environ:
        raise Failure("GGEN does not name the program under test")
    return os.environ["GGEN"]


def exit_code_fits(rc, ok):
    if ok is None:
        return True
    if ok is False:
        return rc > 0               # a death by signal is never the failure that was wanted
    return rc == (0 if ok is True else ok)


def shortened(text):
    if len(text) <= OUTPUT_SHOWN_MAX:
        return text
    half = OUTPUT_SHOWN_MAX // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters ...]\n{text[-half:]}"


# ---- schemas ---------------------------------------------------------------------------------------

def schema_path(name):
    return ROOT / "docs" / "json" / f"{name}.json"


def verb_of(args):
    """Name of the schema of a command line, or None: ("market", "key", "show") is "key-show"."""
    words = [word for word in map(str, args) if word not in ("market", "marketplace")]
    for count in (3, 2, 1):
        name = "-".join(words[:count])
        if re.fullmatch(r"[a-z0-9-]+", name) and schema_path(name).is_file():
            return name
    return None


def check_schema(document, name):
    """A Failure unless 'document' fits docs/json/NAME.json."""
    if not schema_path(name).is_file():
        raise Failure(f"there is no schema docs/json/{name}.json")
    schema = json.loads(schema_path(name).read_text(encoding="utf-8"))
    problems = json_schema.problems(document, schema)
    if problems:
        raise Failure(f"does not fit docs/json/{name}.json:\n" + "\n".join(problems))


# ---- running the tests -----------------------------------------------------------------------------

TESTS = []


def test(function):
    """Register a test; its name is its sentence."""
    TESTS.append(function)
    return function


def main():
    """Run the registered tests in order, print TAP, exit 1 if one failed."""
    sys.stdout.reconfigure(encoding="utf-8", line_buffering=True)
    #  A shell starts what is in the background with SIGINT ignored, and so would what is started here.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    print(f"1..{len(TESTS)}")
    failed = 0
    for number, function in enumerate(TESTS, 1):
        name = function.__name__.replace("_", " ")
        word, note, story = outcome(function)
        failed += word != "ok"
        print(f"{word} {number} - {name}{note}")
        for line in story.splitlines():
            print(f"#   {line}")
    sys.exit(1 if failed else 0)


def outcome(function):
    """Run one test: ("ok" or "not ok", note behind its name, story of a failure)."""
    home = Home()
    try:
        try:
            function(home)
        finally:
            home.kill_all()
    except Skip as why:
        return "ok", f" # SKIP {why}", ""
    except Failure as failure:
        return "not ok", "", f"{place_in_test(failure)}: {failure}\n{home.transcript()}"
    except Exception:
        return "not ok", "", f"{traceback.format_exc()}\n{home.transcript()}"
    finally:
        home.remove()
    return "ok", "", ""


def place_in_test(failure):
    """FILE:LINE of the test's own line: the innermost one outside this file."""
    frames = traceback.extract_tb(failure.__traceback__)
    outside = [frame for frame in frames if frame.filename != __file__] or frames
    return f"{Path(outside[-1].filename).name}:{outside[-1].lineno}"
