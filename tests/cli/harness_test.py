# SPDX-License-Identifier: MIT
"""build/ggen-harness: real nodes, a few of them, in the quick scenarios; and what it says."""
import json
from pathlib import Path

from tap import ROOT, Failure, contains, equal, ggen_path, main, skip, test, true

SCENARIOS = ROOT / "tests" / "harness" / "scenarios"


def play(home, scenario, *args, ok=True, deadline_s=90):
    """Play a scenario (a name, or a path); its Result."""
    program = Path(ggen_path()).parent / "ggen-harness"
    if not program.is_file():
        skip("ggen-harness is not built")
    path = scenario if isinstance(scenario, Path) else SCENARIOS / f"{scenario}.scn"
    return home.run_program([program, "--scenario", path, "--program", ggen_path(), *args], ok=ok,
                            env={"TMPDIR": "/tmp"}, deadline_s=deadline_s)


def measures(home, scenario, *args, **options):
    return json.loads(play(home, scenario, "--json", *args, **options).out)["measures"]


@test
def every_node_finds_what_any_publishes(home):
    equal(measures(home, "everyone")["found"]["mean"], 1)


@test
def exactly_what_nobody_has_any_more_is_lost(home):
    #  Who hosts what is the network's choice: until something was lost, nothing was seen to be judged right.
    for seed in range(1, 13):
        if measures(home, "replicas", "--seed", seed)["lost"]["max"] == 1:
            return
    raise Failure("none of 12 runs lost anything")


@test
def halves_that_were_cut_off_see_each_others_packages_within_ten_seconds(home):
    play(home, "partition")


@test
def a_new_node_searches_and_installs_in_three_seconds_over_100_ms(home):
    true(measures(home, "rtt")["visit-s"]["p50"] <= 3, "searched and installed within 3 s")


@test
def kills_lose_nothing_that_was_acknowledged(home):
    counted = measures(home, "kills")
    equal((counted["releases-gone"]["max"], counted["bans-gone"]["max"]), (0, 0))
    equal(counted["kills"]["max"], 8)


@test
def nodes_that_are_started_again_are_who_they_were_and_know_what_they_knew(home):
    true(measures(home, "restart")["experience"]["max"] >= 1, "there was something to remember")


@test
def who_serves_wrong_bytes_is_banned_and_the_package_installed(home):
    counted = measures(home, "liars")
    equal(counted["visits"]["mean"], 1)
    equal(counted["liars-banned"]["count"], counted["wrong-chunks"]["count"])


@test
def what_was_expected_and_did_not_come_is_told_with_the_folder_of_the_logs(home):
    scenario = home.write("x.scn", "nodes 2\njoin rest\npublish 1\ncheck found\nexpect found <= 50%\n")
    folder = home.dir / "kept"
    result = play(home, scenario, "--dir", folder, ok=1)
    contains(result.out, "FAILED: line 5: found is 1, expected <= 0.5")
    contains(result.out, f"homes and logs: {folder}\n")
    contains(result.out, f"repeat with: build/ggen-harness --scenario {scenario} --nodes 2 --seed 1")
    contains((folder / "node-1.log").read_text(encoding="utf-8"), "node.started")
    told = json.loads(play(home, scenario, "--json", "--dir", home.dir / "again", ok=1).out)
    equal(told["failures"], ["line 5: found is 1, expected <= 0.5"])
    equal(told["directory"], str(home.dir / "again"))


@test
def a_node_that_ends_by_itself_fails_the_run(home):
    scenario = home.write("x.scn", "nodes 2\nsetting storage.replicas wrong\njoin rest\n")
    contains(play(home, scenario, ok=1).out, "node 0 ended with 1")


@test
def a_wrong_command_line_or_scenario_says_what_is_right(home):
    wrong = home.write("x.scn", "nodes 2\nstorm\n")
    result = play(home, wrong, ok=2)
    contains(result.err, f"{wrong}:2: <kills> is missing: a number")
    for args in (["--wrong"], ["extra"]):
        contains(play(home, "everyone", *args, ok=2).err, "usage: ggen-harness")
    true(not list(home.dir.glob("ggen-harness-*")), "nothing is left")


main()
