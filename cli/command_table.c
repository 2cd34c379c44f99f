// SPDX-License-Identifier: MIT
//  Everything that can be typed. A new verb is one row here, one in main.c, and its function.
#include "command.h"

#define END {.name = NULL}
#define ANY_NUMBER 1024         //  of arguments: as many as args.h has room for
#define COUNT_LIMIT 4294967295.0

#define TARGET                                                                                     \
    {.name = "target", .alias = "directory", .letter = 't', .kind = OPTION_PATH,                   \
     .value_name = "DIR", .help = "use the packages in DIR instead of those in the home"}
#define DRY_RUN                                                                                    \
    {.name = "dry-run", .kind = OPTION_FLAG, .help = "say what would be done and do nothing"}
#define KEY_NAME                                                                                   \
    {.name = "name", .kind = OPTION_TEXT, .value_name = "NAME", .initial = "default",              \
     .help = "which of your keys"}

#define PASSPHRASE_FILE                                                                            \
    {.name = "passphrase-file", .kind = OPTION_PATH, .value_name = "FILE",                         \
     .help = "the key's passphrase is the first line of FILE, instead of asking for it"}
#define REGISTRY                                                                                   \
    {.name = "registry", .kind = OPTION_TEXT, .value_name = "REGISTRY", .initial = "all",          \
     .help = "all, file, p2p, http (central), or a name of `registry list`"}

const option_t command_globals [] = {
    {.name = "help", .letter = 'h', .kind = OPTION_FLAG, .help = "this text"},
    {.name = "json", .kind = OPTION_FLAG, .help = "one JSON document on stdout and nothing else"},
    {.name = "format", .kind = OPTION_CHOICE, .value_name = "text|json", .initial = "text",
     .help = "how to print results; json is the same as --json"},
    {.name = "quiet", .letter = 'q', .kind = OPTION_FLAG,
     .help = "print results only; log errors only"},
    {.name = "verbose", .letter = 'v', .kind = OPTION_FLAG,
     .help = "print more, and the reasons; log what happens"},
    {.name = "home", .kind = OPTION_PATH, .value_name = "DIR",
     .help = "where ggen keeps everything (default: $GGEN_HOME, else ~/.ggen)"},
    {.name = "timeout", .kind = OPTION_REAL, .value_name = "SECS", .min = 0.001, .max = 86400,
     .help = "give up after so many seconds"},
    {.name = "no-color", .kind = OPTION_FLAG,
     .help = "no colours; also with NO_COLOR set, and when stdout is no terminal"},
    {.name = "yes", .letter = 'y', .kind = OPTION_FLAG,
     .help = "answer yes to every question"},
    {.name = "progress-fd", .kind = OPTION_COUNT, .value_name = "N", .max = 1048575,
     .help = "write progress to file descriptor N, one JSON line each"},
    {.name = "version", .letter = 'V', .kind = OPTION_FLAG,
     .help = "versions of ggen and its libraries, and the features built in"},
    END};

const group_t command_groups [] = {
    {.path = "", .help = "A package marketplace that needs no server."},
    {.path = "market", .aliases = {"marketplace"}, .help = "find, install and publish packages"},
    {.path = "market key", .help = "your publisher keys"},
    {.path = "market trust", .help = "which publishers you accept"},
    {.path = "config", .aliases = {"market config", "p2p config"}, .help = "settings"},
    {.path = "p2p", .aliases = {"market p2p"}, .help = "the network of nodes"},
    {.path = "node", .help = "the node that stores, finds and serves packages"},
    {.path = "market registry", .help = "where packages come from besides this home"},
};
const size_t command_groups_count = COUNT_OF (command_groups);

#define FIND_OPTIONS \
    {.name = "category", .letter = 'c', .kind = OPTION_TEXT, .value_name = "CATEGORY", \
     .collects = true, .help = "only this category; given again, any of them"}, \
    {.name = "tags", .letter = 't', .kind = OPTION_TEXT, .value_name = "TAG", .collects = true, \
     .help = "only with this tag; given again, with all of them"}, \
    {.name = "author", .kind = OPTION_TEXT, .value_name = "NAME", .help = "only by this author"}, \
    {.name = "license", .kind = OPTION_TEXT, .value_name = "SPDX", \
     .help = "only under this license"}, \
    {.name = "limit", .letter = 'l', .kind = OPTION_COUNT, .value_name = "N", .initial = "20", \
     .min = 1, .max = 1000, .help = "at most so many results"}, \
    {.name = "offset", .kind = OPTION_COUNT, .value_name = "N", .initial = "0", \
     .max = COUNT_LIMIT, .help = "leave out the first N results"}, \
    {.name = "sort", .kind = OPTION_CHOICE, .value_name = "relevance|downloads|name|updated", \
     .initial = "relevance", .help = "order of the results"}
#define FUZZY \
    {.name = "fuzzy", .kind = OPTION_FLAG, .help = "also names that differ by a letter or two"}, \
    {.name = "detailed", .kind = OPTION_FLAG, .help = "print all that is known of each result"}

