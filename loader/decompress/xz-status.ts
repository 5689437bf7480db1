// SPDX-License-Identifier: MIT
/** enum xz_ret (include/linux/xz.h, Linux 6.12), as far as a module decode can meet it. */

/** So far so good; also what a truncated file ends with, as no more input will come. */
export const XZ_OK = 0;
export const XZ_STREAM_END = 1;
/** The dictionary could not be allocated. */
export const XZ_MEM_ERROR = 3;
/** A check, filter or option this decoder does not know. */
export const XZ_OPTIONS_ERROR = 6;
export const XZ_DATA_ERROR = 7;
