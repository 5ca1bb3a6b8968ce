/* SPDX-License-Identifier: MIT */
#include <pv/hv/os_id.h>

#define OPEN_SOURCE (1ull << 63)

uint64_t pv_hv_os_id_open(uint8_t type, uint8_t detail, uint32_t version, uint16_t build)
{
    return OPEN_SOURCE | (uint64_t)(type & 0x7F) << 56 | (uint64_t)detail << 48 |
           (uint64_t)version << 16 | build;
}

uint64_t pv_hv_os_id_vendor(uint16_t vendor, uint8_t os, uint8_t major, uint8_t minor,
                            uint8_t service, uint16_t build)
{
    return (uint64_t)(vendor & 0x7FFF) << 48 | (uint64_t)os << 40 | (uint64_t)major << 32 |
           (uint64_t)minor << 24 | (uint64_t)service << 16 | build;
}