static const option_t search_options [] = {
    FIND_OPTIONS,
    REGISTRY,
    {.name = "p2p", .kind = OPTION_FLAG, .help = "the same as --registry p2p"},
    FUZZY,
    END};

static const option_t p2p_search_options [] = {
    FIND_OPTIONS,
    FUZZY,
    {.name = "timeout", .kind = OPTION_REAL, .value_name = "SECS", .initial = "30", .min = 0.001,
     .max = 86400, .help = "what is found by then; the answer says (incomplete)"},
    END};

static const option_t install_options [] = {
    TARGET,
    {.name = "force", .letter = 'f', .kind = OPTION_FLAG,
     .help = "install again what is installed already"},
    {.name = "no-dependencies", .alias = "skip-dependencies", .kind = OPTION_FLAG,
     .help = "only the packages named"},
    {.name = "with-optional", .kind = OPTION_FLAG, .help = "optional dependencies too"},
    DRY_RUN,
    {.name = "frozen", .kind = OPTION_FLAG, .help = "exactly what ggen.lock says, or fail"},
    {.name = "offline", .kind = OPTION_FLAG,
     .help = "only what is on this machine: the cache and the file registry"},
    REGISTRY,
    {.name = "publisher", .kind = OPTION_TEXT, .value_name = "KEY",
     .help = "accept the named packages from this publisher only"},
    {.name = "allow-unsigned", .kind = OPTION_FLAG, .help = "accept packages that nobody signed"},
    END};

static const option_t list_options [] = {
    {.name = "category", .kind = OPTION_TEXT, .value_name = "CATEGORY",
     .help = "only this category"},
    {.name = "detailed", .kind = OPTION_FLAG, .help = "print all that is known of each package"},
    TARGET,
    END};

static const option_t remove_options [] = {
    {.name = "force", .letter = 'f', .kind = OPTION_FLAG,
     .help = "even when other packages depend on it"},
    DRY_RUN,
    TARGET,
    END};

static const option_t verify_options [] = {
    {.name = "fix", .kind = OPTION_FLAG, .help = "restore what differs from verified archives"},
    TARGET,
    END};

static const option_t target_options [] = {TARGET, END};

static const option_t init_options [] = {
    {.name = "name", .kind = OPTION_TEXT, .value_name = "ID",
     .help = "id of the package (default: name of the directory)"},
    END};

static const option_t publish_options [] = {
    {.name = "version", .alias = "tag", .kind = OPTION_TEXT, .value_name = "VERSION",
     .help = "publish as this version (default: the manifest's)"},
    DRY_RUN,
    {.name = "force", .letter = 'f', .kind = OPTION_FLAG,
     .help = "replace this version if it never left this machine; of an unchanged one read"
             " the archive that is there"},
    {.name = "registry", .kind = OPTION_CHOICE, .value_name = "file|p2p|all", .initial = "all",
     .help = "where to publish"},
    {.name = "skip-verify", .kind = OPTION_FLAG,
     .help = "do not ask for description and license; structure is always checked"},
    {.name = "strict", .kind = OPTION_FLAG, .help = "warnings about the manifest are errors"},
    {.name = "compression", .kind = OPTION_CHOICE, .value_name = "gzip|zstd", .initial = "gzip",
     .help = "how to compress the archive"},
    PASSPHRASE_FILE,
    END};

static const option_t key_options [] = {KEY_NAME, END};

static const option_t key_show_options [] = {
    KEY_NAME,
    {.name = "minisign", .kind = OPTION_FLAG, .help = "as minisign(1) reads it, and nothing else"},
    END};

static const option_t key_generate_options [] = {
    KEY_NAME,
    {.name = "passphrase", .kind = OPTION_FLAG,
     .help = "encrypt its file with a passphrase, which is asked for"},
    PASSPHRASE_FILE,
    END};

static const option_t key_rotate_options [] = {
    KEY_NAME,
    {.name = "recovery", .kind = OPTION_FLAG,
     .help = "by the recovery key, which is asked for"},
    {.name = "recovery-file", .kind = OPTION_PATH, .value_name = "FILE",
     .help = "by the recovery key in FILE"},
    {.name = "former", .kind = OPTION_TEXT, .value_name = "KEY",
     .help = "the key to give up, when its secret is lost; only by the recovery key"},
    {.name = "without", .kind = OPTION_TEXT, .value_name = "PKG@VERSION", .collects = true,
     .help = "do not stand for this release of the old key: it is not yours"},
    DRY_RUN,
    PASSPHRASE_FILE,
    END};

static const option_t yank_options [] = {
    {.name = "reason", .kind = OPTION_TEXT, .value_name = "TEXT",
     .help = "why; whoever has it installed reads this"},
    {.name = "undo", .kind = OPTION_FLAG, .help = "it may be chosen again"},
    PASSPHRASE_FILE,
    END};

static const option_t unpublish_options [] = {PASSPHRASE_FILE, END};

