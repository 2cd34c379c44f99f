# SPDX-License-Identifier: MIT
"""registry list, add, remove, import, sync: named sources, older indexes, mirrors."""
import base64
import hashlib
import json
import shutil

from homes import make_pack, publish
from tap import PACKS, contains, equal, lacks, main, test, true

CORE, CORE_NEW, REST = (PACKS / name for name in
                        ("greeting-core-1.0.0", "greeting-core-1.1.0", "greeting-rest"))


def names(home):
    return [source["name"] for source in home.json("market", "registry", "list")["sources"]]


def mirror(home, name="mirror", ids=(), ok=True):
    return home.json("market", "registry", "sync", "--to", home.dir / name, *ids, ok=ok)


def snapshot(folder):
    return {str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.stat().st_size)
            for path in sorted(folder.rglob("*"))}


def code(document):
    return document["error"]["code"]


# ---- sources ---------------------------------------------------------------------------------------

@test
def the_home_is_the_first_source_and_asking_makes_nothing(home):
    document = home.json("market", "registry", "list")
    equal([(source["name"], source["kind"]) for source in document["sources"]], [("file", "home")])
    true(not home.path.exists(), "no home was made")


@test
def a_directory_is_searched_described_and_installed_from(home):
    other = home.another()
    publish(other, CORE, CORE_NEW, REST)
    before = snapshot(other.path / "registry")
    home.json("market", "registry", "add", "team", other.path / "registry")
    found = home.json("market", "search")
    equal([(result["id"], result["source"]) for result in found["results"]],
          [("greeting-core", "team"), ("greeting-rest", "team")])
    equal(home.json("market", "info", "greeting-core")["package"]["source"], "team")
    installed = home.json("market", "install", "greeting-rest")
    equal({step["source"] for step in installed["steps"]}, {"team"})
    equal(home.json("market", "verify")["ok"], True)
    equal(snapshot(other.path / "registry"), before, "the source, untouched")


@test
def a_source_outlives_the_process_and_reaches_a_running_node(home):
    other = home.another()
    publish(other, CORE)
    node = home.start("node", "run")
    node.wait_for("node runs: ")
    equal(home.json("market", "search")["total"], 0)
    home.json("market", "registry", "add", "team", other.path / "registry")
    equal(home.json("market", "search")["total"], 1)
    equal(node.stop(), 0)
    equal(names(home), ["file", "team"])
    equal(home.json("market", "search")["total"], 1)
    node = home.start("node", "run")
    node.wait_for("node runs: ")
    publish(other, REST)
    equal(home.json("market", "search")["total"], 2)
    home.json("market", "registry", "remove", "team")
    equal(home.json("market", "search")["total"], 0)


@test
def what_two_registries_have_is_one_package_and_versions_of_both_are_offered(home):
    other = home.another()
    home.run("market", "key", "generate")
    home.run("market", "key", "export", home.dir / "key")
    other.run("market", "key", "import", home.dir / "key")
    publish(home, CORE)
    publish(other, CORE, CORE_NEW)
    home.run("market", "registry", "add", "team", other.path / "registry")
    equal(home.json("market", "search")["total"], 1)
    about = home.json("market", "info", "greeting-core")
    equal([version["version"] for version in about["versions"]], ["1.0.0", "1.1.0"])
    equal(about["package"]["source"], "team")


@test
def two_digests_for_one_version_are_a_security_error_that_names_both(home):
    other, third = home.another(), home.another()
    home.run("market", "key", "generate")
    home.run("market", "key", "export", home.dir / "key")
    other.run("market", "key", "import", home.dir / "key")
    publish(home, make_pack(home, "twin"))
    publish(other, make_pack(other, "twin", size_bytes=3000))
    publish(third, make_pack(third, "lone"))
    home.run("market", "registry", "add", "team", other.path / "registry")
    for words in (["info", "twin@1.0.0"], ["install", "twin"]):
        error = home.json("market", *words, ok=1)["error"]
        equal(error["code"], "SECURITY")
        contains(error["message"], "'file' has")
        contains(error["message"], "'team' has")
    contains(" ".join(home.json("market", "search")["warnings"]), "SECURITY: twin@1.0.0")
    # The same between two sources, with nothing in the home itself.
    third.run("market", "registry", "add", "one", home.path / "registry")
    third.run("market", "registry", "add", "two", other.path / "registry")
    error = third.json("market", "install", "twin", ok=1)["error"]
    equal(error["code"], "SECURITY")
    equal(sorted(error["details"]), ["one", "two"])
    third.run("market", "install", "lone")


