#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Strangers who say nothing: in which order a node closes their connections.

    silent.py [--on] HOST PORT SOURCE...

One connection from each source address, in this order. Prints "closed N ..." when all have been closed:
their numbers from 0, first closed first. Those that are not let in are closed before those that are.
--on: goes on with new ones, ten times a second, until it is ended.
"""
import select
import socket
import sys


def dial(source, place):
    stranger = socket.socket(socket.AF_INET6 if ":" in source else socket.AF_INET)
    stranger.bind((source, 0))
    stranger.connect(place)
    return stranger


def is_closed(stranger):
    try:
        return not stranger.recv(64)        # else its greeting
    except ConnectionResetError:
        return True


def main():
    goes_on = sys.argv[1] == "--on"
    host, port, *sources = sys.argv[1 + goes_on:]
    place = (host, int(port))
    strangers = [dial(source, place) for source in sources]
    open_ones, order = set(range(len(strangers))), []
    while open_ones:
        readable, _, _ = select.select([strangers[number] for number in open_ones], [], [])
        closed = sorted(number for number in open_ones
                        if strangers[number] in readable and is_closed(strangers[number]))
        order += closed
        open_ones -= set(closed)
    print("closed", *order, flush=True)
    while goes_on:
        strangers = [dial(source, place) for source in sources]     # those before are closed by us
        select.select([], [], [], 0.1)


main()
