# SPDX-License-Identifier: MIT
"""Make this network namespace a router that hides what is behind it: a source NAT, by nf_tables.

    masquerade.py INTERFACE     what leaves by this interface gets its address

It speaks netlink itself (linux/netfilter/nf_tables.h), so the tests need no nft program.
"""
import socket
import struct
import sys

NFTABLES, IPV4 = 10, 2
REQUEST, ACK, CREATE, APPEND = 0x1, 0x4, 0x400, 0x800
NEWTABLE, NEWCHAIN, NEWRULE = 0, 3, 6
POSTROUTING, SOURCE_NAT_PRIORITY, META_OUT_NAME, REGISTER, EQUAL = 4, 100, 7, 1, 0


def attribute(kind, data):
    size = 4 + len(data)
    return struct.pack("=HH", size, kind) + data + bytes(-size % 4)


def text(kind, value):
    return attribute(kind, value.encode() + b"\0")


def number(kind, value):
    return attribute(kind, struct.pack("!I", value))


def nested(kind, *parts):
    return attribute(kind | 0x8000, b"".join(parts))


def expression(name, *parts):
    return nested(1, text(1, name), nested(2, *parts))


def message(sequence, kind, flags, family, body, resource=0):
    body = struct.pack("!BBH", family, 0, resource) + body
    return struct.pack("=IHHII", 16 + len(body), kind, flags, sequence, 0) + body


def apply(changes):
    """Have all of them, or none."""
    batch = message(0, 16, REQUEST, 0, b"", NFTABLES)
    for sequence, (kind, flags, body) in enumerate(changes, 1):
        batch += message(sequence, NFTABLES << 8 | kind, REQUEST | ACK | CREATE | flags, IPV4, body)
    batch += message(len(changes) + 1, 17, REQUEST, 0, b"", NFTABLES)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as link:
        link.bind((0, 0))
        link.settimeout(5)
        link.send(batch)
        for _ in changes:
            answer = link.recv(8192)
            error = struct.unpack_from("=i", answer, 16)[0]
            if struct.unpack_from("=IH", answer)[1] == 2 and error != 0:
                raise OSError(-error, "nf_tables")


def main():
    name = sys.argv[1].encode().ljust(16, b"\0")
    rule = nested(4, expression("meta", number(2, META_OUT_NAME), number(1, REGISTER)),
                  expression("cmp", number(1, REGISTER), number(2, EQUAL), nested(3, attribute(1, name))),
                  nested(1, text(1, "masq")))
    hook = nested(4, number(1, POSTROUTING), number(2, SOURCE_NAT_PRIORITY))
    apply([(NEWTABLE, 0, text(1, "nat")),
           (NEWCHAIN, 0, text(1, "nat") + text(3, "out") + hook + text(7, "nat")),
           (NEWRULE, APPEND, text(1, "nat") + text(2, "out") + rule)])


main()