static const option_t trust_options [] = {
    {.name = "unsigned", .kind = OPTION_TEXT, .value_name = "REGISTRY",
     .help = "instead of a package: the unsigned packages of this registry"},
    END};

static const option_t tap_options [] = {
    {.name = "type", .kind = OPTION_TEXT, .value_name = "GLOB",
     .help = "only messages of this type: 'Search*'"},
    {.name = "actor", .kind = OPTION_TEXT, .value_name = "NAME",
     .help = "only messages to or from this actor"},
    {.name = "peer", .kind = OPTION_TEXT, .value_name = "ID",
     .help = "only messages to or from this peer"},
    {.name = "record", .kind = OPTION_PATH, .value_name = "FILE", .help = "write them to FILE too"},
    {.name = "record-max", .kind = OPTION_COUNT, .value_name = "MIB", .initial = "1024", .min = 1,
     .max = 1048576, .help = "end when FILE would be larger than this"},
    {.name = "replay", .kind = OPTION_PATH, .value_name = "FILE",
     .help = "show what was recorded in FILE"},
    {.name = "into", .kind = OPTION_TEXT, .value_name = "ACTOR",
     .help = "with --replay: give a fresh ACTOR what came to it, and compare what it says"},
    END};

static const option_t tree_options [] = {
    {.name = "invert", .alias = "reverse", .letter = 'i', .kind = OPTION_FLAG,
     .help = "below a package those that need it"},
    TARGET,
    END};

static const option_t update_options [] = {
    {.name = "all", .letter = 'a', .kind = OPTION_FLAG,
     .help = "everything that is installed, as without PKG"},
    {.name = "check", .kind = OPTION_FLAG,
     .help = "only say what is out of date, as `outdated` does; exit 3 if any"},
    DRY_RUN,
    {.name = "force", .letter = 'f', .kind = OPTION_FLAG,
     .help = "first make the index of the file registry anew from its files"},
    {.name = "offline", .kind = OPTION_FLAG, .help = "only what is on this machine"},
    {.name = "allow-unsigned", .kind = OPTION_FLAG, .help = "accept packages that nobody signed"},
    TARGET,
    END};

static const option_t history_options [] = {
    {.name = "limit", .letter = 'l', .kind = OPTION_COUNT, .value_name = "N", .initial = "20",
     .min = 1, .max = 1000, .help = "the newest N generations"},
    TARGET,
    END};

static const option_t clean_options [] = {
    {.name = "all", .letter = 'a', .kind = OPTION_FLAG,
     .help = "keep the current generation only, and no archive that the file registry has too"},
    DRY_RUN,
    TARGET,
    END};

static const option_t help_options [] = {
    {.name = "man", .kind = OPTION_FLAG, .help = "the manual page, in roff"},
    {.name = "list", .kind = OPTION_FLAG, .help = "the verbs only, one on each line"},
    END};

static const option_t import_options [] = {
    {.name = "name", .kind = OPTION_TEXT, .value_name = "NAME", .initial = "imported",
     .help = "name of the source that it becomes"},
    END};

static const option_t sync_options [] = {
    {.name = "from", .kind = OPTION_TEXT, .value_name = "REGISTRY", .initial = "file",
     .help = "a source of `registry list`, or a registry directory"},
    {.name = "to", .kind = OPTION_PATH, .value_name = "DIR", .help = "where the copy is made"},
    DRY_RUN,
    END};

static const option_t connect_options [] = {
    {.name = "persistent", .kind = OPTION_FLAG, .help = "connect again whenever it is lost"},
    END};

static const option_t status_options [] = {
    {.name = "detailed", .kind = OPTION_FLAG,
     .help = "also the queue and the handlers' time of each actor"},
    END};

static const option_t node_options [] = {
    {.name = "listen", .letter = 'l', .kind = OPTION_TEXT, .value_name = "ADDRESS",
     .collects = true, .help = "accept peers here (default: /ip4/0.0.0.0/tcp/0)"},
    {.name = "bootstrap", .letter = 'b', .kind = OPTION_TEXT, .value_name = "ADDRESS",
     .collects = true, .help = "join the network by this node"},
    {.name = "dht-server", .kind = OPTION_FLAG,
     .help = "keep DHT records for others (default: true)"},
    {.name = "topic", .kind = OPTION_TEXT, .value_name = "TOPIC",
     .help = "gossip topic of package announcements"},
    {.name = "config", .letter = 'c', .kind = OPTION_PATH, .value_name = "FILE",
     .help = "settings from FILE instead of the home's"},
    {.name = "http", .kind = OPTION_TEXT, .value_name = "HOST:PORT",
     .help = "serve the file registry, metrics and health over HTTP"},
    {.name = "daemon", .letter = 'd', .kind = OPTION_FLAG,
     .help = "in the background; returns once the node answers"},
    END};

static const option_t disconnect_options [] = {
    {.name = "peer", .kind = OPTION_TEXT, .value_name = "PEER", .help = "the same as the argument"},
    {.name = "shutdown", .kind = OPTION_FLAG, .help = "end this node, as `p2p stop` does"},
    END};

