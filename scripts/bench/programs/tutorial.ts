/** The whole tutorial on a limited set: data, training, evaluation, what it writes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tutorial } from '../../tutorial.js';
import { tutorialPreset } from '../../tutorial/options.js';
import { torchAnswer } from './torch-side.js';

type Params = { train: number; test: number };

await torchAnswer<Params>(async ({ params, inputs, work, device }) => {
  const begin = performance.now();
  const finished = await tutorial({
    ...tutorialPreset,
    dataRoot: join(inputs, 'cifar'),
    download: false,
    weights: 'none',
    epochs: 1,
    trainLimit: params.train,
    testLimit: params.test,
    device: device === 'cuda' ? 'cuda:0' : 'cpu',
    out: work,
  });
  const elapsed = performance.now() - begin;
  if (!finished) throw new Error('the tutorial was stopped');
  const { losses } = JSON.parse(readFileSync(join(work, 'metrics.json'), 'utf8')) as { losses: number[] };
  return {
    metrics: { whole: { unit: 'ms', samples: [elapsed] } },
    results: { losses: losses.slice(0, 3) },
  };
});
