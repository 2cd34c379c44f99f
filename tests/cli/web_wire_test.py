#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The HTTP registry on the wire: what is asked of a server and how often, what of its answers is kept, TLS."""
import base64
import gzip
import hashlib
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import zlib

from tap import (contains, equal, ggen_path, main, matches, moment, skip, test, true,
                 wait_until)
from web_registry import forget_age, pack, publisher, serve, url
from web_server import WebServer, cut, endless, redirect, status

ARCHIVE = "greeting-1.0.0.tar.gz"
REDIRECTS_MAX = 5           # WEB_REDIRECTS_MAX
ETAG_MAX = 200              # WEB_ETAG_MAX
INDEX_MAX = 256 << 20       # IMPORT_TEXT_MAX


def asked(web, part, since=0):
    """Statuses of the answers to questions for such paths."""
    return [line.split()[2] for line in web.log[since:] if part in line]


def begun(home, web):
    """A download that was cut after 100 bytes; its part."""
    web.fault(ARCHIVE, cut(100))
    home.run("market", "install", "greeting", env=url(web), ok=1)
    web.fault(ARCHIVE, None)
    [part] = home.path.glob("cache/web/*.part")
    equal(part.stat().st_size, 100)
    return part


def install_asking(home, web, *statuses):
    """The archive is installed by questions that are answered so."""
    since = len(web.log)
    home.run("market", "install", "greeting", env=url(web))
    equal(asked(web, ARCHIVE, since), list(statuses))


def with_a_large_pack(home, noise_bytes):
    """A home that has published "greeting" with so many bytes that cannot be packed."""
    other = home.another()
    other.run("market", "key", "generate")
    folder = pack(other, "greeting")
    (folder / "noise").write_bytes(os.urandom(noise_bytes))
    other.run("market", "publish", folder)
    return other


def mounted(home, place, size):
    """From now on each command of 'home' has a file system of this size there, which ends with it."""
    place.mkdir(parents=True)
    home.prefix = ["unshare", "-rm", "sh", "-c", f'mount -t tmpfs -o size={size} none "$0" && exec "$@"', place]
    if subprocess.run([*home.prefix, "true"], capture_output=True).returncode:
        skip("nothing may be mounted here")


# ---- parts -----------------------------------------------------------------------------------------

@test
def of_a_download_that_was_cut_the_rest_alone_is_fetched(home):
    _, web = serve(home, "greeting")
    with web:
        begun(home, web)
        install_asking(home, web, "206")


@test
def the_progress_of_a_rest_begins_where_the_part_ends(home):
    other, web = serve(home, "greeting")
    size = next(other.path.glob(f"registry/**/{ARCHIVE}")).stat().st_size
    script = 'exec 9>progress; exec "$0" market install greeting --progress-fd 9'
    with web:
        begun(home, web)
        home.run_program(["sh", "-c", script, ggen_path()], env=url(web))
    told = [json.loads(line) for line in (home.dir / "progress").read_text().splitlines()]
    amounts = [(one["done"], one["total"]) for one in told if one["stage"] == "download" and one["done"]]
    true(amounts and all(100 < done <= total == size for done, total in amounts), f"of {size}: {told}")


@test
def a_part_that_is_whole_is_not_asked_for(home):
    other, web = serve(home, "greeting")
    with web:
        part = begun(home, web)
        shutil.copy(next(other.path.glob(f"registry/**/{ARCHIVE}")), part)
        install_asking(home, web)


@test
def of_a_part_with_too_many_bytes_none_is_kept(home):
    other, web = serve(home, "greeting")
    with web:
        part = begun(home, web)
        part.write_bytes(next(other.path.glob(f"registry/**/{ARCHIVE}")).read_bytes() + b"more")
        install_asking(home, web, "200")


@test
def a_part_with_other_bytes_is_begun_anew_once(home):
    _, web = serve(home, "greeting")
    with web:
        part = begun(home, web)
        part.write_bytes(b"\0" * 100)
        install_asking(home, web, "206", "200")
    equal(list(home.path.glob("cache/web/*.part")), [])


