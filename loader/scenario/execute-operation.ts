import type { Coroutine } from '../engine/index.ts';
import { ERRNO } from '../errno.ts';
import type { SimKernel } from '../kernel.ts';
import { type TestKmod, type TestKmodAttribute, testKmodAttribute } from '../kmod/index.ts';
import {
  deleteModule,
  finitModule,
  Inode,
  initModule,
  type ModuleCall,
  type OpenFile,
} from '../module/index.ts';
import type { LoadStage } from '../trace/event.ts';
import { type Bytes, PAGE_SIZE } from '../units.ts';
import { type Operation, subjectOf } from './operation.ts';

export interface OperationResult {
  readonly ret: number;
  readonly stage: LoadStage;
  readonly allocated: Bytes;
  readonly module: string;
  /** What a `read` read. */
  readonly text?: string;
}

/** No file of the guest's tree has this inode number. */
const VIRTUAL_INO = 1;

/** Operations that are calls into the kernel; the others only pass time. */
export type KernelOperation = Exclude<
  Operation,
  { op: 'noop' | 'sleep' | 'sleep_until' | 'settle' | 'log' | 'group' }
>;

export function isKernelOperation(operation: Operation): operation is KernelOperation {
  switch (operation.op) {
    case 'noop':
    case 'sleep':
    case 'sleep_until':
    case 'settle':
    case 'log':
    case 'group':
      return false;
    default:
      return true;
  }
}

/** Runs one operation as the current task under the request number given. */
export function* executeOperation(
  kernel: SimKernel,
  request: number,
  operation: KernelOperation,
): Coroutine<OperationResult> {
  const call = kernel.beginCall(operation.op, subjectOf(operation), request);
  const answer = yield* dispatch(kernel, call, operation);
  const ret = kernel.endCall(call, answer.ret);
  const { stage, allocated, module } = call;
  const { text } = answer;
  return text === undefined
    ? { ret, stage, allocated, module }
    : { ret, stage, allocated, module, text };
}

interface Answer {
  readonly ret: number;
  readonly text?: string;
}

function* dispatch(
  kernel: SimKernel,
  call: ModuleCall,
  operation: KernelOperation,
): Coroutine<Answer> {
  const { ctx, userland } = kernel;
  switch (operation.op) {
    case 'finit_module': {
      const file = openForCall(kernel, operation);
      if (file === 'missing') return { ret: -ERRNO.ENOENT };
      return { ret: yield* finitModule(ctx, call, file, operation.args, operation.flags) };
    }
    case 'init_module': {
      const opened = kernel.tree.open(operation.path);
      if (!opened.ok) return { ret: -ERRNO.ENOENT };
      const { bytes } = opened.inode;
      const image = {
        bytes,
        len: operation.len ?? bytes.length,
        fault: operation.fault ?? false,
      };
      return { ret: yield* initModule(ctx, call, image, operation.args) };
    }
    case 'delete_module':
      return { ret: yield* deleteModule(ctx, call, operation.name, operation.flags) };
    case 'read':
    case 'write': {
      const attribute = testKmodAttribute(kernel.tree.absolute(operation.path));
      const device = attribute === undefined ? undefined : userland.testKmod;
      if (attribute === undefined || !device) return accessFile(kernel, call, operation);
      return yield* accessTestKmod(device, call, operation, attribute);
    }
    case 'request_module': {
      const { name, wait } = operation;
      const callSite = 'modstorm';
      return { ret: yield* userland.requestModule.request({ name, wait, callSite }) };
    }
    case 'modprobe': {
      const args = operation.args === '' ? [] : operation.args.split(' ');
      const argv = ['modprobe', operation.name, ...args];
      // Model: the task that asks becomes modprobe for the time, where a shell would make a child.
      const task = kernel.engine.current!;
      const { comm } = task;
      task.rename(argv[0]!);
      const ret = yield* userland.modprobe.program(argv);
      task.rename(comm);
      return { ret };
    }
    case 'uevent': {
      const { modalias } = operation;
      const devpath = `/devices/modstorm/${call.request}`;
      yield* userland.udev.emit({ action: 'add', devpath, modalias });
      return { ret: 0 };
    }
  }
}

/** The file of a finit_module, opened as the operation says; `missing` when open(2) fails. */
function openForCall(
  kernel: SimKernel,
  operation: Extract<KernelOperation, { op: 'finit_module' }>,
): OpenFile | undefined | 'missing' {
  const { open, path } = operation;
  if (open === 'bad') return undefined;
  const opened = kernel.tree.open(path);
  const inode = opened.ok ? opened.inode : virtualInode(kernel, path);
  return inode === undefined ? 'missing' : { inode, readable: open !== 'write', path };
}

/** One of the kernel's own files: of no size, but of a page in sysfs (fs/sysfs/file.c, Linux 6.12). */
function virtualInode(kernel: SimKernel, path: string): Inode | undefined {
  const full = kernel.tree.absolute(path);
  const file = kernel.files.get(full);
  if (!file) return undefined;
  const sysfs = full.startsWith('/sys/') && !full.startsWith('/sys/kernel/debug/');
  const read = (): Uint8Array => new TextEncoder().encode(file.read());
  return new Inode(VIRTUAL_INO, 'file', { size: sysfs ? PAGE_SIZE : 0, read });
}

/** The files of the self-tests' driver: writing one may take its time. */
function* accessTestKmod(
  device: TestKmod,
  call: ModuleCall,
  operation: Extract<KernelOperation, { op: 'read' | 'write' }>,
  name: TestKmodAttribute | 'config',
): Coroutine<Answer> {
  call.stage = 'done';
  if (operation.op === 'write') {
    if (name === 'config') return { ret: -ERRNO.EACCES };
    return { ret: yield* device.write(name, operation.text) };
  }
  if (name === 'trigger_config' || name === 'reset') return { ret: -ERRNO.EACCES };
  const text = yield* device.read(name);
  return { ret: text.length, text };
}

function accessFile(
  kernel: SimKernel,
  call: ModuleCall,
  operation: Extract<KernelOperation, { op: 'read' | 'write' }>,
): Answer {
  const file = kernel.files.get(kernel.tree.absolute(operation.path));
  if (!file) return { ret: -ERRNO.ENOENT };
  call.stage = 'done';
  if (operation.op === 'read') {
    const text = file.read();
    return { ret: text.length, text };
  }
  if (!file.write) return { ret: -ERRNO.EACCES };
  const err = file.write(operation.text);
  return { ret: err === 0 ? operation.text.length : err };
}
