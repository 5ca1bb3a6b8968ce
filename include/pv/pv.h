/* SPDX-License-Identifier: MIT */
/* libpv: the guest side of virtualisation. All public headers at once. */
#ifndef PV_PV_H
#define PV_PV_H

#include <pv/clock.h>
#include <pv/config.h>
#include <pv/detect.h>
#include <pv/guest.h>
#include <pv/hv.h>
#include <pv/kvm.h>
#include <pv/mem.h>
#include <pv/monotone.h>
#include <pv/os.h>
#include <pv/spin.h>
#include <pv/status.h>
#include <pv/steal.h>
#include <pv/told.h>
#include <pv/types.h>
#include <pv/vp.h>

#define PV_VERSION_MAJOR 0
#define PV_VERSION_MINOR 1
#define PV_VERSION_PATCH 0

#endif
