#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The HTTP registry: registry.url and named sources that are URLs, over honest and other servers."""
import json
import os
import shutil

from tap import contains, equal, lacks, main, matches, moment, test, true, wait_until
from web_registry import forget_age, pack, publisher, serve, url
from web_server import WebServer, beside, cut, endless, instead, redirect, status, whole


def names(document):
    return sorted(entry["id"] for entry in document["results"])


@test
def a_directory_that_a_web_server_serves_is_a_registry(home):
    _, web = serve(home)
    with web:
        equal(names(home.json("market", "search", env=url(web))), ["greeting", "hello"])
        found = home.json("market", "info", "hello", env=url(web))
        equal(found["package"]["source"], "http")
        home.run("market", "install", "hello", env=url(web))
        home.run("market", "verify", env=url(web))
    installed = home.json("market", "list")
    equal(sorted(one["name"] for one in installed["packages"]), ["greeting", "hello"])


@test
def an_index_that_has_not_changed_is_not_sent_again(home):
    _, web = serve(home)
    with web:
        home.run("market", "search", env=url(web))
        home.run("market", "search", env=url(web))
        equal(web.log, ["GET /index.json 200"])
        forget_age(home)
        home.run("market", "search", env=url(web))
        equal(web.log[1:], ["GET /index.json 304"])
        home.run("market", "search", env=url(web))
        equal(len(web.log), 2)


@test
def a_copy_of_just_now_is_fresh_whatever_the_clock_says_and_one_of_tomorrow_is_not(home):
    _, web = serve(home)
    with web:
        home.run("market", "search", env=url(web))
        current = next(home.path.glob("cache/web/*/current"))
        # A question that was asked before, and waited while the index was fetched.
        later = current.stat().st_mtime + 30
        os.utime(current, (later, later))
        home.run("market", "search", env=url(web))
        equal(web.log, ["GET /index.json 200"])
        for more in ((), ("--dry-run",)):
            os.utime(current, (later + 86400, later + 86400))
            asked = len(web.log)
            home.run("market", "install", "greeting", *more, env=url(web))
            contains("\n".join(web.log[asked:]), "GET /index.json")


@test
def what_is_published_later_is_found_and_what_is_yanked_is_hidden(home):
    other, web = serve(home, "greeting")
    with web:
        equal(names(home.json("market", "search", env=url(web))), ["greeting"])
        other.run("market", "publish", pack(other, "hello"))
        other.run("market", "yank", "greeting@1.0.0", "--reason", "wrong words")
        forget_age(home)
        equal(names(home.json("market", "search", env=url(web))), ["hello"])
        versions = home.json("market", "info", "greeting@1.0.0", env=url(web))
        equal(versions["package"]["yanked"], True)
    true(any(home.path.glob("cache/web/*/2/greeting/1.0.0/head")), "the head that says so")


@test
def a_server_that_is_gone_leaves_what_it_told_and_the_answer_says_so(home):
    _, web = serve(home)
    with web:
        home.run("market", "search", env=url(web))
    forget_age(home)
    found = home.json("market", "search", env=url(web))
    equal(names(found), ["greeting", "hello"])
    equal(found["incomplete"], True)
    contains(found["warnings"][0], "registry 'http'")
    contains(found["warnings"][0], "NETWORK")


@test
def a_server_that_never_answered_is_told_and_hides_nothing_else(home):
    other, web = serve(home)
    with web:
        pass
    home.run("market", "key", "generate")
    home.run("market", "publish", pack(home, "greeting"))
    found = home.json("market", "search", env=url(web))
    equal(names(found), ["greeting"])
    equal(found["incomplete"], True)


@test
def with_mode_http_nothing_else_is_asked(home):
    _, web = serve(home, "greeting")
    home.run("market", "key", "generate")
    home.run("market", "publish", pack(home, "hello"))
    home.write("ggen/config.toml", f'[registry]\nmode = "http"\nurl = "{web.url}"\n')
    with web:
        equal(names(home.json("market", "search")), ["greeting"])
    home.write("ggen/config.toml", '[registry]\nmode = "http"\n')
    contains(home.run("market", "search", ok=False).err, "registry.url")


