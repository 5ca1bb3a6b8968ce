/* SPDX-License-Identifier: MIT */
/* <stdbool.h> for libpv's sources: the kernel is built without the compiler's headers. */
#ifndef PV_LINUX_STDBOOL_H
#define PV_LINUX_STDBOOL_H

#include <linux/stddef.h>
#include <linux/types.h>

#endif
