# SPDX-License-Identifier: MIT
"""Runs of the simulator. What a run said is kept beside its scenario, under a name that is made of
all that it depends on: the program, the scenario, the options. It is not made again."""
import concurrent.futures
import dataclasses
import hashlib
import json
import pathlib
import subprocess

HERE = pathlib.Path(__file__).parent
PROGRAM = "build/ggen-sim"


@dataclasses.dataclass(frozen=True)
class Run:
    """A scenario file, or one of this folder (or of any, by its path) with some statements replaced."""
    name: str
    base: str
    changes: tuple = ()                 # pairs: verb, its arguments (None: without it)
    options: tuple = ()

    def scenario(self):
        return f"build/report/{self.name}.scn" if self.is_made() else self.base

    def is_made(self):
        """Its scenario is written for it."""
        return "/" not in self.base or bool(self.changes)

    def command(self):
        return " ".join([PROGRAM, "--scenario", self.scenario(), *self.options, "--json"])

    def text(self, root):
        source = root / self.base if "/" in self.base else HERE / f"{self.base}.scn"
        if not self.is_made():
            return source.read_text()
        changes = dict(self.changes)
        lines = []
        for line in source.read_text().splitlines():
            verb = line.split(" ", 1)[0]
            if verb not in changes:
                lines.append(line)
            elif changes[verb] is not None:
                lines.append(f"{verb} {changes[verb]}")
                changes[verb] = None
        lines += [f"{verb} {said}" for verb, said in changes.items() if said]
        return "\n".join(lines) + "\n"


class Runner:
    """Makes runs, so many at a time. A run that failed, or was not made, has no result."""

    def __init__(self, root, program, jobs, timeout_secs, make, version=None):
        self.root, self.program, self.jobs = root, program, jobs
        self.version = version or subprocess.run(
            ["git", "log", "-1", "--format=%h", "--", "actors", "messages", "runtime"], cwd=root,
            stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        self.timeout_secs, self.make = timeout_secs, make
        self.folder = root / "build/report"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.mark = hashlib.sha256(pathlib.Path(program).read_bytes()).hexdigest()

    def place(self, run):
        what = "\n".join([self.mark, run.text(self.root), *run.options])
        return self.folder / f"{run.name}-{hashlib.sha256(what.encode()).hexdigest()[:16]}.json"

    def result(self, run):
        place = self.place(run)
        return json.loads(place.read_text()) if place.exists() else None

    def one(self, run):
        place = self.place(run)
        if place.exists() or not self.make:
            return
        scenario = self.root / run.scenario()
        if run.is_made():
            scenario.write_text(run.text(self.root))
        try:
            done = subprocess.run([self.program, "--scenario", scenario, *run.options, "--json"],
                                  stdout=subprocess.PIPE, text=True, timeout=self.timeout_secs,
                                  check=False)
        except subprocess.TimeoutExpired:
            print(f"{run.name}: not over after {self.timeout_secs} s", flush=True)
            return
        if done.returncode not in (0, 1):
            print(f"{run.name}: exit code {done.returncode}", flush=True)
            return
        json.loads(done.stdout)
        begun = place.with_suffix(".new")
        begun.write_text(done.stdout)
        begun.replace(place)
        print(f"{run.name}: done", flush=True)

    def all(self, runs):
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            list(pool.map(self.one, runs))
