/** What came to a session from outside, written as the `storm.arrivals` of a scenario. */
import type { Arrival, Operation } from '../session/index.ts';

/** Entries as a document has them; the schema reads them back to the same arrivals. */
export type RecordedArrival = Readonly<Record<string, unknown>>;

/** The arrivals of a document, in the same order. An operation that no step names is a bug. */
export function recordArrivals(arrivals: readonly Arrival[]): RecordedArrival[] {
  return arrivals.map((arrival) =>
    'operation' in arrival
      ? { at_ns: arrival.at, comm: arrival.comm, step: stepOf(arrival.operation) }
      : { at_ns: arrival.at, to: arrival.arrival, signal: arrival.signal },
  );
}

function stepOf(operation: Operation): RecordedArrival {
  switch (operation.op) {
    case 'finit_module': {
      const { path, flags, args } = operation;
      return { finit_module: path, flags, args };
    }
    case 'init_module':
      return { init_module: operation.path, args: operation.args };
    case 'delete_module':
      return { delete_module: operation.name, flags: operation.flags };
    case 'request_module':
      return { request_module: operation.name, wait: operation.wait };
    case 'modprobe':
      return { modprobe: operation.name, args: operation.args };
    case 'uevent':
      return { uevent: operation.modalias };
    case 'read':
      return { read: operation.path };
    case 'write':
      return { write: operation.path, text: operation.text };
    default:
      throw new Error(`${operation.op} does not arrive from outside`);
  }
}
