// SPDX-License-Identifier: MIT
// Damage to a module's texts: section names, its own name, modinfo, what is appended to the file.

import type { Damage } from './damage.ts';
import { type ElfEdit, THIS_MODULE } from './elf-edit.ts';

const VERMAGIC = '6.12.117 SMP preempt mod_unload 686 ';
const TRAILER = '~Module signature appended~\n';

export function* damagedTexts(blacklisted: string): Generator<Damage> {
  yield* sectionNames();
  yield* modinfos(blacklisted);
  yield* trailers();
}

/** Sections called otherwise; of the same length, so that nothing else moves. */
function* sectionNames(): Generator<Damage> {
  const changes: [what: string, from: string, to: string][] = [
    ['no-modinfo', '.modinfo', '.modinfx'],
    ['no-this-module', THIS_MODULE, '.gnu.linkonce.thiz_module'],
    ['no-symtab-name', '.symtab', '.symtax'],
    ['core-is-init', '.rodata', '.init.x'],
    ['text-is-init', '.text', '.init'],
    ['text-is-exit', '.text', '.exit'],
    ['data-is-empty', '.data', '\0data'],
    ['percpu', '.comment', '.data..percpu'],
    ['versions', '.comment', '__versions'],
    ['second-modinfo', '.comment', '.modinfo'],
    ['obsparm', '.comment', '__obsparm'],
    ['params', '.comment', '__param\0'],
    ['ctors', '.comment', '.ctors\0'],
    ['init-array', '.comment', '.init_array'],
    ['debug', '.rodata', '.debug_'],
    ['strings-are-exports', '.rodata', '.data\0\0'],
    ['slash', '.rodata', '.ro/ata'],
    ['space', '.rodata', '.ro ata'],
    ['high', '.rodata', '\x80\xff\x01data'],
  ];
  for (const [what, from, to] of changes) {
    yield {
      what: `called-${what}`,
      change: (elf) => {
        const table = elf.section('.shstrtab');
        const at = elf.field(table, 'offset') + elf.field(elf.section(from), 'name');
        elf.text(at, to);
      },
    };
  }
  for (const [what, names] of [
    ['ro-after-init', ['.data..ro_after_init']],
    ['jump-table', ['__jump_table']],
    ['both-ctors', ['.ctors', '.init_array']],
    ['twice', ['.data..ro_after_init', '.data..ro_after_init']],
    ['long', [`.text.${'l'.repeat(300)}`]],
    ['empty', ['']],
    ['init-ro', ['.init.data..ro_after_init']],
  ] as const) {
    for (const flags of [2, 3]) {
      yield { what: `with-${what}-${flags}`, change: (elf) => allocated(elf, names, flags) };
    }
  }
}

/** The sections that are in nobody's way become loaded ones of these names. */
function allocated(elf: ElfEdit, names: readonly string[], flags: number): void {
  const table = elf.get(50, 2);
  const spare = ['.comment', '.note.GNU-stack'].map((name) => elf.section(name));
  names.forEach((name, n) => {
    const old = elf.contents(table);
    const grown = new Uint8Array(old.length + name.length + 1);
    grown.set(old);
    for (let i = 0; i < name.length; i++) grown[old.length + i] = name.charCodeAt(i);
    elf.replace(table, grown);
    const i = spare[n]!;
    elf.set(i, 'name', old.length);
    elf.set(i, 'type', 1);
    elf.set(i, 'flags', flags);
    elf.set(i, 'size', 8);
    elf.set(i, 'offset', elf.append(new Uint8Array(8)));
  });
}

/** Names in struct module. One of 60 bytes has no end: the kernel prints the pointer behind it too. */
export function* damagedNames(): Generator<Damage> {
  const names: [what: string, name: string][] = [
    ['empty', ''],
    ['dot', '.'],
    ['dots', '..'],
    ['slash', 'a/b'],
    ['slash-first', '/a'],
    ['slash-last', 'a/'],
    ['slashes', '///'],
    ['bang', 'a!b'],
    ['dash', 'a-b'],
    ['space', 'a b'],
    ['newline', 'a\nb'],
    ['tab', 'a\tb'],
    ['percent', '%s%n'],
    ['control', 'a\x01\x7f'],
    ['other', 'othername'],
    ['comma', 'a,b'],
    ['quote', 'a"b\\'],
    ['driverloader', 'driverloader'],
    ['ndiswrapper', 'ndiswrapper'],
    ['55', 'n'.repeat(55)],
    ['56', 'n'.repeat(56)],
    ['59', 'n'.repeat(59)],
  ];
  for (const [what, name] of names) {
    yield { what: `self-name-${what}`, name, change: () => {} };
  }
  const twice = (elf: ElfEdit): void => allocated(elf, ['.data'], 3);
  yield { what: 'self-name-slash-section-twice', name: 'a/b', change: twice };
}

