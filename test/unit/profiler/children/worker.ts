/** A worker records and is ended; before that nobody else can, afterwards this thread can. */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';
import * as torch from 'torchts';
import { profiler } from 'torchts';

if (isMainThread) {
  const worker = new Worker(fileURLToPath(import.meta.url));
  await once(worker, 'message');
  let refused = '';
  try {
    profiler.profile(() => torch.ones(1));
  } catch (error) {
    refused = (error as Error).message;
  }
  await worker.terminate();
  const prof = profiler.profile(() => torch.ones(1));
  const count = prof.keyAverages().find(({ key }) => key === 'aten::ones')!.count;
  console.log(JSON.stringify({ refused, count }));
} else {
  const prof = new profiler.Profile();
  prof.start();
  profiler.recordFunction('open', () => new Promise(() => {}));
  torch.ones(1);
  parentPort!.postMessage('recording');
  setInterval(() => {}, 1000);
}
