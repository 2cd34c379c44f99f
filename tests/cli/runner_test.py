# SPDX-License-Identifier: MIT
"""The test runner itself, on small programs made to end in every way one can."""
import shutil
import signal
import sys

from tap import ROOT, contains, equal, lacks, main, matches, test, wait_until

HANGS = "exec tail -f /dev/null"


def tree(home, programs, folder="build/tests/unit"):
    """A project of our own in the home: a copy of the runner and these {name: shell script}."""
    (home.dir / "tests").mkdir(exist_ok=True)
    for name in ("run.py", "tap.py", "json_schema.py"):
        shutil.copy(ROOT / "tests" / name, home.dir / "tests" / name)
    for name, script in programs.items():
        home.write(f"{folder}/{name}", f"#!/bin/sh\n{script}\n").chmod(0o755)


def run(home, *args, ok=True):
    return home.run_program([sys.executable, "tests/run.py", "--build", "build", *args], ok=ok)


def last_line(result):
    return result.out.splitlines()[-1]


def run_one(home, script, ok=1):
    tree(home, {"fake": script})
    return run(home, ok=ok)


@test
def results_of_all_programs_are_added_up(home):
    tree(home, {"one": "echo 1..2; echo ok 1 - a; echo 'ok 2 - b # SKIP no network'",
                "two": "echo 1..1; echo ok 1 - c"})
    equal(last_line(run(home)), "2 passed, 0 failed, 1 skipped")


@test
def a_failed_result_fails_the_run_and_shows_the_whole_output(home):
    result = run_one(home, "echo 1..2; echo ok 1 - a; echo not ok 2 - b; echo '# 7 != 8'; exit 1")
    equal(last_line(result), "1 passed, 1 failed, 0 skipped")
    contains(result.out, "    | # 7 != 8")


@test
def a_failed_result_counts_even_when_the_exit_code_is_0(home):
    equal(last_line(run_one(home, "echo 1..1; echo not ok 1 - a")), "0 passed, 1 failed, 0 skipped")


@test
def cmockas_way_to_say_skip_is_a_skip(home):
    result = run_one(home, "echo 1..2; echo 'not ok 1 # SKIP a'; echo ok 2 - b", ok=True)
    equal(last_line(result), "1 passed, 0 failed, 1 skipped")


@test
def several_groups_have_several_plans(home):
    result = run_one(home, "echo 1..1; echo ok 1 - a; echo 1..1; echo ok 1 - b", ok=True)
    equal(last_line(result), "2 passed, 0 failed, 0 skipped")


@test
def a_crash_is_a_failure_though_all_results_were_ok(home):
    result = run_one(home, "echo 1..1; echo ok 1 - a; kill -SEGV $$")
    contains(result.out, "killed by SIGSEGV")
    equal(last_line(result), "1 passed, 1 failed, 0 skipped")


@test
def fewer_results_than_planned_is_a_failure(home):
    contains(run_one(home, "echo 1..3; echo ok 1 - a").out, "printed 1 results, planned 3")


@test
def more_results_than_planned_is_a_failure(home):
    contains(run_one(home, "echo 1..1; echo ok 1; echo ok 2").out, "printed 2 results, planned 1")


@test
def a_program_without_a_plan_is_a_failure(home):
    contains(run_one(home, "exit 0").out, "printed no plan")


@test
def a_plan_of_no_tests_is_a_failure(home):
    contains(run_one(home, "echo 1..0").out, "planned no test")


@test
def an_exit_code_without_a_failed_result_is_a_failure(home):
    contains(run_one(home, "echo 1..1; echo ok 1; exit 9").out, "exit code 9")


@test
def a_sanitizer_report_is_a_failure(home):
    result = run_one(home, "echo 1..1; echo ok 1; echo '==7==ERROR: LeakSanitizer: leaks' >&2")
    contains(result.out, "sanitizer report on stderr")


@test
def a_program_that_hangs_is_stopped_with_its_children_at_the_timeout(home):
    tree(home, {"fake": f"echo $$ > {home.dir}/parent\n(echo 1; {HANGS}) & echo $! > {home.dir}/child\n"
                        f"{HANGS}"})
    contains(run(home, "--timeout", "1", ok=1).out, "still running after 1 s")
    for name in ("parent", "child"):
        pid = int((home.dir / name).read_text())
        wait_until(lambda: not is_running(pid), what=f"the end of {name}")


