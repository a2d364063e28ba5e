import { expect } from 'chai';
import * as torch from 'torchts';
import { models, nn, optim } from 'torchts';
import { expectTensor, type FixtureTensor, loadFixtures } from '../support/fixtures.js';

interface ResnetFixtures {
  logits: { eval: FixtureTensor; train: FixtureTensor; evalAfter: FixtureTensor; tracked: number };
  runs: { name: 'adam' | 'sgd'; dtype: 'float32' | 'float64'; losses: number[] }[];
}

const fixtures = loadFixtures<ResnetFixtures>('resnet');

/** Weights that are equal on every CPU; see resnet.py. */
function uniformWeights(model: nn.Module): void {
  torch.noGrad(() => {
    for (const parameter of model.parameters()) {
      if (parameter.dim() <= 1) continue;
      const fan = parameter.numel() / parameter.size(0);
      parameter.copy_(
        torch
          .randLike(parameter)
          .sub(0.5)
          .mul(Math.sqrt(24 / fan)),
      );
    }
  });
}

describe('parity: ResNet-18', function () {
  this.timeout(120_000);

  it('logits in evaluation, in training, and in evaluation afterwards', async () => {
    torch.manualSeed(1);
    const inputs = torch.rand(2, 3, 64, 64);
    torch.manualSeed(0);
    const model = await models.resnet18({ numClasses: 10 });
    model.eval();
    torch.noGrad(() => {
      expectTensor(model(inputs), fixtures.logits.eval, 'evaluation', { rtol: 1e-4, atol: 1e-4 });
    });
    model.train();
    // Batch statistics of few numbers magnify the rounding of float32.
    const loose = { rtol: 1e-3, atol: 1e-3 };
    expectTensor(model(inputs), fixtures.logits.train, 'training', loose);
    model.eval();
    torch.noGrad(() => {
      expectTensor(model(inputs), fixtures.logits.evalAfter, 'evaluation afterwards', loose);
    });
    expect(model.stateDict()['bn1.num_batches_tracked']!.item()).to.equal(fixtures.logits.tracked);
  });

  const optimizers = {
    adam: (parameters: Iterable<nn.Parameter>) => new optim.Adam(parameters, { lr: 0.001 }),
    sgd: (parameters: Iterable<nn.Parameter>) => new optim.SGD(parameters, { lr: 0.01, momentum: 0.9 }),
  };

  for (const { name, dtype, losses } of fixtures.runs) {
    it(`ten ${name} steps in ${dtype} after fc was replaced`, async () => {
      torch.manualSeed(1);
      const inputs = torch.rand(4, 3, 64, 64);
      const labels = torch.randint(10, [4]);
      torch.manualSeed(0);
      const model = await models.resnet18();
      model.fc = new nn.Linear(model.fc.inFeatures, 10);
      if (dtype === 'float64') uniformWeights(model);
      model.to({ dtype });
      model.train();
      const optimizer = optimizers[name](model.parameters());
      const criterion = new nn.CrossEntropyLoss();
      for (const [i, expected] of losses.entries()) {
        optimizer.zeroGrad();
        const loss = criterion(model(inputs.to(dtype)), labels);
        loss.backward();
        optimizer.step();
        // float32: see resnet.py; the rounding differs with the CPU and its threads, in Python as well.
        const tolerance = dtype === 'float64' ? 1e-6 * expected : 5e-3;
        expect(loss.item(), `loss of step ${i}`).to.be.closeTo(expected, tolerance);
      }
    });
  }
});
