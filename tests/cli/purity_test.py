# SPDX-License-Identifier: MIT
"""The programs of tests/sim are linked without ZeroMQ: what runs in them needs no bus."""
import re
from pathlib import Path

from tap import equal, ggen_path, main, test, true

BUS = re.compile(r" (zmq|zsock)_[a-z]")


def buses_of(home, program):
    """Which of ZeroMQ and CZMQ a program has in it or is linked with."""
    listed = home.run_program(["nm", str(program)]).out
    true("main" in listed, f"{program} has its symbols")
    return sorted(set(BUS.findall(listed)))


@test
def the_simulator_is_not_linked_with_zeromq(home):
    programs = sorted(path for path in (Path(ggen_path()).parent / "tests/sim").glob("*")
                      if path.is_file() and not path.suffix)
    true("purity" in [program.name for program in programs], "tests/sim/purity is built")
    for program in programs:
        equal(buses_of(home, program), [], str(program))


@test
def the_program_itself_is_and_that_can_be_told(home):
    equal(len(buses_of(home, ggen_path())), 2)


main()
