// SPDX-License-Identifier: MIT
#include "node_settings.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX (SCHEMA_LIST_MAX * (SCHEMA_TEXT_MAX + 1))      //  of a list, with its commas

static const struct {
    const char *option, *flag, *key;
} rows [] = {{"listen", "--listen", "network.listen_addresses"},
             {"bootstrap", "--bootstrap", "network.bootstrap_nodes"},
             {"dht-server", "--dht-server", "network.dht_server_mode"},
             {"topic", "--topic", "network.packages_topic"},
             {"http", "--http", "http.listen"}};

//  The values of a list as one text, as the schema reads it. What does not fit makes it wrong there.
static void
join (const args_t *args, const char *name, char text [TEXT_MAX])
{
    const char *values [ARGS_OPTIONS_MAX];
    const size_t count = args_values (args, name, values, COUNT_OF (values));
    size_t used = 0;
    text [0] = 0;
    for (size_t at = 0; at < count && used < TEXT_MAX; at++)
        used += (size_t) snprintf (text + used, TEXT_MAX - used, "%s%s", at > 0 ? "," : "",
                                   values [at]);
}

static const char *
value_of (const args_t *args, const char *name, char text [TEXT_MAX])
{
    const option_t *option = command_option (args->verb, name, strlen (name));
    if (option->kind == OPTION_FLAG)
        return args_flag (args, name) ? "true" : "false";
    if (!option->collects)
        return args_value (args, name);
    join (args, name, text);
    return text;
}

static code_t
set_by_options (const args_t *args, config_t *config)
{
    code_t result = OK;
    for (size_t at = 0; at < COUNT_OF (rows); at++) {
        char text [TEXT_MAX];
        if (!args_given (args, rows [at].option))
            continue;
        const code_t code = config_set (config, rows [at].key,
                                        value_of (args, rows [at].option, text), rows [at].flag);
        result = result ? result : code;
    }
    return result;
}

code_t
node_settings_load (const args_t *args, config_t *config)
{
    if (args->verb->id != VERB_NODE_RUN)
        return config_load (config);
    code_t codes [3] = {OK, OK, OK};
    if (args_given (args, "config")) {
        codes [0] = config_read_file (config, args_value (args, "config"));
        codes [1] = config_read_env (config);
    }
    else
        codes [0] = config_load (config);
    codes [2] = set_by_options (args, config);
    return codes [0] ? codes [0] : codes [1] ? codes [1] : codes [2];
}

bool
node_settings_of_network (const args_t *args)
{
    for (size_t at = 0; at < COUNT_OF (rows); at++)
        if (strncmp (rows [at].key, "network.", strlen ("network.")) == 0
            && args_given (args, rows [at].option))
            return true;
    return false;
}
