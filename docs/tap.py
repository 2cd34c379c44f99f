#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Print every message of a node: docs/tap.py ~/.ggen/run/tap.ipc messages
import glob, subprocess, sys, tempfile, zmq
path, protos = sys.argv[1:]
with tempfile.TemporaryDirectory() as made:
    subprocess.run(["protoc", f"-I{protos}", f"--python_out={made}",
                    *glob.glob(f"{protos}/*.proto")], check=True)
    sys.path.insert(0, made)
    from node_pb2 import TapHeader
tap = zmq.Context().socket(zmq.SUB)
tap.subscribe("")
tap.connect(f"ipc://{path}")
whole = (parts for parts in iter(tap.recv_multipart, None) if len(parts) == 3)  # no hello of another tap
for topic, packed, body in whole:
    header = TapHeader.FromString(packed)
    sender, size = getattr(header.envelope, "from"), len(body) + header.attachment_bytes
    print(topic.decode(), sender, "->", header.to, f"id={header.envelope.id:x}",
          f"{size} B {header.latency_us} us", flush=True)
