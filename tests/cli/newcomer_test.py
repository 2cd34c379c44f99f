# SPDX-License-Identifier: MIT
"""What somebody new types wrong: each message says what to do next, none lies, and nothing that others
wrote reaches the terminal as anything but text."""
import os
import re
import signal
import subprocess
import time

from homes import as_nobody, give_to_nobody, make_pack, publish
from nodes import environment, id_of, start_daemon
from tap import (clean_environment, contains, equal, ggen_path, lacks, main, matches, skip,
                 test, true, wait_until)
from terminal import on_terminal

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u202a-\u202e\u2066-\u2069]")
DESCRIPTION = ("A\\u001b[31mred\\u001b]0;title\\u0007\\u0085\\u009b1m \\u202eRTL\\u202c \\u2066x\\u2069 "
               "\U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467 ") * 200


# ---- words -----------------------------------------------------------------------------------------

@test
def help_on_a_word_that_is_no_verb_says_which_one_is_near(home):
    error = home.run("help", "install", ok=2).err
    contains(error, "there is no `ggen install`")
    contains(error, "did you mean: ggen help market install")
    contains(home.run("help", "market", "zzz", ok=2).err, "see: ggen market --help")


@test
def text_that_is_no_utf_8_is_named_as_such(home):
    for words in (["search", b"\xff"], ["info", b"a\xff"], ["publish", b"./\xff"],
                  ["search", "--author", b"\xe2\x80"]):
        argv = [ggen_path(), "market", *words]
        done = subprocess.run(argv, env=clean_environment(home.dir), capture_output=True,
                              cwd=home.dir, check=False)
        equal(done.returncode, 2, str(words))
        contains(done.stderr.decode(), "is no UTF-8 text")


@test
def a_path_without_a_dot_before_it_is_hinted_at(home):
    folder = make_pack(home, "thing")
    name = str(folder.relative_to(home.dir))
    contains(home.run("market", "install", name, ok=1).err,
             f"there is a file or directory of that name here: ./{name}")
    error = home.run("market", "publish", folder / "gpack.toml", ok=1).err
    contains(error, "gpack.toml is no directory")
    contains(error, "hint: ")


@test
def what_is_not_there_comes_with_a_way_on(home):
    publish(home, make_pack(home, "thing"))
    home.run("market", "install", "thing")
    for words, message, hint in (
            (["info", "absent"], "absent: no such package", "ggen market search --fuzzy absent"),
            (["info", "thing@9.0.0"], "thing@9.0.0", "ggen market info thing"),
            (["install", "absent"], "absent: not found", "ggen market search"),
            (["rollback", "99"], "there is no generation 99", "history"),
            (["remove", "absent"], "absent is not installed", "ggen market list")):
        error = home.run("market", *words, ok=1).err
        contains(error, message)
        matches(error, f"^hint: .*{re.escape(hint)}")
        for name in ("PACKAGE_NOT_FOUND", "manifest:", "marketplace"):
            lacks(error, name)
    contains(home.run("market", "install", "thing@not a range", ok=1).err,
             "thing: no version range: not a range (one is like")


@test
def an_offset_beyond_the_end_is_not_an_empty_market(home):
    publish(home, make_pack(home, "thing"))
    out = home.run("market", "search", "--offset", "10000").out
    contains(out, "No more results: there are 1")
    lacks(out, "No packages")


@test
def an_install_of_nothing_into_nothing_says_so(home):
    out = home.run("market", "install").out
    contains(out, "no package is named")
    lacks(out, "is installed")


@test
def what_cannot_be_published_makes_no_key(home):
    (home.dir / "empty").mkdir()
    lacks(home.run("market", "publish", "empty", ok=1).err, "recovery")
    equal(home.json("market", "key", "list")["keys"], [])


@test
def a_key_is_exported_to_a_new_file_only(home):
    home.run("market", "key", "generate")
    home.write("there", "mine\n")
    error = home.run("market", "key", "export", "there", ok=1).err
    contains(error, "hint: name a new file")
    equal((home.dir / "there").read_text(encoding="utf-8"), "mine\n")


@test
def a_home_that_is_a_file_is_not_called_a_broken_disk(home):
    home.write("ggen", "")
    for words, way_on in ((["list"], "look what is at "), (["install", "thing"], "--home DIR")):
        error = home.run("market", *words, ok=1).err
        contains(error, "Not a directory")
        matches(error, f"^hint: .*{re.escape(way_on)}")


@test
def words_of_other_package_managers_are_understood(home):
    publish(home, make_pack(home, "thing"))
    home.run("market", "install", "thing")
    contains(home.run("market", "show", "thing").out, "package:      thing")
    contains(home.run("market", "rm", "thing").out, "Removed: 1 package")
    error = home.run("market", "install", "thing", "1.0.0", ok=1).err
    contains(error, "note: a version goes with its package: thing@1.0.0")


