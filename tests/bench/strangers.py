#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Strangers at the TCP port of a node: they prove no key.

    strangers.py ATTACK IP PORT SECONDS COUNT [SOURCE...]

silent     COUNT connections that say nothing
garbage    random bytes, and again, on COUNT connections
header     a greeting, then a frame whose header says 64 GiB, and bytes of it
multipart  a greeting, then frames of 60 kB that all say that one more follows
opening    half of what a bulk connection begins with, and no more
nothing    no connections: what measuring beside an idle process gives
spin       no connections: what a busy processor alone does

Who is cut off comes again, at most 2,000 times a second. SOURCE: addresses to come from, in turn ("10.78.0.0/16":
each of those once). It says "begun", and in the end how much was said and how often one was cut off.
"""
import ipaddress
import itertools
import os
import selectors
import socket
import struct
import sys
import time

GREETING = b"\xff" + bytes(7) + b"\x01\x7f\x03\x01" + b"CURVE".ljust(20, b"\0") + bytes(32)
MORE = b"\x03" + struct.pack(">Q", 60000) + bytes(60000)        # long, one more follows
RENEWED_MAX = 40                                                # in a turn of 20 ms

#  What is said first, and then again and again.
WORDS = {"silent": (b"", b""), "garbage": (os.urandom(65536),) * 2,
         "header": (GREETING + b"\x02" + struct.pack(">Q", 64 << 30), bytes(65536)),
         "multipart": (GREETING + MORE, MORE), "opening": (b"ggbulk1\0" + bytes(32), b""),
         "nothing": (b"", b""), "spin": (b"", b"")}


def sources(words):
    return itertools.cycle([str(ip) for word in words for ip in itertools.islice(
        ipaddress.ip_network(word).hosts() if "/" in word else [word], 4096)] or [""])


class Strangers:
    def __init__(self, attack, place, count, come_from):
        self.first, self.again = WORDS[attack]
        self.place, self.come_from, self.count = place, come_from, count
        self.selector = selectors.DefaultSelector()
        self.bytes = self.cuts = 0
        self.tries = self.alive = 0

    def come(self):
        one = socket.socket()
        one.setblocking(False)
        source = next(self.come_from)
        self.tries += 1
        try:
            if source:
                one.bind((source, 0))
            one.connect_ex(self.place)
        except OSError:
            one.close()
            return
        self.alive += 1
        self.selector.register(one, selectors.EVENT_READ | selectors.EVENT_WRITE, [self.first])

    def gone(self, one):
        self.selector.unregister(one)
        one.close()
        self.alive -= 1
        self.cuts += 1

    def look(self, one, events, rest):
        try:
            if events & selectors.EVENT_READ and one.recv(4096) == b"":
                self.gone(one)
                return
            if events & selectors.EVENT_WRITE and rest[0]:
                sent = one.send(rest[0])
                self.bytes += sent
                rest[0] = rest[0][sent:] or self.again
            if not self.again and not rest[0]:
                self.selector.modify(one, selectors.EVENT_READ, rest)
        except BlockingIOError:
            pass
        except OSError:
            self.gone(one)

    def turn(self, come_max):
        for _ in range(min(come_max, self.count - self.alive)):
            self.come()
        until = time.monotonic() + 0.02
        while (left := until - time.monotonic()) > 0:
            for key, events in self.selector.select(left):
                self.look(key.fileobj, events, key.data)


def main():
    attack, ip, port, seconds, count = sys.argv[1:6]
    idle = attack in ("nothing", "spin")
    those = Strangers(attack, (ip, int(port)), 0 if idle else int(count), sources(sys.argv[6:]))
    those.turn(those.count)
    print("begun", flush=True)
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        if attack != "spin":
            those.turn(RENEWED_MAX)
    print(f"{those.tries} connections, {those.bytes >> 20} MiB, cut {those.cuts} times")


if __name__ == "__main__":
    main()
