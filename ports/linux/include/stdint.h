/* SPDX-License-Identifier: MIT */
/* <stdint.h> for libpv's sources: the kernel is built without the compiler's headers. */
#ifndef PV_LINUX_STDINT_H
#define PV_LINUX_STDINT_H

#include <linux/stddef.h>
#include <linux/types.h>

#endif
