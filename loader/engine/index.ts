export { Completion } from './completion.ts';
export type { Cpu } from './cpu.ts';
export { Engine } from './engine.ts';
export type { EngineOptions, SpawnOptions } from './engine-options.ts';
export { EventQueue, type Timer } from './event-queue.ts';
export { Fifo } from './fifo.ts';
export { Kthreadd } from './kthread.ts';
export { Mutex } from './mutex.ts';
export {
  KernelLog,
  LOG_LEVEL,
  type LogLevel,
  type LogLine,
  type Printk,
  RateLimit,
} from './printk.ts';
export { Random } from './random.ts';
export { Rcu } from './rcu.ts';
export { type DownResult, Semaphore } from './semaphore.ts';
export { SerialResource } from './serial-resource.ts';
export { SharedResource } from './shared-resource.ts';
export { SpinningMutex, type SpinningMutexOptions } from './spinning-mutex.ts';
export {
  type Coroutine,
  INTERRUPTED,
  type Policy,
  type Signal,
  Task,
  type WaitMode,
  type WaitReason,
} from './task.ts';
export { WaitQueue, type WaitResult } from './wait-queue.ts';
export { Work } from './work-queue.ts';