@test
def registry_http_and_central_ask_it_alone(home):
    _, web = serve(home, "greeting")
    home.run("market", "key", "generate")
    home.run("market", "publish", pack(home, "hello"))
    with web:
        for name in ("http", "central"):
            found = home.json("market", "search", "--registry", name, env=url(web))
            equal(names(found), ["greeting"])
    contains(home.run("market", "search", "--registry", "http", ok=False).err, "not enabled")


@test
def a_named_url_is_added_listed_asked_and_removed(home):
    _, web = serve(home)
    with web:
        home.run("market", "registry", "add", "far", web.url)
        listed = {one["name"]: one for one in home.json("market", "registry", "list")["sources"]}
        equal(listed["far"]["kind"], "web")
        equal(listed["far"]["packages_count"], 2)
        equal(names(home.json("market", "search", "--registry", "far")), ["greeting", "hello"])
        home.run("market", "install", "greeting")
        shutil.rmtree(home.path / "cache" / "web")
        listed = {one["name"]: one for one in home.json("market", "registry", "list")["sources"]}
        contains(listed["far"]["problem"], "not fetched yet")
        home.run("market", "search")
        home.run("market", "registry", "remove", "far")
        equal(list(home.path.glob("cache/web/*/current")), [])
        equal(names(home.json("market", "search")), [])


@test
def a_url_that_is_no_registry_is_not_added(home):
    (home.dir / "www").mkdir()
    with WebServer(home.dir / "www") as web:
        contains(home.run("market", "registry", "add", "far", web.url, ok=1).err, "404")
        home.write("www/index.json", "{]")
        contains(home.run("market", "registry", "add", "far", web.url, ok=1).err, "line 1")
        home.write("www/index.json", "[]")
    contains(home.run("market", "registry", "add", "far", web.url, ok=1).err, "connect")
    refused = home.run("market", "registry", "add", "far", "http://me:secret@127.0.0.1/", ok=1).err
    contains(refused, "netrc")
    lacks(refused, "secret")
    equal([one["name"] for one in home.json("market", "registry", "list")["sources"]], ["file"])


@test
def a_server_that_calls_unchanged_what_it_never_sent_is_no_registry(home):
    _, web = serve(home)
    with web:
        web.fault("/index.json", status(304))
        contains(home.run("market", "registry", "add", "far", web.url, ok=1).err, "304")
        equal(home.json("market", "search", env=url(web))["incomplete"], True)


@test
def a_mark_that_no_header_may_hold_is_not_sent_back(home):
    _, web = serve(home)
    asked = []

    def marked(handler, data):
        asked.append(handler.headers.get("If-None-Match"))
        handler.answer(200, data, ETag=mark)

    with web:
        web.fault("/index.json", marked)
        for mark in ('"\xe9"', '"a\rX-More: b"', '"\x01"'):
            for _ in range(2):
                equal(names(home.json("market", "search", env=url(web))), ["greeting", "hello"])
                forget_age(home)
    equal(asked, [None] * 6)


@test
def a_registry_of_the_web_is_mirrored(home):
    _, web = serve(home)
    mirror = home.dir / "mirror"
    with web:
        home.run("market", "registry", "add", "far", web.url)
        done = home.json("market", "registry", "sync", "--from", "far", "--to", mirror)
        equal((done["copied"], done["failed"]), (2, 0))
        again = home.json("market", "registry", "sync", "--from", "far", "--to", mirror)
        equal((again["copied"], again["present"]), (0, 2))
    equal(list(mirror.glob("**/*.download")), [])
    with WebServer(mirror) as second:
        home.another().run("market", "install", "hello", env=url(second))


@test
def other_bytes_than_were_signed_are_refused(home):
    _, web = serve(home)
    with web:
        web.fault("greeting-1.0.0.tar.gz", instead(b"other bytes"))
        failed = home.json("market", "install", "greeting", env=url(web), ok=1)
        equal(failed["error"]["code"], "CHECKSUM_MISMATCH")
        equal(home.json("market", "list")["total"], 0)
        web.fault("greeting-1.0.0.tar.gz", None)
        home.run("market", "install", "greeting", env=url(web))


