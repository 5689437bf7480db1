// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { ElfKernel } from '../../../loader/elf/index.ts';
import { Damage, KERNELS } from './sample-modules.ts';

// Restated from include/uapi/linux/elf.h and include/uapi/asm-generic/errno-base.h.
const SHT = { SYMTAB: 2 };
const ALLOC = 2;
const ERR = '-8 3';
const MOD = '.gnu.linkonce.this_module';

describe.each(KERNELS)('the one-pass checks of a $wordBits-bit kernel', (kernel) => {
  const damaged = () => new Damage(kernel);
  const early: ElfKernel = { ...kernel, sectionNameCheck: 'alloc' };

  it('let the name of a section that is not allocated be anything', () => {
    const d = damaged();
    const size = d.get(d.index('.shstrtab'), 'size');
    const comment = d.index('.comment');
    const text = d.index('.text');
    expect(damaged().section(comment, 'name', size).verdict(early)).toBe('ok');
    expect(damaged().section(text, 'name', size).verdict(early)).toBe(
      `${ERR}: Invalid ELF section name in module (section ${text} type 1)`,
    );
    expect(damaged().section(text, 'name', size).section(text, 'flags', ALLOC).verdict()).toBe(
      `${ERR}: Invalid ELF section name in module (section ${text} type 1)`,
    );
  });

  it('take a name table of any type, but check where it lies', () => {
    const names = damaged().index('.shstrtab');
    expect(damaged().section(names, 'type', 1).verdict(early)).toBe('ok');
    expect(damaged().section(names, 'offset', -1n).verdict(early)).toBe(
      `${ERR}: Invalid ELF section hdr(type 3)`,
    );
  });

  it('come in their own order', () => {
    const d = damaged();
    const mod = d.index(MOD);
    const symtab = d.index('.symtab');
    const comment = d.index('.comment');
    const names = d.index('.shstrtab');
    const modName = d.get(mod, 'name');
    const infoName = d.get(d.index('.modinfo'), 'name');
    const { length } = d.bytes;
    const steps: [() => void, string][] = [
      [() => d.section(mod, 'size', 1), 'section size must match'],
      [() => d.section(mod, 'flags', 0), 'must occupy memory'],
      [() => d.section(comment, 'name', modName), 'Only one .gnu.linkonce.this_module'],
      [() => d.section(d.index('.strtab'), 'type', SHT.SYMTAB), 'Invalid ELF sh_link'],
      [() => d.section(d.index('.strtab'), 'link', 1), 'module has no symbols'],
      [() => d.section(comment, 'name', infoName), 'Only one .modinfo'],
      [() => d.section(symtab, 'offset', length), 'Invalid ELF section in module'],
      [() => d.section(symtab, 'link', 0), 'Invalid ELF sh_link'],
      [() => d.section(0, 'addr', 1), 'section 0 type'],
      [() => d.section(names, 'size', 0), 'empty section name table'],
      [() => d.section(names, 'offset', length + 1), 'Invalid ELF section hdr'],
      [() => d.u16(d.field.shstrndx, 0), 'Invalid ELF section name index'],
      [() => d.u16(d.field.shentsize, 0), 'Invalid ELF section header size'],
    ];
    for (const [damage, says] of steps) {
      damage();
      expect(d.verdict(early)).toContain(says);
    }
  });
});
