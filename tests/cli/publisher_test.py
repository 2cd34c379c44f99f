# SPDX-License-Identifier: MIT
"""What a publisher does about what is published: yank, unpublish, hand over to another key, by the key
itself or by the recovery key; keys with a passphrase; signatures for minisign."""
import json
import os
import re
import shutil
import stat

from homes import make_pack
from tap import PACKS, contains, equal, lacks, main, matches, skip, test, true, wait_until
from terminal import at_terminal

CHOSEN_MAX = 8          # names of one install that somebody is asked about
CORE, CORE_NEW, REST = "greeting-core-1.0.0", "greeting-core-1.1.0", "greeting-rest"


def publish(home, *packs):
    for pack in packs:
        home.run("market", "publish", PACKS / pack)


def publish_as(home, version):
    """greeting-core once more, with this version."""
    home.json("market", "publish", PACKS / CORE_NEW, "--version", version)


def follower(home):
    """Another home with the same registry and nothing else."""
    other = home.another()
    sync(home, other)
    return other


def sync(home, other):
    shutil.rmtree(other.path / "registry", ignore_errors=True)
    shutil.copytree(home.path / "registry", other.path / "registry")


def make_key(home, *options):
    """Generate a key; its recovery key lies in recovery.txt."""
    made = home.json("market", "key", "generate", *options)
    home.write("recovery.txt", made["recovery_key"] + "\n")
    return made["key"]["public_key"]


def pin_of(home, name):
    return {pin["name"]: pin for pin in home.json("market", "trust", "list")["pins"]}[name]


# ---- two publishers of one name ----------------------------------------------------------------------

def two_publishers(home):
    """A home that knows neither of the two who publish greeting-core in its registry, the other one two
    versions of it; their keys."""
    other = home.another()
    keys = [make_key(home), make_key(other)]
    publish(home, CORE)
    third = follower(home)
    for version in ("1.2.0", "1.3.0"):
        publish_as(other, version)
        shutil.copytree(other.path / f"registry/greeting-core/{version}",
                        third.path / f"registry/greeting-core/{version}")
    third.run("market", "update", "--force")
    return third, keys


def fingerprint(key):
    digits = key.removeprefix("ed25519:")
    return " ".join(digits[at:at + 4] for at in range(0, 16, 4))


@test
def at_a_terminal_one_of_two_publishers_is_chosen(home):
    third, keys = two_publishers(home)
    words = ["market", "install", "greeting-core"]
    failure = third.json(*words, ok=1)["error"]
    equal(failure["code"], "UNTRUSTED_PUBLISHER")
    contains(failure["hint"], "--publisher")
    lacks(third.run(*words, ok=1).err, "\n  1  ")
    for typed in ("\n", "3\n", "-1\n", "2x\n", "zwei\n", "\x04"):
        shown, rc = at_terminal(third, *words, typed=typed, columns=200)
        contains(shown, "Which of these do you trust with greeting-core?")
        equal(rc, 1, repr(typed))
    equal(third.json("market", "trust", "list")["pins"], [])
    lacks(at_terminal(third, *words, "--dry-run", typed="1\n", columns=200)[0], "Which of these")
    # Of a line that is too long no beginning is taken for the answer.
    equal(at_terminal(third, *words, typed="0" * 62 + "12\n", columns=200)[1], 1)
    offered = re.findall(r"^  (\d+)  ([0-9a-f ]{19})  (ed25519:[0-9a-f]{64})$", shown, re.MULTILINE)
    equal([number for number, _, _ in offered], ["1", "2"])
    equal({(key, name) for _, name, key in offered}, {(key, fingerprint(key)) for key in keys})
    number, _, key = offered[1]
    shown, rc = at_terminal(third, *words, typed=f"{number}\n", columns=200)
    equal(rc, 0, shown)
    equal(pin_of(third, "greeting-core")["key"], key)
    equal(third.json("market", "list")["packages"][0]["version"],
          {keys[0]: "1.0.0", keys[1]: "1.3.0"}[key])


