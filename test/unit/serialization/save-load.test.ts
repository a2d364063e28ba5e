import { chmodSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import * as torch from 'torchts';
import { nn, type Tensor } from 'torchts';
import * as modules from '../../../lib/index.js';
import { toBuffer } from '../../../lib/serialization/index.js';
import { fixture, inFolder, refusal, throughFile } from './files.js';

const dtypes = [
  'float32',
  'float64',
  'float16',
  'bfloat16',
  'int64',
  'int32',
  'int16',
  'int8',
  'uint8',
  'bool',
  'complex64',
  'complex128',
  'uint16',
  'uint32',
  'uint64',
  'float8_e4m3fn',
  'float8_e5m2',
] as const;

describe('torch.save and torch.load: values', () => {
  it('plain values come back as they were', async () => {
    const value = {
      int: 7,
      minus: -70000,
      big: 2 ** 40,
      float: 0.1,
      yes: true,
      nothing: null,
      text: 'Grüße 🌍',
      list: [1, [2, 'x']],
    };
    expect({ ...(await throughFile(value)) }).to.deep.equal(value);
  });

  it('the largest and smallest numbers of each width', async () => {
    const numbers = [
      0,
      255,
      256,
      65535,
      65536,
      2 ** 31 - 1,
      2 ** 31,
      -1,
      -(2 ** 31),
      -(2 ** 31) - 1,
      2 ** 53 - 1,
      -(2 ** 53) + 1,
    ];
    expect(await throughFile(numbers)).to.deep.equal(numbers);
  });

  it('numbers that are no whole ones, and those beyond 2^53', async () => {
    const back = await throughFile([0.5, 1e300, -0, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60]);
    expect(back[0]).to.equal(0.5);
    expect(back[1]).to.equal(1e300);
    expect(Object.is(back[2], -0)).to.equal(true);
    expect(back[3]).to.satisfy(Number.isNaN);
    expect(back.slice(4)).to.deep.equal([Number.POSITIVE_INFINITY, 2 ** 60]);
  });

  it('bigints: small ones become numbers, large ones stay exact', async () => {
    const large = [2n ** 53n, -(2n ** 63n), 2n ** 64n - 1n, 2n ** 100n, -(2n ** 100n)];
    expect(await throughFile(large)).to.deep.equal(large);
    expect(await throughFile([5n])).to.deep.equal([5]);
  });

  it('a dict with string keys is an object without prototype, any other a Map', async () => {
    const back = await throughFile({
      strings: { a: 1 },
      mixed: new Map<unknown, unknown>([
        [0, 'a'],
        ['b', 1],
        [0.5, null],
        [true, 2],
      ]),
    });
    expect(Object.getPrototypeOf(back.strings)).to.equal(null);
    expect([...back.mixed]).to.deep.equal([
      [0, 'a'],
      ['b', 1],
      [0.5, null],
      [true, 2],
    ]);
  });

  it('the key __proto__ is a key like another', async () => {
    const value = Object.assign(Object.create(null), { ['__proto__']: 1 }) as Record<string, number>;
    const back = await throughFile(value);
    expect(Object.keys(back)).to.deep.equal(['__proto__']);
    expect(Object.getPrototypeOf({}), 'nothing was polluted').to.equal(Object.prototype);
  });

  it('bytes, sets, complex numbers, devices', async () => {
    const back = await throughFile({
      bytes: Uint8Array.of(0, 127, 255),
      set: new Set([1, 'x']),
      z: { re: 1.5, im: -2 },
      device: torch.device('cuda:1'),
    });
    expect([...back.bytes]).to.deep.equal([0, 127, 255]);
    expect(back.set).to.deep.equal(new Set([1, 'x']));
    expect(back.z).to.deep.equal({ re: 1.5, im: -2 });
    expect(back.device.toString()).to.equal('cuda:1');
  });

  it('an object under two names is one object, and long texts are written once', async () => {
    const shared = { text: 'x'.repeat(1000) };
    const back = await throughFile({ a: shared, b: shared, c: [shared.text, shared.text] });
    expect(back.a).to.equal(back.b);
    expect(torch.save !== undefined && (await sizeOf({ c: Array(50).fill(shared.text) }))).to.be.below(4000);
  });

  it('half a surrogate pair survives', async () => {
    expect(await throughFile(['a\ud800b', '\udc00'])).to.deep.equal(['a\ud800b', '\udc00']);
  });

  async function sizeOf(value: unknown): Promise<number> {
    return inFolder(async (folder) => {
      await torch.save(value, join(folder, 'x.pth'));
      return statSync(join(folder, 'x.pth')).size;
    });
  }

  for (const [name, value, message] of [
    ['a function', { f: () => 1 }, /value\.f: it is the function/],
    ['undefined', { a: [1, undefined] }, /value\.a\[1\]: it is undefined/],
    ['a symbol', [Symbol('x')], /value\[0\]: it is a symbol/],
    ['an instance of a class', { when: new Date() }, /value\.when: it is a Date/],
    ['a typed array', { x: new Float32Array(2) }, /value\.x: it is a Float32Array/],
    ['an object as a key', new Map([[{}, 1]]), /as a key/],
  ] as const)
    it(`${name} is refused, with where it is`, async () => {
      const error = await refusal(torch.save(value, '/nowhere/x.pth'));
      expect(error.code).to.equal('ERR_ARGUMENT');
      expect(error.message).to.match(message);
    });

  it('a module is refused with the remedy', async () => {
    const error = await refusal(torch.save({ model: new nn.Linear(1, 1) }, '/nowhere/x.pth'));
    expect(error.message).to.match(/value\.model.*stateDict\(\)/);
  });

  it('a value that contains itself, and one too deep, are refused', async () => {
    const circle: unknown[] = [];
    circle.push(circle);
    expect((await refusal(torch.save(circle, '/nowhere/x.pth'))).message).to.match(
      /value\[0\]: it contains itself/,
    );
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect((await refusal(torch.save(deep, '/nowhere/x.pth'))).message).to.match(/levels deep/);
  });
});

describe('torch.save and torch.load: tensors', () => {
  for (const dtype of dtypes)
    it(`${dtype}`, async () => {
      const tensor = torch.tensor([0, 1, 1, 0, 1, 1]).to(dtype).view(2, 3);
      const back = await throughFile(tensor);
      expect(back.dtype).to.equal(dtype);
      expect(back.shape).to.deep.equal([2, 3]);
      expect(back.tolist()).to.deep.equal(tensor.tolist());
    });

  it('no dimensions, no elements', async () => {
    const back = await throughFile({ scalar: torch.tensor(2.5), empty: torch.zeros(0, 3) });
    expect(back.scalar.shape).to.deep.equal([]);
    expect(back.scalar.item()).to.equal(2.5);
    expect(back.empty.shape).to.deep.equal([0, 3]);
  });

  it('views share memory again, with their strides', async () => {
    const base = torch.arange(12, { dtype: 'float32' }).view(3, 4);
    const back = await throughFile({
      base,
      row: base.index(1),
      columns: base.index(':', '::2'),
      turned: base.t(),
    });
    expect(back.columns.stride()).to.deep.equal([4, 2]);
    expect(back.turned.stride()).to.deep.equal([1, 4]);
    back.base.fill_(7);
    for (const view of [back.row, back.columns, back.turned]) expect(view.eq(7).all().item()).to.equal(true);
  });

  it('an expanded tensor is as small in the file as in memory', async () => {
    await inFolder(async (folder) => {
      await torch.save(torch.ones(1).expand(1000, 1000), join(folder, 'x.pth'));
      expect(statSync(join(folder, 'x.pth')).size).to.be.below(3000);
      expect(((await torch.load(join(folder, 'x.pth'))) as Tensor).stride()).to.deep.equal([0, 0]);
    });
  });

  it('parameters and requiresGrad', async () => {
    const back = await throughFile({
      weight: new nn.Parameter(torch.ones(2)),
      frozen: new nn.Parameter(torch.ones(2), { requiresGrad: false }),
      leaf: torch.ones(2, { requiresGrad: true }),
      result: torch.ones(2, { requiresGrad: true }).mul(2),
    });
    expect(back.weight).to.be.instanceOf(nn.Parameter);
    expect([back.weight.requiresGrad, back.frozen.requiresGrad, back.leaf.requiresGrad]).to.deep.equal([
      true,
      false,
      true,
    ]);
    expect(back.frozen).to.be.instanceOf(nn.Parameter);
    expect(back.result.isLeaf, 'history is not written').to.equal(true);
    expect(back.result.tolist()).to.deep.equal([2, 2]);
  });

  it('conjugated tensors, sparse tensors, tensors without data', async () => {
    const dense = torch.tensor([
      [0, 2],
      [3, 0],
    ]);
    const back = await throughFile({
      conj: torch.tensor([{ re: 1, im: 2 }]).conj(),
      coo: torch.ops.aten!.to_sparse!(dense) as Tensor,
      csr: torch.ops.aten!.to_sparse_csr!(dense) as Tensor,
      meta: torch.empty(2, 3, { device: 'meta' }),
    });
    expect(back.conj.tolist()).to.deep.equal([{ re: 1, im: -2 }]);
    expect(back.coo.toDense().tolist()).to.deep.equal([
      [0, 2],
      [3, 0],
    ]);
    expect(back.csr.layout).to.equal('sparseCsr');
    expect(back.csr.toDense().tolist()).to.deep.equal([
      [0, 2],
      [3, 0],
    ]);
    expect(back.meta.isMeta).to.equal(true);
  });

  it('two dtypes over one memory are refused, as in Python', async () => {
    const x = torch.zeros(4);
    const error = await refusal(torch.save([x, x.view('int32' as never)], '/nowhere/x.pth'));
    expect(error.message).to.match(/views the same memory as another tensor with another dtype/);
  });

  it('a state dict keeps its order and loads into a module', async () => {
    const model = new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm2d(4));
    const back = await throughFile(model.stateDict());
    expect(Object.keys(back)).to.deep.equal(Object.keys(model.stateDict()));
    new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm2d(4)).loadStateDict(back);
  });

  it('many tensors of some megabytes are written and read side by side', async () => {
    const tensors = Array.from({ length: 40 }, (_, i) => torch.full([65536 + i], i));
    const back = await throughFile(tensors);
    back.forEach((tensor, i) => {
      expect(tensor.numel()).to.equal(65536 + i);
      expect(tensor.eq(i).all().item()).to.equal(true);
    });
  });

  it('a large tensor is read in pieces, each of which its checksum covers', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'large.pth');
      const value = torch.rand(1_400_001);
      await torch.save([value, torch.ones(3)], path);
      const [back] = (await torch.load(path)) as Tensor[];
      expect(torch.equal(back!, value)).to.equal(true);
      const bytes = readFileSync(path);
      const start = bytes.indexOf(Buffer.from(value.narrow(0, 0, 8).toTypedArray({ as: 'float32' }).buffer));
      for (const at of [0, 2 ** 21, 4 * 1_400_001 - 1]) {
        bytes[start + at]! ^= 4;
        writeFileSync(path, bytes);
        expect((await refusal(torch.load(path))).message, `byte ${at}`).to.match(/checksum/);
        bytes[start + at]! ^= 4;
      }
    });
  });

  it('what a loop loads and drops does not pile up', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'dropped.pth');
      await torch.save({ a: torch.rand(2 ** 21), b: torch.rand(2 ** 20) }, path);
      const before = torch.memoryStats().bytes;
      let most = 0;
      for (let i = 0; i < 60; i++) {
        await torch.load(path);
        most = Math.max(most, torch.memoryStats().bytes - before);
      }
      // 720 MiB in all.
      expect(most).to.be.below(2 ** 20 * 320);
    });
  });

  it('bytes in memory are the same file', async () => {
    // `toBuffer` is no part of the package: it knows the tensors of its own modules, not of their bundle.
    const value = { x: modules.arange(5), part: modules.arange(10).index('2:4'), n: 3 };
    const bytes = toBuffer(value);
    const back = (await torch.load(bytes)) as typeof value;
    expect(back.x.tolist()).to.deep.equal([0, 1, 2, 3, 4]);
    expect(back.part.tolist()).to.deep.equal([2, 3]);
    await inFolder(async (folder) => {
      await modules.save(value, join(folder, 'archive.pth'));
      expect(readFileSync(join(folder, 'archive.pth')).equals(bytes)).to.equal(true);
    });
  });

  it('the modes of other flows do not matter', async () => {
    const bytes = toBuffer({ x: modules.ones(2) });
    const busy = torch.inferenceMode(async () => {
      for (let i = 0; i < 200; i++) {
        torch.ones(1);
        await new Promise(setImmediate);
      }
    });
    for (let i = 0; i < 5; i++) {
      const { x } = (await torch.load(bytes)) as { x: Tensor };
      expect(x.isInference()).to.equal(false);
    }
    await busy;
  });

  it('loading does not hold the event loop', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'x.pth');
      await torch.save(
        Array.from({ length: 4 }, () => torch.zeros(2 ** 20)),
        path,
      );
      let turns = 0;
      const timer = setInterval(() => turns++, 0);
      await torch.load(path);
      clearInterval(timer);
      expect(turns, 'other work ran meanwhile').to.be.above(0);
    });
  });
});