static const option_t peers_options [] = {
    {.name = "sort", .kind = OPTION_CHOICE, .value_name = "reputation|latency|packages",
     .help = "the best, nearest or most useful ones first"},
    {.name = "min-reputation", .kind = OPTION_REAL, .value_name = "SCORE", .max = 1,
     .help = "only those with such a score or a higher one"},
    {.name = "format", .letter = 'f', .kind = OPTION_CHOICE, .value_name = "table|json|yaml",
     .initial = "table", .help = "how to print them; json is the same as --json"},
    END};

static const option_t peer_info_options [] = {
    {.name = "full", .kind = OPTION_FLAG, .help = "its protocols, bytes and history too"}, END};

static const option_t bootstrap_options [] = {
    {.name = "nodes", .kind = OPTION_TEXT, .value_name = "ADDRESS", .collects = true,
     .help = "the same as the arguments"},
    {.name = "wait", .kind = OPTION_FLAG, .help = "until each of them has answered or failed"},
    {.name = "timeout", .kind = OPTION_REAL, .value_name = "SECS", .initial = "30", .min = 0.001,
     .max = 86400, .help = "give up after so many seconds"},
    END};

static const option_t ban_options [] = {
    {.name = "for", .kind = OPTION_COUNT, .value_name = "SECS", .initial = "3600", .min = 1,
     .max = COUNT_LIMIT, .help = "for so many seconds"},
    {.name = "reason", .kind = OPTION_TEXT, .value_name = "TEXT",
     .help = "why; `p2p peer-info` shows it"},
    END};

static const option_t p2p_publish_options [] = {
    {.name = "version", .alias = "tag", .kind = OPTION_TEXT, .value_name = "VERSION",
     .help = "publish as this version (default: the manifest's)"},
    {.name = "skip-verify", .kind = OPTION_FLAG,
     .help = "do not ask for description and license; structure is always checked"},
    {.name = "announce", .kind = OPTION_FLAG, .initial = "true",
     .help = "tell the neighbours, who tell theirs"},
    {.name = "dht-store", .kind = OPTION_FLAG, .initial = "true",
     .help = "put it where who looks for it will ask"},
    {.name = "wait", .kind = OPTION_FLAG,
     .help = "until storage.replicas other hosts have stored it"},
    PASSPHRASE_FILE,
    END};

