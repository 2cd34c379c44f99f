# SPDX-License-Identifier: MIT
"""Nobody can tell a verb that asked a running node from one that hosted the actors itself."""
import json
import re
import shutil

from homes import restore
from tap import PACKS, ROOT, Failure, equal, main, test, verb_of

TIME = re.compile(r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"')
KEY = re.compile(r"[0-9a-f]{64}")

STRANGER = "ed25519:" + "8" * 64
CORE, CORE_NEW, REST = "greeting-core-1.0.0", "greeting-core-1.1.0", "greeting-rest"

# One after another, so that later ones see what earlier ones changed; failures are answers, too.
VERBS = [
    ["search"], ["list"], ["verify"], ["info", "greeting-core"], ["key", "list"], ["trust", "list"],
    ["publish", PACKS / CORE, "--dry-run"], ["publish", PACKS / CORE], ["publish", PACKS / CORE],
    ["publish", PACKS / CORE_NEW], ["publish", PACKS / REST],
    ["publish", PACKS / CORE, "--version", "2.0.0-rc.1"], ["publish", "bad"], ["publish", "empty"],
    ["publish", "absent"], ["publish", PACKS / "greeting-docs", "--compression", "zstd"],
    ["publish", "changed"], ["publish", PACKS / "greeting-docs", "--registry", "p2p"],
    ["search"], ["search", "greeting", "--sort", "name"], ["search", "greting", "--fuzzy"],
    ["search", "--limit", "1", "--offset", "1", "--sort", "name"], ["search", "nothing"],
    ["search", "x" * 1001], ["search", "-c", "none"], ["search", "--registry", "p2p"],
    ["info", "greeting-rest"], ["info", "greeting-core@1.0.0"], ["info", "greeting-core@9.9.9"],
    ["info", "absent"], ["info", "a b"],
    ["install", "greeting-docs", "--dry-run"], ["install", "greeting-core@1.0.0"],
    ["install", "greeting-rest"], ["install", "greeting-rest"], ["install", "greeting-rest", "-f"],
    ["install", "absent"], ["install", "greeting-core@^9"], ["install", "--frozen"], ["install"],
    ["install", PACKS / "greeting-world"], ["install", "./absent.tar.gz"], ["install", "bad"],
    ["install", "./bad"], ["install", "greeting-docs", "--publisher", STRANGER],
    ["install", "greeting-docs", "--offline"],
    ["install", "greeting-core@>=1", "--target", "vendor"], ["list", "--target", "vendor"],
    ["verify", "--target", "vendor"], ["remove", "greeting-core", "--target", "vendor"],
    ["rollback", "--target", "vendor"],
    ["list"], ["list", "--detailed"], ["verify"], ["verify", "greeting-core"], ["verify", "absent"],
    ["verify", "--fix"], ["remove", "greeting-core"], ["remove", "greeting-rest", "--dry-run"],
    ["remove", "greeting-rest"], ["remove", "absent"], ["rollback"], ["rollback", "1"],
    ["rollback", "99"], ["rollback", "0"],
    ["tree"], ["tree", "--invert"], ["why", "greeting-core"], ["why", "absent"], ["outdated"],
    ["update", "--check"], ["update", "--dry-run"], ["update", "absent"], ["history"],
    ["install", "greeting-core@1.0.0"], ["outdated"], ["update", "greeting-core"],
    ["update", "--force"], ["update"], ["policy", "greeting-core"], ["policy", "absent"],
    ["clean", "--all", "--dry-run"], ["clean"],
    ["trust", "list"], ["trust", "add", "other", STRANGER], ["trust", "add", "--unsigned", "file"],
    ["trust", "add", "greeting-rest", STRANGER], ["remove", "greeting-rest", "--force"],
    ["install", "greeting-rest"], ["trust", "list"], ["trust", "remove", "other"],
    ["trust", "remove", "other"], ["trust", "remove", "--unsigned", "file"],
    ["yank", "greeting-core@1.1.0", "--reason", "it burns"], ["yank", "greeting-core@1.1.0", "--undo"],
    ["yank", "absent@1.0.0", "--reason", "x"], ["unpublish", "greeting-docs@0.3.0"],
    ["unpublish", "greeting-docs@0.3.0"],
    ["init", "fresh", "--name", "fresh-pack"], ["init", "fresh"],
    ["key", "show"], ["key", "show", "--name", "none"], ["key", "export", "out.key"],
    ["key", "export", "out.key"], ["key", "import", "out.key", "--name", "copy"],
    ["key", "import", "out.key"], ["key", "import", "gpack.toml"], ["key", "list"],
    ["config", "show"], ["config", "show", "storage.replicas"], ["config", "show", "none"],
    ["config", "path"], ["config", "validate"],
]

# They answer with what they are, with a stream, at random, or ask no node; their own tests look.
NOT_COMPARED = {"registry-list", "registry-add", "registry-remove", "registry-import",
                "registry-sync", "p2p-status", "p2p-peers", "p2p-connect",
                "p2p-disconnect", "p2p-metrics", "p2p-publish", "p2p-search", "p2p-peer-info",
                "p2p-bootstrap", "p2p-ban", "p2p-unban", "p2p-stop", "config-edit", "config-reset", "node-run", "tap", "error", "key-generate", "key-rotate", "version", "help", "completion"}


def prepare(home):
    """A key of one's own, odd packs, and a copy of all that to go back to."""
    home.run("market", "key", "generate")
    home.write("bad/gpack.toml", '[gpack]\nname = "bad"\nversion = \n')
    home.write("empty/README.md", "no manifest\n")
    shutil.copytree(PACKS / CORE, home.dir / "changed")
    home.write("changed/README.md", "other bytes\n")
    home.write("gpack.toml", "no key\n")
    (home.dir / "fresh").mkdir()
    shutil.copytree(home.path, home.dir / "before", symlinks=True)


def forget(home):
    """Undo what the verbs did outside the home."""
    for name in ("vendor", "fresh/gpack.toml", "out.key"):
        path = home.dir / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def answer(home, words):
    """Exit code, stdout and stderr of a verb, without times."""
    prefix = [] if words[0] == "config" else ["market"]
    result = home.run(*prefix, *words, "--json", ok=None)
    if result.rc < 0:
        raise Failure(f"{words} died of signal {-result.rc}")
    json.loads(result.out)
    return result.rc, TIME.sub('"TIME"', result.out), result.err


@test
def every_verb_answers_the_same_bytes_alone_and_attached(home):
    prepare(home)
    alone = [answer(home, words) for words in VERBS]
    restore(home, home.dir / "before")
    forget(home)
    home.start("node", "run").wait_for("node runs: ")
    different = [f"{words}\n  alone:    {before}\n  attached: {attached}"
                 for words, before in zip(VERBS, alone)
                 if (attached := answer(home, words)) != before]
    if different:
        raise Failure("\n".join(different))


@test
def no_verb_is_left_out(home):
    schemas = {path.stem for path in (ROOT / "docs" / "json").glob("*.json")}
    compared = {verb_of([word for word in words[:2] if len(str(word)) < 40]) for words in VERBS}
    equal(schemas - compared - NOT_COMPARED, set())


@test
def a_new_key_is_told_in_the_same_form_alone_and_attached(home):
    home.run("market", "key", "generate", "--name", "zero")
    alone = home.json("market", "key", "generate", "--name", "first")
    home.start("node", "run").wait_for("node runs: ")
    attached = home.json("market", "key", "generate", "--name", "other")

    def form(told):
        return TIME.sub('"TIME"', KEY.sub("KEY", json.dumps(told)))
    equal(form(attached).replace("other", "first"), form(alone))


main()
