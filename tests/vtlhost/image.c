/* SPDX-License-Identifier: MIT */
/* ELF images with a PVH note, which QEMU starts as well: 32-bit entry, no paging. */
#include "host.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTE_PHYS32_ENTRY 18u

struct image {
    uint8_t *bytes;
    size_t count;
};

static struct image read_file(const char *path)
{
    struct image image = { NULL, 0 };
    FILE *file = fopen(path, "rb");

    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        host_fail(path);
    image.count = (size_t)ftell(file);
    image.bytes = malloc(image.count + 1);
    rewind(file);
    if (image.bytes == NULL || fread(image.bytes, 1, image.count, file) != image.count)
        host_fail(path);
    fclose(file);
    return image;
}

static bool inside(const struct image *image, uint64_t offset, uint64_t bytes)
{
    return offset <= image->count && bytes <= image->count - offset;
}

static void load_segment(struct host *host, const struct image *image, const Elf64_Phdr *segment)
{
    void *to = host_memory_at(host, segment->p_paddr, segment->p_memsz);

    if (to == NULL || segment->p_filesz > segment->p_memsz ||
        !inside(image, segment->p_offset, segment->p_filesz))
        host_fail("a segment of the image does not fit");
    memcpy(to, image->bytes + segment->p_offset, segment->p_filesz);
}

static uint64_t rounded(uint64_t bytes)
{
    return (bytes + 3) & ~3ull;
}

/* Name and number of a note are followed by their bytes, each rounded up to 4. */
static uint32_t entry_in_notes(const uint8_t *notes, uint64_t bytes)
{
    while (bytes >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr note;
        uint64_t whole;

        memcpy(&note, notes, sizeof(note));
        whole = sizeof(note) + rounded(note.n_namesz) + rounded(note.n_descsz);
        if (whole > bytes)
            break;
        if (note.n_type == NOTE_PHYS32_ENTRY && note.n_descsz >= 4 && note.n_namesz == 4 &&
            memcmp(notes + sizeof(note), "Xen", 4) == 0) {
            uint32_t entry;

            memcpy(&entry, notes + sizeof(note) + rounded(note.n_namesz), sizeof(entry));
            return entry;
        }
        notes += whole;
        bytes -= whole;
    }
    return 0;
}

uint32_t host_image_load(struct host *host, const char *path)
{
    const struct image image = read_file(path);
    uint32_t entry = 0;
    Elf64_Ehdr header;

    if (!inside(&image, 0, sizeof(header)))
        host_fail("no ELF image");
    memcpy(&header, image.bytes, sizeof(header));
    if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_machine != EM_X86_64 ||
        !inside(&image, header.e_phoff, (uint64_t)header.e_phnum * sizeof(Elf64_Phdr)))
        host_fail("no ELF image for x86-64");
    for (unsigned i = 0; i < header.e_phnum; i++) {
        Elf64_Phdr segment;

        memcpy(&segment, image.bytes + header.e_phoff + i * sizeof(segment), sizeof(segment));
        if (segment.p_type == PT_LOAD)
            load_segment(host, &image, &segment);
        if (segment.p_type == PT_NOTE && inside(&image, segment.p_offset, segment.p_filesz))
            entry |= entry_in_notes(image.bytes + segment.p_offset, segment.p_filesz);
    }
    free(image.bytes);
    if (entry == 0)
        host_fail("the image has no PVH note");
    return entry;
}
