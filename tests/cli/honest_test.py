# SPDX-License-Identifier: MIT
"""Every flag, setting and variable does what it says, or is said to do nothing."""
import os
import shutil
import signal

from tap import PACKS, contains, equal, lacks, main, matches, test, true

CORE, REST, DOCS = PACKS / "greeting-core-1.1.0", PACKS / "greeting-rest", PACKS / "greeting-docs"


def publish(home, *packs):
    for pack in packs:
        home.run("market", "publish", pack)


def rough_pack(home):
    home.write("rough/gpack.toml", '[gpack]\nname = "rough"\nversion = "1.0.0"\n')
    return home.dir / "rough"


def edit(path, text):
    os.chmod(path, 0o644)
    path.write_text(text, encoding="utf-8")


# ---- registries ------------------------------------------------------------------------------------

@test
def a_registry_that_is_not_there_is_refused_and_the_file_registry_is_asked(home):
    publish(home, CORE)
    for words in (["search", "--registry", "p2p"], ["search", "--p2p"],
                  ["search", "--registry", "central"], ["search", "--registry=http"],
                  ["install", "greeting-core", "--registry", "p2p"],
                  ["install", "greeting-core", "--registry", "central"],
                  ["publish", DOCS, "--registry", "p2p"],
                  ["publish", DOCS, "--registry", "p2p", "--dry-run"]):
        error = home.json("market", *words, ok=1, schema="error")["error"]
        equal(error["code"], "FEATURE_NOT_ENABLED", str(words))
        contains(error["hint"], "ggen --version")
    for registry in ("file", "all"):
        equal(home.json("market", "search", "--registry", registry)["total"], 1)
        home.run("market", "publish", CORE, "--registry", registry)
    home.run("market", "install", "greeting-core", "--registry", "file")
    home.run("market", "search", "--min-reputation", "0.5", ok=2)


@test
def the_mode_of_the_registry_decides_who_is_asked(home):
    publish(home, CORE)
    home.run("market", "install", "greeting-core")
    for mode in ("hybrid", "file"):
        home.write("ggen/config.toml", f'[registry]\nmode = "{mode}"\n')
        equal(home.json("market", "search")["total"], 1)
        equal(home.json("config", "validate")["warnings"], [])
    home.write("ggen/config.toml", '[registry]\nmode = "p2p"\n')
    equal(home.json("market", "search", ok=1)["error"]["code"], "FEATURE_NOT_ENABLED")
    equal(home.json("market", "search", "--registry", "file", ok=1)["error"]["code"],
          "FEATURE_NOT_ENABLED")
    equal(home.json("market", "list")["total"], 1)
    equal(home.json("config", "validate")["warnings"], [])


@test
def offline_takes_what_is_here_and_fails_clearly_without(home):
    publish(home, CORE, REST)
    home.run("market", "install", "greeting-core", "--offline")
    [archive] = home.path.glob("registry/greeting-rest/1.0.0/*.tar.gz")
    archive.rename(home.dir / "away")
    error = home.json("market", "install", "greeting-rest", "--offline", ok=1)["error"]
    contains(error["message"], "greeting-rest")
    contains(error["message"], "No such file")
    equal(home.json("market", "list")["total"], 1)
    (home.dir / "away").rename(archive)
    home.run("market", "install", "greeting-rest", "--offline")
    archive.unlink()
    home.run("market", "remove", "greeting-rest")
    home.run("market", "install", "greeting-rest", "--offline")


# ---- publish ---------------------------------------------------------------------------------------

@test
def quality_is_warned_of_unless_it_is_skipped_and_structure_never_is(home):
    pack = rough_pack(home)
    result = home.run("market", "publish", pack, "--dry-run")
    contains(result.err, "description: missing")
    contains(result.err, "license: missing")
    contains(home.run("market", "publish", pack, "--dry-run", "--strict", ok=1).err, "missing")
    equal(home.json("market", "publish", pack, "--dry-run", "--skip-verify")["warnings"], [])
    home.run("market", "publish", pack, "--dry-run", "--skip-verify", "--strict")
    os.symlink("gpack.toml", pack / "link")
    contains(home.run("market", "publish", pack, "--skip-verify", ok=1).err, "link")
    os.unlink(pack / "link")
    home.write("rough/gpack.toml", '[gpack]\nname = "rough"\nversion = "one"\n')
    contains(home.run("market", "publish", pack, "--skip-verify", ok=1).err, "version")


@test
def strict_makes_every_warning_of_the_manifest_an_error(home):
    home.write("odd/gpack.toml", '[gpack]\nname = "odd"\nversion = "1.0.0"\ndescription = "d"\n'
                                 'license = "MIT"\nhomepage = 7\n')
    contains(home.run("market", "publish", "odd", "--dry-run").err, "homepage")
    contains(home.run("market", "publish", "odd", "--dry-run", "--strict", ok=1).err, "homepage")


# ---- logs ------------------------------------------------------------------------------------------

@test
def a_command_logs_what_it_was_told_to(home):
    def logged(*words, level=None):
        env = {"GGEN_LOG": level} if level else {}
        return home.run("market", "search", *words, env=env).err
    equal(logged(), "")
    matches(logged("-v"), r"^info client\.attached home=\S+ node=own program=ggen market search$")
    contains(logged(level="info"), "client.attached")
    contains(logged("-v", level="error"), "client.attached")
    equal(logged("-q", level="trace"), "")
    equal(logged(level="warn"), "")
    home.write("ggen/config.toml", '[log]\nlevel = "debug"\n')
    contains(logged(), "client.attached")
    contains(home.run("market", "search", env={"RUST_LOG": "info"}).err, "client.attached")
    home.start("node", "run").wait_for("node runs: ")
    contains(logged("--verbose"), "node=running")


