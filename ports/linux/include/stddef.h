/* SPDX-License-Identifier: MIT */
/* <stddef.h> for libpv's sources: the kernel is built without the compiler's headers. */
#ifndef PV_LINUX_STDDEF_H
#define PV_LINUX_STDDEF_H

#include <linux/stddef.h>
#include <linux/types.h>

#endif
