import { expect } from 'chai';
import * as torch from 'torchts';
import { models, nn, type Tensor } from 'torchts';
import {
  camelKeys,
  decode,
  expectTensor,
  expectValue,
  type FixtureTensor,
  type FixtureValue,
  loadFixtures,
  toTensor,
} from '../support/fixtures.js';

type NamedTensors = [name: string, value: FixtureTensor][];

interface ModuleRow {
  module: string;
  args: FixtureValue[];
  kwargs: Record<string, FixtureValue>;
  dtype: torch.DType;
  train: boolean;
  seed: number;
  state: NamedTensors;
  repr: string;
  inputs: FixtureTensor[];
  outputs: FixtureTensor[][];
  backward: { loss: number; gradInput: FixtureTensor }[];
  grads: NamedTensors;
  stateAfter: NamedTensors;
}

interface LossRow {
  kwargs: Record<string, FixtureValue>;
  input: FixtureTensor;
  target: FixtureTensor;
  loss: FixtureTensor;
  gradInput: FixtureTensor;
}

interface ModuleFixtures {
  modules: ModuleRow[];
  losses: LossRow[];
  printing: [expression: string, text: string][];
}

type ModuleClass = new (...args: unknown[]) => nn.Module;

const fixtures = loadFixtures<ModuleFixtures>('modules');
const classes = nn as unknown as Record<string, ModuleClass>;
const tolerance = { rtol: 1e-4, atol: 1e-5 };

function make({ module, args, kwargs }: Pick<ModuleRow, 'module' | 'args' | 'kwargs'>): nn.Module {
  const options =
    Object.keys(kwargs).length > 0 ? [camelKeys(decode(kwargs) as Record<string, unknown>)] : [];
  return new classes[module]!(...args.map((value) => decode(value)), ...options);
}

function stateOf(entries: NamedTensors): Record<string, Tensor> {
  return Object.fromEntries(entries.map(([name, value]) => [name, toTensor(value)]));
}

function expectState(module: nn.Module, entries: NamedTensors, when: string): void {
  const state = module.stateDict();
  expect(Object.keys(state)).to.deep.equal(entries.map(([name]) => name));
  for (const [name, value] of entries) expectTensor(state[name], value, `${name} ${when}`, tolerance);
}

describe('parity: modules', () => {
  fixtures.modules.forEach((row) => {
    const { module, args, kwargs, train } = row;
    const shape = row.inputs[0]!.shape.join('×');
    const title = `${module}(${JSON.stringify([...args, kwargs]).slice(1, -1)}) of ${shape} ${row.dtype}`;
    it(`${title}, ${train ? 'training' : 'evaluation'}`, () => {
      const made = make(row).to({ dtype: row.dtype }).train(train);
      made.loadStateDict(stateOf(row.state));
      expect(String(made), 'printed').to.equal(row.repr);
      torch.manualSeed(row.seed);
      row.inputs.forEach((input, i) => {
        const x = toTensor(input).requiresGrad_();
        const result: unknown = made(x.mul(1));
        const parts = (
          result instanceof torch.Tensor ? [result] : [...(result as Iterable<Tensor>)]
        ) as Tensor[];
        expectValue(parts, row.outputs[i]!, 'output', tolerance);
        const first = parts[0]!;
        const weight = torch
          .arange(first.numel(), { dtype: 'float64' })
          .cos()
          .to(row.dtype)
          .view(first.shape);
        const loss = first.mul(weight).sum();
        const { loss: expected, gradInput } = row.backward[i]!;
        expect(loss.item(), 'loss').to.be.closeTo(expected, 1e-4 * Math.max(1, Math.abs(expected)));
        loss.backward();
        expectTensor(x.grad, gradInput, 'gradient of the input', tolerance);
      });
      const grads = new Map([...made.namedParameters()].map(([name, value]) => [name, value.grad]));
      expect([...grads.keys()]).to.deep.equal(row.grads.map(([name]) => name));
      for (const [name, value] of row.grads) {
        expectTensor(grads.get(name), value, `gradient of ${name}`, tolerance);
      }
      expectState(made, row.stateAfter, 'afterwards');
    });
  });
});

describe('parity: CrossEntropyLoss', () => {
  for (const row of fixtures.losses) {
    const { weight, ...plain } = row.kwargs;
    const title = `${JSON.stringify(plain)}${weight ? ' with class weights' : ''}`;
    it(`of ${row.input.shape.join('×')} against ${row.target.dtype}, ${title}`, () => {
      const options = camelKeys(decode(row.kwargs) as Record<string, unknown>);
      const x = toTensor(row.input).requiresGrad_();
      const target = toTensor(row.target);
      const criterion = new nn.CrossEntropyLoss(options);
      const loss = criterion(x, target);
      expectTensor(loss, row.loss, 'loss');
      loss.sum().backward();
      expectTensor(x.grad, row.gradInput, 'gradient of the input');
      expectTensor(nn.functional.crossEntropy(x, target, options), row.loss, 'functional form');
    });
  }
});

