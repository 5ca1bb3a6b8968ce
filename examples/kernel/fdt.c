/* SPDX-License-Identifier: MIT */
/*
 * One walk over the structure block (Devicetree Specification, chapter 5). A node's properties come
 * before its children, so the walk needs no stack: the node is the one begun last.
 */
#include "fdt.h"

/* Offsets into the header. */
enum { MAGIC = 0, TOTAL_SIZE = 4, STRUCTURE = 8, STRINGS = 12, HEADER_BYTES = 40 };

enum { BEGIN_NODE = 1, END_NODE = 2, PROPERTY = 3, NOP = 4 };

struct tree {
    const uint8_t *bytes;
    uint32_t size;
};

/* Where a property's value is. */
struct value {
    uint64_t at;
    uint32_t bytes;
};

/* What lies outside reads as 0, which is no token: it ends a walk, and a text. */
static uint8_t byte_at(const struct tree *tree, uint64_t at)
{
    return at < tree->size ? tree->bytes[at] : 0;
}

static uint32_t word_at(const struct tree *tree, uint64_t at)
{
    uint32_t word = 0;

    for (unsigned i = 0; i < 4; i++)
        word = word << 8 | byte_at(tree, at + i);
    return word;
}

static uint64_t align_up(uint64_t at)
{
    return (at + 3) & ~(uint64_t)3;
}

static bool open_tree(struct tree *tree, const void *fdt)
{
    tree->bytes = fdt;
    tree->size = fdt ? HEADER_BYTES : 0;
    if (word_at(tree, MAGIC) != 0xd00dfeed)
        return false;
    tree->size = word_at(tree, TOTAL_SIZE);
    return true;
}

static bool is_name(const struct tree *tree, uint64_t at, const char *name, char also_ends)
{
    uint8_t end;

    for (; *name; name++)
        if (byte_at(tree, at++) != (uint8_t)*name)
            return false;
    end = byte_at(tree, at);
    return end == 0 || end == (uint8_t)also_ends;
}

static uint64_t behind_text(const struct tree *tree, uint64_t at)
{
    while (byte_at(tree, at))
        at++;
    return align_up(at + 1);
}

/* The nth property of that name that nodes of that name have. */
static bool find(const struct tree *tree, const char *node, unsigned nth, const char *property,
                 struct value *found)
{
    const uint64_t strings = word_at(tree, STRINGS);
    uint64_t at = word_at(tree, STRUCTURE);
    bool inside = false;

    for (;;) {
        const uint32_t token = word_at(tree, at);

        at += 4;
        if (token == BEGIN_NODE) {
            inside = is_name(tree, at, node, '@');
            at = behind_text(tree, at);
        } else if (token == PROPERTY) {
            found->bytes = word_at(tree, at);
            found->at = at + 8;
            if (found->at + found->bytes > tree->size)
                return false;
            if (inside && is_name(tree, strings + word_at(tree, at + 4), property, 0) && nth-- == 0)
                return true;
            at = align_up(found->at + found->bytes);
        } else if (token == END_NODE) {
            inside = false;
        } else if (token != NOP) {
            return false;
        }
    }
}

bool fdt_string(const void *fdt, const char *node, const char *property, char *to, size_t room)
{
    struct tree tree;
    struct value value;

    if (!open_tree(&tree, fdt) || !find(&tree, node, 0, property, &value))
        return false;
    for (size_t i = 0; i < room && i < value.bytes; i++) {
        to[i] = (char)byte_at(&tree, value.at + i);
        if (!to[i])
            return true;
    }
    return false;
}

bool fdt_cell_of(const void *fdt, const char *node, unsigned nth, const char *property,
                 uint32_t *value)
{
    struct tree tree;
    struct value found;

    if (!open_tree(&tree, fdt) || !find(&tree, node, nth, property, &found) || found.bytes < 4)
        return false;
    *value = word_at(&tree, found.at);
    return true;
}

bool fdt_cell(const void *fdt, const char *node, const char *property, uint32_t *value)
{
    return fdt_cell_of(fdt, node, 0, property, value);
}
