#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Check what the compiler cannot: layers, purity, and what a file may hold. Print the sizes.

    tests/style.py --build DIR [--root DIR] [--tap] [OBJECT...]

layers  who may include whom (docs/ARCHITECTURE.md); the table is LAYERS below
purity  what pure objects ask of the world (nm -u), against tests/style/pure_symbols.txt
files   SPDX line, no generated code, machine paths, markers or sleeps, C lines of 110 columns

Without OBJECTs the pure ones below DIR are checked. Exit 1 when anything is wrong.
"""
import argparse
import re
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path

COLUMNS_MAX = 110
COLUMNS_WANTED = 100
LONGEST_SHOWN = 10

# ---- layers: the first row whose left side fits a file says what it may include ('*' crosses '/') ----

CLIENT = "runtime/host/client.h"        # stands for itself and all that it includes
OWN = "<own folder>"
LAYERS = [
    ("messages/*",         ["messages/*"]),
    ("runtime/actor/*",    ["messages/*", "runtime/actor/*"]),
    ("runtime/host/*",     ["messages/*", "runtime/*"]),
    ("actors/*/*_io.[ch]", ["messages/*", "runtime/*", "config/toml.h", OWN]),
    ("actors/*/*",         ["messages/*", "runtime/actor/*", OWN]),
    ("actors/node.c",      ["messages/*", "runtime/*", "actors/*", "config/*"]),
    ("actors/network.c",   ["messages/*", "runtime/*", "actors/*", "config/*"]),
    ("actors/*",           ["messages/*", "runtime/*", OWN]),
    ("config/*",           ["messages/*", "config/*"]),
    ("cli/main.c",         ["messages/*", "config/*", "cli/*", CLIENT, "actors/node.h"]),
    ("cli/*",              ["messages/*", "config/*", "cli/*", CLIENT]),
    ("tests/*",            ["*"]),
]
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]')
C_FILE = (".c", ".h", ".cc")


class Tree:
    """The project's files, and who includes whom."""

    def __init__(self, root):
        self.root = root
        self.files = project_files(root)
        self.c_files = [name for name in self.files if name.endswith(C_FILE)]
        self._known = set(self.files)

    def text(self, name):
        return (self.root / name).read_text(encoding="utf-8", errors="replace")

    def includes(self, name):
        """(line, project file) of each #include of a project file, as the Makefile's -I finds it."""
        for number, line in enumerate(self.text(name).splitlines(), 1):
            found = INCLUDE.match(line)
            target = found and self._resolve(name, found[1])
            if target:
                yield number, target

    def closure(self, name):
        """'name' and every project file it includes, directly or not."""
        seen, waiting = set(), [name]
        while waiting:
            file = waiting.pop()
            if file not in seen and file in self._known:
                seen.add(file)
                waiting += [target for _, target in self.includes(file)]
        return seen

    def _resolve(self, name, text):
        for folder in (Path(name).parent, Path("."), Path("messages")):
            candidate = normal_path(folder / text)
            if candidate in self._known:
                return candidate
        return None


def normal_path(path):
    """A path without '.' and '..' steps, as text."""
    steps = []
    for step in path.parts:
        if step == ".." and steps:
            steps.pop()
        elif step != ".":
            steps.append(step)
    return "/".join(steps)


def project_files(root):
    """Files of the project: what git knows or would add; without git all outside build/."""
    listed = subprocess.run(["git", "-c", "safe.directory=*", "-C", root, "ls-files", "-z", "--cached",
                             "--others", "--exclude-standard"], capture_output=True, text=True)
    if listed.returncode == 0 and (root / ".git").exists():
        names = set(listed.stdout.split("\0")) - {""}
    else:
        names = {str(path.relative_to(root)) for path in root.rglob("*")}
        names = {name for name in names if not name.startswith(("build/", ".git/"))}
    return sorted(name for name in names if (root / name).is_file())


def check_layers(tree):
    client = tree.closure(CLIENT)
    for name in tree.c_files:
        row = next((allowed for who, allowed in LAYERS if fnmatchcase(name, who)), None)
        if row is None:
            yield f"{name}: lies in no layer"
            continue
        for line, target in tree.includes(name):
            if not may_include(name, target, row, client):
                yield f"{name}:{line}: may not include {target}"


