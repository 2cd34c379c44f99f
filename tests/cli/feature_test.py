# SPDX-License-Identifier: MIT
"""What a build without the peer-to-peer network says (make check-nop2p), and that one with it has it."""
from pathlib import Path

from tap import PACKS, contains, equal, ggen_path, main, matches, skip, test, true

DEFAULT = {"GGEN_P2P_ENABLED": ""}        # an empty variable counts as absent
HINT = "hint: build one with it: make P2P=1"


def without_network(home):
    if home.json("--version", schema="version")["features"]["p2p"]:
        skip("this build has the network")


@test
def the_version_names_the_feature(home):
    built = home.json("--version", schema="version")["features"]["p2p"]
    matches(home.run("--version").out, rf"^features: {'[+]' if built else '-'}p2p ")


@test
def the_installed_program_is_smaller_than_it_may_be(home):
    if Path(ggen_path()).parent.name in ("san", "tsan", "cov"):
        skip("instrumented")
    built = home.json("--version", schema="version")["features"]["p2p"]
    home.run_program(["strip", "-o", home.dir / "installed", ggen_path()])
    size_mb = (home.dir / "installed").stat().st_size / 1e6
    true(size_mb < (15 if built else 8), f"{size_mb:.1f} MB")


@test
def verbs_of_the_network_say_how_to_get_it(home):
    without_network(home)
    for words in (["status"], ["metrics"], ["peers"], ["connect", "/ip4/127.0.0.1/tcp/1"],
                  ["disconnect", "12D3KooW"], ["start", "--listen", "/ip4/127.0.0.1/tcp/0"]):
        refused = home.run("p2p", *words, ok=1)
        matches(refused.err, "^error: this ggen was built without the peer-to-peer network$")
        contains(refused.err, HINT)
        equal(home.json("p2p", *words, ok=1, schema="error")["error"]["code"], "FEATURE_NOT_ENABLED")
    contains(home.run("p2p", "peers", "--help").out, "Usage")


@test
def a_node_runs_all_the_same(home):
    without_network(home)
    home.run("p2p", "start", "--daemon", env=DEFAULT)
    home.run("market", "key", "generate")
    home.run("market", "publish", PACKS / "greeting-core-1.0.0")
    home.run("market", "install", "greeting-core")
    home.stop_node()
    log = (home.path / "run" / "node.log").read_text(encoding="utf-8")
    contains(log, "info node.without_network ")
    true(not (home.path / "p2p" / "keypair").exists(), "no identity is made")


@test
def what_can_only_be_asked_of_the_network_fails_with_the_cause(home):
    without_network(home)
    refused = home.run("node", "run", ok=1, env=DEFAULT,
                       cwd=settings(home, '[registry]\nmode = "p2p"\n'))
    contains(refused.err, "this ggen was built without the peer-to-peer network")


def settings(home, text):
    home.write("ggen/config.toml", text)
    return home.dir


main()
