/**
 * Side by side with Python's torch, live: `TORCHTS_PYTHON=/path/to/python npx mocha dist/test/parity/live.test.js`.
 * Skipped where no interpreter is named; the fixtures of this folder hold the same ground without one.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import * as torch from 'torchts';
import { models, nn, optim, utils } from 'torchts';
import { askPython, pythonPath } from '../support/python.js';

const threads = 2;
const header = `
import json, sys, torch, torchvision
torch.set_num_threads(${threads})
folder = sys.argv[1]
def images(n, dtype=torch.float32):
    torch.manual_seed(7)
    return torch.rand(n, 3, 64, 64, dtype=torch.float64).to(dtype)
`;

/** Ten steps on fixed inputs: losses. */
const training = `
dtype = getattr(torch, sys.argv[2])
model = torchvision.models.resnet18(num_classes=10)
model.load_state_dict(torch.load(folder + '/ten.pth'))
model.to(dtype).train()
kind = sys.argv[3]
optimizer = (torch.optim.Adam(model.parameters(), lr=1e-3) if kind == 'Adam'
             else torch.optim.SGD(model.parameters(), lr=1e-2, momentum=0.9, weight_decay=1e-4))
criterion = torch.nn.CrossEntropyLoss()
x, labels = images(8, dtype), torch.arange(8)
losses = []
for _ in range(10):
    optimizer.zero_grad()
    loss = criterion(model(x), labels)
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
print(json.dumps(losses))
`;

function images(count: number, dtype: torch.DType = 'float32'): torch.Tensor {
  torch.manualSeed(7);
  return torch.rand(count, 3, 64, 64, { dtype: 'float64' }).to(dtype);
}

describe('live, beside Python', function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), 'torchts-live-'));
  const figures: Record<string, number> = {};
  let threadsBefore = 0;

  before(async function () {
    if (pythonPath === '') {
      this.skip(); // TORCHTS_PYTHON names no interpreter
    }
    threadsBefore = torch.getNumThreads();
    torch.setNumThreads(threads);
    await askPython(
      `${header}
for name, classes in (('thousand', 1000), ('ten', 10)):
    torch.manual_seed(11)
    torch.save(torchvision.models.resnet18(num_classes=classes).state_dict(), f'{folder}/{name}.pth')
print(1)`,
      [folder],
    );
  });
  after(() => {
    if (threadsBefore > 0) torch.setNumThreads(threadsBefore);
    rmSync(folder, { recursive: true, force: true });
    if (Object.keys(figures).length > 0) console.log('    greatest differences:', figures);
  });

  const largest = (a: readonly number[], b: readonly number[], relative = false): number =>
    Math.max(...a.map((value, i) => Math.abs(value - b[i]!) / (relative ? Math.abs(b[i]!) : 1)));

  it('the version is the same', async () => {
    expect(
      await askPython<string>(`${header}\nprint(json.dumps(torch.__version__.split('+')[0]))`, [folder]),
    ).to.equal(torch.version.split('+')[0]);
  });

  it('weights saved by torchvision give its logits, in evaluation and in training mode', async () => {
    const model = await models.resnet18({ weights: join(folder, 'thousand.pth') });
    for (const mode of ['eval', 'train'] as const) {
      const python = await askPython<number[]>(
        `${header}
model = torchvision.models.resnet18()
model.load_state_dict(torch.load(folder + '/thousand.pth'))
with torch.no_grad():
    print(json.dumps(model.${mode}()(images(4)).flatten().tolist()))`,
        [folder],
      );
      model[mode]();
      const here = torch.noGrad(() => [...model(images(4)).flatten().toTypedArray({ as: 'float32' })]);
      figures[`logits, ${mode}`] = largest(here, python);
      expect(figures[`logits, ${mode}`]).to.be.below(1e-4);
    }
  });

  for (const [dtype, kind] of [
    ['float64', 'Adam'],
    ['float64', 'SGD'],
    ['float32', 'Adam'],
    ['float32', 'SGD'],
  ] as const) {
    it(`ten steps of ${kind} in ${dtype} have Python's losses`, async () => {
      const python = await askPython<number[]>(header + training, [folder, dtype, kind]);
      const model = await models.resnet18({ numClasses: 10, weights: join(folder, 'ten.pth') });
      model.to(dtype).train();
      const optimizer =
        kind === 'Adam'
          ? new optim.Adam(model.parameters(), { lr: 1e-3 })
          : new optim.SGD(model.parameters(), { lr: 1e-2, momentum: 0.9, weightDecay: 1e-4 });
      const criterion = new nn.CrossEntropyLoss();
      const [x, labels] = [images(8, dtype), torch.arange(8)];
      const losses: number[] = [];
      for (let i = 0; i < 10; i++) {
        optimizer.zeroGrad();
        const loss = criterion(model(x), labels);
        loss.backward();
        optimizer.step();
        losses.push(loss.item() as number);
      }
      figures[`${kind}, ${dtype}, relative`] = largest(losses, python, true);
      expect(figures[`${kind}, ${dtype}, relative`], `${losses}\n${python}`).to.be.below(1e-4);
    });
  }

  it('a state dict saved here gives the same logits in Python', async () => {
    torch.manualSeed(3);
    const model = await models.resnet18({ numClasses: 10 });
    await torch.save(model.stateDict(), join(folder, 'here.pth'));
    const python = await askPython<{ logits: number[]; same: boolean }>(
      `${header}
state = torch.load(folder + '/here.pth', weights_only=True)
torch.manual_seed(3)
model = torchvision.models.resnet18(num_classes=10)
same = all(torch.equal(v, state[k]) for k, v in model.state_dict().items()) and list(state) == list(model.state_dict())
model.load_state_dict(state)
with torch.no_grad():
    print(json.dumps({'logits': model.eval()(images(4)).flatten().tolist(), 'same': same}))`,
      [folder],
    );
    expect(python.same, 'the initial weights of the same seed').to.equal(true);
    model.eval();
    const here = torch.noGrad(() => [...model(images(4)).flatten().toTypedArray({ as: 'float32' })]);
    figures['logits, saved here'] = largest(here, python.logits);
    expect(figures['logits, saved here']).to.be.below(1e-4);
  });

  it("a loader shuffles in Python's order, epoch after epoch", async () => {
    const python = await askPython<number[][]>(
      `${header}
from torch.utils.data import DataLoader, TensorDataset
torch.manual_seed(42)
loader = DataLoader(TensorDataset(torch.arange(37)), batch_size=5, shuffle=True)
print(json.dumps([[int(i) for (batch,) in loader for i in batch] for _ in range(3)]))`,
      [folder],
    );
    torch.manualSeed(42);
    const loader = new utils.data.DataLoader(new utils.data.TensorDataset(torch.arange(37)), {
      batchSize: 5,
      shuffle: true,
    });
    for (const order of python) {
      const here: number[] = [];
      for await (const [batch] of loader as AsyncIterable<[torch.Tensor]>)
        here.push(...(batch.tolist() as number[]));
      expect(here).to.deep.equal(order);
    }
  });
});
