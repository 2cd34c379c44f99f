// SPDX-License-Identifier: MIT
//  tree and why: who needs whom among what is installed.
#include "verbs.h"
#include "graph.h"
#include "path.h"
#include "render.h"
#include "session.h"
#include "shape.h"
#include "suggest.h"
#include "table.h"
#include "text.h"
#include "wording.h"
#include "installer.pb-c.h"

#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX 600

//  ---- what both begin with ----------------------------------------------------------------------

static int
out_of_memory (const screen_t *screen)
{
    render_error (screen, INTERNAL, "out of memory", NULL);
    return VERB_FAILED;
}

static const Ggen__ListInstalledReply *
ask_installed (session_t *session, char *root)
{
    Ggen__ListInstalledRequest request = GGEN__LIST_INSTALLED_REQUEST__INIT;
    request.root = root;
    return session_ask (session, "installer", &request.base,
                        &ggen__list_installed_reply__descriptor);
}

//  The number of a name; false, and told, when it is not installed.
static bool
find_package (const screen_t *screen, const graph_t *graph, const char *name, size_t *number_p)
{
    suggest_t suggest;
    char message [MESSAGE_MAX], hint [MESSAGE_MAX];
    *number_p = graph_find (graph, name);
    if (*number_p != GRAPH_NONE)
        return true;
    suggest_start (&suggest, name);
    for (size_t at = 0; at < graph_count (graph); at++)
        suggest_offer (&suggest, graph_package (graph, at)->name, graph_package (graph, at)->name);
    snprintf (message, sizeof message, "%s is not installed", name);
    snprintf (hint, sizeof hint, "%s%s%ssee what is installed: ggen market list",
              suggest.best ? "did you mean " : "", suggest.best ? suggest.best : "",
              suggest.best ? "? " : "");
    render_error (screen, PACKAGE_NOT_FOUND, message, hint);
    return false;
}

//  ---- tree --------------------------------------------------------------------------------------

//  A walk down from the roots in which every package is entered once.
typedef struct {
    const graph_t *graph;
    bool inverted;
    bool *seen;
    size_t *trail, *turns;
    void **lines;
    size_t depth;
} walk_t;

static bool
walk_start (walk_t *self, const graph_t *graph, bool inverted)
{
    const size_t room = graph_count (graph) + 1;
    *self = (walk_t) {.graph = graph, .inverted = inverted};
    self->seen = calloc (room, sizeof *self->seen);
    self->trail = calloc (room, sizeof *self->trail);
    self->turns = calloc (room, sizeof *self->turns);
    self->lines = calloc (room, sizeof *self->lines);
    return self->seen && self->trail && self->turns && self->lines;
}

static void
walk_release (walk_t *self)
{
    free (self->seen);
    free (self->trail);
    free (self->turns);
    free (self->lines);
}

static code_t
draw_row (walk_t *self, table_t *table, size_t number, void *above, void **line_p)
{
    const Ggen__LockedPackage *package = graph_package (self->graph, number);
    size_t below;
    graph_next (self->graph, number, self->inverted, &below);
    return table_branch (table, above,
                         (const char *const []) {package->name, package->version,
                                                 self->seen [number] && below > 0 ? "(see above)"
                                                 : *package->adopted             ? "adopted"
                                                 : package->direct               ? "asked for"
                                                                                 : ""},
                         line_p);
}

//  Draw a root and what is below it. Each package is entered once, so the trail has room.
static code_t
draw_root (walk_t *self, table_t *table, size_t root)
{
    bool entered = self->seen [root];
    code_t code = draw_row (self, table, root, NULL, &self->lines [0]);
    self->depth = 0;
    self->trail [0] = root;
    self->turns [0] = 0;
    self->seen [root] = true;
    while (code == OK && !entered) {
        size_t count, at = self->depth;
        const size_t *next = graph_next (self->graph, self->trail [at], self->inverted, &count);
        if (self->turns [at] == count && at == 0)
            return OK;
        if (self->turns [at] == count) {
            self->depth--;
            continue;
        }
        size_t number = next [self->turns [at]++];
        void *line;
        code = draw_row (self, table, number, self->lines [at], &line);
        if (self->seen [number])
            continue;
        self->seen [number] = true;
        self->depth++;
        self->trail [self->depth] = number;
        self->turns [self->depth] = 0;
        self->lines [self->depth] = line;
    }
    return code;
}

