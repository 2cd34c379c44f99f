# SPDX-License-Identifier: MIT
"""--json: one document on stdout, whatever is asked."""
from tap import ROOT, contains, equal, main, test, true, verb_of


@test
def help_completion_and_version_are_documents_too(home):
    contains(home.json("market", "install", "--help", schema="help")["help"], "--frozen")
    contains(home.json("help", "market", "key")["help"], "generate")
    contains(home.json("completion", "bash")["script"], "complete")
    true("version" in home.json("--version", schema="version"), "a version")
    for words in (["completion", "csh"], ["help", "nothing"], ["market"], ["no-such-verb"], []):
        equal(home.json(*words, ok=2, schema="error")["error"]["code"], "VALIDATION", str(words))


@test
def format_json_is_the_same(home):
    equal(home.run("config", "path", "--format", "json").out,
          home.run("config", "path", "--json").out)


def verbs_of(home, *group):
    """The words of all verbs, by their help: [("market", "search"), ...]."""
    text = home.run("help", *group).out.partition("\nVerbs:\n")[2].partition("\n\n")[0]
    for line in text.splitlines():
        word, *rest = line.split()
        if rest[0] == "VERB...":
            yield from verbs_of(home, *group, word)
        else:
            yield (*group, word)


def schema_of(words):
    """The schema of a verb, whichever of its names was found."""
    words = [word for word in words if word != "market"]
    if words[0] == "p2p" and words[1] in ("config", "start", "tap"):
        words = words[1:]
    return verb_of(["node", "run"] if words == ["start"] else words)


@test
def every_verb_has_a_schema_and_every_schema_a_verb(home):
    verbs = list(verbs_of(home))
    true(len(verbs) > 20, "the verbs")
    for words in verbs:
        true(schema_of(words), f"a schema for {words}")
    stems = {path.stem for path in (ROOT / "docs" / "json").glob("*.json")}
    equal(stems - {schema_of(words) for words in verbs}, {"error", "version"})


main()
