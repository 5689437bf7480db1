import { ERRNO, PAGE_SIZE } from '../base/index.ts';
import { unpackModule } from '../decompress/index.ts';
import type { Coroutine } from '../engine/index.ts';
import type { SimKernel } from '../kernel.ts';
import {
  deleteModule,
  finitModule,
  Inode,
  initModule,
  type ModuleCall,
  type OpenFile,
} from '../module/index.ts';
import { exitCodeOf, shellWords } from '../userspace/index.ts';
import { NAME_MAX, readNow, walkPath } from '../vfs/index.ts';
import type { Operation } from './operation.ts';

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

/**
 * What serves an operation, as the current task, between the beginning and the end of its call. No
 * coroutine of its own: each wait beneath would go through it.
 */
export function startOperation(
  kernel: SimKernel,
  call: ModuleCall,
  operation: KernelOperation,
): Coroutine<number> {
  const { ctx, userland } = kernel;
  switch (operation.op) {
    case 'finit_module': {
      const file = openForCall(kernel, operation);
      if (typeof file === 'number') return atOnce(file);
      return finitModule(ctx, call, file, operation.args, operation.flags);
    }
    case 'init_module': {
      const opened = kernel.tree.open(operation.path);
      if (!opened.ok || isOdd(operation.path)) {
        const refused = pathErrno(kernel, operation.path);
        if (!opened.ok || refused !== 0) return atOnce(refused || -ERRNO.ENOENT);
      }
      const file = opened.inode.bytes;
      const bytes = operation.unpack === true ? unpacked(file) : file;
      const image = {
        bytes,
        len: operation.len ?? bytes.length,
        fault: operation.fault ?? false,
      };
      return initModule(ctx, call, image, operation.args);
    }
    case 'delete_module':
      return deleteModule(ctx, call, operation.name, operation.flags);
    case 'read':
    case 'write':
      return accessFile(kernel, call, operation);
    case 'request_module': {
      const { name, wait } = operation;
      const callSite = 'modstorm';
      return userland.requestModule.request({ name, wait, callSite });
    }
    case 'modprobe': {
      const { name, args } = operation;
      return runModprobe(kernel, call, ['modprobe', name, ...shellWords(args)]);
    }
    case 'uevent': {
      const { modalias } = operation;
      const devpath = `/devices/modstorm/${call.request}`;
      return userland.udev.emit({ action: 'add', devpath, modalias });
    }
  }
}

// biome-ignore lint/correctness/useYield: a coroutine that takes no time
function* atOnce(ret: number): Coroutine<number> {
  return ret;
}

/**
 * The exit code of modprobe as a shell gives it: 128 and the signal's number when one killed it.
 * Model: the task that asks becomes modprobe for the time, where a shell would make a child.
 */
function* runModprobe(
  kernel: SimKernel,
  call: ModuleCall,
  argv: readonly string[],
): Coroutine<number> {
  const task = kernel.engine.current!;
  const { comm } = task;
  task.rename('modprobe');
  const said: string[] = [];
  const program = kernel.userland.modprobe.program(argv, said);
  const status = (yield kernel.engine.enter(program)) as number;
  task.rename(comm);
  if (said.length > 0) call.output = said;
  return exitCodeOf(status);
}

/** The file of a finit_module, opened as the operation says, or the negative errno of open(2). */
function openForCall(
  kernel: SimKernel,
  operation: Extract<KernelOperation, { op: 'finit_module' }>,
): OpenFile | undefined | number {
  const { open, path } = operation;
  if (open === 'bad') return undefined;
  const readable = open !== 'write';
  const refused = isOdd(path) ? pathErrno(kernel, path) : 0;
  if (refused !== 0) return refused;
  const opened = kernel.tree.open(path);
  if (opened.ok) return { inode: opened.inode, readable, path };
  const full = kernel.tree.absolute(path);
  const file = kernel.files.get(full);
  if (!file) return pathErrno(kernel, path) || -ERRNO.ENOENT;
  const content = readNow(file);
  if (typeof content === 'string') return { inode: virtualInode(full, content), readable, path };
  return readable ? content : { inode: virtualInode(full, ''), readable, path };
}

/** As the program unpacks it; what it cannot unpack it passes on as it is. */
function unpacked(file: Uint8Array): Uint8Array {
  const result = unpackModule(file);
  return result.ok ? result.image : file;
}

/** Whether a path has to be walked to be told from what it leads to. */
function isOdd(path: string): boolean {
  return /\/\.{0,2}(\/|$)/.test(path) || path === '' || path.length > NAME_MAX;
}

/** Why open(2) refuses a path, as a negative errno; 0 when something is there. */
function pathErrno(kernel: SimKernel, path: string): number {
  if (path === '') return -ERRNO.ENOENT;
  const { tree, files } = kernel;
  const full = path.startsWith('/') ? path : `${tree.root}/${path}`;
  return walkPath(full, (at) => {
    const kind = tree.kindOf(at);
    if (kind !== undefined) return kind;
    if (files.get(at) !== undefined) return 'file';
    // Model: directories of the kernel's own file systems are not listed; any may be there.
    return /^\/(proc|sys)\//.test(at) ? 'directory' : undefined;
  });
}

/** One of the kernel's own files: of no size, but of a page in sysfs (fs/sysfs/file.c, Linux 6.12). */
function virtualInode(full: string, content: string): Inode {
  const sysfs = full.startsWith('/sys/') && !full.startsWith('/sys/kernel/debug/');
  const read = (): Uint8Array => new TextEncoder().encode(content);
  return new Inode(VIRTUAL_INO, 'file', { size: sysfs ? PAGE_SIZE : 0, read });
}

/** read(2) or write(2) of one of the kernel's own files. */
function* accessFile(
  kernel: SimKernel,
  call: ModuleCall,
  operation: Extract<KernelOperation, { op: 'read' | 'write' }>,
): Coroutine<number> {
  const file = kernel.files.get(kernel.tree.absolute(operation.path));
  if (!file) return pathErrno(kernel, operation.path) || -ERRNO.ENOENT;
  call.stage = 'done';
  if (operation.op === 'write') {
    return file.write ? yield* file.write(operation.text) : -ERRNO.EACCES;
  }
  const content = yield* file.read();
  if (typeof content === 'number') return content;
  call.text = content;
  return content.length;
}
