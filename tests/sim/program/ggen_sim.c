// SPDX-License-Identifier: MIT
//  ggen-sim: runs a scenario of thousands of nodes in one thread, from a seed, and says what it saw.
//  Exit code 0: nothing was violated; 1: something was, and the command that shows it again is
//  printed; 2: the command line is wrong.
#include "heap.h"
#include "tests/sim/lib/network.h"
#include "tests/sim/lib/scenario.h"
#include "tests/sim/lib/stored.h"

#include "shrink.h"
#include "soak.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
    scenario_options_t scenario;
    const scenario_t *which;
    const char *which_name;
    char path[SCENARIO_PATH_MAX];
    bool json, trace, memory;
    bool shrinks;               //  a run that fails is made smaller
    soak_plan_t soak;
} options_t;

//  What a run came to.
typedef struct {
    double seconds;             //  of this process on a processor: others may run on the machine
    double bytes_a_node;
    double own_bytes_a_node;
} cost_t;

static double
cpu_secs (void)
{
    struct timespec now;
    clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

//  ---- what is printed -----------------------------------------------------------------------------

static void
trace_letter (void *context, world_t *world, const note_t *note)
{
    static const char *const kinds[8] = {"?", "request", "reply", "progress", "event", "cancel",
                                         "gone", "?"};
    FILE *file = context;
    Ggen__Envelope *envelope = world_envelope (note);
    fprintf (file, "%.6f n%u.%s %s %s from %s, %zu bytes\n", (double) note->at_us / 1e6, note->node,
             world_seat_name (world, note->node, note->seat), kinds[note->kind & 7],
             envelope ? envelope->type : "?", envelope ? envelope->from : "?",
             letters_size (note));
    if (envelope)
        ggen__envelope__free_unpacked (envelope, NULL);
}

static void
trace_life (void *context, world_t *world, uint32_t node, bool lives)
{
    fprintf (context, "%.6f n%u %s\n", (double) world_now_us (world) / 1e6, node,
             lives ? "starts" : "ends");
}

//  By seat; then what of it is data, and what is left: what a node costs by itself.
static void
print_memory (const world_t *world, bool json)
{
    double nodes = world_counts (world).nodes_on ? world_counts (world).nodes_on : 1;
    const heapbook_t *heapbook = world_heapbook (world);
    const stored_t stored = stored_bytes (world);
    const char *name;
    int64_t bytes, all = 0;
    if (json)
        printf (", \"bytes_per_seat\": {");
    for (unsigned i = 0; heapbook && (name = heapbook_name (heapbook, i, &bytes)) != NULL; i++) {
        printf (json ? "%s\"%s\": %.0f" : "%s  %-14s %8.0f bytes a node\n",
                json && i > 0 ? ", " : "", name, (double) bytes / nodes);
        all += bytes;
    }
    double records = (double) stored.all / nodes, rest = (double) all / nodes - records;
    if (json) {
        printf ("}, \"stored_bytes_per_node\": %.0f, \"bytes_per_node_beyond\": %.0f", records,
                rest);
        return;
    }
    printf ("  stored records %8.0f bytes a node:", records);
    for (unsigned i = 0; i < STORED_KINDS; i++)
        printf (" %s %.0f", stored_name (i), (double) stored.bytes[i] / nodes);
    printf ("\n  beyond these   %8.0f bytes a node in all actors\n", rest);
}

static void
print_digest (const world_t *world, FILE *file)
{
    uint8_t digest[WORLD_DIGEST_SIZE];
    world_digest (world, digest);
    for (unsigned i = 0; i < sizeof digest; i++)
        fprintf (file, "%02x", digest[i]);
}

static void
print_json_text (const char *text, FILE *file)
{
    fputc ('"', file);
    for (; *text; text++)
        if (*text == '"' || *text == '\\')
            fprintf (file, "\\%c", *text);
        else if ((uint8_t) *text < ' ')
            fprintf (file, "\\u%04x", *text);
        else
            fputc (*text, file);
    fputc ('"', file);
}

static void
print_command (const options_t *options, FILE *file)
{
    fprintf (file, "build/ggen-sim --scenario %s --nodes %u --seed %" PRIu64 " --minutes %.6g%s",
             options->which_name, options->scenario.nodes, options->scenario.seed,
             options->scenario.minutes, options->scenario.real_crypto ? " --real-crypto" : "");
    for (unsigned i = 0; i < options->scenario.without_count; i++)
        fprintf (file, "%s%u", i ? "," : " --without ", options->scenario.without[i]);
}

static void
print_text (const options_t *options, void *state, const world_t *world, const cost_t *cost)
{
    world_counts_t counts = world_counts (world);
    network_counts_t network = network_counts (world);
    printf ("%s: %u nodes, seed %" PRIu64 ", %g minutes\n", options->which_name,
            options->scenario.nodes, options->scenario.seed, options->scenario.minutes);
    printf ("  %" PRIu64 " events in %.2f s of processor time: %.0f a second\n", counts.events, cost->seconds,
            (double) counts.events / cost->seconds);
    printf ("  %" PRIu64 " letters: %" PRIu64 " requests, %" PRIu64 " replies, %" PRIu64
            " events; %" PRIu64 " refused busy, %" PRIu64 " dropped, deepest mailbox %" PRIu64 "\n",
            counts.letters, counts.kinds[GGEN__KIND__REQUEST], counts.kinds[GGEN__KIND__REPLY],
            counts.kinds[GGEN__KIND__EVENT], counts.busy, counts.dropped + counts.replies_lost,
            counts.depth_max);
    printf ("  %" PRIu64 " dials (%" PRIu64 " failed), %" PRIu64 " messages of %" PRIu64
            " bytes between nodes, %u links\n",
            network.dials, network.dials_failed, network.messages, network.bytes, network.links);
    printf ("  %.0f bytes a node, and %.0f of the simulator\n", cost->bytes_a_node,
            cost->own_bytes_a_node);
    if (options->memory)
        print_memory (world, false);
    if (options->which->report)
        options->which->report (state, world, stdout, false);
    printf ("  digest ");
    print_digest (world, stdout);
    printf ("\n");
    if (!world_fault (world))
        return;
    printf ("VIOLATION %s (%" PRIu64 " in all)\nrepeat with: ", world_fault (world),
            counts.violations);
    print_command (options, stdout);
    printf ("\n");
}

static void
print_json (const options_t *options, void *state, const world_t *world, const cost_t *cost)
{
    world_counts_t counts = world_counts (world);
    network_counts_t network = network_counts (world);
    printf ("{\"scenario\": \"%s\", \"nodes\": %u, \"seed\": %" PRIu64 ", \"minutes\": %g",
            options->which_name, options->scenario.nodes, options->scenario.seed,
            options->scenario.minutes);
    printf (", \"events\": %" PRIu64 ", \"seconds\": %.3f, \"events_per_second\": %.0f",
            counts.events, cost->seconds, (double) counts.events / cost->seconds);
    printf (", \"letters\": %" PRIu64 ", \"busy\": %" PRIu64 ", \"dropped\": %" PRIu64
            ", \"replies_lost\": %" PRIu64 ", \"depth_max\": %" PRIu64,
            counts.letters, counts.busy, counts.dropped, counts.replies_lost, counts.depth_max);
    printf (", \"dials\": %" PRIu64 ", \"dials_failed\": %" PRIu64 ", \"network_messages\": %" PRIu64
            ", \"network_bytes\": %" PRIu64,
            network.dials, network.dials_failed, network.messages, network.bytes);
    printf (", \"bytes_per_node\": %.0f, \"simulator_bytes_per_node\": %.0f", cost->bytes_a_node,
            cost->own_bytes_a_node);
    if (options->memory)
        print_memory (world, true);
    if (options->which->report)
        options->which->report (state, world, stdout, true);
    printf (", \"violations\": %" PRIu64, counts.violations);
    if (world_fault (world)) {
        printf (", \"violation\": ");
        print_json_text (world_fault (world), stdout);
        printf (", \"repeat\": \"");
        print_command (options, stdout);
        printf ("\"");
    }
    printf (", \"digest\": \"");
    print_digest (world, stdout);
    printf ("\"}\n");
}

//  ---- the run -------------------------------------------------------------------------------------

//  Violations end it: what comes after one only hides it.
static void
stop_at_fault (void *context, world_t *world)
{
    (void) context;
    if (world_fault (world))
        world_end (world);
}

static cost_t
run (const options_t *options, void *state, world_t *world, size_t heap_before)
{
    double started = cpu_secs ();
    options->which->begin (state, world);
    world_every (world, 1000000, stop_at_fault, NULL);
    world_run (world, (int64_t) (options->scenario.minutes * 60e6));
    if (options->which->end)
        options->which->end (state, world);
    cost_t cost = {.seconds = cpu_secs () - started};
    double nodes = world_counts (world).nodes_on ? world_counts (world).nodes_on : 1;
    cost.own_bytes_a_node = (double) world_bytes (world) / nodes;
    cost.bytes_a_node =
        (double) (heap_bytes () - heap_before) / nodes - cost.own_bytes_a_node;
    return cost;
}

static int
simulate (options_t *options)
{
    size_t heap_before = heap_bytes ();
    world_setup_t setup = {.seed = options->scenario.seed,
                           .real_crypto = options->scenario.real_crypto,
                           .natted = 0.2,
                           .skew_ms_max = 2000,
                           .drift_ppm_max = 50,
                           .loss = 0.001,
                           .heap = options->memory ? heap_bytes : NULL};
    void *state = options->which->create (&options->scenario, &setup);
    if (!state)
        return 2;
    if (!setup.context)
        setup.context = state;
    world_t *world = world_new (&setup);
    if (options->trace) {
        observer_t trace = {
            .context = options->json ? stderr : stdout, .arrives = trace_letter, .lives = trace_life};
        world_observe (world, &trace);
    }
    cost_t cost = run (options, state, world, heap_before);
    (options->json ? print_json : print_text) (options, state, world, &cost);
    int code = world_fault (world) ? 1 : 0;
    world_destroy (&world);
    options->which->destroy (state);
    return code;
}

//  ---- many runs -----------------------------------------------------------------------------------

static const options_t *soaked;

static int
run_again (const scenario_options_t *scenario)
{
    options_t options = {.scenario = *scenario,
                         .which = soaked->which,
                         .which_name = soaked->which_name};
    return simulate (&options);
}

static bool
fails_again (void *context, const scenario_options_t *scenario)
{
    (void) context;
    return soak_fails (run_again, scenario);
}

static int
simulate_small (options_t *options)
{
    soaked = options;
    shrink (&options->scenario, fails_again, NULL, stdout);
    printf ("the smallest that fails:\n");
    return simulate (options);
}

//  The first run that fails is made smaller, and shown.
static int
simulate_many (options_t *options)
{
    soaked = options;
    bool good = soak (&options->scenario, &options->soak, run_again);
    if (good)
        return 0;
    if (options->shrinks)
        return simulate_small (options);
    return simulate (options);
}

static int
simulate_one (options_t *options)
{
    scenario_options_t scenario = options->scenario;
    int code = simulate (options);
    if (code != 1 || !options->shrinks)
        return code;
    //  From now on with the numbers that the scenario has drawn.
    scenario.nodes = options->scenario.nodes;
    scenario.minutes = options->scenario.minutes;
    options->scenario = scenario;
    return simulate_small (options);
}

//  ---- the command line ----------------------------------------------------------------------------

static void
usage (FILE *file)
{
    fprintf (file, "usage: ggen-sim [--nodes N] [--seed S] [--scenario NAME|FILE] [--minutes M]\n"
                   "                [--without LINE,...] [--real-crypto] [--json] [--trace] [--memory]\n"
                   "                [--shrink] [--seeds COUNT [--tap]] [--hours H]\n\n"
                   "scenarios:\n");
    const scenario_t *scenario;
    for (unsigned i = 0; (scenario = scenario_at (i)) != NULL; i++)
        fprintf (file, "  %-12s %s\n", scenario->name, scenario->help);
}

//  Line numbers with commas between.
static bool
read_without (scenario_options_t *options, const char *text)
{
    for (char *end; *text; text = *end == ',' ? end + 1 : end) {
        unsigned long line = strtoul (text, &end, 10);
        if (end == text || options->without_count == SCENARIO_WITHOUT_MAX)
            return false;
        options->without[options->without_count++] = (uint32_t) line;
    }
    return true;
}

//  Those that are built in take these numbers where a file has its own.
static bool
find_scenario (options_t *options)
{
    options->which = scenario_find (options->which_name);
    options->scenario.file = scenario_file (options->which_name, options->path);
    if (options->which) {
        if (options->scenario.nodes == 0)
            options->scenario.nodes = 1000;
        if (options->scenario.minutes <= 0)
            options->scenario.minutes = 1.0;
    } else if (options->scenario.file)
        options->which = &scenario_script;
    return options->which && options->which->create
           && (options->which != &scenario_script || options->scenario.file);
}

static bool
read_options (options_t *options, int argc, char **argv)
{
    static const struct option table[] = {{"nodes", required_argument, NULL, 'n'},
                                          {"seed", required_argument, NULL, 's'},
                                          {"scenario", required_argument, NULL, 'c'},
                                          {"minutes", required_argument, NULL, 'm'},
                                          {"real-crypto", no_argument, NULL, 'r'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"trace", no_argument, NULL, 't'},
                                          {"without", required_argument, NULL, 'w'},
                                          {"memory", no_argument, NULL, 'y'},
                                          {"shrink", no_argument, NULL, 'k'},
                                          {"seeds", required_argument, NULL, 'e'},
                                          {"hours", required_argument, NULL, 'o'},
                                          {"tap", no_argument, NULL, 'p'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    int option;
    while ((option = getopt_long (argc, argv, "", table, NULL)) != -1)
        switch (option) {
        case 'n':
            options->scenario.nodes = (uint32_t) strtoul (optarg, NULL, 10);
            break;
        case 's':
            options->scenario.seed = strtoull (optarg, NULL, 10);
            break;
        case 'c':
            options->which_name = optarg;
            break;
        case 'm':
            options->scenario.minutes = strtod (optarg, NULL);
            break;
        case 'w':
            if (!read_without (&options->scenario, optarg))
                return false;
            break;
        case 'k':
            options->shrinks = true;
            break;
        case 'e':
            options->soak.count = (uint32_t) strtoul (optarg, NULL, 10);
            break;
        case 'o':
            options->soak.hours = strtod (optarg, NULL);
            break;
        case 'p':
            options->soak.tap = true;
            break;
        case 'r':
            options->scenario.real_crypto = true;
            break;
        case 'j':
            options->json = true;
            break;
        case 't':
            options->trace = true;
            break;
        case 'y':
            options->memory = true;
            break;
        case 'h':
            usage (stdout);
            exit (0);
        default:
            return false;
        }
    return find_scenario (options) && optind == argc
           && options->scenario.nodes <= WORLD_NODES_MAX;
}

int
main (int argc, char **argv)
{
    options_t options = {.scenario = {.seed = 1},
                         .which_name = "toy"};
    if (!read_options (&options, argc, argv)) {
        usage (stderr);
        return 2;
    }
    if (options.soak.count > 0 || options.soak.hours > 0)
        return simulate_many (&options);
    return simulate_one (&options);
}
