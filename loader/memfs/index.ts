/** The guest's files behind Node's `fs` API. */

export { createGuestVolume } from './memfs-volume.ts';
