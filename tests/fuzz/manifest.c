// SPDX-License-Identifier: MIT
//  A manifest file, TOML or (when it begins with '{') JSON, from its bytes to a Package.
#include "actors/installer/manifest.h"
#include "config/toml.h"
#include "messages/package_id.h"
#include "messages/semver_range.h"
#include "runtime/actor/wire.h"
#include "tests/fuzz/lib/fuzz.h"

#include <stdlib.h>

static bool
is_version (const char *text)
{
    semver_t version;
    return semver_parse (&version, text) == OK;
}

static bool
is_range (const char *text)
{
    AUTO (semver_range_destroy) semver_range_t *range = NULL;
    return semver_range_parse (&range, text) == OK;
}

static void
check_package (const Ggen__Package *package)
{
    must_hold (package_id_valid (package->id));
    must_hold (semver_is_canonical (package->version));
    must_hold (package->n_dependencies <= MANIFEST_DEPENDENCIES_MAX);
    must_hold (package->n_categories <= MANIFEST_LIST_MAX);
    for (size_t i = 0; i < package->n_dependencies; i++) {
        must_hold (package_id_valid (package->dependencies [i]->name));
        must_hold (is_range (package->dependencies [i]->requirement));
    }
    size_t size = ggen__package__get_packed_size (package);
    uint8_t *packed = malloc (size + 1);
    must_hold (packed != NULL);
    ggen__package__pack (package, packed);
    must_hold (wire_valid (&ggen__package__descriptor, (bytes_t) {packed, size}));
    free (packed);
}

static void
read_as (const json_t *doc, const char *file_name, bool strict)
{
    const manifest_rules_t rules = {.is_id = package_id_valid, .is_version = is_version,
                                    .is_range = is_range, .is_strict = strict};
    static manifest_notes_t notes;
    Ggen__Package *package = NULL;
    code_t code = manifest_read (doc, file_name, &rules, &package, &notes);
    must_hold ((code == OK) == (package != NULL));
    must_hold (code == OK || (code == VALIDATION && *notes.error));
    if (package)
        check_package (package);
    ggen__package__free_unpacked (package, NULL);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    //  An exact copy: neither parser may look for a NUL
    bool is_json = size && *data == '{';
    json_t *doc, *lines = NULL;
    json_error_t json_error;
    toml_error_t error;
    if (is_json)
        doc = json_loadb ((const char *) data, size, JSON_REJECT_DUPLICATES, &json_error);
    else {
        doc = toml_parse ((const char *) data, size, &lines, &error);
        must_hold ((doc != NULL) == (lines != NULL));
        must_hold (doc || *error.reason);
    }
    if (!doc)
        return 0;
    read_as (doc, is_json ? "package.json" : "gpack.toml", false);
    read_as (doc, is_json ? "package.json" : "gpack.toml", true);
    json_decref (doc);
    json_decref (lines);
    return 0;
}
