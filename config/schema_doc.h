// SPDX-License-Identifier: MIT
//  The schema as text: the sample configuration file, and the table of the documentation.
#ifndef GGEN_SCHEMA_DOC_H
#define GGEN_SCHEMA_DOC_H

#include "config/schema.h"

//  A configuration file in which every key stands with its default, commented out. It parses, and
//  means nothing but the defaults. config/sample.toml is this text.
//  New, the caller's to free; NULL when memory is out.
char *
    schema_doc_toml (void);

//  The same as a Markdown table: key, default, accepted values, environment, meaning.
//  New, the caller's to free; NULL when memory is out.
char *
    schema_doc_markdown (void);

#endif