@test
def a_name_without_its_namespace_is_found_out(home):
    publish(home, make_pack(home, "@samples/palette"))
    contains(home.run("market", "install", "palette", ok=1).err, "hint: did you mean @samples/palette?")


@test
def a_path_is_hinted_at_only_when_a_name_was_not_found(home):
    home.run("market", "key", "generate")
    folder = make_pack(home, "large")
    (folder / "noise").write_bytes(os.urandom(60_000_000))
    publish(home, folder)
    home.write("large", "")
    process = home.start("market", "install", "large")
    wait_until(lambda: (home.path / "cache").is_dir(), what="the fetch to begin")
    equal(process.stop(signal.SIGINT), 130)
    contains(process.err, "nothing was changed")
    lacks(process.err, "of that name here")


@test
def a_home_variable_that_is_no_absolute_path_is_named_as_such(home):
    for value, message in (("relative", "is no absolute path"), ("", "is no absolute path")):
        error = home.run("market", "list", ok=1, env={"HOME": value, "GGEN_HOME": ""}).err
        contains(error, f"$HOME {message}")


# ---- output ----------------------------------------------------------------------------------------

@test
def output_that_is_lost_is_told_but_not_a_closed_pipe(home):
    shell = ["sh", "-c"]
    for words in ("market list", "--help", "market list --json", "completion bash"):
        full = home.run_program([*shell, f'"$0" {words} > /dev/full', ggen_path()], ok=1)
        contains(full.err, "could not be written: No space left on device")
        closed = home.run_program(["bash", "-c", f'"$0" {words} | true; exit "${{PIPESTATUS[1]}}"',
                                   ggen_path()])
        equal(closed.err, "", words)


@test
def progress_to_a_descriptor_that_is_not_open_is_refused(home):
    contains(home.run("market", "list", "--progress-fd", "99", ok=2).err, "is not open")


@test
def no_line_of_a_table_ends_in_spaces(home):
    publish(home, make_pack(home, "part"), make_pack(home, "thing", requires=["part"]))
    for words in (["install", "thing"], ["tree"], ["history"], ["list"], ["registry", "list"],
                  ["policy", "part"], ["trust", "list"]):
        for line in home.run("market", *words).out.splitlines():
            equal(line, line.rstrip(), str(words))


@test
def a_table_that_does_not_fit_becomes_paragraphs(home):
    publish(home, make_pack(home, "thing"), make_pack(home, "other"))
    home.run("market", "install", "thing", "other")
    narrow = on_terminal(home, "market", "list", "--detailed", columns=40)
    matches(narrow, "^package: +thing$")
    matches(narrow, "^why: +asked for$")
    true(all(len(line) < 40 for line in narrow.splitlines()), "no line is wider than the terminal")
    wide = on_terminal(home, "market", "list", "--detailed", columns=200)
    matches(wide, "^PACKAGE .* INSTALLED$")
    matches(on_terminal(home, "market", "search", columns=40), "^PACKAGE +VERSION +DESCRIPTION$")


@test
def a_hostile_description_is_only_text_on_any_terminal(home):
    folder = make_pack(home, "evil")
    home.write(folder / "gpack.toml", '[gpack]\nname = "evil"\nversion = "1.0.0"\nlicense = "MIT"\n'
                                      f'description = "{DESCRIPTION[:9000]}"\n')
    publish(home, folder)
    for words in (["search"], ["search", "--detailed"], ["info", "evil"], ["install", "evil"],
                  ["list"], ["list", "--detailed"]):
        for columns, term, locale in ((40, "xterm", "C.UTF-8"), (80, "dumb", "C"),
                                      (200, "xterm", "C.UTF-8")):
            out = on_terminal(home, "market", *words, columns=columns, term=term, locale=locale)
            equal(CONTROL.findall(out), [], f"controls of {words} at {columns}")
        equal(CONTROL.findall(home.run("market", *words).out), [], f"controls of {words}")


@test
def what_was_typed_comes_back_as_text_only(home):
    typed = "a\x1b[31m\u202eb\x07"
    for words in ([typed], ["market", typed], ["market", "list", f"--{typed}"],
                  ["market", "search", typed], ["market", "info", typed],
                  ["market", "install", typed], ["market", "install", f"./{typed}"],
                  ["market", "remove", typed], ["market", "verify", typed],
                  ["market", "publish", typed], ["market", "rollback", typed],
                  ["market", "trust", "add", typed, typed], ["market", "key", "show", "--name", typed],
                  ["config", "show", typed], ["config", "validate", typed], ["completion", typed],
                  ["help", typed], ["market", "list", "--home", f"{home.dir}/{typed}"]):
        result = home.run(*words, ok=None)
        equal(CONTROL.findall(result.out + result.err), [], str(words))


# ---- time ------------------------------------------------------------------------------------------