def may_include(name, target, row, client):
    for allowed in row:
        if allowed == OWN and Path(target).parent == Path(name).parent:
            return True
        if allowed == CLIENT and target in client:
            return True
        if fnmatchcase(target, allowed):
            return True
    return False


# ---- purity ----------------------------------------------------------------------------------------

PURE = ("messages/*", "runtime/actor/*", "actors/*/*")
INSTRUMENTED = ("__asan_*", "__ubsan_*", "__tsan_*", "__gcov_*", "__llvm_*", "__sanitizer_*")


def is_pure(source):
    return any(fnmatchcase(source, pattern) for pattern in PURE) and not source.endswith("_io.c")


def pure_objects(tree, build):
    """Objects below 'build' of pure sources that still exist, and the generated ones."""
    sources = [name for name in tree.files if name.endswith(".c") and is_pure(name)]
    objects = [build / "obj" / Path(name).with_suffix(".o") for name in sources]
    objects += [*sorted((build / "pb").glob("*.o")), build / "gen" / "vocabulary.o"]
    return [path for path in objects if path.is_file()]


def unit_name(path, build):
    """'actors/dht/kbucket' for BUILD/obj/actors/dht/kbucket.o: what a section of the list names."""
    name = str(path.relative_to(build).with_suffix("")) if path.is_relative_to(build) else path.stem
    return name.removeprefix("obj/")


def symbols(objects, *options):
    """{object: symbols} by nm."""
    listed = subprocess.run(["nm", "-A", "-P", *options, *map(str, objects)], check=True,
                            capture_output=True, text=True).stdout
    found = {path: set() for path in objects}
    for line in listed.splitlines():
        path, _, rest = line.partition(": ")
        found[Path(path)].add(rest.split()[0])
    return found


def read_allow_list(path):
    """[(glob of units, glob of symbols)] of a file with headings of [unit globs]."""
    units, rows = [], []
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("["):
            units = text.strip("[]").split()
        else:
            rows += [(unit, word) for unit in units for word in text.split()]
    return rows


def check_purity(tree, objects, build):
    """Problems of the pure objects, or None where they cannot be judged."""
    wanted = symbols(objects, "-u")
    if any(fnmatchcase(symbol, mark) for group in wanted.values() for symbol in group
           for mark in INSTRUMENTED):
        return None
    defined = set().union(*symbols(objects, "--defined-only", "-g").values())
    rows = read_allow_list(tree.root / "tests" / "style" / "pure_symbols.txt")
    problems = []
    for path in objects:
        unit = unit_name(path, build)
        allowed = [symbol for units, symbol in rows if fnmatchcase(unit, units)]
        problems += [f"{unit}.o: pure code may not use {symbol}" for symbol in sorted(wanted[path] - defined)
                     if not any(fnmatchcase(symbol, pattern) for pattern in allowed)]
    return problems


# ---- files -----------------------------------------------------------------------------------------

SOURCE_FILE = (".c", ".h", ".cc", ".proto", ".awk", ".py", ".sh", "Makefile", ".ci/run")
GENERATED = ("*.pb-c.[ch]", "*_pb2.py", "*.o", "*.a", "*.d", "*.gcno", "*.gcda", "*.pyc")
DATA = "tests/data/"                        # sample packages and cases: their content is theirs
MARKER = re.compile(r"\b(" + "|".join(("TO" "DO", "FIX" "ME", "X" "XX", "HA" "CK")) + r")\b")
MACHINE_PATH = re.compile(r"(?<![\w.~}])/(?:" + "|".join(("work", "root", "home", "Users")) + r")/\w")
TEST_PATH = re.compile(r"(?<![\w.~}])/(?:" + "|".join(("work", "root")) + r")/\w")    # may invent homes
C_SLEEP = re.compile(r"\b(?:sleep|usleep|nanosleep|clock_nanosleep|thrd_sleep|zclock_sleep)\s*\(")
SCRIPT_SLEEP = re.compile(r"\bsleep\s*\(|^\s*sleep\s+[\d$]|\b(?:import|from) +.*\bsleep\b")
MAY_SLEEP = "tests/tap.py"                  # its wait_until () polls a condition with a deadline


def check_files(tree):
    for name in tree.files:
        if any(fnmatchcase(Path(name).name, pattern) for pattern in GENERATED):
            yield f"{name}: generated files are not kept"
        elif not name.startswith(DATA):
            yield from check_file(name, tree.text(name))


