# SPDX-License-Identifier: MIT
"""Homes in unusual places: read-only, full of odd characters, too deep for a socket, gone."""
import json
import os
import shutil
import stat

from homes import as_nobody, check_sound, give_to_nobody, installed, make_pack, publish
from tap import contains, equal, ggen_path, lacks, main, matches, test, true

SOCKET_PATH_MAX = 107


def stocked(home):
    publish(home, make_pack(home, "thing"), make_pack(home, "other"))
    home.json("market", "install", "thing")


def write_protect(folder):
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            os.chmod(path, path.stat().st_mode & ~0o222)


def run_protected(home, *words, ok=True):
    """Run ggen where write protection counts: root is not bound by it, nobody is."""
    words = ["market", *words, "--json"]
    argv = as_nobody(words) if os.geteuid() == 0 else [ggen_path(), *words]
    return json.loads(home.run_program(argv, ok=ok).out)


@test
def a_read_only_home_can_be_read_and_says_why_it_cannot_be_written(home):
    stocked(home)
    if os.geteuid() == 0:
        give_to_nobody(home.dir)
    write_protect(home.path)
    before = sorted(str(path) for path in home.path.rglob("*"))
    equal(run_protected(home, "search")["total"], 2)
    equal(run_protected(home, "list")["total"], 1)
    equal(run_protected(home, "info", "thing")["package"]["id"], "thing")
    equal(run_protected(home, "verify")["ok"], True)
    for words in (["install", "other"], ["remove", "thing"], ["rollback"], ["key", "generate"],
                  ["publish", str(home.dir / "packs" / "other-1.0.0")]):
        failure = run_protected(home, *words, ok=1)["error"]
        equal(failure["code"], "PERMISSION_DENIED", str(words))
        contains(failure["message"], str(home.path))
    equal(sorted(str(path) for path in home.path.rglob("*")), before, "what is in the home")


@test
def a_part_of_the_home_that_cannot_be_written_is_named_and_nothing_changes(home):
    stocked(home)
    if os.geteuid() == 0:
        give_to_nobody(home.dir)
    for part in ("store", "generations"):
        os.chmod(home.path / part, 0o555)
        failure = run_protected(home, "install", "other", ok=1)["error"]
        equal(failure["code"], "PERMISSION_DENIED", part)
        equal(run_protected(home, "list")["total"], 1)
        os.chmod(home.path / part, 0o755)
    run_protected(home, "install", "other")
    equal(run_protected(home, "verify")["ok"], True)


def moved(home, name):
    """The home goes to a folder of that name below its directory."""
    home.path = home.dir / name
    return ["--home", str(home.path)]


def works(home, there):
    """The main job in a home that is given by --home."""
    home.run("market", "publish", make_pack(home, "thing"), *there)
    home.run("market", "install", "thing", *there)
    found = home.json("market", "search", "thing", *there)
    true(found["results"][0]["location"].startswith(str(home.path)), "the location is in the home")
    equal(home.json("market", "verify", *there)["packages_count"], 1)
    true((home.path / "packages" / "thing" / "gpack.toml").is_file(), "it is there")


@test
def a_home_with_spaces_and_other_scripts_in_its_path_works_alone_and_attached(home):
    there = moved(home, "my ümläute 家 'quoted' $HOME %20 #1")
    works(home, there)
    before = home.run("market", "list", "--json", *there).out
    node = home.start("node", "run", *there)
    node.wait_for("node runs: ")
    equal(home.run("market", "list", "--json", *there).out, before)
    home.run("market", "remove", "thing", *there)
    home.run("market", "install", "thing", *there)
    equal(node.stop(), 0)


@test
def a_home_too_deep_for_a_socket_works_alone_and_the_node_says_why_not(home):
    there = moved(home, "deep/" + "x" * 100 + "/" + "y" * 100 + "/home")
    works(home, there)
    result = home.run("node", "run", *there, ok=1)
    contains(result.err, str(home.path / "run" / "bus.ipc"))
    matches(result.err, rf"at most {SOCKET_PATH_MAX} bytes")
    home.run("market", "list", *there)


@test
def a_home_too_deep_for_the_system_is_refused(home):
    result = home.run("market", "list", "--home", "/" + "x/" * 3000, ok=1)
    matches(result.err, "^error: .*too long")


@test
def a_home_that_is_a_file_is_refused_with_its_path(home):
    home.path.write_text("a file\n", encoding="utf-8")
    contains(home.run("market", "install", "thing", ok=1).err, str(home.path))
    equal(home.path.read_text(encoding="utf-8"), "a file\n")


@test
def a_home_behind_a_symbolic_link_works(home):
    (home.dir / "real").mkdir()
    home.path.symlink_to("real")
    stocked(home)
    check_sound(home)
    home.start("node", "run").wait_for("node runs: ")
    equal(installed(home), {"thing": "1.0.0"})


@test
def a_registry_directory_that_is_gone_is_made_again(home):
    stocked(home)
    shutil.rmtree(home.path / "registry")
    equal(home.json("market", "search")["total"], 0)
    equal(installed(home), {"thing": "1.0.0"})
    check_sound(home)
    publish(home, home.dir / "packs" / "other-1.0.0")
    home.json("market", "install", "other")
    check_sound(home)


@test
def a_home_that_is_moved_goes_on(home):
    stocked(home)
    home.path.rename(home.dir / "elsewhere")
    there = moved(home, "elsewhere")
    home.json("market", "install", "other", *there)
    equal(home.json("market", "verify", *there)["packages_count"], 2)
    lacks(home.run("market", "search", "--json", *there).out, str(home.dir / "ggen") + "/")


@test
def whatever_the_umask_secrets_are_for_their_owner_only(home):
    folder = make_pack(home, "thing")
    home.run_program(["sh", "-c", 'umask 0; "$0" market publish "$1"', ggen_path(), folder])
    for name in ("keys", "run"):
        equal(stat.S_IMODE((home.path / name).stat().st_mode), 0o700, name)
    for key in (home.path / "keys").iterdir():
        equal(stat.S_IMODE(key.stat().st_mode), 0o600, str(key))


main()
