#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measure what a user waits for, beside the least that it could take and beside other programs.

    tests/bench/local.py --build DIR [--peers DIR] [--data DIR] [--rounds N] [--dir DIR] [--only WORD]

Each round runs every row once, one after another, so that a change of the machine's load meets all rows
alike; compare rows of one run. What a row makes is left where it is until the end, as creating files right
after removing many is slow on ext4. --peers has the programs rawx.c (SHA-256, libarchive, one
syncfs) and rsolv.c (bare libsolv), --data the npm graph; --dir is where files are made (a
file system to measure). Rows whose program is not there are said to be missing, and not measured.
"""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import payload

ROUNDS = 7
TIMEOUT_S = 300
SEARCH_SIZES = (10000, 100000)
QUERIES = {"two words": "generator ontology", "one common word": "generator"}


def say(text):
    print(text, flush=True)


def run(argv, cwd=None, env=None):
    done = subprocess.run([str(word) for word in argv], cwd=cwd, env=env, capture_output=True, text=True,
                          timeout=TIMEOUT_S)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, argv[:6]))}: exit {done.returncode}: {done.stderr.strip()[-400:]}")
    return done.stdout


class Times:
    """Milliseconds by row, in the order of the rows' first runs."""

    def __init__(self):
        self.rows = {}

    def add(self, name, value):
        self.rows.setdefault(name, []).append(value)

    def measure(self, name, argv, cwd=None, env=None):
        start = time.perf_counter()
        run(argv, cwd, env)
        self.add(name, (time.perf_counter() - start) * 1e3)

    def median(self, name):
        return statistics.median(self.rows[name])

    def show(self):
        width = max(map(len, self.rows))
        for name, values in self.rows.items():
            print(f"  {name.ljust(width)}  {statistics.median(values):8.1f} ms "
                  f"[{min(values):.1f} - {max(values):.1f}], n={len(values)}")


class Targets:
    """What was wanted of the figures, and whether they are so."""

    def __init__(self):
        self.lines = []

    def at_most(self, what, value, bound, unit="ms"):
        self.lines.append(f"  {'ok  ' if value <= bound else 'MISS'}  {what}: {value:.2f} {unit}, "
                          f"wanted <= {bound:.2f}")

    def at_least(self, what, value, bound):
        self.lines.append(f"  {'ok  ' if value >= bound else 'MISS'}  {what}: {value:.2f} x, "
                          f"wanted >= {bound:.2f}")


# ---- what is installed -----------------------------------------------------------------------------

class Packages:
    """The payload as packages of each program."""

    def __init__(self, ggen, work):
        self.ggen, self.work = ggen, work
        self.names = [payload.small_name(i) for i in range(payload.SMALL_COUNT)]
        self.archives = work / "archives"
        self.archives.mkdir()
        self.publisher = work / "publisher"
        self.made = payload.packages()
        run([ggen, "--home", self.publisher, "market", "key", "generate"])
        for name, files in self.made:
            payload.write_tree(work / "trees" / name, files)
            payload.write_archive(self.archives / f"{name}.tgz", files)
            run([ggen, "--home", self.publisher, "market", "publish", work / "trees" / name])
        self.count = 0

    def small_archives(self):
        return [self.archives / f"{name}.tgz" for name in self.names]

    def new_folder(self):
        self.count += 1
        folder = self.work / f"run-{self.count}"
        folder.mkdir()
        return folder

    def new_home(self):
        """A home without anything, whose registry is the publisher's."""
        home = self.new_folder()
        (home / "config.toml").write_text(f'[registry]\nregistry_path = "{self.publisher}/registry"\n')
        return home


class Pacman:
    """The small packages as pacman has them, and an empty root for each run."""

    def __init__(self, packages):
        self.packages = packages
        folder = packages.work / "pacman"
        folder.mkdir()
        (folder / "pacman.conf").write_text("[options]\nArchitecture = auto\nSigLevel = Never\n"
                                            "LocalFileSigLevel = Never\n")
        self.conf = folder / "pacman.conf"
        self.files = []
        for name, files in packages.made[1:]:
            size = sum(map(len, files.values()))
            about = (f"pkgname = {name}\npkgbase = {name}\npkgver = 1.0.0-1\npkgdesc = {name}\nurl = x\n"
                     f"builddate = {payload.MTIME}\npackager = x\nsize = {size}\narch = any\nlicense = MIT\n")
            inside = {f"opt/{name}/{path}": data for path, data in files.items()}
            path = folder / f"{name}-1.0.0-1-any.pkg.tar.gz"
            payload.write_archive(path, {".PKGINFO": about.encode(), **inside}, top="")
            self.files.append(path)

    def measure(self, times, name):
        root = self.packages.new_folder()
        for part in ("var/lib/pacman", "cache", "hooks"):
            (root / part).mkdir(parents=True)
        times.measure(name, ["pacman", "-U", "--noconfirm", "--noprogressbar", "--config", self.conf,
                             "--root", root, "--dbpath", root / "var/lib/pacman", "--cachedir",
                             root / "cache", "--hookdir", root / "hooks", "--logfile", root / "log",
                             "--gpgdir", root, *self.files])


