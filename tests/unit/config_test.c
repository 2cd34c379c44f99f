// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config.h"
#include "config/schema_doc.h"
#include "config/toml.h"
#include "tests/temp_dir.h"

//  Each test has a home of its own and an environment without our variables.
static char home [TEMP_DIR_SIZE];

static int
make_home (void **state)
{
    (void) state;
    static const char *const names [] = {
        "GGEN_HOME", "GGEN_REGISTRY_URL", "GGEN_P2P_ENABLED", "P2P_ENABLED", "GGEN_P2P_BOOTSTRAP",
        "GGEN_P2P_LISTEN", "GGEN_P2P_ANNOUNCE", "GGEN_P2P_DHT_SERVER", "GGEN_P2P_LAN", "GGEN_LOG",
        "RUST_LOG",
    };
    for (size_t i = 0; i < COUNT_OF (names); i++)
        unsetenv (names [i]);
    setenv ("HOME", "/home/somebody", 1);
    temp_dir_make (home);
    return 0;
}

static int
remove_home (void **state)
{
    (void) state;
    static const char *const names [] = {"config.toml", "p2p-config.toml"};
    char path [128];
    for (size_t i = 0; i < COUNT_OF (names); i++) {
        snprintf (path, sizeof path, "%s/%s", home, names [i]);
        if (unlink (path) != 0)
            rmdir (path);
    }
    return rmdir (home);
}

static void
write_file (const char *name, const char *text)
{
    char path [128];
    snprintf (path, sizeof path, "%s/%s", home, name);
    FILE *file = fopen (path, "w");
    assert_non_null (file);
    fputs (text, file);
    assert_int_equal (fclose (file), 0);
}

static code_t
read_text (config_t *config, const char *text)
{
    return config_read_text (config, "config.toml", text, strlen (text));
}

static void
assert_note (const json_t *notes, size_t index, const char *expected)
{
    const char *got = json_string_value (json_array_get (notes, index));
    if (!got || strcmp (got, expected) != 0)
        fail_msg ("note %zu is '%s', expected '%s'", index, got ? got : "absent", expected);
}

static void
assert_list (const json_t *list, const char *expected)
{
    char *got = json_dumps (list, JSON_COMPACT);
    assert_string_equal (got, expected);
    free (got);
}

static void
without_files_every_key_has_its_default (void **state)
{
    (void) state;
    AUTO (config_destroy) config_t *config = config_new (home);
    assert_int_equal (config_load (config), OK);
    assert_int_equal (config_check (config), OK);
    assert_int_equal (config_int (config, "performance.max_peers"), 128);
    assert_int_equal (config_ms (config, "performance.dht_query_timeout"), 10000);
    assert_int_equal (config_bytes (config, "storage.max_cache_size"), 1073741824);
    assert_true (config_bool (config, "security.enable_tls"));
    assert_true (config_real (config, "security.min_peer_reputation", 0) == 0.7);
    assert_true (config_real (config, "location.latitude", -1000) == -1000);
    assert_null (config_string (config, "registry.url"));
    assert_string_equal (config_string (config, "http.listen"), "");
    assert_string_equal (config_string (config, "node.tier"), "community");
    assert_list (config_list (config, "network.listen_addresses"), "[\"/ip4/0.0.0.0/tcp/0\"]");
    assert_string_equal (config_origin (config, "performance.max_peers"), "default");
    assert_int_equal (json_array_size (config_errors (config)), 0);
    assert_int_equal (json_array_size (config_warnings (config)), 0);
}

static void
every_default_is_accepted_by_its_own_row (void **state)
{
    (void) state;
    for (const schema_key_t *row = schema_keys; row->key; row++) {
        json_t *value = schema_default (row);
        assert_non_null (value);
        if (!schema_accepts (row, value) && !json_is_null (value))
            fail_msg ("%s", row->key);
        json_decref (value);
        assert_ptr_equal (schema_find (row->key), row);
    }
}

