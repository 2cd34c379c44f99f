# SPDX-License-Identifier: MIT
"""What people ask of a running node: bootstrap, peers, bans, publishing to the network, and its end."""
import signal
import socket

from homes import make_pack
from nodes import STRANGER, environment, id_of, start
from tap import contains, equal, lacks, main, matches, test, true, wait_until


def peers(home, *flags):
    """The peer ids in the order in which they are listed."""
    return [peer["peer_id"] for peer in home.json("p2p", "peers", *flags)["peers"]]


def two(home):
    """Two nodes that are connected: the other home and its address."""
    other = home.another()
    there = start(other)
    start(home)
    home.run("p2p", "connect", there)
    return other, there


@test
def a_bootstrap_node_is_dialled_at_once(home):
    other = home.another()
    there = start(other)
    start(home)
    contains(home.run("p2p", "bootstrap", there).out, "Connected to 1 bootstrap node")
    equal(peers(home), [id_of(there)])
    told = home.json("p2p", "bootstrap", "--nodes", there, "--wait")
    equal((told["connected"], told["failed"]), (1, 0))


@test
def bootstraps_that_are_not_there_are_told_with_the_reason(home):
    other = home.another()
    there = start(other)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    gone = f"/ip4/127.0.0.1/tcp/{port}/p2p/{STRANGER}"          # nobody is there
    start(home)
    error = home.json("p2p", "bootstrap", gone, ok=1)["error"]
    equal(error["code"], "BOOTSTRAP_TIMEOUT")
    contains(error["message"], f"/tcp/{port}")
    mixed = home.json("p2p", "bootstrap", "--wait", "--nodes", f"{gone},{there}")
    equal((mixed["connected"], mixed["failed"], len(mixed["failures"])), (1, 1, 1))
    with socket.create_server(("127.0.0.1", 0)) as listener:       # it takes calls and says nothing
        silent = f"/ip4/127.0.0.1/tcp/{listener.getsockname()[1]}/p2p/{STRANGER}"
        waited = home.json("p2p", "bootstrap", "--wait", "--nodes", f"{silent},{there}")
    equal((waited["connected"], waited["failed"]), (1, 1))
    contains(home.run("p2p", "bootstrap", ok=1).err, "no bootstrap node is configured")
    contains(home.run("p2p", "bootstrap", "nonsense", ok=1).err, "error: nonsense: ")


@test
def peers_are_listed_in_the_form_and_order_asked_for(home):
    other, there = two(home)
    third = home.another()
    elsewhere = start(third)
    home.run("p2p", "connect", elsewhere)
    wait_until(lambda: sorted(peers(home)) == sorted([id_of(there), id_of(elsewhere)]),
               what="both peers")
    for key in ("reputation", "latency", "packages"):
        equal(len(peers(home, "--sort", key)), 2)
    rtts = [peer["rtt_ms"] or 1 << 30
            for peer in home.json("p2p", "peers", "--sort", "latency")["peers"]]
    equal(rtts, sorted(rtts))
    equal(peers(home, "--min-reputation", "1"), [])
    contains(home.run("p2p", "peer-list").out, "SCORE")
    contains(home.run("p2p", "peers", "-v").out, "SUCCESS")
    yaml = home.run("p2p", "peers", "-f", "yaml").out
    matches(yaml, f'^  - peer_id: "{id_of(there)}"$')
    matches(yaml, "^total: 2$")
    equal(home.json("p2p", "peers")["peers"][0].keys(),
          home.json("p2p", "peers", "--format", "json", schema="p2p-peers")["peers"][0].keys())


@test
def what_is_known_of_a_peer_is_told(home):
    _, there = two(home)
    told = home.run("p2p", "peer-info", id_of(there)).out
    contains(told, id_of(there))
    matches(told, "^reputation: +0[.]")
    matches(told, "^banned: +no$")
    contains(home.run("p2p", "peer-info", there, "--full").out, "transfer/1")
    full = home.json("p2p", "peer-info", id_of(there), "--full")
    equal(full["session"]["peer_id"], id_of(there))
    contains(home.run("p2p", "peer-info", STRANGER, ok=1).err, "never met")


