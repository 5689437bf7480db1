// SPDX-License-Identifier: MIT
/** The command line as a user meets it: the built program, its exit codes and its messages. */
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeModule } from '../../../loader/elf/index.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const CLI = join(ROOT, 'dist', 'cli.js');
let dir: string;

beforeAll(() => {
  // `npm test` builds first; a direct run of the test runner may not have.
  if (!existsSync(CLI)) spawnSync(process.execPath, [join(ROOT, 'scripts', 'build.mjs')]);
  dir = mkdtempSync(join(tmpdir(), 'modstorm-cli-'));
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

function modstorm(...args: string[]) {
  const run = spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8', cwd: dir });
  return { code: run.status, out: run.stdout, err: run.stderr };
}

function scenarioFile(name: string, document: unknown): string {
  const path = join(dir, name);
  writeFileSync(path, typeof document === 'string' ? document : JSON.stringify(document));
  return path;
}

const SMALL = {
  version: 1,
  name: 'small',
  machine: { cpus: 2 },
  modules: { synthetic: { count: 5, seed: 1 } },
  storm: { generators: [{ per: 'cpu', op: 'finit_module', modules: 'all' }] },
};

describe('modstorm', () => {
  it('says what it can do, and its version', () => {
    const help = modstorm('--help');
    expect(help.code).toBe(0);
    for (const command of ['boot', 'replay', 'inspect', 'modules']) {
      expect(help.out).toContain(`  ${command}`);
      expect(modstorm(command, '--help').code).toBe(0);
    }
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(modstorm('--version').out).toBe(`${manifest.version}\n`);
  });

  it('reports a replay on one screen', () => {
    const { code, out } = modstorm('replay', scenarioFile('small.json', SMALL));
    expect(code).toBe(0);
    const lines = out.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(24);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(140);
    expect(out).toMatch(/finit_module +10 +ok +10/);
    expect(out).toContain('no allocation failed');
  });

  it('gives one JSON document with --json and nothing else', () => {
    const { code, out, err } = modstorm('replay', scenarioFile('small.json', SMALL), '--json');
    expect(code).toBe(0);
    expect(err).toBe('');
    const document = JSON.parse(out);
    expect(document.results).toHaveLength(10);
    expect(document.counters.modcount).toBe(5);
    expect(document.files['/proc/modules'].split('\n')).toHaveLength(6);
  });

  it('writes every output, and boot and replay write the same files', () => {
    const scenario = scenarioFile('small.json', SMALL);
    const a = join(dir, 'replayed');
    const b = join(dir, 'booted');
    expect(modstorm('replay', scenario, '--out', a).code).toBe(0);
    const boot = modstorm('boot', '--scenario', scenario, '--out', b);
    expect(boot.err).toBe('');
    expect(boot.code).toBe(0);
    const names = readdirSync(a).sort();
    expect(names).toEqual([
      'events.jsonl',
      'kmsg',
      'modules',
      'result.json',
      'stats',
      'trace.json',
      'trace.txt',
      'vmallocinfo',
    ]);
    expect(readdirSync(b).sort()).toEqual(names);
    for (const name of names) {
      const same = readFileSync(join(a, name)).equals(readFileSync(join(b, name)));
      expect(same, name).toBe(true);
    }
    expect(() => JSON.parse(readFileSync(join(a, 'trace.json'), 'utf8'))).not.toThrow();
    expect(boot.out).toContain(readFileSync(join(a, 'stats'), 'utf8'));
  });

  it('inspects a result it wrote, in every format', () => {
    const out = join(dir, 'inspected');
    expect(modstorm('replay', scenarioFile('small.json', SMALL), '--out', out).code).toBe(0);
    const vmallocinfo = modstorm('inspect', out, '--format', 'vmallocinfo');
    expect(vmallocinfo.out).toBe(readFileSync(join(out, 'vmallocinfo'), 'utf8'));
    expect(modstorm('inspect', join(out, 'result.json'), '--at', 'peak').out).toContain(
      'largest hole',
    );
    expect(modstorm('inspect', join(out, 'events.jsonl'), '--format', 'svg').out).toMatch(
      /^<svg|^<\?xml/,
    );
    const json = JSON.parse(modstorm('inspect', out, '--at', '#10', '--format', 'json').out);
    expect(json.windows[0].total).toBe(128 * 1024 * 1024);
  });
});

describe('bad input', () => {
  const refused = (args: string[], ...texts: (string | RegExp)[]): void => {
    const { code, out, err } = modstorm(...args);
    expect(err).not.toContain('    at ');
    for (const text of texts) expect(err).toMatch(text);
    expect(out).toBe('');
    expect(code).toBe(2);
  };

  it('is a command or an option that is not there', () => {
    refused(['repaly'], /no command repaly; did you mean replay\?/);
    refused(['replay', 'first-boot', '--cpu', '3'], /--cpu/);
    refused(['replay'], /expected one scenario, found none/);
    refused(['replay', 'first-boot', '--cpus', 'many'], /--cpus: expected .*whole number.*"many"/);
    refused(
      ['replay', 'first-boot', '--cpus', '0'],
      /--cpus: expected .* from 1 to 8192, found "0"/,
    );
    refused(
      ['replay', 'first-boot', '--kernel', 'v6.112'],
      /no kernel "v6.112".*did you mean v6.1/,
    );
  });

  it('is a scenario that is not there, no JSON, or wrong somewhere', () => {
    refused(
      ['replay', 'no-such.json'],
      /no-such.json: expected a scenario file, found nothing there/,
    );
    refused(['replay', 'frist-boot'], /did you mean first-boot\?/);
    refused(
      ['replay', scenarioFile('bad.json', '{"version": 1,')],
      /bad.json: line 1, column 15: expected a key in quotation marks/,
    );
    const wrong = (change: object, ...texts: RegExp[]): void =>
      refused(['replay', scenarioFile('wrong.json', { ...SMALL, ...change })], ...texts);
    wrong({ version: 2 }, /version: expected 1, found 2/);
    wrong({ machine: { cpus: 0 } }, /machine.cpus: expected at least 1, found 0/);
    wrong({ machine: { cpus: 'two' } }, /machine.cpus: expected a (whole )?number, found "two"/);
    wrong({ machnie: {} }, /document: expected no such key, found key machnie/);
    wrong({ machine: { vmalloc: 'i386-12m' } }, /machine.vmalloc: .*did you mean i386-128m\?/);
    wrong({ machine: { vmalloc: { start: '0xf7000001', end: '0xf8000000' } } }, /multiple of 4096/);
    wrong({ modules: { catalog: 'boots' } }, /did you mean boot\?/);
    wrong({ storm: undefined }, /either steps or a storm/);
    wrong(
      { storm: undefined, steps: [{ sleep_ms: 1 }, { finit_module: 'a.ko', flags: 'NO_FLAG' }] },
      /steps\[1\].flags: expected flags among MODULE_INIT_.*, found "NO_FLAG"/,
    );
    wrong(
      { storm: { generators: [{ per: 'cpu', op: 'finit_module', modules: ['nothing'] }] } },
      /storm.generators\[0\].modules\[0\].*no module nothing/,
    );
  });

  it('is a module directory that is not there or holds none', () => {
    refused(
      ['boot', '--modules', join(dir, 'nowhere')],
      /nowhere: expected a directory of modules/,
    );
    refused(['modules', join(dir, 'nowhere')], /nothing there/);
    refused(['replay', 'race', '--modules', dir], /expected at least one .ko/);
  });

  it('is an output folder in use, which stays as it was', () => {
    const used = mkdtempSync(join(dir, 'used-'));
    writeFileSync(join(used, 'mine.txt'), 'mine');
    const scenario = scenarioFile('small.json', SMALL);
    refused(['replay', scenario, '--out', used], /expected a directory that is empty/);
    expect(readdirSync(used)).toEqual(['mine.txt']);
    expect(modstorm('replay', scenario, '--out', used, '--force').code).toBe(0);
    expect(readFileSync(join(used, 'mine.txt'), 'utf8')).toBe('mine');
    expect(readdirSync(used)).toContain('result.json');
  });

  it('is an output folder that cannot be made, or whose scenario turns out wrong', () => {
    // /proc answers ENOENT to every mkdir, which a recursive one never gets past.
    const scenario = scenarioFile('small.json', SMALL);
    refused(['replay', scenario, '--out', '/proc/none/deeper'], /expected a place that can be wr/);
    const wrong = scenarioFile('wrong.json', { ...SMALL, machine: { vmalloc: 'none' } });
    refused(['replay', wrong, '--out', join(dir, 'parent', 'child')], /no address space "none"/);
    expect(existsSync(join(dir, 'parent'))).toBe(false);
  });

  it('is a device where a file should be, which is not read for ever', () => {
    refused(['boot', '--guest', '/dev/zero'], /expected a guest image.*, found neither file nor/);
    refused(['replay', '/dev/zero'], /expected a scenario file, found a device/);
  });

  it('is a guest that cannot boot', () => {
    const image = join(dir, 'guest.bin');
    writeFileSync(image, 'no kernel at all');
    const scenario = scenarioFile('small.json', SMALL);
    refused(
      ['boot', '--guest', image, '--scenario', scenario],
      /guest.bin: expected a guest that boots/,
    );
    refused(['boot', '--guest', join(dir, 'none')], /expected a guest image/);
  });

  it('is a moment or a recording that is not there', () => {
    const scenario = scenarioFile('small.json', SMALL);
    refused(['inspect', scenario, '--at', 'failure'], /no allocation failed in this run/);
    refused(['inspect', scenario, '--at', 'soon'], /--at: expected last, peak, .*, found "soon"/);
    const out = join(dir, 'damaged');
    expect(modstorm('replay', scenario, '--out', out).code).toBe(0);
    writeFileSync(join(out, 'events.jsonl'), '{"seq":0}\n');
    refused(['inspect', out], /events.jsonl: expected events as --out writes them, found line 1/);
  });
});

describe('modules that a machine cannot use', () => {
  it('are named on stderr, and refused by the kernel', () => {
    const modules = join(dir, 'some modules');
    mkdirSync(modules);
    const good = { name: 'good', structModuleSize: 640, vermagic: '6.12.7 SMP ' };
    writeFileSync(join(modules, 'good.ko'), writeModule(good));
    writeFileSync(join(modules, 'cut.ko'), writeModule(good).subarray(0, 100));
    const first = modstorm('replay', 'one-by-one', '--modules', modules);
    expect(first).toMatchObject({ code: 0 });
    expect(first.err).toBe('cut.ko: expected a module, found no readable ELF file\n');
    expect(first.out).toMatch(/finit_module +2 +ok +1 +ENOEXEC 1/);
  });

  it('decide the machine that the scenario leaves open', () => {
    const good = { name: 'good', structModuleSize: 640, vermagic: '6.12.7 SMP ' };

    const wide = join(dir, 'wide');
    mkdirSync(wide);
    const arch = { arch: 'x86_64', structModuleSize: 1280 } as const;
    writeFileSync(join(wide, 'good.ko'), writeModule({ ...good, ...arch }));
    const second = modstorm('replay', 'one-by-one', '--modules', wide);
    expect(second.err).toBe('');
    expect(second.out).toContain('machine x86-64, as the modules are for x86_64');
    expect(second.out).toMatch(/finit_module +1 +ok +1/);
    const small = ['replay', 'box-32bit', '--modules', wide];
    expect(modstorm(...small)).toMatchObject({ code: 2, out: '' });
    expect(modstorm(...small).err).toContain('modules for x86_64');
  });
});

describe('a machine whose modules lie apart', () => {
  const WIDE = {
    ...SMALL,
    machine: { cpus: 2, vmalloc: 'x86-64' },
    modules: { catalog: 'published' },
  };

  it('is reported with its module range, and addresses beyond 2^53 are exact', () => {
    const out = join(dir, 'beyond');
    const { code, out: text } = modstorm('replay', scenarioFile('w.json', WIDE), '--out', out);
    expect(code).toBe(0);
    expect(text).toMatch(/modules +\d+\.\d+ MiB used of \d+\.\d+ [MG]iB at 0xffffffffc0000000/);
    const read = (name: string): string => readFileSync(join(out, name), 'utf8');
    const { module_space } = JSON.parse(read('result.json'));
    const bounds = [BigInt(module_space.start), BigInt(module_space.end)];
    const lines = read('vmallocinfo').trimEnd().split('\n');
    let bytes = 0n;
    for (const line of lines) {
      const [, from, to, size] = /^0x([0-9a-f]{16})-0x([0-9a-f]{16}) +(\d+) /.exec(line)!;
      const [start, end] = [BigInt(`0x${from}`), BigInt(`0x${to}`)];
      expect(end - start).toBe(BigInt(size!));
      if (start >= bounds[0]! && end <= bounds[1]!) bytes += end - start;
    }
    expect(bytes).toBeGreaterThan(0n);
    expect(module_space.used).toBe(Number(bytes));
    // The tracepoint prints va_start in decimal and the rest in hexadecimal.
    const traced = /alloc_vmap_area: va_start: (\d+) size=\d+ align=\d+ vstart=(0x\w+)/.exec(
      read('trace.txt'),
    )!;
    expect(BigInt(traced[1]!) % 4096n).toBe(0n);
    expect(BigInt(traced[1]!)).toBeGreaterThanOrEqual(BigInt(traced[2]!));
    expect(read('events.jsonl')).toContain(`"va_start":"0x${BigInt(traced[1]!).toString(16)}"`);
  });
});

describe('a path in a scenario', () => {
  it('is relative to the scenario, or absolute', () => {
    const out = join(dir, 'first run');
    expect(modstorm('replay', scenarioFile('small.json', SMALL), '--out', out).code).toBe(0);
    for (const initial of ['first run/vmallocinfo', join(out, 'vmallocinfo')]) {
      const scenario = { ...SMALL, machine: { cpus: 1, initial } };
      const { code, out: text } = modstorm('replay', scenarioFile('on.json', scenario), '--json');
      expect(code).toBe(0);
      const before = readFileSync(join(out, 'vmallocinfo'), 'utf8').trimEnd().split('\n');
      const after: string = JSON.parse(text).files['/proc/vmallocinfo'];
      for (const line of before) expect(after).toContain(line.split(/\s/)[0]);
    }
  });
});

describe('a reader that goes away', () => {
  it('ends the program and leaves nothing half-written', async () => {
    const out = join(dir, 'unread');
    const child = spawn(process.execPath, [CLI, 'boot', '--out', out], { cwd: dir });
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise<number | null>((resolve) => {
      child.on('exit', resolve);
    });
    expect(code).toBe(0);
    expect(readdirSync(dir).filter((name) => name.includes('.unread.partial'))).toEqual([]);
  });
});

describe('Ctrl-C', () => {
  it('ends a long run with 130 and leaves nothing half-written', async () => {
    const out = join(dir, 'interrupted');
    const scenario = scenarioFile('long.json', {
      ...SMALL,
      machine: { cpus: 512 },
      modules: { synthetic: { count: 400, seed: 1 } },
    });
    const child = spawn(process.execPath, [CLI, 'replay', scenario, '--out', out], { cwd: dir });
    let err = '';
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    const code = await new Promise<number | null>((resolve) => {
      child.on('exit', resolve);
      const begun = setInterval(() => {
        if (!readdirSync(dir).some((name) => name.includes('interrupted'))) return;
        clearInterval(begun);
        child.kill('SIGINT');
      }, 50);
    });
    expect(code).toBe(130);
    expect(err).toContain('interrupted');
    expect(readdirSync(dir).filter((name) => name.includes('interrupted'))).toEqual([]);
  });
});
