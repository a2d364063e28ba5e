import { expect } from 'chai';
import * as torch from 'torchts';
import { models, nn, optim, type Tensor } from 'torchts';
import { expectTensor, type FixtureTensor, loadFixtures } from '../support/fixtures.js';

interface ResnetFixtures {
  logits: { eval: FixtureTensor; train: FixtureTensor; evalAfter: FixtureTensor; tracked: number };
  batch: { sum: number; labels: number[] };
  adam: number[];
  sgd: number[];
}

const fixtures = loadFixtures<ResnetFixtures>('resnet');
const tolerance = { rtol: 1e-4, atol: 1e-4 };

/** The seeded batch of resnet.py. */
function batch(size: number): [inputs: Tensor, labels: Tensor] {
  torch.manualSeed(1);
  return [torch.randn(size, 3, 64, 64), torch.randint(10, [size])];
}

describe('parity: ResNet-18', function () {
  this.timeout(120_000);

  it('logits in evaluation, in training, and in evaluation afterwards', async () => {
    const [inputs] = batch(2);
    torch.manualSeed(0);
    const model = await models.resnet18({ numClasses: 10 });
    model.eval();
    torch.noGrad(() => {
      expectTensor(model(inputs), fixtures.logits.eval, 'evaluation', tolerance);
    });
    model.train();
    expectTensor(model(inputs), fixtures.logits.train, 'training', tolerance);
    model.eval();
    torch.noGrad(() => {
      expectTensor(model(inputs), fixtures.logits.evalAfter, 'evaluation afterwards', tolerance);
    });
    expect(model.stateDict()['bn1.num_batches_tracked']!.item()).to.equal(fixtures.logits.tracked);
  });

  const trainings = {
    adam: (parameters: Iterable<nn.Parameter>) => new optim.Adam(parameters, { lr: 0.001 }),
    sgd: (parameters: Iterable<nn.Parameter>) => new optim.SGD(parameters, { lr: 0.01, momentum: 0.9 }),
  };

  for (const name of ['adam', 'sgd'] as const) {
    it(`ten ${name} steps after fc was replaced`, async () => {
      const [inputs, labels] = batch(4);
      expect(inputs.to('float64').sum().item()).to.be.closeTo(fixtures.batch.sum, 1e-3);
      expect(labels.tolist()).to.deep.equal(fixtures.batch.labels);
      torch.manualSeed(0);
      const model = await models.resnet18();
      model.fc = new nn.Linear(model.fc.inFeatures, 10);
      model.train();
      const optimizer = trainings[name](model.parameters());
      const criterion = new nn.CrossEntropyLoss();
      for (const [i, expected] of fixtures[name].entries()) {
        optimizer.zeroGrad();
        const loss = criterion(model(inputs), labels);
        loss.backward();
        optimizer.step();
        expect(loss.item(), `loss of step ${i}`).to.be.closeTo(expected, 1e-4 * expected);
      }
    });
  }
});
