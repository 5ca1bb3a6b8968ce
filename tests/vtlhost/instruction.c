/* SPDX-License-Identifier: MIT */
/*
 * What an instruction does with memory, for the plain moves: enough to tell what a guest has tried where
 * KVM does not.
 */
#include "host.h"

#include <string.h>
#include <sys/ioctl.h>

/* One byte after the other. */
struct code {
    const uint8_t *bytes;
    uint32_t count, at;
    uint8_t rex;
    bool narrow; /* operand-size prefix */
};

/* Opcodes; two-byte ones with 0x0F in front. All have a ModRM byte. */
static const struct move {
    uint16_t opcode;
    bool write;
    uint8_t immediate; /* bytes; 4 is 2 with the operand-size prefix */
} moves[] = {
    { 0x88, true, 0 },    { 0x89, true, 0 },    { 0x8A, false, 0 },   { 0x8B, false, 0 },
    { 0xC6, true, 1 },    { 0xC7, true, 4 },    { 0x0F10, false, 0 }, { 0x0F11, true, 0 },
    { 0x0F28, false, 0 }, { 0x0F29, true, 0 },  { 0x0F6F, false, 0 }, { 0x0F7F, true, 0 },
    { 0x0FB6, false, 0 }, { 0x0FB7, false, 0 }, { 0x0FBE, false, 0 }, { 0x0FBF, false, 0 },
};

static uint8_t next(struct code *code)
{
    const uint32_t at = code->at++;

    return at < code->count ? code->bytes[at] : 0;
}

static uint64_t number(struct code *code, uint32_t bytes)
{
    uint64_t value = 0;

    for (uint32_t i = 0; i < bytes; i++)
        value |= (uint64_t)next(code) << 8 * i;
    return bytes == 1 ? (uint64_t)(int8_t)value : (uint64_t)(int32_t)value;
}

static uint64_t gpr(const struct kvm_regs *r, uint32_t n)
{
    const uint64_t order[] = { r->rax, r->rcx, r->rdx, r->rbx, r->rsp, r->rbp, r->rsi, r->rdi,
                               r->r8,  r->r9,  r->r10, r->r11, r->r12, r->r13, r->r14, r->r15 };

    return order[n & 15];
}

/* Base, index and scale behind a ModRM byte that says so. */
static uint64_t scaled(struct code *code, const struct kvm_regs *regs, uint32_t mod)
{
    const uint8_t sib = next(code);
    const uint32_t index = (sib >> 3 & 7u) | (code->rex & 2u) << 2;
    const uint32_t base = (sib & 7u) | (code->rex & 1u) << 3;
    uint64_t address = index != 4 ? gpr(regs, index) << (sib >> 6) : 0;

    address += mod == 0 && (sib & 7) == 5 ? number(code, 4) : gpr(regs, base);
    return address;
}

/* Where ModRM points. RIP is behind the instruction already, as a relative address wants it. */
static uint64_t address_of(struct code *code, const struct kvm_regs *regs, uint8_t modrm)
{
    const uint32_t mod = modrm >> 6;
    uint64_t address;

    if ((modrm & 7) == 4)
        address = scaled(code, regs, mod);
    else if (mod == 0 && (modrm & 7) == 5)
        return regs->rip + number(code, 4);
    else
        address = gpr(regs, (modrm & 7u) | (code->rex & 1u) << 3);
    if (mod == 1)
        address += number(code, 1);
    if (mod == 2)
        address += number(code, 4);
    return address;
}

static uint16_t opcode(struct code *code)
{
    uint8_t byte = next(code);

    while (byte == 0x66 || byte == 0xF2 || byte == 0xF3) {
        code->narrow |= byte == 0x66;
        byte = next(code);
    }
    if ((byte & 0xF0) == 0x40) {
        code->rex = byte;
        byte = next(code);
    }
    return byte == 0x0F ? (uint16_t)(0x0F00 | next(code)) : byte;
}

static const struct move *find(uint16_t opcode)
{
    for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++)
        if (moves[i].opcode == opcode)
            return &moves[i];
    return NULL;
}

bool host_instruction_decode(const uint8_t *bytes, uint32_t count, const struct kvm_regs *behind,
                             struct host_access *access)
{
    struct code code = { .bytes = bytes, .count = count };
    const struct move *move = find(opcode(&code));
    const uint8_t modrm = next(&code);

    if (move == NULL || modrm >> 6 == 3)
        return false;
    access->write = move->write;
    access->linear = address_of(&code, behind, modrm);
    (void)number(&code, move->immediate == 4 && code.narrow ? 2 : move->immediate);
    return code.at == count;
}

bool host_translate(struct host_vp *vp, uint64_t linear, uint64_t *gpa)
{
    struct kvm_translation at = { .linear_address = linear };

    if (ioctl(vp->fd, KVM_TRANSLATE, &at) != 0 || !at.valid)
        return false;
    *gpa = at.physical_address;
    return true;
}

bool host_instruction_at(struct host_vp *vp, uint64_t rip, uint32_t count,
                         struct host_access *access)
{
    struct kvm_regs behind = vp->now.general;
    uint8_t bytes[HOST_INSTRUCTION_MAX];
    uint64_t gpa;

    behind.rip = rip + count;
    return host_translate(vp, vp->now.system.cs.base + rip, &gpa) &&
           host_memory_read(vp->host, gpa, bytes, count) &&
           host_instruction_decode(bytes, count, &behind, access) &&
           host_translate(vp, access->linear, &access->gpa);
}

bool host_instruction_next(struct host_vp *vp, struct host_access *access)
{
    const uint64_t rip = vp->now.general.rip;

    for (uint32_t count = 2; count <= HOST_INSTRUCTION_MAX; count++)
        if (host_instruction_at(vp, rip, count, access))
            return true;
    return false;
}