@test
def who_is_banned_stays_away_until_that_is_over(home):
    other, there = two(home)
    home.json("p2p", "ban", id_of(there), "--for", "500", "--reason", "sends garbage")
    wait_until(lambda: not peers(home), what="the end of the session")
    told = home.json("p2p", "peer-info", id_of(there))
    equal(told["ban"]["reason"], "sends garbage")
    equal(told["session"], None)
    equal(home.json("p2p", "connect", there, ok=1)["error"]["code"], "LOW_REPUTATION")
    equal(home.json("p2p", "unban", id_of(there))["was_banned"], True)
    equal(home.json("p2p", "unban", id_of(there))["was_banned"], False)
    wait_until(lambda: home.run("p2p", "connect", there, ok=None).rc == 0, what="them to meet again")
    equal(peers(home), [id_of(there)])


@test
def a_ban_outlives_the_node(home):
    _, there = two(home)
    home.run("p2p", "ban", id_of(there))
    home.run("p2p", "stop")
    start(home)
    true(home.json("p2p", "peer-info", id_of(there))["ban"], "it is still banned")


@test
def all_connections_are_ended_or_one(home):
    other, there = two(home)
    equal(home.json("p2p", "disconnect", "--peer", id_of(there))["peers"], 1)
    equal(peers(home), [])
    equal(home.json("p2p", "disconnect")["peers"], 0)
    home.run("p2p", "disconnect", id_of(there), "--peer", id_of(there), ok=2)


@test
def a_node_is_stopped_and_what_it_knew_is_kept(home):
    _, there = two(home)
    process = home.node
    contains(home.run("p2p", "stop").out, f"(pid {process.pid})")
    equal(process.wait(), 0)
    contains(home.run("p2p", "stop", ok=1).err, "hint: start one: ggen p2p start")
    start(home)
    wait_until(lambda: peers(home) == [id_of(there)], what="the peer it knew")
    equal(home.json("p2p", "disconnect", "--shutdown")["stopped"], True)
    equal(home.node.wait(), 0)


@test
def a_directory_is_published_to_the_network_and_its_echo_counted(home):
    other, _ = two(home)
    pack = make_pack(home, "palette", description="Colours for ontologies")
    told = home.json("p2p", "publish", pack)
    equal((told["id"], told["version"]), ("palette", "1.0.0"))
    equal(told["network"]["wanted"], 3)
    true(told["network"]["stored"] <= 1, "there is one other host")
    wait_until(lambda: other.json("p2p", "search", "ontologies")["total"] == 1, what="the word")
    again = home.run("market", "publish", pack).out
    matches(again, "^stored: +on 1 of 3 other hosts$")


@test
def with_wait_it_is_done_when_all_hosts_have_it(home):
    other = home.another()
    there = start(other)
    start(home, there, GGEN_P2P_REPLICAS="1")
    home.path.joinpath("config.toml").write_text("[storage]\nreplicas = 1\n")
    home.run("p2p", "stop")
    start(home, there)
    told = home.json("p2p", "publish", make_pack(home, "palette"), "--wait")
    equal((told["network"]["stored"], told["network"]["wanted"]), (1, 1))


@test
def a_wait_that_takes_too_long_says_how_far_it_got(home):
    start(home)
    told = home.run("p2p", "publish", make_pack(home, "palette"), "--wait", "--timeout", "2", ok=1)
    contains(told.err, "gave up after 2 s")
    contains(told.out, "on 0 of 3 other hosts")
    waiting = home.start("p2p", "publish", make_pack(home, "brushes"), "--wait")
    wait_until(lambda: home.json("market", "search", "brushes")["results"], what="it to be published")
    waiting.send_signal(signal.SIGINT)
    equal(waiting.wait(), 130)


