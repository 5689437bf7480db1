// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterEach, describe, expect, it } from 'vitest';
import { GuestMachine } from '../../../emulator/v86/guest-machine.ts';
import { missingInternals } from '../../../emulator/v86/internals.ts';
import { loadV86Wasm } from '../../../emulator/v86/node-host.ts';
import { smallGuest } from '../hostile-guest.ts';

const MEMORY_BYTES = 4 << 20;

describe('v86', () => {
  let machine: GuestMachine | undefined;

  async function create(body = ''): Promise<{ machine: GuestMachine; ended: Promise<unknown> }> {
    const wasm = await loadV86Wasm();
    let end: (how: unknown) => void = () => {};
    const ended = new Promise<unknown>((resolve) => {
      end = resolve;
    });
    machine = await GuestMachine.create({
      wasm,
      image: smallGuest(body, false),
      memoryBytes: MEMORY_BYTES,
      jit: false,
      onConsole: () => {},
      onEnd: end,
      onDeviceError: end,
    });
    return { machine, ended };
  }

  afterEach(async () => {
    await machine?.destroy();
    machine = undefined;
  });

  it('is the version whose inside this was written for', () => {
    const path = createRequire(import.meta.url).resolve('v86/package.json');
    expect(JSON.parse(readFileSync(path, 'utf8')).version).toMatch(/^0\.5\.462\b/);
  });

  it('has every private name that is touched', async () => {
    // `create` throws on a missing one.
    expect((await create()).machine.memory.size).toBe(MEMORY_BYTES);
  });

  it('is refused by name when it has not', () => {
    expect(missingInternals({})).toEqual([
      'cpu.jit_dirty_cache',
      'cpu.device_raise_irq',
      'cpu.device_lower_irq',
      'cpu.io.register_read',
      'cpu.io.register_write',
      'cpu.io.ports',
      'cpu.memory_size',
      'cpu.mem8',
    ]);
    const register_read = () => {};
    const half = { v86: { cpu: { io: { register_read }, memory_size: [1], jit_dirty_cache: 5 } } };
    expect(missingInternals(half)).toEqual([
      'cpu.jit_dirty_cache',
      'cpu.device_raise_irq',
      'cpu.device_lower_irq',
      'cpu.io.register_write',
      'cpu.io.ports',
      'cpu.mem8',
    ]);
  });

  it('imports and exports by name what is wrapped', async () => {
    const wasm = await loadV86Wasm();
    const exports = WebAssembly.Module.exports(wasm).map(({ name }) => name);
    expect(exports).toContain('memory');
    expect(exports).toContain('main_loop');
    const imports = WebAssembly.Module.imports(wasm).map(({ module, name }) => `${module}.${name}`);
    expect(imports).toContain('env.console_log_from_wasm');
    for (const width of [8, 16, 32]) {
      expect(imports).toContain(`env.io_port_read${width}`);
      expect(imports).toContain(`env.io_port_write${width}`);
      expect(imports).toContain(`env.mmap_write${width}`);
    }
  });

  it('leaves ports 0x5a0 to 0x5df free, and says by a device which are not', async () => {
    const { machine: made } = await create();
    const device = { read: () => 0, write: () => {}, badAccess: () => {} };
    expect(() => made.plug(0x3f8, 4, device)).toThrow('I/O port 0x3f8 is taken');
    made.plug(0x5a0, 0x40, device);
    expect(() => made.plug(0x5a0, 4, device)).toThrow('I/O port 0x5a0 is taken');
  });

  it('shares its memory both ways, the guest seeing what the host wrote', async () => {
    const { machine: made, ended } = await create(`
  mov 0x121000, %eax
  add $1, %eax
  mov %eax, 0x121004
`);
    made.memory.writeU32(0x121000, 0xfffffffe);
    made.run();
    expect(await ended).toBe('halt');
    expect(made.memory.readU32(0x121004)).toBe(0xffffffff);
    expect(made.memory.read(0x121003, 4)).toEqual(Uint8Array.of(0xff, 0xff, 0xff, 0xff));
  });

  it('gives no memory outside RAM', async () => {
    const { memory } = (await create()).machine;
    expect(memory.size).toBe(MEMORY_BYTES);
    expect(() => memory.readU32(MEMORY_BYTES)).toThrow(RangeError);
    expect(() => memory.readU32(0xa0000)).toThrow(RangeError);
    expect(() => memory.write(MEMORY_BYTES - 1, new Uint8Array(2))).toThrow(RangeError);
    expect(() => memory.read(-1, 1)).toThrow(RangeError);
    expect(() => memory.writeU32(0xffffffff, 0)).toThrow(RangeError);
  });

  it('keeps a device whose handler throws from taking the process down', async () => {
    const { machine: made, ended } = await create(`
  mov $PORT, %edx
  in %dx, %eax
`);
    made.plug(0x5a0, 4, {
      read: () => {
        throw new Error('broken device');
      },
      write: () => {},
      badAccess: () => {},
    });
    made.run();
    expect(await ended).toEqual(new Error('broken device'));
  });
});