@test
def names_and_places_that_cannot_be_are_refused_with_reasons(home):
    publish(home, CORE)
    home.write("plain/readme", "no registry\n")
    home.write("indexed/index.json", "[]")
    for name in ("file", "all", "p2p", "Upper", ".hidden", "a/b", "x" * 65):
        equal(code(home.json("market", "registry", "add", name, home.dir / "plain", ok=1)),
              "VALIDATION", name)
    equal(code(home.json("market", "registry", "add", "a", "plain", ok=1)), "VALIDATION")
    error = home.json("market", "registry", "add", "a", "indexed", ok=1)["error"]
    contains(error["hint"], f"ggen market registry import {home.dir.resolve()}/indexed/index.json")
    equal(code(home.json("market", "registry", "add", "a", home.path / "registry", ok=1)),
          "VALIDATION")
    home.run("market", "registry", "add", "a", "missing", ok=1)
    equal(code(home.json("market", "registry", "remove", "a", ok=1)), "PACKAGE_NOT_FOUND")
    equal(code(home.json("market", "registry", "remove", "file", ok=1)), "PACKAGE_NOT_FOUND")
    equal(names(home), ["file"])
    other = home.another()
    publish(other, CORE)
    home.run("market", "registry", "add", "a", other.path / "registry")
    equal(code(home.json("market", "registry", "add", "a", other.path / "registry", ok=1)),
          "ALREADY_EXISTS")


@test
def a_source_that_is_gone_leaves_the_others_answering(home):
    other = home.another()
    publish(home, CORE)
    publish(other, CORE_NEW)
    shutil.copytree(other.path / "registry", home.dir / "copy")
    home.run("market", "registry", "add", "copy", home.dir / "copy")
    shutil.rmtree(home.dir / "copy")
    found = home.json("market", "search")
    equal((found["total"], found["incomplete"]), (1, True))
    contains(found["warnings"][0], "copy")
    equal(home.json("market", "registry", "list")["sources"][1]["problem"],
          "No such file or directory")
    true(not (home.dir / "copy").exists(), "it was not made anew")
    home.run("market", "install", "greeting-core@1.0.0")


@test
def a_damaged_list_of_sources_is_told_and_not_overwritten(home):
    publish(home, CORE)
    home.write("ggen/registries.json", "{")
    error = home.json("market", "registry", "add", "a", home.dir, ok=1)["error"]
    equal(error["code"], "SERIALIZATION")
    contains(error["message"], "registries.json: line 1")
    equal((home.path / "registries.json").read_text(), "{")
    equal(home.json("market", "search")["total"], 1)


@test
def a_source_can_be_named_where_packages_are_looked_for(home):
    other, third = home.another(), home.another()
    publish(home, CORE)
    publish(other, REST)
    publish(third, PACKS / "greeting-docs")
    home.run("market", "registry", "add", "team", other.path / "registry")
    home.run("market", "registry", "add", "docs", third.path / "registry")

    def found(*names):
        words = [word for name in names for word in ("--registry", name)]
        document = home.json("market", "search", *words)
        return [result["id"] for result in document["results"]], document["incomplete"]

    equal(found(), (["greeting-core", "greeting-docs", "greeting-rest"], False))
    equal(found("team"), (["greeting-rest"], False))
    equal(found("file"), (["greeting-core"], False))
    contains(home.run("market", "search", "--registry", "nobody", ok=1).err, "registry list")
    home.run("market", "install", "greeting-docs", "--registry", "file", ok=1)
    # Its dependencies come from there too.
    home.run("market", "install", "greeting-docs", "--registry", "docs", ok=1)


# ---- import ----------------------------------------------------------------------------------------

def unsigned_archive(home, name="loner"):
    """An archive and its digest, made by publishing in another home."""
    other = home.another()
    publish(other, make_pack(other, name))
    path = next((other.path / "registry" / name).rglob("*.tar.gz"))
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def write_index(home, document, name="old/index.json"):
    return home.write(name, json.dumps(document))


