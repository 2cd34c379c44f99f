# SPDX-License-Identifier: MIT
"""The style checks themselves: each rule, broken once in a small project of our own, turns red."""
import shutil
import sys

from tap import ROOT, contains, lacks, main, test

SPDX = "// SPDX-License-Identifier: MIT\n"
HEADER = SPDX + "#pragma once\n"
SLEEP = "sl" "eep"           # spelled so that this file itself is clean
PURE_SOURCE = SPDX + """#include "bucket.h"
#include <string.h>
int
bucket_count (const char *text)
{
    return (int) strlen (text);
}
"""
FILES = {
    "messages/base.h": HEADER + "typedef int code_t;\n",
    "runtime/actor/actor.h": HEADER + '#include "base.h"\n',
    "runtime/host/client.h": HEADER + '#include "runtime/host/bus.h"\n',
    "runtime/host/bus.h": HEADER + '#include "runtime/actor/actor.h"\n',
    "runtime/host/shell.h": HEADER,
    "config/toml.h": HEADER,
    "actors/node.h": HEADER,
    "actors/node.c": SPDX + '#include "actors/dht/bucket.h"\n#include "runtime/host/shell.h"\n',
    "actors/dht/bucket.h": HEADER + '#include "runtime/actor/actor.h"\n',
    "actors/dht/bucket.c": PURE_SOURCE,
    "actors/cache/cache.h": HEADER,
    "actors/cache/blobs_io.c": SPDX + '#include "runtime/host/shell.h"\n#include "config/toml.h"\n',
    "cli/cli.h": HEADER,
    "cli/main.c": SPDX + '#include "cli.h"\n#include "actors/node.h"\n',
    "cli/list.c": SPDX + '#include "runtime/host/client.h"\n#include "runtime/host/bus.h"\n',
}


def style(home, changed=(), ok=True, cflags=()):
    """Check FILES with some of them changed, its pure object compiled."""
    for name, text in {**FILES, **dict(changed)}.items():
        home.write(name, text)
    for name in ("tests/style.py", "tests/style/pure_symbols.txt"):
        home.write(name, (ROOT / name).read_text(encoding="utf-8"))
    (home.dir / "build/obj/actors/dht").mkdir(parents=True, exist_ok=True)
    home.run_program(["gcc", *cflags, "-I.", "-Imessages", "-c", "actors/dht/bucket.c", "-o",
                      "build/obj/actors/dht/bucket.o"])
    return home.run_program([sys.executable, "tests/style.py", "--build", "build"], ok=ok).out


def with_line(name, line):
    return {name: FILES[name] + line + "\n"}


def include_is_refused(home, name, target):
    contains(style(home, with_line(name, f'#include "{target}"'), ok=1),
             f"may not include {target}")


@test
def a_project_that_keeps_the_rules_is_green(home):
    out = style(home)
    for check in ("layers", "purity", "files"):
        contains(out, f"{check}: ok")


@test
def a_clock_in_a_pure_object_is_red(home):
    source = PURE_SOURCE.replace("(int) strlen (text)", "(int) time (0) + *text")
    out = style(home, {"actors/dht/bucket.c": source.replace("string.h", "time.h")}, ok=1)
    contains(out, "error: actors/dht/bucket.o: pure code may not use time\n")


@test
def printing_in_a_pure_object_is_red(home):
    source = PURE_SOURCE.replace("(int) strlen (text)", "printf (\"%s %d\", text, 1)")
    out = style(home, {"actors/dht/bucket.c": source.replace("string.h", "stdio.h")}, ok=1)
    contains(out, "pure code may not use printf")


@test
def a_symbol_allowed_for_some_objects_is_red_in_others(home):
    source = PURE_SOURCE.replace("int\n", "int pool_create (void);\nint\n")
    source = source.replace("(int) strlen (text)", "pool_create () + *text")
    contains(style(home, {"actors/dht/bucket.c": source}, ok=1), "may not use pool_create")


@test
def purity_is_not_judged_on_instrumented_objects(home):
    contains(style(home, cflags=["--coverage"]), "purity: NOT checked")


@test
def purity_without_any_object_is_red(home):
    style(home)
    shutil.rmtree(home.dir / "build")
    result = home.run_program([sys.executable, "tests/style.py", "--build", "build"], ok=1)
    contains(result.out, "no pure objects")


@test
def messages_include_nothing_above_them(home):
    include_is_refused(home, "messages/base.h", "runtime/actor/actor.h")


@test
def the_actor_library_does_not_know_the_host(home):
    include_is_refused(home, "runtime/actor/actor.h", "runtime/host/bus.h")


@test
def an_actor_does_not_include_another_actor(home):
    include_is_refused(home, "actors/dht/bucket.h", "actors/cache/cache.h")


@test
def an_actor_does_not_reach_another_by_dots(home):
    out = style(home, with_line("actors/dht/bucket.h", '#include "../cache/cache.h"'), ok=1)
    contains(out, "actors/dht/bucket.h:4: may not include actors/cache/cache.h")


@test
def only_io_files_of_an_actor_include_the_host(home):
    include_is_refused(home, "actors/dht/bucket.h", "runtime/host/shell.h")


@test
def the_cli_includes_of_the_host_only_what_the_client_header_needs(home):
    include_is_refused(home, "cli/list.c", "runtime/host/shell.h")


@test
def only_main_of_the_cli_includes_the_composition_root(home):
    include_is_refused(home, "cli/list.c", "actors/node.h")


@test
def nothing_includes_the_cli(home):
    include_is_refused(home, "actors/node.c", "cli/cli.h")


@test
def a_file_outside_every_layer_is_red(home):
    contains(style(home, {"extra/thing.c": SPDX}, ok=1), "extra/thing.c: lies in no layer")


@test
def a_source_without_spdx_line_is_red(home):
    contains(style(home, {"cli/list.c": "int list_count;\n"}, ok=1), "cli/list.c:1: no SPDX line")


@test
def generated_code_is_red(home):
    contains(style(home, {"messages/base.pb-c.h": HEADER}, ok=1), "generated files are not kept")


@test
def markers_and_machine_paths_are_red(home):
    out = style(home, {"README.md": "FIX" "ME\nsee /ho" "me/alice/ggen\n",
                       "tests/unit/a_test.c": SPDX + "//  /home/alice may be invented here\n"}, ok=1)
    contains(out, "README.md:1: marker of unfinished work")
    contains(out, "README.md:2: path of one machine")
    lacks(out, "tests/unit/a_test.c")


@test
def a_wide_line_is_red(home):
    contains(style(home, with_line("cli/list.c", "//  " + "x" * 107), ok=1), "111 columns")


@test
def a_sleep_is_red_but_the_word_in_a_comment_is_not(home):
    lacks(style(home, with_line("cli/list.c", f"//  {SLEEP} (1) would be wrong")), "sleeps;")
    contains(style(home, with_line("cli/list.c", f"void f (void) {{ u{SLEEP} (1); }}"), ok=1),
             "cli/list.c:4: sleeps;")
    script = f"# SPDX-License-Identifier: MIT\ntime.{SLEEP}(1)\n"
    contains(style(home, {"tests/cli/a_test.py": script}, ok=1), "tests/cli/a_test.py:2: sleeps;")


@test
def the_longest_function_is_printed_with_its_length_and_place(home):
    contains(style(home), "    3  bucket_count actors/dht/bucket.c:6")


main()