def check_file(name, text):
    lines = text.splitlines()
    if name.endswith(SOURCE_FILE) and not any("SPDX-License-Identifier:" in line for line in lines[:2]):
        yield f"{name}:1: no SPDX line"
    path = TEST_PATH if name.startswith("tests/") else MACHINE_PATH
    for pattern, what in ((MARKER, "marker of unfinished work"), (path, "path of one machine")):
        for number, line in enumerate(lines, 1):
            if found := pattern.search(line):
                yield f"{name}:{number}: {what}: {found[0]}"
    yield from check_sleeps(name, text)
    if name.endswith(C_FILE):
        for number, line in enumerate(lines, 1):
            if len(line) > COLUMNS_MAX:
                yield f"{name}:{number}: {len(line)} columns, {COLUMNS_MAX} is the limit"


def check_sleeps(name, text):
    if name.endswith(C_FILE):
        pattern, lines = C_SLEEP, without_comments(text).splitlines()
    elif name.endswith((".py", ".sh", ".ci/run")) and name != MAY_SLEEP:
        pattern, lines = SCRIPT_SLEEP, text.splitlines()
    else:
        return
    for number, line in enumerate(lines, 1):
        if pattern.search(line):
            yield f"{name}:{number}: sleeps; wait for a condition with a deadline"


# ---- sizes -----------------------------------------------------------------------------------------

TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def without_comments(text):
    """C text with comments and literals blanked, line numbers kept."""
    return TOKEN.sub(lambda token: re.sub(r"[^\n]", " ", token[0]), text)


def functions(text):
    """(name, line, length in lines) of each function of C text, by counting braces."""
    depth, start, name, head = 0, 0, None, ""
    for number, line in enumerate(without_comments(text).splitlines(), 1):
        if line.lstrip().startswith("#"):
            continue
        for character in line + "\n":
            if character == "{":
                if depth == 0:
                    name, start = function_name(head), number
                depth += 1
            elif character == "}":
                depth -= 1
                if depth == 0 and name:
                    yield name, start, number - start + 1
                head = ""
            elif depth == 0:
                head = "" if character == ";" else head + character


def function_name(head):
    """Name of the function whose text before its '{' is 'head'; None for a struct or a table."""
    found = re.search(r"(\w+)\s*\(", head)
    return found[1] if found and head.rstrip().endswith(")") else None


def print_sizes(tree):
    texts = {name: tree.text(name) for name in tree.c_files}
    files = [(text.count("\n"), name) for name, text in texts.items()]
    longest = [(length, f"{function} {name}:{line}") for name, text in texts.items()
               for function, line, length in functions(text)]
    for title, rows in (("files", files), ("functions", longest)):
        print(f"# longest {title} of {len(rows)} (lines)")
        for length, what in sorted(rows, reverse=True)[:LONGEST_SHOWN]:
            print(f"#   {length:5}  {what}")
    wide = sum(len(line) > COLUMNS_WANTED for text in texts.values() for line in text.splitlines())
    print(f"# {wide} lines over {COLUMNS_WANTED} columns")


# ---- report ----------------------------------------------------------------------------------------

def report(number, name, problems, tap):
    """Print one check's outcome; True if it is good. 'problems' is None when it was not checked."""
    if problems is None:
        why = "instrumented objects say nothing about purity"
        print(f"ok {number} - {name} # SKIP {why}" if tap else f"{name}: NOT checked, {why}")
        return True
    if tap:
        print(f"{'not ok' if problems else 'ok'} {number} - {name}")
    elif not problems:
        print(f"{name}: ok")
    for problem in problems:
        print(f"#   {problem}" if tap else f"error: {problem}")
    return not problems


def main():
    parser = argparse.ArgumentParser(description="Check layers, purity and files; print sizes.")
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--tap", action="store_true")
    parser.add_argument("objects", metavar="OBJECT", type=Path, nargs="*")
    options = parser.parse_args()
    build, tree = options.build.resolve(), Tree(options.root.resolve())
    objects = [path.resolve() for path in options.objects] or pure_objects(tree, build)
    if options.tap:
        print("1..3")
    good = [report(1, "layers", list(check_layers(tree)), options.tap),
            report(2, "purity", check_purity(tree, objects, build) if objects else
                   [f"no pure objects below {options.build}"], options.tap),
            report(3, "files", list(check_files(tree)), options.tap)]
    print_sizes(tree)
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
