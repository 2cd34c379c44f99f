# SPDX-License-Identifier: MIT
"""The documents say what is there: commands, flags, make targets, paths, links, limits, and the tour
of the README with its output."""
import json
import re
import shlex
import shutil

from tap import ROOT, Failure, check_schema, equal, main, test, true

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)#]+)[^)]*\)")
FOLDERS = ("messages/", "runtime/", "actors/", "cli/", "config/", "tests/", "docs/", "build/tests/")
PATH = re.compile(r"[\w./*\[\]-]+")
UNITS = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "ms": 1, "s": 1000}      # times are defined in ms
DEFINE = re.compile(r"^#define[ \t]+(\w+)[ \t]+(.+?)[ \t]*(?://.*)?$", re.MULTILINE)


def name_of(document):
    return str(document.relative_to(ROOT))


def lines_of_code(document):
    """The lines of blocks (fenced, or indented after an empty line), without prompts."""
    fenced, indented, before = False, False, ""
    for line in document.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            fenced = not fenced
        else:
            indented = line.startswith("    ") and (indented or not before.strip())
            if fenced or indented:
                yield line.strip().removeprefix("$ ")
        before = line


def spans(document):
    return [span for line in document.read_text(encoding="utf-8").splitlines()
            for span in SPAN.findall(line)]


def commands(program):
    """(document's name, words) of each command line of this program in the documents."""
    for document in DOCUMENTS:
        for text in [*lines_of_code(document), *spans(document)]:
            if text == program or text.startswith(program + " "):
                yield name_of(document), shlex.split(text, comments=True)[1:]


def is_placeholder(word):
    return re.fullmatch(r"[A-Z][A-Z_]*", word) is not None


# ---- ggen ------------------------------------------------------------------------------------------

def flags_unknown(words, help_text):
    """Flags among 'words' that the help text does not tell of."""
    for word in words:
        flag = word.partition("=")[0]
        positive = "--" + flag[5:] if flag.startswith("--no-") else flag
        if flag.startswith("-") and flag != "--" and not any(
                re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", help_text)
                for name in (flag, positive)):
            yield flag


@test
def every_ggen_command_in_the_documents_is_one(home):
    seen = set()
    for where, words in commands("ggen"):
        seen.add(" ".join(words))
        path = []
        for word in words:
            if word.startswith("-") or is_placeholder(word) or not re.fullmatch(r"[a-z0-9-]+", word):
                break
            path.append(word)
        try:
            result = home.run(*path, "--help")
        except Failure as failure:
            raise Failure(f"{where}: ggen {' '.join(words)}: {failure}") from None
        unknown = list(flags_unknown(words, result.out))
        equal(unknown, [], f"{where}: ggen {' '.join(words)}: unknown flags")
    true(len(seen) > 15, f"more commands than {sorted(seen)}")


@test
def every_make_target_in_the_documents_is_one(home):
    listed = home.run_program(["make", "-C", ROOT, "--no-print-directory", "help"]).out
    targets = set(re.findall(r"^  make ([a-z0-9-]+) ", listed, re.MULTILINE))
    seen = set()
    for where, words in commands("make"):
        for word in words:
            if "=" not in word:
                true(word in targets, f"{where}: make {word} is in make help")
                seen.add(word)
    true({"demo", "check"} <= seen, "the README names demo and check")


@test
def every_verb_has_its_schema(home):
    table = (ROOT / "cli" / "command_table.c").read_text(encoding="utf-8")
    verbs = re.findall(r"\{\.id = VERB_\w+, \.path = \"([^\"]+)\"", table)
    expected = {"-".join(verb.removeprefix("market ").split()) for verb in verbs}
    expected |= {"error", "version"}
    equal({path.stem for path in (ROOT / "docs" / "json").glob("*.json")}, expected)


# ---- paths, links, limits --------------------------------------------------------------------------

@test
def every_path_in_the_documents_exists(home):
    count = 0
    for document in DOCUMENTS:
        for span in spans(document):
            if not span.startswith(FOLDERS) or not PATH.fullmatch(span):
                continue
            pattern = re.sub(r"\b[A-Z]{4,}\b|[A-Z]{4,}(?=[_.])", "*", span)     # THING_test.c
            true(any(ROOT.glob(pattern.rstrip("/"))), f"{name_of(document)}: {span} exists")
            count += 1
    true(count > 100, f"more paths than {count}")


