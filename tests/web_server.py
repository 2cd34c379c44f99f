# SPDX-License-Identifier: MIT
"""A web server over a directory, for tests of the HTTP registry: ETag, ranges, a log, and faults.

    with WebServer(home.path / "registry") as web:
        web.url                     # "http://127.0.0.1:PORT/"
        web.log                     # ["GET /index.json 200", ...]
        web.fault("tar.gz", cut)    # what a path with this in its name is answered by; None ends it

A fault is a function of (handler, data): it answers by itself.
"""
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = self.server.root / self.path.partition("?")[0].lstrip("/")
        for part, answer in self.server.faults.items():
            if part in self.path:
                self.note("fault")
                return answer(self, path.read_bytes() if path.is_file() else b"")
        if not path.is_file():
            return self.answer(404, b"no such thing")
        data = path.read_bytes()
        etag = '"' + hashlib.sha256(data).hexdigest()[:20] + '"'
        if self.headers.get("If-None-Match") == etag:
            return self.answer(304, b"", ETag=etag)
        begin = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0]
        if "Range" in self.headers and int(begin) < len(data):
            span = f"bytes {begin}-{len(data) - 1}/{len(data)}"
            return self.answer(206, data[int(begin):], **{"ETag": etag, "Content-Range": span})
        return self.answer(200, data, ETag=etag)

    def answer(self, status, data, **headers):
        self.note(status)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def note(self, what):
        self.server.log.append(f"GET {self.path} {what}")

    def log_message(self, *_):
        pass


class WebServer:
    def __init__(self, root, port=0):
        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._server.root, self._server.faults, self._server.log = Path(root), {}, []
        self._server.handle_error = lambda *_: None     # a client that goes away is no error here
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self.log = self._server.log
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def secure(self, context):
        """Speak TLS, from the start."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.port}/"

    def fault(self, part, answer):
        if answer is None:
            self._server.faults.pop(part)
        else:
            self._server.faults[part] = answer

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


def cut(at):
    """Promise all, send so many bytes, hang up."""
    def answer(handler, data):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data[:at])
        handler.close_connection = True
    return answer


def endless(handler, data):
    """Bytes without an end, or until the client has had enough."""
    handler.send_response(200)
    handler.end_headers()
    handler.close_connection = True
    try:
        while True:
            handler.wfile.write(data or b"x" * 65536)
    except OSError:
        pass


def status(number):
    return lambda handler, data: handler.answer(number, b"")


def instead(other):
    return lambda handler, data: handler.answer(200, other)


def whole(handler, data):
    """A server that knows no ranges."""
    handler.answer(200, data)


def beside(handler, data):
    """Another part than the one that was asked for."""
    if "Range" not in handler.headers:
        return handler.answer(200, data)
    span = f"bytes 50-{len(data) - 1}/{len(data)}"
    handler.answer(206, data[50:], **{"Content-Range": span})


def redirect(to):
    return lambda handler, data: handler.answer(302, b"", Location=to)
