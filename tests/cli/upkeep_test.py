# SPDX-License-Identifier: MIT
"""tree, why, outdated, update, history, clean and policy, on the sample packs."""
import json
import os
import shutil

from tap import PACKS, contains, equal, lacks, main, matches, test, true

CORE, CORE_NEW, REST, DOCS = "greeting-core-1.0.0", "greeting-core-1.1.0", "greeting-rest", "greeting-docs"


def publish(home, *packs):
    for pack in packs:
        home.run("market", "publish", PACKS / pack)


def given_an_old_core(home):
    """greeting-rest with greeting-core 1.0.0 installed; 1.1.0 is published after that."""
    publish(home, CORE, REST)
    home.run("market", "install", "greeting-rest")
    publish(home, CORE_NEW)


def versions(home, *options):
    listed = home.json("market", "list", *options)["packages"]
    return {package["name"]: package["version"] for package in listed}


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


# ---- tree and why ----------------------------------------------------------------------------------

@test
def a_tree_shows_who_needs_what_and_inverted_who_needs_it(home):
    publish(home, CORE_NEW, REST, DOCS)
    home.run("market", "install", "greeting-docs", "--with-optional")
    equal(home.run("market", "tree").out, "\n".join([
        "PACKAGE            VERSION",
        "greeting-docs      0.3.0    asked for",
        "├─greeting-core    1.1.0",
        "└─greeting-rest    1.0.0",
        "  └─greeting-core  1.1.0", ""]))
    text = home.run("market", "tree", "--invert", "greeting-core").out
    matches(text, "^greeting-core +1.1.0")
    matches(text, "^└─greeting-rest")
    matches(text, "^  └─greeting-docs +0.3.0 +asked for")
    plain = home.run("market", "tree", env={"LC_ALL": "C"}).out
    contains(plain, "|-greeting-core")
    contains(plain, "`-greeting-rest")
    true(plain.isascii(), "no other characters")


@test
def the_json_of_a_tree_is_a_graph(home):
    publish(home, CORE_NEW, REST)
    equal(home.json("market", "tree"), {"inverted": False, "roots": [], "packages": []})
    home.run("market", "install", "greeting-rest")
    document = home.json("market", "tree")
    equal(document["roots"], ["greeting-rest"])
    equal([(package["name"], package["below"]) for package in document["packages"]],
          [("greeting-core", []), ("greeting-rest", ["greeting-core"])])
    inverted = home.json("market", "tree", "--invert")
    equal(inverted["roots"], ["greeting-core"])
    equal(len(home.json("market", "tree", "greeting-core")["packages"]), 1)


@test
def why_tells_the_ways_from_what_was_asked_for(home):
    publish(home, CORE_NEW, REST, DOCS)
    home.run("market", "install", "greeting-docs", "--with-optional")
    document = home.json("market", "why", "greeting-core")
    equal([[step["name"] for step in path] for path in document["paths"]],
          [["greeting-docs", "greeting-core"], ["greeting-docs", "greeting-rest", "greeting-core"]])
    equal((document["direct"], document["more"]), (False, False))
    contains(home.run("market", "why", "greeting-core").out,
             "greeting-docs 0.3.0 → greeting-rest 1.0.0 → greeting-core 1.1.0\n")
    contains(home.run("market", "why", "greeting-docs").out, "greeting-docs 0.3.0 was asked for.")


@test
def names_that_are_not_installed_are_told_with_what_was_meant(home):
    publish(home, CORE_NEW, REST)
    home.run("market", "install", "greeting-rest")
    for verb in (["why"], ["tree"], ["update"], ["outdated"]):
        failure = home.json("market", *verb, "greting-rest", ok=1)["error"]
        equal(failure["code"], "PACKAGE_NOT_FOUND", str(verb))
        contains(failure["hint"], "did you mean greeting-rest?")


# ---- outdated and update ---------------------------------------------------------------------------

@test
def outdated_exits_3_when_something_is_and_0_when_nothing_is(home):
    equal(home.json("market", "outdated")["total"], 0)
    given_an_old_core(home)
    document = home.json("market", "outdated", ok=3)
    equal(document["packages"], [{
        "name": "greeting-core", "current": "1.0.0", "wanted": "1.1.0", "latest": "1.1.0",
        "direct": False, "yanked": False,
        "needed_by": [{"name": "greeting-rest", "version": "1.0.0"}]}])
    equal(home.json("market", "update", "--check", ok=3, schema="outdated"), document)
    text = home.run("market", "outdated", ok=3).out
    matches(text, "greeting-core +1.0.0 +1.1.0 +1.1.0 +greeting-rest 1.0.0")
    home.run("market", "update")
    equal(home.json("market", "outdated")["total"], 0)
    equal(home.json("market", "update", "--check", schema="outdated")["total"], 0)


