import { expect } from 'chai';
import * as torch from 'torchts';
import { transforms } from 'torchts';
import {
  camelKeys,
  decode,
  expectTensor,
  type FixtureTensor,
  type FixtureValue,
  loadFixtures,
  toTensor,
} from '../support/fixtures.js';
import { expectImage, type FixtureImage, imageOf } from './images.js';

type Result = { tensor: FixtureTensor } | { image: FixtureImage };

interface Row {
  image: string;
  transform: string;
  args: FixtureValue[];
  kwargs: Record<string, FixtureValue>;
  results: Result[];
  repr: string;
  seed?: number;
  next?: number[];
}

interface TransformFixtures {
  images: Record<string, FixtureImage>;
  rows: Row[];
  normalize: { input: FixtureTensor; mean: number[]; std: number[]; result: FixtureTensor; repr: string }[];
  chains: {
    image: string;
    steps: [transform: string, args: FixtureValue[]][];
    seed: number;
    results: FixtureTensor[];
    repr: string;
  }[];
}

type AnyTransform = (input: unknown) => unknown;
type TransformClass = new (...args: unknown[]) => AnyTransform;

const fixtures = loadFixtures<TransformFixtures>('transforms');
const classes = transforms as unknown as Record<string, TransformClass>;

function make(name: string, args: FixtureValue[], kwargs: Record<string, FixtureValue> = {}): AnyTransform {
  const options =
    Object.keys(kwargs).length > 0 ? [camelKeys(decode(kwargs) as Record<string, unknown>)] : [];
  return new classes[name]!(...args.map((arg) => decode(arg)), ...options);
}

describe('parity: transforms', () => {
  for (const { image, transform, args, kwargs, results, seed, next } of fixtures.rows) {
    const given = fixtures.images[image]!;
    const call = `${transform}(${JSON.stringify([...args, kwargs]).slice(1, -1)})`;
    it(`${call} of ${image}, ${given.width}×${given.height}${seed === undefined ? '' : `, seed ${seed}`}`, () => {
      const made = make(transform, args, kwargs);
      if (seed !== undefined) torch.manualSeed(seed);
      results.forEach((expected, i) => {
        const actual = made(imageOf(given));
        if ('tensor' in expected) expectTensor(actual, expected.tensor, `result ${i}`);
        else expectImage(actual, expected.image, `result ${i}`);
      });
      if (next) expect(torch.rand(2).tolist(), 'the next random numbers').to.deep.equal(next);
    });
  }

  for (const { input, mean, std, result } of fixtures.normalize) {
    it(`Normalize(${JSON.stringify([mean, std]).slice(1, -1)}) of ${input.shape.join('×')}`, () => {
      const before = toTensor(input);
      expectTensor(new transforms.Normalize({ mean, std })(before), result, 'by options');
      expectTensor(new transforms.Normalize(mean, std)(before), result, 'by position');
      expectTensor(before, input, 'the input is left as it was');
    });
  }

  for (const { image, steps, seed, results } of fixtures.chains) {
    it(`Compose of ${steps.map(([name, args]) => `${name}(${JSON.stringify(args).slice(1, -1)})`).join(', ')}`, () => {
      const chain = steps.map(([name, args]) => make(name, args));
      const composed = new classes.Compose!(chain);
      torch.manualSeed(seed);
      results.forEach((expected, i) => {
        expectTensor(composed(imageOf(fixtures.images[image]!)), expected, `result ${i}`);
      });
    });
  }
});
