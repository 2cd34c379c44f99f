// SPDX-License-Identifier: MIT
#include "version.h"
#include "render.h"
#include "shape.h"

#include <archive.h>
#include <libsmartcols/libsmartcols.h>
#include <openssl/crypto.h>
#include <sodium.h>
#include <solv/solvversion.h>
#include <sqlite3.h>
#include <string.h>
#include <zmq.h>

#define LIBRARIES_COUNT 9
#define NUMBER_MAX 32

typedef struct {
    const char *name;
    const char *version;
} library_t;

//  Features are decided by make; a row here names each.
static const struct { const char *name; bool built; } features [] = {
#ifdef GGEN_P2P
    {"p2p", true},
#else
    {"p2p", false},
#endif
    {"http", true},
};

bool
version_has (const char *feature)
{
    for (size_t at = 0; at < COUNT_OF (features); at++)
        if (strcmp (features [at].name, feature) == 0)
            return features [at].built;
    return false;
}

static const char *
zeromq_version (char number [NUMBER_MAX])
{
    int major = 0, minor = 0, patch = 0;
    zmq_version (&major, &minor, &patch);
    snprintf (number, NUMBER_MAX, "%d.%d.%d", major, minor, patch);
    return number;
}

void
version_print (const screen_t *screen, bool landlock)
{
    char zeromq [NUMBER_MAX];
    const char *smartcols = "";
    scols_get_library_version (&smartcols);
    const library_t libraries [LIBRARIES_COUNT] = {
        {"zeromq", zeromq_version (zeromq)},      {"protobuf-c", protobuf_c_version ()},
        {"sodium", sodium_version_string ()},
        {"openssl", OpenSSL_version (OPENSSL_VERSION_STRING)},
        {"archive", ARCHIVE_VERSION_ONLY_STRING}, {"sqlite", SQLITE_VERSION},
        {"solv", LIBSOLV_VERSION_STRING},         {"jansson", jansson_version_str ()},
        {"smartcols", smartcols}};

    if (screen->json) {
        json_t *document = json_object (), *list = json_object (), *built = json_object ();
        for (size_t at = 0; at < COUNT_OF (libraries); at++)
            shape_set (&list, libraries [at].name, shape_text (libraries [at].version));
        for (size_t at = 0; at < COUNT_OF (features); at++)
            shape_set (&built, features [at].name, json_boolean (features [at].built));
        shape_set (&built, "landlock", json_boolean (landlock));
        shape_set (&document, "version", json_string (GGEN_VERSION));
        shape_set (&document, "libraries", list);
        shape_set (&document, "features", built);
        render_json (screen, document);
        return;
    }
    fprintf (screen->out, "ggen " GGEN_VERSION "\nlibraries:");
    for (size_t at = 0; at < COUNT_OF (libraries); at++)
        fprintf (screen->out, " %s %s%s", libraries [at].name, libraries [at].version,
                 at + 1 < COUNT_OF (libraries) ? "," : "\n");
    fprintf (screen->out, "features:");
    for (size_t at = 0; at < COUNT_OF (features); at++)
        fprintf (screen->out, " %c%s", features [at].built ? '+' : '-', features [at].name);
    fprintf (screen->out, " %clandlock\n", landlock ? '+' : '-');
}