@test
def at_a_terminal_eight_names_are_asked_about_and_no_more(home):
    other, names = home.another(), [f"pack-{number}" for number in range(9)]
    for one, version in ((home, "1.0.0"), (other, "1.1.0")):
        for name in names:
            one.run("market", "publish", make_pack(one, name, version, files=1))
    third = follower(home)
    for name in names:
        shutil.copytree(other.path / f"registry/{name}/1.1.0", third.path / f"registry/{name}/1.1.0")
    third.run("market", "update", "--force")
    shown, rc = at_terminal(third, "market", "install", *names, typed="1\n" * 20, columns=200)
    equal((shown.count("Which of these"), rc), (CHOSEN_MAX, 1))
    equal(len(third.json("market", "trust", "list")["pins"]), CHOSEN_MAX)
    shown, rc = at_terminal(third, "market", "install", *names, typed="1\n", columns=200)
    equal((shown.count("Which of these"), rc), (1, 0))


@test
def at_a_terminal_nobody_is_asked_where_a_name_is_another_publishers(home):
    other = make_key(home.another())
    publish(home, CORE)
    third = follower(home)
    third.run("market", "trust", "add", "greeting-core", other)
    shown, rc = at_terminal(third, "market", "install", "greeting-core", typed="1\n", columns=200)
    equal(rc, 1)
    lacks(shown, "Which of these")
    equal(pin_of(third, "greeting-core")["key"], other)


# ---- yank, unpublish -------------------------------------------------------------------------------

@test
def a_yanked_version_is_hidden_from_new_installs_and_shown_as_such(home):
    publish(home, CORE, CORE_NEW)
    document = home.json("market", "yank", "greeting-core@1.1.0", "--reason", "it burns")
    equal((document["yanked"], document["changed"], document["reason"]), (True, True, "it burns"))
    again = home.json("market", "yank", "greeting-core@1.1.0", "--reason", "it burns")
    equal((again["changed"], again["seq"]), (False, document["seq"]))
    equal(home.json("market", "info", "greeting-core@1.1.0")["package"]["yank_reason"], "it burns")
    contains(home.run("market", "info", "greeting-core").out, "1.1.0 (yanked)")
    contains((home.path / "registry/index.json").read_text(), '"yanked"')
    other = follower(home)
    equal(other.json("market", "install", "greeting-core")["steps"][0]["version"], "1.0.0")
    contains(other.run("market", "install", "greeting-core@1.1.0", ok=1).err, "yanked: 1.1.0")


@test
def a_yanked_version_is_installed_from_a_lock(home):
    publish(home, CORE_NEW)
    other = follower(home)
    other.json("market", "install", "greeting-core", "-t", "vendor")
    home.run("market", "yank", "greeting-core@1.1.0", "--reason", "it burns")
    sync(home, other)
    shutil.rmtree(other.path / "cache")
    other.run("market", "install", "greeting-core", "-t", "fresh", ok=1)
    equal(other.json("market", "install", "--frozen", "-t", "vendor")["warnings"], [])
    result = other.run("market", "install", "--force", "greeting-core", "-t", "vendor")
    contains(result.err, "it burns")
    equal(other.json("market", "list", "-t", "vendor")["packages"][0]["version"], "1.1.0")


def given(other, folder, text):
    """A directory with nothing but a ggen.lock, as version control makes it."""
    (other.path / folder).mkdir()
    (other.path / folder / "ggen.lock").write_text(text)
    return other.path / folder


