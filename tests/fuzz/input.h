/* SPDX-License-Identifier: MIT */
/* The fuzzer's bytes, taken one after the other; where they have run out, everything is zero. */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct input {
    const uint8_t *at;
    size_t left;
};

/* A broken promise: said, then abort, which the fuzzer keeps as a finding. */
#define INSIST(condition, text) insist((condition), (text), __LINE__)

static inline void insist(bool holds, const char *text, int line)
{
    if (holds)
        return;
    (void)fprintf(stderr, "ERROR: %s (line %d)\n", text, line);
    abort();
}

static inline void take(struct input *input, void *to, size_t bytes)
{
    const size_t there = bytes < input->left ? bytes : input->left;

    memset(to, 0, bytes);
    if (there == 0)
        return;
    memcpy(to, input->at, there);
    input->at += there;
    input->left -= there;
}

static inline uint8_t take8(struct input *input)
{
    uint8_t value;

    take(input, &value, sizeof(value));
    return value;
}

static inline uint16_t take16(struct input *input)
{
    uint16_t value;

    take(input, &value, sizeof(value));
    return value;
}

static inline uint32_t take32(struct input *input)
{
    uint32_t value;

    take(input, &value, sizeof(value));
    return value;
}

static inline uint64_t take64(struct input *input)
{
    uint64_t value;

    take(input, &value, sizeof(value));
    return value;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