static void
flag_goes_before_environment_before_file_before_default (void **state)
{
    (void) state;
    write_file ("config.toml", "[log]\nlevel = 'warn'\n[performance]\nmax_peers = 10\n");
    write_file ("p2p-config.toml", "[performance]\n# later file\nmax_peers = 20\n");
    AUTO (config_destroy) config_t *config = config_new (home);
    assert_int_equal (config_set (config, "log.level", "error", "--verbose"), OK);
    setenv ("GGEN_LOG", "debug", 1);
    assert_int_equal (config_load (config), OK);
    assert_string_equal (config_string (config, "log.level"), "error");
    assert_string_equal (config_origin (config, "log.level"), "flag --verbose");
    assert_int_equal (config_int (config, "performance.max_peers"), 20);
    assert_string_equal (config_origin (config, "performance.max_peers"), "p2p-config.toml:3");

    AUTO (config_destroy) config_t *other = config_new (home);
    assert_int_equal (config_load (other), OK);
    assert_string_equal (config_string (other, "log.level"), "debug");
    assert_string_equal (config_origin (other, "log.level"), "env GGEN_LOG");

    unsetenv ("GGEN_LOG");
    AUTO (config_destroy) config_t *third = config_new (home);
    assert_int_equal (config_load (third), OK);
    assert_string_equal (config_string (third, "log.level"), "warn");
    assert_string_equal (config_origin (third, "log.level"), "config.toml:2");
}

static void
every_environment_variable_sets_its_key (void **state)
{
    (void) state;
    setenv ("GGEN_REGISTRY_URL", "https://example.org/r", 1);
    setenv ("P2P_ENABLED", "off", 1);
    setenv ("GGEN_P2P_BOOTSTRAP", "/ip4/10.0.0.1/tcp/1, /dns/a.example/tcp/2,", 1);
    setenv ("GGEN_P2P_LISTEN", "/ip4/127.0.0.1/tcp/4001", 1);
    setenv ("GGEN_P2P_DHT_SERVER", "0", 1);
    setenv ("RUST_LOG", "trace", 1);
    setenv ("GGEN_LOG", "", 1);
    AUTO (config_destroy) config_t *config = config_new (home);
    assert_int_equal (config_load (config), OK);
    assert_string_equal (config_string (config, "registry.url"), "https://example.org/r");
    assert_false (config_bool (config, "p2p.enabled"));
    assert_list (config_list (config, "network.bootstrap_nodes"),
                 "[\"/ip4/10.0.0.1/tcp/1\",\"/dns/a.example/tcp/2\"]");
    assert_list (config_list (config, "network.listen_addresses"), "[\"/ip4/127.0.0.1/tcp/4001\"]");
    assert_false (config_bool (config, "network.dht_server_mode"));
    assert_string_equal (config_string (config, "log.level"), "trace");

    //  Of two names of one key the first one counts.
    setenv ("GGEN_P2P_ENABLED", "yes", 1);
    AUTO (config_destroy) config_t *other = config_new (home);
    assert_int_equal (config_load (other), OK);
    assert_true (config_bool (other, "p2p.enabled"));
    assert_string_equal (config_origin (other, "p2p.enabled"), "env GGEN_P2P_ENABLED");
}

static void
given_a_wrong_environment_when_loaded_then_the_variable_is_named (void **state)
{
    (void) state;
    setenv ("GGEN_LOG", "loud", 1);
    setenv ("GGEN_P2P_ENABLED", "maybe", 1);
    setenv ("GGEN_P2P_LISTEN", "127.0.0.1:4001", 1);
    AUTO (config_destroy) config_t *config = config_new (home);
    assert_int_equal (config_load (config), CONFIG);
    assert_note (config_errors (config), 0,
                 "GGEN_P2P_LISTEN: network.listen_addresses: expected a list of texts beginning "
                 "with \"/\"");
    assert_note (config_errors (config), 1,
                 "GGEN_P2P_ENABLED: p2p.enabled: expected true or false");
    assert_note (config_errors (config), 2,
                 "GGEN_LOG: log.level: expected one of \"trace\", \"debug\", \"info\", \"warn\" or "
                 "\"error\"");

    //  RUST_LOG may be meant for another program.
    unsetenv ("GGEN_LOG");
    unsetenv ("GGEN_P2P_ENABLED");
    unsetenv ("GGEN_P2P_LISTEN");
    setenv ("RUST_LOG", "hyper=debug,info", 1);
    AUTO (config_destroy) config_t *other = config_new (home);
    assert_int_equal (config_load (other), OK);
    assert_string_equal (config_string (other, "log.level"), "info");
}

