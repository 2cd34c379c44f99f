// SPDX-License-Identifier: MIT
//  What a service manager is told: the datagrams of sd_notify(3), to $NOTIFY_SOCKET. Without that
//  variable nothing happens.
#ifndef GGEN_NOTIFY_H
#define GGEN_NOTIFY_H

//  "READY=1", "STOPPING=1", or several such lines. Not being heard is no failure.
void notify_say (const char *lines);

#endif