@test
def an_update_takes_the_newest_that_fits_and_can_be_undone(home):
    given_an_old_core(home)
    document = home.json("market", "update")
    equal([(step["action"], step["name"], step["previous"], step["version"])
           for step in document["steps"] if step["action"] != "keep"],
          [("upgrade", "greeting-core", "1.0.0", "1.1.0")])
    equal(versions(home), {"greeting-core": "1.1.0", "greeting-rest": "1.0.0"})
    contains(home.run("market", "update", "--all").out, "Nothing to do: no newer version fits.")
    home.run("market", "verify")
    home.run("market", "rollback", document["generation"] - 1)
    equal(versions(home)["greeting-core"], "1.0.0")


@test
def an_update_of_one_leaves_the_others(home):
    given_an_old_core(home)
    home.run("market", "update", "greeting-rest")
    equal(versions(home)["greeting-core"], "1.0.0")
    home.run("market", "update", "greeting-core")
    equal(versions(home)["greeting-core"], "1.1.0")


@test
def a_dry_update_changes_nothing(home):
    given_an_old_core(home)
    before = files(home.path)
    contains(home.run("market", "update", "--dry-run").out, "1.0.0 → 1.1.0")
    equal(home.json("market", "update", "--dry-run")["dry_run"], True)
    equal(files(home.path), before)
    equal(versions(home)["greeting-core"], "1.0.0")


@test
def force_makes_the_index_anew_from_the_files(home):
    publish(home, CORE, REST)
    other = home.another()
    publish(other, DOCS)
    true(home.json("market", "update", "--force")["indexed_count"] == 2, "two packages")
    #  What was taken away behind its back is in the index until then.
    shutil.rmtree(home.path / "registry" / "greeting-rest")
    equal(home.json("market", "search")["total"], 2)
    equal(home.json("market", "update", "--force")["indexed_count"], 1)
    equal(home.json("market", "search")["total"], 1)
    index = json.loads((home.path / "registry" / "index.json").read_text(encoding="utf-8"))
    equal(list(index["packages"]), ["greeting-core"])
    equal(home.json("market", "update")["indexed_count"], None)


@test
def words_that_contradict_each_other_are_wrong_usage(home):
    for words in (["--all", "greeting-core"], ["--force", "--check"], ["--force", "--dry-run"]):
        equal(home.json("market", "update", *words, ok=2)["error"]["code"], "VALIDATION", str(words))


@test
def a_target_is_updated_on_its_own(home):
    publish(home, CORE, REST)
    home.run("market", "install", "greeting-rest", "--target", "vendor")
    publish(home, CORE_NEW)
    home.json("market", "outdated", "--target", "vendor", ok=3)
    home.run("market", "update", "--target", "vendor")
    equal(versions(home, "--target", "vendor")["greeting-core"], "1.1.0")
    equal(len(home.json("market", "history", "--target", "vendor")["generations"]), 2)
    document = home.json("market", "clean", "--all", "--target", "vendor")
    equal(document["generations"], [1])
    equal(document["trees_count"], 1)
    home.run("market", "verify", "--target", "vendor")
    true((home.dir / "vendor" / "greeting-core" / "gpack.toml").exists(), "still installed")


# ---- history ---------------------------------------------------------------------------------------

@test
def history_tells_what_each_generation_changed(home):
    equal(home.json("market", "history"), {"generations": [], "total": 0})
    contains(home.run("market", "history").out, "Nothing was ever installed here.")
    given_an_old_core(home)
    home.run("market", "update")
    home.run("market", "rollback", "1")
    newest, oldest = home.json("market", "history")["generations"]
    equal([(entry["generation"], entry["current"], entry["previous"]) for entry in (newest, oldest)],
          [(2, False, 1), (1, True, None)])
    equal([(step["action"], step["name"]) for step in newest["steps"]],
          [("upgrade", "greeting-core")])
    equal([step["action"] for step in oldest["steps"]], ["add", "add"])
    text = home.run("market", "history").out
    matches(text, r"2 .*greeting-core 1\.0\.0 → 1\.1\.0")
    matches(text, r"1  current .*\+greeting-core 1\.0\.0, \+greeting-rest 1\.0\.0")
    contains(home.run("market", "history", "--limit", "1").out, "1 of 2 generations")


# ---- clean -----------------------------------------------------------------------------------------

