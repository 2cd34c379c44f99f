# SPDX-License-Identifier: MIT
"""Networks of the tests' own: hosts in network namespaces, joined by bridges.

    lan = Lan(home)                     # skips the test loudly where namespaces may not be made
    lan.host(home, "10.77.0.1/24")      # from now on the commands of 'home' run on that host
    lan.host(other, "10.77.0.2/24", "fd00:77::2/64")

Nobody has to be root: all of it lies in a user namespace. It ends with the processes that hold the
namespaces, which end with 'home'.
"""
import shutil
import subprocess
import sys

from tap import ROOT, Failure, skip

TOOLS = ("unshare", "nsenter", "ip", "sleep")
HELD_S = 600


def run(argv):
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"{argv}: exit code {done.returncode}: {done.stderr.strip()}")
    return done.stdout


class Host:
    """One network and mount namespace, held by a process."""

    def __init__(self, home, before, *kinds):
        script = f"ip link set lo up && echo held && exec sleep {HELD_S}"
        self.holder = home.start_program([*before, "unshare", *kinds, "sh", "-c", script])
        self.holder.wait_for("^held$")
        self.pid = self.holder.pid
        self.inside = ["nsenter", "-t", self.pid, "-U", "-n", "-m", "--preserve-credentials",
                       f"--wd={home.dir}"]

    def ip(self, *words):
        return run([*self.inside, "ip", *words])

    def run(self, *argv):
        return run([*self.inside, *argv])

    def see(self, path, text_path):
        """Have the file at 'text_path' in the place of 'path', for those on this host only."""
        self.run("mount", "--bind", text_path, path)


class Lan:
    """A switch, and hosts on it."""

    def __init__(self, home):
        missing = [tool for tool in TOOLS if not shutil.which(tool)]
        if missing:
            skip(f"no network of our own without {', '.join(missing)}")
        if subprocess.run(["unshare", "-rnm", "true"], capture_output=True).returncode != 0:
            skip("network namespaces may not be made here")
        self.switch = Host(home, [], "-rnm")
        self.count = 0
        self.bridge("lan0")

    def bridge(self, name):
        """One more network."""
        self.switch.ip("link", "add", name, "type", "bridge")
        self.switch.ip("link", "set", name, "up")

    def host(self, home, *addresses, network="lan0"):
        """Move 'home' to a new host with these addresses (IP/BITS)."""
        before = home.prefix
        home.prefix = []
        host = Host(home, self.switch.inside, "-nm")
        self.plug(host, *addresses, network=network)
        home.prefix = [*before, *host.inside]
        return host

    def router(self, home, outside, inside, network):
        """A host between "lan0" and 'network' that hides who is on 'network' behind its own address."""
        host = Host(home, self.switch.inside, "-nm")
        self.plug(host, outside)
        self.plug(host, inside, network=network, name="eth1")
        host.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        done = subprocess.run([*map(str, host.inside), sys.executable, ROOT / "tests" / "masquerade.py", "eth0"],
                              capture_output=True, text=True)
        if done.returncode != 0:
            skip(f"this kernel has no NAT: {done.stderr.splitlines()[-1]}")
        return host

    def plug(self, host, *addresses, network="lan0", name="eth0"):
        """One more interface of 'host', on the bridge 'network'."""
        self.count += 1
        port = f"port{self.count}"
        self.switch.ip("link", "add", port, "type", "veth", "peer", "name", name, "netns", host.pid)
        self.switch.ip("link", "set", port, "master", network, "up")
        host.ip("link", "set", name, "up")
        for address in addresses:
            nodad = ["nodad"] if ":" in address else []
            host.ip("address", "add", address, "dev", name, *nodad)
