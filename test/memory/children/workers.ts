/** Worker threads that load the addon. `workers.js compute|terminate|exit|churn`; prints JSON. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import * as torch from 'torchts';

const start = (kind: string): Worker =>
  new Worker(new URL('./worker.js', import.meta.url), { workerData: kind });
const rssMiB = (): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024;
torch.setNumThreads(1);

export interface Answer {
  output: Float32Array;
  error: string;
  grad: boolean;
}

const tasks: Record<string, () => Promise<unknown>> = {
  async compute() {
    const workers = Array.from({ length: 4 }, () => start('compute'));
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    const answers = workers.map(async (worker, i) => {
      const input = Float32Array.of(i, 1, 2, 3);
      // Where the worker has ended by the time its message is read, both events come at once.
      const exited = once(worker, 'exit');
      worker.postMessage(input, [input.buffer]);
      const [answer] = (await once(worker, 'message')) as [Answer];
      const [code] = (await exited) as [number];
      return { ...answer, output: [...answer.output], code };
    });
    // This thread computes at the same time.
    const own = torch.ones(100, 100).matmul(torch.ones(100, 100)).sum().item();
    return { answers: await Promise.all(answers), own };
  },

  async terminate() {
    for (let i = 0; i < 10; i++) {
      const worker = start('endless');
      await once(worker, 'message');
      await sleep(5 + 7 * i);
      await worker.terminate();
    }
    return torch.ones(3).sum().item();
  },

  async exit() {
    const workers = [start('endless'), start('endless')];
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    await sleep(30);
    console.log(JSON.stringify('leaving'));
    process.exit(0);
  },

  async churn() {
    const round = async (): Promise<void> => {
      const [sum] = (await once(start('once'), 'message')) as [number];
      if (sum !== 64 * 64 * 4) throw new Error(`the worker counts ${sum}`);
    };
    const sizes: number[] = [];
    for (let i = 1; i <= 50; i++) {
      await round();
      if (i % 10 === 0) {
        await sleep(50);
        sizes.push(rssMiB());
      }
    }
    return sizes;
  },
};

const result = await tasks[process.argv[2]!]!();
console.log(JSON.stringify(result));
