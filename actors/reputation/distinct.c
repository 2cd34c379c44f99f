// SPDX-License-Identifier: MIT
#include "distinct.h"

#include <math.h>
#include <string.h>

#define REGISTERS_IN_USE (DISTINCT_EXACT + 1)

//  The low 6 bits of a print choose the register; the place of the first 1 in the other 26 is the
//  rank, 27 when there is none.
#define RANK_BITS 26

//  The paper's constant for 64 registers.
#define ALPHA 0.709

//  Up to this estimate linear counting is the better one, as long as a register is empty.
#define SMALL_RANGE (2.5 * DISTINCT_REGISTERS)

_Static_assert (DISTINCT_EXACT * sizeof (uint32_t) == DISTINCT_REGISTERS,
                "prints become registers");

static uint32_t
print_of (const uint8_t *bytes)
{
    return (uint32_t) bytes[0] << 24 | (uint32_t) bytes[1] << 16 | (uint32_t) bytes[2] << 8
           | bytes[3];
}

static bool
raise_register (distinct_t *self, uint32_t print)
{
    uint8_t *reg = &self->registers[print % DISTINCT_REGISTERS];
    uint8_t rank = 1;
    while (rank <= RANK_BITS && !(print >> (32 - rank) & 1))
        rank++;
    if (*reg >= rank)
        return false;
    *reg = rank;
    return true;
}

static void
become_registers (distinct_t *self)
{
    uint32_t prints[DISTINCT_EXACT];
    memcpy (prints, self->prints, sizeof prints);
    memset (self->registers, 0, sizeof self->registers);
    self->count = REGISTERS_IN_USE;
    for (unsigned i = 0; i < DISTINCT_EXACT; i++)
        raise_register (self, prints[i]);
}

bool
distinct_add (distinct_t *self, const uint8_t *digest)
{
    uint32_t print = print_of (digest);
    if (self->count < REGISTERS_IN_USE) {
        for (unsigned i = 0; i < self->count; i++)
            if (self->prints[i] == print)
                return false;
        if (self->count < DISTINCT_EXACT) {
            self->prints[self->count++] = print;
            return true;
        }
        become_registers (self);
    }
    return raise_register (self, print);
}

static double
estimate (const uint8_t registers[DISTINCT_REGISTERS])
{
    double sum = 0;
    unsigned empty = 0;
    for (unsigned i = 0; i < DISTINCT_REGISTERS; i++) {
        sum += 1.0 / (double) (1u << registers[i]);
        empty += registers[i] == 0;
    }
    double raw = ALPHA * DISTINCT_REGISTERS * DISTINCT_REGISTERS / sum;
    return raw <= SMALL_RANGE && empty > 0
               ? DISTINCT_REGISTERS * log ((double) DISTINCT_REGISTERS / empty)
               : raw;
}

uint32_t
distinct_count (const distinct_t *self)
{
    if (self->count < REGISTERS_IN_USE)
        return self->count;
    //  There were more than the list could hold, whatever the estimate says.
    return (uint32_t) lround (fmax (REGISTERS_IN_USE, estimate (self->registers)));
}

size_t
distinct_pack (const distinct_t *self, uint8_t bytes[DISTINCT_REGISTERS + 1])
{
    if (self->count == REGISTERS_IN_USE) {
        bytes[0] = REGISTERS_IN_USE;
        memcpy (bytes + 1, self->registers, DISTINCT_REGISTERS);
        return DISTINCT_REGISTERS + 1;
    }
    for (unsigned i = 0; i < self->count; i++)
        for (unsigned byte = 0; byte < 4; byte++)
            bytes[4 * i + byte] = (uint8_t) (self->prints[i] >> (24 - 8 * byte));
    return 4u * self->count;
}

code_t
distinct_unpack (distinct_t *self, bytes_t bytes)
{
    memset (self, 0, sizeof *self);
    if (bytes.size == DISTINCT_REGISTERS + 1) {
        if (bytes.data[0] != REGISTERS_IN_USE)
            return VALIDATION;
        for (unsigned i = 0; i < DISTINCT_REGISTERS; i++)
            if (bytes.data[1 + i] > RANK_BITS + 1)
                return VALIDATION;
        self->count = REGISTERS_IN_USE;
        memcpy (self->registers, bytes.data + 1, DISTINCT_REGISTERS);
        return OK;
    }
    if (bytes.size % 4 != 0 || bytes.size > DISTINCT_REGISTERS)
        return VALIDATION;
    for (size_t at = 0; at < bytes.size; at += 4)
        self->prints[self->count++] = print_of (bytes.data + at);
    return OK;
}
