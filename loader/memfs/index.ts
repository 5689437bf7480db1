// SPDX-License-Identifier: MIT
/** The guest's files behind Node's `fs` API. */

export { createGuestVolume, type GuestFiles } from './memfs-volume.ts';
