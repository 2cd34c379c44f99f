# SPDX-License-Identifier: MIT
"""The test library itself: what it promises to notice, it notices."""
import sys
from pathlib import Path

import json_schema
from tap import ROOT, contains, equal, lacks, main, matches, test, wait_until

SCHEMA = {
    "type": "object", "required": ["results", "total"], "additionalProperties": False,
    "properties": {
        "results": {"type": "array", "items": {"$ref": "#/$defs/hit"}},
        "total": {"type": "integer", "minimum": 0},
        "note": {"oneOf": [{"type": "null"}, {"type": "string"}]},
    },
    "$defs": {"hit": {"type": "object", "required": ["id"], "properties": {
        "id": {"type": "string", "pattern": "^[a-z-]+$"},
        "source": {"enum": ["file", "p2p"]}, "version": {"const": 1}}}},
}


def problem(**changes):
    """The one problem of a good document with these changes."""
    document = {"results": [{"id": "a", "source": "p2p", "version": 1}], "total": 1, "note": None}
    document.update(changes)
    found = json_schema.problems(document, SCHEMA)
    equal(len(found), 1, f"problems {found}")
    return found[0]


def run_tests(home, body, ok=1, ggen="/bin/echo"):
    """Run a test file of this body with GGEN as given; its TAP."""
    path = home.write("inner.py", "from tap import *\nimport tap\n" + body + "\nmain()\n")
    argv = [sys.executable, str(path)]
    return home.run_program(argv, ok=ok, env={"GGEN": ggen, "PYTHONPATH": str(ROOT / "tests")}).out


@test
def a_document_that_fits_its_schema_has_no_problem(home):
    equal(json_schema.problems({"results": [], "total": 0}, SCHEMA), [])


@test
def each_rule_of_a_schema_is_checked(home):
    contains(problem(total="1"), "$.total: '1' is not of type integer")
    contains(problem(total=True), "not of type integer")
    contains(problem(total=-1), "below 0")
    contains(problem(extra=1), "$.extra: not in the schema")
    contains(problem(results=[{}]), "$.results[0]: 'id' is missing")
    contains(problem(results=[{"id": "A"}]), "does not match")
    contains(problem(results=[{"id": "a", "source": "http"}]), "is none of")
    contains(problem(results=[{"id": "a", "version": True}]), "is not 1")


@test
def a_value_must_fit_exactly_one_of_the_choices(home):
    both = {"oneOf": [{"type": "number"}, {"type": "integer"}]}
    contains(json_schema.problems(1, both)[0], "fits 2 of the oneOf choices")
    equal(json_schema.problems(1.5, both), [])
    contains(json_schema.problems("a", both)[0], "fits 0")


@test
def a_schema_keyword_that_is_not_checked_is_refused(home):
    try:
        json_schema.problems({}, {"maxProperties": 1})
    except ValueError as error:
        contains(str(error), "maxProperties")
    else:
        equal("accepted", "refused")


@test
def a_failure_shows_the_commands_and_what_they_printed(home):
    out = run_tests(home, "@test\ndef a_hit_is_found(home):\n"
                          "    home.run('market', 'search', 'two words')\n    equal(1, 2)\n")
    contains(out, "not ok 1 - a hit is found\n#   inner.py:6: value: expected 2, got 1\n")
    contains(out, "#   $ /bin/echo market search 'two words'    [exit 0]\n"
                  "#   stdout: market search two words\n")


@test
def a_wrong_exit_code_is_a_failure(home):
    body = "@test\ndef runs(home):\n    home.run(ok={})\n"
    contains(run_tests(home, body.format("True"), ggen="/bin/false"), "exit code 1, wanted 0")
    contains(run_tests(home, body.format("False")), "exit code 0, wanted a failure")
    contains(run_tests(home, body.format("2"), ggen="/bin/false"), "exit code 1, wanted 2")
    run_tests(home, body.format("1"), ggen="/bin/false", ok=True)


@test
def a_crash_is_never_the_failure_that_was_wanted(home):
    crash = home.write("crash", "#!/bin/sh\nkill -SEGV $$\n")
    crash.chmod(0o755)
    out = run_tests(home, "@test\ndef runs(home):\n    home.run(ok=False)\n", ggen=str(crash))
    contains(out, "exit code -11, wanted a failure")


@test
def a_sanitizer_report_of_any_command_is_a_failure(home):
    noisy = home.write("noisy", "#!/bin/sh\necho '==1==ERROR: AddressSanitizer: x' >&2\nexit 1\n")
    noisy.chmod(0o755)
    contains(run_tests(home, "@test\ndef runs(home):\n    home.run(ok=1)\n", ggen=str(noisy)),
             "sanitizer report from")


@test
def a_command_that_outlives_its_deadline_is_a_failure_and_ends(home):
    body = ("@test\ndef runs(home):\n"
            "    home.run_program(['/usr/bin/tail', '-f', '/dev/null'], deadline_s=0.2)\n")
    contains(run_tests(home, body), "still running after 0.2 s: /usr/bin/tail -f /dev/null")


@test
def a_document_that_is_no_json_is_a_failure(home):
    contains(run_tests(home, "@test\ndef runs(home):\n    home.json('market', 'list')\n"),
             "stdout is no single JSON document")


@test
def a_skipped_test_says_why(home):
    contains(run_tests(home, "@test\ndef runs(home):\n    skip('no network')\n", ok=True),
             "ok 1 - runs # SKIP no network")


@test
def output_of_a_background_program_can_be_waited_for(home):
    program = home.start_program(["/bin/sh", "-c", "echo listening on 4711; exec tail -f /dev/null"])
    equal(program.wait_for(r"listening on (\d+)")[1], "4711")
    equal(program.stop(), -15, "exit code")


@test
def waiting_for_the_output_of_an_ended_program_fails_at_once(home):
    body = "@test\ndef runs(home):\n    home.start('bye').wait_for('hello', deadline_s=20)\n"
    contains(run_tests(home, body), "ended with 0 before printing /hello/")


@test
def background_programs_end_with_their_test(home):
    body = ("@test\ndef runs(home):\n    other = home.another()\n"
            "    print('#', other.start_program(['/usr/bin/tail', '-f', '/dev/null']).pid)\n")
    pid = matches(run_tests(home, body, ok=True), r"^# (\d+)")[1]
    wait_until(lambda: not Path("/proc", pid).exists(), what="its end")


@test
def the_second_home_is_another_and_both_are_removed(home):
    out = run_tests(home, "@test\ndef runs(home):\n    other = home.another()\n"
                          "    print('#', home.dir, other.dir)\n    equal(home.dir == other.dir, False)\n",
                    ok=True)
    lacks(" ".join(map(str, home.dir.iterdir())), "/ggen-" + out.split("/ggen-")[-1].split()[0])


main()
