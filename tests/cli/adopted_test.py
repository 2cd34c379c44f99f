# SPDX-License-Identifier: MIT
"""A packages/ directory of before ggen is generation 0: what is in it is listed, compared as far as
anything is known, kept, removed, replaced, and brought back."""
import json
import os
import re
import shutil

from homes import make_pack, publish, restore
from tap import Failure, contains, equal, lacks, main, matches, test, true

TIME = re.compile(r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"')
SOME_DIGEST = "7" * 64


def old(home, path, name=None, version="1.0.0", needs=(), files=()):
    """A directory in packages/ with a manifest; its path."""
    folder = home.path / "packages" / path
    lines = ["[gpack]", f'name = "{name or path}"', f'version = "{version}"',
             f'description = "The old {name or path}"', "[dependencies]"]
    home.write(folder / "gpack.toml", "\n".join(lines + [f'{need} = "*"' for need in needs]) + "\n")
    for file in files:
        home.write(folder / file, f"{file} of {path}\n")
    return folder


def old_lock(home, packages, version="1.0"):
    home.write(home.path / "packages" / "ggen.lock",
               json.dumps({"version": version, "packages": packages}))


def listed(home, *options):
    """{name: (version, adopted)}"""
    return {package["name"]: (package["version"], package["adopted"])
            for package in home.json("market", "list", *options)["packages"]}


def findings(home, *options, ok=0):
    return [(one["finding"], one["package"], one["path"])
            for one in home.json("market", "verify", *options, ok=ok)["findings"]]


def contents(folder):
    """{path: text} of the files that are reached from a directory, also through links."""
    return {os.path.relpath(os.path.join(root, name), folder):
            open(os.path.join(root, name), encoding="utf-8").read()
            for root, _, names in os.walk(folder, followlinks=True) for name in names
            if name != "ggen.lock" and os.path.exists(os.path.join(root, name))}


def given_two(home):
    """alpha, which needs beta; and 'thing' in the registry."""
    old(home, "alpha", version="1.2.0", needs=["beta"], files=["a.txt"])
    old(home, "beta", version="2.0.0")
    publish(home, make_pack(home, "thing"))


# ---- what is listed --------------------------------------------------------------------------------

@test
def without_a_lock_the_manifests_say_what_is_there(home):
    given_two(home)
    before = contents(home.path / "packages")
    document = home.json("market", "list")
    equal([(one["name"], one["version"], one["adopted"], one["direct"], one["publisher_key"],
            one["dependencies"]) for one in document["packages"]],
          [("alpha", "1.2.0", True, True, None, {"beta": "2.0.0"}),
           ("beta", "2.0.0", True, True, None, {})])
    equal((document["generation"], document["warnings"]), (0, []))
    matches(home.run("market", "list").out, r"^alpha +1\.2\.0 +adopted +The old alpha")
    contains(home.run("market", "list").out, "2 adopted: there before ggen, and never verified")
    matches(home.run("market", "list", "--detailed").out, "not verified")
    matches(home.run("market", "tree").out, "^└─beta +2.0.0 +adopted")
    contains(home.run("market", "why", "beta").out, "beta 2.0.0 was adopted: it was there before ggen.\n"
                                                    "alpha 1.2.0 → beta 2.0.0\n")
    equal(home.json("market", "tree")["packages"][0]["adopted"], True)
    contains(home.run("market", "info", "alpha", ok=1).err,
             "note: alpha 1.2.0 is installed (adopted): ggen market list --detailed\n")
    lacks(home.run("market", "info", "gamma", ok=1).err, "note: ")
    equal(home.json("market", "why", "beta")["adopted"], True)
    document = home.json("market", "rollback", "0")
    equal((document["generation"], document["from_generation"]), (0, 0))
    true(not (home.path / "packages").is_symlink(), "nothing has moved by that")
    equal(contents(home.path / "packages"), before)


@test
def an_old_lock_says_what_is_there_and_what_it_does_not_name_is_listed_too(home):
    given_two(home)
    old(home, "gamma", version="3.0.0")
    old_lock(home, {"alpha": {"version": "1.2.0", "checksum": SOME_DIGEST, "source": "registry",
                              "dependencies": {"beta": "2.0.0"}},
                    "beta": {"version": "2.0.0"}})
    document = home.json("market", "list")
    equal([(one["name"], one["sha256"], one["adopted"], one["dependencies"])
           for one in document["packages"]],
          [("alpha", SOME_DIGEST, True, {"beta": "2.0.0"}), ("beta", None, True, {}),
           ("gamma", None, True, {})])


@test
def a_damaged_lock_is_told_and_the_manifests_are_read_instead(home):
    given_two(home)
    for text in ('{"version": 1, "packages": {', '{"version": 99, "packages": {}}', "\0\1\2",
                 '{"version": "1.0", "packages": {"alpha": {"version": "1", "checksum": "x"}}}'):
        home.write(home.path / "packages" / "ggen.lock", text)
        document = home.json("market", "list")
        equal([one["name"] for one in document["packages"]], ["alpha", "beta"])
        equal(len(document["warnings"]), 1)
        contains(document["warnings"][0], "packages/ggen.lock: ")
    contains(home.run("market", "list").err, "warning: packages/ggen.lock: ")
    contains(home.json("market", "verify")["warnings"][0], "packages/ggen.lock: ")
    os.unlink(home.path / "packages" / "ggen.lock")
    os.mkdir(home.path / "packages" / "ggen.lock")
    contains(home.json("market", "list")["warnings"][0], "packages/ggen.lock: ")
    home.run("market", "install", "thing")
    equal(listed(home)["alpha"], ("1.2.0", True))


@test
def what_the_lock_names_and_is_not_there_is_told_and_left_out(home):
    given_two(home)
    old_lock(home, {"alpha": {"version": "1.2.1", "dependencies": {"lost": "1.0.0"}},
                    "lost": {"version": "1.0.0"}})
    document = home.json("market", "list")
    equal([(one["name"], one["version"], one["dependencies"]) for one in document["packages"]],
          [("alpha", "1.2.1", {}), ("beta", "2.0.0", {})])
    equal(sorted(document["warnings"]),
          ["alpha is 1.2.1 in packages/ggen.lock, and 1.2.0 in packages/alpha",
           "packages/ggen.lock names lost 1.0.0, which is not there"])


@test
def what_is_no_package_is_told_when_nothing_is_and_stays(home):
    home.write(home.path / "packages/stuff/file", "x\n")
    document = home.json("market", "list")
    equal(document["packages"], [])
    contains(document["warnings"][0], "nothing in packages/ is a package")
    old(home, "alpha")
    home.write(home.path / "packages/broken/gpack.toml", "name = \n")
    home.write(home.path / "packages/nameless/gpack.toml", "[gpack]\nversion = '1.0.0'\n")
    document = home.json("market", "list")
    equal([one["name"] for one in document["packages"]], ["alpha"])
    equal(len(document["warnings"]), 2)
    publish(home, make_pack(home, "thing"))
    before = contents(home.path / "packages")
    home.run("market", "install", "thing")
    after = contents(home.path / "packages")
    equal({path: after.get(path) for path in before}, before)


@test
def directories_of_other_names_scopes_links_and_files_keep_their_places(home):
    old(home, "alpha-1.2.0", "alpha", "1.2.0", files=["a.txt"])
    old(home, "@me/tool")
    old(home, "@me/other")
    old(home, "group/lib", "lib")
    linked = home.path / "elsewhere"
    home.write(linked / "gpack.toml", '[gpack]\nname = "linked"\nversion = "1.0.0"\n')
    os.symlink("../elsewhere", home.path / "packages/linked")
    os.symlink("nowhere", home.path / "packages/dangling")
    os.symlink("../../../elsewhere/gpack.toml", home.path / "packages/@me/tool/up")
    home.write(home.path / "packages/README", "mine\n")
    home.write(home.path / "packages/.hidden", "mine too\n")
    before = contents(home.path / "packages")
    true("@me/tool/up" in before and "linked/gpack.toml" in before, "links out of it hold")
    names = ["@me/other", "@me/tool", "alpha", "lib", "linked"]
    equal(sorted(listed(home)), names)
    publish(home, make_pack(home, "thing"))
    home.run("market", "install", "thing")
    equal(sorted(listed(home)), names + ["thing"])
    after = contents(home.path / "packages")
    equal({path: after.get(path) for path in before}, before)
    equal(after["alpha/a.txt"], before["alpha-1.2.0/a.txt"], "by its name, too")
    true((home.path / "packages/dangling").is_symlink(), "the dangling link is there")
    home.run("market", "remove", "alpha", "@me/tool", "linked")
    equal(sorted(listed(home)), ["@me/other", "lib", "thing"])
    gone = ("alpha", "alpha-1.2.0", "@me/tool", "linked")
    equal(sorted({path for path in after if not path.startswith(gone)}),
          sorted(contents(home.path / "packages")))
    home.run("market", "remove", "@me/other", "lib")
    equal([name for name in ("@me", "lib", "group/lib") if os.path.lexists(home.path / "packages" / name)],
          [])
    home.run("market", "rollback", "0")
    equal(contents(home.path / "packages"), before)


@test
def two_of_one_name_are_told_and_one_is_listed(home):
    old(home, "alpha")
    old(home, "copy-of-alpha", "alpha")
    old(home, "beta-dir", "beta")
    home.write(home.path / "packages/beta", "a file in the place of the name\n")
    document = home.json("market", "list")
    equal([one["name"] for one in document["packages"]], ["alpha"])
    equal(len(document["warnings"]), 2)
    before = contents(home.path / "packages")
    publish(home, make_pack(home, "thing"))
    home.run("market", "install", "thing")
    after = contents(home.path / "packages")
    equal({path: after.get(path) for path in before}, before)


@test
def circles_among_manifests_are_told_and_stop_nothing(home):
    old(home, "alpha", needs=["beta"])
    old(home, "beta", needs=["alpha"])
    publish(home, make_pack(home, "thing"))
    contains(home.json("market", "list")["warnings"][0], "alpha@1.0.0 -> beta@1.0.0")
    home.run("market", "install", "thing")
    equal(len(listed(home)), 3)


@test
def an_empty_directory_is_nothing(home):
    (home.path / "packages").mkdir(parents=True)
    equal(home.json("market", "list")["warnings"], [])
    equal(home.json("market", "history"), {"generations": [], "total": 0})
    publish(home, make_pack(home, "thing"))
    home.run("market", "install", "thing")
    equal(home.json("market", "history")["total"], 1)
    contains(home.run("market", "rollback", "0", ok=1).err, "there is no generation 0")


# ---- verify ----------------------------------------------------------------------------------------

@test
def without_a_digest_verify_says_that_there_is_nothing_to_compare_with(home):
    given_two(home)
    document = home.json("market", "verify")
    equal((document["ok"], document["packages_count"], document["files_count"]), (True, 2, 0))
    equal(findings(home), [("adopted", "alpha", ""), ("adopted", "beta", "")])
    text = home.run("market", "verify").out
    contains(text, "A alpha 1.2.0  adopted: nothing to compare with\n")
    contains(text, "Adopted, with nothing to compare with: 2.")
    lacks(text, "as published")
    equal(findings(home, "beta"), [("adopted", "beta", "")])
    home.run("market", "install", "thing")
    equal(findings(home), [("adopted", "alpha", ""), ("adopted", "beta", "")])
    equal(home.json("market", "verify", "--fix")["ok"], True)
    equal(home.json("market", "list")["generation"], 1, "there was nothing to fix")


@test
def with_the_digest_of_an_archive_that_a_registry_has_verify_compares_the_files(home):
    publish(home, make_pack(home, "thing"))
    packed = home.json("market", "info", "thing")["package"]
    shutil.copytree(home.dir / "packs/thing-1.0.0", home.path / "packages/thing")
    old_lock(home, {"thing": {"version": "1.0.0", "integrity": "sha256-" + packed["sha256"]}})
    document = home.json("market", "verify")
    equal((document["ok"], document["findings"], document["files_count"]), (True, [], 4))
    home.write(home.path / "packages/thing/files/0.txt", "edited\n")
    equal(findings(home, ok=1), [("changed", "thing", "")])
    matches(home.run("market", "verify", ok=1).out, "^C thing 1.0.0$")
    fixed = home.json("market", "verify", "--fix", ok=1)["findings"]
    equal([(one["finding"], one["fixed"]) for one in fixed], [("changed", False)])
    home.run("market", "install", "thing")
    equal((findings(home), listed(home)), ([], {"thing": ("1.0.0", False)}))


@test
def with_a_digest_that_nothing_knows_verify_names_it(home):
    old(home, "alpha")
    old_lock(home, {"alpha": {"version": "1.0.0", "checksum": SOME_DIGEST}})
    (finding,) = home.json("market", "verify")["findings"]
    equal((finding["finding"], finding["expected"]), ("adopted", SOME_DIGEST))
    contains(home.run("market", "verify").out, "nothing here tells what is in the archive")


@test
def an_archive_packed_as_ggen_does_needs_no_registry(home):
    folder = make_pack(home, "thing")
    digest = home.json("market", "publish", folder, "--dry-run")["package"]["sha256"]
    shutil.copytree(folder, home.path / "packages/thing")
    old_lock(home, {"thing": {"version": "1.0.0", "checksum": digest}})
    equal(findings(home), [])


@test
def packages_copied_without_their_store_are_compared_by_their_own_lock(home):
    publish(home, make_pack(home, "thing"))
    home.run("market", "install", "thing")
    other = home.dir / "other"
    shutil.copytree(home.path / "packages", other / "packages")
    for folder, _, _ in os.walk(other):
        os.chmod(folder, 0o755)
    there = ["--home", other]
    equal(home.json("market", "verify", *there)["findings"], [])
    equal(listed(home, *there), {"thing": ("1.0.0", True)})
    equal(home.json("market", "list", *there)["packages"][0]["publisher_key"], None)
    home.write(other / "packages/thing/new.txt", "mine\n")
    equal(findings(home, *there, ok=1), [("changed", "thing", "")])
    shutil.rmtree(other / "packages/thing/files")
    os.symlink("/etc", other / "packages/thing/files")
    equal(findings(home, *there, ok=1), [("changed", "thing", "")])


@test
def an_adopted_package_that_is_gone_is_missing(home):
    given_two(home)
    home.run("market", "install", "thing")
    shutil.rmtree(home.path / "packages.0/alpha")
    equal(findings(home, ok=1), [("missing", "alpha", ""), ("adopted", "beta", "")])


# ---- what changes it -------------------------------------------------------------------------------

@test
def what_is_removed_stays_away_and_generation_0_has_it_still(home):
    given_two(home)
    before = contents(home.path / "packages")
    contains(home.run("market", "remove", "beta", ok=1).err, "beta is needed by alpha 1.2.0")
    home.json("market", "remove", "alpha", "--dry-run")
    true(not (home.path / "packages").is_symlink(), "a dry run moves nothing")
    home.run("market", "remove", "alpha")
    equal(listed(home), {"beta": ("2.0.0", True)})
    home.run("market", "install", "thing")
    home.run("market", "remove", "thing")
    equal(listed(home), {"beta": ("2.0.0", True)})
    true(not os.path.lexists(home.path / "packages/alpha"), "alpha is gone")
    home.run("market", "clean", "--all")
    home.run("market", "rollback", "0")
    equal(sorted(listed(home)), ["alpha", "beta"])
    equal(contents(home.path / "packages"), before)
    contains(home.run("market", "rollback", ok=1).err, "there is no generation before 0")


@test
def installing_an_adopted_package_puts_a_verified_one_in_its_place_for_good(home):
    old(home, "thing", files=["mine.txt"])
    publish(home, make_pack(home, "thing"))
    (step,) = home.json("market", "install", "thing")["steps"]
    equal((step["action"], step["previous"]), ("reinstall", "1.0.0"))
    true(step["publisher_key"], "its publisher is known")
    equal((listed(home), findings(home)), ({"thing": ("1.0.0", False)}, []))
    true(not (home.path / "packages/thing/mine.txt").exists(), "the files are those published")
    home.run("market", "remove", "thing")
    true(not os.path.lexists(home.path / "packages/thing"), "the adopted one does not come back")
    (step,) = home.json("market", "rollback", "0")["steps"]
    equal((step["action"], listed(home)), ("add", {"thing": ("1.0.0", True)}))
    home.run("market", "rollback", "1")
    (step,) = home.json("market", "rollback")["steps"]
    equal((step["action"], step["publisher_key"]), ("reinstall", None))
    true((home.path / "packages/thing/mine.txt").exists(), "what was adopted is back")


@test
def an_adopted_package_stays_when_something_else_is_installed_though_a_registry_has_it(home):
    old(home, "thing")
    old(home, "aaa", version="2.0.0-rc.1")
    old(home, "user", needs=["aaa"])
    publish(home, make_pack(home, "thing"), make_pack(home, "thing", "1.1.0"), make_pack(home, "aaa"),
            make_pack(home, "aaa", "2.0.0-rc.1"), make_pack(home, "other"))
    home.run("market", "install", "other")
    equal(listed(home), {"aaa": ("2.0.0-rc.1", True), "other": ("1.0.0", False),
                         "thing": ("1.0.0", True), "user": ("1.0.0", True)})
    home.run("market", "remove", "other")
    home.run("market", "install")
    home.run("market", "verify", "--fix")
    equal(sorted(listed(home)), ["aaa", "thing", "user"])
    true(all(adopted for _, adopted in listed(home).values()), "all of them are as they were")


@test
def another_version_takes_the_place_when_it_is_asked_for_or_needed(home):
    old(home, "thing")
    old(home, "user", needs=["thing"])
    publish(home, make_pack(home, "thing", "2.0.0"))
    (step,) = [one for one in home.json("market", "install", "thing")["steps"]
               if one["action"] != "keep"]
    equal((step["action"], step["previous"], step["version"]), ("upgrade", "1.0.0", "2.0.0"))
    equal(listed(home), {"thing": ("2.0.0", False), "user": ("1.0.0", True)})
    equal(home.json("market", "list")["packages"][1]["dependencies"], {"thing": "2.0.0"})


@test
def an_adopted_package_that_no_registry_has_is_not_replaced_and_that_is_said(home):
    given_two(home)
    error = home.json("market", "install", "alpha", ok=1)["error"]
    equal(error["code"], "PACKAGE_NOT_FOUND")
    contains(error["message"], "alpha was adopted, and no registry has one to put in its place")
    equal(listed(home)["alpha"], ("1.2.0", True))
    home.run("market", "install", home.path / "packages/alpha")
    equal(listed(home)["alpha"], ("1.2.0", False))


@test
def an_adopted_package_of_nobody_does_not_pass_for_a_dependency_that_names_its_publisher(home):
    publish(home, make_pack(home, "dep"), make_pack(home, "app", requires=["dep"]))
    old(home, "dep")
    error = home.json("market", "install", "app", ok=1)["error"]
    equal(error["code"], "UNTRUSTED_PUBLISHER")
    contains(error["message"], "nobody knows who published it")
    home.run("market", "install", "app", "dep")
    equal(listed(home), {"app": ("1.0.0", False), "dep": ("1.0.0", False)})


@test
def an_update_leaves_adopted_packages_unless_they_are_named(home):
    old(home, "thing")
    publish(home, make_pack(home, "thing", "2.0.0"))
    (newer,) = home.json("market", "outdated", ok=3)["packages"]
    equal((newer["current"], newer["wanted"], newer["latest"]), ("1.0.0", "1.0.0", "2.0.0"))
    document = home.json("market", "update")
    equal([step["action"] for step in document["steps"]], ["keep"])
    contains(document["warnings"][0], "left as it is unless it is named: thing")
    home.run("market", "update", "thing")
    equal(listed(home), {"thing": ("2.0.0", False)})


@test
def the_history_begins_with_what_was_there(home):
    given_two(home)
    (entry,) = home.json("market", "history")["generations"]
    equal((entry["generation"], entry["adopted"], entry["current"], entry["packages_count"]),
          (0, True, True, 2))
    home.run("market", "install", "thing")
    first, zero = home.json("market", "history")["generations"]
    equal((first["generation"], first["previous"], first["adopted"], first["packages_count"]),
          (1, 0, False, 3))
    equal([(step["action"], step["name"]) for step in first["steps"]], [("add", "thing")])
    equal((zero["generation"], zero["current"]), (0, False))
    contains(home.run("market", "history").out, "(adopted: there before ggen)")
    equal(len(home.json("market", "history", "--limit", "1")["generations"]), 1)
    home.run("market", "rollback")
    home.run("market", "install", "thing")
    equal(home.json("market", "list")["generation"], 2)
    equal(sorted(listed(home)), ["alpha", "beta", "thing"])


@test
def a_second_directory_is_refused_and_nothing_changes(home):
    given_two(home)
    home.run("market", "install", "thing")
    os.unlink(home.path / "packages")
    old(home, "late")
    equal(listed(home), {"late": ("1.0.0", True)})
    failure = home.json("market", "install", "thing", ok=1)["error"]
    equal(failure["code"], "ALREADY_EXISTS")
    contains(failure["message"], "there is a generation 0 already; move it away")
    equal(listed(home), {"late": ("1.0.0", True)})
    shutil.move(home.path / "packages", home.dir / "late")
    equal(listed(home), {"alpha": ("1.2.0", True), "beta": ("2.0.0", True)})
    home.run("market", "rollback", "1")
    equal(sorted(listed(home)), ["alpha", "beta", "thing"])


# ---- targets ---------------------------------------------------------------------------------------

@test
def an_old_lock_that_does_not_say_what_was_asked_for_is_reproduced_in_a_target(home):
    publish(home, make_pack(home, "dep"), make_pack(home, "app", requires=["dep"]))
    text = json.dumps({"version": "1.0", "packages": {
        "app": {"version": "1.0.0", "dependencies": {"dep": "1.0.0"}}, "dep": {"version": "1.0.0"}}})
    home.write("vendor/ggen.lock", text)
    home.run("market", "install", "-t", "vendor")
    document = home.json("market", "list", "-t", "vendor")
    equal([(one["name"], one["direct"], one["adopted"]) for one in document["packages"]],
          [("app", True, False), ("dep", False, False)])


def given_a_target(home):
    """vendor/ with alpha, @me/tool and thing as its ggen.lock says, and what else there is."""
    publish(home, make_pack(home, "thing"), make_pack(home, "other"))
    for name in ("alpha", "@me/tool", "thing"):
        home.write(f"vendor/{name}/gpack.toml", f'name = "{name}"\nversion = "1.0.0"\n')
        home.write(f"vendor/{name}/mine.txt", f"mine of {name}\n")
    home.write("vendor/src/package.json", '{"name": "src", "version": "1.0.0"}')
    home.write("vendor/@me/notes", "mine\n")
    home.write("vendor/ggen.lock", json.dumps({"version": "1.0", "packages": {
        name: {"version": "1.0.0"} for name in ("alpha", "@me/tool", "thing")}}))
    return home.dir / "vendor", ["-t", "vendor"]


@test
def a_target_adopts_what_its_lock_names_and_nothing_else(home):
    vendor, there = given_a_target(home)
    before = contents(vendor)
    adopted = {name: ("1.0.0", True) for name in ("@me/tool", "alpha", "thing")}
    equal(listed(home, *there), adopted)
    equal(home.json("market", "list", *there)["warnings"], [])
    equal(findings(home, *there), [("adopted", name, "") for name in sorted(adopted)])
    contains(home.run("market", "why", "alpha", *there).out, "was adopted")
    home.run("market", "rollback", "0", *there)
    equal([path.name for path in vendor.iterdir() if path.name == ".ggen"], [], "nothing has moved")
    home.run("market", "install", "other", *there)
    equal(listed(home, *there), adopted | {"other": ("1.0.0", False)})
    after = contents(vendor)
    equal({path: after.get(path) for path in before}, before)
    true(all((vendor / name).is_symlink() for name in adopted), "links as all others")
    true((vendor / "src").is_dir() and not (vendor / "src").is_symlink(), "its owner's")
    equal(home.run("market", "verify", *there).rc, 0)
    equal([entry["generation"] for entry in home.json("market", "history", *there)["generations"]],
          [1, 0])
    home.run("market", "clean", "--all", *there)
    home.run("market", "install", "thing", *there)
    equal(listed(home, *there)["thing"], ("1.0.0", False))
    true(not (vendor / "thing/mine.txt").exists(), "a verified one took its place")
    home.run("market", "remove", "alpha", "@me/tool", *there)
    equal(sorted(listed(home, *there)), ["other", "thing"])
    true(not os.path.lexists(vendor / "alpha") and not os.path.lexists(vendor / "@me/tool"), "gone")
    equal((vendor / "@me/notes").read_text(), "mine\n")
    home.run("market", "rollback", "0", *there)
    equal(listed(home, *there), adopted)
    after = contents(vendor)
    equal({path: after.get(path) for path in before}, before)
    equal(sorted(path for path in set(after) - set(before) if not path.startswith(".ggen/")), [])
    home.run("market", "install", "other", *there)
    equal(listed(home, *there), adopted | {"other": ("1.0.0", False)})


@test
def removing_and_replacing_can_be_the_first_that_is_done_to_a_target(home):
    vendor, there = given_a_target(home)
    home.run("market", "remove", "@me/tool", *there)
    equal(sorted(listed(home, *there)), ["alpha", "thing"])
    true(not os.path.lexists(vendor / "@me/tool"), "gone")
    shutil.rmtree(vendor)
    given_a_target(home)
    home.run("market", "install", "thing", "--frozen", *there, ok=1)
    (step,) = [one for one in home.json("market", "install", "thing", *there)["steps"]
               if one["action"] != "keep"]
    equal((step["action"], listed(home, *there)["thing"]), ("reinstall", ("1.0.0", False)))


@test
def a_target_that_lacks_some_of_its_lock_is_told_what_is_in_the_way_and_nothing_changes(home):
    vendor, there = given_a_target(home)
    shutil.rmtree(vendor / "alpha")
    shutil.rmtree(vendor / "@me/tool")
    lock = {"version": "1.0", "packages": {name: {"version": "1.0.0"} for name in ("other", "thing")}}
    home.write("vendor/ggen.lock", json.dumps(lock))
    equal(listed(home, *there), {})
    error = home.json("market", "install", *there, ok=1)["error"]
    equal(error["code"], "ALREADY_EXISTS")
    contains(error["message"], "thing")
    equal(json.loads((vendor / "ggen.lock").read_text()), lock)
    shutil.rmtree(vendor / "thing")
    home.run("market", "install", *there)
    equal(listed(home, *there), {name: ("1.0.0", False) for name in ("other", "thing")})


# ---- alone and attached ----------------------------------------------------------------------------

VERBS = [["info", "alpha"], ["list"], ["list", "--detailed"], ["verify"], ["verify", "alpha"], ["tree"], ["why", "beta"],
         ["history"], ["outdated"], ["update", "--check"], ["policy", "beta"], ["rollback"],
         ["rollback", "0"], ["remove", "beta"], ["install", "thing"], ["list"], ["verify"], ["history"],
         ["install", "alpha"], ["update"], ["verify", "--fix"], ["remove", "alpha"], ["list"],
         ["rollback", "0"], ["list"], ["verify"], ["history"], ["clean", "--all"], ["install", "thing"],
         ["list"]]


def answers(home, words):
    """Exit code, output and errors as JSON and as text, without times."""
    told = [home.run("market", *words, *form, ok=None) for form in (["--json"], [])]
    return [(one.rc, TIME.sub('"TIME"', re.sub(r"\d{4}-\d\d-\d\dT\S+Z", "TIME", one.out)), one.err)
            for one in told]


@test
def every_verb_answers_the_same_bytes_alone_and_attached(home):
    given_two(home)
    old_lock(home, {"alpha": {"version": "1.2.0", "checksum": SOME_DIGEST,
                              "dependencies": {"beta": "2.0.0"}}, "lost": {"version": "1.0.0"}})
    shutil.copytree(home.path, home.dir / "before", symlinks=True)
    alone = [answers(home, words) for words in VERBS]
    restore(home, home.dir / "before")
    home.start("node", "run").wait_for("node runs: ")
    for words, before in zip(VERBS, alone):
        attached = answers(home, words)
        if attached != before:
            raise Failure(f"{words}\n  alone:    {before}\n  attached: {attached}")


main()
