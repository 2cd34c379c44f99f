# SPDX-License-Identifier: MIT
"""The market on real packages: DATA/ggen-packages/{packages,packs}, published, found, installed."""
import json
import os
import re
import shutil
import stat
import tempfile
import tomllib
from collections import Counter
from pathlib import Path

from tap import Failure, contains, equal, main, matches, shared_data, test, true

MANIFESTS = ("gpack.toml", "package.toml", "pack.toml", "package.json")
TABLES = ("gpack", "package", "pack")
WORD = re.compile(r"\b[A-Za-z]{4,}\b")


class Pack:
    """A directory to publish, as a second parser (Python's own) sees its manifest."""

    def __init__(self, path):
        self.path = path
        self.manifest = next((path / name for name in MANIFESTS if (path / name).is_file()), None)
        self.data = parsed(self.manifest) if self.manifest else None

    def field(self, *names):
        tables = [self.data, *(self.data.get(table, {}) for table in TABLES)]
        values = (table.get(name) for name in names for table in tables)
        return next((value for value in values if isinstance(value, str)), "")

    @property
    def id(self):
        return self.field("id", "name")

    @property
    def description(self):
        return self.field("description")


def parsed(path):
    """What the manifest holds, or None when it does not parse."""
    parse = json.loads if path.suffix == ".json" else tomllib.loads
    try:
        return parse(path.read_text(encoding="utf-8"))
    except ValueError:
        return None


PACKS = [Pack(path) for folder in ("packages", "packs")
         for path in sorted((shared_data() / "ggen-packages" / folder).iterdir()) if path.is_dir()]
VALID = [pack for pack in PACKS if pack.data]
INVALID = [pack for pack in PACKS if pack.manifest and not pack.data]
WITHOUT = [pack for pack in PACKS if not pack.manifest]
UNDESCRIBED = [pack for pack in VALID if not pack.description]
DESCRIBED = [pack for pack in VALID if WORD.search(pack.description)]
WANTING_HEALTHCARE = [pack for pack in VALID if "healthcare-core" in str(pack.data)]
WANTING_NOUN_VERB = [pack for pack in VALID
                     if re.search(r"'clap-noun-verb': '3\.4\.0'", str(pack.data))]


def counted(sentence, packs):
    """Register a test whose name says of how many packages it speaks; of none is a failure."""
    def register(function):
        def checked(home):
            true(packs, "there are some")
            function(home)
        checked.__name__ = sentence.format(len(packs))
        return test(checked)
    return register


# ---- one publication for all tests -----------------------------------------------------------------

class Market:
    """The home in which everything was published, by the first test, and the others copy."""
    path = Path(tempfile.mkdtemp()) / "market"
    digests = {}


def stocked(home):
    """Give 'home' the registry with everything in it."""
    if not Market.path.is_dir():
        raise Failure("nothing was published: see the first test")
    shutil.copytree(Market.path, home.path)
    return home


def start_node(home):
    """From here on the verbs are attached, and so twice as fast."""
    home.start("node", "run").wait_for("node runs: ")


def publish_all(home, packs):
    """{id: the whole answer} of publishing each of them."""
    answers = {pack.id: home.json("market", "publish", pack.path) for pack in packs}
    equal(len(answers), len(packs), "ids are all different")
    return answers


@counted("{} directories with a valid manifest are published", VALID)
def publish_valid(home):
    answers = publish_all(home, VALID)
    shutil.copytree(home.path, Market.path)
    Market.digests = {id: answer["package"]["sha256"] for id, answer in answers.items()}
    undescribed = sorted(id for id, answer in answers.items()
                         if any("description: missing" in text for text in answer["warnings"]))
    equal(undescribed, sorted(pack.id for pack in UNDESCRIBED), "warned of a missing description")
    equal(home.json("market", "search", "--limit", "1000")["total"], len(VALID))


@counted("{} of them, published in another home through a node, have the same SHA-256", VALID)
def publish_elsewhere(home):
    start_node(home)
    copies = home.dir / "copies"
    for number, pack in enumerate(VALID):
        shutil.copytree(pack.path, copies / str(number), copy_function=shutil.copyfile)
    answers = publish_all(home, [Pack(copies / str(number)) for number in range(len(VALID))])
    equal({id: answer["package"]["sha256"] for id, answer in answers.items()}, Market.digests)


@counted("{} of them, published again, change nothing", VALID[:10])
def publish_again(home):
    stocked(home)
    true(all(answer["already_there"] for answer in publish_all(home, VALID[:10]).values()), "known")


@counted("{} without a description fail when warnings are errors", UNDESCRIBED)
def publish_strictly(home):
    for pack in UNDESCRIBED:
        failure = home.json("market", "publish", pack.path, "--strict", ok=1)["error"]
        contains(failure["message"], "description")


@counted("{} with invalid TOML fails with file, line, column and reason", INVALID)
def publish_invalid(home):
    for pack in INVALID:
        message = home.json("market", "publish", pack.path, ok=1)["error"]["message"]
        matches(message, re.escape(str(pack.manifest)) + r":\d+:\d+: manifest: .*[a-z]{4}")
        lines = len(pack.manifest.read_text(encoding="utf-8").splitlines())
        true(1 <= int(message.split(":")[1]) <= lines, "the line is one of the file's")


