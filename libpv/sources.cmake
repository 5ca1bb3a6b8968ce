# SPDX-License-Identifier: MIT
# The one list of libpv's sources, relative to the repository root. Nothing else belongs here:
# CMake, kbuild and the checks in tests/build all read it.
set(PV_SOURCES
    libpv/detect/cpuid.c
    libpv/detect/detect.c
    libpv/detect/hyperv.c
    libpv/detect/sbi.c
    libpv/detect/smccc.c
    libpv/guest/guest.c
    libpv/guest/told.c
    libpv/hv/args.c
    libpv/hv/assist.c
    libpv/hv/calls.c
    libpv/hv/context.c
    libpv/hv/decode.c
    libpv/hv/draw.c
    libpv/hv/engine.c
    libpv/hv/fast.c
    libpv/hv/gpa.c
    libpv/hv/hv.c
    libpv/hv/list.c
    libpv/hv/os_id.c
    libpv/hv/page.c
    libpv/hv/plan.c
    libpv/hv/regs.c
    libpv/hv/simple.c
    libpv/hv/sreg.c
    libpv/hv/status.c
    libpv/hv/translate.c
    libpv/hv/vp.c
    libpv/hv/vsm.c
    libpv/hv/vtl.c
    libpv/hv/vtl_switch.c
    libpv/status/status.c
    libpv/text/text.c
)
