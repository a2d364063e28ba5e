import { expect } from 'chai';
import * as torch from 'torchts';
import type { Tensor } from 'torchts';
import {
  decode,
  expectTensor,
  type FixtureTensor,
  type FixtureValue,
  isFixtureTensor,
  loadFixtures,
  toTensor,
} from '../support/fixtures.js';

interface Get {
  base: string;
  index: FixtureValue[];
  result: FixtureTensor;
  view?: boolean;
}

interface Put {
  base: string;
  index: FixtureValue[];
  value: FixtureValue;
  accumulate?: boolean;
  after: FixtureTensor;
}

interface Refused {
  base: string;
  index: FixtureValue[];
  error: string;
  message: string;
}

interface IndexingFixtures {
  bases: Record<string, FixtureTensor>;
  gets: Get[];
  puts: Put[];
  errors: Refused[];
}

type Index = Parameters<Tensor['index']>[number];

const fixtures = loadFixtures<IndexingFixtures>('indexing');

function baseOf(name: string): Tensor {
  const made = toTensor(fixtures.bases[name]!);
  // A transposed tensor is rebuilt as one, so that views of strided memory are tested.
  return name === 'transposed' ? made.t().contiguous().t() : made;
}

const indexOf = (items: FixtureValue[]): Index[] => items.map((item) => decode(item) as Index);

function describeIndex(items: FixtureValue[]): string {
  return items
    .map((item) => (isFixtureTensor(item) ? `${item.dtype}[${item.shape}]` : JSON.stringify(item)))
    .join(', ');
}

describe('parity: indexing', () => {
  for (const { base, index, result, view } of fixtures.gets) {
    it(`${base}.index(${describeIndex(index)})`, () => {
      const source = baseOf(base);
      const before = source.clone();
      const actual = source.index(...indexOf(index));
      expectTensor(actual, result);
      if (view !== undefined) {
        actual.fill_(99);
        expect(!torch.equal(before, source), 'the result is a view').to.equal(view);
      }
    });
  }

  for (const { base, index, value, accumulate, after } of fixtures.puts) {
    it(`${base}.indexPut_([${describeIndex(index)}], …${accumulate ? ', { accumulate: true }' : ''})`, () => {
      const source = baseOf(base);
      const given = decode(value) as Tensor | number;
      const result = accumulate
        ? source.indexPut_(indexOf(index), given, { accumulate: true })
        : source.indexPut_(indexOf(index), given);
      expect(result).to.equal(source);
      expectTensor(source, after);
    });
  }

  for (const { base, index, error, message } of fixtures.errors) {
    it(`${base}.index(${describeIndex(index)}) is refused: ${message}`, () => {
      let thrown: unknown;
      try {
        baseOf(base).index(...indexOf(index));
      } catch (caught) {
        thrown = caught;
      }
      expect(thrown).to.be.instanceOf(torch.TorchError);
      if (error === 'IndexError') expect((thrown as torch.TorchError).code).to.equal('ERR_INDEX');
    });
  }
});

describe('parity: index forms of TypeScript', () => {
  it('torch.slice(start, stop, step) is a slice', () => {
    const x = torch.arange(10);
    expect(x.index(torch.slice(1, 9, 3)).tolist()).to.deep.equal([1, 4, 7]);
    expect(x.index(torch.slice(null, 3)).tolist()).to.deep.equal([0, 1, 2]);
    expect(x.index(torch.slice(-3, null)).tolist()).to.deep.equal([7, 8, 9]);
  });
});
