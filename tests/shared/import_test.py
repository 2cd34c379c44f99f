# SPDX-License-Identifier: MIT
"""The real older indexes, DATA/ggen-packages/indexes: every entry is listed, or skipped and told."""
import json
import re
import shutil

from tap import contains, equal, main, shared_data, test, true

INDEXES = shared_data() / "ggen-packages" / "indexes"
PACKAGES = shared_data() / "ggen-packages" / "packages"
ID = re.compile(r"[A-Za-z0-9._-]{1,214}")
SEMVER = re.compile(r"\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?")
HEX = re.compile(r"[0-9a-f]{64}")


def entries(document):
    """[(id or None, version, digest or None, description)] as this second reader sees them."""
    if isinstance(document, dict) and "packs" in document:
        for key, pack in document["packs"].items():
            for version, at in pack["versions"].items():
                yield pack.get("id", key), version, at.get("sha256"), pack["description"]
        return
    for entry in document if isinstance(document, list) else document["packages"]:
        found = [entry[name] for name in ("id", "name") if ID.fullmatch(entry.get(name, ""))]
        yield (found[0] if found else None, entry["version"], entry.get("checksum"),
               entry["description"])


def expected(path):
    document = json.loads(path.read_text(encoding="utf-8"))
    return [(id, version, digest if digest and HEX.fullmatch(digest) else None, text)
            for id, version, digest, text in entries(document)]


def import_index(home, path, name):
    return home.json("market", "registry", "import", path, "--name", name)


@test
def every_entry_is_listed_or_skipped_and_told(home):
    total = skipped = 0
    for number, path in enumerate(sorted(INDEXES.glob("*.json"))):
        want = expected(path)
        good = [entry for entry in want if entry[0] and SEMVER.fullmatch(entry[1])]
        done = import_index(home, path, f"s{number}")
        equal((done["entries"], done["versions"], done["skipped_total"]),
              (len(want), len(good), len(want) - len(good)), path.name)
        equal(done["packages"], len({entry[0] for entry in good}), path.name)
        equal((done["archives"], done["signed"], done["warnings"]), (0, 0, []), path.name)
        true(all(entry["reason"] for entry in done["skipped"]), "each skipped one has a reason")
        total, skipped = total + len(want), skipped + done["skipped_total"]
        print(f"# SHARED import {path.name}: {len(good)} of {len(want)}")
    equal((total, skipped), (155, 1), "entries of the three indexes")


@test
def what_was_listed_is_found_as_the_index_tells_it(home):
    for number, path in enumerate(sorted(INDEXES.glob("*.json"))):
        each = home.another()
        import_index(each, path, f"s{number}")
        want = {id: (version, digest, text) for id, version, digest, text in expected(path) if id}
        found = each.json("market", "search", "--limit", "1000", "--detailed")
        equal(found["total"], len(want))
        for result in found["results"]:
            version, digest, text = want[result["id"]]
            equal((result["version"], result["sha256"], result["description"], result["source"]),
                  (version, digest, text, f"s{number}"), result["id"])
        shown = each.json("market", "info", sorted(want)[0])
        equal(shown["package"]["source"], f"s{number}")


@test
def dependencies_of_an_entry_are_resolved_among_the_entries(home):
    import_index(home, INDEXES / "marketplace-registry-index.json", "old")
    home.run("market", "trust", "add", "--unsigned", "old")
    want = {entry["name"]: entry["dependencies"] for entry in json.loads(
        (INDEXES / "marketplace-registry-index.json").read_text(encoding="utf-8"))["packages"]}
    fitting = [name for name, needs in want.items() if needs and set(needs) <= set(want)]
    lacking = {name: needs for name, needs in want.items() if set(needs) - set(want)}
    true(len(fitting) >= 2 and lacking, "some have dependencies, and some lack them")
    for name in fitting:
        steps = home.json("market", "install", name, "--dry-run")["steps"]
        true({*want[name], name} <= {step["name"] for step in steps}, name)
    for name, needs in lacking.items():
        error = home.json("market", "install", name, "--dry-run", ok=1)["error"]
        contains(error["message"], next(need for need in needs if need not in want))


@test
def an_entry_whose_archive_is_elsewhere_says_where(home):
    import_index(home, INDEXES / "marketplace-registry-index.json", "old")
    home.run("market", "trust", "add", "--unsigned", "old")
    error = home.json("market", "install", "agent-memory-forge", ok=1)["error"]
    contains(error["message"], "agent-memory-forge@1.0.0")
    contains(error["message"], "master.zip")
    equal(home.json("market", "list")["total"], 0)


@test
def with_archives_beside_it_an_old_index_installs(home):
    other = home.another()
    path = INDEXES / "marketplace-index.json"
    document, count = [], 0
    for entry in json.loads(path.read_text(encoding="utf-8")):
        source = PACKAGES / entry["name"]
        if source.is_dir() and count < 10 and \
                other.run("market", "publish", source, ok=None).rc == 0:
            archive = next((other.path / "registry" / entry["name"]).rglob("*.tar.gz"), None)
            if archive and archive.parent.name == entry["version"]:
                shutil.copy(archive, home.dir / archive.name)
                entry["download_url"] = archive.name
                count += 1
        document.append(entry)
    home.write("index.json", json.dumps(document))
    done = import_index(home, home.dir / "index.json", "old")
    equal(done["archives"], count)
    true(count >= 5, f"some real packages ({count})")
    home.run("market", "trust", "add", "--unsigned", "old")
    names = [entry["name"] for entry in document if "download_url" in entry]
    wanted = [name for name in names
              if home.run("market", "install", name, "--dry-run", ok=None).rc == 0]
    home.run("market", "install", *wanted)
    equal(home.json("market", "verify")["ok"], True)
    print(f"# SHARED import archives: {len(wanted)} of {count}")


main()
