// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkRwxSections,
  type ElfKernel,
  layoutBefore64,
  layoutModule,
  type ModuleSpec,
  writeModule,
} from '../../../loader/elf/index.ts';
import { naiveLayout } from './naive-layout.ts';
import { Damage, fullSpec, I386, KERNELS, mustRead, sampleFile, X86_64 } from './sample-modules.ts';

const PAGE = 4096;

function sizesOf(spec: ModuleSpec, kernel: ElfKernel) {
  const layout = layoutModule(mustRead(writeModule(spec), kernel), kernel);
  return Object.fromEntries(layout.types.map(({ type, raw }) => [type, raw]));
}

describe('the layout of a module with one section of each kind', () => {
  const bare: ElfKernel = { ...I386, kallsyms: false };
  const spec: ModuleSpec = {
    name: 'plain',
    structModuleSize: 640,
    sizes: {
      text: 1000,
      exitText: 10,
      initText: 200,
      rodata: 33,
      initRodata: 7,
      data: 100,
      initData: 50,
      roAfterInit: 24,
      percpu: 4000,
      bss: 300,
    },
  };

  it('has the sizes one gets by hand', () => {
    expect(sizesOf(spec, bare)).toEqual({
      TEXT: 1000 + 10,
      // .data 100, struct module aligned to 64, .bss aligned to 32
      DATA: 128 + 640 + 300,
      RODATA: 33,
      RO_AFTER_INIT: 24,
      INIT_TEXT: 200,
      INIT_DATA: 50,
      INIT_RODATA: 7,
    });
  });

  it('counts whole pages, core and init apart', () => {
    const layout = layoutModule(mustRead(writeModule(spec), bare), bare);
    expect(layout.types.map((t) => t.size)).toEqual(Array(7).fill(PAGE));
    expect(layout).toMatchObject({
      core: 4 * PAGE,
      init: 3 * PAGE,
      total: 7 * PAGE,
      text: 2 * PAGE,
      hazards: [],
    });
  });

  it('puts exit code with the init part when modules cannot be unloaded', () => {
    const sizes = sizesOf(spec, { ...bare, moduleUnload: false });
    expect(sizes).toMatchObject({ TEXT: 1000, INIT_TEXT: 200 + 10 });
  });

  it('keeps per-cpu data out on SMP and in without', () => {
    expect(sizesOf(spec, { ...bare, smp: false }).DATA).toBe(128 + 4000 + 32 + 640 + 300);
  });

  it('leaves modinfo and versions out, unless the versions are to be ignored', () => {
    const versioned = { ...spec, versions: [{ name: 'module_layout', crc: 1 }] };
    expect(sizesOf(versioned, bare).RODATA).toBe(33);
    const elf = mustRead(writeModule(versioned), bare, 1);
    const rodata = layoutModule(elf, bare).types.find((t) => t.type === 'RODATA');
    expect(rodata?.raw).toBe(64 + 64);
  });

  it('adds the symbol table to init data and the kept symbols to data', () => {
    const elf = mustRead(writeModule({ ...spec, extraSymbols: 3 }), I386);
    const symtab = elf.section(elf.index.sym).size;
    const strtab = elf.section(elf.index.str).size;
    const layout = layoutModule(elf, I386);
    const nsrc = symtab / 16;
    // Symbol 0, plain_fn0 to 2, cleanup_module; init_module goes with the init part.
    const names = ['', 'plain_fn0', 'plain_fn1', 'plain_fn2', 'cleanup_module'];
    const strsz = names.reduce((sum, name) => sum + name.length + 1, 0);
    expect(layout.kallsyms).toEqual({ nsrc, ndst: 5, strsz });
    const raw = Object.fromEntries(layout.types.map((t) => [t.type, t.raw]));
    expect(raw.DATA).toBe(128 + 640 + 300 + 5 * 16 + strsz + 5);
    const strings = 52 + symtab + strtab;
    expect(raw.INIT_DATA).toBe(Math.ceil(strings / 4) * 4 + 16 + nsrc);
  });

  it('keeps data symbols only with KALLSYMS_ALL, and every symbol of a livepatch', () => {
    const elf = mustRead(writeModule(fullSpec(I386)), I386);
    const kept = (kernel: ElfKernel) => layoutModule(elf, kernel).kallsyms.ndst;
    expect(kept({ ...I386, kallsymsAll: true })).toBeGreaterThan(kept(I386));
    const patch = writeModule({ ...fullSpec(I386), modinfo: [['livepatch', 'Y']] });
    const patched = mustRead(patch, I386);
    expect(layoutModule(patched, I386).kallsyms.ndst).toBe(kept(I386));
    const { nsrc, ndst } = layoutModule(patched, { ...I386, livepatch: true }).kallsyms;
    expect(ndst).toBe(nsrc);
  });

  it('gives each section its place', () => {
    const elf = mustRead(writeModule(spec), I386);
    const layout = layoutModule(elf, I386);
    const places = new Map(layout.places.map((p) => [elf.section(p.section).name, p]));
    expect(places.get('.exit.text')).toMatchObject({ type: 'TEXT', offset: 1000 });
    expect(places.get('.gnu.linkonce.this_module')).toMatchObject({ type: 'DATA', offset: 128 });
    expect(places.get('.bss')).toMatchObject({ type: 'DATA', offset: 768 });
    expect(places.get('.symtab')).toMatchObject({ type: 'INIT_DATA', offset: 52 });
    expect(places.has('.modinfo')).toBe(false);
    expect(places.has('.data..percpu')).toBe(false);
  });
});

