/* SPDX-License-Identifier: MIT */
/*
 * What the host writes while the guest reads is volatile in the library. ThreadSanitizer, told to keep
 * volatile accesses apart (-tsan-distinguish-volatile), hands them to these functions, which its
 * library does not have: as in kernels, they are not data races.
 */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)

#define UNCHECKED(name)             \
    void __tsan_##name(void *at);   \
    void __tsan_##name(void *at)    \
    {                               \
        (void)at;                   \
    }
#define UNCHECKED_BYTES(bytes)                 \
    UNCHECKED(volatile_read##bytes)            \
    UNCHECKED(volatile_write##bytes)           \
    UNCHECKED(unaligned_volatile_read##bytes)  \
    UNCHECKED(unaligned_volatile_write##bytes)

UNCHECKED_BYTES(1)
UNCHECKED_BYTES(2)
UNCHECKED_BYTES(4)
UNCHECKED_BYTES(8)
UNCHECKED_BYTES(16)

#endif
#endif

extern int sim_volatile; /* C wants a declaration */
