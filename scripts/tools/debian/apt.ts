// SPDX-License-Identifier: MIT
/**
 * Looking up and downloading packages of any architecture with apt, without root and without
 * changing the system: package lists and caches lie in a directory of our own.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './run-command.ts';

export class Apt {
  readonly #arch: string;
  readonly #directory: string;
  readonly #options: readonly string[];

  private constructor(arch: string, directory: string, options: readonly string[]) {
    this.#arch = arch;
    this.#directory = directory;
    this.#options = options;
  }

  /** With the package lists the system has; nothing is fetched. */
  static withSystemLists(arch: string, directory: string): Apt {
    mkdirSync(join(directory, 'cache/archives/partial'), { recursive: true });
    return new Apt(arch, directory, [...common(arch), '-o', `Dir::Cache=${directory}/cache`]);
  }

  /** With lists in `directory`, empty until `update`, from the system's sources. */
  static withOwnLists(arch: string, directory: string): Apt {
    const own = Apt.withSystemLists(arch, directory);
    mkdirSync(join(directory, 'state/lists/partial'), { recursive: true });
    writeFileSync(join(directory, 'state/status'), '');
    const options = [
      ...own.#options,
      '-o',
      `Dir::State=${directory}/state`,
      '-o',
      `Dir::State::lists=${directory}/state/lists`,
      '-o',
      `Dir::State::status=${directory}/state/status`,
    ];
    return new Apt(arch, directory, options);
  }

  /** Fetches the lists. Some may fail and the rest still be of use: what apt said, or undefined. */
  async update(): Promise<string | undefined> {
    const { status, stderr } = await this.#run('apt-get', ['update', '-q']);
    return status === 0 ? undefined : firstError(stderr);
  }

  /** Names of packages that can be downloaded, in no order. */
  async packageNames(prefix: string): Promise<string[]> {
    const { status, stdout } = await this.#run('apt-cache', ['pkgnames', prefix]);
    return status === 0 ? stdout.split('\n').filter((name) => name !== '') : [];
  }

  /** Version and size in bytes of a package; undefined when it is not for this architecture. */
  async describe(name: string): Promise<{ version: string; size: number } | undefined> {
    const { status, stdout } = await this.#run('apt-cache', ['show', '--no-all-versions', name]);
    if (status !== 0) return undefined;
    const field = (key: string): string | undefined =>
      stdout.match(new RegExp(`^${key}: (.*)$`, 'm'))?.[1];
    const version = field('Version');
    const arch = field('Architecture');
    if (version === undefined || arch !== this.#arch) return undefined;
    return { version, size: Number(field('Size') ?? 0) };
  }

  /** Downloads a package into a directory. Undefined when done, else what apt said. */
  async download(name: string, into: string): Promise<string | undefined> {
    const { status, stderr } = await this.#run('apt-get', ['download', '-q', name], into);
    return status === 0 ? undefined : firstError(stderr);
  }

  #run(program: string, args: readonly string[], cwd = this.#directory) {
    return runCommand(program, [...this.#options, ...args], cwd);
  }
}

function common(arch: string): string[] {
  const options = ['-o', `APT::Architecture=${arch}`, '-o', `APT::Architectures::=${arch}`];
  options.push('-o', 'Acquire::Languages=none');
  // The unprivileged user apt downloads as cannot write below a home directory.
  if (process.getuid?.() === 0) options.push('-o', 'APT::Sandbox::User=root');
  return options;
}

function firstError(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim());
  return lines.find((line) => line.startsWith('E:')) ?? lines.find(Boolean) ?? 'no message';
}
