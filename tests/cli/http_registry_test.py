# SPDX-License-Identifier: MIT
"""A registry that a web server has: registry.url, and sources that are URLs. The server is the test's own."""
import hashlib
import http.server
import os
import re
import threading
from contextlib import contextmanager
from pathlib import Path

from homes import leftovers, make_pack, publish
from tap import PACKS, contains, equal, lacks, main, matches, test, true

CORE, REST = PACKS / "greeting-core-1.1.0", PACKS / "greeting-rest"
CHUNK = 16384


class Mirror:
    """Serves a directory. 'faults': of a path's end what is wrong with it; 'asked' has what came."""

    def __init__(self, root):
        self.root, self.faults, self.asked, self.tags = Path(root), {}, [], True
        mirror = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                mirror.answer(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self):
        self.server.shutdown()
        self.server.server_close()

    def count(self, end):
        """How often a path that ends so was asked for."""
        return sum(path.endswith(end) for path, _, _ in self.asked)

    def answer(self, request):
        path = request.path.partition("?")[0]
        begin = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        fault = next((what for end, what in self.faults.items() if path.endswith(end)), None)
        file = self.root / path.lstrip("/")
        self.asked.append((path, begin and int(begin[1]), fault))
        if fault == "status":
            return self.send(request, 503, b"later")
        if isinstance(fault, str) and fault.startswith("to:"):
            return self.send(request, 302, b"", {"Location": fault[3:]})
        if not file.is_file():
            return self.send(request, 404, b"no such file")
        data = file.read_bytes()
        tag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
        if self.tags and request.headers.get("If-None-Match") == tag:
            return self.send(request, 304, b"", {"ETag": tag})
        if fault == "wrong":
            data = bytes([data[0] ^ 1]) + data[1:]
        if fault == "long":
            data += b"x" * 100000
        more = {"ETag": tag} if self.tags else {}
        if begin and fault != "no parts":
            first = int(begin[1])
            if first >= len(data):
                return self.send(request, 416, b"", {"Content-Range": f"bytes */{len(data)}"})
            more["Content-Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"
            return self.send(request, 206, data[first:], more)
        return self.send(request, 200, data, more, fault if isinstance(fault, int) else None)

    @staticmethod
    def send(request, status, data, more=None, cut=None):
        try:
            request.send_response(status)
            for name, value in (more or {}).items():
                request.send_header(name, value)
            request.send_header("Content-Length", str(len(data)))
            request.end_headers()
            request.wfile.write(data[:cut])
            if cut is not None:
                request.close_connection = True
        except OSError:
            request.close_connection = True         # The other side has heard enough


@contextmanager
def mirror_of(home, *packs):
    """A publisher's registry with these packs on a server, and a fresh home whose settings name it."""
    publish(home, *packs)
    mirror = Mirror(home.path / "registry")
    user = home.another()
    user.write("ggen/config.toml", f'[registry]\nurl = "{mirror.url}"\n')
    try:
        yield mirror, user
    finally:
        mirror.end()


def code(document):
    return document["error"]["code"]


def large(home):
    """A pack whose archive has 600 KB: random bytes do not shrink."""
    pack = make_pack(home, "large")
    (pack / "data.bin").write_bytes(os.urandom(600_000))
    return pack


def archive(home, name="large"):
    return next((home.path / "registry" / name).rglob("*.tar.gz"))


def kept(user):
    """Files that downloads have left."""
    folder = user.path / "cache/web/archives"
    return sorted(path.name[64:] for path in folder.iterdir()) if folder.is_dir() else []


# ---- what it is for ----------------------------------------------------------------------------------

@test
def what_a_server_has_is_found_and_installed_with_dependencies(home):
    with mirror_of(home, CORE, REST) as (mirror, user):
        equal([hit["id"] for hit in user.json("market", "search", "greeting")["results"]],
              ["greeting-core", "greeting-rest"])
        shown = user.json("market", "install", "greeting-rest")
        equal({step["name"] for step in shown["steps"]}, {"greeting-core", "greeting-rest"})
        true(shown["fetched_bytes"] > 2000, "archives came")
        equal(user.json("market", "verify")["ok"], True)
        info = user.json("market", "info", "greeting-core")
        contains(info["package"]["location"], f"{mirror.url}/greeting-core/1.1.0/")
        equal(kept(user), [])
        equal(leftovers(user), [])


@test
def it_is_asked_by_its_names_and_alone(home):
    with mirror_of(home, CORE) as (_, user):
        for name in ("http", "central"):
            equal(user.json("market", "search", "--registry", name)["total"], 1, name)
        equal(user.json("market", "search", "--registry", "file")["total"], 0)
        user.write("ggen/config.toml", (user.path / "config.toml").read_text() + 'mode = "http"\n')
        user.run("market", "install", "greeting-core")
        equal(user.json("config", "validate")["warnings"], [])


@test
def nothing_is_published_to_it(home):
    with mirror_of(home, CORE) as (_, user):
        error = user.json("market", "publish", REST, "--registry", "http", ok=False, schema="error")["error"]
        true(error["code"] in ("PERMISSION_DENIED", "FEATURE_NOT_ENABLED", "VALIDATION"), error["code"])


@test
def an_index_that_has_not_changed_is_neither_sent_nor_read_again(home):
    with mirror_of(home, CORE) as (mirror, user):
        equal(user.json("market", "search")["total"], 1)
        database = next((user.path / "cache/web").rglob("index.db"))
        before = database.stat().st_mtime_ns
        equal(user.json("market", "search")["total"], 1)
        equal(database.stat().st_mtime_ns, before, "the index")
        publish(home, REST)
        equal(user.json("market", "search")["total"], 2)
        mirror.tags = False
        equal(user.json("market", "search")["total"], 2)


@test
def a_node_asks_it_for_all_its_clients(home):
    with mirror_of(home, CORE) as (mirror, user):
        user.run("node", "run", "--daemon")
        for _ in range(3):
            equal(user.json("market", "search")["total"], 1)
        equal(mirror.count("/index.json"), 1, "within half a minute")
        user.run("market", "install", "greeting-core")
        user.stop_node()


@test
def another_node_is_such_a_server(home):
    publish(home, CORE, REST)
    home.run("node", "run", "--daemon", "--http", "127.0.0.1:0")
    url = matches((home.path / "run/node.log").read_text(), r"^info node.http url=(http://\S+)$")[1]
    user = home.another()
    user.run("market", "install", "greeting-rest", env={"GGEN_REGISTRY_URL": url})
    equal(user.json("market", "verify")["ok"], True)


@test
def a_copy_made_by_sync_is_one_too(home):
    publish(home, CORE, REST)
    home.run("market", "registry", "sync", "--from", "file", "--to", home.dir / "copy")
    mirror = Mirror(home.dir / "copy")
    user = home.another()
    user.run("market", "install", "greeting-rest", env={"GGEN_REGISTRY_URL": f"{mirror.url}/index.json"})
    mirror.end()


@test
def a_source_may_be_an_url(home):
    with mirror_of(home, CORE) as (mirror, _):
        user = home.another()
        user.run("market", "registry", "add", "web", mirror.url)
        found = user.json("market", "search")
        equal([(hit["id"], hit["source"]) for hit in found["results"]], [("greeting-core", "web")])
        user.run("market", "install", "greeting-core")
        user.run("market", "registry", "remove", "web")
        equal(user.json("market", "search")["total"], 0)


@test
def a_yank_comes_with_the_signed_head(home):
    with mirror_of(home, CORE) as (_, user):
        equal(user.json("market", "search")["total"], 1)
        home.run("market", "yank", "greeting-core@1.1.0", "--reason", "broken")
        equal(user.json("market", "search")["total"], 0)
        equal(code(user.json("market", "install", "greeting-core", ok=1)), "NO_MATCHING_VERSION")
        heads = (home.path / "registry/index.json").read_text()
        contains(heads, '"heads":["')


# ---- what goes wrong ---------------------------------------------------------------------------------

@test
def other_bytes_are_refused_and_nothing_of_them_stays(home):
    with mirror_of(home, CORE) as (mirror, user):
        mirror.faults[".tar.gz"] = "wrong"
        equal(code(user.json("market", "install", "greeting-core", ok=1)), "CHECKSUM_MISMATCH")
        mirror.faults[".tar.gz"] = "long"
        error = user.json("market", "install", "greeting-core", ok=1)["error"]
        equal(error["code"], "VALIDATION")
        contains(error["message"], "it is larger than")
        equal((kept(user), user.json("market", "list")["total"]), ([], 0))
        mirror.faults.clear()
        user.run("market", "install", "greeting-core")


@test
def a_transfer_that_broke_off_goes_on_where_it_ended(home):
    with mirror_of(home, large(home)) as (mirror, user):
        mirror.faults[".tar.gz"] = 400_000
        equal(code(user.json("market", "install", "large", ok=1)), "NETWORK")
        equal(kept(user), [".part"])
        mirror.faults.clear()
        user.run("market", "install", "large")
        equal(mirror.asked[-1][1], 400_000, "from where it was asked")
        equal(kept(user), [])


@test
def a_part_that_is_wrong_or_cannot_be_continued_is_brought_anew(home):
    with mirror_of(home, large(home)) as (mirror, user):
        for fault in (None, "no parts"):
            mirror.faults[".tar.gz"] = 300_000
            equal(code(user.json("market", "install", "large", ok=1)), "NETWORK")
            part = next((user.path / "cache/web/archives").iterdir())
            if fault is None:
                part.write_bytes(b"x" * 300_000)
            mirror.faults[".tar.gz"] = fault
            user.run("market", "install", "large")
            equal([begin for _, begin, _ in mirror.asked[-2:]], [300_000, None])
            user.run("market", "remove", "large")
            user.run("market", "clean", "--all")


@test
def without_the_server_what_it_listed_before_is_told_as_incomplete(home):
    with mirror_of(home, CORE) as (mirror, user):
        equal(user.json("market", "search")["incomplete"], False)
        mirror.faults["index.json"] = "status"
        found = user.json("market", "search")
        equal((found["total"], found["incomplete"]), (1, True))
        contains(found["warnings"][0], "status 503")
        user.run("market", "install", "greeting-core")
    found = user.json("market", "search")
    equal((found["total"], found["incomplete"]), (1, True))


@test
def a_server_that_was_never_reached_leaves_the_others(home):
    publish(home, CORE)
    away = {"GGEN_REGISTRY_URL": "http://127.0.0.1:1/"}
    found = home.json("market", "search", env=away)
    equal((found["total"], found["incomplete"]), (1, True))
    contains(found["warnings"][0], "http")
    home.run("market", "install", "greeting-core", env=away)
    error = home.json("market", "search", "--registry", "http", env=away, ok=1, schema="error")["error"]
    equal(error["code"], "NETWORK")
    contains(error["message"], "http://127.0.0.1:1/index.json")


@test
def an_index_that_is_none_is_refused(home):
    with mirror_of(home, CORE) as (mirror, user):
        for text in ("", "{", "[1", '{"packages": 3}'):
            (home.path / "registry/index.json").write_text(text)
            error = user.json("market", "search", "--registry", "http", ok=1, schema="error")["error"]
            equal(error["code"], "SERIALIZATION", text)
        mirror.faults["index.json"] = "to:file:///etc/passwd"
        equal(code(user.json("market", "search", "--registry", "http", ok=1, schema="error")), "VALIDATION")
        mirror.faults["index.json"] = f"to:{mirror.url}/index.json"
        equal(code(user.json("market", "search", "--registry", "http", ok=1, schema="error")), "NETWORK")


@test
def what_is_not_signed_by_whom_it_says_is_not_listed(home):
    with mirror_of(home, CORE, REST) as (_, user):
        path = home.path / "registry/index.json"
        first, _, rest = path.read_text().partition('"checksum":"')
        path.write_text(f'{first}"checksum":"{"0" * 64}{rest[64:]}')
        equal([hit["id"] for hit in user.json("market", "search")["results"]], ["greeting-rest"])


# ---- what is not asked -------------------------------------------------------------------------------

@test
def offline_nobody_is_asked(home):
    with mirror_of(home, CORE) as (mirror, user):
        user.run("market", "install", "greeting-core", "--offline", ok=1)
        equal(mirror.asked, [])


@test
def a_dry_run_leaves_nothing(home):
    with mirror_of(home, CORE) as (mirror, user):
        user.run("market", "install", "greeting-core", "--dry-run")
        true(mirror.count("/index.json") > 0, "it was asked")
        lacks(str(list(user.path.rglob("*"))), "cache/web")


main()