@test
def an_archive_without_an_end_is_cut_off(home):
    _, web = serve(home)
    with web:
        web.fault("greeting-1.0.0.tar.gz", endless)
        failed = home.json("market", "install", "greeting", env=url(web), ok=1)
        equal(failed["error"]["code"], "VALIDATION")
        contains(failed["error"]["message"], "more than")
    equal(list(home.path.glob("cache/web/*.part")), [])


@test
def an_archive_that_is_told_to_be_too_large_is_not_even_asked_for(home):
    home.write("www/index.json", json.dumps({"packages": [
        {"name": "huge", "version": "1.0.0", "license": "MIT", "description": "-", "checksum": "ab" * 32,
         "download_url": "huge.tar.gz", "size_bytes": 1 << 31}]}))
    home.write("www/huge.tar.gz", "few bytes")
    with WebServer(home.dir / "www") as web:
        failed = home.json("market", "install", "huge", "--allow-unsigned", env=url(web), ok=1)
        equal(failed["error"]["code"], "VALIDATION")
        contains(failed["error"]["message"], "too large")
        home.run("market", "registry", "add", "far", web.url)
        done = home.json("market", "registry", "sync", "--from", "far", "--to", home.dir / "mirror", ok=1)
        equal((done["copied"], done["failed"]), (0, 1))
        equal(web.log, ["GET /index.json 200"])


@test
def a_download_that_was_cut_goes_on_where_it_was(home):
    _, web = serve(home)
    with web:
        web.fault("greeting-1.0.0.tar.gz", cut(100))
        failed = home.json("market", "install", "greeting", env=url(web), ok=1)
        equal(failed["error"]["code"], "NETWORK")
        parts = list(home.path.glob("cache/web/*.part"))
        equal([part.stat().st_size for part in parts], [100])
        web.fault("greeting-1.0.0.tar.gz", None)
        home.run("market", "install", "greeting", env=url(web))
        matches("\n".join(web.log), r"GET /greeting/1.0.0/greeting-1.0.0.tar.gz 206$")
    equal(list(home.path.glob("cache/web/*.part")), [])


@test
def where_a_server_sends_no_rest_the_whole_is_fetched(home):
    _, web = serve(home)
    with web:
        for name, other in (("greeting", whole), ("hello", beside)):
            web.fault(f"{name}-1.0.0.tar.gz", cut(100))
            home.run("market", "install", name, env=url(web), ok=1)
            web.fault(f"{name}-1.0.0.tar.gz", other)
            home.run("market", "install", name, env=url(web))
    equal(home.json("market", "list")["total"], 2)


@test
def redirections_are_followed_to_http_and_not_for_ever(home):
    other, web = serve(home)
    with web:
        with WebServer(home.dir) as front:
            front.fault("/index.json", redirect(web.url + "index.json"))
            equal(names(home.json("market", "search", env=url(front))), ["greeting", "hello"])
            front.fault("/index.json", redirect("/index.json"))
            forget_age(home)
            equal(home.json("market", "search", env=url(front))["incomplete"], True)
            front.fault("/index.json", redirect(f"file://{other.path}/registry/index.json"))
            forget_age(home)
            equal(home.json("market", "search", env=url(front))["incomplete"], True)


@test
def what_a_server_says_of_an_error_is_told_by_its_code(home):
    _, web = serve(home)
    with web:
        for number, code in ((404, "PACKAGE_NOT_FOUND"), (403, "PERMISSION_DENIED"), (503, "BUSY"),
                             (500, "NETWORK")):
            web.fault("greeting-1.0.0.tar.gz", status(number))
            failed = home.json("market", "install", "greeting", env=url(web), ok=1)
            equal(failed["error"]["code"], code)


