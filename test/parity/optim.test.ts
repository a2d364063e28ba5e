import { expect } from 'chai';
import * as torch from 'torchts';
import { optim, type Tensor } from 'torchts';
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

type Pairs = [key: string, value: FixtureValue][];
type Options = Record<string, FixtureValue>;

interface StateForm {
  state: [key: number, value: Record<string, FixtureValue>][];
  paramGroups: Pairs[];
}

interface Group {
  params: ('w' | 'b')[];
  options: Options;
}

interface Run {
  optimizer: 'Adam' | 'SGD';
  options: Options;
  groups: Group[] | null;
  losses: number[];
  w: FixtureTensor[];
  b: FixtureTensor[];
  resume: StateForm;
  stateDict: StateForm;
  repr: string;
}

interface Schedule {
  stepSize: number;
  gamma: number;
  groups: Group[];
  rates: number[][];
  state: Record<string, FixtureValue>;
}

const RESUME = 5;
const tolerance = { rtol: 1e-4, atol: 1e-6 };
const { runs, schedules } = loadFixtures<{ runs: Run[]; schedules: Schedule[] }>('optim');

/** The data and parameters of optim.py. */
function data(): { x: Tensor; t: Tensor; w: Tensor; b: Tensor } {
  torch.manualSeed(0);
  const [x, t, w, b] = [torch.randn(8, 4), torch.randn(8, 3), torch.randn(3, 4), torch.randn(3)];
  return { x, t, w: w.requiresGrad_(), b: b.requiresGrad_() };
}

const jsOptions = (options: Options): object => camelKeys(decode(options) as Record<string, unknown>);

function paramsOf(groups: Group[] | null, named: { w: Tensor; b: Tensor }) {
  if (!groups) return [named.w, named.b];
  return groups.map(({ params, options }) => ({
    params: params.map((name) => named[name]),
    ...jsOptions(options),
  }));
}

type OptimizerClass = new (params: ReturnType<typeof paramsOf>, options: object) => optim.Optimizer;

function make({ optimizer, options, groups }: Run, named: { w: Tensor; b: Tensor }): optim.Optimizer {
  const Class = optim[optimizer] as unknown as OptimizerClass;
  return new Class(paramsOf(groups, named), jsOptions(options));
}

function expectStateDict(optimizer: optim.Optimizer, expected: StateForm): void {
  const given = optimizer.stateDict() as unknown as {
    state: Map<number, Record<string, unknown>>;
    param_groups: Record<string, unknown>[];
  };
  expect(Object.keys(given)).to.deep.equal(['state', 'param_groups']);
  expect([...given.state.keys()], 'keys of state').to.deep.equal(expected.state.map(([key]) => key));
  for (const [key, value] of expected.state) {
    const entry = given.state.get(key)!;
    expect(Object.keys(entry), `keys of state ${key}`).to.deep.equal(Object.keys(value));
    expectValue(entry, value, `state ${key}`, tolerance);
  }
  expect(given.param_groups.length, 'groups').to.equal(expected.paramGroups.length);
  expected.paramGroups.forEach((group, i) => {
    const actual = given.param_groups[i]!;
    expect(Object.keys(actual), `keys of group ${i}`).to.deep.equal(group.map(([key]) => key));
    expectValue(actual, Object.fromEntries(group), `group ${i}`);
  });
}

/** A state dict as Python would hand it over in a file. */
function stateDictOf({ state, paramGroups }: StateForm): Parameters<optim.Optimizer['loadStateDict']>[0] {
  const form = {
    state: new Map(state.map(([key, value]) => [key, decode(value)])),
    param_groups: paramGroups.map((group) => decode(Object.fromEntries(group))),
  };
  return form as unknown as Parameters<optim.Optimizer['loadStateDict']>[0];
}

function titleOf({ optimizer, options, groups }: Run): string {
  return `${optimizer} ${JSON.stringify(options)}${groups ? ' with parameter groups' : ''}`;
}

describe('parity: optimizers', () => {
  for (const row of runs) {
    const follow = (from: number, optimizer: optim.Optimizer, { x, t, w, b }: ReturnType<typeof data>) => {
      for (let i = from; i < row.losses.length; i++) {
        optimizer.zeroGrad();
        const loss = x.matmul(w.t()).add(b).sub(t).square().mean();
        loss.backward();
        optimizer.step();
        expectValue(loss.item(), row.losses[i]!, `loss ${i}`, tolerance);
        expectTensor(w.detach(), row.w[i]!, `w after step ${i}`, tolerance);
        expectTensor(b.detach(), row.b[i]!, `b after step ${i}`, tolerance);
      }
    };

    it(`${titleOf(row)}: ten steps and the state dict`, () => {
      const all = data();
      const optimizer = make(row, all);
      follow(0, optimizer, all);
      expectStateDict(optimizer, row.stateDict);
      expect(String(optimizer), 'printed').to.equal(row.repr);
    });

    it(`${titleOf(row)}: goes on from Python's state dict after ${RESUME} steps`, () => {
      const all = data();
      torch.noGrad(() => {
        all.w.copy_(toTensor(row.w[RESUME - 1]!));
        all.b.copy_(toTensor(row.b[RESUME - 1]!));
      });
      const optimizer = make(row, all);
      optimizer.loadStateDict(stateDictOf(row.resume));
      expectStateDict(optimizer, row.resume);
      follow(RESUME, optimizer, all);
    });
  }
});

describe('parity: StepLR', () => {
  for (const { stepSize, gamma, groups, rates, state } of schedules) {
    it(`stepSize ${stepSize}, gamma ${gamma}, ${groups.length} group(s)`, () => {
      const all = data();
      const optimizer = new optim.SGD(paramsOf(groups, all), { lr: 0.1 });
      const scheduler = new optim.lrScheduler.StepLR(optimizer, { stepSize, gamma });
      expectValue(scheduler.getLastLr(), rates[0]!, 'rates before the first step');
      for (const [i, rate] of rates.slice(1).entries()) {
        optimizer.step();
        scheduler.step();
        expectValue(scheduler.getLastLr(), rate, `rates after step ${i + 1}`);
        expectValue(
          optimizer.paramGroups.map(({ lr }) => lr),
          rate,
          `rates of the groups after step ${i + 1}`,
        );
      }
      expectValue(scheduler.stateDict(), state, 'state dict');
    });
  }
});
