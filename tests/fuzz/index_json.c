// SPDX-License-Identifier: MIT
//  index.json is only written here: of any Package that decodes, the texts must be JSON.
#include "actors/registry/index_json.h"
#include "tests/fuzz/lib/fuzz.h"

#include <jansson.h>
#include <stdlib.h>

static void
check_json (char *text)
{
    must_hold (text != NULL);
    json_error_t error;
    json_t *doc = json_loads (text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
    must_hold (doc != NULL);
    json_decref (doc);
    free (text);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    //  As the registry reads its own files: by protobuf-c, strings unchecked
    Ggen__Package *package = ggen__package__unpack (NULL, size, data);
    if (!package)
        return 0;
    check_json (index_json_package (package));
    check_json (index_json_version (package, ""));
    check_json (index_json_version (package, package->location));
    check_json (index_json_text (package->readme));
    ggen__package__free_unpacked (package, NULL);
    return 0;
}
