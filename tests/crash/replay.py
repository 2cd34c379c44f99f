# SPDX-License-Identifier: MIT
"""What a power loss may leave of a directory, from the log of shim.c (mode "record").

The model is what POSIX promises and no more. A file's bytes and mode are on the disk once the file
was synced, a name once its directory was (a rename: the directory of the new name), all once syncfs
was called. Of what is not on the disk yet, any part may be. One call is one change: a rename happens
or not, a symbolic link comes with its target, a file without its bytes.
"""
import os
import stat
from pathlib import Path

RENAME_EXCHANGE = 2


class Inode:
    """A file, directory or link as it was before the first change."""

    def __init__(self, kind, mode=0, data=b"", mtime_ns=0):
        self.kind, self.mode, self.data, self.mtime_ns = kind, mode, data, mtime_ns
        self.names = {}         # of a directory: name -> number of an inode


class Change:
    """One line of the log, its paths made inodes."""

    def __init__(self, line, names=(), inode=None, apply=None, content=False):
        self.line = line
        self.names = names      # of (directory, name, inode that was there or None, inode or None)
        self.inode, self.apply, self.content = inode, apply, content
        self.durable_at = None  # index of the sync that puts it on the disk
        self.homes = ()         # the inodes whose sync does


class Recording:
    """A tree and the changes made to it."""

    def __init__(self, folder, log):
        self.inodes, self.changes, self._known = [], [], {}
        self.root = self._load(Path(folder))
        self._now = [dict(inode.names) for inode in self.inodes]    # names after all changes so far
        for line in Path(log).read_bytes().split(b"\n"):
            if line:
                self._read(line.decode().split("\t"))
        self._find_durability()

    # ---- the tree before

    def _add(self, inode):
        self.inodes.append(inode)
        return len(self.inodes) - 1

    def _load(self, path):
        info = path.lstat()
        mode = stat.S_IMODE(info.st_mode)
        if info.st_ino in self._known:
            return self._known[info.st_ino]
        if path.is_symlink():
            return self._add(Inode("link", mode, os.readlink(path).encode()))
        if not path.is_dir():
            number = self._add(Inode("file", mode, path.read_bytes(), info.st_mtime_ns))
            self._known[info.st_ino] = number
            return number
        number = self._add(Inode("directory", mode))
        for entry in sorted(path.iterdir()):
            self.inodes[number].names[entry.name] = self._load(entry)
        return number

    # ---- the log

    def _find(self, path):
        number = self.root
        for name in path.split("/") if path != "." else ():
            number = self._now[number][name]
        return number

    def _place(self, path):
        above, _, name = path.rpartition("/")
        return self._find(above or "."), name

    def _name(self, line, *entries):
        """Names change: (directory, name, inode or None) each."""
        names = []
        for directory, name, number in entries:
            names.append((directory, name, self._now[directory].get(name), number))
        for directory, name, number in entries:
            if number is None:
                self._now[directory].pop(name, None)
            else:
                self._now[directory][name] = number
        change = Change(line, names)
        change.homes = (names[-1][0],)
        self.changes.append(change)

    def _make(self, line, path, inode):
        number = self._add(inode)
        self._now.append({})
        self._name(line, (*self._place(path), number))

    def _alter(self, line, path, apply, content=False):
        number = self._find(path)
        change = Change(line, inode=number, apply=apply, content=content)
        change.homes = (number,)
        self.changes.append(change)

    def _read(self, fields):
        line = " ".join(fields[:3])[:120]
        call, path = fields[:2]
        if call == "create":
            self._make(line, path, Inode("file", int(fields[2], 8), b"", int(fields[3])))
        elif call == "bring":
            self._make(line, path, Inode("file", int(fields[2], 8), bytes.fromhex(fields[4]),
                                         int(fields[3])))
        elif call == "mkdir":
            self._make(line, path, Inode("directory", int(fields[2], 8)))
        elif call == "symlink":
            self._make(line, path, Inode("link", 0o777, fields[2].encode()))
        elif call == "link":
            self._name(line, (*self._place(fields[2]), self._find(path)))
        elif call == "rename":
            self._rename(line, path, fields[2], int(fields[3]))
        elif call == "unlink":
            self._name(line, (*self._place(path), None))
        elif call == "write":
            self._alter(line, path, written(int(fields[2]), bytes.fromhex(fields[4]),
                                            int(fields[3])), True)
        elif call == "size":
            self._alter(line, path, resized(int(fields[2]), int(fields[3])), True)
        elif call == "mode":
            self._alter(line, path, chmoded(int(fields[2], 8)))
        elif call in ("sync", "syncall"):
            change = Change(line)
            change.homes = (self._find(path),)
            self.changes.append(change)
        else:
            raise ValueError(f"an unknown line in the log: {line}")

    def _rename(self, line, old, new, flags):
        source, target = self._place(old), self._place(new)
        moved, there = self._find(old), self._now[target[0]].get(target[1])
        if flags & RENAME_EXCHANGE:
            self._name(line, (*source, there), (*target, moved))
        elif moved != there:            # else: two names of one file, and nothing happens
            self._name(line, (*source, None), (*target, moved))

    # ---- what is on the disk

    def _find_durability(self):
        for index, sync in enumerate(self.changes):
            words = sync.line.split()
            if words[0] not in ("sync", "syncall"):
                continue
            for change in self.changes[:index]:
                if change.durable_at is None and (words[0] == "syncall"
                                                  or sync.homes[0] in change.homes):
                    change.durable_at = index

    def is_change(self, index):
        change = self.changes[index]
        return bool(change.names) or change.apply is not None

    def split(self, count):
        """Of the first 'count' changes: (those on the disk, those that may be)."""
        durable, loose = [], []
        for index in range(count):
            if self.is_change(index):
                at = self.changes[index].durable_at
                (durable if at is not None and at < count else loose).append(index)
        return durable, loose

    # ---- trees

    def tree(self, kept, zeros=()):
        """{path: (inode, its changes)} after the changes 'kept' alone: a state, to compare.

        Those of 'zeros' (their index is there as ~index) made the file longer, their bytes are lost.
        """
        names = {}
        altered = {}
        for index in sorted(kept):
            change = self.changes[index]
            for directory, name, before, number in change.names:
                there = names.setdefault(directory, dict(self.inodes[directory].names))
                if number is not None:
                    there[name] = number
                elif there.get(name) == before:
                    del there[name]
            if change.apply:
                altered.setdefault(change.inode, []).append(index)
        found = {}

        def walk(number, path):
            inode = self.inodes[number]
            done = tuple(~index if index in zeros else index for index in altered.get(number, ()))
            found[path] = (number, done)
            if inode.kind == "directory" and path.count("/") < 40:
                for name, child in names.get(number, inode.names).items():
                    walk(child, f"{path}/{name}" if path else name)
        walk(self.root, "")
        return found

    def write(self, tree, folder):
        """Make 'folder' the tree. Names of one file are links of one file."""
        made = {}
        for path in sorted(tree):
            number, done = tree[path]
            inode, target = self.inodes[number], Path(folder, path)
            mode, data, mtime_ns = inode.mode, bytearray(inode.data), inode.mtime_ns
            for index in done:
                mode, mtime_ns = self.changes[max(index, ~index)].apply(
                    data, mode, mtime_ns, index < 0)
            if inode.kind == "directory":
                target.mkdir()
                target.chmod(mode | 0o700)
            elif inode.kind == "link":
                os.symlink(bytes(inode.data), target)
            elif number in made:
                os.link(made[number], target)
            else:
                made[number] = target
                target.write_bytes(data)
                target.chmod(mode)
                os.utime(target, ns=(mtime_ns, mtime_ns))


