// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { createGuestVolume } from '../../../loader/memfs/index.ts';
import { moduleFile, run } from '../module/rig.ts';

const A = moduleFile({ name: 'alpha', fileSize: 5000 });
const kernel = { base: 'v6.12', exports: [] as string[] };

describe("the guest's files through the memfs API", () => {
  it('are the texts the kernel would show, at each moment', () => {
    const { kernel: sim, result } = run([A], { kernel, steps: [{ finit_module: 'alpha.ko' }] });
    const fs = createGuestVolume(sim);
    const stats = '/sys/kernel/debug/modules/stats';
    expect(fs.readFileSync(stats, 'utf8')).toBe(result.files[stats]);
    expect(fs.readFileSync('/proc/vmallocinfo', 'utf8')).toBe(sim.space.vmallocinfo());
    expect(fs.readFileSync('/sys/module/alpha/initstate', 'utf8')).toBe('live\n');
    sim.ctx.stats.add('failed_kreads', 3, 0);
    expect(fs.readFileSync('/sys/kernel/debug/modules/failed_kreads', 'utf8')).toBe('3\n');
    expect(fs.readFileSync(stats, 'utf8')).toContain('Mods failed on kread\t3\n');
  });

  it('hold the module files under their release', async () => {
    const { kernel: sim } = run([A], { kernel, steps: [{ log: 'nothing' }] });
    const fs = createGuestVolume(sim);
    expect(fs.readdirSync('/lib/modules/6.12.117')).toEqual(['alpha.ko']);
    expect(fs.statSync('/lib/modules/6.12.117/alpha.ko').size).toBe(5000);
    const bytes = await fs.promises.readFile('/lib/modules/6.12.117/alpha.ko');
    expect(Buffer.compare(bytes as Buffer, Buffer.from(A.bytes))).toBe(0);
  });

  it('come and go with the modules', () => {
    const { kernel: sim } = run([A], {
      kernel,
      steps: [{ finit_module: 'alpha.ko' }, { delete_module: 'alpha' }],
    });
    const fs = createGuestVolume(sim);
    expect(fs.existsSync('/sys/module/alpha/initstate')).toBe(false);
    expect(() => fs.readFileSync('/sys/module/alpha/initstate')).toThrow(/ENOENT/);
  });

  it('take writes only where the kernel does', async () => {
    const { kernel: sim } = run([A], { kernel, steps: [{ log: 'nothing' }] });
    const fs = createGuestVolume(sim);
    expect(() => fs.writeFileSync('/proc/modules', 'x')).toThrow(/EACCES/);
    await fs.promises.writeFile('/proc/sys/kernel/modules_disabled', '1\n');
    expect(sim.modulesDisabled).toBe(true);
    expect(() => fs.writeFileSync('/proc/sys/kernel/modules_disabled', '0')).toThrow(/EINVAL/);
    expect(fs.readFileSync('/proc/sys/kernel/modules_disabled', 'utf8')).toBe('1\n');
  });

  it('throw what the kernel answers to a read of a parameter without permission', async () => {
    const params = [
      { name: 'secret', type: 'int', perm: 0o200 },
      { name: 'level', type: 'int', perm: 0o644, value: 7n },
    ];
    const { kernel: sim } = run([moduleFile({ name: 'beta', params })], {
      kernel: { ...kernel, exports: ['param_ops_int'] },
      steps: [{ finit_module: 'beta.ko' }],
    });
    const fs = createGuestVolume(sim);
    const file = (name: string): string => `/sys/module/beta/parameters/${name}`;
    expect(() => fs.readFileSync(file('secret'))).toThrow(/EACCES/);
    await expect(fs.promises.readFile(file('secret'))).rejects.toThrow(/EACCES/);
    const called = new Promise((resolve) => fs.readFile(file('secret'), resolve));
    await expect(called).resolves.toMatchObject({ code: 'EACCES', errno: -13 });
    expect(() => fs.writeFileSync(file('level'), '99999999999')).toThrow(/ERANGE/);
    fs.writeFileSync(file('level'), '8\n');
    expect(fs.readFileSync(file('level'), 'utf8')).toBe('8\n');
    const read = new Promise((resolve) => fs.readFile(file('level'), (_, text) => resolve(text)));
    await expect(read).resolves.toEqual(Buffer.from('8\n'));
  });
});
