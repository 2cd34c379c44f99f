# SPDX-License-Identifier: MIT
"""The operations whose every point is tried: a home before, a command, and what may follow."""
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from homes import IN_THE_MAKING, INSTANCE, names_in
from tap import clean_environment, remove_tree

DEADLINE_S = 60
TIMES = ("installed_at", "created_at", "downloads", "publisher_key", "publisher", "location")
MAKING = re.compile(IN_THE_MAKING.pattern + r"|\.new$|\.tmp$|~$|\.corrupted")


def pack(folder, name, version="1.0.0", requires=()):
    """A pack of two files; the bytes depend on name and version only."""
    path = Path(folder) / f"{name}-{version}"
    (path / "files").mkdir(parents=True)
    lines = ["[gpack]", f'name = "{name}"', f'version = "{version}"',
             f'description = "The pack {name}"', 'license = "MIT"', "[dependencies]"]
    lines += [f'{other} = "*"' for other in requires]
    (path / "gpack.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for number in range(2):
        (path / f"files/{number}.txt").write_text(f"{name} {version} {number}\n" * 20,
                                                  encoding="utf-8")
    return path


class Sandbox:
    """A folder with a home in it, and ggen run on it, with the shim when 'crash' says what to do."""

    def __init__(self, folder, ggen, shim, packs):
        self.folder, self.ggen, self.shim, self.packs = Path(folder), ggen, shim, packs
        self.folder.mkdir(parents=True, exist_ok=True)
        self.path = self.folder / "ggen"
        self.log = self.folder / "log"

    def run(self, *words, crash=None):
        """(exit code, stdout, stderr) of 'ggen market WORDS --json'."""
        words = [str(word).replace("{packs}", str(self.packs)) for word in words]
        environment = {**clean_environment(self.folder), "LD_PRELOAD": str(self.shim)}
        if crash:
            self.log.unlink(missing_ok=True)
            environment |= {"CRASH_HOME": str(self.path), "CRASH_LOG": str(self.log), **crash}
        done = subprocess.run([self.ggen, "market", *words, "--json"], env=environment,
                              cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=DEADLINE_S, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode("utf-8", "replace")

    def ask(self, *words, codes=(0,)):
        """The document it prints; a Wrong when it ends otherwise."""
        code, out, err = self.run(*words)
        if code not in codes:
            raise Wrong(f"'{' '.join(map(str, words))}' ends with {code}: {told(out, err)}")
        return json.loads(out)

    def restore(self, copy):
        if self.path.exists():
            remove_tree(self.path)
        shutil.copytree(copy, self.path, symlinks=True, copy_function=copy_linked(copy))

    def installed(self, *there):
        return plain(self.ask("list", *there)["packages"])

    def found(self):
        return plain(self.ask("search", codes=(0, 3))["results"])

    def leftovers(self):
        """What belongs to nothing."""
        left = [str(path.relative_to(self.path)) for path in self.path.rglob("*")
                if MAKING.search(path.name)]
        left += [f"store/{name}" for name in names_in(self.path / "store")
                 if not INSTANCE.fullmatch(name)]
        left += [f"cache/tmp/{name}" for name in names_in(self.path / "cache" / "tmp")
                 if name != ".lock"]
        return left + [f"generations/{name}" for name in names_in(self.path / "generations")
                       if not name.isdigit()]


class Wrong(Exception):
    """The state is not one that may be."""


def copy_linked(copy):
    """For copytree: two names of one file stay that. Times stay, too."""
    seen = {}

    def place(source, target):
        number = os.stat(source).st_ino
        if number in seen:
            os.link(seen[number], target)
        else:
            seen[number] = target
            shutil.copy2(source, target)
        return target
    return place


def plain(packages):
    """Without times, counts and keys, in a fixed order."""
    kept = [{name: value for name, value in package.items() if name not in TIMES}
            for package in packages]
    for package in kept:
        if isinstance(package.get("dependencies"), list):
            package["dependencies"] = [other["name"] for other in package["dependencies"]]
    return sorted((json.dumps(package, sort_keys=True) for package in kept))


def told(out, err):
    """The sentence of a failure."""
    try:
        return json.loads(out)["error"]["message"]
    except (ValueError, KeyError, TypeError):
        return (out + err).strip()[-300:]


# ---- the operations --------------------------------------------------------------------------------

class Operation:
    """'words' change a home that 'prepare' made. 'after' follows when they have been done already."""
    name = words = None
    after = None
    repairs = False         # verify may find something before
    there = ()              # the target that it changes

    def prepare(self, box):
        """Make the home."""

    def is_known(self, ggen):
        """Whether this ggen has the verb."""
        told_verbs = subprocess.run([ggen, "market", "--help"], capture_output=True, text=True,
                                    check=True).stdout
        return re.search(rf"^  {self.words[0]}\b", told_verbs, re.MULTILINE) is not None

    def check_always(self, box):
        """What is special to it and holds at any time."""

    def check_more(self, box):
        """What is special to it and holds after the next run."""


def publish_all(box, *names):
    for name in names:
        box.ask("publish", box.packs / name)


class FirstPublish(Operation):
    name, words = "first publish", ("publish", "{packs}/base-1.0.0")

    def prepare(self, box):
        box.path.mkdir()

    def check_more(self, box):
        keys = box.ask("key", "list")["total"]
        if keys != 1:
            raise Wrong(f"{keys} publisher keys")
        box.ask("install", "base")


class Publish(Operation):
    name, words = "publish", ("publish", "{packs}/app-2.0.0")

    def prepare(self, box):
        publish_all(box, "base-1.0.0", "dep-1.0.0", "app-1.0.0")
        box.ask("install", "base")


class Install(Operation):
    name, words = "install", ("install", "tool")

    def prepare(self, box):
        publish_all(box, "base-1.0.0", "dep-1.0.0", "app-1.0.0", "tool-1.0.0")
        box.ask("install", "base")


class InstallMany(Operation):
    """So many that they are fetched and unpacked together."""
    PARTS = [f"part-{number}" for number in range(9)]
    name, words = "install many", ("install", *PARTS)

    def prepare(self, box):
        publish_all(box, "base-1.0.0", *(f"{part}-1.0.0" for part in self.PARTS))
        box.ask("install", "base")


class Upgrade(Operation):
    name, words = "upgrade", ("install", "base@2.0.0")

    def prepare(self, box):
        publish_all(box, "base-1.0.0", "base-2.0.0", "dep-1.0.0")
        box.ask("install", "base@1.0.0", "dep")


class Remove(Operation):
    name, words, after = "remove", ("remove", "base"), ("install", "dep")

    def prepare(self, box):
        publish_all(box, "base-1.0.0", "dep-1.0.0")
        box.ask("install", "base", "dep")


class Rollback(Operation):
    name, words = "rollback", ("rollback", "1")

    def prepare(self, box):
        publish_all(box, "base-1.0.0", "base-2.0.0", "dep-1.0.0")
        box.ask("install", "base@1.0.0")
        box.ask("install", "base@2.0.0", "dep")


class RollbackEdited(Rollback):
    name = "rollback to edited"

    def prepare(self, box):
        super().prepare(box)
        edit(box.path / "generations/1/base/files/0.txt")


class Fix(Operation):
    name, words, repairs = "verify --fix", ("verify", "--fix"), True

    def prepare(self, box):
        publish_all(box, "base-1.0.0", "dep-1.0.0")
        box.ask("install", "base", "dep")
        edit(box.path / "packages/base/files/0.txt")
        folder = box.path / "packages/dep/files"
        folder.resolve().chmod(0o755)
        (folder / "1.txt").unlink()


class Adopt(Operation):
    name, words = "adopt", ("install", "base")

    def prepare(self, box):
        publish_all(box, "base-1.0.0", "dep-1.0.0")
        old = box.path / "packages"
        for name in ("dep", "@me/old"):
            (old / name).mkdir(parents=True)
            (old / name / "file").write_text("mine\n", encoding="ascii")
            (old / name / "gpack.toml").write_text(f'name = "{name}"\nversion = "0.9.0"\n',
                                                   encoding="ascii")
        (old / "data").mkdir()
        (old / "data/file").write_text("mine\n", encoding="ascii")
        (box.path / "elsewhere").write_text("mine\n", encoding="ascii")
        (old / "link").symlink_to("../elsewhere")
        (old / "ggen.lock").write_text(json.dumps({"version": "1.0", "packages": {
            "dep": {"version": "0.9.0", "checksum": "0" * 64}}}), encoding="ascii")

    kept = "packages/dep/file", "packages/@me/old/file", "packages/data/file", "packages/link"

    def check_always(self, box):
        for path in self.kept:
            if (box.path / path).read_text(encoding="ascii") != "mine\n":
                raise Wrong(f"{path} is not what it was")

    def check_more(self, box):
        box.ask("rollback", "0")
        for path in Adopt.kept:
            if (box.path / path).read_text(encoding="ascii") != "mine\n":
                raise Wrong(f"{path} is not what it was in generation 0")


class AdoptRemove(Adopt):
    name, words, after = "adopt and remove", ("remove", "@me/old"), ("list",)
    kept = "packages/dep/file", "packages/data/file", "packages/link"


class AdoptReplace(Adopt):
    name, words = "adopt and replace", ("install", "dep")
    kept = "packages/@me/old/file", "packages/data/file", "packages/link"


class RollbackAdopted(Adopt):
    name, words, after = "rollback to adopted", ("rollback", "0"), ("list",)
    kept = "packages/data/file", "packages/link"

    def prepare(self, box):
        super().prepare(box)
        box.ask("install", "dep")
        box.ask("remove", "@me/old")

    def check_more(self, box):
        for path in Adopt.kept:
            if (box.path / path).read_text(encoding="ascii") != "mine\n":
                raise Wrong(f"{path} is not what it was in generation 0")


class AdoptTarget(Operation):
    """Packages of a target, which are adopted by the word of its old lock. It lies in the home, to be
    watched."""
    name = "adopt in a target"
    there = ("-t", "ggen/vendor")
    words = ("install", "dep", *there)
    kept = "base/file", "@me/old/file", "data/file"

    def prepare(self, box):
        publish_all(box, "base-1.0.0", "dep-1.0.0")
        vendor = box.path / "vendor"
        for name in ("base", "@me/old", "data"):
            (vendor / name).mkdir(parents=True)
            (vendor / name / "file").write_text("mine\n", encoding="ascii")
        (vendor / "ggen.lock").write_text(json.dumps({"version": "1.0", "packages": {
            "base": {"version": "1.0.0"}, "@me/old": {"version": "1.0.0"}}}), encoding="ascii")

    def check_always(self, box):
        for path in self.kept:
            if (box.path / "vendor" / path).read_text(encoding="ascii") != "mine\n":
                raise Wrong(f"{path} is not what it was")

    def check_more(self, box):
        box.ask("rollback", "0", *self.there)
        for path in AdoptTarget.kept:
            if (box.path / "vendor" / path).read_text(encoding="ascii") != "mine\n":
                raise Wrong(f"{path} is not what it was in generation 0")
        if not (box.path / "vendor/ggen.lock").is_symlink():
            raise Wrong("the old lock has not given way")


class AdoptTargetReplace(AdoptTarget):
    name = "adopt in a target and replace"
    words = ("install", "base", *AdoptTarget.there)
    kept = "@me/old/file", "data/file"


class AdoptTargetRemove(AdoptTarget):
    name = "adopt in a target and remove"
    words = ("remove", "@me/old", *AdoptTarget.there)
    after = ("list",)
    kept = "base/file", "data/file"


class Update(Upgrade):
    name, words = "update", ("update",)


class Clean(Operation):
    name, words = "clean", ("clean", "--all")

    def prepare(self, box):
        publish_all(box, "base-1.0.0", "base-2.0.0", "dep-1.0.0")
        box.ask("install", "base@1.0.0", "dep")
        box.ask("install", "base@2.0.0")
        box.ask("remove", "dep")


def edit(path):
    path = path.resolve()
    path.chmod(0o644)
    path.write_text("edited\n", encoding="ascii")


OPERATIONS = [FirstPublish(), Publish(), Install(), InstallMany(), Upgrade(), Remove(), Rollback(),
              RollbackEdited(), Fix(), Adopt(), AdoptRemove(), AdoptReplace(), RollbackAdopted(),
              AdoptTarget(), AdoptTargetReplace(), AdoptTargetRemove(),
              Update(), Clean()]
PACKS = [("base", "1.0.0", ()), ("base", "2.0.0", ()), ("dep", "1.0.0", ()),
         ("app", "1.0.0", ("dep",)), ("app", "2.0.0", ("dep",)), ("tool", "1.0.0", ("app",)),
         *((part, "1.0.0", ()) for part in InstallMany.PARTS)]
