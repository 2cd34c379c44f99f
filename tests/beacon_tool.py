# SPDX-License-Identifier: MIT
"""Hear and forge beacons of a local network (actors/swarm/beacon.h), for tests.

    beacon_tool.py hear IP              print "SOURCE PORT asks|says KEY" of each, a line
    beacon_tool.py flood SECS RATE LEAST IP...
        send RATE a second from these addresses by turns, so long and until LEAST were sent and one
        was dialled: forged keys, each from where "dialled" is counted at TCP port 4999, and garbage;
        print "flooding", then "sent N dialled M in SECS s"
"""
import os
import random
import selectors
import socket
import struct
import sys
import time

GROUP, PORT, TRAP = "239.255.103.101", 24119, 4999


def hear(ip):
    ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    ear.bind((GROUP, PORT))
    ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                   socket.inet_aton(GROUP) + socket.inet_aton(ip))
    print("hearing", flush=True)
    while True:
        data, source = ear.recvfrom(2048)
        port = struct.unpack_from("!H", data, 6)[0]
        print(source[0], port, "asks" if data[5] & 1 else "says", data[8:].hex(), flush=True)


def forged():
    kind = random.randrange(4)
    beacon = b"ggen\x01" + bytes([random.randrange(2)]) + struct.pack("!H", TRAP) + os.urandom(32)
    if kind == 0:
        return os.urandom(random.randrange(1400))
    if kind == 1:
        return beacon[:random.randrange(40)] if random.randrange(2) else beacon + os.urandom(1000)
    return beacon


class Trap:
    """Who dials is counted, and hears nothing."""

    def __init__(self):
        self.listener = socket.create_server(("0.0.0.0", TRAP), backlog=512)
        self.listener.setblocking(False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.dialled = []

    def look(self, wait_s):
        while self.selector.select(wait_s):
            self.dialled.append(self.listener.accept()[0])
            wait_s = 0


def flood(secs, rate, least, ips):
    mouths = []
    for ip in ips:
        mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        mouth.bind((ip, 0))
        mouth.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(ip))
        mouths.append(mouth)
    trap, sent, began = Trap(), 0, time.monotonic()
    print("flooding", flush=True)
    while (passed := time.monotonic() - began) < secs or sent < least or not trap.dialled:
        while sent < passed * rate:
            mouths[sent % len(mouths)].sendto(forged(), (GROUP, PORT))
            sent += 1
        trap.look(0.001)
    trap.look(0)
    print(f"sent {sent} dialled {len(trap.dialled)} in {int(passed)} s", flush=True)


if sys.argv[1] == "hear":
    hear(sys.argv[2])
else:
    flood(float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5:])