describe('torch.save: the file', () => {
  it('takes a file URL; bytes are read too', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'x.pth');
      await torch.save({ x: torch.ones(2) }, pathToFileURL(path));
      for (const file of [pathToFileURL(path), readFileSync(path), new Uint8Array(readFileSync(path)).buffer])
        expect(((await torch.load(file)) as { x: Tensor }).x.tolist()).to.deep.equal([1, 1]);
    });
  });

  it('lies uncompressed at multiples of 64 bytes, in a folder of its own name', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'my.model.pth');
      await torch.save([torch.full([3], 1.5), torch.full([5], 2.5)], path);
      const bytes = readFileSync(path);
      expect(bytes.toString('latin1')).to.include('my.model/data.pkl').and.to.include('my.model/data/1');
      for (const value of [1.5, 2.5]) {
        const pattern = Buffer.from(Float32Array.of(value, value, value).buffer);
        expect(bytes.indexOf(pattern) % 64).to.equal(0);
      }
    });
  });

  it('replaces the old file at the end, keeps its mode and follows links', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'x.pth');
      writeFileSync(path, 'old');
      chmodSync(path, 0o640);
      symlinkSync(path, join(folder, 'link.pth'));
      await torch.save([1], join(folder, 'link.pth'));
      expect(await torch.load(path)).to.deep.equal([1]);
      expect(statSync(path).mode & 0o777).to.equal(0o640);
      expect(readdirSync(folder).sort()).to.deep.equal(['link.pth', 'x.pth']);
    });
  });

  it('a failure leaves the old file and nothing else', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'x.pth');
      await torch.save([1], path);
      await refusal(torch.save([() => 1], path));
      expect(await torch.load(path)).to.deep.equal([1]);
      const error = await refusal(torch.save([1], folder));
      expect(error.message).to.match(/could not be written: it is a directory/);
      expect(readdirSync(folder)).to.deep.equal(['x.pth']);
    });
  });

  it('a full disk is called that', async function () {
    const full = '/dev/full';
    if (process.platform !== 'linux') this.skip();
    // The device that is always full cannot be replaced, so the write is tried on it directly.
    const { native } = await import('../../../lib/native.js');
    const { open } = await import('node:fs/promises');
    const file = await open(full, 'r+');
    try {
      const error = await refusal(
        native.writeStorages(file.fd, Float64Array.of(0), [torch.ones(100).handle]),
      );
      expect(error.message).to.match(/No space left on device/);
    } finally {
      await file.close();
    }
  });

  it('a folder that is not there is named', async () => {
    const error = await refusal(torch.save([1], '/no/such/folder/x.pth'));
    expect(error.code).to.equal('ERR_FILE');
    expect(error.message).to.include('/no/such/folder/x.pth').and.to.include('no such file or directory');
    expect((await refusal(torch.save([1], '' as string))).code).to.equal('ERR_ARGUMENT');
  });
});

