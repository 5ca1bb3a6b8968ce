/* SPDX-License-Identifier: MIT */
/* Translation table entries of 4 KiB tables (Arm ARM, VMSAv8-64), for C and assembly. */
#define ENTRY_VALID 0x1
#define ENTRY_TABLE 0x3
#define ENTRY_BLOCK 0x1
#define ENTRY_PAGE 0x3

#define MEMORY_TYPE 0x1c /* index into MAIR */
#define TYPE_DEVICE 0x00
#define TYPE_NORMAL 0x04

#define READ_ONLY 0x80
#define INNER_SHAREABLE 0x300
#define ACCESSED 0x400
#define NO_EXEC 0x0060000000000000 /* at EL1 and at EL0 */

#define DEVICE (TYPE_DEVICE | ACCESSED | NO_EXEC)
#define CODE_AND_DATA (TYPE_NORMAL | INNER_SHAREABLE | ACCESSED)
#define DATA (CODE_AND_DATA | NO_EXEC)