@test
def every_function_named_beside_a_file_is_in_the_source(home):
    source = "\n".join(path.read_text(encoding="utf-8")
                       for folder in ("messages", "runtime", "actors", "cli", "config")
                       for path in (ROOT / folder).rglob("*.[ch]"))
    for document in DOCUMENTS:
        for span in spans(document):
            if found := re.fullmatch(r"(\w+) \(\)", span):
                known = re.search(rf"\b{found[1]} \(", source) or found[1] == "time"
                true(known or found[1].endswith("_dl_load"), f"{name_of(document)}: {span} exists")


@test
def every_message_named_in_the_documents_is_one(home):
    known = set()
    for path in (ROOT / "messages").glob("*.proto"):
        known.update(re.findall(r"^message (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for name in re.findall(r"\b[A-Z]\w+(?:Request|Reply|Event)\b", text):
            true(name in known, f"{name_of(document)}: message {name} exists")


@test
def every_link_leads_somewhere(home):
    for document in DOCUMENTS:
        for target in LINK.findall(document.read_text(encoding="utf-8")):
            if "://" not in target:
                true((document.parent / target).exists(), f"{name_of(document)}: {target} exists")


def defines():
    """{name: text} of the constants of our headers and sources."""
    found = {}
    for folder in ("messages", "runtime", "actors", "cli"):
        for path in (ROOT / folder).rglob("*.[ch]"):
            found.update(DEFINE.findall(path.read_text(encoding="utf-8")))
    return found


def value_of(name, known):
    """The number that a constant stands for; it may be an expression of others."""
    text = re.sub(r"\b(\d+)[uUlL]+\b", r"\1", known[name])
    text = re.sub(r"\b[A-Z]\w+\b", lambda inner: str(value_of(inner[0], known)), text)
    if not re.fullmatch(r"[\d\s()+*/<-]+", text):
        raise Failure(f"{name} is no number: {known[name]}")
    return int(eval(text.replace("/", "//")))       # digits and operators only


@test
def every_limit_in_a_table_has_the_value_of_its_define(home):
    known, count = defines(), 0
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for name, number, unit in re.findall(r"^\| `([A-Z_]+)` \| (\d+) ?(\w*) \|", text, re.MULTILINE):
            equal(int(number) * UNITS[unit], value_of(name, known), f"{name_of(document)}: {name}")
            count += 1
        for span in spans(document):
            if re.fullmatch(r"[A-Z]+(_[A-Z]+)+_(MAX|MS)", span):
                true(span in known, f"{name_of(document)}: {span} is defined")
    true(count > 10, f"more limits than {count}")


# ---- the tour of the README ------------------------------------------------------------------------

def like(text):
    """Text without what differs from run to run or with another zlib."""
    text = re.sub(r"\b[0-9a-f]{4}( [0-9a-f]{4}){3}\b", "FINGERPRINT", text)
    text = re.sub(r"\d+(\.\d+)? (B|KiB)\b", "SIZE", text)
    return [re.sub(r" +", " ", line).rstrip() for line in text.splitlines() if line.strip()]


def tour():
    """[(command line, the lines shown below it)] of the block with prompts."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    steps = []
    for line in text.splitlines():
        if line.startswith("    $ "):
            steps.append((line[6:], []))
        elif steps and line.startswith("    "):
            steps[-1][1].append(line[4:])
        elif steps and line.strip():
            break
    return steps


@test
def the_tour_of_the_readme_prints_what_it_shows(home):
    shutil.copytree(ROOT / "tests" / "data" / "packs", home.dir / "tests" / "data" / "packs")
    steps = tour()
    true(len(steps) >= 8, "there is a tour")
    for command, shown in steps:
        result = home.run(*shlex.split(command)[1:])
        printed = like(result.out)
        at = 0
        for line in like("\n".join(shown)):
            if line == "...":
                at = None
            elif at is None:
                true(line in printed, f"{command}: {line!r} in {printed}")
                at = printed.index(line) + 1
            else:
                equal(printed[at:at + 1], [line], command)
                at += 1
        true(at is None or at == len(printed), f"{command}: nothing more than shown in {printed}")


@test
def the_line_of_a_node_fits_its_schema(home):
    node = home.start("node", "run", "--json")
    node.wait_for(r"^\}|\}$")
    check_schema(json.loads(node.out), "node-run")


main()
