/** Pools on the main thread and on two workers: each loads the addon anew. */
import { isMainThread, Worker } from 'node:worker_threads';
import { nn, ones } from 'torchts';

const sum = nn.functional
  .maxPool2d(ones(1, 1, 8, 8), 2)
  .sum()
  .item();
if (isMainThread) {
  const ends = [1, 2].map(
    () => new Promise((end, fail) => new Worker(new URL(import.meta.url)).on('error', fail).on('exit', end)),
  );
  console.log(JSON.stringify([sum, ...(await Promise.all(ends))]));
}
