// SPDX-License-Identifier: MIT
#include "manifest.h"

#include <stdio.h>
#include <stdlib.h>

char *
manifest_init_text (const char *name)
{
    static const char format [] =
        "# What this package is. Fields with a '#' in front are optional.\n"
        "[gpack]\n"
        "# Letters, digits, '.', '_' and '-'; @scope/name is possible too.\n"
        "name = \"%s\"\n"
        "# Semantic versioning: MAJOR.MINOR.PATCH. A published version never changes.\n"
        "version = \"0.1.0\"\n"
        "# One sentence; search looks at it.\n"
        "description = \"What %s generates\"\n"
        "# title = \"A longer name\"\n"
        "# authors = [\"Name <name@example.org>\"]\n"
        "# An SPDX expression: https://spdx.org/licenses\n"
        "license = \"MIT\"\n"
        "# repository = \"https://example.org/repository\"\n"
        "# homepage = \"https://example.org\"\n"
        "# readme = \"README.md\"\n"
        "# categories = [\"web\"]\n"
        "# tags = [\"template\"]\n"
        "# keywords = []\n"
        "# ggen_compat = \">=0.1.0\"\n"
        "\n"
        "# Other packages this one needs, with the versions that fit.\n"
        "[dependencies]\n"
        "# some-package = \"^1.2.0\"\n"
        "# only-if-wanted = {version = \"2.x\", optional = true}\n";
    for (const char *at = name; *at; at++)
        if (*at == '"' || *at == '\\' || (unsigned char) *at < 0x20 || *at == 0x7f)
            return NULL;
    char *text = NULL;
    return asprintf (&text, format, name, name) < 0 ? NULL : text;
}
