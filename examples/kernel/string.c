/* SPDX-License-Identifier: MIT */
/* What a freestanding compiler calls. Built with -fno-builtin, or they would call themselves. */
#include "kernel.h"

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    return memmove(to, from, n);
}

void *memmove(void *to, const void *from, size_t n)
{
    unsigned char *t = to;
    const unsigned char *f = from;

    if (t <= f) {
        for (size_t i = 0; i < n; i++)
            t[i] = f[i];
    } else {
        while (n--)
            t[n] = f[n];
    }
    return to;
}

void *memset(void *to, int byte, size_t n)
{
    unsigned char *t = to;

    for (size_t i = 0; i < n; i++)
        t[i] = (unsigned char)byte;
    return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a, *y = b;

    for (size_t i = 0; i < n; i++)
        if (x[i] != y[i])
            return x[i] - y[i];
    return 0;
}