class Npm:
    """The small packages as dependencies of a project whose lock and cache are there already."""

    def __init__(self, packages):
        self.packages = packages
        self.project = packages.new_folder()
        cache = packages.work / "npm-cache"
        self.env = {**os.environ, "npm_config_cache": str(cache), "npm_config_audit": "false",
                    "npm_config_fund": "false", "npm_config_update_notifier": "false"}
        wanted = {name: f"file:{packages.archives}/{name}.tgz" for name in packages.names}
        text = payload.json.dumps({"name": "project", "version": "1.0.0", "dependencies": wanted})
        (self.project / "package.json").write_text(text)
        run(["npm", "install", "--offline"], self.project, self.env)

    def measure(self, times, name):
        folder = self.packages.new_folder()
        for file in ("package.json", "package-lock.json"):
            shutil.copy(self.project / file, folder)
        times.measure(name, ["npm", "ci", "--offline"], folder, self.env)


def build_peer(peers, name, libraries, work):
    """A program of --peers, built here; None when it is not there."""
    source = peers / f"{name}.c" if peers else None
    if not source or not source.is_file():
        say(f"MISSING {name}: no {name}.c in --peers; its rows are NOT measured")
        return None
    run(["cc", "-O2", "-w", "-o", work / name, source, *libraries])
    return work / name


def find_program(name):
    if not shutil.which(name):
        say(f"MISSING {name}: not installed on this machine; its rows are NOT measured")
        return False
    return True


def one_round(packages, rawx, others, times):
    ggen = packages.ggen
    if rawx:
        times.measure("1 x 1,001 files: rawx syncfs",
                      [rawx, "syncfs", packages.new_folder(), packages.archives / "bench-big.tgz"])
    home = packages.new_home()
    install = [ggen, "--home", home, "market", "install"]
    times.measure("1 x 1,001 files: ggen install", [*install, "bench-big"])
    times.measure("1 x 1,001 files: ggen install again", [*install, "bench-big"])
    run([ggen, "--home", home, "market", "remove", "-y", "bench-big"])
    times.measure("1 x 1,001 files: ggen install from the store", [*install, "bench-big"])
    if rawx:
        times.measure("100 x 11 files: rawx syncfs",
                      [rawx, "syncfs", packages.new_folder(), *packages.small_archives()])
    install = [ggen, "--home", packages.new_home(), "market", "install"]
    times.measure("100 x 11 files: ggen install", [*install, *packages.names])
    times.measure("100 x 11 files: ggen install again", [*install, *packages.names])
    for name, other in others.items():
        other.measure(times, name)
    times.measure("ggen --version", [ggen, "--version"])
    times.measure("/bin/true", ["/bin/true"])


def bench_installs(options, work, targets):
    packages = Packages(options.ggen, work)
    rawx = build_peer(options.peers, "rawx", ["-larchive", "-lsodium"], work)
    others = {}
    if find_program("pacman"):
        others["100 x 11 files: pacman -U"] = Pacman(packages)
    if find_program("npm"):
        others["100 x 11 files: npm ci --offline"] = Npm(packages)
    os.sync()
    times = Times()
    one_round(packages, rawx, others, Times())          # caches are warm after this one
    for _ in range(options.rounds):
        one_round(packages, rawx, others, times)
    say("installs, whole processes")
    times.show()
    version = times.median("ggen --version")
    small = times.median("100 x 11 files: ggen install")
    if rawx:
        targets.at_most("1 x 1,001 files, install", times.median("1 x 1,001 files: ggen install"),
                        1.15 * times.median("1 x 1,001 files: rawx syncfs") + version)
    bounds = {"100 x 11 files: pacman -U": 1.9, "100 x 11 files: npm ci --offline": 6}
    for name in others:
        targets.at_least(f"{name} / ggen", times.median(name) / small, bounds[name])
    targets.at_most("reinstall", times.median("1 x 1,001 files: ggen install again"), 15)
    targets.at_most("install from the store",
                    times.median("1 x 1,001 files: ggen install from the store"), 15)
    targets.at_most("ggen --version", version, 5)