@test
def a_lone_lock_is_reproduced_and_then_is_ours(home):
    publish(home, CORE_NEW, REST)
    home.json("market", "install", "greeting-rest", "-t", home.path / "vendor")
    lock = (home.path / "vendor/ggen.lock").read_text()
    other = follower(home)
    home.run("market", "yank", "greeting-core@1.1.0", "--reason", "it burns")
    sync(home, other)
    there = given(other, "fresh", lock)
    install = ["market", "install", "--frozen", "-t", there]
    dry = other.json(*install, "--dry-run")
    true(not (there / "ggen.lock").is_symlink(), "still a file")
    equal([path.name for path in there.iterdir()], ["ggen.lock"])
    result = other.json(*install)
    equal(result["steps"], dry["steps"])
    equal({step["action"] for step in result["steps"]}, {"add"})
    true((there / "ggen.lock").is_symlink(), "a link")
    equal(other.json("market", "verify", "-t", there)["findings"], [])
    equal([(package["name"], package["version"]) for package in
           other.json("market", "list", "-t", there)["packages"]],
          [(package["name"], package["version"]) for package in
           home.json("market", "list", "-t", home.path / "vendor")["packages"]])
    # Version control puts its own in place of the link: that one is reproduced.
    (there / "ggen.lock").unlink()
    (there / "ggen.lock").write_text(lock)
    contains(other.run("market", "remove", "greeting-rest", "-t", there, ok=1).err, "ggen.lock")
    other.run(*install)
    true((there / "ggen.lock").is_symlink(), "a link")
    other.run("market", "remove", "greeting-rest", "-t", there)


@test
def a_lone_lock_that_is_not_met_changes_nothing(home):
    publish(home, CORE)
    home.json("market", "install", "greeting-core", "-t", home.path / "vendor")
    lock = (home.path / "vendor/ggen.lock").read_text()
    key = json.loads(lock)["packages"]["greeting-core@1.0.0"]["publisher"]
    digest = json.loads(lock)["packages"]["greeting-core@1.0.0"]["integrity"]
    other = follower(home)
    for number, (text, why) in enumerate([
            (lock.replace(key, "ed25519:" + 64 * "7"), "another publisher"),
            (lock.replace(digest, "sha256-" + 64 * "7"), "does not satisfy"),
            (lock.replace("1.0.0", "1.0.7"), "does not satisfy"),
            (lock[:-9], "ggen.lock: line")]):
        there = given(other, f"fresh{number}", text)
        contains(other.run("market", "install", "--frozen", "-t", there, ok=1).err, why)
        equal([path.name for path in there.iterdir()], ["ggen.lock"])
        equal((there / "ggen.lock").read_text(), text)
    contains(other.run("market", "install", "--frozen", "-t", "none", ok=1).err, "no ggen.lock")
    true(not (other.path / "none").exists(), "nothing made")


@test
def a_yank_is_undone(home):
    publish(home, CORE, CORE_NEW)
    seq = home.json("market", "yank", "greeting-core@1.1.0", "--reason", "wrongly")["seq"]
    undone = home.json("market", "yank", "greeting-core@1.1.0", "--undo")
    equal((undone["yanked"], undone["reason"], undone["seq"]), (False, "", seq + 1))
    equal(home.json("market", "yank", "greeting-core@1.1.0", "--undo")["changed"], False)
    equal(follower(home).json("market", "install", "greeting-core")["steps"][0]["version"], "1.1.0")


@test
def only_the_publisher_yanks_and_unpublishes(home):
    publish(home, CORE)
    other = follower(home)
    other.run("market", "key", "generate")
    for words in (["yank", "greeting-core@1.0.0", "--reason", "x"],
                  ["unpublish", "greeting-core@1.0.0"]):
        failure = other.json("market", *words, ok=1)["error"]
        equal(failure["code"], "PERMISSION_DENIED", str(words))
    equal(other.json("market", "info", "greeting-core")["package"]["yanked"], False)
    for words in (["yank", "greeting-core@9.9.9", "--reason", "x"], ["unpublish", "nothing@1.0.0"]):
        equal(home.json("market", *words, ok=1)["error"]["code"], "PACKAGE_NOT_FOUND", str(words))