@test
def a_node_logs_its_start_and_its_end(home):
    node = home.start("node", "run")
    node.wait_for(rf"^info node\.started home={home.path} pid={node.pid} ")
    equal(node.stop(signal.SIGINT), 0)
    equal(node.err.count("\n"), 2)
    matches(node.err, r"^info node\.stopped .*code=OK$")
    for words, env in ((["-q"], {}), ([], {"GGEN_LOG": "warn"})):
        node = home.start("node", "run", *words, "--timeout", "0.2", env=env)
        equal((node.wait(), node.err), (0, ""))


@test
def a_node_warns_of_settings_it_does_not_heed(home):
    home.write("ggen/p2p-config.toml", "[limits]\nrpc_rate = 5\n"
               "[location]\nregion = \"here\"\n[storage]\nreplicas = 5\n")
    node = home.start("node", "run", "--timeout", "0.2")
    equal(node.wait(), 0)
    contains(node.err, "warning: p2p-config.toml:2: limits.rpc_rate: no effect yet")
    contains(node.err, "warning: p2p-config.toml:4: location.region: no effect yet")
    lacks(node.err, "replicas")
    lacks(home.run("market", "list").err, "rpc_rate")


# ---- settings --------------------------------------------------------------------------------------

@test
def settings_without_effect_are_marked_and_warned_of(home):
    text = home.run("config", "show").out
    matches(text, r"^limits\.rpc_rate +20000 +default \(no effect yet\)$")
    matches(text, r"^storage\.cache_dir +\S+ +default$")
    matches(text, r"^registry\.packages_path .*\(no effect yet\)$")
    idle = home.json("config", "show")["no_effect"]
    true("registry.packages_path" in idle and "log.level" not in idle, "as the table says")
    home.write("ggen/config.toml", '[registry]\npackages_path = "elsewhere"\n')
    [warning] = home.json("config", "validate")["warnings"]
    contains(warning, "this build lacks a choice of where packages appear: FEATURE_NOT_ENABLED")


@test
def numbers_are_as_short_as_they_read_back(home):
    home.write("ggen/config.toml", "[location]\nlatitude = 52.52\nlongitude = 0.12345678901234568\n"
                                   "[performance]\ndht_query_timeout = 30.0\n")
    text = home.run("config", "show").out
    for line in (r"min_peer_reputation +0\.7 ", r"latitude +52\.52 ",
                 r"longitude +0\.12345678901234568 ", r"dht_query_timeout +30\.0 s "):
        matches(text, line)
    matches(home.run("config", "show", "min_peer_reputation", "--json").out,
            r'"min_peer_reputation": 0\.7$')


@test
def paths_of_settings_work_from_end_to_end(home):
    home.write("ggen/config.toml", '[registry]\nregistry_path = "~/shelf/deep"\n'
                                   '[storage]\ncache_dir = "elsewhere/blobs"\n')
    publish(home, CORE)
    home.run("market", "install", "greeting-core")
    true((home.dir / "shelf/deep/greeting-core/1.1.0").is_dir(), "the registry is under ~")
    true(any(path.is_file() for path in (home.path / "elsewhere/blobs").rglob("*")),
         "blobs are under the home")
    true(not (home.path / "registry").exists() and not (home.path / "cache").exists(),
         "nothing is at the defaults")
    shutil.rmtree(home.dir / "shelf")
    equal(home.json("market", "search")["total"], 0)
    home.run("market", "verify")


# ---- init and rollback -----------------------------------------------------------------------------

@test
def init_makes_the_directory_and_says_so(home):
    contains(home.run("market", "init", "a/b/my-pack").out, "Made the directory")
    true((home.dir / "a/b/my-pack/gpack.toml").is_file(), "the manifest")
    equal(home.json("market", "init", "a/b/my-pack", ok=1)["error"]["code"], "ALREADY_EXISTS")
    document = home.json("market", "init", "other")
    equal((document["name"], document["made_directory"]), ("other", True))
    (home.dir / "there").mkdir()
    lacks(home.run("market", "init", "there").out, "Made")
    home.run("market", "init", "no name", ok=1)
    true(not (home.dir / "no name").exists(), "nothing is made for a wrong name")
    home.write("file", "")
    home.run("market", "init", "file", ok=1)
    home.run("market", "init", "file/below", ok=1)
    home.run("market", "publish", "other")


@test
def without_an_earlier_generation_rollback_says_what_helps(home):
    contains(home.run("market", "rollback", ok=1).err, "nothing was installed yet")
    publish(home, CORE)
    home.run("market", "install", "greeting-core")
    error = home.json("market", "rollback", ok=1)["error"]
    contains(error["message"], "no generation before 1")
    contains(error["hint"], "ggen market verify --fix")


@test
def rolling_back_to_the_current_generation_restores_what_was_edited(home):
    publish(home, CORE)
    generation = home.json("market", "install", "greeting-core")["generation"]
    manifest = home.path / "packages/greeting-core/gpack.toml"
    original = manifest.read_text(encoding="utf-8")
    edit(manifest, "edited\n")
    document = home.json("market", "rollback", generation)
    equal((document["from_generation"], document["generation"]), (generation, generation))
    equal(document["restored"], ["greeting-core"])
    equal(manifest.read_text(encoding="utf-8"), original)
    equal(home.json("market", "verify")["ok"], True)


main()
