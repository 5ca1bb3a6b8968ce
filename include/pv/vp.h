/* SPDX-License-Identifier: MIT */
/* Virtual processors: who is who, and many of them at once. */
#ifndef PV_VP_H
#define PV_VP_H

#include <pv/vp/map.h>
#include <pv/vp/set.h>

#endif
