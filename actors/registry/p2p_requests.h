// SPDX-License-Identifier: MIT
//  What the P2P registry does on each message; registry_p2p.h says what comes of it.
#ifndef GGEN_P2P_REQUESTS_H
#define GGEN_P2P_REQUESTS_H

#include "p2p_self.h"

//  p2p_answers.c
handler_fn p2p_on_get, p2p_on_get_version, p2p_on_list_versions, p2p_on_exists, p2p_on_get_heads,
    p2p_on_metadata, p2p_on_outbox, p2p_on_status;

//  p2p_search.c
handler_fn p2p_on_search;
void search_tick (registry_p2p_t *home, int64_t now_ms);
int64_t search_deadline_ms (const registry_p2p_t *home);
void search_pump (registry_p2p_t *home);
void search_destroy_all (registry_p2p_t *home);

//  p2p_publish.c, p2p_withdraw.c
handler_fn p2p_on_publish, p2p_on_put_head, p2p_on_delete;

//  p2p_news.c
handler_fn p2p_on_announced, p2p_on_peer_up, p2p_on_connectivity;
void news_follow (registry_p2p_t *home);

#endif
