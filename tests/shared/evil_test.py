# SPDX-License-Identifier: MIT
"""Hostile archives through the command line: DATA/evil, as root and as a user.

Each row of manifest.tsv says what must happen to `install FILE --target DIR --allow-unsigned`.
Rejected means: a failure that names the class of column 2, and DIR as it was, to the last entry.
"""
import os
import re
import shutil
import stat
import tempfile
from pathlib import Path

from homes import NOBODY, as_nobody, give_to_nobody
from tap import Failure, equal, ggen_path, main, matches, shared_data, test, true

OUTSIDE = Path("/tmp/ggen-evil-pwned")
DEADLINE_S = 20

# The first thing wrong decides; this one holds two.
OTHER_CLASS = {"hardlink-to-symlink.tar.gz": "symlink"}

# Its version differs from the one resolved: by its path nothing is resolved, so nothing differs.
OF_NO_VERSION_ASKED = "manifest-version-mismatch.tar.gz"

# A dependency on itself is a cycle, whoever asks.
CYCLE = "manifest-self-dep.tar.gz"

def rows():
    lines = (shared_data() / "evil" / "manifest.tsv").read_text(encoding="utf-8").splitlines()
    return [line.split("\t")[:3] for line in lines if line and not line.startswith("#")]


def verdict_of(file, verdict):
    return "accept" if file == OF_NO_VERSION_ASKED else verdict


ROWS = [(file, kind, verdict_of(file, verdict)) for file, kind, verdict in rows()]


class Bench:
    """Where archives are installed by one user: a home, a folder of targets, and who it is."""

    def __init__(self, home, user):
        self.home, self.user = home, user
        self.uid = NOBODY if user == "nobody" else os.geteuid()
        self.folder = Path(tempfile.mkdtemp())
        self.archives = shared_data() / "evil"
        if user == "nobody":
            self.archives = shutil.copytree(self.archives, self.folder / "evil")
            os.chmod(self.home.dir, 0o755)
            give_to_nobody(self.folder)

    def run(self, *words):
        words = ["market", *map(str, words), "--home", str(self.folder / "home")]
        argv = as_nobody(words) if self.user == "nobody" else [ggen_path(), *words]
        return self.home.run_program(argv, ok=None, deadline_s=DEADLINE_S)

    def target(self, name):
        """A target that is there already, and empty."""
        folder = self.folder / name
        folder.mkdir()
        os.chown(folder, self.uid, -1)
        return folder


def everything_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def check_rejected(bench, file, kind, result, target, before):
    true(result.rc == 1, f"exit code 1, not {result.rc}")
    if file != CYCLE:
        matches(result.err, rf"^error: (.*: )?{re.escape(OTHER_CLASS.get(file, kind))}: ")
    equal(everything_in(target), before, "the target")


def check_accepted(bench, target, result):
    equal(result.rc, 0, "exit code")
    verified = bench.run("verify", "--target", target)
    equal(verified.rc, 0, f"verify: {verified.out}")
    check_stripped(bench, target)


def check_stripped(bench, target):
    """Nothing but files and directories of ours, with no more rights and names than they need."""
    for path in (target / "evil").resolve().rglob("*"):
        info = path.lstat()
        true(stat.S_ISREG(info.st_mode) or stat.S_ISDIR(info.st_mode), f"{path}: file or directory")
        wanted = (0o755,) if stat.S_ISDIR(info.st_mode) else (0o444, 0o555)
        true(stat.S_IMODE(info.st_mode) in wanted, f"{path}: mode {info.st_mode:o}")
        equal(info.st_uid, bench.uid, f"{path}: owner")
        equal(os.listxattr(path), [], f"{path}: attributes")
        true(stat.S_ISDIR(info.st_mode) or info.st_nlink == 1, f"{path}: one link")
        true(1_600_000_000 < info.st_mtime < 8_000_000_000, f"{path}: an ordinary time")


def check_row(bench, file, kind, verdict, target):
    before = everything_in(target)
    result = bench.run("install", bench.archives / file, "--target", target,
                       "--allow-unsigned")
    try:
        true(not os.path.lexists(OUTSIDE), f"{OUTSIDE} was written")
        if verdict == "reject" or (verdict == "policy" and result.rc):
            check_rejected(bench, file, kind, result, target, before)
        else:
            check_accepted(bench, target, result)
    except Failure as failure:
        return f"{file} ({verdict}): {failure}"
    return None


def run_rows(home, user, verdicts, before=None):
    """Every row of these verdicts; all that fail are told."""
    bench = Bench(home, user)
    failures = []
    for file, kind, verdict in ROWS:
        if verdict not in verdicts:
            continue
        target = bench.target(file)
        if before:
            before(bench, target)
        failures.append(check_row(bench, file, kind, verdict, target))
    failures = [failure for failure in failures if failure]
    if failures:
        raise Failure("\n".join(failures))


def counted(sentence, verdicts):
    """Register a test whose name says of how many archives it speaks."""
    def register(function):
        function.__name__ = sentence.format(sum(row[2] in verdicts for row in ROWS))
        return test(function)
    return register


def register_for(user):
    @counted(f"{{}} archives are rejected by class, leaving nothing, as {user}", ("reject",))
    def rejected(home):
        run_rows(home, user, ("reject",))

    @counted(f"{{}} archives are rejected or harmless, as {user}", ("policy",))
    def policy(home):
        run_rows(home, user, ("policy",))

    @counted(f"{{}} archives are installed, as {user}", ("accept",))
    def accepted(home):
        run_rows(home, user, ("accept",))

    @counted(f"{{}} archives are installed without what is dangerous in them, as {user}",
             ("strip",))
    def stripped(home):
        run_rows(home, user, ("strip",))


def install_good(bench, target):
    good = bench.archives / "ok-plain.tar.gz"
    equal(bench.run("install", good, "--target", target, "--allow-unsigned").rc, 0)


register_for("root" if os.geteuid() == 0 else "this user")
if os.geteuid() == 0:
    register_for("nobody")


@counted("{} rejected archives leave the package that is there as it was", ("reject",))
def keeps(home):
    run_rows(home, "root", ("reject",), before=install_good)


main()
