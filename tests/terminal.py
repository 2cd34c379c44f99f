# SPDX-License-Identifier: MIT
"""ggen at a terminal: what it shows there, and what somebody types."""
import fcntl
import os
import pty
import struct
import subprocess
import termios

from tap import clean_environment, ggen_path


def at_terminal(home, *words, typed="", columns=80, term="xterm", locale="C.UTF-8"):
    """What a terminal of so many columns gets from ggen, and the exit code; 'typed' waits for it."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {**clean_environment(home.dir), "TERM": term, "LC_ALL": locale, "NO_COLOR": "1"}
    child = subprocess.Popen([ggen_path(), *map(str, words)], cwd=home.dir, env=environment,
                             stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    os.write(master, typed.encode())
    got = b""
    try:
        while part := os.read(master, 65536):
            got += part
    except OSError:
        pass                    # the last one closed its end
    os.close(master)
    rc = child.wait()
    return got.decode("utf-8").replace("\r\n", "\n"), rc


def on_terminal(home, *words, **options):
    """The same, without the exit code."""
    return at_terminal(home, *words, **options)[0]
