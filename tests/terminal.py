# SPDX-License-Identifier: MIT
"""ggen at a terminal: what it shows there, and what somebody types."""
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios

from tap import DEADLINE_S, Failure, clean_environment, ggen_path


def read_some(master):
    if not select.select([master], [], [], DEADLINE_S)[0]:
        raise Failure("silence")
    return os.read(master, 65536)


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
        while part := read_some(master):
            got += part
    except OSError:
        pass                    # the last one closed its end
    except Failure:
        child.kill()
        raise Failure(f"silent for {DEADLINE_S} s after {got.decode('utf-8', 'replace')!r}") from None
    finally:
        os.close(master)
        rc = child.wait()
    return got.decode("utf-8").replace("\r\n", "\n"), rc


def on_terminal(home, *words, **options):
    """The same, without the exit code."""
    return at_terminal(home, *words, **options)[0]
