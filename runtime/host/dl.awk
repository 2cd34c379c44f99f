# SPDX-License-Identifier: MIT
# From a .dl file (first line: SONAME and its HEADERs; then one function a line) a header that sends
# calls of those functions through a table, and with -v part=c the table and its loader. Where the
# library was linked in, its functions are there without loading, and the loader takes those.
FNR == 1 {
    soname = $1
    for (i = 2; i <= NF; i++) includes = includes "#include <" $i ">\n"
    name = FILENAME; sub (/.*\//, "", name); sub (/\.dl$/, "", name)
    next
}
/^[A-Za-z]/ { fn [++n] = $1 }
END {
    guard = toupper (name) "_DL_H"
    if (part != "c") {
        print "//  Generated from runtime/host/" name ".dl\n#ifndef GGEN_" guard "\n#define GGEN_" guard
        print "#include \"runtime/host/dl.h\"\n" includes "struct " name "_dl {"
        for (i = 1; i <= n; i++) print "    __typeof__ (" fn [i] ") *" fn [i] ";"
        print "};\nextern struct " name "_dl " name "_dl;"
        print "code_t " name "_dl_load (char *why, size_t why_size);"
        for (i = 1; i <= n; i++) print "#undef " fn [i] "\n#define " fn [i] " " name "_dl." fn [i]
        print "#endif"
    }
    else {
        print "//  Generated from runtime/host/" name ".dl\n#include \"" name "_dl.h\""
        for (i = 1; i <= n; i++) print "#undef " fn [i] "\n#pragma weak " fn [i]
        print "struct " name "_dl " name "_dl;"
        print "static const char *const names [] = {"
        for (i = 1; i <= n; i++) print "    \"" fn [i] "\","
        print "};\nstatic void *const linked [] = {"
        for (i = 1; i <= n; i++) print "    (void *) " fn [i] ","
        print "};\nstatic dl_t library = {\"" soname "\", names, linked, " n ", (void **) &" name "_dl, DL_UNLOADED};"
        print "code_t\n" name "_dl_load (char *why, size_t why_size)\n{\n    return dl_load (&library, why, why_size);\n}"
    }
}
