/**
 * The transfer-learning tutorial: a pretrained ResNet-18 learns new classes.
 *
 * Reads like the Python it mirrors; flags, data sets and reports are in `scripts/tutorial/`.
 */
import { pathToFileURL } from 'node:url';
import * as torch from 'torchts';
import { nn, optim, utils } from 'torchts';
import { resume, saveCheckpoint } from './tutorial/checkpoint.js';
import { firstOf, loadDataset } from './tutorial/data.js';
import { inWords, measureStep } from './tutorial/estimate.js';
import { loadModel } from './tutorial/model.js';
import { type TutorialOptions, tutorialPreset } from './tutorial/options.js';
import { writeReport } from './tutorial/report.js';
import { run, stopRequested } from './tutorial/run.js';

/** Trains, evaluates, writes the results; true where it ran to its end. */
export async function tutorial(options: TutorialOptions): Promise<boolean> {
  const { epochs, batchSize, lr, seed, logEvery } = options;
  const device = torch.device(options.device ?? (torch.cuda.isAvailable() ? 'cuda:0' : 'cpu'));

  const trainDataset = await loadDataset(options, true);
  const trainLoader = new utils.data.DataLoader(trainDataset, {
    batchSize,
    shuffle: true,
    numWorkers: options.workers,
  });
  const testDataset = firstOf(await loadDataset(options, false), options.testLimit);
  const testLoader = new utils.data.DataLoader(testDataset, {
    batchSize,
    shuffle: false,
    numWorkers: options.workers,
  });
  const { classes } = trainDataset;
  const steps = Math.ceil(
    Math.min(options.trainLimit ?? Number.POSITIVE_INFINITY, trainDataset.length) / batchSize,
  );

  if (device.type === 'cpu' && epochs * steps > 2000) {
    const seconds = (await measureStep(batchSize, options.imageSize)) * epochs * steps;
    console.log(
      `No CUDA device is used: ${epochs * steps} steps will take about ${inWords(seconds)} on this CPU.`,
    );
  }

  const model = await loadModel(options);
  torch.manualSeed(seed);
  model.fc = new nn.Linear(model.fc.inFeatures, classes.length);
  model.to(device);
  if (options.channelsLast) model.to({ memoryFormat: torch.channelsLast });

  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.Adam(model.parameters(), { lr });
  const scaler = new torch.amp.GradScaler({ enabled: options.amp && device.type === 'cuda' });

  const saved = options.resume ? await resume(options.out, model, optimizer) : null;
  const losses: number[] = saved?.losses ?? [];
  const start = performance.now() - (saved?.seconds ?? 0) * 1000;
  const seconds = (): number => (performance.now() - start) / 1000;

  for (let epoch = saved?.epoch ?? 0; epoch < epochs; epoch++) {
    model.train();
    if (saved && epoch === saved.epoch) torch.setRngState(saved.epochRng);
    const epochRng = torch.getRngState();
    const done = saved && epoch === saved.epoch ? saved.step : 0;
    if (done === steps) {
      // Stopped at the last step of the epoch: only the next one is left.
      torch.setRngState(saved!.rng);
      continue;
    }
    let runningLoss = done > 0 ? saved!.runningLoss : 0;
    let i = 0;
    const bar = new torch.ProgressBar({
      total: steps,
      label: `Epoch ${epoch + 1}/${epochs}`,
      plainInterval: 0,
      clear: true,
    });
    try {
      for await (const batch of trainLoader) {
        if (i++ < done) continue;
        if (saved && epoch === saved.epoch && i === done + 1) torch.setRngState(saved.rng);
        const [inputs, labels] = limited(batch as torch.Tensor[], options, i).map((t) => t.to(device)) as [
          torch.Tensor,
          torch.Tensor,
        ];
        optimizer.zeroGrad();
        const loss = withAmp(options, device, () =>
          criterion(model(layout(inputs, options)), labels),
        ) as torch.Tensor;
        scaler.scale(loss).backward();
        scaler.step(optimizer);
        scaler.update();
        const value = loss.item() as number;
        losses.push(value);
        runningLoss += value;
        bar.update(i, { loss: value, samples: i * batchSize });
        if (i % logEvery === 0) {
          console.log(
            `Epoch [${epoch + 1}/${epochs}], Step [${i}/${steps}], Loss: ${(runningLoss / logEvery).toFixed(4)}`,
          );
          runningLoss = 0;
        }
        if (stopRequested()) {
          await saveCheckpoint(options.out, model, optimizer, {
            epoch,
            step: i,
            runningLoss,
            losses,
            seconds: seconds(),
            epochRng,
          });
          return false;
        }
        if (i === steps) break;
      }
    } finally {
      bar.close();
    }
  }
  console.log('Finished Training');
  const trainingSeconds = seconds();

  model.eval();
  let correct = 0;
  let total = 0;
  const predictions: number[] = [];
  await torch.noGrad(async () => {
    for await (const batch of testLoader) {
      const [inputs, labels] = (batch as torch.Tensor[]).map((t) => t.to(device)) as [
        torch.Tensor,
        torch.Tensor,
      ];
      const [, predicted] = torch.max(model(layout(inputs, options)).data, 1) as unknown as [
        torch.Tensor,
        torch.Tensor,
      ];
      total += labels.size(0);
      correct += predicted.eq(labels).sum().item();
      if (predictions.length === 0) predictions.push(...(predicted.tolist() as number[]));
      if (stopRequested()) return;
    }
  });
  if (stopRequested()) return false;
  const accuracy = (100 * correct) / total;
  console.log(`Accuracy of the model on the test images: ${accuracy.toFixed(2)}%`);

  const [images, labels] = (await testLoader.first()) as [torch.Tensor, torch.Tensor];
  const truth = (labels.tolist() as number[]).map((label) => classes[label]!);
  const guess = predictions.map((label) => classes[label]!);
  console.log(`GroundTruth: ${truth.slice(0, 8).join(' ')}`);
  console.log(`Predicted: ${guess.slice(0, 8).join(' ')}`);

  const shown = Math.min(images.size(0), 32);
  // Drawing waits for threads of its own, so the pictures and the weights are written side by side.
  await Promise.all([
    utils.imshow(utils.makeGrid(images.narrow(0, 0, shown), { normalize: true }), {
      file: `${options.out}/predictions.png`,
      titles: truth.slice(0, shown).map((name, k) => [name, guess[k]!]),
      wrong: truth.slice(0, shown).map((name, k) => name !== guess[k]),
      title: `Truth above, prediction below: ${accuracy.toFixed(2)} % of ${total} test images are right`,
    }),
    writeReport(options, {
      model,
      device: String(device),
      losses,
      accuracy,
      seconds: trainingSeconds,
      steps,
    }),
  ]);
  return true;
}

/** The batch, cut where `--train-limit` ends inside it. */
function limited(batch: torch.Tensor[], options: TutorialOptions, step: number): torch.Tensor[] {
  if (options.trainLimit === null) return batch;
  const left = options.trainLimit - (step - 1) * options.batchSize;
  return left >= batch[0]!.size(0) ? batch : batch.map((t) => t.narrow(0, 0, left));
}

function layout(inputs: torch.Tensor, options: TutorialOptions): torch.Tensor {
  return options.channelsLast ? inputs.to({ memoryFormat: torch.channelsLast }) : inputs;
}

function withAmp<T>(options: TutorialOptions, device: torch.Device, forward: () => T): T {
  return options.amp ? torch.autocast(device.type, forward) : forward();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await run(tutorialPreset, tutorial);
