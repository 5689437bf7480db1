// SPDX-License-Identifier: MIT
/** KMOD_PROBE_* (libkmod.h, kmod 30). A probe that a blacklist stopped returns the flag. */
export const KMOD_PROBE = {
  FORCE_VERMAGIC: 0x1,
  FORCE_MODVERSION: 0x2,
  IGNORE_COMMAND: 0x4,
  IGNORE_LOADED: 0x8,
  DRY_RUN: 0x10,
  FAIL_ON_LOADED: 0x20,
  APPLY_BLACKLIST_ALL: 0x10000,
  APPLY_BLACKLIST: 0x20000,
  APPLY_BLACKLIST_ALIAS_ONLY: 0x40000,
} as const;
