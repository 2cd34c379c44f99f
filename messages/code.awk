# SPDX-License-Identifier: MIT
# enum Code of envelope.proto as C names without the generated prefix.
BEGIN { print "//  Generated from messages/envelope.proto\n#ifndef GGEN_CODE_H\n#define GGEN_CODE_H" }
/^enum Code / { inside = 1; next }
inside && /^}/ { inside = 0 }
inside && /=/ { print "#define " $1 " GGEN__CODE__" $1 }
END { print "#endif" }