describe('torch.load: files of Python', () => {
  it('the format before the zip', async () => {
    const back = (await torch.load(fixture('legacy.pth'))) as Record<string, Tensor>;
    expect(back.epoch).to.equal(3);
    expect(back.parameter).to.be.instanceOf(nn.Parameter);
    expect(back.ints!.tolist({ bigint: true })).to.deep.equal([1n, -(2n ** 60n)]);
    expect(back.transposed!.stride()).to.deep.equal([1, 4]);
    expect(back.row!.tolist()).to.deep.equal([4, 5, 6, 7]);
    back.base!.fill_(7);
    expect(back.row!.tolist()).to.deep.equal([7, 7, 7, 7]);
  });

  it('every kind of value', async () => {
    const back = await torch.load(fixture('kinds.pth'));
    expect([...back.bytes]).to.deep.equal([0, 255]);
    expect(Buffer.from(back.bytearray).toString()).to.equal('ab');
    expect(back.set).to.deep.equal(new Set([1, 2]));
    expect(back.complex).to.deep.equal({ re: 1.5, im: -2 });
    expect(back.dtype).to.equal(torch.float16);
    expect(back.device.toString()).to.equal('cuda:1');
    expect(back.size).to.deep.equal([2, 3]);
    expect({ ...back.counter }).to.deep.equal({ a: 2, b: 1 });
    expect(back.uint16.dtype).to.equal('uint16');
    expect(back.uint16.tolist()).to.deep.equal([1, 65535]);
    expect(back.float8.tolist()).to.deep.equal([1.5, -2]);
    expect(back.coo.toDense().tolist()).to.deep.equal([
      [0, 2],
      [3, 0],
    ]);
    expect(back.csr.toDense().tolist()).to.deep.equal([
      [0, 2],
      [3, 0],
    ]);
    expect(back.conj.tolist()).to.deep.equal([{ re: 1, im: -2 }]);
    expect(back.meta.isMeta).to.equal(true);
    expect(back.surrogate).to.equal('a\ud800b');
  });

  it('a tensor with attributes, without them', async () => {
    expect(((await torch.load(fixture('attributed.pth'))) as Tensor).tolist()).to.deep.equal([1, 2]);
  });

  it('a file of a big-endian machine', async () => {
    const back = await torch.load(fixture('big-endian.pth'));
    expect(back.f.tolist()).to.deep.equal([1.5, -2]);
    expect(back.c.tolist()).to.deep.equal([{ re: 1, im: 2 }]);
    expect(back.i.tolist()).to.deep.equal([258]);
  });

  it('a file that was packed again, compressed', async () => {
    const back = await torch.load(fixture('compressed.pth'));
    expect(back.zeros.numel()).to.equal(1000);
    expect(back.ones.tolist()).to.deep.equal([1, 1, 1]);
  });

  it('mapped into memory: changes stay private', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'x.pth');
      await torch.save({ x: torch.ones(1000) }, path);
      const { x } = (await torch.load(path, { mmap: true })) as { x: Tensor };
      x.fill_(2);
      expect(x.sum().item()).to.equal(2000);
      expect(((await torch.load(path)) as { x: Tensor }).x.sum().item()).to.equal(1000);
    });
  });

  it('pickle protocols that Python reads only without weights_only', async () => {
    const error = await refusal(torch.load(fixture('protocol4.pth')));
    expect(error.message).to.include('protocol4.pth');
    const back = (await torch.load(fixture('protocol4.pth'), { weightsOnly: false })) as { x: Tensor };
    expect(back.x.tolist()).to.deep.equal([1, 1]);
  });
});