describe('read-only after init', () => {
  it('takes the first section of the name, which must be writable', () => {
    const d = new Damage(I386);
    const at = d.index('.data..ro_after_init');
    expect(layoutModule(mustRead(d.bytes, I386), I386).types[3]?.raw).toBe(16);
    d.section(at, 'flags', 2);
    expect(layoutModule(mustRead(d.bytes, I386), I386).types[3]?.raw).toBe(0);
  });

  it('has no area in the init part: such a section is init data', () => {
    const d = new Damage(I386);
    const init = d.index('.init.data');
    const before = layoutModule(mustRead(d.bytes, I386), I386).types;
    d.section(init, 'flags', 0x200003);
    expect(layoutModule(mustRead(d.bytes, I386), I386).types).toEqual(before);
  });
});

describe('sections both writable and executable', () => {
  const damaged = () => {
    const d = new Damage(I386);
    const data = d.index('.comment');
    return { d: d.section(data, 'flags', 5), data };
  };

  it('are refused by name and number, allocated or not', () => {
    const { d, data } = damaged();
    expect(checkRwxSections(mustRead(d.bytes, I386), I386)).toEqual({
      ok: false,
      errno: 8,
      message: {
        level: 3,
        text: `sample: section .comment (index ${data}) has invalid WRITE|EXEC flags`,
      },
    });
    expect(checkRwxSections(mustRead(sampleFile(I386), I386), I386)).toBeUndefined();
  });

  it('are taken without STRICT_MODULE_RWX', () => {
    const { d } = damaged();
    const kernel = { ...I386, strictModuleRwx: false };
    expect(checkRwxSections(mustRead(d.bytes, kernel), kernel)).toBeUndefined();
  });
});