static void
flat_p2p_and_marketplace_forms_are_read (void **state)
{
    (void) state;
    const char *const forms [] = {
        "max_peers = 7\n",
        "[p2p]\nmax_peers = 7\n",
        "[marketplace]\nmax_peers = 7\n",
        "[marketplace.p2p]\nmax_peers = 7\n",
        "[p2p.performance]\nmax_peers = 7\n",
        "[marketplace.performance]\nmax_peers = 7\n",
        "performance.max_peers = 7\n",
        "performance = {max_peers = 7}\n",
        //  The sectioned form goes before the bare one, wherever they stand.
        "[performance]\nmax_peers = 7\n[p2p]\nmax_peers = 9\n",
        "max_peers = 9\n[performance]\nmax_peers = 7\n",
    };
    for (size_t i = 0; i < COUNT_OF (forms); i++) {
        AUTO (config_destroy) config_t *config = config_new (home);
        assert_int_equal (read_text (config, forms [i]), OK);
        assert_int_equal (json_array_size (config_warnings (config)), 0);
        if (config_int (config, "performance.max_peers") != 7)
            fail_msg ("%s", forms [i]);
    }
}

static void
an_unknown_key_is_a_warning_with_the_nearest_known_one (void **state)
{
    (void) state;
    AUTO (config_destroy) config_t *config = config_new (home);
    assert_int_equal (read_text (config, "[performance]\nmax_peer = 7\n"
                                         "[storage]\nmax_peers = 9\nmax_cach_size = 1\n"
                                         "[colours]\nbackground = 'red'\n"
                                         "[[servers]]\nname = 'a'\n"), OK);
    const json_t *warnings = config_warnings (config);
    assert_note (warnings, 0, "config.toml:2: unknown key 'performance.max_peer'; did you mean "
                              "'performance.max_peers'?");
    assert_note (warnings, 1, "config.toml:4: unknown key 'storage.max_peers'; did you mean "
                              "'performance.max_peers'?");
    assert_note (warnings, 2, "config.toml:5: unknown key 'storage.max_cach_size'; did you mean "
                              "'storage.max_cache_size'?");
    assert_note (warnings, 3, "config.toml:7: unknown key 'colours.background'");
    assert_note (warnings, 4, "config.toml:8: unknown key 'servers'");
    assert_int_equal (json_array_size (warnings), 5);
    assert_int_equal (config_int (config, "performance.max_peers"), 128);
}

