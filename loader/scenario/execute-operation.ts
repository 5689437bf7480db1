import type { Coroutine } from '../engine/index.ts';
import { ERRNO } from '../errno.ts';
import type { SimKernel } from '../kernel.ts';
import { deleteModule, finitModule, initModule, ModuleCall } from '../module/index.ts';
import type { LoadStage } from '../trace/event.ts';
import type { Bytes } from '../units.ts';
import type { Operation } from './operation.ts';

export interface OperationResult {
  readonly ret: number;
  readonly stage: LoadStage;
  readonly allocated: Bytes;
  readonly module: string;
  /** What a `read` read. */
  readonly text?: string;
}

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

/** What an operation is about, for reports: a path or a name. */
export function subjectOf(operation: KernelOperation): string {
  switch (operation.op) {
    case 'finit_module':
    case 'init_module':
    case 'read':
    case 'write':
      return operation.path;
    case 'delete_module':
    case 'request_module':
    case 'modprobe':
      return operation.name;
    case 'uevent':
      return operation.modalias;
  }
}

/** Runs one operation as the current task under the request number given. */
export function* executeOperation(
  kernel: SimKernel,
  request: number,
  operation: KernelOperation,
): Coroutine<OperationResult> {
  const call = new ModuleCall(request, operation.op, subjectOf(operation));
  const { tracer } = kernel.ctx;
  tracer.emit({ kind: 'request_begin', request, op: call.op, subject: call.subject });
  const { ret, text } = yield* dispatch(kernel, call, operation);
  tracer.emit({
    kind: 'outcome',
    request,
    op: call.op,
    subject: call.subject,
    module: call.module,
    ret,
    stage: call.stage,
    wasted: { ...call.wasted },
  });
  const result = { ret, stage: call.stage, allocated: call.allocated, module: call.module };
  return text === undefined ? result : { ...result, text };
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
  const { ctx, tree } = kernel;
  switch (operation.op) {
    case 'finit_module': {
      if (operation.open === 'bad') {
        return { ret: yield* finitModule(ctx, call, undefined, operation.args, operation.flags) };
      }
      const opened = tree.open(operation.path);
      if (!opened.ok) return { ret: -ERRNO.ENOENT };
      const file = { inode: opened.inode, readable: operation.open !== 'write' };
      return { ret: yield* finitModule(ctx, call, file, operation.args, operation.flags) };
    }
    case 'init_module': {
      const opened = tree.open(operation.path);
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
    case 'read': {
      const file = kernel.files.get(tree.absolute(operation.path));
      if (!file) return { ret: -ERRNO.ENOENT };
      const text = file.read();
      call.stage = 'done';
      return { ret: text.length, text };
    }
    case 'write': {
      const file = kernel.files.get(tree.absolute(operation.path));
      if (!file) return { ret: -ERRNO.ENOENT };
      call.stage = 'done';
      if (!file.write) return { ret: -ERRNO.EACCES };
      const err = file.write(operation.text);
      return { ret: err === 0 ? operation.text.length : err };
    }
    case 'request_module':
    case 'modprobe':
    case 'uevent':
      return { ret: -ERRNO.ENOSYS };
  }
}
