# SPDX-License-Identifier: MIT
"""p2p status and p2p metrics: what a node counts is what was done with it."""
import re
import time
from pathlib import Path

from homes import make_pack, publish
from nodes import id_of, start_daemon as start
from tap import (contains, equal, ggen_path, lacks, main, matches, skip, test, true,
                 wait_until)

SAMPLE = re.compile(r'^([a-z0-9_]+)(\{[a-z]+="[a-z0-9_]+"\})? (-?[0-9][0-9.e+-]*)$')
TYPES = {"counter", "gauge", "summary"}


def metrics(home):
    return home.json("p2p", "metrics")["metrics"]


def samples(text):
    """{series: value} of Prometheus text, which has to be well formed."""
    found, described = {}, {}
    for line in text.splitlines():
        if line.startswith("# "):
            _, word, name, rest = line.split(" ", 3)
            true(word in ("HELP", "TYPE") and name not in described.setdefault(word, {}), line)
            described[word][name] = rest
            continue
        name, labels, value = matches(line, SAMPLE.pattern).groups()
        family = name if name in described["TYPE"] else re.sub("_(sum|count)$", "", name)
        true(described["TYPE"][family] in TYPES and described["HELP"][family], f"{line} is described")
        true((name + (labels or "")) not in found, f"{line} is there once")
        found[name + (labels or "")] = float(value)
    return found


@test
def a_node_outside_the_network_tells_of_itself(home):
    home.run("node", "run", "-d")
    status = home.json("p2p", "status")
    equal((status["running"], status["network"], status["pid"]), (True, False, home.node_pid()))
    true("peer_id" not in status and "actors" not in status, "nothing of a network")
    true(status["disk_free_bytes"] > 0, "room on the disk")
    printed = home.run("p2p", "status").out
    matches(printed, rf"^uptime: +\d+s, pid {home.node_pid()}, version \d")
    matches(printed, "^network: +this node is not of the network")
    true(not any("_p2p_" in name for name in metrics(home)), "no metrics of it either")


@test
def who_is_alone_is_told_so_in_whole_words(home):
    address = start(home)
    printed = home.run("p2p", "status").out
    matches(printed, f"^addresses: +{re.escape(address)}$")
    lacks(printed, "\n:")                             # a further line of a field has no title
    matches(printed, "^clock: +no peers to compare it with$")
    contains(printed, "server, 0 contacts, ")
    contains(printed, "/ggen/packages/v1, 1 member\n")
    contains(home.run("p2p", "peers").out, "No peers. Connect to one")


@test
def the_text_is_what_prometheus_reads_and_the_document_says_the_same(home):
    start(home)
    told = samples(home.run("p2p", "metrics").out)
    document = metrics(home)
    equal(set(told), set(document))
    status = home.json("p2p", "status", "--detailed")
    equal(set(told), set(status["metrics"]))
    equal({actor["name"] for actor in status["actors"]},
          {name.split('"')[1] for name in told if name.startswith("marketplace_actor_queue_messages")})
    for name in ("search_duration_ms_sum", "install_success_total", "install_failure_total", "p2p_peers",
                 "dht_queries_total", "dht_query_duration_ms_count", "gossip_delivered_total",
                 "reputation_avg", "cache_hit_ratio", "cache_bytes", 'bytes_sent_total{protocol="dht"}',
                 'bytes_received_total{protocol="gossip"}', 'actor_queue_messages{actor="dht"}',
                 'actor_handler_seconds_total{actor="state"}'):
        true("marketplace_" + name in told, name)
    true(not any("actor=" in name for name in home.json("p2p", "status")["metrics"]),
         "those of actors only where asked for")


@test
def one_is_told_as_one(home):
    home.run("node", "run", "--daemon")
    publish(home, make_pack(home, "palette"))
    home.run("market", "install", "palette")
    matches(home.run("p2p", "status").out, "^cache: +1 archive, .*; [0-9]+ hits?, 1 miss ")