@test
def an_interrupted_publish_says_that_nothing_was_changed(home):
    home.run("market", "key", "generate")
    folder = make_pack(home, "large")
    (folder / "noise").write_bytes(os.urandom(60_000_000))
    process = home.start("market", "publish", folder)
    wait_until(lambda: list(home.path.glob("store/tmp.*")), what="the archive to be begun")
    equal(process.stop(signal.SIGINT), 130)
    contains(process.err, "nothing was changed")
    equal(home.json("market", "search")["total"], 0)


def long_to_pack(home):
    """A pack as large as it takes to keep this machine busy for over a second: nothing is shown before 0.5."""
    folder = make_pack(home, "large")
    for megabytes in (30, 60, 90):          # an archive may have 100 MiB
        (folder / "noise").write_bytes(os.urandom(megabytes * 1_000_000))
        began = time.monotonic()
        home.run("market", "publish", folder, "--dry-run")
        if time.monotonic() - began > 1.2:
            break
    return folder


@test
def long_work_shows_its_amount_rate_and_end_and_then_erases_that(home):
    home.run("market", "key", "generate")
    folder = long_to_pack(home)
    out = on_terminal(home, "market", "publish", folder, "--dry-run", columns=100)
    matches(out, r"\rpack large  [\d.]+ MiB / [\d.]+ MiB  \d+%  [\d.]+ [KM]iB/s  ETA \d+s")
    drawn, erased = out.rfind("ETA"), out.rfind("\r\x1b[K")
    true(0 < drawn < erased, "the last line of progress is erased")
    lacks(out[erased + 4:], "\x1b")
    lacks(on_terminal(home, "market", "publish", folder, "--dry-run", term="dumb"), "\x1b")


@test
def an_endless_description_does_not_fill_a_narrow_terminal(home):
    name = "a-name-that-leaves-no-room-beside-it"
    publish(home, make_pack(home, name, description="endless " * 1000))
    narrow = on_terminal(home, "market", "search", "endless", columns=40)
    matches(narrow, f"^package: +{name}$")
    contains(narrow, "endless")
    contains(narrow, "\u2026\n")
    true(len(narrow.splitlines()) < 12, narrow)


# ---- the network -----------------------------------------------------------------------------------

@test
def peers_are_listed_by_ids_that_can_be_copied(home):
    address = start_daemon(home)
    other = home.another()
    start_daemon(other, address)
    wait_until(lambda: other.json("p2p", "peers")["total"], what="a session")
    peer = id_of(address)
    for columns in (120, 80):
        contains(on_terminal(other, "p2p", "peers", columns=columns), peer)
    contains(other.run("p2p", "peers").out, "\n\n1 peer\n")
    contains(other.run("p2p", "status").out, "server, 1 contact, ")


@test
def a_search_that_finds_nothing_says_whom_it_did_not_ask(home):
    hint = "The network was not asked, as no node runs: ggen p2p search"
    contains(home.run("market", "search", "nothing-like-this", env=environment()).out, hint)
    lacks(home.run("market", "search", "nothing-like-this").out, hint)      # p2p.enabled is false there
    lacks(home.run("market", "search", "x-y-z", "--registry", "file", env=environment()).out, hint)
    start_daemon(home)
    lacks(home.run("market", "search", "nothing-like-this", env=environment()).out, hint)
    found = home.run("p2p", "search", "nothing-like-this", env=environment()).out
    contains(found, 'No package matches "nothing-like-this"')
    lacks(found, "Leave out a filter")


@test
def a_quiet_publish_says_nothing(home):
    home.run("market", "key", "generate")
    equal(home.run("market", "publish", make_pack(home, "silent"), "--quiet").out, "")
    contains(home.run("market", "search", "silent").out, "silent")


@test
def a_registry_that_may_only_be_read_is_read_without_a_word(home):
    if os.geteuid() != 0:
        skip("only root can give a home to somebody else")
    publish(home, make_pack(home, "thing"))
    give_to_nobody(home.dir)
    for folder in (home.path, *(path for path in home.path.rglob("*") if path.is_dir())):
        folder.chmod(0o555)
    done = subprocess.run(as_nobody(["market", "search", "thing"]), env=clean_environment(home.dir),
                          capture_output=True, text=True, check=False)
    equal((done.returncode, done.stderr), (0, ""))
    contains(done.stdout, "1 package")


@test
def a_node_that_may_not_write_its_home_names_another(home):
    if os.geteuid() != 0:
        skip("only root can give a home to somebody else")
    home.path.mkdir(parents=True)
    give_to_nobody(home.dir)
    home.path.chmod(0o555)
    done = subprocess.run(as_nobody(["node", "run"]), env=clean_environment(home.dir), capture_output=True,
                          text=True, check=False)
    equal(done.returncode, 1, done.stderr)
    contains(done.stderr, "Permission denied")
    contains(done.stderr, "--home DIR")


main()
