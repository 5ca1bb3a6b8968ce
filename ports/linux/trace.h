/* SPDX-License-Identifier: MIT */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM pv

#if !defined(PV_LINUX_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define PV_LINUX_TRACE_H

#include <linux/tracepoint.h>
#include <pv/abi/hv.h>

#define PV_LINUX_NAME_BYTES 40

/* One hypercall as it left the kernel and came back. A long list is several of them. */
TRACE_EVENT(pv_hypercall,
	TP_PROTO(const char *name, u64 control, u64 result, u64 ns),

	TP_ARGS(name, control, result, ns),

	TP_STRUCT__entry(
		__array(char, name, PV_LINUX_NAME_BYTES)
		__field(u16, code)
		__field(u16, reps)
		__field(u16, done)
		__field(u16, status)
		__field(u64, ns)
	),

	TP_fast_assign(
		strscpy(__entry->name, name, PV_LINUX_NAME_BYTES);
		__entry->code = control & PV_HV_CONTROL_CODE_MASK;
		__entry->reps = control >> PV_HV_CONTROL_REPS_SHIFT & PV_HV_CONTROL_REP_MASK;
		__entry->done = result >> PV_HV_RESULT_REPS_SHIFT & PV_HV_CONTROL_REP_MASK;
		__entry->status = result & PV_HV_RESULT_STATUS_MASK;
		__entry->ns = ns;
	),

	TP_printk("code=0x%04x name=%s reps=%u done=%u status=0x%x ns=%llu", __entry->code,
		  __entry->name, __entry->reps, __entry->done, __entry->status, __entry->ns)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
