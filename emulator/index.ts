/** Guests, the machine they run in, and the module port: nothing of Node, so it runs in a tab. */

// The module port
export { ModulePortDevice, type ModulePortOptions, type PortHost } from './port/device.ts';
export { ArrayGuestMemory, type GuestMemory } from './port/guest-memory.ts';
export type { MisuseCount, PortLimits, PortReport } from './port/port-report.ts';
export {
  CODE,
  CODE_TEXT,
  COMMAND,
  COMMAND_BLOCK,
  COMPLETION,
  type Code,
  type CodeName,
  IRQ,
  OPCODE,
  OPTION,
  PORT_BASE,
  PORT_IRQ,
  PORT_MAGIC,
  PORT_SIZE,
  PROTOCOL_VERSION,
  REGISTER,
  REQUEST,
} from './port/protocol.ts';
export {
  type BootOptions,
  type BootResult,
  bootGuest,
  type GuestExit,
  GuestImageError,
  type GuestLimits,
} from './storm/boot.ts';
// The machine
export { GuestMachine, type GuestMachineOptions } from './v86/guest-machine.ts';
export type { V86Exports, V86Imports } from './v86/internals.ts';
export type { IoDevice, MachineEnd } from './v86/main-loop-gate.ts';
export { type MultibootImage, type MultibootResult, readMultiboot } from './v86/multiboot.ts';
export { printedFile, SerialConsole } from './v86/serial-console.ts';
