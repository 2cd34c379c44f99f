# SPDX-License-Identifier: MIT
"""What only looks changes nothing on disk: no byte, no time, no inode, no lock file."""
import os
import shutil

from tap import PACKS, equal, main, test, true

DOCS = PACKS / "greeting-docs"
READS = [
    ["search"], ["search", "greeting", "--fuzzy"], ["search", "--registry", "file"],
    ["info", "greeting-core"], ["list"], ["list", "--detailed"], ["list", "-t", "vendor"],
    ["verify"], ["verify", "-t", "vendor"], ["key", "list"], ["key", "show"], ["trust", "list"],
]
DRY = [
    ["install", "--dry-run"], ["install", "greeting-core@1.0.0", "--dry-run"],
    ["install", "absent", "--dry-run"], ["install", DOCS, "--dry-run"],
    ["install", "greeting-core", "--force", "--dry-run"],
    ["install", "greeting-core", "-t", "new/root", "--dry-run"],
    ["install", "greeting-core@1.0.0", "-t", "vendor", "--dry-run"],
    ["publish", DOCS, "--dry-run"], ["publish", DOCS, "--dry-run", "--compression", "zstd"],
    ["remove", "greeting-rest", "--dry-run"], ["remove", "greeting-core", "-t", "vendor", "--dry-run"],
]


def filled(home):
    for pack in ("greeting-core-1.0.0", "greeting-core-1.1.0", "greeting-rest"):
        home.run("market", "publish", PACKS / pack)
    home.run("market", "install", "greeting-rest")
    home.run("market", "install", "greeting-core", "-t", "vendor")


def stamps(folder):
    """{path: kind, inode, size, times} of a folder and all in it."""
    found = {}
    for path in (folder, *folder.rglob("*")):
        info = path.lstat()
        found[str(path.relative_to(folder))] = (info.st_mode, info.st_ino, info.st_size,
                                                info.st_mtime_ns, info.st_ctime_ns)
    return found


def check_untouched(home, verbs):
    for words in verbs:
        before = stamps(home.dir)
        home.run("market", *words, ok=None)
        after = stamps(home.dir)
        changed = sorted(path for path in before.keys() | after.keys()
                         if before.get(path) != after.get(path))
        equal(changed, [], " ".join(map(str, words)))


@test
def without_a_home_nothing_is_made(home):
    check_untouched(home, [words for words in READS + DRY if "vendor" not in words])


@test
def reading_verbs_rewrite_nothing(home):
    filled(home)
    check_untouched(home, READS)


@test
def dry_runs_touch_nothing(home):
    filled(home)
    check_untouched(home, DRY)
    packages = home.path / "packages"
    os.chmod(packages / "greeting-core" / "gpack.toml", 0o644)
    (packages / "greeting-core" / "gpack.toml").write_text("edited\n", encoding="utf-8")
    check_untouched(home, DRY)


@test
def a_dry_run_leaves_even_a_stale_index_as_it_is(home):
    filled(home)
    copied, bare = home.another(), home.another()
    shutil.copytree(home.path / "registry", copied.path / "registry")
    shutil.copytree(home.path / "registry", bare.path / "registry",
                    ignore=shutil.ignore_patterns("index*", ".lock", "generation"))
    for other in (copied, bare):
        check_untouched(other, [["install", "greeting-rest", "--dry-run"]] * 2)
        steps = other.json("market", "install", "greeting-rest", "--dry-run")["steps"]
        equal(sorted(step["name"] for step in steps), ["greeting-core", "greeting-rest"])
        equal(other.run("market", "install", "greeting-rest", "--dry-run").err, "")
    true(not (bare.path / "registry" / "index.db").exists(), "no index was made")


@test
def the_same_with_a_running_node(home):
    filled(home)
    home.start("node", "run").wait_for("node runs: ")
    home.run("market", "search")
    check_untouched(home, READS + DRY)


main()
