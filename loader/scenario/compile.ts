import type { Arrival, Operation, ProcessGroup, Program } from '../session/index.ts';
import type { FileAction } from '../vfs/index.ts';
import type { CompileContext } from './compile-context.ts';
import { CompileError } from './compile-error.ts';
import { compileStorm } from './compile-storm.ts';
import type { Scenario } from './schema.ts';
import type { ArrivalChoice } from './schema-arrivals.ts';
import type { CallStep, Step } from './schema-steps.ts';

const MS = 1_000_000;

/** Makes the per-CPU programs of a scenario. */
export function compileScenario(scenario: Scenario, context: CompileContext): Program {
  if (scenario.steps) return compileSteps(scenario.steps);
  const { arrivals } = scenario.storm!;
  const program = compileStorm(scenario, context);
  return arrivals === undefined ? program : { ...program, arrivals: compileArrivals(arrivals) };
}

/** Times that decrease, and signals for nobody, are refused. */
function compileArrivals(arrivals: readonly ArrivalChoice[]): Arrival[] {
  let last = 0;
  let processes = 0;
  return arrivals.map((arrival, index) => {
    const place = `storm.arrivals[${index}]`;
    const { at_ns: at } = arrival;
    if (at < last) throw new CompileError(`${place}.at_ns`, `${at} comes after ${last}`);
    last = at;
    if ('step' in arrival) {
      processes += 1;
      return { at, comm: arrival.comm, operation: compileCall(arrival.step) };
    }
    const { to, signal } = arrival;
    if (to >= processes) throw new CompileError(`${place}.to`, `no process ${to} has come by then`);
    return { at, arrival: to, signal };
  });
}

/** Steps are one task's, each run until the kernel is quiet again. */
function compileSteps(steps: readonly Step[]): Program {
  const groups: ProcessGroup[] = [];
  const operations: Operation[] = [];
  for (const step of steps) {
    operations.push(compileStep(step, groups), { op: 'settle' });
  }
  return { contexts: [{ cpu: 0, comm: 'init', operations }], groups };
}

function compileStep(step: Step, groups: ProcessGroup[]): Operation {
  if ('sleep_ms' in step) return { op: 'sleep', ns: Math.round(step.sleep_ms * MS) };
  if ('log' in step) return { op: 'log', text: step.log };
  if ('parallel' in step) {
    const members = step.parallel.map(({ step: inner, delay_ms, signal }) => ({
      operation: compileCall(inner),
      delay: delay_ms * MS,
      ...(signal ? { signal: { kind: signal.kind, after: signal.after_ms * MS } } : {}),
    }));
    const signals = step.signals.map(({ program, kind, after_ms }) => ({
      program,
      kind,
      after: after_ms * MS,
    }));
    groups.push({ files: [], members, signals });
    return { op: 'group', group: groups.length - 1 };
  }
  const action = fileAction(step);
  if (action) {
    groups.push({ files: [action], members: [] });
    return { op: 'group', group: groups.length - 1 };
  }
  return compileCall(step as CallStep);
}

function fileAction(step: Step): FileAction | undefined {
  if ('link' in step) return { action: 'link', path: step.link, to: step.to };
  if ('copy' in step) return { action: 'copy', path: step.copy, to: step.to };
  if ('open_write' in step) return { action: 'open_write', path: step.open_write };
  if ('close_write' in step) return { action: 'close_write', path: step.close_write };
  return undefined;
}

function compileCall(step: CallStep): Operation {
  if ('finit_module' in step) {
    const { finit_module, flags, args, open } = step;
    return { op: 'finit_module', path: finit_module, flags, args, open };
  }
  if ('init_module' in step) {
    const { init_module, args, len, fault } = step;
    const operation = { op: 'init_module', path: init_module, args, fault } as const;
    return len === undefined ? operation : { ...operation, len };
  }
  if ('delete_module' in step) {
    return { op: 'delete_module', name: step.delete_module, flags: step.flags };
  }
  if ('request_module' in step) {
    return { op: 'request_module', name: step.request_module, wait: step.wait };
  }
  if ('modprobe' in step) return { op: 'modprobe', name: step.modprobe, args: step.args };
  if ('uevent' in step) return { op: 'uevent', modalias: step.uevent };
  if ('read' in step) return { op: 'read', path: step.read };
  return { op: 'write', path: step.write, text: step.text };
}

export { moduleNameOf } from './storm-requests.ts';
export { CompileError };
