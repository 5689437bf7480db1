// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { ElfKernel } from '../../../loader/elf/index.ts';
import { readElf } from '../../../loader/elf/index.ts';
import { Damage, I386, KERNELS, mustRead, sampleFile, X86_64 } from './sample-modules.ts';

// Restated from include/uapi/linux/elf.h and include/uapi/asm-generic/errno-base.h.
const SHT = { NULL: 0, PROGBITS: 1, SYMTAB: 2, STRTAB: 3, NOBITS: 8 };
const ERR = '-8 3';
const WARN = '-8 4';
const MOD = '.gnu.linkonce.this_module';

function verdictOf(bytes: Uint8Array, kernel: ElfKernel): string {
  const result = readElf(bytes, kernel, 0);
  return result.ok ? 'ok' : `-${result.errno} ${result.message?.level}: ${result.message?.text}`;
}

describe.each(KERNELS)('the checks of a $wordBits-bit kernel', (kernel) => {
  const ehdr = kernel.wordBits === 64 ? 64 : 52;
  const damaged = () => new Damage(kernel);

  it('take an undamaged module', () => {
    expect(damaged().verdict()).toBe('ok');
  });

  it.each([0, 1, 4, 51])('refuse a file of %i bytes by its length', (length) => {
    const cut = sampleFile(kernel).subarray(0, length);
    expect(verdictOf(cut, kernel)).toBe(`${ERR}: Invalid ELF header len ${length}`);
  });

  it('refuse one byte less than an ELF header, and look further at one byte more', () => {
    const file = sampleFile(kernel);
    expect(verdictOf(file.subarray(0, ehdr - 1), kernel)).toBe(
      `${ERR}: Invalid ELF header len ${ehdr - 1}`,
    );
    expect(verdictOf(file.subarray(0, ehdr), kernel)).toBe(
      `${ERR}: Invalid ELF section header overflow`,
    );
  });

  it('refuse a wrong magic', () => {
    expect(damaged().u16(0, 0x1234).verdict()).toBe(`${ERR}: Invalid ELF header magic: != \x7fELF`);
  });

  it('do not look at class, data order or version of the identification', () => {
    const d = damaged();
    d.bytes.fill(0xff, 4, 16);
    expect(d.verdict()).toBe('ok');
  });

  it.each([0, 2, 3, 4, 65535])('refuse type %i', (type) => {
    expect(damaged().u16(16, type).verdict()).toBe(`${ERR}: Invalid ELF header type: ${type} != 1`);
  });

  it('refuse a foreign machine by number', () => {
    expect(damaged().u16(18, 40).verdict()).toBe(`${ERR}: Invalid architecture in ELF header: 40`);
  });

  it('refuse another section header size', () => {
    const d = damaged();
    expect(d.u16(d.field.shentsize, d.field.shdr + 1).verdict()).toBe(
      `${ERR}: Invalid ELF section header size`,
    );
  });

  it('refuse a section table that begins at or after the end, or runs past it', () => {
    const overflow = `${ERR}: Invalid ELF section header overflow`;
    const { length } = sampleFile(kernel);
    const d = damaged();
    const { shoff, shnum, field } = d;
    expect(shoff + shnum * field.shdr).toBe(length);
    expect(damaged().word(field.shoff, BigInt(length)).verdict()).toBe(overflow);
    expect(damaged().word(field.shoff, -1n).verdict()).toBe(overflow);
    expect(
      damaged()
        .u16(field.shnum, shnum + 1)
        .verdict(),
    ).toBe(overflow);
  });

  it('refuse a section 0 with a type, a size or an address', () => {
    const text = (type: number) =>
      `${ERR}: ELF Spec violation: section 0 type(${type})!=SH_NULL or non-zero len or addr`;
    expect(damaged().section(0, 'type', 1).verdict()).toBe(text(1));
    expect(damaged().section(0, 'type', 0xffffffff).verdict()).toBe(text(-1));
    expect(damaged().section(0, 'size', 1).verdict()).toBe(text(0));
    expect(damaged().section(0, 'addr', 1).verdict()).toBe(text(0));
    expect(damaged().section(0, 'flags', 7).section(0, 'offset', 99).verdict()).toBe('ok');
  });

  it('refuse section contents outside the file, but let NULL and NOBITS be', () => {
    const text = damaged().index('.text');
    const says = (type: number) =>
      `${ERR}: Invalid ELF section in module (section ${text} type ${type})`;
    const { length } = sampleFile(kernel);
    const offset = damaged().get(text, 'offset');
    expect(
      damaged()
        .section(text, 'size', length - offset)
        .verdict(),
    ).toBe('ok');
    expect(
      damaged()
        .section(text, 'size', length - offset + 1)
        .verdict(),
    ).toBe(says(1));
    expect(damaged().section(text, 'size', -1n).verdict()).toBe(says(1));
    expect(damaged().section(text, 'offset', -1n).verdict()).toBe(says(1));
    const odd = damaged().section(text, 'offset', -1n).section(text, 'type', 0x7fffffff);
    expect(odd.verdict()).toBe(says(0x7fffffff));
    for (const type of [SHT.NULL, SHT.NOBITS]) {
      expect(damaged().section(text, 'offset', -1n).section(text, 'type', type).verdict()).toBe(
        'ok',
      );
    }
  });

  it('refuse a section name index that is none or beyond the table', () => {
    const { field, shnum } = damaged();
    for (const index of [0, shnum, 65535]) {
      expect(damaged().u16(field.shstrndx, index).verdict()).toBe(
        `${ERR}: Invalid ELF section name index: ${index} || e_shstrndx (${index}) >= e_shnum (${shnum})`,
      );
    }
  });

  it('refuse a section count of 0 by the name index', () => {
    const d = damaged();
    const index = d.shnum - 1;
    expect(d.u16(d.field.shnum, 0).verdict()).toBe(
      `${ERR}: Invalid ELF section name index: ${index} || e_shstrndx (${index}) >= e_shnum (0)`,
    );
  });

  it('refuse a name table that is no string table, empty or unterminated', () => {
    const names = damaged().index('.shstrtab');
    expect(damaged().section(names, 'type', 1).verdict()).toBe(
      `${ERR}: Invalid ELF section name table type: 1`,
    );
    expect(damaged().section(names, 'size', 0).verdict()).toBe(`${ERR}: empty section name table`);
    const d = damaged();
    d.bytes[d.get(names, 'offset') + d.get(names, 'size') - 1] = 0x41;
    expect(d.verdict()).toBe(
      `${ERR}: ELF Spec violation: section name table isn't null terminated`,
    );
  });

  it('refuse a section name outside the name table, whatever the section is for', () => {
    const d = damaged();
    const comment = d.index('.comment');
    const size = d.get(d.index('.shstrtab'), 'size');
    expect(
      damaged()
        .section(comment, 'name', size - 1)
        .verdict(),
    ).toBe('ok');
    for (const name of [size, 0xffffffff]) {
      expect(damaged().section(comment, 'name', name).verdict()).toBe(
        `${ERR}: Invalid ELF section name in module (section ${comment} type 1)`,
      );
    }
    expect(damaged().section(0, 'name', 0xffffffff).verdict()).toBe('ok');
  });

  it('refuse a second .modinfo, and do without any', () => {
    const d = damaged();
    const twice = d.section(d.index('.comment'), 'name', d.get(d.index('.modinfo'), 'name'));
    expect(twice.verdict()).toBe(`${ERR}: Only one .modinfo section must exist.`);
    const none = damaged();
    const nameless = none.section(none.index('.modinfo'), 'name', 0);
    expect(mustRead(nameless.bytes, kernel).infoName).toBe('sample');
    expect(mustRead(nameless.bytes, kernel).index.info).toBe(0);
  });

  it('refuse any number of struct modules but one', () => {
    const says = `${ERR}: module sample: Exactly one ${MOD} section must exist.`;
    const none = damaged();
    expect(none.section(none.index(MOD), 'name', 0).verdict()).toBe(says);
    const two = damaged();
    expect(two.section(two.index('.bss'), 'name', two.get(two.index(MOD), 'name')).verdict()).toBe(
      says,
    );
  });

  it('refuse a struct module without contents, without memory, or of another size', () => {
    const mod = damaged().index(MOD);
    const says = `${ERR}: module sample: ${MOD}`;
    expect(damaged().section(mod, 'type', SHT.NOBITS).verdict()).toBe(
      `${says} section must have a size set`,
    );
    expect(damaged().section(mod, 'flags', 1).verdict()).toBe(
      `${says} must occupy memory during process execution`,
    );
    const size = kernel.structModuleSize!;
    for (const wrong of [0, size - 1, size + 1]) {
      expect(damaged().section(mod, 'size', wrong).verdict()).toBe(
        `${says} section size must match the kernel's built struct module size at run time`,
      );
    }
    const anySize = { ...kernel, structModuleSize: undefined };
    expect(
      damaged()
        .section(mod, 'size', size - 1)
        .verdict(anySize),
    ).toBe('ok');
  });

  it('name a module without modinfo name as such', () => {
    const d = damaged();
    d.section(d.index('.modinfo'), 'size', 0).section(d.index('.modinfo'), 'offset', 0);
    expect(d.section(d.index(MOD), 'flags', 0).verdict()).toBe(
      `${ERR}: module (missing .modinfo section or name field): ${MOD} must occupy memory during process execution`,
    );
  });

  it('warn about any number of symbol tables but one', () => {
    const says = `${WARN}: sample: module has no symbols (stripped?)`;
    const none = damaged();
    expect(none.section(none.index('.symtab'), 'type', 1).verdict()).toBe(says);
    const two = damaged();
    expect(two.section(two.index('.comment'), 'type', SHT.SYMTAB).verdict()).toBe(says);
  });

  it('refuse a symbol table without a string table', () => {
    const d = damaged();
    const { shnum } = d;
    const symtab = d.index('.symtab');
    for (const link of [0, shnum, 0xffffffff]) {
      expect(damaged().section(symtab, 'link', link).verdict()).toBe(
        `${ERR}: Invalid ELF sh_link!=SHN_UNDEF(${link | 0}) or (sh_link(${link | 0}) >= hdr->e_shnum(${shnum})`,
      );
    }
    expect(damaged().section(symtab, 'link', d.index('.text')).verdict()).toBe(
      `${ERR}: Invalid ELF symbol string table type: 1`,
    );
  });

  it('come in the order of the kernel: each fault hides those after it', () => {
    // From the last check to the first: every further damage must win over all before.
    const d = damaged();
    const mod = d.index(MOD);
    const modinfo = d.index('.modinfo');
    const comment = d.index('.comment');
    const names = d.index('.shstrtab');
    const symtab = d.index('.symtab');
    const modName = d.get(mod, 'name');
    const infoName = d.get(modinfo, 'name');
    const { length } = d.bytes;
    const { field, shnum } = d;
    const steps: [() => void, string][] = [
      [() => d.section(symtab, 'link', d.index('.text')), 'Invalid ELF symbol string table type'],
      [() => d.section(symtab, 'link', 0), 'Invalid ELF sh_link'],
      [() => d.section(symtab, 'type', 1), 'module has no symbols'],
      [() => d.section(mod, 'size', 1), 'section size must match'],
      [() => d.section(mod, 'flags', 0), 'must occupy memory'],
      [() => d.section(mod, 'type', SHT.NOBITS), 'must have a size set'],
      [() => d.section(comment, 'name', modName), 'Exactly one'],
      [() => d.section(comment, 'name', infoName), 'Only one .modinfo'],
      [() => d.section(comment, 'name', length), 'Invalid ELF section name in module'],
      [
        () => {
          d.bytes[d.get(names, 'offset') + d.get(names, 'size') - 1] = 1;
        },
        "isn't null terminated",
      ],
      [() => d.section(names, 'size', 0), 'empty section name table'],
      [() => d.section(names, 'type', 1), 'Invalid ELF section name table type'],
      [() => d.u16(field.shstrndx, shnum), 'Invalid ELF section name index'],
      [() => d.section(comment, 'size', length), 'Invalid ELF section in module'],
      [() => d.section(0, 'size', 1), 'section 0 type'],
      [() => d.u16(field.shnum, 65535), 'Invalid ELF section header overflow'],
      [() => d.u16(field.shentsize, 1), 'Invalid ELF section header size'],
      [() => d.u16(18, 1), 'Invalid architecture'],
      [() => d.u16(16, 2), 'Invalid ELF header type'],
      [() => d.u16(0, 0), 'Invalid ELF header magic'],
    ];
    for (const [damage, says] of steps) {
      damage();
      expect(d.verdict()).toContain(says);
    }
  });

  it('keep the indexes the loader works with', () => {
    const d = damaged();
    const { index } = mustRead(d.bytes, kernel);
    expect(index).toEqual({
      sym: d.index('.symtab'),
      str: d.index('.strtab'),
      mod: d.index(MOD),
      info: d.index('.modinfo'),
      vers: d.index('__versions'),
      pcpu: d.index('.data..percpu'),
    });
    expect(mustRead(d.bytes, kernel, 1).index.vers).toBe(0);
    expect(mustRead(d.bytes, { ...kernel, smp: false }).index.pcpu).toBe(0);
    d.section(d.index('__versions'), 'flags', 0).section(d.index('.data..percpu'), 'flags', 1);
    expect(mustRead(d.bytes, kernel).index).toMatchObject({ vers: 0, pcpu: 0 });
  });

  it('take the name from modinfo for themselves and from struct module for the rest', () => {
    const d = damaged();
    const at = d.get(d.index(MOD), 'offset') + (kernel.wordBits === 64 ? 24 : 12);
    d.bytes[at] = 'S'.charCodeAt(0);
    const elf = mustRead(d.bytes, kernel);
    expect([elf.infoName, elf.name]).toEqual(['sample', 'Sample']);
  });

  it('read a name that fills its field on into the next one', () => {
    const d = damaged();
    const at = d.get(d.index(MOD), 'offset') + (kernel.wordBits === 64 ? 24 : 12);
    d.bytes.fill(0x61, at, at + 70);
    expect(mustRead(d.bytes, kernel).name).toBe('a'.repeat(70));
  });

  it('report a NULL section whose unchecked name lies outside the file', () => {
    const d = damaged();
    const comment = d.index('.comment');
    d.section(comment, 'type', SHT.NULL).section(comment, 'name', 0x7fffffff);
    expect(d.verdict()).toBe('ok');
    expect(mustRead(d.bytes, kernel).hazards).toHaveLength(1);
    expect(mustRead(sampleFile(kernel), kernel).hazards).toHaveLength(0);
  });
});

