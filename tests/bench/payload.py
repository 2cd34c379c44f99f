# SPDX-License-Identifier: MIT
"""What the local bench installs and searches: the same bytes on every machine.

big    one package of 1,000 files and a manifest, 10 MB of text as of source code
small  100 packages of 10 files and a manifest, 2 KB each
"""
import gzip
import io
import json
import random
import tarfile

BIG_FILES, BIG_SIZE = 1000, 10240
SMALL_COUNT, SMALL_FILES, SMALL_SIZE = 100, 10, 2048
FOLDERS = 20
WORDS = 4000
MTIME = 1700000000


def small_name(number):
    return f"bench-small-{number:03d}"


def make_words(rng):
    letters = "abcdefghijklmnopqrstuvwxyz"
    return ["".join(rng.choice(letters) for _ in range(rng.randint(2, 10))) for _ in range(WORDS)]


def make_text(rng, words, size):
    lines, used = [], 0
    while used < size:
        line = " ".join(rng.choice(words) for _ in range(rng.randint(3, 12)))
        line += rng.choice([";", "{", "}", f" = {rng.getrandbits(48):x};"]) + "\n"
        lines.append(line)
        used += len(line)
    return "".join(lines).encode()[:size]


def make_files(rng, words, name, count, size):
    """{path: bytes} of a package."""
    manifest = {"name": name, "version": "1.0.0", "license": "MIT", "description": f"payload {name}"}
    files = {"package.json": json.dumps(manifest).encode()}
    for i in range(count):
        length = size + rng.randint(-size // 4, size // 4)
        files[f"src/d{i % FOLDERS:02d}/f{i:04d}.js"] = make_text(rng, words, length)
    return files


def packages():
    """[(name, files)]: the big one, then the small ones."""
    rng = random.Random(3)
    words = make_words(rng)
    made = [("bench-big", make_files(rng, words, "bench-big", BIG_FILES, BIG_SIZE))]
    for i in range(SMALL_COUNT):
        made.append((small_name(i), make_files(rng, words, small_name(i), SMALL_FILES, SMALL_SIZE)))
    return made


def write_tree(folder, files):
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def write_archive(path, files, top="package/"):
    """A .tar.gz of these files, all below 'top'."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(files):
            entry = tarfile.TarInfo(top + name)
            entry.size, entry.mtime, entry.mode = len(files[name]), MTIME, 0o644
            archive.addfile(entry, io.BytesIO(files[name]))
    path.write_bytes(gzip.compress(packed.getvalue(), 6, mtime=0))
