# SPDX-License-Identifier: MIT
"""Runs the simulator and writes the numbers of docs/SIMULATION.md.

    python3 tests/sim/report --build build [--only PART] [--jobs 2] [--page-only] [--timeout-secs N]
"""
import argparse
import pathlib

import runs_list
import sections
from page import put
from runs import Runner


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build")
    parser.add_argument("--program", help="of another place than the build folder")
    parser.add_argument("--version", help="of that program, as the page says it")
    parser.add_argument("--only", choices=list(runs_list.PARTS), help="make, and write, one part only")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time")
    parser.add_argument("--timeout-secs", type=int, default=3600, help="of one run")
    parser.add_argument("--page-only", action="store_true", help="write what there is")
    options = parser.parse_args()
    root = pathlib.Path(__file__).resolve().parents[3]
    program = options.program or str(pathlib.Path(options.build).resolve() / "ggen-sim")
    runner = Runner(root, program, options.jobs, options.timeout_secs,
                    not options.page_only, options.version)
    for part in [options.only] if options.only else runs_list.PARTS:
        runner.all(runs_list.PARTS[part])
    page = root / "docs/SIMULATION.md"
    text = page.read_text() if page.exists() else "# The simulator\n"
    for name, write in sections.SECTIONS.items():
        if options.only not in (None, name):
            continue
        text = put(text, name, write(runner, root / "docs/simulation"))
    page.write_text(text)


if __name__ == "__main__":
    main()