@test
def what_is_done_is_counted(home):
    other = home.another()
    there = start(other)
    start(home, there)
    wait_until(lambda: home.json("p2p", "status")["peers"] == 1, what="the bootstrap node")
    publish(other, make_pack(other, "palette"))
    wait_until(lambda: home.json("market", "search", "palette")["results"], what="the package")
    home.run("market", "install", "palette")
    home.run("market", "install", "absent", ok=1)
    counted = metrics(home)
    equal(counted["marketplace_install_success_total"], 1)
    equal(counted["marketplace_install_failure_total"], 1)
    true(counted["marketplace_search_duration_ms_count"] >= 1, "searches")
    equal(counted["marketplace_p2p_peers"], 1)
    true(counted["marketplace_dht_queries_total"] > 0, "queries")
    true(counted["marketplace_cache_bytes"] > 0, "the archive is kept")
    for protocol in ("swarm", "dht", "transfer"):
        true(counted[f'marketplace_bytes_sent_total{{protocol="{protocol}"}}'] > 0, protocol)
        true(counted[f'marketplace_bytes_received_total{{protocol="{protocol}"}}'] > 0, protocol)
    status = home.json("p2p", "status")
    equal([peer["peer_id"] for peer in status["reputation"]["best"]], [id_of(there)])
    equal(status["discovered"], 1)
    true(status["last_bootstrap_ms"] is not None, "it has dialled a bootstrap node")
    printed = home.run("p2p", "status", "--detailed").out
    for title in ("peer id", "uptime", "addresses", "network", "peers", "dialable", "bootstrap", "DHT",
                  "topics", "gossip", "packages", "reputation", "clock", "cache", "hot tier", "disk"):
        matches(printed, rf"^{title}: +\S")
    matches(printed, r"^ACTOR +QUEUE +PENDING +HANDLED +TIME us +LONGEST us")
    matches(printed, r"^registry_p2p +\d+ +\d+ +[1-9]")


@test
def what_was_looked_up_is_hot_also_after_a_restart(home):
    other = home.another()
    there = start(other)
    start(home, there)
    publish(other, make_pack(other, "palette"))
    wait_until(lambda: home.json("market", "search", "palette")["results"], what="the package")
    home.run("market", "info", "palette")
    asked = metrics(home)
    home.run("market", "info", "palette")
    counted = metrics(home)
    true(counted["marketplace_hot_entries"] > 0, "something is hot")
    true(counted["marketplace_hot_hits_total"] > asked["marketplace_hot_hits_total"], "it was used")
    equal(counted["marketplace_hot_misses_total"], asked["marketplace_hot_misses_total"])
    home.stop_node()
    other.stop_node()
    start(home)
    equal(metrics(home)["marketplace_hot_entries"], counted["marketplace_hot_entries"])
    home.run("market", "info", "palette")
    counted = metrics(home)
    true(counted["marketplace_hot_hits_total"] > 0, "it is hot at once")
    equal(counted["marketplace_hot_misses_total"], 0)
    equal(home.json("p2p", "status")["cache"]["hot_hits"], counted["marketplace_hot_hits_total"])


@test
def the_answer_comes_within_a_tenth_of_a_second_or_what_five_programs_take(home):
    if Path(ggen_path()).parent.name in ("san", "tsan", "cov"):
        skip("instrumented: ten times slower")
    start(home)

    def took(*words):
        started = time.monotonic()
        home.run(*words)
        return time.monotonic() - started
    answer, bare = (min(took(*words) for _ in range(10))
                    for words in (["p2p", "status", "--json"], ["--version"]))
    true(answer < max(0.1, 5 * bare), f"{answer:.3f} s, and {bare:.3f} s for nothing")


@test
def without_a_node_there_are_no_metrics(home):
    refused = home.run("p2p", "metrics", ok=1)
    contains(refused.err, "hint: start one: ggen p2p start")
    equal(home.json("p2p", "metrics", ok=1)["error"]["code"], "NODE_NOT_STARTED")
    lacks(refused.out, "marketplace")


main()
