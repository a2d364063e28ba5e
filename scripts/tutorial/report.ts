/** What a run leaves behind: `loss.png`, `metrics.json`, `model.pth`. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as torch from 'torchts';
import { type nn, plot } from 'torchts';
import { checkpointFile } from './checkpoint.js';
import type { TutorialOptions } from './options.js';

export interface Results {
  model: nn.Module;
  device: string;
  /** One a step. */
  losses: number[];
  /** Percent. */
  accuracy: number;
  /** Of training alone. */
  seconds: number;
  /** Steps of an epoch. */
  steps: number;
}

export async function writeReport(options: TutorialOptions, results: Results): Promise<void> {
  const { model, losses, accuracy, seconds, device, steps } = results;
  const { out } = options;
  const images =
    options.epochs * Math.min(options.trainLimit ?? Number.POSITIVE_INFINITY, steps * options.batchSize);
  const metrics = {
    losses,
    accuracy,
    seconds,
    imagesPerSecond: images / seconds,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    device,
    seed: options.seed,
    dataset: options.dataset,
    epochs: options.epochs,
    batchSize: options.batchSize,
    imageSize: options.imageSize,
    lr: options.lr,
    weights: options.weights,
    threads: torch.getNumThreads(),
    libtorch: torch.version,
  };
  writeFileSync(join(out, 'metrics.json'), `${JSON.stringify(metrics, null, 2)}\n`);
  await Promise.all([
    plot.lossCurve({
      losses,
      file: join(out, 'loss.png'),
      title: `Training loss of ResNet-18 on ${options.dataset}`,
      yLabel: 'Cross-entropy loss',
      epochs: Array.from({ length: options.epochs }, (_, i) => (i + 1) * steps),
    }),
    torch.save(model.stateDict(), join(out, 'model.pth')),
  ]);
  // The run is complete: nothing is left to go on with.
  rmSync(checkpointFile(out), { force: true });
  console.log(
    `${images} images in ${seconds.toFixed(1)} s (${metrics.imagesPerSecond.toFixed(0)} images/s); ` +
      `predictions.png, loss.png, metrics.json and model.pth are in ${out}`,
  );
}