@test
def every_older_shape_is_listed_and_what_cannot_be_is_told(home):
    shapes = {
        "list": [{"id": "Not An Id", "name": "Not An Id", "version": "1.0.0"},
                 {"id": "fine", "name": "Fine One", "version": "1.0.0"},
                 {"name": "bad-version", "version": "one"}],
        "packages": {"packages": [{"name": "fine", "version": "v1.0.0"},
                                  {"name": "fine", "version": "1.0.0"}, 7]},
        "packs": {"packs": {"fine": {"versions": {"0.1.0": {"git_url": "https://x/y.git"},
                                                  "0.2.0": {}}}}},
        "1.0.0": {"version": "1.0.0", "packages": {"fine": {"versions": [
            {"version": "1.0.0", "dependencies": [{"name": "other", "version_req": "^1"}]}]}}},
    }
    counts = {"list": (3, 1, 1, 2), "packages": (3, 1, 1, 2), "packs": (2, 1, 2, 0),
              "1.0.0": (1, 1, 1, 0)}
    for number, (shape, document) in enumerate(shapes.items()):
        write_index(home, document)
        done = home.json("market", "registry", "import", "old/index.json", "--name", f"s{number}")
        equal(done["shape"], shape)
        equal((done["entries"], done["packages"], done["versions"], done["skipped_total"]),
              counts[shape], shape)
        equal(done["archives"], 0)
    text = home.run("market", "registry", "import", write_index(home, shapes["list"])).out
    contains(text, "skipped Not An Id 1.0.0: neither its id nor its name is a package id")
    contains(text, "skipped bad-version one: its version is no SemVer version")
    equal(home.json("market", "search", "fine")["total"], 1)


@test
def what_is_no_index_is_refused_and_leaves_nothing(home):
    for text in ("", "{", "{}", '"x"', '{"packages": 3}', "\x00"):
        home.write("bad.json", text)
        equal(code(home.json("market", "registry", "import", "bad.json", ok=1)), "SERIALIZATION",
              repr(text))
    equal(names(home), ["file"])
    true(not list((home.path / "sources").iterdir()), "nothing half made stays")


@test
def an_entry_without_an_archive_fails_and_says_what_is_missing(home):
    write_index(home, [{"name": "far", "version": "1.0.0", "checksum": "a" * 64,
                        "download_url": "http://127.0.0.1:9/far.zip"},
                       {"name": "bare", "version": "1.0.0"}])
    home.run("market", "registry", "import", "old/index.json", "--name", "old")
    equal(code(home.json("market", "install", "far", ok=1)), "MISSING_SIGNATURE")
    home.run("market", "trust", "add", "--unsigned", "old")
    error = home.json("market", "install", "far", ok=1)["error"]
    contains(error["message"], "far@1.0.0")
    contains(error["message"], "http://127.0.0.1:9/far.zip")
    error = home.json("market", "install", "bare", ok=1)["error"]
    equal(error["code"], "PACKAGE_NOT_FOUND")
    contains(error["message"], "the registry old lists it without its archive")
    equal(home.json("market", "list")["total"], 0)


@test
def an_entry_with_an_archive_is_installed_after_the_registry_is_trusted(home):
    path, digest = unsigned_archive(home)
    shutil.copy(path, home.dir / "the archive.tar.gz")
    for number, url in enumerate(("../the%20archive.tar.gz", f"file://{path}", "a/the%2Etar%2egz")):
        home.write("old/a/x", "")
        shutil.copy(path, home.dir / "old/a/the.tar.gz")
        write_index(home, [{"name": "loner", "version": "1.0.0", "download_url": url,
                            "checksum": digest if number else ""}])
        done = home.json("market", "registry", "import", "old/index.json", "--name", "old")
        # A relative URL may not leave the folder of its index.
        equal(done["archives"], 0 if number == 0 else 1, url)
    equal(code(home.json("market", "install", "loner", ok=1)), "MISSING_SIGNATURE")
    home.run("market", "trust", "add", "--unsigned", "old")
    home.run("market", "install", "loner")
    equal(home.json("market", "verify")["ok"], True)
    installed = home.json("market", "list")["packages"][0]
    equal((installed["name"], installed["resolved"], installed["publisher_key"]),
          ("loner", "old", None))


