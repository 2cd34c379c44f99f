# SPDX-License-Identifier: MIT
# enum Code of envelope.proto as C constants without the generated prefix.
BEGIN { print "//  Generated from messages/envelope.proto\n#ifndef GGEN_CODE_H\n#define GGEN_CODE_H\nenum {" }
/^enum Code / { inside = 1; next }
inside && /^}/ { inside = 0 }
inside && /=/ { sub (/;.*/, ""); sub (/^ */, ""); print "    " $0 "," }
END { print "};\n#endif" }
