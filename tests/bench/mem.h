/* SPDX-License-Identifier: MIT */
/* What the contenders of the region map's bench share: the regions, and what is done to them. */
#ifndef MEM_H
#define MEM_H

#include <pv/mem/map.h>

#define REGIONS_MAX 32768u
#define LOOK_UPS 65536u /* so many that no branch predictor learns them */

/* A region has two places, so that it can move and come back. */
struct bench_region {
    struct {
        uint64_t gpa;
        uint64_t va;
    } place[2];
    uint64_t pages;
    uint64_t id;
};

enum operation { FIND_GPA, FIND_ID, FIND_VA, ADD, REMOVE, MOVE, FLAGS, ITERATE, HOLE, OPERATIONS };

/* What an operation is done with. */
extern struct bench_region regions[REGIONS_MAX];
extern uint64_t wanted[3][LOOK_UPS]; /* keys of FIND_*; HOLE takes those of FIND_GPA */
extern uint32_t chosen[REGIONS_MAX]; /* regions that are changed, one after the other */
extern uint32_t move_to;             /* place */
extern uint64_t found;               /* a sum over what look-ups gave: the same for all */

struct contender {
    const char *name;
    size_t node_bytes; /* for each region; libpv: see os_pages */
    void (*clear)(void);
    /* Each does it `count` times; ITERATE gives that many regions. NULL: it cannot. */
    void (*run[OPERATIONS])(uint32_t count);
};

extern const struct contender libpv;
extern const struct contender one_tree;    /* by GPA */
extern const struct contender three_trees; /* by GPA, by id, and an interval tree by VA */

/* An operation went wrong: the figures would be of something else. */
_Noreturn void give_up(const char *what);

/* Memory of the same kind for every contender. */
void *os_memory(size_t bytes);

/* Pages the OS has given. */
size_t os_pages(void);

#endif
