import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import * as torch from 'torchts';
import { nn, type Tensor } from 'torchts';
import {
  expectTensor,
  expectValue,
  fixturePath,
  type FixtureTensor,
  type FixtureValue,
  loadFixtures,
} from '../support/fixtures.js';

type Key = string | number;

type Tree =
  | { kind: 'tensor' | 'parameter'; value: FixtureTensor; requiresGrad: boolean }
  | { kind: 'dict'; entries: [key: Key, value: Tree][] }
  | { kind: 'list'; items: Tree[] }
  | { kind: 'value'; value: FixtureValue };

interface SerializationFixtures {
  files: { file: string; content: Tree }[];
  refused: { file: string; why: string }[];
}

const fixtures = loadFixtures<SerializationFixtures>('serialization');
const pathOf = (file: string): string => fixturePath('serialization', file);

function expectDict(actual: unknown, entries: [key: Key, value: Tree][], where: string): void {
  const keys = entries.map(([key]) => key);
  let get: (key: Key) => unknown;
  if (keys.every((key) => typeof key === 'string')) {
    expect(Object.getPrototypeOf(actual), `${where}: a plain object without prototype`).to.equal(null);
    expect(Object.keys(actual as object), where).to.deep.equal(keys);
    get = (key) => (actual as Record<Key, unknown>)[key];
  } else {
    expect(actual, where).to.be.instanceOf(Map);
    expect([...(actual as Map<Key, unknown>).keys()], where).to.deep.equal(keys);
    get = (key) => (actual as Map<Key, unknown>).get(key);
  }
  for (const [key, value] of entries) expectTree(get(key), value, `${where}.${key}`);
}

function expectTree(actual: unknown, tree: Tree, where: string): void {
  switch (tree.kind) {
    case 'tensor':
    case 'parameter':
      expectTensor(actual, tree.value, where);
      expect((actual as Tensor).requiresGrad, `${where}: requiresGrad`).to.equal(tree.requiresGrad);
      expect(actual instanceof nn.Parameter, `${where}: a parameter`).to.equal(tree.kind === 'parameter');
      break;
    case 'dict':
      expectDict(actual, tree.entries, where);
      break;
    case 'list':
      expect(actual, where).to.be.an('array').with.lengthOf(tree.items.length);
      tree.items.forEach((item, i) => {
        expectTree((actual as unknown[])[i], item, `${where}[${i}]`);
      });
      break;
    case 'value':
      expectValue(actual, tree.value, where, { rtol: 0, atol: 0 });
  }
}

describe("parity: files written by Python's torch.save", () => {
  for (const { file, content } of fixtures.files) {
    it(`${file} holds what Python put there`, async () => {
      expectTree(await torch.load(pathOf(file)), content, file);
    });

    it(`${file} survives save and load`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'torchts-'));
      try {
        const copy = join(folder, file);
        await torch.save(await torch.load(pathOf(file)), copy);
        expectTree(await torch.load(copy), content, file);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }

  it('views of one storage share it after loading', async () => {
    const { base, row, transposed, strided } = (await torch.load(pathOf('views.pth'))) as Record<
      string,
      Tensor
    >;
    expect(transposed!.stride()).to.deep.equal([1, 4]);
    expect(strided!.stride()).to.deep.equal([4, 2]);
    base!.fill_(7);
    for (const view of [row, transposed, strided]) expect(view!.eq(7).all().item()).to.equal(true);
  });

  it('one tensor under two names is one tensor', async () => {
    const { a, b } = (await torch.load(pathOf('same-object.pth'))) as Record<string, Tensor>;
    a!.fill_(5);
    expect(b!.tolist()).to.deep.equal([5, 5]);
  });

  it('a file in the format before the zip is read, or refused with its reason', async () => {
    const loaded = await torch.load(pathOf('legacy.pth')).catch((error: unknown) => error);
    if (loaded instanceof torch.TorchError) expect(loaded.message).to.match(/zip|legacy|old/i);
    else expect((loaded as Record<string, Tensor>).x!.tolist()).to.deep.equal([1, 1]);
  });
});

describe('parity: files that Python refuses', () => {
  for (const { file, why } of fixtures.refused) {
    it(`${file}: ${why}`, async () => {
      const loaded: unknown = await torch.load(pathOf(file)).catch((error: unknown) => error);
      expect(loaded).to.be.instanceOf(torch.TorchError);
      expect((loaded as torch.TorchError).message, 'the message names the file').to.include(file);
    });
  }

  it('nothing in such a file was run', () => {
    expect(existsSync('/tmp/torchts-was-here')).to.equal(false);
  });
});
