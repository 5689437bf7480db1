// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { moduleFile, type RigFile, run } from './rig.ts';

/** A file with a PKCS#7 signature of `bytes` after it (struct module_signature, Linux 6.12). */
function signed(name: string, bytes: number, idType = 2): RigFile {
  const { path, bytes: file } = moduleFile({ name });
  const block = Buffer.alloc(12);
  block[2] = idType;
  block.writeUInt32BE(bytes, 8);
  const marker = Buffer.from('~Module signature appended~\n');
  return { path, bytes: new Uint8Array(Buffer.concat([file, Buffer.alloc(bytes), block, marker])) };
}

const LOAD = [{ finit_module: 'one.ko' }, { read: '/proc/modules' }];
const TAINTED =
  'one: module verification failed: signature and/or required key missing - tainting kernel';

function load(file: RigFile, module_sig_key: boolean, enforce = false) {
  const module_sig = enforce ? 'enforce' : 'permissive';
  const kernel = { base: 'v6.12', module_sig, module_sig_key } as const;
  const { result, rets } = run([file], { kernel, steps: LOAD });
  const [loaded, modules] = result.results;
  return { ret: rets[0], log: loaded!.log, tainted: modules!.text?.includes('(E)') };
}

describe('a signed module', () => {
  it('taints a kernel that does not have its key, and no other', () => {
    expect(load(signed('one', 300), false)).toMatchObject({
      ret: 0,
      log: [TAINTED],
      tainted: true,
    });
    expect(load(signed('one', 300), true)).toMatchObject({ ret: 0, log: [], tainted: false });
  });

  it('is taken by an enforcing kernel that has the key', () => {
    expect(load(signed('one', 300), true, true).ret).toBe(0);
    expect(load(signed('one', 300), false, true).ret).toBe(-129);
  });

  it('with a signature that is not well-formed is refused or tainting, key or not', () => {
    expect(load(signed('one', 300, 1), true)).toMatchObject({ ret: 0, tainted: true });
    expect(load(moduleFile({ name: 'one' }), true)).toMatchObject({ ret: 0, tainted: true });
  });
});
