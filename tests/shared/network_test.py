# SPDX-License-Identifier: MIT
"""Sixteen real nodes publish the real packs of ggen-packages; each finds every one by name and by keyword."""
import json
from pathlib import Path

from tap import ROOT, ggen_path, main, shared_data, test, true


@test
def every_node_finds_every_real_package(home):
    program = Path(ggen_path()).parent / "ggen-harness"
    result = home.run_program([program, "--scenario", ROOT / "tests/harness/long/everyone-16.scn", "--json",
                               "--program", ggen_path(), "--packages", shared_data() / "ggen-packages/packs"],
                              env={"TMPDIR": "/tmp"}, ok=None, deadline_s=300)
    told = json.loads(result.out)
    found = told["measures"]["find-ms"]["count"]
    print(f'SHARED found by 16 nodes: {found} of {round(found / told["measures"]["found"]["mean"])}')
    true(result.rc == 0, told["failures"])


main()