static void
given_a_wrong_type_or_range_when_read_then_line_key_and_expectation_are_told (void **state)
{
    (void) state;
    static const struct {
        const char *text, *error;
    } cases [] = {
        {"[performance]\n\nmax_peers = 0",
         "3: performance.max_peers: expected a whole number from 1 to 4096"},
        {"[performance]\nmax_peers = '12'",
         "2: performance.max_peers: expected a whole number from 1 to 4096"},
        {"[performance]\nmax_peers = 1.5",
         "2: performance.max_peers: expected a whole number from 1 to 4096"},
        {"[performance]\ndht_query_timeout = 0",
         "2: performance.dht_query_timeout: expected a number of seconds from 0.1 to 300"},
        {"[storage]\nmax_cache_size = 1048577",
         "2: storage.max_cache_size: expected a whole number of MiB from 1 to 1048576"},
        {"[security]\nmin_peer_reputation = 1.01",
         "2: security.min_peer_reputation: expected a number from 0 to 1"},
        {"[location]\nlatitude = -90.5", "2: location.latitude: expected a number from -90 to 90"},
        {"[security]\nenable_tls = 1", "2: security.enable_tls: expected true or false"},
        {"[storage]\ncache_dir = ''", "2: storage.cache_dir: expected a path"},
        {"[registry]\nmode = 'hyb'",
         "2: registry.mode: expected one of \"hybrid\", \"file\", \"p2p\" or \"http\""},
        {"[registry]\nmode = 'hybrids'", "2: registry.mode: expected one of"},
        {"[registry]\nurl = 'ftp://x'",
         "2: registry.url: expected a text beginning with \"http://\" or \"https://\""},
        {"[http]\nlisten = '8080'", "2: http.listen: expected \"HOST:PORT\", or \"\" for off"},
        {"[http]\nlisten = 'a:65536'", "2: http.listen: expected \"HOST:PORT\", or \"\" for off"},
        {"[network]\ncategories = 'a'", "2: network.categories: expected a list of texts"},
        {"[network]\ncategories = ['a', 1]", "2: network.categories: expected a list of texts"},
        {"[[network.bootstrap_nodes]]\naddress = 1",
         "1: network.bootstrap_nodes: "
         "expected a list of multiaddresses or {address = \"/...\", priority = N}"},
        {"[network]\nbootstrap_nodes = [{address = '/a', weight = 1}]",
         "2: network.bootstrap_nodes: "
         "expected a list of multiaddresses or {address = \"/...\", priority = N}"},
        {"\n[p2p]\nmax_peers = -1",
         "3: performance.max_peers: expected a whole number from 1 to 4096"},
        {"[performance]\nmax_peers = \n", "2:13: "},
    };
    for (size_t i = 0; i < COUNT_OF (cases); i++) {
        AUTO (config_destroy) config_t *config = config_new (home);
        assert_int_equal (read_text (config, cases [i].text), CONFIG);
        const char *got = json_string_value (json_array_get (config_errors (config), 0));
        assert_non_null (got);
        char expected [256];
        snprintf (expected, sizeof expected, "config.toml:%s", cases [i].error);
        if (strncmp (got, expected, strlen (expected)) != 0)
            fail_msg ("got '%s', expected '%s'", got, expected);
        assert_int_equal (config_check (config), CONFIG);
    }
}

static void
all_errors_of_a_file_are_told_and_right_values_stay (void **state)
{
    (void) state;
    AUTO (config_destroy) config_t *config = config_new (home);
    assert_int_equal (read_text (config, "[performance]\nmax_peers = 0\nmin_peers = 3\n"
                                         "[security]\nban_threshold = 'x'\n"), CONFIG);
    assert_int_equal (json_array_size (config_errors (config)), 2);
    assert_int_equal (config_int (config, "performance.min_peers"), 3);
    assert_int_equal (config_int (config, "performance.max_peers"), 128);
}

static void
notes_are_bounded (void **state)
{
    (void) state;
    AUTO (config_destroy) config_t *config = config_new (home);
    for (int i = 0; i < CONFIG_NOTES_MAX + 10; i++)
        assert_int_equal (config_set (config, "no.such", "\xff", "--\xff"), CONFIG);
    assert_int_equal (json_array_size (config_errors (config)), CONFIG_NOTES_MAX);
    assert_note (config_errors (config), 0, "--?: unknown key 'no.such'");
}

static void
bootstrap_nodes_with_the_smallest_priority_come_first (void **state)
{
    (void) state;
    AUTO (config_destroy) config_t *config = config_new (home);
    assert_int_equal (read_text (config, "[network]\nbootstrap_nodes = [\"/a\", "
                                         "{address = \"/b\", priority = 2}, {address = \"/c\"}, "
                                         "{address = \"/d\", priority = 1}]"), OK);
    assert_list (config_list (config, "network.bootstrap_nodes"),
                 "[\"/d\",\"/b\",\"/a\",\"/c\"]");
}

