// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { moduleFile, type RigFile, run } from './rig.ts';

const OPENSSL = spawnSync('openssl', ['version']).status === 0;

/** Signs as scripts/sign-file does: a detached PKCS#7 message without certificates or attributes. */
function signed(file: RigFile, signer: string): RigFile {
  const dir = mkdtempSync(join(tmpdir(), 'modstorm-key-'));
  const at = (name: string): string => join(dir, name);
  const openssl = (...args: string[]): void => {
    const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  };
  writeFileSync(at('module'), file.bytes);
  openssl(
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', `/O=Test/CN=${signer}`],
    ...['-keyout', at('key'), '-out', at('cert')],
  );
  openssl(
    ...['cms', '-sign', '-binary', '-noattr', '-nocerts', '-in', at('module'), '-outform', 'DER'],
    ...['-signer', at('cert'), '-inkey', at('key'), '-md', 'sha256', '-out', at('sig')],
  );
  const message = readFileSync(at('sig'));
  rmSync(dir, { recursive: true });
  const block = Buffer.alloc(12);
  block[2] = 2;
  block.writeUInt32BE(message.length, 8);
  const marker = Buffer.from('~Module signature appended~\n');
  return { ...file, bytes: new Uint8Array(Buffer.concat([file.bytes, message, block, marker])) };
}

describe.skipIf(!OPENSSL)('trusted keys (needs openssl)', () => {
  const own = OPENSSL ? signed(moduleFile({ name: 'own' }), 'Distribution kernel key') : undefined;
  const dkms = OPENSSL
    ? signed(moduleFile({ name: 'dkms' }), 'DKMS module signing key')
    : undefined;
  const bare = moduleFile({ name: 'bare' });
  const outcome = (module_sig: 'enforce' | 'permissive', trusted_keys: string[]) => {
    const files = [own!, dkms!, bare];
    const { result } = run(files, {
      kernel: { base: 'v6.12', module_sig, trusted_keys },
      steps: files.map(({ path }) => ({ finit_module: path })),
    });
    return result.results.map(({ ret, log }) => [ret, ...log]);
  };

  it('let the distribution’s modules in under enforce, and keep a DKMS module out', () => {
    expect(outcome('enforce', ['Distribution kernel key'])).toEqual([
      [0],
      [-129, 'Loading of module with unavailable key is rejected'],
      [-129, 'Loading of unsigned module is rejected'],
    ]);
    expect(outcome('enforce', []).map(([ret]) => ret)).toEqual([-129, -129, -129]);
    const both = ['Distribution kernel key', 'DKMS module signing key'];
    expect(outcome('enforce', both).map(([ret]) => ret)).toEqual([0, 0, -129]);
  });

  it('taint the kernel for what they do not cover where nothing is enforced', () => {
    const [first, second] = outcome('permissive', ['Distribution kernel key']);
    expect(first).toEqual([0]);
    expect(second).toEqual([
      0,
      'dkms: module verification failed: signature and/or required key missing - tainting kernel',
    ]);
  });
});