@test
def what_is_meant_has_to_be_said(home):
    for words in (["yank", "greeting-core", "--reason", "x"], ["yank", "greeting-core@1.0.0"],
                  ["yank", "greeting-core@^1", "--undo"], ["unpublish", "greeting-core"],
                  ["key", "rotate", "--former", "ed25519:12", "--recovery"],
                  ["key", "rotate", "--former", "ed25519:" + "8" * 64]):
        equal(home.json("market", *words, ok=2, schema="error")["error"]["code"], "VALIDATION",
              str(words))
    true(not home.path.exists(), "no home was made")


@test
def an_unpublished_version_is_gone_and_the_number_of_heads_goes_on(home):
    publish(home, CORE, CORE_NEW)
    document = home.json("market", "unpublish", "greeting-core@1.1.0")
    equal(document["versions_left"], 1)
    equal([each["version"] for each in home.json("market", "info", "greeting-core")["versions"]],
          ["1.0.0"])
    last = home.json("market", "unpublish", "greeting-core@1.0.0")
    true(last["seq"] > document["seq"], "a newer head")
    home.run("market", "info", "greeting-core", ok=1)
    true(not list((home.path / "registry/greeting-core").glob("*/package")), "no version is left")
    publish_as(home, "1.2.0")
    equal(home.json("market", "yank", "greeting-core@1.2.0", "--reason", "x")["seq"],
          last["seq"] + 2)


# ---- rotation --------------------------------------------------------------------------------------

@test
def a_new_key_gets_all_names_and_pins_follow(home):
    old = make_key(home)
    publish(home, CORE, CORE_NEW, REST)
    other = follower(home)
    other.json("market", "install", "greeting-core@1.0.0")
    equal(pin_of(other, "greeting-core")["key"], old)
    document = home.json("market", "key", "rotate")
    new = document["new_key"]
    equal((document["former_key"], document["names"], document["by_recovery"]),
          (old, ["greeting-core", "greeting-rest"], False))
    equal(home.json("market", "key", "show")["key"]["public_key"], new)
    true(os.path.isfile(document["former_path"]), "the former key is kept")
    equal(stat.S_IMODE(os.stat(document["former_path"]).st_mode), 0o600)
    publish_as(home, "1.2.0")
    sync(home, other)
    #  A dependency by the new key, of a package that was signed against the old one.
    result = other.run("market", "install", "greeting-rest", "greeting-core@1.2.0")
    contains(result.err, "has moved to a new key")
    equal((pin_of(other, "greeting-core")["key"], pin_of(other, "greeting-core")["how"]),
          (new, "rotated"))
    #  What the former key signed is installed still, also where the name is new.
    other.json("market", "install", "greeting-core@1.0.0", "-t", "vendor")
    third = follower(home)
    third.json("market", "install", "greeting-core@1.1.0")
    equal(pin_of(third, "greeting-core")["key"], new)
    equal(third.json("market", "verify")["ok"], True)


@test
def a_key_that_handed_over_publishes_nothing_more(home):
    make_key(home)
    publish(home, CORE)
    home.run("market", "key", "export", "old.key")
    thief = follower(home)
    thief.run("market", "key", "import", home.dir / "old.key")
    home.run("market", "key", "rotate")
    sync(home, thief)
    failure = thief.json("market", "publish", PACKS / CORE_NEW, ok=1)["error"]
    equal(failure["code"], "PERMISSION_DENIED")
    contains(failure["message"], "handed greeting-core over")
    failure = thief.json("market", "yank", "greeting-core@1.0.0", "--reason", "x", ok=1)["error"]
    equal(failure["code"], "PERMISSION_DENIED")


