// SPDX-License-Identifier: MIT
#ifndef GGEN_ABSENT_H
#define GGEN_ABSENT_H

//  What is called in place of functions of libraries that are not linked. Ends the process: no
//  endpoint or mechanism of ggen leads there.
_Noreturn void absent (void);

#endif