static void
rules_between_keys_are_checked (void **state)
{
    (void) state;
    static const struct {
        const char *text;
        code_t code;
    } cases [] = {
        {"[security]\nenable_tls = false", CONFIG},
        {"[security]\nenable_tls = false\n[network]\nlisten_addresses = ['/ip4/127.0.0.1/tcp/1', "
         "'/ip6/::1/tcp/1']", OK},
        {"[security]\nenable_tls = false\n[network]\nlisten_addresses = ['/ip4/127.0.0.1/tcp/1', "
         "'/ip4/10.0.0.1/tcp/1']", CONFIG},
        {"[performance]\nmax_peers = 4", CONFIG},
        {"[performance]\nmax_peers = 5", OK},
        {"[location]\nlatitude = 1", CONFIG},
        {"[location]\nlatitude = 1\nlongitude = 2.5", OK},
        {"[registry]\nmode = 'http'", CONFIG},
        {"[registry]\nmode = 'http'\nurl = 'http://localhost:1'", OK},
        {"[limits]\nunpacked_mib = 15", CONFIG},
    };
    for (size_t i = 0; i < COUNT_OF (cases); i++) {
        AUTO (config_destroy) config_t *config = config_new (home);
        assert_int_equal (read_text (config, cases [i].text), OK);
        if (config_check (config) != cases [i].code)
            fail_msg ("%s", cases [i].text);
    }
}

static void
changed_settings_that_nothing_heeds_are_warned_of_when_asked (void **state)
{
    (void) state;
    AUTO (config_destroy) config_t *config = config_new (home);
    assert_int_equal (read_text (config, "[location]\nregion = \"here\"\n"
                                         "[storage]\nmax_cache_size = 5\n"), OK);
    assert_int_equal (config_set (config, "registry.packages_path", "/elsewhere", "--path"), OK);
    assert_int_equal (config_check (config), OK);
    const json_t *warnings = config_warnings (config);
    assert_int_equal (json_array_size (warnings), 0);
    config_warn_idle (config);
    assert_int_equal (json_array_size (warnings), 2);
    assert_string_equal (json_string_value (json_array_get (warnings, 0)),
                         "config.toml:2: location.region: no effect yet, this build lacks that part "
                         "of the peer-to-peer network: FEATURE_NOT_ENABLED");
    assert_string_equal (json_string_value (json_array_get (warnings, 1)),
                         "flag --path: registry.packages_path: no effect yet, this build lacks a choice "
                         "of where packages appear: FEATURE_NOT_ENABLED");
}

static void
flags_are_checked_like_files (void **state)
{
    (void) state;
    AUTO (config_destroy) config_t *config = config_new (home);
    assert_int_equal (config_set (config, "performance.max_peers", "12x", "--max-peers"), CONFIG);
    assert_int_equal (config_set (config, "performance.max_peers", " 12", "--max-peers"), CONFIG);
    assert_int_equal (config_set (config, "performance.max_peers", "12.5", "--max-peers"), CONFIG);
    assert_int_equal (config_set (config, "performance.max_peers", "12", "--max-peers"), OK);
    assert_int_equal (config_set (config, "performance.max_peerz", "12", "--max-peers"), CONFIG);
    assert_note (config_errors (config), 0,
                 "--max-peers: performance.max_peers: expected a whole number from 1 to 4096");
    assert_note (config_errors (config), 3, "--max-peers: unknown key 'performance.max_peerz'; did "
                                            "you mean performance.max_peers");
    assert_int_equal (config_int (config, "performance.max_peers"), 12);
}

static void
paths_are_absolute (void **state)
{
    (void) state;
    static const struct {
        const char *given, *expected;
    } cases [] = {
        {"cache", "/h/cache"}, {"/var/cache", "/var/cache"}, {"~/c", "/home/somebody/c"},
        {"~", "/home/somebody"}, {"~x/c", "/h/~x/c"},
    };
    for (size_t i = 0; i < COUNT_OF (cases); i++) {
        AUTO (config_destroy) config_t *config = config_new ("/h");
        assert_int_equal (config_set (config, "storage.cache_dir", cases [i].given, "-x"), OK);
        char *path = config_path (config, "storage.cache_dir");
        assert_string_equal (path, cases [i].expected);
        free (path);
    }
}

static void
assert_home (const char *flag, const char *expected)
{
    char *path = config_home (flag);
    assert_string_equal (path, expected);
    free (path);
}

