import { expect } from 'chai';
import * as torch from 'torchts';
import { models, nn } from 'torchts';
import {
  camelCase,
  camelKeys,
  expectTensor,
  type FixtureTensor,
  loadFixtures,
  tensorNumbers,
} from '../support/fixtures.js';
import { type CallCase, checkCase } from './calls.js';

interface InitFixtures {
  cases: CallCase[];
  gains: [name: string, param: number | null, gain: number][];
  modules: {
    module: string;
    args: unknown[];
    kwargs: Record<string, unknown>;
    seed: number;
    state: [name: string, value: FixtureTensor][];
    next: number[];
  }[];
}

type Entry = [name: string, shape: number[], sum: number, absSum: number, first: number[]];

interface ResnetFixtures {
  models: {
    name: 'resnet18' | 'resnet34' | 'resnet50';
    seed: number;
    entries: Entry[];
    parameters: string[];
    next: number[];
  }[];
}

const fixtures = loadFixtures<InitFixtures>('init');

describe('parity: nn.init', () => {
  for (const given of fixtures.cases) {
    it(given.title, () => checkCase(given));
  }

  for (const [name, param, gain] of fixtures.gains) {
    it(`calculateGain(${name}, ${param})`, () => {
      const given = name as Parameters<typeof nn.init.calculateGain>[0];
      const actual = param === null ? nn.init.calculateGain(given) : nn.init.calculateGain(given, param);
      expect(actual).to.be.closeTo(gain, 1e-12);
    });
  }
});

describe("parity: a module's own initial weights", () => {
  for (const { module, args, kwargs, seed, state, next } of fixtures.modules) {
    it(`${module}(${JSON.stringify(args)}, ${JSON.stringify(kwargs)}) after manualSeed(${seed})`, () => {
      torch.manualSeed(seed);
      const Class = (nn as unknown as Record<string, new (...args: unknown[]) => nn.Module>)[module]!;
      const made = new Class(...args, camelKeys(kwargs));
      const actual = made.stateDict();
      expect(Object.keys(actual)).to.deep.equal(state.map(([name]) => name));
      for (const [name, value] of state) expectTensor(actual[name], value, name);
      expect(torch.rand(2).tolist(), 'the next random numbers').to.deep.equal(next);
    });
  }
});

describe('parity: initial weights of ResNets', () => {
  for (const given of loadFixtures<ResnetFixtures>('resnet-init').models) {
    it(`${given.name} after manualSeed(${given.seed})`, async () => {
      torch.manualSeed(given.seed);
      const model = await models[camelCase(given.name) as 'resnet18']();
      const next = torch.rand(2).tolist();
      const state = model.stateDict();
      expect(Object.keys(state)).to.deep.equal(given.entries.map(([name]) => name));
      expect([...model.namedParameters()].map(([name]) => name)).to.deep.equal(given.parameters);
      for (const [name, shape, sum, absSum, first] of given.entries) {
        const value = state[name]!;
        expect(value.shape, `${name}: shape`).to.deep.equal(shape);
        const double = value.detach().to('float64').flatten();
        const size = Math.max(1, Math.abs(absSum));
        expect(double.sum().item(), `${name}: sum`).to.be.closeTo(sum, 1e-6 * size);
        expect(double.abs().sum().item(), `${name}: sum of absolute values`).to.be.closeTo(
          absSum,
          1e-6 * size,
        );
        tensorNumbers(double.index(':3')).forEach((number, i) => {
          expect(Number(number), `${name}: number ${i}`).to.be.closeTo(first[i]!, 1e-6);
        });
      }
      expect(next, 'the next random numbers').to.deep.equal(given.next);
    });
  }
});