@test
def an_index_tells_nothing_of_this_machines_files(home):
    secret = home.write("secret.tar.gz", "secret")
    other = publisher(home, "greeting")
    index = json.loads((other.path / "registry" / "index.json").read_text())
    version = index["packages"]["greeting"]["versions"][0]
    (home.dir / "www").mkdir()
    for place, code in ((f"file://{secret}", "ALL_PROVIDERS_FAILED"), (str(secret), "PACKAGE_NOT_FOUND"),
                        ("ftp://127.0.0.1/x.tar.gz", "ALL_PROVIDERS_FAILED")):
        version["download_url"] = place
        home.write("www/index.json", json.dumps(index))
        with WebServer(home.dir / "www") as web:
            forget_age(home)
            failed = home.json("market", "install", "greeting", env=url(web), ok=1)
            equal(failed["error"]["code"], code)


@test
def offline_and_local_questions_ask_no_server(home):
    _, web = serve(home)
    with web:
        home.run("market", "install", "greeting", env=url(web))
        asked = len(web.log)
        forget_age(home)
        home.run("market", "remove", "greeting")
        home.run("market", "install", "greeting", "--offline", env=url(web))
        equal(len(web.log), asked)


@test
def who_was_offline_before_asks_the_server_at_once(home):
    _, web = serve(home)
    with web:
        home.run("node", "run", "--daemon", env=url(web))
        home.run("market", "install", "greeting", "--offline", ok=False)
        equal(web.log, [])
        home.run("market", "install", "greeting")


@test
def a_server_that_sends_a_byte_now_and_then_is_given_up(home):
    _, web = serve(home)

    def trickle(handler, data):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.close_connection = True
        try:
            for at in range(len(data)):
                handler.wfile.write(data[at:at + 1])
                moment(0.1)
        except OSError:
            pass

    with web:
        web.fault("index.json", trickle)
        found = home.json("market", "search", env=url(web))
        equal(found["incomplete"], True)
        contains(found["warnings"][0], "TIMEOUT")


@test
def a_dry_run_leaves_nothing(home):
    _, web = serve(home)
    with web:
        planned = home.json("market", "install", "hello", "--dry-run", env=url(web))
        equal(sorted(one["name"] for one in planned["steps"]), ["greeting", "hello"])
    true(not home.path.exists(), "no home")
    equal(list(home.dir.glob("ggen-index-*")), [])


@test
def a_node_is_a_registry_of_the_web_for_others(home):
    other = publisher(home)
    other.run("node", "run", "--daemon", "--http", "127.0.0.1:0")
    log = (other.path / "run" / "node.log").read_text(encoding="utf-8")
    place = matches(log, r"^info node.http url=(http://127.0.0.1:\d+)$")[1]
    home.run("market", "install", "hello", env={"GGEN_REGISTRY_URL": place})


@test
def who_gives_up_waiting_for_an_index_is_no_reason_not_to_ask_for_it_again(home):
    _, web = serve(home)

    def stall(handler, data):
        handler.rfile.read(1)           # until the client goes
        handler.close_connection = True

    with web:
        web.fault("/index.json", stall)
        home.run("node", "run", "--daemon", env=url(web))
        process = home.start("market", "search", env=url(web))
        wait_until(lambda: web.log, what="the question")
        process.stop(2)
        web.fault("/index.json", None)
        equal(names(home.json("market", "search", env=url(web))), ["greeting", "hello"])


@test
def an_interrupted_download_leaves_its_part_and_nothing_else(home):
    _, web = serve(home)

    def stall(handler, data):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data[:50])
        handler.wfile.flush()
        handler.rfile.read(1)           # until the client goes
        handler.close_connection = True

    with web:
        web.fault("greeting-1.0.0.tar.gz", stall)
        process = home.start("market", "install", "greeting", env=url(web))
        wait_until(lambda: [part for part in home.path.glob("cache/web/*.part") if part.stat().st_size == 50],
                   what="the first bytes")
        true(process.stop(2) != 0, "a failure")
        equal(home.json("market", "list")["total"], 0)
        lacks(process.err, "Traceback")


main()
