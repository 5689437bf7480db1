// SPDX-License-Identifier: MIT
// Writes an initramfs: a cpio archive in the "newc" format
// (Documentation/driver-api/early-userspace/buffer-format.rst, Linux 6.12).

/** One thing to put into the archive. Parent directories are made as needed, with mode 0755. */
export type InitramfsEntry =
  | { type: 'file'; data: Uint8Array; mode?: number }
  | { type: 'directory'; mode?: number }
  | { type: 'symlink'; target: string }
  | { type: 'character'; major: number; minor: number; mode?: number };

const HEADER_BYTES = 110;
const S_IFDIR = 0o040000;
const S_IFCHR = 0o020000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;
const TRAILER = 'TRAILER!!!';
/** The kernel takes a path of this many bytes at most, its NUL included (PATH_MAX). */
const PATH_MAX = 4096;

interface Member {
  name: Uint8Array;
  mode: number;
  data: Uint8Array;
  rdev: readonly [number, number];
}

const encoder = new TextEncoder();
const nothing = new Uint8Array(0);

/**
 * The archive of `entries`, keyed by absolute path. Same entries in the same order, same bytes:
 * owner 0, time 0, inode numbers in order. Throws a RangeError that names the path when it is
 * not absolute, has an empty, `.` or `..` part or a NUL, or lies below something that is no directory.
 */
export function buildInitramfs(entries: ReadonlyMap<string, InitramfsEntry>): Uint8Array {
  const members = new Map<string, Member>();
  for (const [path, entry] of entries) {
    const parts = splitPath(path);
    for (let depth = 1; depth < parts.length; depth++) {
      const parent = parts.slice(0, depth).join('/');
      const known = members.get(parent);
      if (known === undefined) members.set(parent, memberOf(parent, { type: 'directory' }));
      else if ((known.mode & 0o170000) !== S_IFDIR)
        throw new RangeError(`initramfs: ${path}: /${parent} is not a directory`);
    }
    const name = parts.join('/');
    const known = members.get(name);
    if (known !== undefined && entry.type !== 'directory')
      throw new RangeError(`initramfs: ${path} is given twice`);
    members.set(name, memberOf(name, entry));
  }
  return serialise([...members.values()]);
}

function splitPath(path: string): string[] {
  if (!path.startsWith('/')) throw new RangeError(`initramfs: ${path}: not an absolute path`);
  const parts = path.slice(1).split('/');
  for (const part of parts)
    if (part === '' || part === '.' || part === '..' || part.includes('\0'))
      throw new RangeError(`initramfs: ${JSON.stringify(path)}: bad path component`);
  if (encoder.encode(path).length > PATH_MAX)
    throw new RangeError(`initramfs: ${path.slice(0, 80)}…: longer than ${PATH_MAX - 1} bytes`);
  return parts;
}

function memberOf(path: string, entry: InitramfsEntry): Member {
  const name = encoder.encode(path);
  switch (entry.type) {
    case 'file':
      return { name, mode: S_IFREG | (entry.mode ?? 0o644), data: entry.data, rdev: [0, 0] };
    case 'directory':
      return { name, mode: S_IFDIR | (entry.mode ?? 0o755), data: nothing, rdev: [0, 0] };
    case 'symlink':
      return { name, mode: S_IFLNK | 0o777, data: encoder.encode(entry.target), rdev: [0, 0] };
    case 'character':
      return {
        name,
        mode: S_IFCHR | (entry.mode ?? 0o600),
        data: nothing,
        rdev: [entry.major, entry.minor],
      };
  }
}

const padTo4 = (n: number): number => (n + 3) & ~3;

function serialise(members: readonly Member[]): Uint8Array {
  const trailer: Member = { name: encoder.encode(TRAILER), mode: 0, data: nothing, rdev: [0, 0] };
  const all = [...members, trailer];
  let size = 0;
  for (const { name, data } of all)
    size += padTo4(HEADER_BYTES + name.length + 1) + padTo4(data.length);
  const archive = new Uint8Array(size);
  let at = 0;
  all.forEach((member, index) => {
    const isTrailer = member === trailer;
    const isDirectory = (member.mode & 0o170000) === S_IFDIR;
    const fields = [
      isTrailer ? 0 : index + 1, // inode
      member.mode,
      0, // uid
      0, // gid
      isDirectory ? 2 : 1, // links
      0, // modification time
      member.data.length,
      0, // device of the archive
      0,
      member.rdev[0],
      member.rdev[1],
      member.name.length + 1,
      0, // checksum, unused in this format
    ];
    const header = `070701${fields.map((f) => f.toString(16).padStart(8, '0')).join('')}`;
    archive.set(encoder.encode(header), at);
    archive.set(member.name, at + HEADER_BYTES);
    at += padTo4(HEADER_BYTES + member.name.length + 1);
    archive.set(member.data, at);
    at += padTo4(member.data.length);
  });
  return archive;
}
