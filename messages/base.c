// SPDX-License-Identifier: MIT
#include "base.h"

const char *
code_name (code_t code)
{
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value (&ggen__code__descriptor, (int) code);
    return value ? value->name : "INTERNAL";
}
