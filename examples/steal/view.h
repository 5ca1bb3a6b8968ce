/* SPDX-License-Identifier: MIT */
/* Two ways to show the same table of VPs. */
#ifndef VIEW_H
#define VIEW_H

#include <pv/pv.h>

/* A VP between two moments. */
struct view_vp {
    unsigned number; /* of its CPU */
    struct pv_vp *vp;
    struct pv_steal_sample before;
    struct pv_steal_sample now;
};

/*
 * Bars, drawn over those of the last call: the cursor goes up to where they began. `fresh` if
 * something else was printed in between.
 */
void view_bars(const struct view_vp *vps, unsigned count, bool fresh);

/* One line per VP, for programs: "@ vp N stolen NS time NS", both in ns since the start. */
void view_lines(const struct view_vp *vps, unsigned count);

#endif
