// SPDX-License-Identifier: MIT
//  How many a message of many.proto asks for; more are refused with VALIDATION. They bound what one
//  answer delays, and keep what is fetched and unpacked in step with each other.
#ifndef GGEN_MANY_H
#define GGEN_MANY_H

#define MANY_FETCHES_MAX 32
#define MANY_UNPACKS_MAX 8

#endif
