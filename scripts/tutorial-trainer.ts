/**
 * The tutorial by `torch.Trainer`: the same work and the same losses as `tutorial.ts`, without its loop.
 *
 * Takes the flags of `npm run tutorial`; run it by `node dist/scripts/tutorial-trainer.js`.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as torch from 'torchts';
import { nn, optim, utils } from 'torchts';
import { firstOf, loadDataset } from './tutorial/data.js';
import { loadModel } from './tutorial/model.js';
import { type TutorialOptions, tutorialPreset } from './tutorial/options.js';
import { writeReport } from './tutorial/report.js';
import { run, stopSignal } from './tutorial/run.js';

type Batch = readonly torch.Tensor[];

/** Trains, evaluates, writes the results; true where it ran to its end. */
export async function tutorialTrainer(options: TutorialOptions): Promise<boolean> {
  const { epochs, batchSize, lr, seed, out } = options;
  const device = torch.device(options.device ?? (torch.cuda.isAvailable() ? 'cuda:0' : 'cpu'));

  const trainDataset = await loadDataset(options, true);
  const loading = { batchSize, numWorkers: options.workers };
  const trainLoader = new utils.data.DataLoader(trainDataset, { ...loading, shuffle: true });
  const testDataset = firstOf(await loadDataset(options, false), options.testLimit);
  const testLoader = new utils.data.DataLoader(testDataset, loading) as torch.Loader<Batch>;
  const { classes } = trainDataset;

  const model = await loadModel(options);
  torch.manualSeed(seed);
  model.fc = new nn.Linear(model.fc.inFeatures, classes.length);
  model.to(device);
  if (options.channelsLast) model.to({ memoryFormat: torch.channelsLast });

  const trainer = new torch.Trainer(model, {
    criterion: new nn.CrossEntropyLoss(),
    optimizer: new optim.Adam(model.parameters(), { lr }),
    device,
    metrics: { accuracy: torch.metrics.accuracy() },
    amp: options.amp,
    checkpointDir: out,
    logEvery: options.logEvery,
    progress: { plainInterval: 0 },
    prepareBatch: ([inputs, ...labels]: Batch): Batch =>
      options.channelsLast
        ? [inputs!.to({ memoryFormat: torch.channelsLast }), ...labels]
        : [inputs!, ...labels],
    // Ctrl-C is heard by `run`, which all scripts share.
    handleSignals: false,
  });
  const samples = Math.min(options.trainLimit ?? Number.POSITIVE_INFINITY, trainDataset.length);
  const limited = firstSamples(trainLoader as torch.Loader<Batch>, samples, batchSize);
  const { history, stopped, seconds } = await trainer.fit(limited, {
    epochs,
    resume: options.resume,
    signal: stopSignal,
  });
  if (stopped) return false;
  console.log('Finished Training');

  const test = await trainer.evaluate(testLoader, { signal: stopSignal });
  if (test.stopped) return false;
  const accuracy = 100 * test.metrics.accuracy;
  console.log(`Accuracy of the model on the test images: ${accuracy.toFixed(2)}%`);

  const [images, labels] = (await (testLoader as utils.data.DataLoader<Batch>).first()) as [
    torch.Tensor,
    torch.Tensor,
  ];
  const [predicted] = await trainer.predict([[images]]);
  const named = (numbers: torch.Tensor) => (numbers.tolist() as number[]).map((label) => classes[label]!);
  const [truth, guess] = [named(labels), named(predicted!.argmax(1))];
  console.log(`GroundTruth: ${truth.slice(0, 8).join(' ')}`);
  console.log(`Predicted: ${guess.slice(0, 8).join(' ')}`);

  const shown = Math.min(images.size(0), 32);
  await utils.imshow(utils.makeGrid(images.narrow(0, 0, shown), { normalize: true }), {
    file: join(out, 'predictions.png'),
    titles: truth.slice(0, shown).map((name, k) => [name, guess[k]!]),
    wrong: truth.slice(0, shown).map((name, k) => name !== guess[k]),
    title: `Truth above, prediction below: ${accuracy.toFixed(2)} % of ${test.samples} test images are right`,
  });
  const steps = history.epochs[0]?.steps ?? 0;
  await writeReport(options, {
    model,
    device: String(device),
    losses: history.losses,
    accuracy,
    seconds,
    steps,
  });
  return true;
}

/** The first `limit` samples of every pass over a loader; the last batch is cut where they end. */
function firstSamples(loader: torch.Loader<Batch>, limit: number, batchSize: number): torch.Loader<Batch> {
  return {
    length: Math.ceil(limit / batchSize),
    async *[Symbol.asyncIterator]() {
      let left = limit;
      for await (const batch of loader) {
        const size = batch[0]!.size(0);
        yield size <= left ? batch : batch.map((tensor) => tensor.narrow(0, 0, left));
        left -= size;
        if (left <= 0) return;
      }
    },
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await run(
    { ...tutorialPreset, name: 'tutorial-trainer', out: 'runs/tutorial-trainer' },
    tutorialTrainer,
    (out) => join(out, 'last.pth'),
  );