@test
def the_new_key_yanks_and_unpublishes_what_the_former_signed(home):
    make_key(home)
    publish(home, CORE, CORE_NEW)
    home.run("market", "key", "rotate")
    home.json("market", "yank", "greeting-core@1.1.0", "--reason", "theirs")
    equal(home.json("market", "info", "greeting-core@1.1.0")["package"]["yank_reason"], "theirs")
    equal(follower(home).json("market", "install", "greeting-core")["steps"][0]["version"], "1.0.0")
    home.json("market", "unpublish", "greeting-core@1.1.0")
    equal(len(home.json("market", "info", "greeting-core")["versions"]), 1)
    equal(len(home.json("market", "key", "rotate")["names"]), 1)
    equal(follower(home).json("market", "install", "greeting-core")["steps"][0]["version"], "1.0.0")


@test
def the_recovery_key_beats_a_thief_with_the_publishing_key(home):
    make_key(home)
    publish(home, CORE)
    home.run("market", "key", "export", "stolen.key")
    other = follower(home)
    other.run("market", "install", "greeting-core")
    thief = follower(home)
    thief.run("market", "key", "import", home.dir / "stolen.key")
    stolen = thief.json("market", "key", "rotate")
    publish_as(thief, "6.6.6")
    sync(thief, other)
    other.run("market", "install", "greeting-core@6.6.6")
    equal(pin_of(other, "greeting-core")["key"], stolen["new_key"])
    document = home.json("market", "key", "rotate", "--recovery-file", "recovery.txt")
    equal(document["by_recovery"], True)
    publish_as(home, "1.5.0")
    #  Everything that either says is in one registry.
    heads = home.path / "registry/greeting-core/.heads"
    for kept in (thief.path / "registry/greeting-core/.heads").glob("*.head"):
        if not (heads / kept.name).exists():
            shutil.copy(kept, heads)
    sync(home, other)
    result = other.run("market", "install", "greeting-core@1.5.0")
    contains(result.err, "by its recovery key")
    equal(pin_of(other, "greeting-core")["key"], document["new_key"])


def robbed(home):
    """A thief has the key and has published 6.6.6 with it, which lies in our registry now."""
    key = make_key(home)
    publish(home, CORE)
    home.run("market", "key", "export", "stolen.key")
    thief = follower(home)
    thief.run("market", "key", "import", home.dir / "stolen.key")
    publish_as(thief, "6.6.6")
    sync(thief, home)
    home.run("market", "update", "--force")
    return key


def releases_of(document):
    return {release["version"]: release["left_out"] for release in document["releases"]}


@test
def what_a_thief_signed_is_shown_and_can_be_left_out(home):
    key = robbed(home)
    before = sorted(path.name for path in (home.path / "keys").iterdir())
    shown = home.json("market", "key", "rotate", "--dry-run")
    equal((releases_of(shown), shown["dry_run"], shown["new_key"]),
          ({"1.0.0": False, "6.6.6": False}, True, None))
    equal(sorted(path.name for path in (home.path / "keys").iterdir()), before)
    rotate = ["market", "key", "rotate", "--recovery-file", "recovery.txt", "--without"]
    failure = home.json(*rotate, "greeting-core@6.6.7", ok=1)["error"]
    equal(failure["code"], "PACKAGE_NOT_FOUND")
    contains(failure["hint"], "--dry-run")
    equal(pin_of(home, "greeting-core")["key"], key)
    done = home.json(*rotate, "greeting-core@6.6.6")
    equal(releases_of(done), {"1.0.0": False, "6.6.6": True})
    equal(pin_of(home, "greeting-core")["key"], done["new_key"])
    #  Whoever knew the name, and whoever sees it first, takes ours and not his.
    for other in (home, follower(home)):
        steps = other.json("market", "install", "greeting-core", "--publisher", done["new_key"],
                           "-t", "vendor")["steps"]
        equal([step["version"] for step in steps], ["1.0.0"])
        failure = other.json("market", "install", "greeting-core@6.6.6", "-t", "other", ok=1)["error"]
        true(failure["code"] in ("UNTRUSTED_PUBLISHER", "SECURITY"), failure["code"])
        lacks(failure["hint"], "trust add")


