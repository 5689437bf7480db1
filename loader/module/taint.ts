// SPDX-License-Identifier: MIT
import type { ModuleElf } from '../elf/index.ts';
import { LOG_LEVEL, type Printk } from '../engine/index.ts';
import { type Module, TAINT_ORDER, type Taint } from './module.ts';

/** A module, or one that has no memory yet. */
export interface Tainted {
  readonly elf: ModuleElf;
  readonly name: string;
  readonly taints: Set<Taint>;
}

/** License strings that do not taint (license_is_gpl_compatible, include/linux/license.h, 6.12). */
const GPL_COMPATIBLE: ReadonlySet<string> = new Set([
  'GPL',
  'GPL v2',
  'GPL and additional rights',
  'Dual BSD/GPL',
  'Dual MIT/GPL',
  'Dual MPL/GPL',
]);

/** All letters, each at the bit of the mask it stands for (include/linux/panic.h, Linux 6.12). */
const TAINT_LETTERS = 'PFSRMBUDAWCIOELKXTN';

/** The kernel's own taint mask and the lines that tainting prints (kernel/panic.c, Linux 6.12). */
export class KernelTaint {
  readonly #log: Printk;
  readonly #mask = new Set<string>();
  #lockDebugging = true;
  #livepatchTold = false;
  #unsignedTold = false;

  constructor(log: Printk) {
    this.#log = log;
  }

  has(taint: string): boolean {
    return this.#mask.has(taint);
  }

  /** add_taint_module() */
  addModule(mod: Pick<Tainted, 'taints'>, taint: Taint, lockdepUnreliable = false): void {
    this.add(taint, lockdepUnreliable);
    mod.taints.add(taint);
  }

  /** add_taint() */
  add(taint: string, lockdepUnreliable = false): void {
    if (lockdepUnreliable && this.#lockDebugging) {
      this.#lockDebugging = false;
      this.#log.print(LOG_LEVEL.WARNING, 'Disabling lock debugging due to kernel taint');
    }
    this.#mask.add(taint);
  }

  /** module_augment_kernel_taints(), kernel/module/main.c */
  augment(mod: Module, unsigned: boolean): void {
    const hadProprietary = this.has('P');
    this.augmentByInfo(mod);
    this.#augmentUnsigned(mod, unsigned);
    this.#augmentByName(mod, hadProprietary);
  }

  /**
   * The rest of it where `.modinfo` was looked at before: load_module and
   * check_module_license_and_versions, Linux 6.3. A licence that tainted then says no second line.
   */
  augmentLate(mod: Module, unsigned: boolean): void {
    this.#augmentUnsigned(mod, unsigned);
    this.#augmentByName(mod, this.has('P'));
  }

  /** What `.modinfo` says of the module (check_modinfo, Linux 6.3). */
  augmentByInfo(mod: Tainted): void {
    const { elf, name } = mod;
    const warn = (text: string): void => this.#log.print(LOG_LEVEL.WARNING, `${name}: ${text}`);
    if (!elf.intree) {
      if (!this.has('O')) warn('loading out-of-tree module taints kernel.');
      this.addModule(mod, 'O');
    }
    if (elf.modinfoGet('staging') !== undefined) {
      this.addModule(mod, 'C');
      warn('module is from the staging directory, the quality is unknown, you have been warned.');
    }
    if (elf.livepatch) {
      this.addModule(mod, 'K');
      if (!this.#livepatchTold) {
        this.#livepatchTold = true;
        this.#log.print(LOG_LEVEL.NOTICE, `${name}: tainting kernel with TAINT_LIVEPATCH`);
      }
    }
    const license = elf.license ?? 'unspecified';
    if (!GPL_COMPATIBLE.has(license)) {
      if (!this.has('P')) warn(`module license '${license}' taints kernel.`);
      this.addModule(mod, 'P', true);
    }
    if (elf.modinfoGet('test') !== undefined) {
      if (!this.has('N')) warn('loading test module taints kernel.');
      this.addModule(mod, 'N');
    }
  }

  #augmentUnsigned(mod: Module, unsigned: boolean): void {
    if (!unsigned) return;
    if (!this.#unsignedTold) {
      this.#unsignedTold = true;
      this.#log.print(
        LOG_LEVEL.NOTICE,
        `${mod.name}: module verification failed: signature and/or required key missing - tainting kernel`,
      );
    }
    this.addModule(mod, 'E');
  }

  #augmentByName(mod: Module, hadProprietary: boolean): void {
    const { name } = mod;
    if (name === 'ndiswrapper') this.add('P', true);
    if (name === 'driverloader' || name === 'lve') this.addModule(mod, 'P', true);
    if (hadProprietary || !this.has('P')) return;
    this.#log.print(LOG_LEVEL.WARNING, `${name}: module license taints kernel.`);
  }

  /** What /proc/sys/kernel/tainted shows. */
  get mask(): number {
    return [...this.#mask].reduce((sum, taint) => sum + 2 ** TAINT_LETTERS.indexOf(taint), 0);
  }

  /** Letters of the mask in the kernel's order, for reports. */
  get letters(): string {
    return TAINT_ORDER.filter((taint) => this.#mask.has(taint)).join('');
  }
}