@test
def clean_keeps_the_newest_generations_and_all_that_they_need(home):
    given_an_old_core(home)
    home.run("market", "update")
    for _ in range(3):
        home.run("market", "remove", "greeting-rest")
        home.run("market", "install", "greeting-rest")
    before = files(home.path)
    dry = home.json("market", "clean", "--dry-run")
    equal(dry["generations"], [1, 2, 3])
    equal(files(home.path), before)
    done = home.json("market", "clean")
    equal({**done, "dry_run": True}, dry)
    true(done["freed_bytes"] > 0 and done["trees_count"] == 1, "the tree of greeting-core 1.0.0")
    equal([entry["generation"] for entry in home.json("market", "history")["generations"]],
          [8, 7, 6, 5, 4])
    home.run("market", "verify")
    home.run("market", "rollback")
    equal(versions(home), {})
    contains(home.run("market", "clean").out, "Freed: 0 B")


@test
def clean_all_keeps_the_current_state_only(home):
    given_an_old_core(home)
    home.run("market", "update")
    home.run("market", "rollback", "1")
    text = home.run("market", "clean", "--all").out
    matches(text, r"^Freed: [1-9]")
    contains(text, "1 old generation")
    equal(versions(home)["greeting-core"], "1.0.0")
    home.run("market", "verify")
    equal(len(list((home.path / "generations").iterdir())), 1)
    equal(len(list((home.path / "store").iterdir())), 2)
    contains(home.run("market", "rollback", ok=1).err, "no generation before")
    home.run("market", "update")
    equal(versions(home)["greeting-core"], "1.1.0")


@test
def archives_that_nothing_else_has_stay_while_a_lock_names_them(home):
    publish(home, CORE_NEW, REST)
    home.run("market", "install", "greeting-rest")
    shutil.rmtree(home.path / "registry")
    blobs = home.path / "cache" / "blobs"
    equal(home.json("market", "clean", "--all")["archives_count"], 0)
    equal(sum(path.is_file() for path in blobs.rglob("*")), 2)
    #  They are what a damaged tree is repaired from.
    tree = home.path / "packages" / "greeting-rest"
    os.chmod(tree / "gpack.toml", 0o644)
    (tree / "gpack.toml").write_text("edited", encoding="utf-8")
    home.run("market", "verify", "--fix")
    home.run("market", "remove", "greeting-rest")
    true(home.json("market", "clean", "--all")["archives_bytes"] > 0, "now they go")
    equal(sum(path.is_file() for path in blobs.rglob("*")), 0)


@test
def what_a_crash_left_is_cleaned_and_counted(home):
    publish(home, CORE)
    home.run("market", "install", "greeting-core")
    left = home.path / "store" / "tmp.99"
    left.mkdir()
    (left / "bytes").write_bytes(b"x" * 1000)
    equal(home.json("market", "clean", "--dry-run")["temporary_bytes"], 1000)
    equal(home.json("market", "clean")["temporary_count"], 1)
    true(not left.exists(), "it is gone")


@test
def an_empty_home_has_nothing_to_clean(home):
    equal(home.json("market", "clean", "--dry-run")["freed_bytes"], 0)
    true(not home.path.exists(), "no home was made")
    equal(home.run("market", "clean").out, "Freed: 0 B\n")


# ---- policy ----------------------------------------------------------------------------------------

@test
def policy_tells_who_offers_what_and_what_is_chosen(home):
    given_an_old_core(home)
    document = home.json("market", "policy", "greeting-core")
    equal((document["installed"], document["chosen"], document["updated"]),
          ("1.0.0", "1.0.0", "1.1.0"))
    equal([(offer["version"], offer["verdict"], offer["registry"], offer["trusted"])
           for offer in document["offers"]],
          [("1.1.0", "not_locked", "file", True), ("1.0.0", "chosen", "file", True)])
    equal(document["needed_by"], [{"name": "greeting-rest", "range": "^1.0"}])
    text = home.run("market", "policy", "greeting-core").out
    matches(text, r"^Installed: +1\.0\.0 \(a dependency, from file\)")
    matches(text, r"^By update: +1\.1\.0")
    matches(text, r"1\.1\.0 +newer than what is locked +file")
    failure = home.json("market", "policy", "greting", ok=1)["error"]
    equal(failure["code"], "PACKAGE_NOT_FOUND")


@test
def policy_of_what_is_not_installed(home):
    publish(home, CORE, CORE_NEW)
    document = home.json("market", "policy", "greeting-core")
    equal((document["installed"], document["chosen"]), (None, "1.1.0"))
    equal(document["refused"], None)
    #  Its only publisher is not the pinned one.
    home.run("market", "trust", "remove", "greeting-core")
    home.run("market", "trust", "add", "greeting-core", "ed25519:" + "8" * 64)
    contains(home.json("market", "policy", "greeting-core")["refused"], "greeting-core")
    matches(home.run("market", "policy", "greeting-core").out, "^Refused: ")
    lacks(home.run("market", "policy", "greeting-core").out, "By update")


main()