describe('torch.load: mapLocation', () => {
  it('tensors of a CUDA device without CUDA: the error has the remedy', async function () {
    if (torch.cuda.isAvailable()) this.skip();
    const error = await refusal(torch.load(fixture('cuda.pth')));
    expect(error.code).to.equal('ERR_DEVICE');
    expect(error.message).to.match(
      /CUDA device but torch\.cuda\.isAvailable\(\) is false.*mapLocation: 'cpu'/s,
    );
  });

  for (const [name, mapLocation] of [
    ['a name', 'cpu'],
    ['a device', torch.device('cpu')],
    ['a Map', new Map([['cuda:0', 'cpu']])],
    ['an object', { 'cuda:0': 'cpu' }],
    [
      'a function that gives a device',
      (_: Tensor, location: string) => (location === 'cuda:0' ? 'cpu' : null),
    ],
    ['a function that gives the storage', (storage: Tensor) => storage],
  ] as const)
    it(`${name}`, async () => {
      const back = (await torch.load(fixture('cuda.pth'), { mapLocation })) as { ones: Tensor };
      expect(back.ones.device.type).to.equal('cpu');
      expect(back.ones.tolist()).to.deep.equal([1, 1, 1]);
    });

  it('the meta device: shapes without bytes', async () => {
    const back = (await torch.load(fixture('cuda.pth'), { mapLocation: 'meta' })) as { zeros: Tensor };
    expect(back.zeros.isMeta).to.equal(true);
    expect(back.zeros.shape).to.deep.equal([1000]);
  });

  it('what is none is refused', async () => {
    expect((await refusal(torch.load(fixture('cuda.pth'), { mapLocation: 'gpu' }))).code).to.equal(
      'ERR_DEVICE',
    );
    expect(
      (await refusal(torch.load(fixture('cuda.pth'), { mapLocation: true as never }))).message,
    ).to.include('mapLocation');
    expect(
      (await refusal(torch.load(fixture('cuda.pth'), { mapLocation: (() => 5.5) as never }))).message,
    ).to.match(/device index|mapLocation/);
    expect(
      (await refusal(torch.load(fixture('cuda.pth'), { maplocation: 'cpu' } as never))).message,
    ).to.include("'maplocation'");
  });
});