@test
def bytes_that_are_wrong_from_the_start_are_asked_for_once(home):
    other, web = serve(home, "greeting")

    def wrong(handler, data):
        handler.answer(200, b"\0" * len(data))

    with web:
        web.fault(ARCHIVE, wrong)
        failed = home.json("market", "install", "greeting", env=url(web), ok=1)
        equal(failed["error"]["code"], "CHECKSUM_MISMATCH")
        archive = next(other.path.glob(f"registry/**/{ARCHIVE}")).read_bytes()
        equal(failed["error"]["details"],
              {"expected": hashlib.sha256(archive).hexdigest(),
               "actual": hashlib.sha256(bytes(len(archive))).hexdigest()})
        equal(asked(web, ARCHIVE), ["fault", "200"])
        equal(list(home.path.glob("cache/web/*.part")), [])
        web.fault(ARCHIVE, None)
        install_asking(home, web, "200")


@test
def a_part_that_is_a_link_is_not_written_through(home):
    _, web = serve(home, "greeting")
    precious = home.write("precious", "dear")
    with web:
        part = begun(home, web)
        part.unlink()
        part.symlink_to(precious)
        home.run("market", "install", "greeting", env=url(web), ok=1)
    equal(precious.read_text(), "dear")


@test
def parts_of_yesterday_are_swept_and_others_are_not(home):
    _, web = serve(home, "greeting")
    with web:
        part = begun(home, web)
        old = part.with_name("ab" * 32 + ".part")
        stays = part.with_name("cd" * 32 + ".else")
        for file in (old, stays):
            file.write_bytes(b"old")
            os.utime(file, (1, 1))
        home.run("market", "search", "greeting", env=url(web))
        install_asking(home, web, "206")
    equal((old.exists(), stays.exists()), (False, True))


@test
def a_page_that_tells_of_an_error_is_not_the_document(home):
    _, web = serve(home, "greeting")
    with web:
        web.fault(ARCHIVE, lambda handler, data: handler.answer(500, b"<html>sorry"))
        home.run("market", "install", "greeting", env=url(web), ok=1)
        equal([part.stat().st_size for part in home.path.glob("cache/web/*.part")], [0])
        web.fault(ARCHIVE, None)
        install_asking(home, web, "200")


@test
def a_part_of_a_document_that_nobody_asked_a_part_of_is_no_document(home):
    _, web = serve(home, "greeting")
    with web:
        web.fault("/index.json", lambda handler, data: handler.answer(206, data))
        found = home.json("market", "search", env=url(web))
        equal((found["total"], found["incomplete"]), (0, True))
        contains(found["warnings"][0], "206")


@test
def where_nothing_is_behind_the_part_it_is_the_whole(home):
    other = publisher(home, "greeting")
    index = json.loads((other.path / "registry" / "index.json").read_text())
    del index["packages"]["greeting"]["versions"][0]["size_bytes"]
    for gone in ("record", "head"):
        index["packages"]["greeting"]["versions"][0].pop(gone, None)
    shutil.copytree(other.path / "registry", home.dir / "www")
    home.write("www/index.json", json.dumps(index))
    with WebServer(home.dir / "www") as web:
        web.fault(ARCHIVE, lambda handler, data: cut(len(data))(handler, data + b"more"))
        home.run("market", "install", "greeting", "--allow-unsigned", env=url(web), ok=1)
        web.fault(ARCHIVE, status(416))
        home.run("market", "install", "greeting", "--allow-unsigned", env=url(web))


@test
def an_archive_that_is_longer_than_told_is_cut_off_there(home):
    other = with_a_large_pack(home, 100_000)
    size = next(other.path.glob(f"registry/**/{ARCHIVE}")).stat().st_size
    with WebServer(other.path / "registry") as web:
        web.fault(ARCHIVE, endless)
        failed = home.json("market", "install", "greeting", env=url(web), ok=1)
        equal(failed["error"]["code"], "VALIDATION")
        contains(failed["error"]["message"], f"more than {size} bytes")
        web.fault(ARCHIVE, None)
        install_asking(home, web, "200")