@test
def what_was_stood_for_can_be_left_out_later(home):
    key = robbed(home)
    done = home.json("market", "key", "rotate", "--recovery-file", "recovery.txt")
    contains(home.run("market", "key", "list").out, "default")
    again = home.json("market", "key", "rotate", "--former", key, "--recovery-file", "recovery.txt",
                      "--without", "greeting-core@6.6.6")
    equal((again["new_key"], releases_of(again)), (done["new_key"], {"1.0.0": False, "6.6.6": True}))
    steps = follower(home).json("market", "install", "greeting-core", "--publisher",
                                done["new_key"])["steps"]
    equal([step["version"] for step in steps], ["1.0.0"])


@test
def the_list_is_shown_and_agreed_to_at_a_terminal(home):
    robbed(home)
    words = ["market", "key", "rotate", "--recovery-file", "recovery.txt"]
    shown, rc = at_terminal(home, *words, typed="n\n")
    contains(shown, "greeting-core@6.6.6")
    contains(shown, "nothing was handed over")
    equal(rc, 1)
    equal(home.json("market", "key", "rotate", "--dry-run")["names"], ["greeting-core"])
    shown, rc = at_terminal(home, *words, typed="y\n")
    contains(shown, "1 package handed over")
    equal(rc, 0)


@test
def a_lost_key_is_given_up_by_the_recovery_key(home):
    lost = make_key(home)
    publish(home, CORE)
    other = follower(home)
    other.run("market", "install", "greeting-core")
    os.unlink(home.path / "keys/default.key")
    new = home.json("market", "key", "generate")["key"]["public_key"]
    document = home.json("market", "key", "rotate", "--former", lost, "--recovery-file",
                         "recovery.txt")
    equal((document["new_key"], document["former_path"], document["names"]),
          (new, "", ["greeting-core"]))
    publish_as(home, "1.1.0")
    sync(home, other)
    other.json("market", "install", "greeting-core@1.1.0")
    equal(pin_of(other, "greeting-core")["key"], new)
    other.json("market", "install", "greeting-core@1.0.0", "-t", "vendor")


@test
def a_wrong_recovery_key_changes_nothing(home):
    key = make_key(home)
    publish(home, CORE)
    home.write("wrong.txt", "recovery:" + "1" * 64)
    home.write("none.txt", "hello\n")
    for name, code in (("wrong.txt", "PERMISSION_DENIED"), ("none.txt", "VALIDATION"),
                       ("absent.txt", "VALIDATION")):
        failure = home.json("market", "key", "rotate", "--recovery-file", name, ok=1)["error"]
        equal(failure["code"], code, name)
    contains(home.run("market", "key", "rotate", "--recovery", ok=1).err, "--recovery-file FILE")
    equal(home.json("market", "key", "show")["key"]["public_key"], key)
    true(not (home.path / "registry/greeting-core/.heads").exists(), "no head was made")


@test
def no_secret_is_on_the_tap_or_in_a_file(home):
    listener = home.start("tap", "--json")
    wait_until((home.path / "run" / "tap.ipc").exists, what="the tap")
    secret = "correct horse battery staple"
    home.write("passphrase.txt", secret + "\n")
    make_key(home, "--passphrase-file", "passphrase.txt")
    recovery = (home.dir / "recovery.txt").read_text().strip()
    home.run("market", "publish", PACKS / CORE, "--passphrase-file", "passphrase.txt")
    home.run("market", "key", "rotate", "--recovery-file", "recovery.txt", "--passphrase-file",
             "passphrase.txt")
    listener.wait_for("KeyPromoteReply")
    true("KeyGenerateLockedRequest" in listener.out, "it was heard from the beginning")
    seen = listener.out.encode()
    for path in home.path.rglob("*"):
        if path.is_file() and not path.is_symlink():
            seen += path.read_bytes()
        true(not stat.S_ISFIFO(path.lstat().st_mode), "no pipe is left")
    for text in (secret, recovery, recovery[9:]):
        true(text.encode() not in seen, "no copy of it")


