/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls as text. Field names and sizes come from the layout column of the calls table, so the
 * decoder shows what the planner laid out. Control word and block are data from anywhere: every
 * read is bounded by the bytes the caller has.
 */
#include "text/text.h"
#include "pv_port.h"

#include <pv/hv/hypercall.h>
#include <pv/hv/text.h>

static const struct {
    const char *name;
    const char *fixed;
    const char *rep;
} layouts[PV_HV_CALLS] = {
#define PV_HV_CALL(code, NAME, Name, kind, in, var, in_rep, out, out_rep, fast, priv, layout, rep) \
    { #Name, layout, rep },
#include <pv/abi/hv_calls.def>
};

const char *pv_hv_call_name(enum pv_hv_call call)
{
    return (unsigned)call < PV_HV_CALLS ? layouts[call].name : "?";
}

/* What is left of the input block, and where the text goes. */
struct decoder {
    const uint8_t *at;
    size_t left;
    struct pv_text *text;
};

/* A field of a layout string: "name:bytes"; bytes "*" = the rest of its part. */
struct field {
    const char *name;
    size_t name_length;
    size_t bytes;
};

static const char *next_field(const char *layout, size_t rest, struct field *field)
{
    const char *colon = layout;

    while (*colon != ':')
        colon++;
    field->name = layout;
    field->name_length = (size_t)(colon - layout);
    field->bytes = 0;
    if (colon[1] == '*')
        field->bytes = rest;
    for (layout = colon + 1; *layout != ' ' && *layout != '\0'; layout++)
        if (*layout != '*')
            field->bytes = field->bytes * 10 + (size_t)(*layout - '0');
    return *layout == ' ' ? layout + 1 : layout;
}

/* Numbers of 1, 2, 4 or 8 bytes as they lie in this machine's memory. */
static uint64_t number(const uint8_t *at, size_t bytes)
{
    uint64_t eight;
    uint32_t four;
    uint16_t two;

    switch (bytes) {
    case 1:
        return *at;
    case 2:
        memcpy(&two, at, sizeof(two));
        return two;
    case 4:
        memcpy(&four, at, sizeof(four));
        return four;
    default:
        memcpy(&eight, at, sizeof(eight));
        return eight;
    }
}

static bool field_is(const struct field *field, const char *name, size_t length)
{
    return field->name_length == length && memcmp(field->name, name, length) == 0;
}

static void put_value(struct decoder *d, const struct field *field)
{
    const uint64_t value = number(d->at, field->bytes);

    if ((field_is(field, "partition", 9) && value == PV_HV_PARTITION_SELF) ||
        (field_is(field, "vp", 2) && value == PV_HV_VP_SELF))
        pv_text_string_(d->text, "self");
    else
        pv_text_hex_(d->text, value, 1);
}

static void put_field(struct decoder *d, const struct field *field)
{
    if (*field->name == '-')
        return;
    pv_text_char_(d->text, ' ');
    for (size_t i = 0; i < field->name_length; i++)
        pv_text_char_(d->text, field->name[i]);
    pv_text_char_(d->text, '=');
    if (field->bytes <= 8) {
        put_value(d, field);
        return;
    }
    pv_text_char_(d->text, '[');
    pv_text_decimal_(d->text, (uint32_t)field->bytes);
    pv_text_string_(d->text, " bytes]");
}

static void advance(struct decoder *d, size_t bytes)
{
    d->at += bytes;
    d->left -= bytes;
}

/* One part of the block by its layout. False if the bytes run out. */
static bool put_part(struct decoder *d, const char *layout, size_t part_bytes)
{
    struct field field;

    while (*layout != '\0') {
        layout = next_field(layout, part_bytes, &field);
        if (field.bytes > d->left)
            return false;
        put_field(d, &field);
        advance(d, field.bytes);
        part_bytes -= field.bytes;
    }
    return true;
}

static bool put_variable_header(struct decoder *d, uint32_t qwords)
{
    static const struct field bank = { "var", 3, 8 };

    for (; qwords > 0; qwords--) {
        if (d->left < 8)
            return false;
        put_field(d, &bank);
        advance(d, 8);
    }
    return true;
}

static bool put_list(struct decoder *d, const char *layout, size_t rep_bytes, uint32_t reps)
{
    for (uint32_t i = 0; i < reps && rep_bytes != 0; i++) {
        if (d->left < rep_bytes)
            return false;
        pv_text_string_(d->text, " [");
        pv_text_decimal_(d->text, i);
        pv_text_char_(d->text, ']');
        (void)put_part(d, layout, rep_bytes);
    }
    return true;
}

static uint32_t bits(uint64_t control, unsigned shift, uint64_t mask)
{
    return (uint32_t)(control >> shift & mask);
}

static void put_count(struct pv_text *text, const char *label, uint32_t count)
{
    if (count == 0)
        return;
    pv_text_string_(text, label);
    pv_text_decimal_(text, count);
}

static void put_control(struct pv_text *text, uint64_t control)
{
    const uint64_t reserved = control & PV_HV_CONTROL_RESERVED;

    if ((control & PV_HV_CONTROL_FAST) != 0)
        pv_text_string_(text, " fast");
    if ((control & PV_HV_CONTROL_NESTED) != 0)
        pv_text_string_(text, " nested");
    put_count(text, " var=", bits(control, PV_HV_CONTROL_VAR_SHIFT, PV_HV_CONTROL_VAR_MASK));
    put_count(text, " reps=", bits(control, PV_HV_CONTROL_REPS_SHIFT, PV_HV_CONTROL_REP_MASK));
    put_count(text, " start=", bits(control, PV_HV_CONTROL_START_SHIFT, PV_HV_CONTROL_REP_MASK));
    if (reserved != 0) {
        pv_text_string_(text, " reserved=");
        pv_text_hex_(text, reserved, 1);
    }
}

enum pv_status pv_hv_decode(uint64_t control, const void *in, size_t in_bytes, char *buffer,
                            size_t size)
{
    const uint16_t code = (uint16_t)(control & PV_HV_CONTROL_CODE_MASK);
    const enum pv_hv_call call = pv_hv_call_find(code);
    const struct pv_hv_call_info *info = pv_hv_call_info(call);
    struct pv_text text;
    struct decoder d = { (const uint8_t *)in, in_bytes, &text };

    pv_text_init_(&text, buffer, size);
    if (info == NULL) {
        pv_text_string_(&text, "call ");
        pv_text_hex_(&text, code, 4);
        put_control(&text, control);
        return pv_text_end_(&text);
    }
    pv_text_string_(&text, layouts[call].name);
    put_control(&text, control);
    if (!put_part(&d, layouts[call].fixed, info->in_bytes) ||
        !put_variable_header(&d, bits(control, PV_HV_CONTROL_VAR_SHIFT, PV_HV_CONTROL_VAR_MASK)) ||
        !put_list(&d, layouts[call].rep, info->in_rep_bytes,
                  bits(control, PV_HV_CONTROL_REPS_SHIFT, PV_HV_CONTROL_REP_MASK)))
        pv_text_string_(&text, " ...");
    return pv_text_end_(&text);
}

enum pv_status pv_hv_decode_result(uint64_t result, char *buffer, size_t size)
{
    const uint16_t number_of = (uint16_t)(result & PV_HV_RESULT_STATUS_MASK);
    const struct pv_hv_status_info *info = pv_hv_status_find(number_of);
    struct pv_text text;

    pv_text_init_(&text, buffer, size);
    pv_text_string_(&text, info != NULL ? info->name : "status");
    pv_text_string_(&text, " (");
    pv_text_hex_(&text, number_of, 1);
    pv_text_string_(&text, "), ");
    pv_text_decimal_(&text, bits(result, PV_HV_RESULT_REPS_SHIFT, PV_HV_CONTROL_REP_MASK));
    pv_text_string_(&text, " reps");
    return pv_text_end_(&text);
}
