// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extractModinfo, writeModule } from '../../../loader/elf/index.ts';
import { Damage, fullSpec, I386, KERNELS, mustRead, sampleFile } from './sample-modules.ts';

/** A module whose .modinfo is exactly these bytes (cut or padded to its size). */
function withModinfo(text: string): Damage {
  const d = new Damage(I386);
  const info = d.index('.modinfo');
  const at = d.get(info, 'offset');
  const size = d.get(info, 'size');
  for (let i = 0; i < size; i += 1) d.bytes[at + i] = text.charCodeAt(i) || 0;
  return d.section(info, 'size', text.length);
}

const get = (text: string, tag: string) => mustRead(withModinfo(text).bytes, I386).modinfoGet(tag);

describe('modinfo', () => {
  it('holds what was written, in order', () => {
    const elf = mustRead(sampleFile(I386), I386);
    expect(elf.modinfo.slice(0, 4)).toEqual([
      ['alias', 'pci:v00001234d*'],
      ['alias', 'sample-alias'],
      ['import_ns', 'CRYPTO'],
      ['import_ns', 'USB'],
    ]);
    expect(elf).toMatchObject({
      vermagic: '6.12.0 SMP mod_unload',
      license: 'GPL',
      depends: ['alpha', 'beta'],
      intree: true,
      livepatch: false,
      importNs: ['CRYPTO', 'USB'],
      params: [
        { name: 'count', type: 'int' },
        { name: 'list', type: 'array of uint' },
        { name: 'on', type: 'bool' },
      ],
    });
  });

  it('gives the first of several values, skips padding, and wants the whole tag', () => {
    expect(get('\0\0\0a=1\0\0\0a=2\0', 'a')).toBe('1');
    expect(get('ab=1\0a=2\0', 'a')).toBe('2');
    expect(get('a\0b=1\0', 'a')).toBeUndefined();
    expect(get('a=\0', 'a')).toBe('');
    expect(get('x\0a=1', 'a')).toBe('1\0'.slice(0, 1));
  });

  it('is looked at even when its size is 0', () => {
    const d = withModinfo('a=1\0');
    d.section(d.index('.modinfo'), 'size', 0);
    expect(mustRead(d.bytes, I386).modinfoGet('a')).toBe('1');
  });

  it('missing, is what section 0 points at', () => {
    const d = new Damage(I386);
    const info = d.index('.modinfo');
    const at = d.get(info, 'offset');
    d.section(info, 'name', 0);
    expect(mustRead(d.bytes, I386).modinfoGet('alias')).toBeUndefined();
    d.section(0, 'offset', at);
    expect(mustRead(d.bytes, I386).modinfoGet('alias')).toBe('pci:v00001234d*');
    expect(mustRead(d.bytes, I386).modinfoGet('name')).toBeUndefined();
  });

  /** The kernel's walk, pointer by pointer and size by size. */
  function naiveNext(bytes: Uint8Array, p: number, size: { n: number }): number {
    while (bytes[p]) {
      p += 1;
      if (size.n-- <= 1) return -1;
    }
    while (!bytes[p]) {
      p += 1;
      if (size.n-- <= 1 || p > bytes.length) return -1;
    }
    return p;
  }

  function naiveAll(bytes: Uint8Array, start: number, length: number, tag: string): string[] {
    const values: string[] = [];
    let prev = -1;
    for (;;) {
      const size = { n: length };
      let p = start;
      if (prev >= 0) {
        size.n -= prev - start;
        if (size.n < 0) size.n += 2 ** 32;
        p = naiveNext(bytes, prev, size);
      }
      for (; p >= 0; p = naiveNext(bytes, p, size)) {
        const text = String.fromCharCode(...bytes.subarray(p, p + tag.length + 1));
        if (text === `${tag}=`) break;
      }
      if (p < 0) return values;
      prev = p + tag.length + 1;
      let value = '';
      for (let at = prev; bytes[at]; at += 1) value += String.fromCharCode(bytes[at]!);
      values.push(value);
    }
  }

  it('is walked as the kernel walks it, whatever it holds and wherever it ends', () => {
    const text = fc
      .array(fc.constantFrom('\0', 'a', '=', 'b', 'ns=', 'ns', '\0ns='), { maxLength: 30 })
      .map((parts) => parts.join('').slice(0, 100));
    fc.assert(
      fc.property(text, fc.nat(100), (content, size) => {
        const d = withModinfo(content);
        const info = d.index('.modinfo');
        d.section(info, 'size', size);
        const elf = mustRead(d.bytes, I386);
        const start = d.get(info, 'offset');
        expect(elf.modinfoAll('ns')).toEqual(naiveAll(d.bytes, start, size, 'ns'));
        expect(elf.modinfoGet('a')).toEqual(naiveAll(d.bytes, start, size, 'a')[0]);
      }),
      { numRuns: 2000 },
    );
  });
});

describe.each(KERNELS)('the quick look at a $wordBits-bit file', (kernel) => {
  it('finds name, struct module size and modinfo without knowing the kernel', () => {
    const file = sampleFile(kernel);
    expect(extractModinfo(file)).toEqual({
      wordBits: kernel.wordBits,
      machine: kernel.wordBits === 64 ? 62 : 3,
      name: 'sample',
      structModuleSize: kernel.structModuleSize,
      modinfo: mustRead(file, kernel).modinfo,
    });
  });

  it('finds nothing in what is no module', () => {
    const file = sampleFile(kernel);
    expect(extractModinfo(new Uint8Array(0))).toBeUndefined();
    expect(extractModinfo(file.subarray(0, 40))).toBeUndefined();
    expect(extractModinfo(file.subarray(0, file.length - 1))).toBeUndefined();
    const d = new Damage(kernel);
    d.section(d.index('.gnu.linkonce.this_module'), 'name', 0);
    expect(extractModinfo(d.bytes)).toBeUndefined();
  });

  it('is content with a module without modinfo', () => {
    const d = new Damage(kernel, writeModule(fullSpec(kernel)));
    d.section(d.index('.modinfo'), 'name', 0);
    expect(extractModinfo(d.bytes)?.modinfo).toEqual([]);
  });
});
