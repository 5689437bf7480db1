// SPDX-License-Identifier: MIT
export {
  type AddressBase,
  absoluteAddress,
  formatAddress,
  formatHex,
  parseAddress,
  wrapLimit,
} from './address.ts';
export { decimalAddress, readAddress } from './address-text.ts';

export { Column, StringTable } from './column.ts';
export { ERRNO, type ErrnoName, errnoName } from './errno.ts';
export { fnv1a } from './fnv1a.ts';
export {
  counted,
  exactTime,
  formatBytes,
  formatShare,
  formatTime,
  groupDigits,
  inByteUnit,
} from './quantity-text.ts';
export {
  alignUp,
  type Bytes,
  type CpuId,
  type Nanos,
  PAGE_SIZE,
  type PageCount,
  pageAlign,
  pagesFor,
  type VirtAddr,
} from './units.ts';
