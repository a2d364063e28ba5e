/** The random numbers of a loader's workers. */
import { defaultGenerator, Generator } from '../../random/generator.js';
import type { Tensor } from '../../tensor/tensor.js';

/** What code that runs for a worker may ask. Source: torch.utils.data.get_worker_info. */
export interface WorkerInfo {
  readonly id: number;
  readonly numWorkers: number;
  readonly seed: bigint;
  readonly dataset: unknown;
}

let current: WorkerInfo | null = null;

/** The worker that the current synchronous code runs for; null outside. */
export function getWorkerInfo(): WorkerInfo | null {
  return current;
}

/**
 * A worker's stream of random numbers. Python seeds the default generator of each worker process with
 * the base seed plus the worker's number; here the default generator has that state while the
 * worker's synchronous code runs, and its own state back afterwards.
 */
export class WorkerStream {
  private state: Tensor;

  constructor(private readonly info: WorkerInfo) {
    this.state = new Generator().manualSeed(BigInt.asUintN(64, info.seed)).getState();
  }

  /** Runs `work`; what it draws after an `await` comes from the main stream. */
  run<T>(work: () => T): T {
    const generator = defaultGenerator();
    const outer = generator.getState();
    const outerInfo = current;
    generator.setState(this.state);
    current = this.info;
    try {
      return work();
    } finally {
      current = outerInfo;
      this.state = generator.getState();
      generator.setState(outer);
    }
  }
}
