// SPDX-License-Identifier: MIT
//  config.toml, then a flag: the first line of the input is "key=value".
#include "config/config.h"
#include "tests/fuzz/lib/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void
set_flag (config_t *config, char *line)
{
    char *value = strchr (line, '=');
    if (!value)
        return;
    *value++ = 0;
    (void) !config_set (config, line, value, "--flag");
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    char *line = fuzz_line (&data, &size);
    AUTO (config_destroy) config_t *config = config_new ("/home/somebody/.ggen");
    must_hold (config != NULL);
    code_t code = config_read_text (config, "config.toml", (const char *) data, size);
    must_hold (code == OK || code == CONFIG);
    must_hold ((code == OK) == !json_array_size (config_errors (config)));
    set_flag (config, line);
    must_hold ((config_check (config) == OK) == !json_array_size (config_errors (config)));
    config_warn_idle (config);
    must_hold (json_array_size (config_errors (config)) <= CONFIG_NOTES_MAX);
    must_hold (json_array_size (config_warnings (config)) <= CONFIG_NOTES_MAX);
    json_t *values = config_to_json (config), *origins = config_origins_to_json (config);
    must_hold (values && origins);
    char *text = json_dumps (values, JSON_COMPACT);
    must_hold (text != NULL);
    free (text);
    json_decref (values);
    json_decref (origins);
    free (line);
    return 0;
}
