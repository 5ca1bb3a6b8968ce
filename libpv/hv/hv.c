/* SPDX-License-Identifier: MIT */
/* Take up hypercalls: identity first, then the way in, then what may travel on it. */
#include "hv/hv_internal.h"

#include "detect/hyperv_leaves.h"
#include "guest/told.h"
#include "pv_port.h"

#include <pv/os.h>

static bool conduit_ok(enum pv_hv_conduit conduit)
{
    if (conduit == PV_HV_CONDUIT_DEFAULT)
        return true;
    if (PV_PORT_MSR)
        return conduit == PV_HV_CONDUIT_PAGE;
    return conduit == PV_HV_CONDUIT_SMCCC || conduit == PV_HV_CONDUIT_HVC1;
}

enum pv_status pv_hv_config_check_(const struct pv_hv_config *config)
{
    const uint32_t forms_fixed = ~PV_HV_FORMS | PV_HV_FORM_MEMORY;

    if (config->arg_pages > 2 || (config->forms_off & forms_fixed) != 0)
        return PV_INVALID;
    return conduit_ok(config->conduit) ? PV_OK : PV_INVALID;
}

const struct pv_hv_room *pv_hv_block_room_(const struct pv_guest *guest)
{
    if (guest->hv.conduit == PV_HV_CONDUIT_PAGE)
        return &pv_hv_room_x64_block;
    return guest->hv.conduit == PV_HV_CONDUIT_HVC1 ? &pv_hv_room_hvc1_block
                                                   : &pv_hv_room_smccc_block;
}

/* Keep the identity that is there: two on one partition fight (firmware, Linux). */
static enum pv_status identify(struct pv_guest *guest)
{
    struct pv_hv_guest *hv = &guest->hv;
    enum pv_status status = pv_hv_sreg_read_(guest, PV_HV_SREG_GUEST_OS_ID, &hv->os_id);

    hv->os_id_adopted = status == PV_OK && hv->os_id != 0;
    if (status != PV_OK || hv->os_id_adopted)
        return status;
    status = pv_hv_sreg_tell_(guest, &guest->told, PV_HV_SREG_GUEST_OS_ID,
                              guest->config.hv.os_id, 0);
    if (status == PV_OK)
        status = pv_hv_sreg_read_(guest, PV_HV_SREG_GUEST_OS_ID, &hv->os_id);
    if (status == PV_OK && hv->os_id != guest->config.hv.os_id)
        status = PV_REFUSED;
    return status;
}

/* A register that cannot be read counts as zero, like a CPUID leaf that is not there. */
static struct pv_detect_words words(struct pv_guest *guest, uint32_t name)
{
    struct pv_hv_register_value value = { 0, 0 };
    struct pv_detect_words words;

    (void)pv_hv_sreg_get_block_(guest, name, &value);
    words.eax = (uint32_t)value.low;
    words.ebx = (uint32_t)(value.low >> 32);
    words.ecx = (uint32_t)value.high;
    words.edx = (uint32_t)(value.high >> 32);
    return words;
}

/* arm64: what x86 has in CPUID. The feature word is the third one here. */
static void read_features(struct pv_guest *guest)
{
    const struct pv_detect_leaves leaves = {
        .version = words(guest, PV_HV_REGISTER_HYPERVISOR_VERSION),
        .features = words(guest, PV_HV_REGISTER_PRIVILEGES_AND_FEATURES_INFO),
        .hints = words(guest, PV_HV_REGISTER_FEATURES_INFO),
        .limits = words(guest, PV_HV_REGISTER_IMPLEMENTATION_LIMITS_INFO),
        .hardware = words(guest, PV_HV_REGISTER_HARDWARE_FEATURES_INFO),
        .isolation = words(guest, PV_HV_REGISTER_ISOLATION_CONFIGURATION),
    };

    pv_detect_decode_(&guest->detect.hyperv, &leaves);
    guest->detect.hyperv.features = leaves.features.ecx;
}

static enum pv_status enable_arm64(struct pv_guest *guest)
{
    struct pv_hv_guest *hv = &guest->hv;
    enum pv_status status;

