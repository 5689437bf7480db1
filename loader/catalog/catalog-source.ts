// SPDX-License-Identifier: MIT
/** A bundled catalog as a source of modules: files are written when they are read. */

import type { Bytes } from '../base/index.ts';
import type { ModuleFile, ModuleMetadata, ModuleSource, SourceIdentity } from '../module/index.ts';
import {
  buildModule,
  CATALOG_RELEASE,
  CATALOG_STRUCT_MODULE,
  CATALOG_STRUCT_MODULE_64,
  CATALOG_VERMAGIC,
  CATALOG_VERMAGIC_64,
} from './build-module.ts';
import { symbolCrc } from './kernel-symbols.ts';
import { dependencyClosure, type ModulePlan } from './module-plan.ts';

export class CatalogSource implements ModuleSource {
  readonly name: string;
  readonly release = CATALOG_RELEASE;
  readonly files: readonly ModuleFile[];
  readonly metadata: ModuleMetadata;
  readonly identity: SourceIdentity;

  /** `asListed`: depmod's texts keep the order of the plans, as a modules.order would. */
  constructor(name: string, plans: readonly ModulePlan[], asListed = false) {
    const sorted = [...plans].sort((a, b) => (a.path < b.path ? -1 : 1));
    this.name = name;
    this.files = sorted.map((plan) => new CatalogFile(plan));
    this.metadata = new CatalogMetadata(asListed ? plans : sorted);
    const exported = new Set(plans.flatMap((plan) => plan.exports.map((symbol) => symbol.name)));
    const wide = plans.some((plan) => plan.arch === 'x86_64');
    this.identity = {
      ...(wide
        ? {
            arch: 'x86_64',
            vermagic: CATALOG_VERMAGIC_64,
            structModuleSize: CATALOG_STRUCT_MODULE_64,
          }
        : {
            arch: 'i386',
            vermagic: CATALOG_VERMAGIC,
            structModuleSize: CATALOG_STRUCT_MODULE,
          }),
      exports: {
        has: (symbol) => !exported.has(symbol),
        crc: (symbol) => (exported.has(symbol) ? undefined : symbolCrc(symbol)),
      },
    };
  }
}

class CatalogFile implements ModuleFile {
  readonly path: string;
  readonly size: Bytes;
  readonly #plan: ModulePlan;

  constructor(plan: ModulePlan) {
    this.path = plan.path;
    this.size = plan.fileSize;
    this.#plan = plan;
  }

  read(): Uint8Array {
    return buildModule(this.#plan);
  }
}

/** The texts depmod would make of these modules, each made when it is asked for. */
class CatalogMetadata implements ModuleMetadata {
  readonly #plans: readonly ModulePlan[];
  readonly #texts = new Map<string, string>();

  constructor(plans: readonly ModulePlan[]) {
    this.#plans = plans;
  }

  get dep(): string {
    return this.#text('dep', (plan) => {
      const needed = dependencyClosure(plan).map(({ path }) => ` ${path}`);
      return [`${plan.path}:${needed.join('')}`];
    });
  }

  get alias(): string {
    return this.#text('alias', (plan) =>
      plan.content().aliases.map((alias) => `alias ${alias} ${plan.name}`),
    );
  }

  get softdep(): string {
    return this.#text('softdep', (plan) =>
      plan.content().softdeps.map((softdep) => `softdep ${plan.name} ${softdep}`),
    );
  }

  get symbols(): string {
    return this.#text('symbols', (plan) =>
      plan.exports.map((symbol) => `alias symbol:${symbol.name} ${plan.name}`),
    );
  }

  #text(key: string, lines: (plan: ModulePlan) => readonly string[]): string {
    let text = this.#texts.get(key);
    if (text === undefined) {
      const all = this.#plans.flatMap(lines);
      text = all.map((line) => `${line}\n`).join('');
      this.#texts.set(key, text);
    }
    return text;
  }
}
