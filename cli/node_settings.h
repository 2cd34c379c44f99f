// SPDX-License-Identifier: MIT
//  What the options of `node run` make of the settings: --config, --listen, --bootstrap, --dht-server,
//  --topic, --http.
#ifndef GGEN_NODE_SETTINGS_H
#define GGEN_NODE_SETTINGS_H

#include "args.h"
#include "config/config.h"

//  Read the home's files and the environment, as config_load; for `node run` --config names the file
//  instead, and the other options win over both.
//  OK       all read.
//  CONFIG   see config_errors ().
must_use code_t
    node_settings_load (const args_t *args, config_t *config);

//  Whether an option was given that only a node of the peer-to-peer network can heed.
bool
    node_settings_of_network (const args_t *args);

#endif