    hv->conduit = guest->config.hv.conduit;
    if (hv->conduit == PV_HV_CONDUIT_DEFAULT)
        hv->conduit = PV_HV_CONDUIT_SMCCC;
    hv->entry = hv->conduit == PV_HV_CONDUIT_SMCCC ? PV_PORT_ENTRY_SMCCC : PV_PORT_ENTRY_HVC1;
    hv->forms = PV_HV_FORMS;
    status = identify(guest);
    if (status == PV_OK)
        read_features(guest);
    return status;
}

static enum pv_status enable_x86(struct pv_guest *guest)
{
    const uint32_t features = guest->detect.hyperv.features;
    struct pv_hv_guest *hv = &guest->hv;
    enum pv_status status;

    hv->conduit = PV_HV_CONDUIT_PAGE;
    hv->forms = PV_HV_FORM_MEMORY | PV_HV_FORM_FAST;
    if ((features & PV_HV_FEATURE_XMM_INPUT) != 0)
        hv->forms |= PV_HV_FORM_BLOCK_INPUT;
    if ((features & PV_HV_FEATURE_XMM_OUTPUT) != 0)
        hv->forms |= PV_HV_FORM_BLOCK_OUTPUT;
    status = identify(guest);
    return status == PV_OK ? pv_hv_page_enable_(guest) : status;
}

/* Hardware isolation without a paravisor has no hypercall page: calls go by VMMCALL, GHCB or TDCALL
 * on shared memory, which libpv does not do. */
static bool page_reaches_hypervisor(const struct pv_detect_hyperv *hyperv)
{
    return hyperv->isolation <= PV_DETECT_ISOLATION_VBS || hyperv->paravisor;
}

/* x86: touching an MSR whose privilege bit is clear raises #GP. arm64 tells only when asked. */
static bool offered(const struct pv_guest *guest)
{
    const uint64_t needed = 1ull << PV_HV_PRIVILEGE_HYPERCALL | 1ull << PV_HV_PRIVILEGE_VP_INDEX;

    if (!page_reaches_hypervisor(&guest->detect.hyperv))
        return false;
    if (!pv_detect_has(&guest->detect, PV_DETECT_HYPERV) || !PV_PORT_HV)
        return false;
    return !PV_PORT_MSR || (guest->detect.hyperv.privileges & needed) == needed;
}

/* arm64 takes back by hypercalls, so the way in is closed last. */
uint32_t pv_hv_disable_(struct pv_guest *guest)
{
    struct pv_hv_guest *hv = &guest->hv;
    uint32_t kept;

    hv->fast_entry = 0;
    kept = pv_told_take_back_(guest, &guest->told);
    hv->page_stuck |= (kept & PV_TOLD_HV_PAGE) != 0;
    hv->entry = 0;
    return kept;
}

/* What this area told just now; on a later try the clock may have told its part before. */
static void withdraw(struct pv_guest *guest)
{
    struct pv_hv_guest *hv = &guest->hv;

    hv->fast_entry = 0;
    if (!pv_told_take_back_one_(guest, &guest->told, PV_TOLD_HV_PAGE))
        hv->page_stuck = true;
    (void)pv_told_take_back_one_(guest, &guest->told, PV_TOLD_NOTHING); /* the identity */
    hv->entry = 0;
}

enum pv_status pv_hv_enable_(struct pv_guest *guest)
{
    enum pv_status released;
    enum pv_status status;

    guest->hv.vtl_call_offset = 0;
    guest->hv.vtl_return_offset = 0;
    if (guest->config.hv.os_id == 0 || !offered(guest))
        return PV_OK;
    status = PV_PORT_MSR ? enable_x86(guest) : enable_arm64(guest);
    guest->hv.forms &= ~guest->config.hv.forms_off;
    if (status == PV_OK) {
        if ((guest->hv.forms & PV_HV_FORM_FAST) != 0)
            guest->hv.fast_entry = guest->hv.entry;
        return PV_OK;
    }
    pv_os_log("libpv: the Hyper-V interface could not be set up; hypercalls stay off");
    withdraw(guest);
    released = pv_hv_page_release_(guest);
    (void)released; /* a page that stays with the hypervisor has been logged */
    return status;
}