static void
home_is_flag_then_environment_then_dot_ggen (void **state)
{
    (void) state;
    assert_home (NULL, "/home/somebody/.ggen");
    setenv ("GGEN_HOME", "~/other", 1);
    assert_home (NULL, "/home/somebody/other");
    assert_home ("/flag", "/flag");
    char here [256], expected [300];
    assert_non_null (getcwd (here, sizeof here));
    snprintf (expected, sizeof expected, "%s/relative", here);
    assert_home ("relative", expected);
    unsetenv ("GGEN_HOME");
    unsetenv ("HOME");
    assert_null (config_home (NULL));
}

static void
given_a_file_that_is_none_when_loaded_then_it_is_an_error (void **state)
{
    (void) state;
    char path [128];
    snprintf (path, sizeof path, "%s/config.toml", home);
    assert_int_equal (mkdir (path, 0700), 0);
    AUTO (config_destroy) config_t *config = config_new (home);
    assert_int_equal (config_load (config), CONFIG);
    assert_non_null (strstr (json_string_value (json_array_get (config_errors (config), 0)),
                             "config.toml: cannot be read"));
    assert_int_equal (config_read_file (config, "/no/such/file.toml"), CONFIG);

    assert_int_equal (rmdir (path), 0);
    assert_int_equal (mkfifo (path, 0600), 0);      //  Reading it would wait, or see nothing
    AUTO (config_destroy) config_t *other = config_new (home);
    assert_int_equal (config_load (other), CONFIG);
}

static void
the_whole_is_shown_with_values_and_origins (void **state)
{
    (void) state;
    AUTO (config_destroy) config_t *config = config_new ("/h");
    assert_int_equal (read_text (config, "[storage]\nreplicas = 1\n"), OK);
    json_t *values = config_to_json (config), *origins = config_origins_to_json (config);
    const json_t *storage = json_object_get (values, "storage");
    assert_int_equal (json_integer_value (json_object_get (storage, "replicas")), 1);
    assert_string_equal (json_string_value (json_object_get (storage, "cache_dir")), "/h/cache");
    assert_true (json_is_null (json_object_get (json_object_get (values, "registry"), "url")));
    assert_string_equal (json_string_value (json_object_get (json_object_get (origins, "storage"),
                                                             "replicas")), "config.toml:2");
    size_t count = 0;
    const char *name;
    json_t *section;
    json_object_foreach (values, name, section)
        count += json_object_size (section);
    size_t expected = 0;
    while (schema_keys [expected].key)
        expected++;
    assert_int_equal (count, expected);
    json_decref (values);
    json_decref (origins);
}

//  The sample with its keys switched on: "# name = value" becomes "name = value".
static char *
switched_on (const char *sample)
{
    char *text = strdup (sample), *out = text;
    for (const char *line = sample; *line;) {
        size_t size = strcspn (line, "\n") + 1;
        const char *equals = memchr (line, '=', size);
        size_t word = strncmp (line, "# ", 2) == 0 ? strcspn (line + 2, " \n") : 0;
        bool is_key = equals && line + 2 + word + 1 == equals && equals [1] == ' ';
        size_t skip = is_key ? 2 : 0;
        memcpy (out, line + skip, size - skip);
        out += size - skip;
        line += size;
    }
    *out = 0;
    return text;
}

static void
the_sample_means_the_defaults_commented_out_or_not (void **state)
{
    (void) state;
    char *sample = schema_doc_toml ();
    char *live = switched_on (sample);
    assert_non_null (strstr (live, "\nmax_peers = 128\n"));
    const char *const texts [] = {sample, live};
    AUTO (config_destroy) config_t *defaults = config_new (home);
    json_t *expected = config_to_json (defaults);
    for (size_t i = 0; i < COUNT_OF (texts); i++) {
        AUTO (config_destroy) config_t *config = config_new (home);
        assert_int_equal (read_text (config, texts [i]), OK);
        assert_int_equal (json_array_size (config_warnings (config)), 0);
        json_t *got = config_to_json (config);
        assert_true (json_equal (got, expected));
        json_decref (got);
    }
    json_decref (expected);
    free (live);
    free (sample);
}