/** The parameters of ms_param, by the texts of their names. Fewer of them leave relocations astray. */
export function* damagedParams(): Generator<Damage> {
  const renamed = (what: string, from: string, to: string): Damage => ({
    what: `params-${what}`,
    change: (elf) => {
      const section = elf.section('.rodata');
      const at = Buffer.from(elf.contents(section)).indexOf(`${from}\0`, 0, 'latin1');
      elf.text(elf.field(section, 'offset') + at, to);
    },
  });
  yield renamed('twice', 'letters', 'numbers');
  yield renamed('nameless', 'letters', '\0');
  yield renamed('slash', 'letters', 'let/ers');
  yield renamed('bytes', 'letters', 'a b\n=\x80');
  for (const size of [0, 19, 99]) {
    const change = (elf: ElfEdit): void => elf.set(elf.section('__param'), 'size', size);
    yield { what: `params-size-${size}`, change };
  }
  yield {
    what: 'params-without-names',
    change: (elf) => elf.set(elf.section('.rodata'), 'size', 0),
  };
  yield {
    what: 'params-no-permissions',
    change: (elf) => {
      const at = elf.field(elf.section('__param'), 'offset');
      for (let i = 0; i < 5; i++) elf.put(at + 20 * i + 12, 2, 0);
    },
  };
}

function* modinfos(blacklisted: string): Generator<Damage> {
  const magic = `vermagic=${VERMAGIC}`;
  const most = ['license=GPL', 'depends=', 'intree=Y', 'name=crc4'];
  const modinfo = (what: string, entries: readonly string[], end = '\0'): Damage => ({
    what: `modinfo-${what}`,
    change: (elf) => {
      const bytes = Uint8Array.from(entries.join('\0') + end, (c) => c.charCodeAt(0));
      elf.replace(elf.section('.modinfo'), bytes, 1);
    },
  });
  yield modinfo('sound', [...most, magic]);
  yield modinfo('magic-first', [magic, ...most]);
  yield modinfo('empty', [], '');
  yield modinfo('one-nul', []);
  yield modinfo('nuls', ['\0\0\0', '', '']);
  yield modinfo('nuls-between', ['', '', most.join('\0\0\0'), '\0\0', magic]);
  yield modinfo('only-magic', [magic]);
  yield modinfo('no-magic', most);
  yield modinfo('magic-empty', [...most, 'vermagic=']);
  yield modinfo('magic-no-value', [...most, 'vermagic']);
  yield modinfo('magic-twice-wrong-first', [...most, 'vermagic=1.2.3', magic]);
  yield modinfo('magic-twice-right-first', [...most, magic, 'vermagic=1.2.3']);
  yield modinfo('magic-release', [...most, magic.replace('117', '118')]);
  yield modinfo('magic-flags', [...most, magic.replace('SMP', 'smp')]);
  yield modinfo('magic-short', [...most, magic.trimEnd()]);
  yield modinfo('magic-long', [...most, `${magic}more`]);
  yield modinfo('magic-very-long', [...most, `${magic}${'m'.repeat(2000)}`]);
  yield modinfo('magic-bytes', [...most, `${magic}\n\x80`]);
  yield modinfo('magic-longer-tag', [...most, `x${magic}`]);
  yield modinfo('magic-spaced', [...most, magic.replace('=', ' =')]);
  yield modinfo('magic-not-ended', [...most, magic], '');
  yield modinfo('name-not-ended', [magic, ...most], '');
  for (const license of [
    'GPL v2',
    'GPL and additional rights',
    'Dual BSD/GPL',
    'Dual MIT/GPL',
    'Dual MPL/GPL',
    'BSD',
    'Proprietary',
    'gpl',
    'GPL ',
    '',
    'l'.repeat(200),
  ]) {
    const rest = most.slice(1);
    const what = `license-${license.replaceAll(/\W/g, '-').slice(0, 12)}-${license.length}`;
    yield modinfo(what, [`license=${license}`, ...rest, magic]);
  }
  yield modinfo('license-absent', [...most.slice(1), magic]);
  yield modinfo('license-twice', ['license=Mine', ...most, magic]);
  yield modinfo('license-twice-good-first', [...most, 'license=Mine', magic]);
  yield modinfo('intree-absent', ['license=GPL', 'name=crc4', magic]);
  yield modinfo('intree-no', ['license=GPL', 'intree=N', 'name=crc4', magic]);
  yield modinfo('staging', [...most, 'staging=Y', magic]);
  yield modinfo('livepatch', [...most, 'livepatch=Y', magic]);
  yield modinfo('test', [...most, 'test=Y', magic]);
  yield modinfo('retpoline', [...most, 'retpoline=Y', magic]);
  yield modinfo('depends', [...most, 'depends=nothing,at_all', magic]);
  yield modinfo('import', [...most, 'import_ns=NOBODYS', 'import_ns=', magic]);
  yield modinfo('version', [...most, 'version=1.0', 'srcversion=ABC', 'alias=*', magic]);
  yield modinfo('version-twice', [...most, 'version=1.0', 'version=2.0', magic]);
  yield modinfo('name-absent', ['license=GPL', 'intree=Y', magic]);
  yield modinfo('name-other', ['name=somebody', 'license=GPL', 'intree=Y', magic]);
  yield modinfo('name-other-no-magic', ['name=somebody', 'license=GPL', 'intree=Y']);
  yield modinfo('name-other-wrong-magic', ['name=somebody', 'vermagic=x']);
  yield modinfo('name-empty-wrong-magic', ['name=', 'vermagic=x']);
  yield modinfo('name-long-wrong-magic', [`name=${'n'.repeat(1500)}`, 'vermagic=x']);
  yield modinfo('name-percent-wrong-magic', ['name=%s%n', 'vermagic=%d']);
  yield modinfo('name-twice-wrong-magic', ['name=one', 'name=two', 'vermagic=x']);
  yield modinfo('name-blacklisted', [`name=${blacklisted}`, ...most, magic]);
  yield modinfo('name-blacklisted-later', ['name=crc4', `name=${blacklisted}`, magic]);
  yield modinfo('name-blacklisted-start', [`name=${blacklisted}x`, magic]);
  const noSymbols = modinfo('name-without-symbols', ['name=somebody', magic]);
  yield {
    ...noSymbols,
    change: (elf) => {
      noSymbols.change(elf);
      elf.set(elf.section('.symtab'), 'type', 1);
    },
  };
  yield {
    what: 'blacklisted-by-own-name',
    name: blacklisted,
    change: modinfo('', ['license=GPL', 'intree=Y', magic]).change,
  };
  yield { what: 'blacklisted-only-own-name', name: blacklisted, change: () => {} };
  const gplOnly = modinfo('', ['license=Mine', ...most.slice(1), magic]);
  yield {
    what: 'proprietary-with-gpl-symbol',
    change: (elf) => {
      gplOnly.change(elf);
      elf.addSymbol('synchronize_rcu');
    },
  };
  yield {
    what: 'proprietary-with-ordinary-symbol',
    change: (elf) => {
      gplOnly.change(elf);
      elf.addSymbol('_printk');
    },
  };
}

