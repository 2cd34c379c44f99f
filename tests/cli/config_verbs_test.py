# SPDX-License-Identifier: MIT
"""config show, validate, path, edit, reset."""
from tap import contains, equal, ggen_path, main, matches, test, true


@test
def every_setting_is_shown_with_its_value_and_origin(home):
    home.write("ggen/config.toml", "[storage]\nmax_cache_size = 77\n")
    result = home.run("config", "show", env={"GGEN_LOG": "debug"})
    matches(result.out, r"^storage\.max_cache_size +77 MiB +config\.toml:2$")
    contains(result.out, "env GGEN_LOG")
    document = home.json("config", "show")
    equal(document["values"]["storage"]["max_cache_size"], 77)
    equal(document["origins"]["storage"]["max_cache_size"], "config.toml:2")


@test
def only_the_settings_asked_for_are_shown(home):
    document = home.json("config", "show", "storage.max_cache_size", "dht_query_timeout")
    equal(document["values"], {"performance": {"dht_query_timeout": 10},
                               "storage": {"max_cache_size": 1024}})
    failure = home.json("config", "show", "storage.max_cache_sise", ok=2, schema="error")["error"]
    contains(failure["hint"], "storage.max_cache_size")
    true(not home.path.exists(), "no home was made")


@test
def a_wrong_file_is_told_with_its_lines(home):
    home.write("ggen/config.toml", '[performance]\nmax_peers = "many"\nmin_peers = -4\n')
    result = home.run("config", "validate", ok=1)
    contains(result.err, "config.toml:2")
    contains(result.err, "config.toml:3")
    failure = home.json("config", "show", ok=1)["error"]
    equal(failure["code"], "CONFIG")
    equal(len(failure["details"]["error"]), 2)


@test
def nothing_starts_on_wrong_settings(home):
    home.write("ggen/config.toml", "[performance]\nmax_peers = 0\n")
    for words in (["market", "list"], ["node", "run"]):
        equal(home.json(*words, ok=1)["error"]["code"], "CONFIG")


@test
def any_file_can_be_checked_and_unknown_keys_are_warned_of(home):
    home.write("mine.toml", "[performance]\nmax_peer = 9\n")
    result = home.run("config", "validate", "mine.toml")
    contains(result.err, "max_peers")
    equal(len(home.json("config", "validate", "mine.toml")["warnings"]), 1)
    home.write("broken.toml", "[performance\n")
    equal(home.json("config", "validate", "broken.toml", ok=1)["error"]["code"], "CONFIG")
    home.run("config", "validate", "absent.toml", ok=1)


@test
def the_files_are_listed_with_what_wins_first(home):
    first, second = str(home.path / "p2p-config.toml"), str(home.path / "config.toml")
    equal(home.run("config", "path").out, f"{first}  (not there)\n{second}  (not there)\n")
    equal(home.run("config", "path", "--quiet").out, second + "\n")
    equal(home.json("config", "path"),
          {"path": second, "exists": False,
           "files": [{"path": first, "exists": False}, {"path": second, "exists": False}]})
    home.write("ggen/config.toml", "[storage]\nmax_cache_size = 5\n")
    equal(home.run("config", "path").out, f"{first}  (not there)\n{second}\n")
    equal(home.json("config", "path")["exists"], True)
    home.write("ggen/p2p-config.toml", "[storage]\nmax_cache_size = 6\n")
    equal(home.run("config", "path", "-q").out, first + "\n")
    matches(home.run("config", "show", "max_cache_size").out, r" 6 MiB +p2p-config\.toml:2$")


def editor(home, script):
    """An environment whose editor runs this shell script; "$1" is the file."""
    path = home.write("editor.sh", f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return {"EDITOR": str(path)}


@test
def settings_are_edited_and_only_valid_ones_count(home):
    told = home.json("config", "edit", env=editor(home, "echo '[storage]\nmax_cache_size = 5' > $1"))
    equal(told["changed"], True)
    equal(home.json("config", "show", "max_cache_size")["values"]["storage"]["max_cache_size"], 5)
    equal(home.json("config", "edit", env=editor(home, ":"))["changed"], False)
    true(not (home.path / "config.toml.draft").exists(), "what changes nothing leaves nothing")
    wrong = editor(home, "echo '[storage]\nmax_cache_size = -1' > $1")
    refused = home.run("p2p", "config", "edit", env=wrong, ok=1)
    contains(refused.err, "config.toml.draft:2: storage.max_cache_size: expected")
    equal(home.json("config", "show", "max_cache_size")["values"]["storage"]["max_cache_size"], 5)
    better = home.json("config", "edit", env=editor(home, "sed -i s/-1/7/ $1"))
    equal(better["changed"], True)
    equal(home.json("config", "show", "max_cache_size")["values"]["storage"]["max_cache_size"], 7)
    true(not (home.path / "config.toml.draft").exists(), "nothing is left")


@test
def an_editor_that_fails_changes_nothing(home):
    refused = home.run("config", "edit", env={"EDITOR": "false"}, ok=1)
    contains(refused.err, "hint: name one: EDITOR=nano ggen config edit")
    true(not (home.path / "config.toml").exists(), "there is no settings file")


@test
def a_disk_without_room_for_the_draft_leaves_no_part_of_one(home):
    home.write("ggen/config.toml", "[storage]\nmax_cache_size = 77\n" + "# mine\n" * 1000)
    small = 'trap "" XFSZ; ulimit -f 1; exec "$0" config edit'
    refused = home.run_program(["sh", "-c", small, ggen_path()], env={"EDITOR": "true"}, ok=1)
    contains(refused.err, "config.toml.draft: File too large")
    equal(home.json("config", "edit", env={"EDITOR": "true"})["changed"], False)
    equal(home.json("config", "show", "max_cache_size")["values"]["storage"]["max_cache_size"], 77)


@test
def visual_goes_before_editor_and_may_have_options(home):
    edits = editor(home, 'test "$1" = -w && echo "[storage]\nmax_cache_size = 9" > "$2"')
    env = {"VISUAL": edits["EDITOR"] + " -w", "EDITOR": "false"}
    equal(home.json("config", "edit", env=env)["changed"], True)


@test
def the_file_that_is_edited_first_has_every_setting(home):
    home.json("config", "edit", env=editor(home, "echo '# mine' >> $1"))
    text = (home.path / "config.toml").read_text()
    contains(text, "# max_cache_size = 1024")
    equal((home.path / "config.toml").stat().st_mode & 0o777, 0o600)


@test
def settings_are_reset_and_kept_beside(home):
    home.write("ggen/config.toml", "[storage]\nmax_cache_size = 77\n")
    told = home.json("p2p", "config", "reset")["files"]
    equal([one["kept_as"] for one in told], [str(home.path / "config.toml.old")])
    equal(home.json("config", "show", "max_cache_size")["values"]["storage"]["max_cache_size"], 1024)
    equal(home.json("config", "reset")["files"], [])
    for verb in ("show", "validate", "path"):
        home.json("p2p", "config", verb, schema=f"config-{verb}")


main()
