# SPDX-License-Identifier: MIT
"""The HTTP endpoint of a node: its pages, what it refuses, and that a copy of a registry is made of it."""
import hashlib
import http.client
import json
import re
import socket
import urllib.request
from urllib.error import HTTPError
from urllib.parse import quote

from homes import make_pack
from tap import PACKS, contains, equal, lacks, main, matches, running, skip, test, true, wait_until


def serve(home, *options, **more):
    """Start a node with an endpoint; its URL."""
    home.run("node", "run", "--daemon", "--http", "127.0.0.1:0", *options, **more)
    log = (home.path / "run" / "node.log").read_text(encoding="utf-8")
    return matches(log, r"^info node.http url=(http://127.0.0.1:\d+)$")[1]


def get(url):
    """(status, type, body)"""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read()


@test
def each_page_is_there(home):
    publish_greetings(home)
    url = serve(home)
    equal(get(f"{url}/health"), (200, "text/plain", b"ok\n"))
    status, kind, body = get(f"{url}/metrics")
    equal((status, kind), (200, "text/plain; version=0.0.4"))
    true("marketplace_install_success_total" in names(body.decode()), "metrics")
    if home.json("--version", schema="version")["features"]["p2p"]:
        equal(names(body.decode()), names(home.run("p2p", "metrics").out))
    status, kind, body = get(f"{url}/packages")
    equal((status, kind), (200, "application/json"))
    equal([package["id"] for package in json.loads(body)["results"]], ["greeting-core", "greeting-rest"])
    body = json.loads(get(f"{url}/packages/greeting-core")[2])
    equal((body["id"], [package["version"] for package in body["versions"]]),
          ("greeting-core", ["1.0.0", "1.1.0"]))
    equal(json.loads(get(f"{url}/")[2])["program"], "ggen")


def publish_greetings(home):
    home.run("market", "key", "generate")
    for pack in ("greeting-core-1.0.0", "greeting-core-1.1.0", "greeting-rest"):
        home.run("market", "publish", PACKS / pack)


def names(text):
    return re.findall(r"^(?!#)(\S+) ", text, re.MULTILINE)


@test
def it_is_a_registry_for_others(home):
    publish_greetings(home)
    url = serve(home)
    status, kind, body = get(f"{url}/index.json")
    equal((status, kind), (200, "application/json"))
    equal(body, (home.path / "registry" / "index.json").read_bytes())
    count = 0
    for name, package in json.loads(body)["packages"].items():
        for version in package["versions"]:
            for place in (version["download_url"], f"packages/{quote(name, safe='')}/{version['version']}/download"):
                status, kind, archive = get(f"{url}/{place}")
                equal((status, kind), (200, "application/gzip"))
                equal(hashlib.sha256(archive).hexdigest(), version["checksum"])
                count += 1
    equal(count, 6)


@test
def ids_with_a_slash_are_percent_encoded(home):
    home.run("market", "key", "generate")
    home.run("market", "publish", make_pack(home, "@team/download"))
    url = serve(home)
    for name in ("%40team%2Fdownload", "@team/download"):
        equal(json.loads(get(f"{url}/packages/{name}")[2])["id"], "@team/download")
        equal(get(f"{url}/packages/{name}/1.0.0/download")[0], 200)


@test
def nothing_else_can_be_read(home):
    publish_greetings(home)
    (home.path / "registry" / "secret-1.0.0.tar.gz").write_bytes(b"secret")
    inside = home.path / "registry" / "greeting-core" / "1.0.0"
    inside.chmod(0o755)
    url = serve(home)
    for path in ("/index.db", "/generation", "/../run/node.lock", "/..%2Frun%2Fnode.lock", "/packages/..",
                 "/packages/../keys/default.key", "/greeting-core/1.0.0/record", "/greeting-core/1.0.0/",
                 "/greeting-core/1.0.0/greeting-core-1.0.0.tar.gz/x", "/packages/absent",
                 "/packages/greeting-core/9.9.9/download", "/packages/greeting-core/../1.0.0/download",
                 "/.tmp/x/1.0.0/x-1.0.0.tar.gz", "//etc/passwd", "/packages/%00", "/" + "x" * 3000,
                 "/packages/greeting-core/1.0.0/", "/favicon.ico"):
        status, _, body = get(url + path)
        equal(status, 404, path)
        lacks(body.decode(), "secret")
    (inside / "greeting-core-1.0.0.tar.gz").rename(inside / "moved")
    (inside / "greeting-core-1.0.0.tar.gz").symlink_to("moved")
    equal(get(f"{url}/packages/greeting-core/1.0.0/download")[0], 404)


@test
def what_does_not_begin_with_a_slash_is_no_path(home):
    publish_greetings(home)
    port = int(serve(home).rpartition(":")[2])
    for target in (b"", b"*", b"index.json", b"xgreeting-core/1.0.0/greeting-core-1.0.0.tar.gz"):
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            matches(connection.makefile("rb").readline().decode(), r"^HTTP/1\.1 40[04] ")


@test
def it_is_read_only(home):
    url = serve(home)
    connection = http.client.HTTPConnection(url[7:], timeout=30)
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        connection.request(method, "/packages", body=b"x" * 1000)
        answer = connection.getresponse()
        equal((answer.status, answer.read()), (405, b"only GET and HEAD\n"))
    connection.request("HEAD", "/health")
    answer = connection.getresponse()
    equal((answer.status, answer.read()), (200, b""))


@test
def many_silent_connections_do_not_stop_it(home):
    url = serve(home)
    port = int(url.rpartition(":")[2])
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(50)]
    silent[0].sendall(b"\0\xff" * 1000 + b"\r\n\r\n")
    silent[1].sendall(b"GET / HTTP/1.1\r\nX: " + b"y" * 100000)
    equal(get(f"{url}/health")[0], 200)
    for connection in silent:
        connection.close()
    equal(get(f"{url}/health")[0], 200)


@test
def a_request_has_32_kib_for_its_headers(home):
    connection = http.client.HTTPConnection(serve(home)[7:], timeout=30)
    for size, status in ((20_000, 200), (60_000, 431)):
        connection.request("GET", "/health", headers={"X": "y" * size})
        answer = connection.getresponse()
        answer.read()
        equal(answer.status, status, f"with {size} bytes")


@test
def where_it_cannot_listen_the_node_does_not_run(home):
    url = serve(home)
    other = home.another()
    refused = other.run("node", "run", "--http", url[7:], ok=1)
    contains(refused.err, f"error: http.listen: cannot listen on {url[7:]}: Address already in use")
    refused = other.run("node", "run", "--daemon", "--http", url[7:], ok=1)
    contains(refused.err, "Address already in use")
    wait_until(lambda: other.node_pid() is None, what="its end")
    contains(other.run("node", "run", "--http", "nonsense", ok=1).err, '--http: http.listen: expected "HOST:PORT"')
    contains(home.run("node", "run", "--http", url[7:], ok=1).err, "already running")


@test
def it_ends_with_the_node(home):
    url = serve(home)
    pid = home.node_pid()
    equal(get(f"{url}/health")[0], 200)
    home.stop_node()
    true(not running(pid), "the node has ended")
    try:
        get(f"{url}/health")
        skip("somebody else listens there now")
    except OSError:
        pass


main()