describe('sizes a file only claims', () => {
  it('wrap as unsigned ints do, in the last page to nothing', () => {
    const bss = (size: number) => {
      const d = new Damage(I386);
      d.section(d.index('.bss'), 'size', size);
      return layoutModule(mustRead(d.bytes, I386), { ...I386, kallsyms: false }).types[1]!;
    };
    // .data 70, struct module at 128, .bss at 768
    expect(bss(0xffffffff - 768)).toMatchObject({ raw: 0xffffffff, size: 0 });
    expect(bss(0xffffffff - 767)).toMatchObject({ raw: 0, size: 0 });
    expect(bss(0x80000000)).toMatchObject({ raw: 0x80000300, size: 0x80001000 });
  });

  it('of 64 bits are cut to 32', () => {
    const d = new Damage(X86_64);
    d.section(d.index('.bss'), 'size', 2n ** 60n + 5n);
    const small = new Damage(X86_64);
    small.section(small.index('.bss'), 'size', 5);
    const raw = (damage: Damage) =>
      layoutModule(mustRead(damage.bytes, X86_64), X86_64).types.map((t) => t.raw);
    expect(raw(d)).toEqual(raw(small));
  });

  it('that push an offset past 256 MiB on 32 bits overwrite the memory type', () => {
    const d = new Damage(I386);
    d.section(d.index('.data'), 'type', 8).section(d.index('.data'), 'size', 0x10000000);
    const layout = layoutModule(mustRead(d.bytes, I386), I386);
    // Type 1 in the top bits, offset 0x10000000: the sum of bits is still type 1, offset 0.
    const place = layout.places.find((p) => p.section === d.index('.gnu.linkonce.this_module'));
    expect(place).toMatchObject({ type: 'DATA', offset: 0 });
    d.section(d.index('.data'), 'size', 0x60000000);
    expect(layoutModule(mustRead(d.bytes, I386), I386).hazards.join()).toContain('memory type');
  });

  it('that wrap a copy past its memory are reported', () => {
    const d = new Damage(X86_64);
    d.section(d.index('.data'), 'type', 8).section(d.index('.data'), 'size', 2 ** 32 - 64);
    const { hazards } = layoutModule(mustRead(d.bytes, X86_64), X86_64);
    expect(hazards.join()).toContain('past the end of its memory');
  });
});

const WORDS = [0, 1, 2, 3, 4, 6, 7, 8, 0x30, 0x200003, 0x200007, 0xffffffff];
const ALIGNS = [0, 1, 2, 3, 4, 16, 64, 100, 4096, 65536, 2 ** 31, 0xffffffff];

/** Changes that keep a file readable: flags, alignments and NOBITS sizes of any section. */
const change = fc.record({
  section: fc.nat(40),
  field: fc.constantFrom('flags', 'addralign', 'bss', 'link', 'entry'),
  value: fc.nat(2 ** 31),
  pick: fc.nat(11),
});