@test
def where_there_is_no_room_for_the_archive_it_is_not_asked_for(home):
    other = with_a_large_pack(home, 600_000)
    mounted(home, home.path / "cache", "1m")
    with WebServer(other.path / "registry") as web:
        failed = home.json("market", "install", "greeting", env=url(web), ok=1)
        equal(failed["error"]["code"], "INSUFFICIENT_DISK_SPACE")
        true(int(failed["error"]["details"]["required"]) > 1_200_000, failed)
        equal(asked(web, ARCHIVE), [])


@test
def two_who_fetch_the_same_write_each_into_a_part_of_its_own(home):
    other, web = serve(home, "greeting")
    second, third = home.another(), home.another()
    for one in (home, second, third):
        one.write("ggen/config.toml", f'[storage]\ncache_dir = "{home.dir}/cache"\n')
    held, go_on = [], threading.Event()

    def hold_the_first(handler, data):
        if held:
            return handler.answer(200, data)
        held.append(handler)
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data[:50])
        go_on.wait(60)
        handler.wfile.write(b"\0" * (len(data) - 50))

    with web:
        web.fault(ARCHIVE, hold_the_first)
        slow = home.start("market", "install", "greeting", env=url(web))
        wait_until(lambda: [part for part in home.dir.glob("cache/web/*.part") if part.stat().st_size == 50],
                   what="the first bytes")
        second.run("market", "install", "greeting", env=url(web))
        go_on.set()
        slow.wait()
        third.run("market", "install", "greeting", "--offline", env=url(web))


@test
def what_nobody_waits_for_any_more_is_not_fetched_to_its_end(home):
    other = with_a_large_pack(home, 2_000_000)
    gone = []

    def slowly(handler, data):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        try:
            for at in range(0, len(data), 2000):
                handler.wfile.write(data[at:at + 2000])
                moment(0.1)
        except OSError:
            gone.append(True)
        handler.close_connection = True

    with WebServer(other.path / "registry") as web:
        web.fault(ARCHIVE, slowly)
        home.run("node", "run", "--daemon", env=url(web))
        verb = home.start("market", "install", "greeting")
        wait_until(lambda: list(home.path.glob("cache/web/*.part")), what="its part")
        equal(verb.stop(signal.SIGINT), 130)
        wait_until(lambda: gone, what="the node to hang up")
        web.fault(ARCHIVE, None)
        home.run("market", "install", "greeting")
        equal(asked(web, ARCHIVE)[-1], "206")


# ---- the copy of the index ---------------------------------------------------------------------------

@test
def a_copy_that_is_gone_is_fetched_whole(home):
    _, web = serve(home, "greeting")
    with web:
        home.run("market", "search", env=url(web))
        shutil.rmtree(next(home.path.glob("cache/web/*/1")))
        equal(home.json("market", "search", env=url(web))["total"], 1)
        equal(web.log, ["GET /index.json 200"] * 2)


@test
def a_copy_that_has_lost_files_is_fetched_whole(home):
    _, web = serve(home)
    with web:
        home.run("market", "search", env=url(web))
        shutil.rmtree(next(home.path.glob("cache/web/*/1/greeting")))
        home.run("market", "info", "greeting", env=url(web))
        equal(web.log, ["GET /index.json 200"] * 2)
        home.run("market", "info", "greeting", env=url(web))
        equal(len(web.log), 2)
        # What was told before stands as long as there is nothing else.
        shutil.rmtree(next(home.path.glob("cache/web/*/2/greeting")))
        web.fault("/index.json", status(500))
        home.run("market", "info", "greeting", env=url(web), ok=1)
        home.run("market", "info", "hello", env=url(web))
        web.fault("/index.json", None)
        home.run("market", "info", "greeting", env=url(web))
        equal(asked(web, "/index.json")[-1], "200")


