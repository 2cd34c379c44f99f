# SPDX-License-Identifier: MIT
"""A DNS server for tests: answers over UDP from a zone, and with NXDOMAIN for what is not in it.

    dns_responder.py IP ZONE.json       {"node.test": {"A": ["10.0.0.1"], "AAAA": [...], "TXT": [...]}}

It prints "serving" once it does, and then each question, a line each.
"""
import ipaddress
import json
import socket
import struct
import sys

TYPES = {1: "A", 16: "TXT", 28: "AAAA"}


def read_question(message):
    """(name, type, bytes of the question)."""
    at, labels = 12, []
    while message[at]:
        labels.append(message[at + 1:at + 1 + message[at]].decode("ascii").lower())
        at += 1 + message[at]
    return ".".join(labels), struct.unpack_from("!H", message, at + 1)[0], message[12:at + 5]


def data_of(kind, value):
    if kind != "TXT":
        return ipaddress.ip_address(value).packed
    text = value.encode()
    parts = [text[at:at + 255] for at in range(0, len(text), 255)]
    return b"".join(bytes([len(part)]) + part for part in parts)


def answer(message, zone):
    name, kind, question = read_question(message)
    records = zone.get(name, {}).get(TYPES.get(kind), [])
    body = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 1, len(data)) + data
                    for data in (data_of(TYPES[kind], value) for value in records))
    flags = 0x8580 if name in zone else 0x8583
    print(TYPES.get(kind, kind), name, flush=True)
    return message[:2] + struct.pack("!HHHHH", flags, 1, len(records), 0, 0) + question + body


def main():
    with open(sys.argv[2], encoding="utf-8") as file:
        zone = json.load(file)
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((sys.argv[1], 53))
    print("serving", flush=True)
    while True:
        message, sender = server.recvfrom(4096)
        server.sendto(answer(message, zone), sender)


main()