# ---- search ----------------------------------------------------------------------------------------

def bare_times(text):
    """Of the lines of tests/bench/index: {query: ms of the bare FTS5 query}."""
    found = {}
    for line in text.splitlines():
        if "bare FTS5" in line:
            found[line.split("search, ")[1][:22].strip()] = float(line.split("bare FTS5")[1].split()[0])
    return found


def bench_searches(options, work, targets):
    times = Times()
    homes, bare = {}, {}
    for size in SEARCH_SIZES:
        home = homes[size] = work / f"search-{size}"
        home.mkdir()
        text = run([options.build / "tests/bench/index", size, home])
        bare[size] = bare_times(text)
        say(f"registry of {size:,} packages\n" + "\n".join(
            "  " + line for line in text.splitlines()[1:]))
    for _ in range(options.rounds):
        for size, home in homes.items():
            for name, query in QUERIES.items():
                times.measure(f"search of {size:,}, {name}",
                              [options.ggen, "--home", home, "market", "search", query])
        times.measure("ggen --version", [options.ggen, "--version"])
    say("searches, whole processes")
    times.show()
    for size in SEARCH_SIZES:
        for name in QUERIES:
            row = f"search of {size:,}, {name}"
            targets.at_most(row, times.median(row),
                            times.median("ggen --version") + 1.5 * bare[size][name])


# ---- the resolver ----------------------------------------------------------------------------------

def bare_solves(rsolv, folder):
    """{set: ms} of a bare libsolv, once loaded."""
    found = {}
    for line in run([rsolv, *sorted(folder.glob("*.txt"))]).splitlines():
        fields = dict(field.split("=") for field in line.split("\t") if "=" in field)
        found[Path(line.split("\t")[0]).stem] = float(fields["whatprov_ms"]) + float(fields["solve_ms"])
    return found


def bench_resolver(options, work, targets):
    if not options.data or not (options.data / "npm-graph.json").is_file():
        say("MISSING the npm graph: no --data; the resolver is NOT measured")
        return
    rsolv = build_peer(options.peers, "rsolv", ["-lsolv", "-lsolvext"], work)
    if not rsolv:
        return
    folder = work / "questions"
    folder.mkdir()
    ours, loads, totals, bare, codes = {}, {}, {}, {}, {}
    for _ in range(min(options.rounds, 3)):
        for line in run([options.build / "tests/bench/resolve", options.data, folder]).splitlines():
            name, code, load, solve, total = line.split("\t")
            codes[name] = code
            for table, value in ((loads, load), (ours, solve), (totals, total)):
                table.setdefault(name, []).append(float(value))
        for name, value in bare_solves(rsolv, folder).items():
            bare.setdefault(name, []).append(value)
    say("npm sets, ms: load, solve, bare libsolv, all with the explanation")
    for name in ours:
        row = [statistics.median(table[name]) for table in (loads, ours, bare, totals)]
        say(f"  {name:18} {codes[name]:22} " + " ".join(f"{value:8.1f}" for value in row))
    targets.at_most("npm sets, solver, sum of medians",
                    sum(map(statistics.median, ours.values())),
                    2 * sum(map(statistics.median, bare.values())))


PARTS = {"install": bench_installs, "search": bench_searches, "resolve": bench_resolver}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, required=True, help="folder of the built programs")
    parser.add_argument("--peers", type=Path, help="folder of rawx.c and rsolv.c")
    parser.add_argument("--data", type=Path, help="folder of npm-graph.json")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--dir", type=Path, help="where to make files")
    parser.add_argument("--only", choices=PARTS)
    options = parser.parse_args()
    options.build = options.build.resolve()
    options.ggen = options.build / "ggen"
    for name in [name for name in os.environ if name.startswith("GGEN_")]:
        del os.environ[name]
    say(f"{options.rounds} rounds, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}: "
        "median [min - max]\n")
    targets = Targets()
    with tempfile.TemporaryDirectory(prefix="ggen-bench-", dir=options.dir) as work:
        for name, part in PARTS.items():
            if options.only in (None, name):
                part(options, Path(work), targets)
                say("")
        subprocess.run(["chmod", "-R", "u+w", work], check=False)
    say("targets\n" + "\n".join(targets.lines))


if __name__ == "__main__":
    main()
