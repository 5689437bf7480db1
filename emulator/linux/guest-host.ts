// SPDX-License-Identifier: MIT
// What runs a Linux guest: an emulator with one serial line.

/** One boot as an emulator is asked for it. */
export interface HostedBoot {
  /** Path of the kernel image. */
  readonly kernel: string;
  /** Path of the BIOS image; emulators with one built in pass it over. */
  readonly bios: string;
  readonly initramfs: Uint8Array;
  readonly commandLine: string;
  readonly memoryMb: number;
  readonly cpus: number;
  /** Each byte of the first serial line, as it comes. */
  readonly onByte: (byte: number) => void;
  /** The machine cannot go on: why, in one line. */
  readonly onFailure: (reason: string) => void;
}

/** A machine that runs. */
export interface HostedGuest {
  /** Ends it, whatever it does. */
  stop(): Promise<void>;
}

export interface GuestHost {
  readonly name: string;
  /** Memory of a guest that asks for none, in MiB. */
  readonly memoryMb: number;
  /** Throws a RangeError when an initramfs of so many bytes does not go into so much memory. */
  checkMemory(memoryMb: number, initramfsBytes: number): void;
  /** Starts a machine. Throws a RangeError for what it cannot be. */
  start(boot: HostedBoot): HostedGuest;
}