@test
def an_index_that_cannot_be_taken_over_leaves_the_former_one_and_its_mark(home):
    _, web = serve(home, "greeting")
    with web:
        home.run("market", "search", env=url(web))
        web.fault("/index.json", lambda handler, data: handler.answer(200, b"{]", ETag='"bad"'))
        forget_age(home)
        found = home.json("market", "search", env=url(web))
        equal((found["total"], found["incomplete"]), (1, True))
        [folder] = home.path.glob("cache/web/*")
        equal(sorted(path.name for path in folder.iterdir()), [".lock", "1", "current"])
        web.fault("/index.json", None)
        home.run("market", "search", env=url(web))
        equal(web.log[-1], "GET /index.json 304")


@test
def the_copy_before_stays_for_its_readers_and_no_other_does(home):
    other, web = serve(home, "greeting")
    with web:
        for reason in (None, "one", "two", "three"):
            if reason:
                other.run("market", "yank", "greeting@1.0.0", "--reason", reason)
            forget_age(home)
            home.run("market", "search", env=url(web))
    [folder] = home.path.glob("cache/web/*")
    equal(sorted(path.name for path in folder.iterdir()), [".lock", "3", "4", "current"])


@test
def a_copy_that_was_made_otherwise_or_of_another_place_is_not_used(home):
    _, web = serve(home, "greeting")
    with web:
        for change in ({"version": 2}, {"url": "http://127.0.0.1:1/"}, {"directory": 0}):
            home.run("market", "search", env=url(web))
            current = next(home.path.glob("cache/web/*/current"))
            current.write_text(json.dumps({**json.loads(current.read_text()), **change}))
            since = len(web.log)
            equal(home.json("market", "search", env=url(web))["total"], 1)
            equal(asked(web, "/index.json", since), ["200"])


@test
def while_one_fetches_the_others_go_on_with_what_is_there(home):
    _, web = serve(home, "greeting")
    held = []

    def hold(handler, data):
        held.append(handler)
        handler.rfile.read(1)           # until the client goes
        handler.close_connection = True

    with web:
        home.run("market", "search", env=url(web))
        forget_age(home)
        web.fault("/index.json", hold)
        first = home.start("market", "search", env=url(web))
        wait_until(lambda: held, what="the first one's question")
        found = home.json("market", "search", env=url(web))
        equal((found["total"], found["incomplete"], len(held)), (1, True, 1))
        contains(found["warnings"][0], "another process")
        first.kill()


@test
def what_a_fetch_that_was_killed_has_left_is_not_in_the_next_copy(home):
    other, web = serve(home, "greeting")
    with web:
        home.run("market", "search", env=url(web))
        folder = next(home.path.glob("cache/web/*/1"))
        shutil.copytree(folder / "greeting", folder.with_name("2") / "junk")
        other.run("market", "yank", "greeting@1.0.0", "--reason", "it burns")
        forget_age(home)
        home.run("market", "search", env=url(web))
        equal((folder.with_name("2") / "greeting").is_dir(), True)
        equal((folder.with_name("2") / "junk").exists(), False)


@test
def an_index_for_which_there_is_no_room_leaves_nothing(home):
    packages = [{"name": f"pack-{number}", "version": "1.0.0", "license": "MIT", "checksum": "ab" * 32,
                 "description": "-", "readme": "x" * 5000, "download_url": "x.tar.gz", "size_bytes": 1}
                for number in range(150)]
    home.write("www/index.json", json.dumps({"packages": packages}))
    mounted(home, home.path / "cache", "1m")
    with WebServer(home.dir / "www") as web:
        found = home.json("market", "search", env=url(web))
        contains(found["warnings"][0], "INSUFFICIENT_DISK_SPACE")
        seen = home.run_program(["sh", "-c", '"$0" market search >/dev/null; find "$1" -type f', ggen_path(),
                                 home.path / "cache" / "web"], env=url(web))
        equal([line.rpartition("/")[2] for line in seen.out.splitlines()], [".lock"])


