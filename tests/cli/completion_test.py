# SPDX-License-Identifier: MIT
"""Completion, asked of the shells themselves: words, options, choices, names of what is there."""
import shlex
import shutil

from homes import make_pack, publish
from tap import contains, equal, main, skip, test, true


def script(home, shell):
    return home.write(f"completion.{shell}", home.run("completion", shell).out)


def bash(home, *words, prelude=""):
    """What bash offers with the cursor in the last of the words."""
    text = (f"source {script(home, 'bash')}\n{prelude}\nCOMP_WORDS=({shlex.join(words)})\n"
            "COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_ggen\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n")
    result = home.run_program(["bash", "--norc", "-eu", "-c", text])
    equal(result.err, "", "what bash says")
    return sorted(result.out.split())


def stocked(home):
    publish(home, make_pack(home, "alpha"), make_pack(home, "beta"), make_pack(home, "ns/inner"))
    home.run("market", "install", "alpha", "ns/inner")


@test
def bash_knows_what_is_installed_and_what_is_published(home):
    stocked(home)
    equal(bash(home, "ggen", "market", "remove", ""), ["alpha", "ns/inner"])
    equal(bash(home, "ggen", "market", "uninstall", "alpha", "n"), ["ns/inner"])
    equal(bash(home, "ggen", "market", "verify", "ns/"), ["ns/inner"])
    equal(bash(home, "ggen", "market", "info", ""), ["alpha", "beta", "ns/inner"])
    equal(bash(home, "ggen", "market", "install", "b"), ["beta"])
    equal(bash(home, "ggen", "market", "rollback", ""), ["1"])
    equal(bash(home, "ggen", "--home", str(home.dir / "none"), "market", "remove", ""), [])


@test
def bash_knows_what_is_installed_in_a_target(home):
    stocked(home)
    home.run("market", "install", "beta", "-t", "vendor")
    equal(bash(home, "ggen", "market", "remove", "-t", "vendor", ""), ["beta"])
    equal(bash(home, "ggen", "market", "verify", "--target", "=", "vendor", "b"), ["beta"])


@test
def a_strangers_file_in_a_target_is_never_run(home):
    for name in ("$(touch run)", "`touch run`", "a b", "fine"):
        home.write("vendor/there", "")
        (home.dir / "vendor" / name).symlink_to("there")
    equal(bash(home, "ggen", "market", "remove", "-t", "vendor", ""), ["fine"])
    true(not (home.dir / "run").exists(), "no command was run")


@test
def bash_completes_settings_words_of_help_and_values_after_an_equals_sign(home):
    equal(bash(home, "ggen", "config", "show", "storage.max_c"), ["storage.max_cache_size"])
    contains(bash(home, "ggen", "help", ""), "market")
    equal(bash(home, "ggen", "help", "market", "inst"), ["install"])
    equal(bash(home, "ggen", "help", "--m"), ["--man"])
    equal(bash(home, "ggen", "market", "search", "--sort", "="),
          ["downloads", "name", "relevance", "updated"])
    equal(bash(home, "ggen", "market", "search", "--sort", "=", "na"), ["name"])


@test
def bash_completes_names_of_a_large_folder(home):
    for number in range(200):
        home.write(f"vendor/tree/{number}", "")
        (home.dir / "vendor" / f"package-{number}").symlink_to("tree")
    script(home, "bash")
    text = ("source completion.bash; COMP_WORDS=(ggen market remove -t vendor package-1); "
            "COMP_CWORD=5; _ggen; echo ${#COMPREPLY[@]}")
    equal(home.run_program(["bash", "--norc", "-c", text]).out, "111\n")


@test
def zsh_and_fish_read_their_scripts(home):
    shells = [shell for shell in ("zsh", "fish") if shutil.which(shell)]
    if not shells:
        skip("neither zsh nor fish is installed")
    for shell in shells:
        result = home.run_program([shell, "-n", script(home, shell)])
        equal(result.out + result.err, "", shell)


def fish(home, line):
    text = f"source {script(home, 'fish')}; complete -C {shlex.quote(line)}"
    result = home.run_program(["fish", "--no-config", "-c", text])
    equal(result.err, "", "what fish says")
    return [offer.split("\t")[0] for offer in result.out.splitlines()]


@test
def fish_offers_the_same(home):
    if not shutil.which("fish"):
        skip("fish is not installed")
    stocked(home)
    equal(fish(home, "ggen market remove "), ["alpha", "ns/inner"])
    equal(fish(home, "ggen market info "), ["alpha", "beta", "ns/inner"])
    equal(fish(home, "ggen market search --sort na"), ["name"])
    equal(fish(home, "ggen help market inst"), ["install"])
    equal(fish(home, "ggen market list "), [])
    contains(fish(home, "ggen market install --fr"), "--frozen")


@test
def zsh_offers_the_same(home):
    if not shutil.which("zsh"):
        skip("zsh is not installed")
    stocked(home)
    # compadd and _files are replaced: outside its line editor zsh has no place to put offers.
    for words, expected in ((["market", "remove", ""], "alpha ns/inner"),
                            (["market", "info", "b"], "beta"),
                            (["market", "search", "--sort", ""],
                             "relevance downloads name updated"),
                            (["market", "list", ""], ""), (["market", "init", ""], "files")):
        text = ("compdef () { : }; compadd () { shift; print -r -- $@ }; _files () { print files }\n"
                f"source {script(home, 'zsh')}\nwords=(ggen {shlex.join(words)})\n"
                "CURRENT=${#words}\n_ggen\n")
        result = home.run_program(["zsh", "-f", "-c", text], ok=None)
        equal(result.err, "", "what zsh says")
        equal(result.out.strip(), expected, str(words))


main()
