import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import * as torch from 'torchts';
import { nn, safetensors, type Tensor } from 'torchts';
import { randomNumbers } from './crafted.js';
import { fixture, inFolder, refusal } from './files.js';

/** A file with this header (an object, or text as it is) and this many bytes of data. */
function file(header: unknown, dataBytes = 0, length?: bigint): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(length ?? BigInt(json.length));
  return Buffer.concat([head, json, Buffer.alloc(dataBytes)]);
}

const f32 = (shape: unknown, offsets: unknown, dtype: unknown = 'F32'): object => ({
  dtype,
  shape,
  data_offsets: offsets,
});

describe('safetensors', () => {
  it('reads a file of Python', async () => {
    const back = await safetensors.loadFile(fixture('python.safetensors'));
    expect(Object.getPrototypeOf(back)).to.equal(null);
    expect(back.weight!.tolist()).to.deep.equal([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(back.half!.dtype).to.equal('float16');
    expect(back.half!.tolist()).to.deep.equal([1.5, -2]);
    expect(back.bf!.tolist()).to.deep.equal([0.5]);
    expect(back.ints!.tolist({ bigint: true })).to.deep.equal([1n, -(2n ** 60n)]);
    expect(back.flag!.tolist()).to.deep.equal([true, false]);
    expect(back.scalar!.shape).to.deep.equal([]);
    expect(back.scalar!.item()).to.equal(2.5);
    expect(back.empty!.shape).to.deep.equal([0, 3]);
    expect(back.f8!.tolist()).to.deep.equal([1.5]);
    expect(back.u16!.tolist()).to.deep.equal([65535]);
    expect(back.c!.tolist()).to.deep.equal([{ re: 1, im: 2 }]);
    expect({ ...(await safetensors.loadMetadata(fixture('python.safetensors'))) }).to.deep.equal({
      format: 'pt',
      note: 'Grüße',
    });
  });

  it('writes what it reads, from a path, a URL or bytes', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'x.safetensors');
      const tensors = await safetensors.loadFile(fixture('python.safetensors'));
      await safetensors.saveFile(tensors, path, { format: 'pt' });
      const back = await safetensors.loadFile(readFileSync(path));
      expect(Object.keys(back).sort()).to.deep.equal(Object.keys(tensors).sort());
      for (const [name, tensor] of Object.entries(tensors)) {
        expect(back[name]!.dtype, name).to.equal(tensor.dtype);
        expect(back[name]!.shape, name).to.deep.equal(tensor.shape);
        expect(back[name]!.tolist({ bigint: true }), name).to.deep.equal(tensor.tolist({ bigint: true }));
      }
      expect(await safetensors.loadMetadata(path)).to.have.property('format', 'pt');
      expect(readdirSync(folder)).to.deep.equal(['x.safetensors']);
    });
  });

  it('parts of tensors, turned ones and parameters are written by their values', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'x.safetensors');
      const base = torch.arange(6, { dtype: 'float32' }).view(2, 3);
      const model = new nn.Linear(2, 1);
      await safetensors.saveFile(
        new Map([
          ['row', base.index(1)],
          ['turned', torch.arange(4).view(2, 2).t()],
        ]),
        path,
      );
      const back = await safetensors.loadFile(path);
      expect(back.row!.tolist()).to.deep.equal([3, 4, 5]);
      expect(back.turned!.tolist()).to.deep.equal([
        [0, 2],
        [1, 3],
      ]);
      await safetensors.saveFile(model.stateDict() as Record<string, Tensor>, path);
      new nn.Linear(2, 1).loadStateDict(await safetensors.loadFile(path));
    });
  });

  it('tensors begin at multiples of their elements', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'x.safetensors');
      await safetensors.saveFile(
        { a: torch.ones(3, { dtype: 'uint8' }), b: torch.ones(1, { dtype: 'float64' }), c: torch.ones(1) },
        path,
      );
      const bytes = readFileSync(path);
      const length = Number(bytes.readBigUInt64LE(0));
      expect((8 + length) % 8).to.equal(0);
      expect(JSON.parse(bytes.toString('utf8', 8, 8 + length))).to.deep.equal({
        b: { dtype: 'F64', shape: [1], data_offsets: [0, 8] },
        c: { dtype: 'F32', shape: [1], data_offsets: [8, 12] },
        a: { dtype: 'U8', shape: [3], data_offsets: [12, 15] },
      });
    });
  });

  it('what the format cannot hold is refused', async () => {
    const base = torch.ones(4);
    const save = (value: unknown, metadata?: unknown): Promise<torch.TorchError> =>
      refusal(safetensors.saveFile(value as never, '/nowhere/x.safetensors', metadata as never));
    expect((await save({ a: base, b: base })).message).to.match(/'a' and 'b' share memory/);
    expect((await save({ a: base, b: base.index('1:3') })).message).to.match(/share memory/);
    expect((await save({ a: 1 })).message).to.match(/'a' is no tensor/);
    expect((await save([base])).code).to.equal('ERR_ARGUMENT');
    expect((await save({ a: torch.zeros(1, { dtype: 'complex128' }) })).code).to.equal('ERR_DTYPE');
    expect((await save({ a: torch.zeros(1, { device: 'meta' }) })).message).to.match(/meta device/);
    expect((await save({ a: base }, { epoch: 3 })).message).to.match(/'epoch' must be a string/);
    expect(
      (await save({ a: base.index(':2'), b: base.index('2:') })).message,
      'parts that do not overlap are fine',
    ).to.match(/could not be written/);
  });

  for (const [name, bytes] of [
    ['nothing', Buffer.alloc(0)],
    ['seven bytes', Buffer.alloc(7)],
    ['a header longer than the file', file({}, 0, 1000n)],
    ['a header of 2^63 bytes', file({}, 0, 2n ** 63n)],
    ['a header beyond the limit of the format', file({}, 0, 100_000_001n)],
    ['a header that is no JSON', file('{"a"', 0)],
    ['a header that is a list', file('[]', 0)],
    ['a header that begins with a space', file(' {}', 0)],
    ['a header that is no UTF-8', Buffer.concat([file('{}', 0, 3n), Buffer.from([0xff])])],
    ['an unknown dtype', file({ a: f32([1], [0, 4], 'F31') }, 4)],
    ['a dtype by the name of a method', file({ a: f32([1], [0, 4], 'constructor') }, 4)],
    ['a negative size', file({ a: f32([-1], [0, 4]) }, 4)],
    ['a size that is none', file({ a: f32([1.5], [0, 6]) }, 6)],
    ['sizes whose product overflows', file({ a: f32([2 ** 40, 2 ** 40, 0.25], [0, 4]) }, 4)],
    ['sizes of 2^80 elements', file({ a: f32([2 ** 40, 2 ** 40], [0, 4]) }, 4)],
    ['offsets that do not fit the shape', file({ a: f32([2], [0, 4]) }, 4)],
    ['offsets in reverse', file({ a: f32([1], [4, 0]) }, 4)],
    ['offsets beyond the file', file({ a: f32([1], [0, 4]) }, 3)],
    ['data that follow the last tensor', file({ a: f32([1], [0, 4]) }, 5)],
    ['a gap between tensors', file({ a: f32([1], [0, 4]), b: f32([1], [5, 9]) }, 9)],
    ['tensors that overlap', file({ a: f32([2], [0, 8]), b: f32([1], [4, 8]) }, 8)],
    ['metadata that are no strings', file({ __metadata__: { a: 1 } })],
    ['a tensor that is null', file({ a: null })],
  ] as const)
    it(`refused: ${name}`, async () => {
      expect((await refusal(safetensors.loadFile(bytes))).code).to.equal('ERR_FILE');
      await inFolder(async (folder) => {
        const path = join(folder, 'evil.safetensors');
        writeFileSync(path, bytes);
        expect((await refusal(safetensors.loadFile(path))).message).to.include('evil.safetensors');
      });
    });

  it('names that JavaScript knows are names like others', async () => {
    const bytes = file(
      '{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"constructor":{"dtype":"F32","shape":[0],"data_offsets":[4,4]}}',
      4,
    );
    const back = await safetensors.loadFile(bytes);
    expect(Object.keys(back)).to.deep.equal(['__proto__', 'constructor']);
  });

  it('a file that is not there, a device that is none', async () => {
    expect((await refusal(safetensors.loadFile('/no/such.safetensors'))).message).to.include(
      '/no/such.safetensors',
    );
    expect(
      (await refusal(safetensors.loadFile(fixture('python.safetensors'), { device: 'gpu' }))).code,
    ).to.equal('ERR_DEVICE');
  });

  it('whatever bits are flipped, it is read or refused', async () => {
    const good = readFileSync(fixture('python.safetensors'));
    const random = randomNumbers(7);
    for (let round = 0; round < 500; round++) {
      const bytes = Buffer.from(good);
      bytes[random(bytes.length)]! ^= 1 << random(8);
      const outcome: unknown = await safetensors.loadFile(bytes).catch((error: unknown) => error);
      if (outcome instanceof Error)
        expect(outcome, `round ${round}: ${outcome.stack}`).to.be.instanceOf(torch.TorchError);
    }
  });
});
