/* SPDX-License-Identifier: MIT */
/* Guest memory: where it is, who maps it, and what the host may see of it. */
#ifndef PV_MEM_H
#define PV_MEM_H

#include <pv/mem/alias.h>
#include <pv/mem/cache.h>
#include <pv/mem/hint.h>
#include <pv/mem/map.h>
#include <pv/mem/share.h>

#endif