@test
def an_index_that_is_too_long_is_cut_off_however_small_it_comes(home):
    (home.dir / "www").mkdir()
    blanks = b" " * (1 << 20)
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    bomb = b"".join([*(packer.compress(blanks) for _ in range(INDEX_MAX >> 20)), packer.compress(b"x"),
                     packer.flush()])
    with WebServer(home.dir / "www") as web:
        web.fault("/index.json", lambda handler, data: handler.answer(200, bomb, **{"Content-Encoding": "gzip"}))
        refused = home.run("market", "registry", "add", "far", web.url, ok=1, deadline_s=300).err
        contains(refused, f"it has more than {INDEX_MAX} bytes")
    equal(list(home.path.glob("cache/web/*/.index.json")), [])


# ---- what is asked -----------------------------------------------------------------------------------

@test
def redirections_are_followed_five_times(home):
    _, web = serve(home, "greeting")
    with web, WebServer(home.dir) as front:
        front.fault("/index.json", redirect("/index.json"))
        found = home.json("market", "search", env=url(front))
        contains(found["warnings"][0], "NETWORK")
        equal(len(front.log), 2 * (1 + REDIRECTS_MAX))      # each is noted as a fault and as a 302


@test
def the_mark_of_a_redirection_is_not_the_documents(home):
    _, web = serve(home, "greeting")
    marks = []

    def marked(handler, data):
        marks.append(handler.headers.get("If-None-Match"))
        handler.answer(302, b"", Location=f"{web.url}index.json", ETag='"of the redirection"')

    def unmarked(handler, data):
        handler.answer(200, data)

    with web, WebServer(home.dir) as front:
        front.fault("/index.json", marked)
        web.fault("/index.json", unmarked)
        for _ in range(2):
            equal(home.json("market", "search", env=url(front))["total"], 1)
            forget_age(home)
    equal(marks, [None, None])


@test
def a_mark_is_sent_back_as_it_was_or_not_at_all(home):
    _, web = serve(home, "greeting")
    longest = '"' + "a" * (ETAG_MAX - 2) + '"'
    marks = []

    def marked(handler, data):
        marks.append(handler.headers.get("If-None-Match"))
        handler.answer(200, data, ETag=given)

    with web:
        web.fault("/index.json", marked)
        for given in (longest, '"' + longest, 'W/"weak"', None):
            if given is None:
                web.fault("/index.json", None)
            home.run("market", "search", env=url(web))
            forget_age(home)
    equal(marks, [None, longest, None])


@test
def a_text_may_come_packed_and_an_archive_may_not(home):
    _, web = serve(home, "greeting")
    said = {}

    def packed(handler, data):
        said["index"] = handler.headers
        handler.answer(200, gzip.compress(data), **{"Content-Encoding": "gzip"})

    def bare(handler, data):
        said["archive"] = handler.headers
        handler.answer(200, data)

    with web:
        web.fault("/index.json", packed)
        web.fault(ARCHIVE, bare)
        home.run("market", "install", "greeting", env=url(web))
    contains(said["index"]["Accept-Encoding"], "gzip")
    equal(said["archive"].get("Accept-Encoding"), None)
    for headers in said.values():
        matches(headers["User-Agent"], r"^ggen/\d")


@test
def an_index_may_have_any_name_and_stands_where_its_url_says(home):
    other, web = serve(home, "greeting")
    shutil.copy(other.path / "registry" / "index.json", other.path / "registry" / "all.json")
    with web:
        for place in ("all.json", "", "index.json"):
            equal(home.json("market", "search", env={"GGEN_REGISTRY_URL": web.url + place})["total"], 1)
        equal(web.log, ["GET /all.json 200", "GET /index.json 200", "GET /index.json 200"])
        home.run("market", "install", "greeting", env={"GGEN_REGISTRY_URL": web.url.rstrip("/")})
        home.another().run("market", "install", "greeting", env={"GGEN_REGISTRY_URL": web.url + "all.json"})
    with WebServer(other.path) as web:
        for place in ("registry", "registry?as=somebody", "registry/", "registry/all.json?x=y#z"):
            third = home.another()
            third.run("market", "install", "greeting", env={"GGEN_REGISTRY_URL": web.url + place})


