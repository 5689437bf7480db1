// SPDX-License-Identifier: MIT
// Several processes at once: one file, copies under other names, slow and failing inits, unloads in
// between, signals, files open for writing.

import { Random } from '../../../loader/engine/index.ts';
import { READS, type Step, type Suite, scenarioOf } from '../suite.ts';

type Member = Extract<Step, { parallel: unknown }>['parallel'][number];

const SLOW = 'ms_slow.ko';
/** Far more than starting a process or failing a load takes in the guest. */
const GAP_MS = 60;
const INIT_MS = 900;

export const waiting: Suite = {
  name: 'waiting',
  summary: 'processes that load, unload and are signalled while a module comes or goes',
  variants: ['xz', 'gzip', 'zstd'],
  seeds: [1, 2],
  async cases(modules, seed) {
    const random = new Random(seed);
    const steps: Step[] = [];
    const copies = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `ms_slow_${name}.ko`);
    for (const to of copies) steps.push({ copy: SLOW, to });
    const load = (path: string, args: string): Member['step'] => ({ finit_module: path, args });
    const unload: Member['step'] = { delete_module: 'ms_slow' };
    const slow = (rest = ''): string => `ms=${INIT_MS}${rest}`;
    /** Members one after the other, the first one at once. */
    const together = (...members: (Member['step'] | Omit<Member, 'delay_ms'>)[]): void => {
      let at = 0;
      const parallel = members.map((member): Member => {
        const delay_ms = at;
        at += GAP_MS + 10 * random.below(4);
        return 'step' in member ? { ...member, delay_ms } : { step: member, delay_ms };
      });
      steps.push({ parallel });
    };
    const signalled = (step: Member['step'], kind: 'int' | 'kill', after_ms = 250) => ({
      step,
      signal: { kind, after_ms },
    });
    const look = (): void => {
      for (const read of READS) steps.push({ read });
    };
    const remove = (): void => {
      steps.push({ delete_module: 'ms_slow' });
    };

    // One file from several processes: one winner, and all get its value.
    together(...Array.from({ length: 3 + random.below(4) }, () => load(SLOW, slow())));
    look();
    remove();
    // Its init fails: all of them are told so.
    together(...Array.from({ length: 3 }, () => load(SLOW, slow(' ret=-5'))));
    look();
    // Copies wait for the first one's init, then exist already.
    together(
      load(SLOW, slow()),
      ...copies.slice(0, 2 + random.below(3)).map((c) => load(c, slow())),
    );
    look();
    remove();
    // Copies wait for an init that fails: busy, and they do not try themselves.
    together(load(SLOW, slow(' ret=-12')), ...copies.slice(0, 3).map((c) => load(c, slow())));
    look();
    // Copies and the file itself, mixed.
    together(
      load(copies[0]!, slow()),
      load(SLOW, slow()),
      load(SLOW, slow()),
      load(copies[0]!, ''),
    );
    look();
    remove();
    // Unload during init.
    together(load(SLOW, slow()), unload, unload);
    look();
    remove();
    // Load while it goes: busy at once; so is a second unload.
    steps.push({ finit_module: SLOW, args: `ms=1 exit_ms=${INIT_MS}` });
    together(unload, load(SLOW, ''), load(copies[0]!, ''), unload);
    look();
    // Waiters at the gate that are interrupted or killed; the winner is not.
    together(
      load(SLOW, slow()),
      signalled(load(SLOW, ''), 'int'),
      signalled(load(SLOW, ''), 'kill'),
    );
    look();
    remove();
    // Waiters for another file's init that are interrupted or killed.
    together(
      load(SLOW, slow()),
      signalled(load(copies[0]!, ''), 'int'),
      signalled(load(copies[1]!, ''), 'kill'),
      load(copies[2]!, ''),
    );
    look();
    remove();
    // The winner for a copy is interrupted while it waits: who waits for it is told.
    together(load(SLOW, slow()), signalled(load(copies[0]!, ''), 'int', 400), load(copies[0]!, ''));
    look();
    remove();
    // The winner is killed in its uninterruptible init: it ends its work first.
    together(signalled(load(SLOW, slow()), 'kill'), load(SLOW, ''), load(copies[0]!, ''));
    look();
    remove();
    // init_module has no gate: same bytes, twice.
    together({ init_module: SLOW, args: slow() }, { init_module: SLOW }, load(SLOW, ''));
    look();
    remove();
    // A module that is used while it still comes.
    together(load(SLOW, slow()), load('ms_export.ko', ''), load('ms_user.ko', ''), load(SLOW, ''));
    look();
    remove();
    steps.push({ delete_module: 'ms_export' }, { delete_module: 'ms_user' });
    steps.push({ delete_module: 'ms_export' });
    // Files open for writing.
    steps.push({ open_write: copies[5]! }, { finit_module: copies[5]! }, { finit_module: SLOW });
    steps.push({ finit_module: copies[5]! }, { close_write: copies[5]! });
    steps.push({ finit_module: copies[5]! });
    look();
    remove();
    // Hard links are the same file; a copy is not.
    steps.push({ link: SLOW, to: 'ms_slow_link.ko' });
    together(load(SLOW, slow()), load('ms_slow_link.ko', slow()), load(copies[1]!, slow()));
    look();
    remove();
    look();
    return [{ scenario: scenarioOf(`waiting ${seed}`, steps, { seed }), files: modules }];
  },
};
