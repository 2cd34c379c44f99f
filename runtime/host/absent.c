// SPDX-License-Identifier: MIT
//  Parts of libzmq and CZMQ that ggen has no use for (Kerberos, NORM, PGM, systemd's sockets) need
//  libraries that every command would load. Where those two are linked in (see LINKED_IN in the
//  Makefile), what they would call there is one of these functions.
#include "absent.h"

#include <stdio.h>
#include <stdlib.h>

void
absent (void)
{
    fputs ("error: a transport or mechanism that this ggen was linked without was used\n", stderr);
    abort ();
}

int
absent_ready (void)
{
    return 1;
}