class Net extends nn.Module {
  features = new nn.Sequential(
    new nn.Conv2d(1, 4, 3, { padding: 1 }),
    new nn.BatchNorm2d(4),
    new nn.ReLU({ inplace: true }),
    new nn.MaxPool2d(2),
  );
  heads = new nn.ModuleList([new nn.Linear(4, 2), new nn.Linear(4, 3, { bias: false })]);
  dropout = new nn.Dropout(0.25);
  empty = new nn.Sequential();

  override forward(x: Tensor): Tensor {
    return this.features(x);
  }
}

/** The modules of the printing fixture, by the expression that makes them. */
const printed: Record<string, () => nn.Module | Promise<nn.Module>> = {
  'new nn.Linear(10, 5)': () => new nn.Linear(10, 5),
  'new nn.Linear(10, 5, { bias: false })': () => new nn.Linear(10, 5, { bias: false }),
  'new nn.Conv2d(3, 8, 3)': () => new nn.Conv2d(3, 8, 3),
  "new nn.Conv2d(3, 6, [3, 5], { stride: 2, padding: [1, 2], dilation: 2, groups: 3, bias: false, paddingMode: 'reflect' })":
    () =>
      new nn.Conv2d(3, 6, [3, 5], {
        stride: 2,
        padding: [1, 2],
        dilation: 2,
        groups: 3,
        bias: false,
        paddingMode: 'reflect',
      }),
  "new nn.Conv2d(3, 6, 3, { padding: 'same' })": () => new nn.Conv2d(3, 6, 3, { padding: 'same' }),
  'new nn.BatchNorm2d(7)': () => new nn.BatchNorm2d(7),
  'new nn.BatchNorm2d(7, { eps: 0.001, momentum: null, affine: false, trackRunningStats: false })': () =>
    new nn.BatchNorm2d(7, { eps: 0.001, momentum: null, affine: false, trackRunningStats: false }),
  'new nn.ReLU()': () => new nn.ReLU(),
  'new nn.ReLU({ inplace: true })': () => new nn.ReLU({ inplace: true }),
  'new nn.MaxPool2d(2)': () => new nn.MaxPool2d(2),
  'new nn.MaxPool2d(3, { stride: 2, padding: 1, ceilMode: true })': () =>
    new nn.MaxPool2d(3, { stride: 2, padding: 1, ceilMode: true }),
  'new nn.MaxPool2d([3, 2])': () => new nn.MaxPool2d([3, 2]),
  'new nn.AvgPool2d(3, { stride: 2, padding: 1 })': () => new nn.AvgPool2d(3, { stride: 2, padding: 1 }),
  'new nn.AdaptiveAvgPool2d([1, 1])': () => new nn.AdaptiveAvgPool2d([1, 1]),
  'new nn.AdaptiveAvgPool2d([null, 7])': () => new nn.AdaptiveAvgPool2d([null, 7]),
  'new nn.AdaptiveAvgPool2d(5)': () => new nn.AdaptiveAvgPool2d(5),
  'new nn.Flatten()': () => new nn.Flatten(),
  'new nn.Dropout()': () => new nn.Dropout(),
  'new nn.Dropout({ p: 0.25, inplace: true })': () => new nn.Dropout({ p: 0.25, inplace: true }),
  'new nn.Identity()': () => new nn.Identity(),
  'new nn.CrossEntropyLoss()': () => new nn.CrossEntropyLoss(),
  'new nn.Sequential()': () => new nn.Sequential(),
  'new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU(), new nn.Linear(3, 1))': () =>
    new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU(), new nn.Linear(3, 1)),
  'new nn.Sequential(new nn.Sequential(new nn.ReLU()), new nn.Identity())': () =>
    new nn.Sequential(new nn.Sequential(new nn.ReLU()), new nn.Identity()),
  'new nn.ModuleList([new nn.Linear(2, 2), new nn.Linear(2, 2), new nn.ReLU()])': () =>
    new nn.ModuleList([new nn.Linear(2, 2), new nn.Linear(2, 2), new nn.ReLU()]),
  Net: () => new Net(),
  resnet18: () => models.resnet18(),
  resnet50: () => models.resnet50(),
};

describe('parity: printed modules', () => {
  for (const [expression, text] of fixtures.printing) {
    it(expression, async () => {
      const maker = printed[expression];
      expect(maker, 'this expression has a maker in the test').to.be.a('function');
      expect(String(await maker!())).to.equal(text);
    });
  }
});