@test
def an_archive_with_another_checksum_is_skipped(home):
    path, _ = unsigned_archive(home)
    write_index(home, [{"name": "loner", "version": "1.0.0", "download_url": f"file://{path}",
                        "checksum": "0" * 64}])
    done = home.json("market", "registry", "import", "old/index.json")
    equal((done["versions"], done["skipped"][0]["reason"]),
          (0, "its archive has another checksum than the index tells"))


@test
def imported_again_a_source_is_replaced_and_the_old_copy_goes(home):
    for name in ("first", "second"):
        write_index(home, [{"name": name, "version": "1.0.0"}])
        home.run("market", "registry", "import", "old/index.json", "--name", "old")
    equal([result["id"] for result in home.json("market", "search")["results"]], ["second"])
    equal(len(list((home.path / "sources").iterdir())), 1)
    home.run("market", "registry", "remove", "old")
    equal(list((home.path / "sources").iterdir()), [])


@test
def a_name_that_was_removed_is_not_trusted_when_it_comes_back(home):
    path, _ = unsigned_archive(home)
    write_index(home, [{"name": "loner", "version": "1.0.0", "download_url": f"file://{path}"}])
    home.run("market", "registry", "import", "old/index.json", "--name", "old")
    home.run("market", "trust", "add", "--unsigned", "old")
    home.run("market", "registry", "remove", "old")
    home.run("market", "registry", "import", "old/index.json", "--name", "old")
    equal(code(home.json("market", "install", "loner", ok=1)), "MISSING_SIGNATURE")


@test
def an_index_of_ours_is_imported_with_its_signatures(home):
    other = home.another()
    publish(other, CORE, REST)
    done = home.json("market", "registry", "import", other.path / "registry" / "index.json")
    equal((done["shape"], done["versions"], done["archives"], done["signed"]), ("1.0.0", 2, 2, 2))
    home.run("market", "install", "greeting-rest")
    keys = {package["publisher_key"] for package in home.json("market", "list")["packages"]}
    equal(keys, {other.json("market", "key", "show")["key"]["public_key"]})


@test
def a_record_that_does_not_hold_is_not_imported(home):
    other = home.another()
    publish(other, CORE)
    index = other.path / "registry" / "index.json"
    document = json.loads(index.read_text())
    version = document["packages"]["greeting-core"]["versions"][0]
    record = bytearray(base64.b64decode(version["record"]))
    record[-1] ^= 1
    version["record"] = base64.b64encode(bytes(record)).decode()
    index.write_text(json.dumps(document))
    done = home.json("market", "registry", "import", index)
    equal((done["versions"], done["signed"], done["skipped_total"]), (0, 0, 1))


# ---- sync ------------------------------------------------------------------------------------------

@test
def a_mirror_is_installed_from_with_signatures_checked(home):
    other = home.another()
    publish(home, CORE, CORE_NEW, REST)
    dry = home.json("market", "registry", "sync", "--to", "mirror", "--dry-run")
    equal((dry["copied"], dry["dry_run"]), (3, True))
    true(not (home.dir / "mirror").exists(), "a dry run makes nothing")
    equal(mirror(home)["copied"], 3)
    index = json.loads((home.dir / "mirror/index.json").read_text())
    for package in index["packages"].values():
        for version in package["versions"]:
            archive = home.dir / "mirror" / version["download_url"]
            equal(hashlib.sha256(archive.read_bytes()).hexdigest(), version["checksum"])
            signature = f"{version['download_url']}.minisig"
            equal((home.dir / "mirror" / signature).read_bytes(),
                  (home.path / "registry" / signature).read_bytes())
    other.run("market", "registry", "add", "mirror", home.dir / "mirror")
    other.run("market", "install", "greeting-rest")
    key = home.json("market", "key", "show")["key"]["public_key"]
    equal({package["publisher_key"] for package in other.json("market", "list")["packages"]}, {key})
    equal(other.json("market", "verify")["ok"], True)


