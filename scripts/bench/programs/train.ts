/** Training steps on one batch that stays: forward, loss, backward, Adam. */
import * as torch from 'torchts';
import { nn, optim } from 'torchts';
import { makeModel, type ModelName } from './models.js';
import { sample } from './side.js';
import { torchAnswer } from './torch-side.js';

type Params = {
  model: ModelName;
  size: number;
  batch: number;
  /** Choices that a user of torchts may make; the Python twin keeps its defaults. */
  channelsLast: boolean;
  fused: boolean;
  steps: number;
  warmup: number;
};

/** Losses that are compared: later ones carry the differences of rounding, which Adam makes larger. */
const compared = 3;

await torchAnswer<Params>(async ({ params, target, sync }) => {
  torch.manualSeed(0);
  const { model: name, size, batch, channelsLast } = params;
  const model = await makeModel(name);
  const channels = name === 'resnet18' ? 3 : 1;
  let inputs = torch.randn(batch, channels, size, size).to(target);
  const labels = torch.randint(0, 10, [batch]).to(target);
  model.to(target);
  if (channelsLast) {
    model.to({ memoryFormat: torch.channelsLast });
    inputs = inputs.to({ memoryFormat: torch.channelsLast });
  }
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.001, ...(params.fused && { fused: true }) });
  model.train();

  const losses: number[] = [];
  const samples = await sample(params.steps, params.warmup, () => {
    optimizer.zeroGrad();
    const loss = criterion(model(inputs), labels) as torch.Tensor;
    loss.backward();
    optimizer.step();
    losses.push(loss.item() as number);
    sync();
  });
  return { metrics: { step: { unit: 'ms', samples } }, results: { losses: losses.slice(0, compared) } };
});