//  A file of the project; where the tests run is told by TESTS_DATA.
static void
read_committed (const char *name, char *text, size_t room)
{
    const char *data = getenv ("TESTS_DATA");
    char path [4096];
    snprintf (path, sizeof path, "%s/../../%s", data ? data : "tests/data", name);
    FILE *file = fopen (path, "r");
    assert_non_null (file);     //  Tests run in the top directory
    text [fread (text, 1, room - 1, file)] = 0;
    fclose (file);
}

static void
the_committed_sample_is_the_generated_one (void **state)
{
    (void) state;
    char *sample = schema_doc_toml ();
    char committed [32768];
    read_committed ("config/sample.toml", committed, sizeof committed);
    if (strcmp (committed, sample) != 0) {
        fputs (sample, stderr);
        fail_msg ("config/sample.toml should be the text above");
    }
    free (sample);
}

static void
the_committed_table_of_the_documentation_is_the_generated_one (void **state)
{
    (void) state;
    char *table = schema_doc_markdown ();
    char committed [32768];
    read_committed ("docs/CONFIG.md", committed, sizeof committed);
    const char *begin = strstr (committed, "\n| key |");
    if (!begin || strcmp (begin + 1, table) != 0) {
        fputs (table, stderr);
        fail_msg ("docs/CONFIG.md should end with the table above");
    }
    free (table);
}

static void
the_table_of_the_documentation_has_a_row_for_each_key (void **state)
{
    (void) state;
    char *table = schema_doc_markdown ();
    size_t lines = 0, keys = 0;
    for (const char *at = table; *at; at++)
        lines += *at == '\n';
    for (const schema_key_t *row = schema_keys; row->key; row++, keys++)
        if (!strstr (table, row->key))
            fail_msg ("%s", row->key);
    assert_int_equal (lines, keys + 2);
    assert_non_null (strstr (table, "| `storage.max_cache_size` | `1024` MiB | "));
    assert_non_null (strstr (table, "shown to peers, free text (no effect yet) |\n"));
    assert_non_null (strstr (table, "| `log.level` | `\"info\"` | "));
    assert_null (strstr (table, "events to log (no effect yet)"));
    assert_non_null (strstr (table, " | GGEN_P2P_ENABLED, P2P_ENABLED | "));
    free (table);
}

#define test(name) cmocka_unit_test_setup_teardown (name, make_home, remove_home)

int
main (void)
{
    const struct CMUnitTest tests [] = {
        test (without_files_every_key_has_its_default),
        test (every_default_is_accepted_by_its_own_row),
        test (flag_goes_before_environment_before_file_before_default),
        test (every_environment_variable_sets_its_key),
        test (given_a_wrong_environment_when_loaded_then_the_variable_is_named),
        test (flat_p2p_and_marketplace_forms_are_read),
        test (an_unknown_key_is_a_warning_with_the_nearest_known_one),
        test (given_a_wrong_type_or_range_when_read_then_line_key_and_expectation_are_told),
        test (all_errors_of_a_file_are_told_and_right_values_stay),
        test (notes_are_bounded),
        test (bootstrap_nodes_with_the_smallest_priority_come_first),
        test (rules_between_keys_are_checked),
        test (changed_settings_that_nothing_heeds_are_warned_of_when_asked),
        test (flags_are_checked_like_files),
        test (paths_are_absolute),
        test (home_is_flag_then_environment_then_dot_ggen),
        test (given_a_file_that_is_none_when_loaded_then_it_is_an_error),
        test (the_whole_is_shown_with_values_and_origins),
        test (the_sample_means_the_defaults_commented_out_or_not),
        test (the_committed_sample_is_the_generated_one),
        test (the_committed_table_of_the_documentation_is_the_generated_one),
        test (the_table_of_the_documentation_has_a_row_for_each_key),
    };
    return cmocka_run_group_tests_name ("config", tests, NULL, NULL);
}
