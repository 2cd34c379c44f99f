// SPDX-License-Identifier: MIT
#include "config/config_state.h"

#include <string.h>

static bool
listens_on_loopback_only (const config_t *self)
{
    const json_t *addresses = config_list (self, "network.listen_addresses");
    for (size_t i = 0; i < json_array_size (addresses); i++) {
        const char *address = json_string_value (json_array_get (addresses, i));
        if (strncmp (address, "/ip4/127.", 9) != 0 && strncmp (address, "/ip6/::1/", 9) != 0)
            return false;
    }
    return true;
}

code_t
config_check (config_t *self)
{
    if (!config_bool (self, "security.enable_tls") && !listens_on_loopback_only (self))
        config_fail (self, "security.enable_tls: false is accepted only when every address in "
                           "network.listen_addresses is loopback");
    if (config_int (self, "performance.min_peers") > config_int (self, "performance.max_peers"))
        config_fail (self, "performance.min_peers: more than performance.max_peers");
    if (json_is_null (config_setting (self, "location.latitude")->value)
        != json_is_null (config_setting (self, "location.longitude")->value))
        config_fail (self, "location.latitude and location.longitude: set both or none");
    if (strcmp (config_string (self, "registry.mode"), "http") == 0
        && !config_string (self, "registry.url"))
        config_fail (self, "registry.mode: \"http\" needs registry.url");
    if (config_int (self, "limits.unpacked_floor_mib") > config_int (self, "limits.unpacked_mib"))
        config_fail (self, "limits.unpacked_floor_mib: more than limits.unpacked_mib");
    return json_array_size (self->errors) ? CONFIG : OK;
}

//  Files and variables are written for the whole of SPEC 3.7, so they load; nobody should believe
//  that they do something.
void
config_warn_idle (config_t *self)
{
    for (const schema_key_t *row = schema_keys; row->key; row++) {
        const setting_t *setting = config_setting (self, row->key);
        json_t *initial = row->lacks && setting->rank != FROM_DEFAULT ? schema_default (row) : NULL;
        if (initial && !json_equal (initial, setting->value))
            config_warn (self, "%s: %s: no effect yet, this build lacks %s: FEATURE_NOT_ENABLED",
                         setting->origin, row->key, row->lacks);
        json_decref (initial);
    }
}