@test
def a_second_sync_copies_only_what_is_new(home):
    publish(home, CORE)
    mirror(home)
    before = snapshot(home.dir / "mirror" / "greeting-core")
    done = mirror(home)
    equal((done["copied"], done["present"], done["entries"]), (0, 1, []))
    equal(snapshot(home.dir / "mirror" / "greeting-core"), before)
    publish(home, CORE_NEW, REST)
    done = mirror(home, ids=["greeting-core"])
    equal([(entry["action"], entry["id"], entry["version"]) for entry in done["entries"]
           if entry["action"] == "copied"], [("copied", "greeting-core", "1.1.0")])
    equal(mirror(home)["copied"], 1)


@test
def what_is_damaged_in_the_copy_is_repaired_and_damage_at_the_source_is_not_copied(home):
    publish(home, CORE, REST)
    mirror(home)
    archive = next((home.dir / "mirror").rglob("greeting-rest-*.tar.gz"))
    size = archive.stat().st_size
    archive.unlink()
    archive.write_bytes(b"x" * size)
    done = mirror(home)
    equal([entry["action"] for entry in done["entries"]], ["repaired"])
    equal(mirror(home)["present"], 2)
    source = next((home.path / "registry").rglob("greeting-rest-*.tar.gz"))
    source.unlink()
    source.write_bytes(b"x" * size)
    shutil.rmtree(home.dir / "mirror")
    done = mirror(home, ok=1)
    equal((done["copied"], done["failed"]), (1, 1))
    contains(done["entries"][-1]["reason"], "SHA-256")
    lacks((home.dir / "mirror/index.json").read_text(), "greeting-rest-")


@test
def another_archive_in_the_copy_is_never_overwritten(home):
    other = home.another()
    publish(home, make_pack(home, "twin"))
    publish(other, make_pack(other, "twin", size_bytes=3000))
    mirror(home)
    archive = next((home.dir / "mirror").rglob("*.tar.gz"))
    before = archive.read_bytes()
    done = other.json("market", "registry", "sync", "--to", home.dir / "mirror", ok=1)
    contains(done["entries"][0]["reason"], "SECURITY")
    equal(archive.read_bytes(), before)


@test
def wrong_places_and_names_are_refused(home):
    publish(home, CORE)
    registry = home.path / "registry"
    for place in (registry, registry / "inside", home.path):
        equal(code(home.json("market", "registry", "sync", "--to", place, ok=1)), "VALIDATION")
    home.run("market", "registry", "sync", ok=2)
    equal(code(home.json("market", "registry", "sync", "--from", "nobody", "--to", "m", ok=1)),
          "PACKAGE_NOT_FOUND")
    done = mirror(home, ids=["absent"], ok=1)
    equal([(entry["action"], entry["id"]) for entry in done["entries"]], [("failed", "absent")])
    equal(mirror(home, "m2")["copied"], 1)


@test
def what_a_killed_sync_left_is_swept_by_the_next(home):
    publish(home, CORE)
    mirror(home)
    stage = home.dir / "mirror" / ".tmp" / "99999-1"
    stage.mkdir(parents=True)
    (stage / "package").write_text("half made")
    publish(home, REST)
    equal(mirror(home)["copied"], 1)
    true(not stage.exists(), "what a crash left is gone")


@test
def the_verbs_answer_the_same_attached(home):
    other, third = home.another(), home.another()
    publish(third, CORE, REST)
    shutil.copytree(third.path / "registry", home.dir / "r")
    write_index(home, [{"name": "bare", "version": "1.0.0"}])
    node = other.start("node", "run")
    node.wait_for("node runs: ")
    for words in (["list"], ["add", "team", home.dir / "r"], ["add", "team", home.dir / "r"],
                  ["add", "web", "https://x.org/"], ["import", home.dir / "old/index.json"],
                  ["list"], ["sync", "--from", "team", "--to", "m", "--dry-run"],
                  ["remove", "web"], ["remove", "web"], ["list"]):
        answers = []
        for each in (home, other):
            result = each.run("market", "registry", *words, "--json", ok=None)
            text = result.out.replace(str(each.path.resolve()), "HOME")
            text = text.replace(str(each.dir.resolve()) + "/m", "HERE/m")
            answers.append((result.rc, text[:text.find('"added_at"')] if "added_at" in text else text))
        equal(answers[1], answers[0], str(words))


main()