@test
def an_interrupt_kills_the_running_programs(home):
    tree(home, {"fake": f"echo $$ > {home.dir}/pid.new; mv {home.dir}/pid.new {home.dir}/pid; {HANGS}"})
    runner = home.start_program([sys.executable, "tests/run.py", "--build", "build"])
    wait_until((home.dir / "pid").exists, what="the program's start")
    equal(runner.stop(signal.SIGINT), 130, "exit code")
    pid = int((home.dir / "pid").read_text())
    wait_until(lambda: not is_running(pid), what="the end of the program")


@test
def nothing_to_run_is_a_failure(home):
    tree(home, {})
    equal(last_line(run(home, ok=1)), "0 passed, 0 failed, 0 skipped")


@test
def only_chooses_by_part_of_the_name_or_glob(home):
    tree(home, {"semver_test": "echo 1..1; echo ok 1", "digest_test": "echo 1..1; echo not ok 1"})
    for pattern in ("semver", "unit/sem*"):
        result = run(home, "--only", pattern)
        contains(result.out, "unit/semver_test")
        lacks(result.out, "digest")


@test
def tests_that_start_nodes_of_the_network_are_left_out_where_the_program_has_none(home):
    tree(home, {})
    passes = "print('1..1')\nprint('ok 1')\n"
    home.write("tests/cli/alone_test.py", passes)
    home.write("tests/cli/several_test.py", "from nodes import start\n" + passes)
    home.write("tests/nodes.py", "start = None\n")
    for network, count in (("true", 2), ("false", 1)):
        home.write("build/ggen", f"#!/bin/sh\necho '{{\"features\": {{\"p2p\": {network}}}}}'\n").chmod(0o755)
        equal(last_line(run(home)), f"{count} passed, 0 failed, 0 skipped", network)


@test
def a_program_sees_a_clean_environment_and_its_own_home(home):
    tree(home, {"fake": 'test -z "$NO_COLOR$GGEN_LOG$XDG_DATA_HOME" && test "$HOME" = "$PWD" && '
                        'test "$GGEN_HOME" = "$HOME/ggen" && test "$LC_ALL" = C.UTF-8 && '
                        f'test "$GGEN" = {home.dir.resolve()}/build/ggen && echo 1..1 && echo ok 1'})
    home.run_program([sys.executable, "tests/run.py", "--build", "build"],
                     env={"NO_COLOR": "1", "GGEN_LOG": "trace", "XDG_DATA_HOME": "/nowhere"})


@test
def read_only_folders_left_by_a_program_are_removed(home):
    run_one(home, "mkdir -p a/b && chmod 0555 a/b a && echo 1..1 && echo ok 1", ok=True)
    equal([path.name for path in home.dir.glob("ggen-*")], [], "left behind")


@test
def a_shared_suite_is_one_test_and_gets_the_data_folder(home):
    tree(home, {"fake": "echo SHARED $1/a: 12 of 12; echo SHARED b: 3 of 4; exit 1"},
         "build/tests/shared")
    result = run(home, "--shared", "data", ok=1)
    equal(last_line(result), "1 passed, 1 failed, 0 skipped")
    matches(result.out, rf"SHARED {home.dir.resolve()}/data/a: 12 of 12")


@test
def an_empty_shared_suite_is_a_failure(home):
    tree(home, {"fake": "echo SHARED a: 0 of 0"}, "build/tests/shared")
    equal(last_line(run(home, "--shared", "data", ok=1)), "0 passed, 1 failed, 0 skipped")


@test
def a_skip_in_a_shared_run_is_a_failure(home):
    tree(home, {"fake": "echo SHARED a: 1 of 1; echo 1..1; echo 'ok 1 # SKIP no data'"},
         "build/tests/shared")
    result = run(home, "--shared", "data", ok=1)
    equal(last_line(result), "1 passed, 0 failed, 1 skipped")


def is_running(pid):
    """A zombie, which nobody may be there to reap, is not running."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as status:
            return status.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


main()