describe('files of the other word size', () => {
  it('are refused by their machine, not by their class', () => {
    expect(verdictOf(sampleFile(X86_64), I386)).toBe(
      `${ERR}: Invalid architecture in ELF header: 62`,
    );
    expect(verdictOf(sampleFile(I386), X86_64)).toBe(
      `${ERR}: Invalid architecture in ELF header: 3`,
    );
  });

  it('are read with the fields of the kernel, once the machine fits', () => {
    const d = new Damage(X86_64).u16(18, 3);
    // Offset 46 of a 64-bit header is inside e_flags: 0 where a 32-bit kernel wants 40.
    expect(verdictOf(d.bytes, I386)).toBe(`${ERR}: Invalid ELF section header size`);
  });

  it('of the 486 fit an i386 kernel', () => {
    expect(new Damage(I386).u16(18, 6).verdict()).toBe('ok');
  });
});

describe('64-bit fields', () => {
  it('beyond any file size are refused as such and never wrap into it', () => {
    const text = new Damage(X86_64).index('.text');
    const says = `${ERR}: Invalid ELF section in module (section ${text} type 1)`;
    for (const offset of [2n ** 64n - 64n, 2n ** 63n, 2n ** 53n + 1n, 2n ** 32n, 2n ** 32n + 64n]) {
      expect(new Damage(X86_64).section(text, 'offset', offset).verdict()).toBe(says);
      expect(new Damage(X86_64).section(text, 'size', offset).verdict()).toBe(says);
    }
    const wrapping = new Damage(X86_64);
    wrapping.section(text, 'offset', 2n ** 64n - 100n).section(text, 'size', 200);
    expect(wrapping.verdict()).toBe(says);
  });

  it('stay exact up to 2^53 and huge above', () => {
    const d = new Damage(X86_64);
    const bss = d.index('.bss');
    d.section(bss, 'size', 2n ** 53n - 1n).section(bss, 'addr', 2n ** 64n - 1n);
    const section = mustRead(d.bytes, X86_64).section(bss);
    expect(section.size).toBe(2 ** 53 - 1);
    expect(section.addr).toBeGreaterThan(2 ** 63);
  });
});