@test
def a_version_of_the_file_registry_is_told_to_the_network_later(home):
    pack = make_pack(home, "palette", description="Colours for ontologies")
    home.run("market", "publish", pack)
    other, _ = two(home)
    told = home.json("p2p", "publish", "palette@1.0.0")
    equal((told["id"], told["network"]["wanted"]), ("palette", 3))
    wait_until(lambda: other.json("p2p", "search", "ontologies")["total"] == 1, what="the word")
    other.run("market", "install", "palette")
    missing = home.json("p2p", "publish", "palette@2.0.0", ok=1)["error"]
    equal(missing["code"], "PACKAGE_NOT_FOUND")


def outbox(home):
    return home.json("p2p", "status")["published"]


@test
def what_was_published_without_a_node_is_told_when_one_runs(home):
    env = {"GGEN_P2P_ENABLED": "true"}
    words = {"palette": "ontologies", "brushes": "bristles", "canvas": "linen"}
    packs = {name: make_pack(home, name, description=f"Of {word}") for name, word in words.items()}
    told = home.json("market", "publish", packs["palette"], env=env)
    equal((told["told_later"], told["network"]), (True, None))
    equal(home.json("market", "publish", packs["brushes"], env=env)["told_later"], True)
    #  Who names the file registry means it, and who has no network has none later.
    equal(home.json("market", "publish", packs["canvas"], "--registry", "file", env=env)["told_later"],
          False)
    home.run("market", "unpublish", "brushes@1.0.0", "--yes")
    other, there = two(home)
    wait_until(lambda: other.json("p2p", "search", "ontologies")["total"] == 1, what="the word")
    other.run("market", "install", "palette")
    wait_until(lambda: outbox(home) == 1, what="the outbox")
    #  Told once: another start does not begin anew.
    home.run("p2p", "stop")
    start(home, there)
    wait_until(lambda: peers(home), what="a neighbour")
    equal(outbox(home), 1)
    equal(other.json("p2p", "search", "bristles")["total"], 0)
    equal(other.json("p2p", "search", "linen")["total"], 0)
    #  A yank as well.
    home.run("p2p", "stop")
    home.json("market", "yank", "palette@1.0.0", "--reason", "it burns", env=env)
    start(home, there)
    third = home.another()
    start(third, there)
    wait_until(lambda: third.json("market", "info", "palette@1.0.0")["package"]["yank_reason"]
               == "it burns", what="the yank")


@test
def what_is_told_later_is_what_is_so_by_then(home):
    env = {"GGEN_P2P_ENABLED": "true"}
    made = home.json("market", "key", "generate")
    home.write("recovery.txt", made["recovery_key"] + "\n")
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        home.run("market", "publish", make_pack(home, "palette", version), env=env)
    home.run("market", "yank", "palette@1.0.0", "--reason", "it burns", env=env)
    home.run("market", "unpublish", "palette@1.1.0", "--yes", env=env)
    key = home.json("market", "key", "rotate", "--recovery-file", "recovery.txt", env=env)["new_key"]
    home.run("market", "publish", make_pack(home, "palette", "1.3.0"), env=env)
    other, _ = two(home)
    wait_until(lambda: [one["version"] for one in other.json("market", "search", "palette")["results"]]
               == ["1.3.0"], 60, "the last version")
    #  Of two keys that published it the one that the other hands over to is its publisher.
    step, = other.json("market", "install", "palette")["steps"]
    equal((step["version"], step["publisher_key"]), ("1.3.0", key))
    for version, reason in (("1.0.0", "it burns"), ("1.2.0", None)):
        shown = wait_until(lambda: other.json("market", "info", f"palette@{version}", ok=None).get("package"),
                           what=version)
        equal(shown["yank_reason"] or None, reason)
    equal(other.json("market", "info", "palette@1.1.0", ok=1)["error"]["code"], "PACKAGE_NOT_FOUND")


