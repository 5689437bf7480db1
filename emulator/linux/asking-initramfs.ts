// SPDX-License-Identifier: MIT
/** The initramfs of the Linux that asks the model: BusyBox, our client, the guest's modules. */
import { buildInitramfs, type InitramfsEntry } from './initramfs.ts';

export interface AskingInitramfs {
  readonly busybox: Uint8Array;
  readonly client: Uint8Array;
  /** guest-images/linux/client/init.sh */
  readonly init: Uint8Array;
  /** guest-images/linux/client/shell.sh */
  readonly shell: Uint8Array;
  /** Module files by absolute path. */
  readonly modules: ReadonlyMap<string, Uint8Array>;
}

/** Names under which the client is called. */
const CLIENT_NAMES = [
  'insmod',
  'rmmod',
  'lsmod',
  'modinfo',
  'coldplug',
  'storm',
  'modstorm',
] as const;
const DIRECTORIES = ['/bin', '/proc', '/sys', '/dev', '/tmp', '/run', '/root', '/etc', '/mnt'];

export function buildAskingInitramfs(parts: AskingInitramfs): Uint8Array {
  const entries = new Map<string, InitramfsEntry>();
  for (const path of DIRECTORIES) entries.set(path, { type: 'directory' });
  entries.set('/dev/console', { type: 'character', major: 5, minor: 1 });
  entries.set('/init', { type: 'file', data: parts.init, mode: 0o755 });
  entries.set('/etc/modstorm.sh', { type: 'file', data: parts.shell });
  entries.set('/bin/busybox', { type: 'file', data: parts.busybox, mode: 0o755 });
  entries.set('/bin/sh', { type: 'symlink', target: 'busybox' });
  entries.set('/sbin/modprobe', { type: 'file', data: parts.client, mode: 0o755 });
  for (const name of CLIENT_NAMES) {
    entries.set(`/sbin/${name}`, { type: 'symlink', target: 'modprobe' });
  }
  for (const [path, data] of parts.modules) entries.set(path, { type: 'file', data });
  return buildInitramfs(entries);
}
