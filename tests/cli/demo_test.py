# SPDX-License-Identifier: MIT
"""`make demo`, as the README promises it."""
from tap import ROOT, contains, equal, ggen_path, main, test


@test
def the_demo_runs_to_its_end_and_leaves_nothing_behind(home):
    result = home.run_program([ROOT / "tests" / "demo.sh", ggen_path()], deadline_s=60)
    contains(result.out, "# Done; the temporary home is removed.\n")
    equal([path.name for path in home.dir.iterdir()], [], "left behind")


main()