# ---- passphrases -----------------------------------------------------------------------------------

@test
def a_key_with_a_passphrase_signs_only_with_it(home):
    home.write("good.txt", "open sesame\n")
    home.write("bad.txt", "open sesamo\n")
    make_key(home, "--passphrase-file", "good.txt")
    equal(home.json("market", "key", "show")["key"]["encrypted"], True)
    contains(home.run("market", "key", "show").out, "needed to sign")
    lacks((home.path / "keys/default.key").read_text(), "\nsecret ")
    failure = home.json("market", "publish", PACKS / CORE, ok=1)["error"]
    equal(failure["code"], "PERMISSION_DENIED")
    contains(failure["hint"], "--passphrase-file FILE")
    result = home.run("market", "publish", PACKS / CORE, "--passphrase-file", "bad.txt", ok=1)
    contains(result.err, "this is not the passphrase of the key 'default'")
    true(not list(home.path.rglob("*.tar.gz")), "nothing was published")
    home.run("market", "publish", PACKS / CORE, "--passphrase-file", "good.txt")
    home.json("market", "yank", "greeting-core@1.0.0", "--reason", "x", "--passphrase-file",
              "good.txt")
    #  Its successor has the same passphrase; an export is as locked as the key.
    home.json("market", "key", "rotate", "--passphrase-file", "good.txt")
    equal(home.json("market", "key", "show")["key"]["encrypted"], True)
    publish_bad = home.run("market", "yank", "greeting-core@1.0.0", "--undo", "--passphrase-file",
                           "bad.txt", ok=1)
    contains(publish_bad.err, "not the passphrase")
    home.json("market", "yank", "greeting-core@1.0.0", "--undo", "--passphrase-file", "good.txt")
    home.json("market", "key", "export", "out.key")
    other = home.another()
    equal(other.json("market", "key", "import", home.dir / "out.key")["key"]["encrypted"], True)


@test
def a_node_keeps_a_key_open_for_who_gave_the_passphrase(home):
    home.write("good.txt", "open sesame\n")
    node = home.start("node", "run")
    node.wait_for("node runs: ")
    make_key(home, "--passphrase-file", "good.txt")
    home.run("market", "publish", PACKS / CORE)             #  It was just made
    equal(node.stop(), 0)
    node = home.start("node", "run")
    node.wait_for("node runs: ")
    home.run("market", "publish", PACKS / CORE_NEW, ok=1)
    home.run("market", "publish", PACKS / CORE_NEW, "--passphrase-file", "good.txt")
    home.json("market", "yank", "greeting-core@1.0.0", "--reason", "x")


# ---- minisign --------------------------------------------------------------------------------------

@test
def minisign_verifies_each_archive(home):
    if not shutil.which("minisign"):
        skip("minisign is not installed")
    publish(home, CORE)
    home.json("market", "publish", PACKS / CORE_NEW, "--compression", "zstd")
    text = home.run("market", "key", "show", "--minisign").out
    equal(home.json("market", "key", "show", "--minisign")["minisign"], text)
    home.write("ggen.pub", text)
    archives = sorted((home.path / "registry/greeting-core").glob("*/*.tar.*[!g]"))
    equal(len([path for path in archives if path.suffix != ".minisig"]), 2)
    for archive in archives:
        if archive.suffix == ".minisig":
            continue
        shown = home.run_program(["minisign", "-V", "-m", archive, "-p", "ggen.pub"])
        contains(shown.out, "Signature and comment signature verified")
        contains(shown.out, f"file:{archive.name}")
        matches(shown.out, r"timestamp:\d+")
        signature = archive.with_name(archive.name + ".minisig").read_text()
        home.write("other", archive.read_bytes().hex())
        home.write("other.minisig", signature)
        home.run_program(["minisign", "-V", "-m", "other", "-p", "ggen.pub"], ok=False)


main()
