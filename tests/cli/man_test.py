# SPDX-License-Identifier: MIT
"""The manual pages: one for ggen and one for each verb, without a complaint of those who read them,
installed with the completions where shells and man look."""
import os
import shutil

from tap import ROOT, contains, equal, ggen_path, lacks, main, skip, test, true


def verbs(home):
    return home.run("help", "--list").out.splitlines()


def pages(home):
    """{file name: text} of every page."""
    texts = {"ggen.1": home.run("help", "--man").out}
    for verb in verbs(home):
        texts[f"ggen-{verb.replace(' ', '-')}.1"] = home.run("help", "--man", *verb.split()).out
    return texts


@test
def every_verb_has_a_page_named_after_it(home):
    true(len(verbs(home)) > 20, "the list has the verbs")
    for name, text in pages(home).items():
        contains(text, f".SH NAME\n{name.removesuffix('.1')} ".replace("-", "\\-"))


@test
def verbs_can_be_listed_by_group(home):
    equal(home.run("help", "market", "trust", "--list").out,
          "market trust list\nmarket trust add\nmarket trust remove\n")
    equal(home.run("help", "market", "add", "--list").out, "market install\n")
    contains(home.run("help", "market", "--man", ok=2).err, "ggen help --list")


@test
def those_who_read_manual_pages_complain_of_nothing(home):
    readers = [words for words in (["mandoc", "-Tlint", "-Wstyle"],
                                   ["groff", "-man", "-ww", "-z", "-Tutf8"])
               if shutil.which(words[0])]
    if not readers:
        skip("neither mandoc nor groff is installed")
    names = [home.write(name, text) for name, text in pages(home).items()]
    for words in readers:
        result = home.run_program([*words, *names])
        equal(result.out + result.err, "", words[0])


@test
def make_install_puts_them_where_man_and_the_shells_look(home):
    root = home.dir / "root"
    home.run_program(["make", "-C", ROOT, "--no-print-directory", "-o", "all", "install",
                      f"B={os.path.dirname(os.path.abspath(ggen_path()))}",
                      f"DESTDIR={root}", "PREFIX=/usr"])
    share = root / "usr" / "share"
    equal(sorted(path.name for path in (share / "man" / "man1").iterdir()), sorted(pages(home)))
    for shell, place in (("bash", "bash-completion/completions/ggen"),
                         ("zsh", "zsh/site-functions/_ggen"),
                         ("fish", "fish/vendor_completions.d/ggen.fish")):
        equal((share / place).read_text(encoding="utf-8"), home.run("completion", shell).out, shell)
    true(os.access(root / "usr" / "bin" / "ggen", os.X_OK), "the program is there")
    unit = (root / "usr/lib/systemd/user/ggen.service").read_text(encoding="utf-8")
    contains(unit, "\nExecStart=/usr/bin/ggen node run\n")


@test
def systemd_understands_the_unit(home):
    if not shutil.which("systemd-analyze"):
        skip("systemd-analyze is not here")
    text = (ROOT / "config" / "ggen.service").read_text(encoding="utf-8")
    unit = home.write("ggen.service", text.replace("@BIN@", os.path.dirname(os.path.abspath(ggen_path()))))
    env = {"XDG_RUNTIME_DIR": str(home.dir)}
    said = home.run_program(["systemd-analyze", "--user", "verify", "--man=no", unit], env=env)
    lacks(said.err, "ggen.service")


main()
