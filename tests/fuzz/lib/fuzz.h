// SPDX-License-Identifier: MIT
//  What the fuzz targets share. A target is one file tests/fuzz/NAME.c with LLVMFuzzerTestOneInput,
//  which libFuzzer and AFL++ drive alike; lib/replay.c drives it over tests/fuzz/corpus/NAME.
#ifndef GGEN_FUZZ_H
#define GGEN_FUZZ_H

#include "messages/base.h"

int
    LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

//  Ends the process with the place and the words when 'holds' is false: a crash to the fuzzer.
#define must_hold(holds) fuzz_must_hold ((holds), #holds, __FILE__, __LINE__)
void
    fuzz_must_hold (bool holds, const char *words, const char *file, int line);

//  The bytes and a NUL, exactly as large, so that a read beyond them is seen. The caller's to free.
char *
    fuzz_text (const uint8_t *data, size_t size);

//  The bytes up to the first newline (or all) as such a text; *data and *size move behind it.
char *
    fuzz_line (const uint8_t **data, size_t *size);

//  A directory of this process, in memory where the system has that; removed at exit, when it has
//  to be empty. Its descriptor; *path_p (may be NULL) is borrowed.
int
    fuzz_directory (const char **path_p);

#endif
