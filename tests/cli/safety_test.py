# SPDX-License-Identifier: MIT
"""Published bytes never change, and changed ones are never unpacked."""
import json
import os
import shutil

from homes import check_sound, installed, leftovers, make_pack, names_in, publish, restore
from tap import contains, equal, main, test, true

POSITIONS = 64              # bits flipped of one file, the first and the last among them


def bits_of(path):
    """Numbers of bits of a file: the first, the last, and others evenly between."""
    last = path.stat().st_size * 8 - 1
    return [last * number // (POSITIONS - 1) for number in range(POSITIONS)]


def flipped(path, bit):
    data = bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    return bytes(data)


def stocked(home):
    """A home where 'thing' is published, and a copy of it to go back to."""
    publish(home, make_pack(home, "thing"), make_pack(home, "other"))
    shutil.copytree(home.path, home.dir / "before", symlinks=True)
    return home.path / "registry" / "thing" / "1.0.0"


def forget_index(home):
    """Remove what is derived: it has to be made from the files again."""
    for name in names_in(home.path / "registry"):
        if name.startswith("index.") or name == "generation":
            os.unlink(home.path / "registry" / name)


def check_refused(home, what, codes):
    failure = home.json("market", "install", "thing", ok=1)["error"]
    true(failure["code"] in codes, f"{what}: one of {sorted(codes)}, not {failure['code']}")
    true(not (home.path / "packages").exists(), f"{what}: nothing is installed")
    equal(names_in(home.path / "store"), [], f"{what}: in the store")
    equal(leftovers(home), [], f"{what}: leftovers")


@test
def a_second_publish_with_other_bytes_is_refused_and_the_same_bytes_are_fine(home):
    folder = make_pack(home, "thing")
    first = home.json("market", "publish", folder)
    archive = next((home.path / "registry" / "thing" / "1.0.0").glob("*.tar.gz"))
    bytes_before = archive.read_bytes()
    home.write(folder / "files/0.txt", "other bytes\n")
    failure = home.json("market", "publish", folder, ok=1)["error"]
    equal(failure["code"], "ALREADY_EXISTS")
    contains(failure["message"], "thing")
    equal(archive.read_bytes(), bytes_before)
    again = home.json("market", "publish", make_pack(home, "thing"))
    equal((again["already_there"], again["package"]["sha256"]), (True, first["package"]["sha256"]))
    home.json("market", "install", "thing")
    check_sound(home)


@test
def a_record_with_any_flipped_bit_is_refused_before_unpacking(home):
    record = stocked(home) / "record"
    for bit in bits_of(record):
        record.write_bytes(flipped(record, bit))
        check_refused(home, f"bit {bit} of the record", {"INVALID_SIGNATURE"})
        restore(home, home.dir / "before")


@test
def a_record_with_any_flipped_bit_is_refused_when_the_index_is_made_from_it(home):
    record = stocked(home) / "record"
    for bit in bits_of(record)[::4]:
        record.write_bytes(flipped(record, bit))
        forget_index(home)
        check_refused(home, f"bit {bit} of the record", {"INVALID_SIGNATURE"})
        found = home.json("market", "search", "other")
        equal([result["id"] for result in found["results"]], ["other"], "search goes on")
        home.json("market", "install", "other")
        restore(home, home.dir / "before")


@test
def an_archive_with_any_flipped_bit_is_refused_before_unpacking(home):
    [archive] = stocked(home).glob("*.tar.gz")
    for bit in bits_of(archive):
        archive.write_bytes(flipped(archive, bit))
        check_refused(home, f"bit {bit} of the archive",
                      {"CHECKSUM_MISMATCH", "ALL_PROVIDERS_FAILED"})
        restore(home, home.dir / "before")


@test
def an_archive_that_is_cut_or_longer_is_refused(home):
    [archive] = stocked(home).glob("*.tar.gz")
    data = archive.read_bytes()
    for changed in (b"", data[:-1], data + b"\0", data + data):
        archive.write_bytes(changed)
        check_refused(home, f"{len(changed)} of {len(data)} bytes",
                      {"CHECKSUM_MISMATCH", "ALL_PROVIDERS_FAILED"})


@test
def unsigned_notes_beside_a_record_cannot_change_what_is_installed(home):
    notes = stocked(home) / "package"
    for bit in bits_of(notes)[::2]:
        notes.write_bytes(flipped(notes, bit))
        forget_index(home)
        result = home.run("market", "install", "thing", "--json", ok=None)
        if result.rc == 0:
            [step] = json.loads(result.out)["steps"]
            equal((step["name"], step["version"]), ("thing", "1.0.0"))
            check_sound(home)
        else:
            equal(installed(home), {})
        restore(home, home.dir / "before")


@test
def a_damaged_blob_in_the_cache_is_fetched_again(home):
    stocked(home)
    home.json("market", "install", "thing")
    [blob] = [path for path in (home.path / "cache" / "blobs").rglob("*") if path.is_file()]
    original = blob.read_bytes()
    damaged = flipped(blob, 8 * len(original) // 2)
    os.unlink(blob)         # it may share its bytes with the registry
    blob.write_bytes(damaged)
    (home.path / "packages").unlink()
    shutil.rmtree(home.path / "generations")
    (home.path / "store").rename(home.dir / "old-store")
    home.json("market", "install", "thing")
    check_sound(home)
    equal(blob.read_bytes(), original)


# ---- a registry that lost something ------------------------------------------------------------------

DAMAGED = "the registry's copy of thing 1.0.0 is damaged"


def publish_thing(home, *options):
    """Publish the tree again; whether it was there, and whether it is said to be damaged."""
    document = home.json("market", "publish", home.dir / "packs/thing-1.0.0", *options)
    return document["already_there"], DAMAGED in " ".join(document["warnings"])


def check_mended(home, *options):
    """Publishing the same tree makes the registry's copy whole again, and says so once."""
    true(publish_thing(home, *options)[1], "it is said to be damaged")
    equal(publish_thing(home, "--force"), (True, False))
    home.json("market", "install", "thing")
    check_sound(home)
    restore(home, home.dir / "before")


@test
def what_is_damaged_in_the_own_registry_is_put_again_by_publishing_it(home):
    shelf = stocked(home)
    archive = next(shelf.glob("*.tar.gz"))
    sound = archive.read_bytes()
    archive.write_bytes(sound[:-1])
    check_mended(home)
    archive.unlink()
    check_mended(home)
    (shelf / "record").write_bytes(flipped(shelf / "record", 100))
    check_mended(home)
    (shelf / "package").write_bytes(b"\xff" * 10)
    check_mended(home)
    #  Bytes are read only when they are asked about.
    archive.write_bytes(flipped(archive, 1000))
    equal(publish_thing(home), (True, False))
    check_mended(home, "--force")


@test
def a_damaged_version_of_somebody_else_stays_as_it_is(home):
    archive = next(stocked(home).glob("*.tar.gz"))
    archive.write_bytes(b"short")
    shutil.rmtree(home.path / "keys")
    home.json("market", "key", "generate")
    contains(home.run("market", "publish", home.dir / "packs/thing-1.0.0").err,
             "only its publisher's key can put it again")
    equal(archive.read_bytes(), b"short")


@test
def a_version_whose_directory_is_gone_is_not_offered_and_can_be_published_again(home):
    shutil.rmtree(stocked(home))
    failure = home.json("market", "info", "thing@1.0.0", ok=1)["error"]
    equal(failure["code"], "PACKAGE_NOT_FOUND")
    restore(home, home.dir / "before")
    shutil.rmtree(home.path / "registry/thing/1.0.0")
    failure = home.json("market", "install", "thing", ok=1)["error"]
    equal(failure["code"], "PACKAGE_NOT_FOUND")
    contains(json.dumps(failure["details"]), "the files of thing@1.0.0 are gone from the registry")
    equal(home.json("market", "search", "thing")["results"], [], "what the index tells after that")
    equal(publish_thing(home), (False, False))
    home.json("market", "install", "thing")
    check_sound(home)


# ---- whom the home trusts ------------------------------------------------------------------------------

def check_closed(home, *verbs):
    """Nothing that has to know pinned publishers is done, and it is said what to do."""
    for words in verbs or (["install", "thing"],):
        failure = home.json("market", *words, ok=1)["error"]
        equal(failure["code"], "STORAGE", words)
        contains(failure["message"], "state.db.corrupted was set aside")
        contains(failure["hint"], "remove state.db.corrupted")


@test
def pins_in_a_damaged_state_are_not_begun_anew_until_somebody_decides(home):
    stocked(home)
    home.json("market", "install", "other")
    state = home.path / "p2p" / "state.db"
    aside = state.with_name("state.db.corrupted")
    backup, garbage = state.read_bytes(), b"no database " * 1000
    pins = home.json("market", "trust", "list")["pins"]
    true(len(pins) == 2, "both names are pinned")
    state.write_bytes(garbage)
    check_closed(home, ["install", "thing"], ["trust", "list"], ["trust", "remove", "thing"],
                 ["publish", home.dir / "packs/other-1.0.0", "--version", "2.0.0"])
    equal(aside.read_bytes(), garbage)
    equal(installed(home), {"other": "1.0.0"})
    home.json("market", "search", "thing")
    state.write_bytes(backup)
    check_closed(home)
    aside.unlink()
    equal(home.json("market", "trust", "list")["pins"], pins)
    state.write_bytes(garbage)
    check_closed(home)
    aside.unlink()
    equal(home.json("market", "trust", "list")["pins"], [])
    home.json("market", "install", "thing")
    check_sound(home)


main()