def written(offset, part, mtime_ns):
    def apply(data, mode, _, zeros):
        if len(data) < offset:
            data.extend(bytes(offset - len(data)))
        data[offset:offset + len(part)] = bytes(len(part)) if zeros else part
        return mode, mtime_ns
    return apply


def resized(size, mtime_ns):
    def apply(data, mode, _, zeros):
        del data[size:]
        data.extend(bytes(size - len(data)))
        return mode, mtime_ns
    return apply


def chmoded(to):
    def apply(data, mode, mtime_ns, zeros):
        return to, mtime_ns
    return apply


# ---- which states ----------------------------------------------------------------------------------

RANDOM_SUBSETS = 4
ENDED = "after the end"     # what was reported as done has to be done


def candidates(recording, count, generator):
    """Yield (what it is, changes kept, those of them that wrote zeros) of a loss after 'count' calls."""
    when = ENDED if count == len(recording.changes) else str(count)
    durable, loose = recording.split(count)
    content = [i for i in loose if recording.changes[i].content]
    yield f"{when}: all unsynced lost", durable, ()
    for kept in range(1, len(loose) + 1):
        yield f"{when}: the first {kept} of {len(loose)}", durable + loose[:kept], ()
    for lost in loose:
        yield (f"{when}: all but '{recording.changes[lost].line}'",
               durable + [i for i in loose if i != lost], ())
    for subset in range(RANDOM_SUBSETS if generator and len(loose) > 1 else 0):
        kept = [i for i in loose if generator.random() < 0.5]
        yield f"{when}: random subset {subset}", durable + kept, ()
    if content:
        names = [i for i in loose if i not in content]
        yield f"{when}: names without bytes", durable + names, ()
        yield f"{when}: zeros for bytes", durable + loose, frozenset(content)
    for inode in sorted({recording.changes[i].inode for i in content}):
        zeros = frozenset(i for i in content if recording.changes[i].inode == inode)
        line = recording.changes[min(zeros)].line
        yield f"{when}: zeros from '{line}'", durable + loose, zeros


def distinct(recording, generator):
    """{state: what it is}, of the different ones."""
    found = {}
    for count in range(len(recording.changes) + 1):
        for what, kept, zeros in candidates(recording, count, generator):
            state = frozenset(recording.tree(kept, zeros).items())
            if state not in found or what.startswith(ENDED):
                found[state] = what
    return found


def some(recording, generator, wanted):
    """[(state, what it is)], at random moments."""
    found = []
    for _ in range(wanted):
        count = generator.randint(0, len(recording.changes))
        what, kept, zeros = generator.choice(list(candidates(recording, count, generator)))
        found.append((frozenset(recording.tree(kept, zeros).items()), what))
    return found
