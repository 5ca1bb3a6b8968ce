/* SPDX-License-Identifier: MIT */
#ifndef PORT_H
#define PORT_H

#include "pv_freestanding.h"
#include "tap.h"

/* The port's assembly around XMM output and VTL switches, on this CPU. */
void check_port(void);

#endif
