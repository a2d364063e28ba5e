import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import * as torch from 'torchts';
import { nn, Tensor } from 'torchts';
import { camelCase, camelKeys, packageRoot } from '../../support/fixtures.js';

/** Values that Python computed: see fixtures/generate.py. */
type Recipe = [kind: string, ...shape: number[]];
type Argument = unknown;

interface Output {
  shape: number[];
  values: number[];
}

interface ModuleRow {
  name: string;
  args: unknown[];
  kwargs: Record<string, unknown>;
  inputs: Recipe[];
  train: boolean;
  repr: string;
  keys: string[];
  outputs: Output[];
  gradInput?: number[] | null;
  grads?: [name: string, values: number[] | null][];
  state: number[][];
  next: number;
}

interface FunctionRow {
  name: string;
  args: Argument[];
  kwargs: Record<string, Argument>;
  outputs: Output[];
}

const file = join(packageRoot, 'test', 'unit', 'nn', 'fixtures', 'neighbours.json');
const fixtures = JSON.parse(readFileSync(file, 'utf8')) as { modules: ModuleRow[]; functions: FunctionRow[] };

/** The input of a recipe, as `make` of generate.py has it. */
function make([kind, ...shape]: Recipe): Tensor {
  if (kind === 'value') return torch.tensor(shape, { dtype: 'int64' });
  const count = shape.reduce((a, b) => a * b, 1);
  const ramp = torch.arange(count, { dtype: 'float64' });
  const waves = ramp.mul(1.7).add(0.3).cos().float().reshape(shape);
  const kinds: Record<string, () => Tensor> = {
    waves: () => waves,
    shifted: () => ramp.mul(0.9).add(1.1).cos().float().reshape(shape),
    unit: () => waves.add(1.2).div(2.4),
    logs: () => waves.logSoftmax(-1),
    signs: () => ramp.remainder(2).mul(2).sub(1).float().reshape(shape),
    bits: () => ramp.mul(5).remainder(3).gt(0).float().reshape(shape),
    indices: () => ramp.mul(7).remainder(3).long().reshape(shape),
  };
  return kinds[kind]!();
}

const tensorsOf = (result: unknown): Tensor[] =>
  result instanceof Tensor ? [result] : [...(result as Iterable<Tensor>)];

function expectNear(actual: Tensor, expected: readonly number[], where: string): void {
  const given = actual.detach().double().flatten().tolist() as number[];
  expect(given.length, `${where}: number of values`).to.equal(expected.length);
  given.forEach((value, i) => {
    expect(value, `${where} at ${i}`).to.be.closeTo(expected[i]!, 2e-5 * Math.max(1, Math.abs(expected[i]!)));
  });
}

function expectOutputs(result: unknown, outputs: readonly Output[]): Tensor[] {
  const parts = tensorsOf(result);
  expect(parts.map((part) => part.shape)).to.deep.equal(outputs.map((output) => output.shape));
  parts.forEach((part, i) => {
    expectNear(part, outputs[i]!.values, `output ${i}`);
  });
  return parts;
}

const titleOf = (args: readonly unknown[], kwargs: object): string =>
  JSON.stringify(Object.keys(kwargs).length > 0 ? [...args, kwargs] : args).slice(1, -1);

const optionsOf = (kwargs: Record<string, unknown>): unknown[] =>
  Object.keys(kwargs).length > 0 ? [camelKeys(kwargs)] : [];

describe('nn modules against Python', () => {
  const classes = nn as unknown as Record<string, new (...args: unknown[]) => nn.Module>;
  for (const row of fixtures.modules) {
    it(`${row.name}(${titleOf(row.args, row.kwargs)}) of ${JSON.stringify(row.inputs)}`, () => {
      torch.manualSeed(7);
      const module = new classes[row.name]!(...row.args, ...optionsOf(row.kwargs)).train(row.train);
      expect(String(module)).to.equal(row.repr);
      const values = row.inputs.map(make);
      const first = values[0]!;
      if (first.dtype === 'float32') {
        first.requiresGrad_();
        values[0] = first.mul(1);
      }
      const [loss] = expectOutputs(module(...values), row.outputs);
      if (row.grads) {
        const weights = torch.arange(loss!.numel()).cos().view(loss!.shape);
        loss!.mul(weights).sum().backward();
        if (row.gradInput) expectNear(first.grad!, row.gradInput, 'gradient of the input');
        const grads = [...module.namedParameters()];
        expect(grads.map(([name]) => name)).to.deep.equal(row.grads.map(([name]) => name));
        grads.forEach(([name, parameter], i) => {
          const expected = row.grads![i]![1];
          if (expected) expectNear(parameter.grad!, expected, `gradient of ${name}`);
          else expect(parameter.grad).to.equal(null);
        });
      }
      const state = module.stateDict();
      expect(Object.keys(state)).to.deep.equal(row.keys);
      row.keys.forEach((key, i) => {
        expectNear(state[key]!, row.state[i]!, key);
      });
      expect(torch.rand(1).item(), 'the next random number').to.equal(row.next);
    });
  }
});

describe('nn.functional against Python', () => {
  const functions = nn.functional as unknown as Record<string, (...args: unknown[]) => unknown>;
  const decode = (value: Argument): unknown =>
    typeof value === 'object' && value !== null && 'make' in value ? make(value.make as Recipe) : value;
  for (const row of fixtures.functions) {
    it(`${row.name}(${titleOf(row.args, row.kwargs)})`, () => {
      torch.manualSeed(7);
      const kwargs = Object.fromEntries(
        Object.entries(row.kwargs).map(([key, value]) => [key, decode(value)]),
      );
      const run = functions[camelCase(row.name)];
      expect(run, camelCase(row.name)).to.be.a('function');
      expectOutputs(run!(...row.args.map(decode), ...optionsOf(kwargs)), row.outputs);
    });
  }
});