static code_t
print_tree (const screen_t *screen, const graph_t *graph, size_t only, bool inverted)
{
    static const column_t columns [] = {{"PACKAGE", TABLE_TREE}, {"VERSION", 0}, {"", 0}};
    AUTO (walk_release) walk_t walk;
    AUTO (table_destroy) table_t *table = table_new (screen, columns, COUNT_OF (columns));
    code_t code = walk_start (&walk, graph, inverted) && table ? OK : INTERNAL;
    for (size_t at = 0; code == OK && at < graph_count (graph); at++)
        if (only == at || (only == GRAPH_NONE && graph_is_root (graph, at, inverted)))
            code = draw_root (&walk, table, at);
    if (code == OK)
        table_print (table);
    return code;
}

//  What is below the roots, each once: a program can draw any tree from that.
static json_t *
tree_shape (const graph_t *graph, size_t only, bool inverted)
{
    json_t *document = json_object (), *roots = json_array (), *packages = json_array ();
    AUTO (walk_release) walk_t walk;
    bool ready = walk_start (&walk, graph, inverted);
    size_t waiting = 0;
    for (size_t at = 0; ready && at < graph_count (graph); at++)
        if (only == at || (only == GRAPH_NONE && graph_is_root (graph, at, inverted))) {
            shape_append (&roots, shape_text (graph_package (graph, at)->name));
            walk.trail [waiting++] = at;
            walk.seen [at] = true;
        }
    for (size_t done = 0; done < waiting; done++) {
        size_t count;
        const size_t *next = graph_next (graph, walk.trail [done], inverted, &count);
        for (size_t at = 0; at < count; at++)
            if (!walk.seen [next [at]]) {
                walk.seen [next [at]] = true;
                walk.trail [waiting++] = next [at];
            }
    }
    for (size_t at = 0; ready && at < graph_count (graph); at++) {
        if (!walk.seen [at])
            continue;
        const Ggen__LockedPackage *package = graph_package (graph, at);
        json_t *one = json_object (), *below = json_array ();
        size_t count;
        const size_t *next = graph_next (graph, at, inverted, &count);
        for (size_t child = 0; child < count; child++)
            shape_append (&below, shape_text (graph_package (graph, next [child])->name));
        shape_set (&one, "name", shape_text (package->name));
        shape_set (&one, "version", shape_text (package->version));
        shape_set (&one, "direct", json_boolean (package->direct));
        shape_set (&one, "adopted", json_boolean (*package->adopted != 0));
        shape_set (&one, "below", below);
        shape_append (&packages, one);
    }
    shape_set (&document, "inverted", json_boolean (inverted));
    shape_set (&document, "roots", ready ? roots : NULL);
    shape_set (&document, "packages", packages);
    return document;
}

static int
show_tree (const screen_t *screen, const graph_t *graph, const char *name, bool inverted)
{
    size_t only = GRAPH_NONE;
    if (name && !find_package (screen, graph, name, &only))
        return VERB_FAILED;
    if (screen->json)
        render_json (screen, tree_shape (graph, only, inverted));
    else if (print_tree (screen, graph, only, inverted) != OK)
        return out_of_memory (screen);
    else if (graph_count (graph) == 0)
        screen_say (screen, "Nothing is installed.\n  Find something: ggen market search\n");
    return VERB_DONE;
}