const verb_t command_verbs [VERBS_COUNT] = {
    {.id = VERB_SEARCH, .path = "market search", .arguments = "[QUERY]", .arguments_max = 1,
     .needs = NEEDS_READ, .reach = REACH_ANY, .options = search_options, .help = "find packages",
     .more = "Without QUERY every package is listed. No match is no error.",
     .examples = {"ggen market search ontology", "ggen market search -c finance --sort updated",
                  "ggen market search --json rust | jq '.results[].id'"}},
    {.id = VERB_INFO, .path = "market info", .aliases = {"market show"},
     .arguments = "PKG[@VERSION]", .arguments_min = 1, .arguments_max = 1,
     .takes = TAKES_PUBLISHED, .needs = NEEDS_READ, .reach = REACH_ANY,
     .help = "all that is known of a package",
     .examples = {"ggen market info demo-pack", "ggen market info demo-pack@1.2.0"}},
    {.id = VERB_INSTALL, .path = "market install", .aliases = {"market add"},
     .arguments = "[PKG[@RANGE]...]", .arguments_max = ANY_NUMBER,
     .takes = TAKES_PACKAGE, .needs = NEEDS_WRITE, .reach = REACH_ANY,
     .reads_if = "dry-run", .options = install_options,
     .help = "install packages and what they depend on",
     .more = "All or nothing: packages are resolved, fetched, verified and unpacked, and one "
             "rename makes them the installed state. Without PKG the state in ggen.lock is "
             "reproduced. PKG may also be a directory (./dir) or an archive (file.tar.gz).",
     .examples = {"ggen market install demo-pack", "ggen market install 'demo-pack@^1.2' other",
                  "ggen market install --frozen -t ./vendor", "ggen market install ./my-pack"}},
    {.id = VERB_LIST, .path = "market list", .aliases = {"market ls"}, .needs = NEEDS_READ,
     .options = list_options, .help = "what is installed",
     .more = "What lay in packages/ before ggen is adopted, and marked so. It is listed as its "
             "ggen.lock says, else as the manifests there do. Nobody verified it.",
     .examples = {"ggen market list --detailed"}},
    {.id = VERB_REMOVE, .path = "market remove", .aliases = {"market uninstall", "market rm"},
     .arguments = "PKG...", .arguments_min = 1, .arguments_max = ANY_NUMBER,
     .takes = TAKES_INSTALLED, .needs = NEEDS_WRITE,
     .reads_if = "dry-run", .options = remove_options, .help = "remove installed packages",
     .examples = {"ggen market remove demo-pack"}},
    {.id = VERB_VERIFY, .path = "market verify", .arguments = "[PKG...]",
     .arguments_max = ANY_NUMBER,
     .takes = TAKES_INSTALLED, .needs = NEEDS_READ, .writes_if = "fix",
     .options = verify_options, .help = "compare installed files with what was signed",
     .more = "One line a finding: C changed, M missing, E extra, m permissions, K other kind of "
             "file, ? nothing to compare with. Findings that were not fixed: exit 1. A is an adopted "
             "package, there before ggen, of which nothing is known to compare it with: it is told, "
             "and is no difference. --fix cannot restore adopted ones; `ggen market install PKG` puts a "
             "verified one in the place of one.",
     .examples = {"ggen market verify", "ggen market verify --fix demo-pack"}},
    {.id = VERB_ROLLBACK, .path = "market rollback", .arguments = "[GENERATION]",
     .arguments_max = 1,
     .takes = TAKES_GENERATION, .needs = NEEDS_WRITE, .options = target_options,
     .help = "go back to an earlier installed state",
     .more = "Without GENERATION to the one before. Files that were edited get their original "
             "bytes. Generation 0 is what lay in packages/ before ggen, as it is now.",
     .examples = {"ggen market rollback", "ggen market rollback 7"}},
    {.id = VERB_INIT, .path = "market init", .arguments = "[DIR]", .arguments_max = 1,
     .takes = TAKES_FILE, .needs = NEEDS_READ, .options = init_options,
     .help = "start a package: write a gpack.toml",
     .more = "DIR is made when it is not there; the package is named after it.",
     .examples = {"ggen market init ./my-pack --name my-pack"}},
    {.id = VERB_PUBLISH, .path = "market publish", .arguments = "PATH", .arguments_min = 1,
     .arguments_max = 1,
     .takes = TAKES_FILE, .needs = NEEDS_WRITE, .reads_if = "dry-run", .options = publish_options,
     .help = "pack, sign and publish a directory",
     .more = "The same tree gives the same archive on any machine. A version that was announced "
             "never changes: publish a new one.",
     .examples = {"ggen market publish ./my-pack",
                  "ggen market publish ./my-pack --version 1.3.0"}},

    {.id = VERB_KEY_GENERATE, .path = "market key generate", .needs = NEEDS_WRITE,
     .options = key_generate_options, .help = "make a publisher key",
     .more = "Prints a recovery key once. Keep it offline: it can hand your packages to a new key "
             "when this one is lost or stolen.",
     .examples = {"ggen market key generate"}},
    {.id = VERB_KEY_SHOW, .path = "market key show", .needs = NEEDS_READ,
     .options = key_show_options, .help = "show a public key",
     .examples = {"ggen market key show", "ggen market key show --minisign > ggen.pub"}},
    {.id = VERB_KEY_LIST, .path = "market key list", .aliases = {"market key ls"},
     .needs = NEEDS_READ, .help = "list your keys", .examples = {"ggen market key list"}},
    {.id = VERB_KEY_EXPORT, .path = "market key export", .arguments = "FILE", .arguments_min = 1,
     .arguments_max = 1, .takes = TAKES_FILE, .needs = NEEDS_READ, .options = key_options,
     .help = "write a secret key to a file that only you can read",
     .examples = {"ggen market key export ~/ggen.key"}},
    {.id = VERB_KEY_IMPORT, .path = "market key import", .arguments = "FILE", .arguments_min = 1,
     .arguments_max = 1, .takes = TAKES_FILE, .needs = NEEDS_WRITE, .options = key_options,
     .help = "take a secret key from a file", .examples = {"ggen market key import ~/ggen.key"}},

    {.id = VERB_TRUST_LIST, .path = "market trust list", .aliases = {"market trust ls"},
     .needs = NEEDS_READ, .help = "which publisher is pinned for which package",
     .examples = {"ggen market trust list"}},
    {.id = VERB_TRUST_ADD, .path = "market trust add", .arguments = "[PKG KEY]",
     .arguments_max = 2, .takes = TAKES_PUBLISHED, .needs = NEEDS_WRITE, .options = trust_options,
     .help = "accept a publisher for a package", .more = "KEY is ed25519: and 64 hex digits.",
     .examples = {"ggen market trust add demo-pack ed25519:9f3c...",
                  "ggen market trust add --unsigned file"}},
    {.id = VERB_TRUST_REMOVE, .path = "market trust remove", .arguments = "[PKG]",
     .arguments_max = 1, .takes = TAKES_PUBLISHED, .needs = NEEDS_WRITE, .options = trust_options,
     .help = "forget the publisher of a package",
     .examples = {"ggen market trust remove demo-pack"}},

    {.id = VERB_CONFIG_SHOW, .path = "config show", .arguments = "[KEY...]",
     .arguments_max = ANY_NUMBER, .takes = TAKES_SETTING, .needs = NEEDS_NONE,
     .help = "every setting, its value and where that comes from",
     .examples = {"ggen config show", "ggen config show storage.max_cache_size"}},
    {.id = VERB_CONFIG_VALIDATE, .path = "config validate", .arguments = "[FILE]",
     .arguments_max = 1,
     .takes = TAKES_FILE, .needs = NEEDS_NONE, .help = "check the settings file, or FILE",
     .examples = {"ggen config validate ./p2p-config.toml"}},
    {.id = VERB_CONFIG_PATH, .path = "config path", .needs = NEEDS_NONE,
     .help = "where the settings files are",
     .more = "What stands first wins. With --quiet only the one to edit.",
     .examples = {"ggen config path", "$EDITOR \"$(ggen config path -q)\""}},

    {.id = VERB_NODE_RUN, .path = "node run", .aliases = {"p2p start"}, .needs = NEEDS_WRITE,
     .options = node_options, .help = "run a node until Ctrl-C",
     .more = "Other ggen commands on this home then ask it. With --daemon it logs into run/node.log "
             "of the home, and run/node.pid has its pid.",
     .examples = {"ggen node run", "ggen node run --daemon",
                  "ggen p2p start -l /ip4/0.0.0.0/tcp/4101",
                  "ggen p2p start -d -b /dns4/example.org/tcp/4101/p2p/12D3..."}},
    {.id = VERB_TAP, .path = "tap", .aliases = {"p2p tap"}, .needs = NEEDS_NONE,
     .options = tap_options, .help = "watch the messages between the parts of a node",
     .more = "Needs no running node: what other ggen commands on this home do is shown too. "
             "A watcher that is too slow loses messages and is told how many.",
     .examples = {"ggen tap", "ggen tap --type 'Install*' --json",
                  "ggen tap --actor registry --record ./messages",
                  "ggen tap --replay ./messages --into registry"}},
    {.id = VERB_COMPLETION, .path = "completion", .arguments = "bash|zsh|fish",
     .arguments_min = 1, .arguments_max = 1, .takes = TAKES_CHOICE, .needs = NEEDS_NONE,
     .help = "print a completion script for your shell",
     .examples = {"source <(ggen completion bash)",
                  "ggen completion fish > ~/.config/fish/completions/ggen.fish"}},
    {.id = VERB_HELP, .path = "help", .arguments = "[VERB...]", .arguments_max = 4,
     .takes = TAKES_VERB, .needs = NEEDS_NONE, .options = help_options, .help = "help on a verb",
     .examples = {"ggen help market install", "ggen help --man market install | man -l -"}},

    {.id = VERB_TREE, .path = "market tree", .takes = TAKES_INSTALLED,
     .arguments = "[PKG]", .arguments_max = 1,
     .needs = NEEDS_READ, .options = tree_options,
     .help = "what is installed, as a tree of who needs what",
     .more = "Without PKG below each package that was asked for. What is below a package is drawn "
             "once.",
     .examples = {"ggen market tree", "ggen market tree --invert demo-core"}},
    {.id = VERB_WHY, .path = "market why", .takes = TAKES_INSTALLED,
     .arguments = "PKG", .arguments_min = 1,
     .arguments_max = 1, .needs = NEEDS_READ, .options = target_options,
     .help = "why a package is installed",
     .examples = {"ggen market why demo-core"}},
    {.id = VERB_OUTDATED, .path = "market outdated", .takes = TAKES_INSTALLED,
     .arguments = "[PKG...]",
     .arguments_max = ANY_NUMBER, .needs = NEEDS_READ, .reach = REACH_ANY,
     .options = target_options,
     .help = "which installed packages have newer versions",
     .more = "WANTED is what `ggen market update` makes of a package: the newest version that fits "
             "all that depends on it. Exit 3 when something is out of date, 0 when nothing is.",
     .examples = {"ggen market outdated", "ggen market outdated --json | jq '.packages[].name'"}},
    {.id = VERB_UPDATE, .path = "market update", .takes = TAKES_INSTALLED,
     .aliases = {"market upgrade"},
     .arguments = "[PKG...]", .arguments_max = ANY_NUMBER, .needs = NEEDS_WRITE,
     .reach = REACH_ANY,
     .reads_if = "dry-run|check", .options = update_options,
     .help = "install the newest versions that fit",
     .more = "Of the named packages, or of all. The others stay as they are unless a new version "
             "needs otherwise. Nothing is ever downgraded. What was installed from a path, or was "
             "adopted, is updated only when it is named.",
     .examples = {"ggen market update", "ggen market update demo-pack --dry-run",
                  "ggen market update --check"}},
    {.id = VERB_HISTORY, .path = "market history", .needs = NEEDS_READ,
     .options = history_options, .help = "the earlier installed states, and what each changed",
     .more = "`ggen market rollback N` makes one of them current again.",
     .examples = {"ggen market history"}},
    {.id = VERB_CLEAN, .path = "market clean", .needs = NEEDS_WRITE, .reads_if = "dry-run",
     .options = clean_options, .help = "remove what nothing needs any more",
     .more = "Kept are the current generation, the newest 5, their trees and archives, and every "
             "archive that the file registry has too. Packages in a --target share the archives of "
             "the home: those that only a target came from go, and are fetched again when needed.",
     .examples = {"ggen market clean --dry-run", "ggen market clean --all"}},
    {.id = VERB_POLICY, .path = "market policy", .takes = TAKES_PUBLISHED,
     .arguments = "PKG", .arguments_min = 1,
     .arguments_max = 1, .needs = NEEDS_READ, .reach = REACH_ANY, .options = target_options,
     .help = "who offers a package, and which would be chosen",
     .examples = {"ggen market policy demo-pack"}},
    {.id = VERB_YANK, .path = "market yank", .takes = TAKES_PUBLISHED,
     .arguments = "PKG@VERSION", .arguments_min = 1,
     .arguments_max = 1, .needs = NEEDS_WRITE, .options = yank_options,
     .help = "say that a version of yours should not be chosen any more",
     .more = "It is hidden from new installs; who has it in a ggen.lock still gets it. Your next "
             "head says so, signed, wherever the package is found.",
     .examples = {"ggen market yank demo-pack@1.2.0 --reason broken",
                  "ggen market yank demo-pack@1.2.0 --undo"}},
    {.id = VERB_UNPUBLISH, .path = "market unpublish", .takes = TAKES_PUBLISHED,
     .arguments = "PKG@VERSION",
     .arguments_min = 1, .arguments_max = 1, .needs = NEEDS_WRITE, .options = unpublish_options,
     .help = "take a version of yours out of the registry",
     .more = "Your next head does not list it any more, then it is deleted here. Copies elsewhere "
             "stay: to warn those who have one, yank it instead.",
     .examples = {"ggen market unpublish demo-pack@1.2.0"}},
    {.id = VERB_KEY_ROTATE, .path = "market key rotate", .needs = NEEDS_WRITE,
     .options = key_rotate_options, .help = "hand all your packages over to a new key",
     .more = "The new key takes the name of the old one, which stays beside it. Signed by the old "
             "key; or, when that may be in other hands, by the recovery key, which beats it. The new "
             "key stands for what the old one signed: look with --dry-run, and leave out what a "
             "thief signed; it is refused from then on. After a failure ask again: what was handed "
             "over stays so.",
     .examples = {"ggen market key rotate --dry-run", "ggen market key rotate --recovery",
                  "ggen market key rotate --recovery --without demo-pack@6.6.6",
                  "ggen market key rotate --recovery-file ./paper.txt --former ed25519:9f3c..."}},

    {.id = VERB_REGISTRY_LIST, .path = "market registry list",
     .aliases = {"market registry ls"}, .needs = NEEDS_READ,
     .help = "the registries that are asked",
     .examples = {"ggen market registry list"}},
    {.id = VERB_REGISTRY_ADD, .path = "market registry add", .arguments = "NAME DIR|URL",
     .arguments_min = 2, .arguments_max = 2, .needs = NEEDS_WRITE,
     .help = "ask another registry too",
     .more = "DIR is a registry directory, for instance one that `registry sync` made: it is read "
             "in place and never written to. URL is such a directory on a web server, its index.json, "
             "or the endpoint of another node: http or https.",
     .examples = {"ggen market registry add team /srv/ggen-registry",
                  "ggen market registry add example https://www.example.org/packs"}},
    {.id = VERB_REGISTRY_REMOVE, .path = "market registry remove", .arguments = "NAME",
     .arguments_min = 1, .arguments_max = 1, .needs = NEEDS_WRITE,
     .help = "no longer ask a registry",
     .more = "What is installed stays. Its unsigned packages are no longer accepted; what was "
             "imported is deleted, a directory is left alone.",
     .examples = {"ggen market registry remove team"}},
    {.id = VERB_REGISTRY_IMPORT, .path = "market registry import", .arguments = "FILE",
     .arguments_min = 1, .arguments_max = 1, .needs = NEEDS_WRITE, .options = import_options,
     .help = "take over an index.json of any shape",
     .more = "Its packages are listed as those of a source of their own. They can be installed "
             "where the index names an archive on this machine; without a signature only after "
             "`trust add --unsigned NAME`. Imported again, a source is replaced.",
     .examples = {"ggen market registry import ./index.json --name legacy"}},
    {.id = VERB_REGISTRY_SYNC, .path = "market registry sync", .arguments = "[PKG...]",
     .arguments_max = ANY_NUMBER, .needs = NEEDS_READ, .options = sync_options,
     .help = "copy a registry for a web server",
     .more = "Every archive, digest and signature is checked before it is copied. What is there "
             "already is left alone; nothing is removed. Without PKG all packages.",
     .examples = {"ggen market registry sync --to /srv/www/ggen",
                  "ggen market registry sync --from team --to ./mirror demo-pack"}},

    {.id = VERB_P2P_STATUS, .path = "p2p status", .needs = NEEDS_READ, .options = status_options,
     .help = "how the node of this home is doing",
     .more = "Its addresses with its peer id are what others connect to.",
     .examples = {"ggen p2p status", "ggen p2p status --json | jq -r .peer_id"}},
    {.id = VERB_P2P_PEERS, .path = "p2p peers", .aliases = {"p2p peer-list"}, .needs = NEEDS_READ,
     .options = peers_options, .help = "the nodes that this one is connected with",
     .more = "SCORE is what this node has seen of each: bytes that were right, how soon they came.",
     .examples = {"ggen p2p peers --sort latency", "ggen p2p peers --min-reputation 0.7 -f yaml"}},
    {.id = VERB_P2P_CONNECT, .path = "p2p connect", .arguments = "ADDRESS|PEER",
     .arguments_min = 1, .arguments_max = 1, .needs = NEEDS_READ, .options = connect_options,
     .help = "connect with another node",
     .more = "It is done when that node has proven to be the one of that peer id.",
     .examples = {"ggen p2p connect /ip4/192.0.2.7/tcp/4101/p2p/12D3KooW..."}},
    {.id = VERB_P2P_DISCONNECT, .path = "p2p disconnect", .arguments = "[PEER]",
     .arguments_max = 1, .needs = NEEDS_READ, .options = disconnect_options,
     .help = "end the connection with a node",
     .more = "Without PEER those with all nodes.",
     .examples = {"ggen p2p disconnect 12D3KooW..."}},
    {.id = VERB_P2P_METRICS, .path = "p2p metrics", .needs = NEEDS_READ,
     .help = "counters of this home's node, as Prometheus reads them",
     .more = "`ggen p2p status --json` has the same values among others.",
     .examples = {"ggen p2p metrics", "ggen p2p metrics | grep _p2p_peers"}},
    {.id = VERB_P2P_PUBLISH, .path = "p2p publish", .arguments = "PATH|PKG@VERSION",
     .arguments_min = 1, .arguments_max = 1, .takes = TAKES_PACKAGE, .needs = NEEDS_WRITE,
     .options = p2p_publish_options,
     .help = "publish a directory or a version to the network",
     .more = "Counted is what others have acknowledged. The node goes on telling those that have "
             "not, so this may be asked again.",
     .examples = {"ggen p2p publish ./my-pack --wait", "ggen p2p publish demo-pack@1.2.0"}},
    {.id = VERB_P2P_SEARCH, .path = "p2p search", .arguments = "QUERY", .arguments_min = 1,
     .arguments_max = 1, .needs = NEEDS_READ, .reach = REACH_P2P, .options = p2p_search_options,
     .help = "find packages in the network", .more = "As `ggen market search --registry p2p`.",
     .examples = {"ggen p2p search ontology", "ggen p2p search rdf --timeout 5"}},
    {.id = VERB_P2P_PEER_INFO, .path = "p2p peer-info", .arguments = "PEER", .arguments_min = 1,
     .arguments_max = 1, .needs = NEEDS_READ, .options = peer_info_options,
     .help = "what this node has seen of another",
     .examples = {"ggen p2p peer-info 12D3KooW... --full"}},
    {.id = VERB_P2P_BOOTSTRAP, .path = "p2p bootstrap", .arguments = "[ADDRESS...]",
     .arguments_max = ANY_NUMBER, .needs = NEEDS_READ, .options = bootstrap_options,
     .help = "connect with bootstrap nodes now",
     .more = "Without ADDRESS those of network.bootstrap_nodes. It is done when one of them answers; "
             "exit 1 when none does.",
     .examples = {"ggen p2p bootstrap",
                  "ggen p2p bootstrap /ip4/192.0.2.7/tcp/4101/p2p/12D3KooW... --wait"}},
    {.id = VERB_P2P_BAN, .path = "p2p ban", .arguments = "PEER", .arguments_min = 1,
     .arguments_max = 1, .needs = NEEDS_READ, .options = ban_options,
     .help = "refuse a node for some time",
     .examples = {"ggen p2p ban 12D3KooW... --for 86400 --reason garbage"}},
    {.id = VERB_P2P_UNBAN, .path = "p2p unban", .arguments = "PEER", .arguments_min = 1,
     .arguments_max = 1, .needs = NEEDS_READ, .help = "no longer refuse a node",
     .examples = {"ggen p2p unban 12D3KooW..."}},
    {.id = VERB_P2P_STOP, .path = "p2p stop", .needs = NEEDS_READ,
     .help = "end the node of this home",
     .more = "It is done when the node has written down what it knows.",
     .examples = {"ggen p2p stop"}},
    {.id = VERB_CONFIG_EDIT, .path = "config edit", .needs = NEEDS_NONE,
     .help = "edit the settings file with $VISUAL, $EDITOR or vi",
     .more = "What is not valid never replaces it: it stays beside it, and the next `config edit` "
             "goes on there.",
     .examples = {"EDITOR=nano ggen config edit"}},
    {.id = VERB_CONFIG_RESET, .path = "config reset", .needs = NEEDS_NONE,
     .help = "give every setting its default",
     .more = "The settings files are renamed to FILE.old, in the place of the last ones.",
     .examples = {"ggen config reset"}},
};
