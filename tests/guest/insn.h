/* SPDX-License-Identifier: MIT */
/* The instructions that guest tests need, for each CPU. */
#ifndef INSN_H
#define INSN_H

/* INSN_RETURN is the code of a return, with what may stand behind it up to four bytes. */
#if defined(__x86_64__)
#define INSN_UNDEFINED "ud2"
#define INSN_RELAX "pause"
#define INSN_RETURN 0xc3u
#elif defined(__aarch64__)
#define INSN_UNDEFINED "udf #0"
#define INSN_RELAX "yield"
#define INSN_RETURN 0xd65f03c0u
#elif defined(__riscv)
#define INSN_UNDEFINED "unimp"
#define INSN_RELAX ".4byte 0x0100000f" /* pause; assemblers that were not told of it refuse it */
#define INSN_RETURN 0x00008067u
#endif

#endif
