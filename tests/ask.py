# SPDX-License-Identifier: MIT
"""Ask an actor of a running node something that no verb asks, for tests (/usr/bin/python3: zmq, protobuf).

    ask.py PROTOS BUS.ipc ACTOR REQUEST JSON        prints the answer as JSON; exit 1: a Failure
"""
import glob
import os
import subprocess
import sys
import tempfile

import zmq
from google.protobuf import descriptor_pool, json_format, message_factory

REQUEST, REPLY = 1, 2
DEADLINE_MS = 20000


def load(protos):
    """All messages by name."""
    with tempfile.TemporaryDirectory() as made:
        subprocess.run(["protoc", f"-I{protos}", f"--python_out={made}", *glob.glob(f"{protos}/*.proto")],
                       check=True)
        sys.path.insert(0, made)
        for path in sorted(glob.glob(f"{made}/*_pb2.py")):
            __import__(os.path.basename(path)[:-3])
    pool = descriptor_pool.Default()
    return lambda name: message_factory.MessageFactory(pool).GetPrototype(
        pool.FindMessageTypeByName(f"ggen.{name}"))


def main():
    protos, bus, actor, name, text = sys.argv[1:]
    message = load(protos)
    dealer = zmq.Context().socket(zmq.DEALER)
    dealer.linger = 0
    dealer.connect(f"ipc://{bus}")

    def ask(to, number, request):
        envelope = message("Envelope")(kind=REQUEST, id=number, type=request.DESCRIPTOR.name,
                                       budget_ms=DEADLINE_MS, to=to)
        setattr(envelope, "from", "client")
        dealer.send_multipart([to.encode(), envelope.SerializeToString(), request.SerializeToString()])
        while dealer.poll(DEADLINE_MS):
            answer = message("Envelope")()
            frames = dealer.recv_multipart()
            answer.ParseFromString(frames[0])
            if answer.kind == REPLY and answer.id == number:
                return message(answer.type).FromString(frames[1])
        sys.exit(f"{to} does not answer")

    ask("bus", 1, message("AttachRequest")(program="ask", protocol=1, pid=os.getpid()))
    reply = ask(actor, 2, json_format.Parse(text, message(name)()))
    print(json_format.MessageToJson(reply, preserving_proto_field_name=True))
    sys.exit(reply.DESCRIPTOR.name == "Failure")


main()
