# SPDX-License-Identifier: MIT
# A table of every message of the .proto files, sorted by name, for messages/vocabulary.h.
function snake (name,   out, i, c) {
    out = ""
    for (i = 1; i <= length (name); i++) {
        c = substr (name, i, 1)
        if (c ~ /[A-Z]/)
            out = out (i > 1 ? "_" : "") tolower (c)
        else
            out = out c
    }
    return out
}
BEGIN { print "//  Generated from messages/*.proto\n#include \"vocabulary.h\"" }
FNR == 1 { file = FILENAME; sub (/.*\//, "", file); sub (/\.proto$/, "", file); print "#include \"" file ".pb-c.h\"" }
/^message / { names [++n] = $2 }
END {
    for (i = 2; i <= n; i++) {
        v = names [i]
        for (j = i - 1; j > 0 && names [j] > v; j--)
            names [j + 1] = names [j]
        names [j + 1] = v
    }
    print "const ProtobufCMessageDescriptor *const vocabulary [] = {"
    for (i = 1; i <= n; i++)
        print "    &ggen__" snake (names [i]) "__descriptor,"
    print "};\nconst size_t vocabulary_count = sizeof (vocabulary) / sizeof (vocabulary [0]);"
}