int
tree_run (const args_t *args, const screen_t *screen)
{
    AUTO (text_free) char *root = NULL;
    if (!path_take (screen, args_value (args, "target"), PATH_EXISTS, &root))
        return VERB_FAILED;
    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__ListInstalledReply *reply = ask_installed (session, root);
    if (!reply)
        return session_status (session);
    AUTO (graph_destroy) graph_t *graph = graph_new (reply->packages, reply->n_packages);
    if (!graph)
        return out_of_memory (screen);
    return show_tree (screen, graph, args_positional (args, 0), args_flag (args, "invert"));
}

//  ---- why ---------------------------------------------------------------------------------------

static json_t *
why_shape (const graph_t *graph, size_t number, const graph_way_t ways [], size_t ways_count,
           bool more)
{
    const Ggen__LockedPackage *package = graph_package (graph, number);
    json_t *document = json_object (), *paths = json_array ();
    for (size_t at = 0; at < ways_count; at++) {
        json_t *path = json_array ();
        for (size_t step = 0; step < ways [at].count; step++) {
            const Ggen__LockedPackage *passed = graph_package (graph, ways [at].numbers [step]);
            json_t *one = json_object ();
            shape_set (&one, "name", shape_text (passed->name));
            shape_set (&one, "version", shape_text (passed->version));
            shape_append (&path, one);
        }
        shape_append (&paths, path);
    }
    shape_set (&document, "name", shape_text (package->name));
    shape_set (&document, "version", shape_text (package->version));
    shape_set (&document, "direct", json_boolean (package->direct));
    shape_set (&document, "adopted", json_boolean (*package->adopted != 0));
    shape_set (&document, "paths", paths);
    shape_set (&document, "more", json_boolean (more));
    return document;
}

static void
print_way (const screen_t *screen, const graph_t *graph, const graph_way_t *way)
{
    for (size_t step = 0; step < way->count; step++) {
        const Ggen__LockedPackage *package = graph_package (graph, way->numbers [step]);
        AUTO (text_free) char *name = text_clean (package->name);
        AUTO (text_free) char *version = text_clean (package->version);
        if (step > 0)
            fprintf (screen->out, " %s ", render_mark (screen, MARK_ARROW));
        fprintf (screen->out, "%s %s", name ? name : "", version ? version : "");
    }
    fprintf (screen->out, "\n");
}

static void
print_why (const screen_t *screen, const graph_t *graph, size_t number, const graph_way_t ways [],
           size_t ways_count, bool more)
{
    const Ggen__LockedPackage *package = graph_package (graph, number);
    AUTO (text_free) char *name = text_clean (package->name);
    AUTO (text_free) char *version = text_clean (package->version);
    if (*package->adopted)
        fprintf (screen->out, "%s %s was adopted: it was there before ggen.\n", name ? name : "",
                 version ? version : "");
    else if (package->direct)
        fprintf (screen->out, "%s %s was asked for.\n", name ? name : "", version ? version : "");
    for (size_t at = 0; at < ways_count; at++)
        print_way (screen, graph, &ways [at]);
    if (more)
        fprintf (screen->out, "and more\n");
    if (!package->direct && ways_count == 0)
        screen_say (screen, "Nothing needs it: ggen market remove %s\n", name ? name : "");
}

int
why_run (const args_t *args, const screen_t *screen)
{
    AUTO (text_free) char *root = NULL;
    if (!path_take (screen, args_value (args, "target"), PATH_EXISTS, &root))
        return VERB_FAILED;
    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__ListInstalledReply *reply = ask_installed (session, root);
    if (!reply)
        return session_status (session);
    AUTO (graph_destroy) graph_t *graph = graph_new (reply->packages, reply->n_packages);
    size_t number, count;
    bool more;
    if (!graph)
        return out_of_memory (screen);
    if (!find_package (screen, graph, args_positional (args, 0), &number))
        return VERB_FAILED;
    graph_way_t *ways = graph_ways (graph, number, &count, &more);
    if (!ways)
        return out_of_memory (screen);
    if (screen->json)
        render_json (screen, why_shape (graph, number, ways, count, more));
    else
        print_why (screen, graph, number, ways, count, more);
    graph_ways_release (&ways, count);
    return VERB_DONE;
}
