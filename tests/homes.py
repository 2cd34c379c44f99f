# SPDX-License-Identifier: MIT
"""What tests of whole homes share: packs to fill them, what is left in them, other users."""
import fcntl
import os
import re
import shutil
import tempfile
from pathlib import Path

from tap import equal, ggen_path, remove_tree

NOBODY = 65534
IN_THE_MAKING = re.compile(r"^\.?tmp[.-]|\.ggen-new$|^\.trash$")
INSTANCE = re.compile(r"[0-9a-f]{64}(\.\d+)?")

AS_NOBODY = ("import os, sys\n"
             "os.setgroups([])\n"
             f"os.setresgid({NOBODY}, {NOBODY}, {NOBODY})\n"
             f"os.setresuid({NOBODY}, {NOBODY}, {NOBODY})\n"
             "os.umask(0o022)\n"
             "os.environ['GCOV_PREFIX'] = os.environ['HOME']\n"    # who counts lines does it where he may
             "os.execv(sys.argv[1], sys.argv[1:])\n")


# ---- packs -----------------------------------------------------------------------------------------

def make_pack(home, name, version="1.0.0", files=3, size_bytes=2000, requires=(),
              description=None):
    """Write a pack below home.dir; its path. The bytes depend on name and version only."""
    folder = home.dir / "packs" / f"{name}-{version}"
    lines = ["[gpack]", f'name = "{name}"', f'version = "{version}"',
             f'description = "{description or "The pack " + name}"', "[dependencies]"]
    lines += [f'{other} = "*"' for other in requires]
    home.write(folder / "gpack.toml", "\n".join(lines) + "\n")
    for number in range(files):
        line = f"{name} {version} {number}\n"
        home.write(folder / f"files/{number}.txt", line * (size_bytes // len(line) + 1))
    return folder


def publish(home, *folders):
    for folder in folders:
        home.run("market", "publish", folder)


def installed(home):
    """{name: version} of what `list` tells."""
    return {package["name"]: package["version"]
            for package in home.json("market", "list")["packages"]}


# ---- what a home holds -----------------------------------------------------------------------------

def restore(home, copy):
    """Make the home what it was when it was copied to 'copy'."""
    if home.path.exists():
        remove_tree(home.path)
    shutil.copytree(copy, home.path, symlinks=True)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def leftovers(home):
    """Paths in the home that belong to nothing: in the making, or of no generation."""
    found = [str(path.relative_to(home.path)) for path in home.path.rglob("*")
             if IN_THE_MAKING.search(path.name)]
    found += [f"store/{name}" for name in names_in(home.path / "store")
              if not INSTANCE.fullmatch(name)]
    found += [f"cache/tmp/{name}" for name in names_in(home.path / "cache" / "tmp")
              if name != ".lock"]
    link = home.path / "packages"
    current = int(os.readlink(link).rpartition("/")[2]) if link.is_symlink() else 0
    found += [f"generations/{name}" for name in names_in(home.path / "generations")
              if not name.isdigit() or int(name) > current]
    return found


def check_sound(home):
    """The home is whole: what is installed is as published, and nothing else lies about."""
    verified = home.json("market", "verify")
    equal((verified["ok"], verified["findings"]), (True, []), "verify")
    equal(leftovers(home), [], "leftovers")


# ---- who holds a home ------------------------------------------------------------------------------

def lock_holders(home):
    """Pids that hold run/node.lock, as the system tells."""
    try:
        inode = os.stat(home.path / "run" / "node.lock").st_ino
    except FileNotFoundError:
        return set()
    lines = [line.split() for line in Path("/proc/locks").read_text(encoding="ascii").splitlines()]
    return {int(words[4]) for words in lines
            if words[1] == "FLOCK" and words[5].endswith(f":{inode}")}


def is_locked(home):
    """Whether a writer would have to wait, by trying."""
    with open(home.path / "run" / "node.lock", "rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


# ---- another user ----------------------------------------------------------------------------------

def give_to_nobody(folder):
    """Root makes nobody the owner of all of 'folder', which others could not reach either."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    place = Path(tempfile.gettempdir())
    place.chmod(place.stat().st_mode | 0o055)
    shutil.copy(ggen_path(), place / "ggen-for-nobody")


def as_nobody(words):
    """The command line of ggen with 'words', run by nobody; after give_to_nobody."""
    program = Path(tempfile.gettempdir()) / "ggen-for-nobody"
    return ["python3", "-c", AS_NOBODY, str(program), *map(str, words)]