@test
def an_index_may_not_send_us_anywhere_as_somebody(home):
    other = publisher(home, "greeting")
    index = json.loads((other.path / "registry" / "index.json").read_text())
    shutil.copytree(other.path / "registry", home.dir / "www")
    with WebServer(home.dir / "www") as web:
        place = web.url.replace("//", "//me:secret@") + ARCHIVE
        index["packages"]["greeting"]["versions"][0]["download_url"] = place
        home.write("www/index.json", json.dumps(index))
        home.run("market", "install", "greeting", env=url(web), ok=1)
        equal(asked(web, ARCHIVE), [])


@test
def names_and_passwords_come_from_netrc(home):
    _, web = serve(home, "greeting")
    wanted = "Basic " + base64.b64encode(b"me:secret").decode()

    def guarded(handler, data):
        known = handler.headers.get("Authorization") == wanted
        handler.answer(200 if known else 401, data if known else b"")

    with web:
        web.fault("/index.json", guarded)
        contains(home.json("market", "search", env=url(web))["warnings"][0], "PERMISSION_DENIED")
        home.write(".netrc", "machine 127.0.0.1 login me password secret\n").chmod(0o600)
        equal(home.json("market", "search", env=url(web))["total"], 1)


@test
def a_server_that_does_not_take_a_connection_is_given_up(home):
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        crowd = [socket.socket() for _ in range(8)]         # who comes after them is not answered
        for one in crowd:
            one.setblocking(False)
            one.connect_ex(deaf.getsockname())
        env = {"GGEN_REGISTRY_URL": f"http://127.0.0.1:{deaf.getsockname()[1]}/"}
        found = home.json("market", "search", env=env)
        for one in crowd:
            one.close()
    contains(found["warnings"][0], "TIMEOUT")
    contains(found["warnings"][0], env["GGEN_REGISTRY_URL"])        # by who asks it, before others give up


# ---- TLS ---------------------------------------------------------------------------------------------

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


def secured(home, web):
    """The server speaks TLS with a certificate that nobody knows; its path."""
    if not shutil.which("openssl"):
        skip("openssl is not installed")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                    "-nodes", "-days", "2", "-subj", "/CN=here", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", "key.pem", "-out", "cert.pem"], cwd=home.dir, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(home.dir / "cert.pem", home.dir / "key.pem")
    web.secure(context)
    return home.dir / "cert.pem"


def believe(home, certificate):
    """From now on the commands of 'home' see this certificate as the system's only one."""
    words = ["unshare", "-rm", "sh", "-c", f'mount --bind "$0" {BUNDLE} && exec "$@"', certificate]
    if not os.path.exists(BUNDLE) or subprocess.run([*words, "true"], capture_output=True).returncode:
        skip("the system's certificates cannot be others here")
    home.prefix = words


@test
def a_certificate_that_nobody_knows_is_refused_and_one_that_is_known_is_not(home):
    _, web = serve(home, "greeting")
    certificate = secured(home, web)
    with web:
        contains(home.json("market", "search", env=url(web))["warnings"][0], "SECURITY")
        equal(web.log, [])
        believe(home, certificate)
        home.run("market", "install", "greeting", env=url(web))


@test
def from_https_nobody_is_led_to_http(home):
    _, web = serve(home, "greeting")
    front = WebServer(home.dir)
    believe(home, secured(home, front))
    with web, front:
        front.fault("/index.json", redirect(web.url + "index.json"))
        found = home.json("market", "search", env=url(front))
        equal((found["total"], found["incomplete"], web.log), (0, True, []))


main()