@counted("{} without a manifest fail, and what was looked for is named", WITHOUT)
def publish_without(home):
    for pack in WITHOUT:
        message = home.json("market", "publish", pack.path, ok=1)["error"]["message"]
        for text in (str(pack.path), *MANIFESTS):
            contains(message, text)


# ---- search ----------------------------------------------------------------------------------------

@counted("{} are found by their id, which comes first", VALID)
def search_ids(home):
    stocked(home)
    for pack in VALID:
        found = home.json("market", "search", pack.id, "--limit", "1")
        equal(found["results"][0]["id"], pack.id)


def words_of(pack):
    return {word.lower() for word in WORD.findall(pack.description)}


@counted("{} with a description are found by the rarest word of it", DESCRIBED)
def search_words(home):
    start_node(stocked(home))
    frequency = Counter(word for pack in DESCRIBED for word in words_of(pack))
    for pack in DESCRIBED:
        word = min(words_of(pack), key=lambda word: (frequency[word], word))
        found = home.json("market", "search", word, "--limit", "1000")
        true(pack.id in [result["id"] for result in found["results"]], f"{pack.id} by '{word}'")


# ---- install ---------------------------------------------------------------------------------------

def installed_by(home, *words):
    """{name: whether it was asked for} of what an installation added."""
    steps = home.json("market", "install", *words)["steps"]
    return {step["name"]: step["direct"] for step in steps if step["action"] == "add"}


@test
def java26_sealed_domain_brings_java26_core(home):
    stocked(home)
    equal(installed_by(home, "java26-sealed-domain"),
          {"java26-core": False, "java26-sealed-domain": True})
    equal(home.json("market", "list")["total"], 2)


@test
def customer_loyalty_rewards_brings_its_optionals_only_when_asked_to(home):
    stocked(home)
    equal(installed_by(home, "customer-loyalty-rewards"), {"customer-loyalty-rewards": True})
    equal(installed_by(home, "customer-loyalty-rewards", "--with-optional"),
          {"order-management-system": False, "multi-tenant-saas": False})


@test
def agent_reasoning_mcp_brings_its_chain(home):
    stocked(home)
    equal(installed_by(home, "agent-reasoning-mcp"),
          {"agent-memory-forge": False, "agent-context-crafter": False,
           "agent-reasoning-mcp": True})


@counted("{} that want the absent healthcare-core fail, naming it and themselves",
         WANTING_HEALTHCARE)
def install_healthcare(home):
    stocked(home)
    for pack in WANTING_HEALTHCARE:
        failure = home.json("market", "install", pack.id, ok=1)["error"]
        equal(failure["code"], "PACKAGE_NOT_FOUND")
        matches(failure["message"], rf"^healthcare-core: not found; wanted by {pack.id}@")
    equal(home.json("market", "list")["total"], 0)


@counted("{} that want clap-noun-verb 3.4.0 fail, naming 5.3.2 as available", WANTING_NOUN_VERB)
def install_noun_verb(home):
    stocked(home)
    for pack in WANTING_NOUN_VERB:
        message = home.json("market", "install", pack.id, ok=1)["error"]["message"]
        matches(message, rf"^clap-noun-verb: .*wanted by {pack.id}@.*3\.4\.0.*available: 5\.3\.2$")


@test
def all_that_can_be_installed_is_installed_in_one_generation(home):
    start_node(stocked(home))
    wishes = [pack.id for pack in VALID
              if home.run("market", "install", pack.id, "--dry-run", ok=None).rc == 0]
    true(len(wishes) > len(VALID) // 2, f"most of them fit ({len(wishes)})")
    equal(home.json("market", "install", *wishes)["generation"], 1)
    verified = home.json("market", "verify")
    equal((verified["ok"], verified["packages_count"]), (True, len(wishes)))


# ---- verify, rollback ------------------------------------------------------------------------------

def flip_bit(path):
    """Change one bit in the middle of a file and nothing else of it, as a failing disk would."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    times, mode = path.stat(), stat.S_IMODE(path.stat().st_mode)
    os.chmod(path, 0o644)
    path.write_bytes(data)
    os.chmod(path, mode)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


@test
def verify_is_clean_then_tells_the_one_flipped_byte_and_rollback_restores_it(home):
    stocked(home)
    home.json("market", "install", "java26-sealed-domain")
    home.json("market", "install", "agent-reasoning-mcp")
    equal(home.json("market", "verify")["findings"], [])
    file = home.path / "packages" / "java26-core" / "package.toml"
    original = file.read_bytes()
    flip_bit(file)
    findings = home.json("market", "verify", ok=1, schema="verify")["findings"]
    equal([(found["package"], found["path"], found["finding"]) for found in findings],
          [("java26-core", "package.toml", "changed")])
    home.json("market", "rollback")
    equal(file.read_bytes(), original)
    equal(home.json("market", "verify")["findings"], [])
    equal(home.json("market", "list")["total"], 2)


main()
