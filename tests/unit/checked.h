/* SPDX-License-Identifier: MIT */
/* Whether a test is checked by a sanitizer, where everything takes ten times as long. */
#ifndef UNIT_CHECKED_H
#define UNIT_CHECKED_H

#if defined(__has_feature)
#define CHECKED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#elif defined(__SANITIZE_ADDRESS__)
#define CHECKED 1
#else
#define CHECKED 0
#endif

#endif
