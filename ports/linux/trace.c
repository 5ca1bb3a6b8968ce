// SPDX-License-Identifier: MIT
/* Tracepoints; pv_port.h calls here only while one is enabled. */
#include <pv/hv/text.h>

#include "port.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

void pv_linux_trace_call(u64 control, u64 result, u64 ns)
{
	const u16 code = control & PV_HV_CONTROL_CODE_MASK;

	trace_pv_hypercall(pv_hv_call_name(pv_hv_call_find(code)), control, result, ns);
}