/** Signature blocks after the module: the kernel looks for them only when it checks signatures. */
function* trailers(): Generator<Damage> {
  const appended = (what: string, ...parts: (string | readonly number[])[]): Damage => ({
    what: `trailer-${what}`,
    change: (elf) => {
      for (const part of parts) {
        const list = typeof part === 'string' ? [...part].map((c) => c.charCodeAt(0)) : part;
        elf.append(Uint8Array.from(list), 1);
      }
    },
  });
  /** struct module_signature: algorithm, hash, kind of id, lengths, padding, bytes of signature. */
  const block = (length: number, kind = 2, algorithm = 0): number[] => [
    algorithm,
    0,
    kind,
    0,
    0,
    0,
    0,
    0,
    (length >> 24) & 255,
    (length >> 16) & 255,
    (length >> 8) & 255,
    length & 255,
  ];
  yield appended('alone', TRAILER);
  yield appended('block', [1, 2, 3, 4], block(4), TRAILER);
  yield appended('empty', block(0), TRAILER);
  yield appended('longer-than-file', block(60_000), TRAILER);
  yield appended('longest', block(0xffff_ffff), TRAILER);
  yield appended('kind-0', [1, 2, 3, 4], block(4, 0), TRAILER);
  yield appended('kind-1', [1, 2, 3, 4], block(4, 1), TRAILER);
  yield appended('algorithm', [1, 2, 3, 4], block(4, 2, 1), TRAILER);
  yield appended('twice', block(0), TRAILER, block(0), TRAILER);
  yield appended('cut', block(4), TRAILER.slice(0, -1));
  yield appended('nul', block(4), TRAILER, '\0');
  yield appended('bytes', 'some bytes after the end');
}