@test
def what_is_published_for_the_file_registry_does_not_leave_it(home):
    other, _ = two(home)
    pack = make_pack(home, "palette", description="Colours for ontologies")
    equal(home.json("market", "publish", pack, "--registry", "file")["network"], None)
    equal(outbox(home), 0)
    told = home.json("market", "publish", make_pack(home, "brushes"), "--registry", "p2p")
    equal((told["location"], outbox(home)), ("/ggen/packages/v1", 1))
    equal(home.json("market", "search", "brushes", "--registry", "file")["total"], 0)
    equal(other.json("p2p", "search", "ontologies")["total"], 0)


@test
def what_is_not_to_be_told_is_not_told(home):
    other, _ = two(home)
    pack = make_pack(home, "palette", description="Colours for ontologies")
    told = home.json("p2p", "publish", pack, "--announce=false", "--dht-store=false")
    equal((told["network"]["records"], told["network"]["announced"]), (0, 0))
    equal(other.json("p2p", "search", "ontologies")["total"], 0)
    home.json("p2p", "publish", "palette@1.0.0")
    wait_until(lambda: other.json("p2p", "search", "ontologies")["total"] == 1, what="the word")


@test
def without_a_node_each_verb_says_how_to_start_one(home):
    make_pack(home, "palette")
    for words in (["peers"], ["peer-info", STRANGER], ["bootstrap"], ["ban", STRANGER],
                  ["unban", STRANGER], ["stop"], ["disconnect"], ["disconnect", "--shutdown"],
                  ["publish", "packs/palette-1.0.0"], ["publish", "palette@1.0.0"]):
        failed = home.run("p2p", *words, ok=1)
        contains(failed.err, "error: no node runs on this home\nhint: start one: ggen p2p start")
        equal(home.json("p2p", *words, ok=1)["error"]["code"], "NODE_NOT_STARTED")


@test
def a_node_that_is_not_of_the_network_says_so(home):
    home.start("node", "run").wait_for("node runs: ")
    failed = home.json("p2p", "publish", make_pack(home, "palette"), ok=1)["error"]
    equal(failed["code"], "FEATURE_NOT_ENABLED")
    lacks(home.run("market", "publish", make_pack(home, "palette")).out, "other hosts")


@test
def words_that_are_no_peer_are_refused(home):
    start(home)
    for verb in ("peer-info", "ban", "unban", "disconnect"):
        for word in ("nonsense", "/ip4/127.0.0.1/tcp/4", "12D3KooWnot"):
            matches(home.run("p2p", verb, word, ok=1).err, "^error: ")


def recorded(home, name, verb, answer):
    """Record what 'verb' has the actors of this home say, until this line has been seen."""
    tap = home.start("tap", "--record", name)
    tap.wait_for("^watching ")
    verb()
    tap.wait_for(answer)
    if home.node and home.node.rc is None:
        home.run("p2p", "stop")
    equal(tap.stop(signal.SIGINT), 0)


@test
def a_fresh_actor_of_the_network_says_what_was_recorded_of_a_node_and_of_one_call(home):
    def publish_and_search():
        start(home)
        home.run("market", "publish", make_pack(home, "palette"))
        home.run("market", "search", "palette")
    recorded(home, "node", publish_and_search, " SearchReply +registry -> client")
    network = environment(GGEN_P2P_LAN="true")
    recorded(home, "call", lambda: home.run("p2p", "search", "palette", env=network),
             " SearchReply +registry -> client")
    for recording, actors in (("node", ("registry", "registry_p2p", "installer", "transfer", "swarm")),
                              ("call", ("registry", "registry_p2p", "swarm"))):
        for actor in actors:
            told = home.json("tap", "--replay", recording, "--into", actor, env=environment())
            equal((told["difference"], told["failed"]), (None, False), f"{actor} of {recording}")


main()
