# SPDX-License-Identifier: MIT
"""build/ggen-sim: what it is linked to, that a seed is a run, and what it says."""
import json
import subprocess
from pathlib import Path

from tap import contains, equal, ggen_path, lacks, main, skip, test, true


def simulator():
    path = Path(ggen_path()).parent / "ggen-sim"
    if not path.is_file():
        skip("ggen-sim is not built")
    return str(path)


def simulate(home, *args, ok=True):
    return home.run_program([simulator(), *args], ok=ok)


def document(home, *args):
    return json.loads(simulate(home, "--json", *args).out)


@test
def the_simulator_has_no_zeromq_in_it(home):
    needed = subprocess.run(["readelf", "-d", simulator()], check=True, capture_output=True, text=True).stdout
    lacks(needed, "libzmq")
    lacks(needed, "libczmq")
    symbols = subprocess.run(["nm", simulator()], check=True, capture_output=True, text=True).stdout
    contains(symbols, "actor_deliver")
    for prefix in (" zmq_", " zsock_", " zactor_", " sqlite3_"):
        lacks(symbols, prefix)


@test
def the_same_seed_gives_the_same_digest(home):
    first, second, other = (document(home, "--nodes", "200", "--minutes", "0.2", "--seed", seed)
                            for seed in ("7", "7", "8"))
    equal(first["digest"], second["digest"])
    equal(first["events"], second["events"])
    true(first["digest"] != other["digest"], "another seed gives another digest")
    equal(first["violations"], 0)
    equal(first["nodes"], 200)


@test
def real_cryptography_makes_the_same_people(home):
    sampled = document(home, "--nodes", "20", "--minutes", "0.1", "--real-crypto")
    true(sampled["answered"] > 0, "echoes come back")


@test
def a_trace_shows_every_letter(home):
    out = simulate(home, "--nodes", "5", "--minutes", "0.1", "--trace").out
    contains(out, "n0 starts")
    contains(out, "event LinkReceived from link")
    contains(out, "request Progress from toy")


@test
def memory_is_told_by_the_names_of_seats(home):
    if Path(simulator()).parent.name in ("san", "tsan", "cov"):
        skip("an instrumented build has another allocator: memory is NOT counted")
    seats = document(home, "--nodes", "50", "--minutes", "0.1", "--memory")["bytes_per_seat"]
    equal(sorted(seats), ["swarm", "toy"])
    true(all(0 < bytes_ < 20000 for bytes_ in seats.values()), f"sizes that can be: {seats}")


@test
def a_violation_ends_with_the_one_command_that_repeats_it(home):
    options = ["--nodes", "2000", "--minutes", "0.0002", "--seed", "3"]       # no echo is back so early
    result = simulate(home, *options, ok=1)
    contains(result.out, "VIOLATION at 0.012000 s: of ")
    contains(result.out, "repeat with: build/ggen-sim --scenario toy --nodes 2000 --seed 3 --minutes 0.0002\n")
    told = json.loads(simulate(home, *options, "--json", ok=1).out)
    equal(told["repeat"], "build/ggen-sim --scenario toy --nodes 2000 --seed 3 --minutes 0.0002")


@test
def a_wrong_command_line_says_what_is_right(home):
    for wrong in (["--scenario", "none"], ["--nodes", "200001"], ["extra"], ["--wrong"]):
        result = simulate(home, *wrong, ok=False)
        equal(result.rc, 2)
        contains(result.err, "usage: ggen-sim")
        contains(result.err, "toy")


main()