describe.each(KERNELS)('against the slow layout, on $wordBits bits', (kernel) => {
  it('any damage to flags, alignments, sizes and symbols gives the same bytes', () => {
    const file = sampleFile(kernel);
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 8 }),
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        (changes, kallsymsAll, moduleUnload, kallsyms) => {
          const k = { ...kernel, kallsymsAll, moduleUnload, kallsyms };
          const d = new Damage(kernel, file);
          for (const { section, field, value, pick } of changes) {
            const i = section % d.shnum;
            if (field === 'flags') d.section(i, 'flags', WORDS[pick]!);
            else if (field === 'addralign') d.section(i, 'addralign', ALIGNS[pick]!);
            else if (field === 'bss') d.section(d.index('.bss'), 'size', value * 3);
            else if (field === 'entry') {
              // A symbol's section and name.
              const symtab = d.index('.symtab');
              const count = d.get(symtab, 'size') / (kernel.wordBits === 64 ? 24 : 16);
              const entry =
                d.get(symtab, 'offset') + (value % count) * (kernel.wordBits === 64 ? 24 : 16);
              d.u16(entry + (kernel.wordBits === 64 ? 6 : 14), section);
              d.u32(entry, value % 300);
            }
          }
          if (d.verdict(k) !== 'ok') return;
          const elf = mustRead(d.bytes, k);
          const naive = naiveLayout(elf, k);
          const layout = layoutModule(elf, k);
          for (const { type, raw, size } of layout.types) {
            expect([type, BigInt(raw)]).toEqual([type, naive[type] ?? 0n]);
            expect(size).toBe(Number(BigInt.asUintN(32, BigInt(Math.ceil(raw / PAGE) * PAGE))));
          }
        },
      ),
      { numRuns: 1500 },
    );
  });

  it('so do written modules of any section sizes', () => {
    const size = fc.nat(9000);
    fc.assert(
      fc.property(
        fc.record({
          text: size,
          exitText: size,
          initText: size,
          rodata: size,
          initRodata: size,
          data: size,
          initData: size,
          roAfterInit: size,
          percpu: size,
          bss: size,
        }),
        fc.nat(200),
        (sizes, extraSymbols) => {
          const bytes = writeModule({ ...fullSpec(kernel), sizes, extraSymbols });
          const elf = mustRead(bytes, kernel);
          const naive = naiveLayout(elf, kernel);
          for (const { type, raw } of layoutModule(elf, kernel).types) {
            expect([type, BigInt(raw)]).toEqual([type, naive[type] ?? 0n]);
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('one endless name shared by all symbols', () => {
  it('is measured once, not once a symbol', () => {
    const count = 30_000;
    const tail = 3_000_000;
    const file = writeModule({
      ...fullSpec(I386),
      sizes: { text: count },
      extraSymbols: count,
    });
    const bytes = new Uint8Array(file.length + tail).fill(0x61);
    bytes.set(file);
    const d = new Damage(I386, bytes);
    const symtab = d.get(d.index('.symtab'), 'offset');
    const nsrc = d.get(d.index('.symtab'), 'size') / 16;
    const strtab = d.get(d.index('.strtab'), 'offset');
    const kept = new Set([d.index('.text'), d.index('.exit.text')]);
    let ndst = 1;
    let strsz = 1;
    for (let i = 1; i < nsrc; i += 1) {
      const start = file.length + (i % 1000);
      d.u32(symtab + i * 16, start - strtab);
      if (!kept.has(d.bytes[symtab + i * 16 + 14]!)) continue;
      ndst += 1;
      strsz += bytes.length - start + 1;
    }
    const elf = mustRead(d.bytes, I386);
    const layout = layoutModule(elf, I386);
    expect(ndst).toBeGreaterThan(count);
    // Far beyond what could be walked name by name; the kernel's sum is an unsigned int.
    expect(strsz).toBeGreaterThan(2 ** 36);
    expect(layout.kallsyms).toEqual({ nsrc, ndst, strsz: strsz % 2 ** 32 });
    expect(layout.hazards).toContain('a symbol name runs out of the file');
    expect(elf.undefinedSymbols()[0]).toBe('a'.repeat(1023));
  });
});

describe('the two areas of a kernel before 6.4', () => {
  // Kallsyms begins after the page the data ends in, so it costs a page of its own.
  const spec: ModuleSpec = {
    name: 'plain',
    structModuleSize: 640,
    sizes: { text: 5000, rodata: 100, data: 100, initText: 200, initData: 50, bss: 300 },
    exit: false,
  };
  const elf = mustRead(writeModule(spec), I386);

  it('are cut at page boundaries after text, read-only data and the rest', () => {
    const kernel = { ...I386, kallsyms: false };
    const { core, init } = layoutBefore64(elf, kernel);
    expect(core).toEqual({
      size: 4 * PAGE,
      textSize: 2 * PAGE,
      roSize: 3 * PAGE,
      roAfterInitSize: 3 * PAGE,
    });
    expect(init).toEqual({ size: 2 * PAGE, textSize: PAGE, roSize: PAGE, roAfterInitSize: PAGE });
  });

  it('take kallsyms after their last page', () => {
    const { core, init } = layoutBefore64(elf, I386);
    expect([core.size, init.size]).toEqual([5 * PAGE, 3 * PAGE]);
    expect(layoutModule(elf, I386).core).toBe(4 * PAGE);
  });

  it('run on without a break when STRICT_MODULE_RWX is off', () => {
    const kernel = { ...I386, kallsyms: false, strictModuleRwx: false };
    const { core, init } = layoutBefore64(elf, kernel);
    // text 5000, rodata at 5024, data at 5152, struct module at 5312, bss at 5952
    expect(core).toEqual({ size: 6252, textSize: 5000, roSize: 5124, roAfterInitSize: 5124 });
    expect(init).toMatchObject({ size: 250, textSize: 200, roSize: 200 });
  });
});
