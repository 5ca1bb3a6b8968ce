/* SPDX-License-Identifier: MIT */
/*
 * The decoder, for any control word, any block and any length of it: it ends, and reads no byte
 * past the ones it was given: the block has just those, so cbmc itself finds any other.
 *
 * The text it writes goes through pv_text_*, whose bounds are proved in text.c for any buffer; here
 * they only check what they are handed. The call code is made constant, one call after the other,
 * so that the layout strings are read, not guessed; that pv_hv_call_find finds the right one, or
 * none, is proved first.
 *
 * cbmc: --unwind 81 --unwindset pv_hv_status_find.0:128,put_variable_header.0:5,put_list.0:8 --object-bits 12
 * sources: libpv/hv/status.c
 * timeout: 120
 * part: -DPARTS=8 -DPART=0
 * part: -DPARTS=8 -DPART=1
 * part: -DPARTS=8 -DPART=2
 * part: -DPARTS=8 -DPART=3
 * part: -DPARTS=8 -DPART=4
 * part: -DPARTS=8 -DPART=5
 * part: -DPARTS=8 -DPART=6
 * part: -DPARTS=8 -DPART=7
 * full: -DPARTS=4 -DPART=0 -DPV_HV_ABI_ARM64=1
 * full: -DPARTS=4 -DPART=1 -DPV_HV_ABI_ARM64=1
 * full: -DPARTS=4 -DPART=2 -DPV_HV_ABI_ARM64=1
 * full: -DPARTS=4 -DPART=3 -DPV_HV_ABI_ARM64=1
 * bug: field-unbounded libpv/hv/decode.c s/field.bytes > d->left/false/
 * bug: bank-unbounded libpv/hv/decode.c s/d->left < 8/d->left < 7/
 * bug: element-unbounded libpv/hv/decode.c s/d->left < rep_bytes/d->left == 0/
 * bug: wrong-number libpv/hv/decode.c s/case 4:/case 5:/
 */
#include <pv/hv/call.h>
#include <stdlib.h>

/* The table as it is, but the search in it answers `current`. */
static enum pv_hv_call current;
#define pv_hv_call_find table_find
#include "hv/calls.c"
#undef pv_hv_call_find

enum pv_hv_call pv_hv_call_find(uint16_t code)
{
    (void)code;
    return current;
}

#include "hv/decode.c"

/* Room for two list elements, banks or qwords behind the fixed input, and then some. */
#define MORE 24u

size_t nondet_size(void);
uint64_t nondet_qword(void);
uint32_t nondet_word(void);

static struct pv_text *begun;

void pv_text_init_(struct pv_text *text, char *buffer, size_t size)
{
    (void)buffer;
    (void)size;
    begun = text;
}

void pv_text_char_(struct pv_text *text, char c)
{
    __CPROVER_assert(text == begun && c != '\0', "text begun");
}

void pv_text_string_(struct pv_text *text, const char *string)
{
    __CPROVER_assert(text == begun && *string != '\0', "text begun");
}

void pv_text_hex_(struct pv_text *text, uint64_t value, unsigned digits)
{
    (void)value;
    __CPROVER_assert(text == begun && digits <= 16, "text begun");
}

void pv_text_decimal_(struct pv_text *text, uint32_t value)
{
    (void)value;
    __CPROVER_assert(text == begun, "text begun");
}

enum pv_status pv_text_end_(const struct pv_text *text)
{
    __CPROVER_assert(text == begun, "text begun");
    return PV_OK;
}

static void check_find(void)
{
    const uint16_t code = (uint16_t)nondet_word();
    const enum pv_hv_call call = table_find(code);
    const uint32_t other = nondet_word();

    __CPROVER_assume(other < PV_HV_CALLS);
    __CPROVER_assert((unsigned)call >= PV_HV_CALLS || pv_hv_call_info(call)->code == code, "found");
    __CPROVER_assert((unsigned)call < PV_HV_CALLS || pv_hv_call_info((enum pv_hv_call)other)->code != code, "not there");
}

static void check_decode(enum pv_hv_call call)
{
    const struct pv_hv_call_info *info = pv_hv_call_info(call);
    const size_t bytes = nondet_size();
    const size_t most = (info != NULL ? info->in_bytes : 0) + MORE;
    uint8_t *block = malloc(bytes);
    char none;

    __CPROVER_assume(block != NULL && bytes <= most);
    current = call;
    (void)pv_hv_decode(nondet_qword(), block, bytes, &none, nondet_size());
    free(block);
}

static void check_result(void)
{
    char none;

    (void)pv_hv_decode_result(nondet_qword(), &none, nondet_size());
}

/* The proof takes every PARTS-th call; without PARTS, as for the bugs, a few. */
int main(void)
{
#ifdef PARTS
    check_find();
    check_result();
    check_decode(PV_HV_CALLS);
    for (unsigned call = PART; call < PV_HV_CALLS; call += PARTS)
        check_decode((enum pv_hv_call)call);
#else
    check_decode(PV_HV_CALL_GET_VP_REGISTERS);
    check_decode(PV_HV_CALL_SEND_SYNTHETIC_CLUSTER_IPI_EX);
#endif
    return 0;
}
