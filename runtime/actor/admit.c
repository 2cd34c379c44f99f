// SPDX-License-Identifier: MIT
#include "admit.h"

static bool
fits (uint64_t size, uint64_t depth_bytes, uint64_t bytes_max)
{
    return size <= bytes_max && depth_bytes <= bytes_max - size;
}

admit_t
admit_message (Ggen__Kind kind, size_t size, uint64_t depth_messages, uint64_t depth_bytes)
{
    bool below_half = depth_messages < ADMIT_REQUESTS_MAX
                      && fits (size, depth_bytes, ADMIT_REQUESTS_BYTES_MAX);
    switch (kind) {
    case GGEN__KIND__REQUEST:
        return below_half ? ADMIT_TAKE : ADMIT_BUSY;
    case GGEN__KIND__EVENT:
    case GGEN__KIND__PROGRESS:
        return below_half ? ADMIT_TAKE : ADMIT_DROP;
    case GGEN__KIND__CANCEL:
        return depth_messages < ADMIT_CANCELS_MAX ? ADMIT_TAKE : ADMIT_DROP;
    case GGEN__KIND__GONE:
        return depth_messages < ADMIT_GONE_MAX ? ADMIT_TAKE : ADMIT_DROP;
    case GGEN__KIND__REPLY:
        if (depth_messages >= MAILBOX_MESSAGES_MAX)
            return ADMIT_DROP;
        if (size <= ADMIT_SMALL_BYTES)
            return fits (size, depth_bytes, MAILBOX_BYTES_MAX) ? ADMIT_TAKE : ADMIT_DROP;
        return fits (size, depth_bytes, ADMIT_REPLIES_BYTES_MAX) ? ADMIT_TAKE : ADMIT_STRIP;
    default:
        return ADMIT_DROP;
    }
}
