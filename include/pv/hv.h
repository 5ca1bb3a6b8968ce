/* SPDX-License-Identifier: MIT */
/* Hyper-V: everything a guest can do with the Hv#1 interface. */
#ifndef PV_HV_H
#define PV_HV_H

#include <pv/hv/assist.h>
#include <pv/hv/call.h>
#include <pv/hv/flush.h>
#include <pv/hv/hypercall.h>
#include <pv/hv/ipi.h>
#include <pv/hv/os_id.h>
#include <pv/hv/regs.h>
#include <pv/hv/state.h>
#include <pv/hv/text.h>
#include <pv/hv/vtl.h>

#endif
