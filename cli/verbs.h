// SPDX-License-Identifier: MIT
//  The verbs: one function each, wired in main.c. A verb prints its answer or its failure and
//  returns the exit status (SPEC 2). With --json its answer is one document on stdout, as
//  docs/json/VERB.json says.
#ifndef GGEN_VERBS_H
#define GGEN_VERBS_H

#include "screen.h"

enum { VERB_DONE = 0, VERB_FAILED = 1, VERB_USAGE = 2, VERB_FOUND = 3, VERB_INTERRUPTED = 130 };

int search_run (const args_t *args, const screen_t *screen);
int info_run (const args_t *args, const screen_t *screen);

int install_run (const args_t *args, const screen_t *screen);
int remove_run (const args_t *args, const screen_t *screen);
int rollback_run (const args_t *args, const screen_t *screen);

int list_run (const args_t *args, const screen_t *screen);
int verify_run (const args_t *args, const screen_t *screen);

int init_run (const args_t *args, const screen_t *screen);
int publish_run (const args_t *args, const screen_t *screen);

int key_generate_run (const args_t *args, const screen_t *screen);
int key_show_run (const args_t *args, const screen_t *screen);
int key_list_run (const args_t *args, const screen_t *screen);
int key_export_run (const args_t *args, const screen_t *screen);
int key_import_run (const args_t *args, const screen_t *screen);

int trust_list_run (const args_t *args, const screen_t *screen);
int trust_add_run (const args_t *args, const screen_t *screen);
int trust_remove_run (const args_t *args, const screen_t *screen);

int config_show_run (const args_t *args, const screen_t *screen);
int config_validate_run (const args_t *args, const screen_t *screen);
int config_path_run (const args_t *args, const screen_t *screen);
int config_edit_run (const args_t *args, const screen_t *screen);
int config_reset_run (const args_t *args, const screen_t *screen);

int yank_run (const args_t *args, const screen_t *screen);
int unpublish_run (const args_t *args, const screen_t *screen);
int key_rotate_run (const args_t *args, const screen_t *screen);

int tap_run (const args_t *args, const screen_t *screen);

int tree_run (const args_t *args, const screen_t *screen);
int why_run (const args_t *args, const screen_t *screen);

int outdated_run (const args_t *args, const screen_t *screen);
int update_run (const args_t *args, const screen_t *screen);
int history_run (const args_t *args, const screen_t *screen);
int clean_run (const args_t *args, const screen_t *screen);
int policy_run (const args_t *args, const screen_t *screen);
int registry_list_run (const args_t *args, const screen_t *screen);
int registry_add_run (const args_t *args, const screen_t *screen);
int registry_remove_run (const args_t *args, const screen_t *screen);
int registry_import_run (const args_t *args, const screen_t *screen);
int registry_sync_run (const args_t *args, const screen_t *screen);

int p2p_status_run (const args_t *args, const screen_t *screen);
int p2p_peers_run (const args_t *args, const screen_t *screen);
int p2p_connect_run (const args_t *args, const screen_t *screen);
int p2p_disconnect_run (const args_t *args, const screen_t *screen);
int p2p_publish_run (const args_t *args, const screen_t *screen);
int p2p_peer_info_run (const args_t *args, const screen_t *screen);
int p2p_bootstrap_run (const args_t *args, const screen_t *screen);
int p2p_ban_run (const args_t *args, const screen_t *screen);
int p2p_unban_run (const args_t *args, const screen_t *screen);
int p2p_stop_run (const args_t *args, const screen_t *screen);
int p2p_metrics_run (const args_t *args, const screen_t *screen);

#endif
