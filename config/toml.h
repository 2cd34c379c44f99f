// SPDX-License-Identifier: MIT
//  TOML 1.0 in, jansson out. The parser is toml++; this is all of it that the rest of ggen sees.
#ifndef GGEN_TOML_H
#define GGEN_TOML_H

#include <stddef.h>

#include <jansson.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TOML_TEXT_MAX (1024 * 1024)     //  Bytes of text; more is refused unread
#define TOML_DEPTH_MAX 64               //  Tables and arrays inside each other; deeper is refused
#define TOML_KEY_PARTS_MAX 32           //  Parts of one dotted key or table header
#define TOML_NODES_MAX 65536            //  Keys, values and tables: bounds the tree's memory
#define TOML_REASON_SIZE 160            //  A longer reason is cut

typedef struct {
    unsigned line;                      //  From 1; 0 when the text as a whole is refused
    unsigned column;                    //  From 1, in characters, not bytes
    char reason [TOML_REASON_SIZE];     //  UTF-8, no line breaks
} toml_error_t;

//  Parse 'size' bytes of TOML into a new object, the caller's to json_decref.
//  Keys stand in the order of the text. Integers become JSON integers, floats JSON reals, dates and
//  times their TOML text. 'inf', 'nan' and strings that hold a NUL have no place in JSON: an error
//  at their position.
//  'lines_p', when not NULL, receives a new flat object, the caller's too: the path of each key
//  that is not inside an array ("storage.max_cache_size") -> the line it stands on.
//  NULL: 'error' says where and why, and *lines_p is NULL. Never throws.
json_t *
    toml_parse (const char *text, size_t size, json_t **lines_p, toml_error_t *error);

#ifdef __cplusplus
}
#endif
#endif
