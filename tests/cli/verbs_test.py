# SPDX-License-Identifier: MIT
"""The marketplace verbs, on the sample packs: answers, failures, exit codes, JSON."""
import fcntl
import os
import shutil
import signal
import stat

from tap import PACKS, contains, equal, lacks, main, matches, slack_s, test, true

CORE, CORE_NEW, REST = "greeting-core-1.0.0", "greeting-core-1.1.0", "greeting-rest"
HANDLER = "greeting-rest/templates/handler.rs.tera"


def publish(home, *packs):
    for pack in packs:
        home.run("market", "publish", PACKS / pack)


def installed(home):
    """Install greeting-rest, which brings greeting-core."""
    publish(home, CORE, CORE_NEW, REST)
    return home.json("market", "install", "greeting-rest")


def edit(path, text):
    """Write an installed file, whose folder is read-only."""
    os.chmod(path.parent, 0o755)
    if path.exists():
        os.chmod(path, 0o644)
    path.write_text(text, encoding="utf-8")


def snapshot(folder):
    """Every file below a folder with its bytes, but for locks, which tell who holds them."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
            for path in folder.rglob("*")
            if not path.name.endswith(".lock") and not stat.S_ISSOCK(path.lstat().st_mode)}


@test
def a_published_package_is_found_and_described(home):
    document = home.json("market", "publish", PACKS / CORE)
    equal(document["package"]["id"], "greeting-core")
    equal(document["already_there"], False)
    publish(home, CORE_NEW, REST)
    found = home.json("market", "search", "endpoint")
    equal([result["id"] for result in found["results"]], ["greeting-rest"])
    about = home.json("market", "info", "greeting-core")
    equal(about["package"]["version"], "1.1.0")
    equal([version["version"] for version in about["versions"]], ["1.0.0", "1.1.0"])
    equal(home.json("market", "info", "greeting-core@1.0.0")["package"]["sha256"],
          document["package"]["sha256"])
    text = home.run("market", "info", "greeting-rest").out
    contains(text, "greeting-core ^1.0")
    contains(text, about["package"]["publisher"]["public_key"])


@test
def publishing_the_same_again_changes_nothing_and_other_bytes_are_refused(home):
    publish(home, CORE)
    equal(home.json("market", "publish", PACKS / CORE)["already_there"], True)
    shutil.copytree(PACKS / CORE, home.dir / "other")
    home.write("other/README.md", "other bytes\n")
    failure = home.json("market", "publish", "other", ok=1)
    equal(failure["error"]["code"], "ALREADY_EXISTS")


@test
def the_first_publish_makes_a_key_and_says_so_on_stderr(home):
    result = home.run("market", "publish", PACKS / CORE, "--json")
    contains(result.err, "you have no publisher key yet")
    secret = matches(result.err, "recovery:[0-9a-f]{64}")[0]
    lacks(result.out, secret)
    for path in home.path.rglob("*"):
        true(not path.is_file() or secret[9:].encode() not in path.read_bytes(), "no copy of it")
    equal(home.run("market", "publish", PACKS / CORE_NEW).err, "")
    equal(home.json("market", "key", "list")["total"], 1)


@test
def a_dry_publish_touches_nothing(home):
    document = home.json("market", "publish", PACKS / CORE, "--dry-run")
    equal(document["dry_run"], True)
    true(not home.path.exists(), "no home was made")
    contains(home.run("market", "publish", PACKS / CORE, "--dry-run").out, "nothing was changed")


@test
def an_empty_search_is_no_failure_and_gives_hints(home):
    result = home.run("market", "search", "nothing-like-this")
    contains(result.out, 'No package matches "nothing-like-this"')
    contains(result.out, "--fuzzy")
    equal(home.json("market", "search", "nothing-like-this"),
          {"results": [], "total": 0, "incomplete": False, "warnings": []})


@test
def a_search_tells_how_to_see_the_rest(home):
    publish(home, CORE, REST, "greeting-docs")
    result = home.run("market", "search", "--limit", "2", "--sort", "name")
    contains(result.out, "2 of 3 packages; more: --offset 2")
    rest = home.json("market", "search", "--limit", "2", "--sort", "name", "--offset", "2")
    equal(len(rest["results"]), 1)
    equal(rest["total"], 3)


@test
def a_query_of_more_than_a_thousand_characters_is_refused(home):
    equal(home.json("market", "search", "x" * 1001, ok=1)["error"]["code"], "VALIDATION")


@test
def reading_verbs_make_no_home(home):
    for words in (["search"], ["list"], ["verify"], ["key", "list"], ["trust", "list"]):
        home.json("market", *words)
    home.run("market", "info", "nothing", ok=1)
    true(not home.path.exists(), "no home was made")


@test
def install_brings_dependencies_and_shows_first_publishers(home):
    document = installed(home)
    equal(sorted((step["action"], step["name"], step["version"]) for step in document["steps"]),
          [("add", "greeting-core", "1.1.0"), ("add", "greeting-rest", "1.0.0")])
    listed = home.json("market", "list")
    equal([package["name"] for package in listed["packages"]], ["greeting-core", "greeting-rest"])
    equal(listed["generation"], document["generation"])
    contains(home.run("market", "install", "greeting-rest").out, "Nothing to do")
    other = home.another()
    shutil.copytree(home.path / "registry", other.path / "registry")
    contains(other.run("market", "install", "greeting-rest").out, "First use of greeting-rest")


@test
def a_dry_install_prints_the_plan_and_touches_nothing(home):
    publish(home, CORE, REST)
    before = snapshot(home.path)
    result = home.run("market", "install", "greeting-rest", "--dry-run")
    contains(result.out, "greeting-core")
    contains(result.out, "Dry run: nothing was changed.")
    equal(home.json("market", "install", "greeting-rest", "--dry-run")["dry_run"], True)
    equal(snapshot(home.path), before)


@test
def what_cannot_be_installed_is_named(home):
    publish(home, REST)
    failure = home.json("market", "install", "greeting-rest", "absent", ok=1)["error"]
    true("absent" in str(failure) and "greeting-core" in str(failure), "both missing names")
    equal(home.json("market", "list")["total"], 0)


@test
def a_directory_and_an_archive_install_by_relative_path(home):
    publish(home, CORE)
    shutil.copytree(PACKS / REST, home.dir / "here")
    equal(home.json("market", "install", "./here")["steps"][-1]["name"], "greeting-rest")
    other = home.another()
    [archive] = home.path.glob("registry/greeting-core/1.0.0/*.tar.gz")
    shutil.copy(archive, other.dir / "core.tar.gz")
    equal(other.json("market", "install", "./core.tar.gz")["steps"][0]["name"], "greeting-core")
    contains(home.run("market", "install", "./absent", ok=1).err, "absent: No such file")


@test
def a_target_is_a_root_of_its_own(home):
    publish(home, CORE)
    home.json("market", "install", "greeting-core", "--target", "vendor")
    true((home.dir / "vendor/greeting-core/gpack.toml").is_file(), "the package is there")
    equal(home.json("market", "list", "--target", "vendor")["total"], 1)
    equal(home.json("market", "list")["total"], 0)
    equal(home.json("market", "verify", "-t", "vendor")["ok"], True)
    home.json("market", "remove", "greeting-core", "-t", "vendor")
    equal(home.json("market", "rollback", "-t", "vendor")["steps"][0]["action"], "add")


@test
def verify_tells_each_difference_by_a_letter_and_fix_restores_it(home):
    installed(home)
    equal(home.json("market", "verify")["ok"], True)
    packages = home.path / "packages"
    edit(packages / HANDLER, "changed\n")
    edit(packages / "greeting-core/extra.txt", "extra\n")
    os.chmod(packages / "greeting-rest", 0o755)
    os.unlink(packages / "greeting-rest/gpack.toml")
    result = home.run("market", "verify", ok=1)
    matches(result.out, r"^C greeting-rest 1\.0\.0  templates/handler\.rs\.tera$")
    matches(result.out, r"^E greeting-core 1\.1\.0  extra\.txt$")
    matches(result.out, r"^M greeting-rest 1\.0\.0  gpack\.toml$")
    document = home.json("market", "verify", ok=1, schema="verify")
    equal(document["ok"], False)
    equal(len(home.json("market", "verify", "greeting-core", ok=1)["findings"]), 1)
    fixed = home.json("market", "verify", "--fix")
    true(all(finding["fixed"] for finding in fixed["findings"]), "all fixed")
    equal(home.json("market", "verify")["findings"], [])


@test
def remove_refuses_what_others_need_and_rollback_brings_back(home):
    installed(home)
    failure = home.json("market", "remove", "greeting-core", ok=1)["error"]
    contains(str(failure), "greeting-rest")
    before = home.json("market", "list")
    contains(home.run("market", "remove", "greeting-rest", "--dry-run").out, "nothing was changed")
    equal(home.json("market", "list"), before)
    home.json("market", "remove", "greeting-rest")
    left = [package["name"] for package in home.json("market", "list")["packages"]]
    true("greeting-rest" not in left, "it is gone")
    home.json("market", "rollback")
    equal(home.json("market", "list")["packages"], before["packages"])
    contains(home.run("market", "rollback", "0", ok=1).err, "there is no generation 0: nothing was there")
    home.run("market", "rollback", "999", ok=1)


@test
def init_writes_a_manifest_and_never_overwrites_one(home):
    (home.dir / "fresh").mkdir()
    document = home.json("market", "init", "fresh", "--name", "my-pack")
    equal(document["name"], "my-pack")
    manifest = home.dir / "fresh" / "gpack.toml"
    before = manifest.read_text(encoding="utf-8")
    contains(before, "my-pack")
    contains(home.json("market", "init", "fresh", ok=1)["error"]["message"], "gpack.toml")
    equal(manifest.read_text(encoding="utf-8"), before)


@test
def keys_are_made_shown_exported_and_imported(home):
    made = home.json("market", "key", "generate")
    key = made["key"]["public_key"]
    equal(home.json("market", "key", "generate", ok=1)["error"]["code"], "ALREADY_EXISTS")
    equal(home.json("market", "key", "show")["key"], made["key"])
    second = home.run("market", "key", "generate", "--name", "second").out
    contains(second, "recovery:")
    contains(second, "fingerprint")
    equal(home.json("market", "key", "list")["total"], 2)
    exported = home.json("market", "key", "export", "out.key")
    equal(exported["path"], str(home.dir.resolve() / "out.key"))
    equal(stat.S_IMODE((home.dir / "out.key").stat().st_mode), 0o600)
    other = home.another()
    equal(other.json("market", "key", "import", home.dir / "out.key")["key"]["public_key"], key)
    home.run("market", "key", "import", "absent.key", ok=1)
    home.run("market", "key", "show", "--name", "none", ok=1)


@test
def a_pinned_publisher_keeps_others_out_until_trusted(home):
    installed(home)
    pins = home.json("market", "trust", "list")
    key = pins["pins"][0]["key"]
    equal(pins["total"], 2)
    stranger = "ed25519:" + "8" * 64
    added = home.json("market", "trust", "add", "greeting-core", stranger)
    equal(added["replaced_key"], key)
    home.run("market", "remove", "greeting-rest", "greeting-core", "--force")
    failure = home.json("market", "install", "greeting-core", ok=1)["error"]
    equal(failure["code"], "UNTRUSTED_PUBLISHER")
    home.json("market", "trust", "remove", "greeting-core")
    home.json("market", "install", "greeting-core")
    equal(home.json("market", "trust", "add", "--unsigned", "file")["pin"], None)
    equal(home.json("market", "trust", "list")["unsigned_registries"], ["file"])
    home.json("market", "trust", "remove", "--unsigned", "file")
    equal(home.json("market", "trust", "list")["unsigned_registries"], [])


@test
def wrong_usage_is_told_before_anything_is_opened(home):
    for words in (["info", "a b"], ["info", "a@^1"], ["trust", "add"], ["trust", "remove"],
                  ["trust", "add", "x", "ed25519:12"], ["trust", "add", "x", "--unsigned", "file"],
                  ["install", "x", "--publisher", "nobody"], ["rollback", "-1x"]):
        failure = home.json("market", *words, ok=2, schema="error")["error"]
        equal(failure["code"], "VALIDATION", str(words))
    true(not home.path.exists(), "no home was made")


@test
def a_relative_home_is_taken_from_the_working_directory(home):
    home.run("market", "key", "generate", "--home", "elsewhere")
    true((home.dir / "elsewhere" / "keys").is_dir(), "the key is there")
    true(not home.path.exists(), "and nowhere else")


@test
def without_any_home_the_error_says_so(home):
    result = home.run("market", "list", ok=1, env={"HOME": "", "GGEN_HOME": ""})
    contains(result.err, "there is no home directory")
    contains(result.err, "--home DIR")


@test
def a_home_in_use_is_waited_for_and_the_waiting_told(home):
    publish(home, CORE)
    with open(home.path / "run" / "node.lock", "r+", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.truncate(0)
        lock.write("4242\n")
        lock.flush()
        waiting = home.start("market", "install", "greeting-core")
        waiting.wait_for(r"another installation in progress \(pid 4242\), waiting \(1/3\)")
        fcntl.flock(lock, fcntl.LOCK_UN)
        equal(waiting.wait(), 0)


@test
def an_interrupt_ends_the_waiting_for_a_home(home):
    publish(home, CORE)
    with open(home.path / "run" / "node.lock", "r+", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = home.start("market", "install", "greeting-core")
        waiting.wait_for(r"waiting \(1/3\)")
        equal(waiting.stop(signal.SIGINT, deadline_s=4 + slack_s()), 130)
    equal(home.json("market", "list")["total"], 0)


@test
def an_interrupted_install_changes_nothing_and_says_so(home):
    for number in range(1500):
        home.write(f"many/data/{number}.txt", f"{number}\n" * 50)
    home.write("many/gpack.toml", '[gpack]\nname = "many"\nversion = "1.0.0"\n'
                                  'description = "many files"\n')
    home.run("market", "publish", "many")
    os.mkfifo(home.dir / "progress")
    script = 'exec 9<>progress; exec "$0" market install many --progress-fd 9'
    verb = home.start_program(["sh", "-c", script, os.environ["GGEN"]])
    with open(home.dir / "progress", encoding="utf-8") as progress:
        progress.readline()
        equal(verb.stop(signal.SIGINT), 130)
    contains(verb.err, "nothing was changed")
    equal(home.json("market", "list")["total"], 0)
    equal(home.json("market", "install", "many")["generation"], 1)


@test
def progress_goes_to_a_descriptor_of_ones_own(home):
    publish(home, CORE)
    script = 'exec 9>progress; "$0" market install greeting-core --json --progress-fd 9 >out'
    home.run_program(["sh", "-c", script, os.environ["GGEN"]])
    contains((home.dir / "out").read_text(encoding="utf-8"), '"generation"')


main()
