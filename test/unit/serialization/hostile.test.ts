import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { deflateRawSync } from 'node:zlib';
import { expect } from 'chai';
import * as torch from 'torchts';
import type { Tensor } from 'torchts';
import { openSource } from '../../../lib/serialization/source.js';
import { ZipArchive } from '../../../lib/serialization/zip/reader.js';
import { fixturePath } from '../../support/fixtures.js';
import { archive, global, int, pickle, randomNumbers, tensorPickle, text, torchFile } from './crafted.js';
import { fixture, inFolder, refusal } from './files.js';

const eight = new Uint8Array(8);

/** The code of the refusal of a file's bytes. */
async function codeOf(bytes: Uint8Array): Promise<string> {
  return (await refusal(torch.load(bytes))).code;
}

/** A call of a global with arguments. */
const call = (module: string, name: string, ...args: Uint8Array[]): Uint8Array =>
  pickle(global(module, name), '(', ...args, 'tR');

describe('torch.load: evil pickles', () => {
  for (const [name, bytes] of [
    ['os.system', call('os', 'system', text('touch /tmp/torchts-was-here'))],
    ['posix.system', call('posix', 'system', text('true'))],
    ['builtins.eval', call('builtins', 'eval', text('1'))],
    ['__builtin__.eval, as Python 2 has it', call('__builtin__', 'eval', text('1'))],
    ['builtins.getattr', call('builtins', 'getattr', text('x'), text('upper'))],
    ['subprocess.Popen', call('subprocess', 'Popen', text('true'))],
    ['torch.load itself', call('torch', 'load', text('/etc/passwd'))],
    ['torch.hub.load', call('torch.hub', 'load', text('x'))],
    ['numpy', call('numpy.core.multiarray', '_reconstruct')],
    ['a constructor by its JavaScript name', call('constructor', 'constructor')],
    ['a name of Object.prototype', pickle(global('__proto__', 'toString'))],
    ['a dtype that is none', pickle(global('torch', 'constructor'))],
  ] as const)
    it(`${name} is refused as unsafe`, async () => {
      expect(await codeOf(torchFile(bytes))).to.equal('ERR_UNSAFE_FILE');
    });

  it('a value that is no function is not called', async () => {
    expect(await codeOf(torchFile(pickle(global('torch', 'float32'), ')R')))).to.equal('ERR_UNSAFE_FILE');
    expect(await codeOf(torchFile(pickle(global('torch', 'FloatStorage'), ')R')))).to.equal(
      'ERR_UNSAFE_FILE',
    );
    expect(await codeOf(torchFile(pickle(text('x'), ')R')))).to.equal('ERR_UNSAFE_FILE');
  });

  it('allowed functions with other arguments are refused, whatever those are', async () => {
    const functions = [
      ['torch._utils', '_rebuild_tensor_v2'],
      ['torch._utils', '_rebuild_tensor_v3'],
      ['torch._utils', '_rebuild_parameter'],
      ['torch._utils', '_rebuild_sparse_tensor'],
      ['torch._utils', '_rebuild_meta_tensor_no_storage'],
      ['torch._utils', '_rebuild_device_tensor_from_cpu_tensor'],
      ['torch._utils', '_rebuild_qtensor'],
      ['torch._tensor', '_rebuild_from_type_v2'],
      ['torch.serialization', '_get_layout'],
      ['torch', 'device'],
      ['torch', 'Size'],
      ['_codecs', 'encode'],
      ['builtins', 'bytearray'],
      ['builtins', 'set'],
      ['builtins', 'complex'],
      ['collections', 'OrderedDict'],
    ] as const;
    const odd = [text('x'), int(-1), pickle('}').subarray(2, 3), Buffer.from('N')];
    for (const [module, name] of functions)
      for (const argument of odd)
        for (const count of [1, 2, 7]) {
          const bytes = torchFile(call(module, name, ...Array<Uint8Array>(count).fill(argument)));
          const outcome: unknown = await torch.load(bytes).catch((error: unknown) => error);
          if (outcome instanceof Error)
            expect(outcome, `${name}(${count})`).to.be.instanceOf(torch.TorchError);
        }
  });

  it('a layout by the name of a method is none', async () => {
    expect(await codeOf(torchFile(call('torch.serialization', '_get_layout', text('constructor'))))).to.equal(
      'ERR_FILE',
    );
  });

  it('lists in lists, a hundred thousand deep, are read without recursion', async () => {
    const depth = 100_000;
    const bytes = torchFile(pickle(']'.repeat(depth), 'a'.repeat(depth - 1)));
    let value: unknown = await torch.load(bytes);
    let levels = 1;
    while ((value as unknown[]).length > 0) {
      value = (value as unknown[])[0];
      levels++;
    }
    expect(levels).to.equal(depth);
  });

  it('values that double again and again stay shared', async () => {
    // A list of two of the same list, sixty times: written out it would have 2^60 elements.
    const doubled = Array.from({ length: 60 }, (_, i) => [
      0x5d,
      0x71,
      i,
      0x28,
      ...(i > 0 ? [0x68, i - 1, 0x68, i - 1] : []),
      0x65,
    ]);
    const bytes = torchFile(pickle(...doubled));
    const error: unknown = await torch.load(bytes).catch((e: unknown) => e);
    if (error instanceof Error) expect(error).to.be.instanceOf(torch.TorchError);
  });

  it('a string that says it is longer than the file', async () => {
    expect(await codeOf(torchFile(pickle([0x58, 0xff, 0xff, 0xff, 0xff])))).to.equal('ERR_FILE');
  });

  it('a persistent id that is no storage', async () => {
    expect(await codeOf(torchFile(pickle(text('x'), 'Q')))).to.equal('ERR_FILE');
    expect(await codeOf(torchFile(pickle('(', text('module'), text('x'), 'tQ')))).to.equal('ERR_FILE');
    expect(await codeOf(torchFile(pickle('(', text('storage'), text('x'), 'tQ')))).to.equal('ERR_FILE');
  });
});

describe('torch.load: tensors beyond their storage', () => {
  it('the tensor itself is fine', async () => {
    expect(((await torch.load(torchFile(tensorPickle(), { 0: eight }))) as Tensor).tolist()).to.deep.equal([
      0, 0,
    ]);
  });

  const big = 2n ** 62n;
  for (const [name, options] of [
    ['more elements', { size: [3] }],
    ['a stride that leads out', { size: [2], stride: [2] }],
    ['an offset that leads out', { offset: 1 }],
    ['a negative offset', { offset: -1 }],
    ['a negative size', { size: [-1] }],
    ['a negative stride', { stride: [-1] }],
    ['sizes whose product overflows 64 bits to a small number', { size: [big, 4, 2], stride: [0, 0, 1] }],
    ['a stride whose product overflows', { size: [3, 2], stride: [big, 1] }],
    ['an offset beyond 2^53', { offset: big }],
    ['a storage of 1 TB in a file of some kilobytes', { length: 2 ** 38, size: [2 ** 38] }],
    ['a storage of 2^60 elements', { length: 2n ** 60n, size: [2n ** 60n] }],
    ['a storage of -1 elements', { length: -1 }],
    ['sizes and strides of different number', { size: [1, 1], stride: [1] }],
    ['a hundred dimensions', { size: Array<number>(100).fill(1), stride: Array<number>(100).fill(1) }],
    ['an unknown storage', { type: 'NoStorage' }],
    ['an unknown place', { location: 'moon:0' }],
    ['a place that is a path', { location: '../../etc' }],
  ] as const)
    it(`${name}: refused`, async () => {
      const error = await refusal(torch.load(torchFile(tensorPickle(options as object), { 0: eight })));
      expect(error.code).to.be.oneOf(['ERR_FILE', 'ERR_UNSAFE_FILE', 'ERR_DEVICE']);
    });

  it('what is refused took no memory', async () => {
    const before = process.memoryUsage().rss;
    await refusal(torch.load(torchFile(tensorPickle({ length: 2 ** 38, size: [2 ** 38] }), { 0: eight })));
    expect(process.memoryUsage().rss - before).to.be.below(64 * 2 ** 20);
  });
});

describe('torch.load: broken and evil archives', () => {
  const good = torchFile(tensorPickle(), { 0: eight });

  it('every truncation is refused', async () => {
    for (let length = 0; length < good.length; length += 7)
      await refusal(torch.load(good.subarray(0, length)));
  });

  it('bytes that follow the end are refused', async () => {
    expect(await codeOf(Buffer.concat([good, Buffer.from('x')]))).to.equal('ERR_FILE');
  });

  it('a storage that was changed is found by its checksum, in memory and from a file', async () => {
    const changed = Buffer.from(good);
    changed[good.indexOf('x/data/0') + 64]! ^= 1;
    const at = changed.findIndex((byte, i) => byte !== good[i]);
    expect(at).to.be.above(0);
    const data = Buffer.from(torchFile(tensorPickle(), { 0: Buffer.from('abcdefgh') }));
    data[data.indexOf('abcdefgh')]! ^= 1;
    expect((await refusal(torch.load(data))).message).to.match(/checksum/);
    await inFolder(async (folder) => {
      const path = join(folder, 'bad.pth');
      writeFileSync(path, data);
      const error = await refusal(torch.load(path));
      expect(error.message)
        .to.match(/checksum/)
        .and.to.include('bad.pth');
    });
  });

  it('two records of one name', async () => {
    const twice = Buffer.from(archive({ 'data.pkl': pickle('N'), 'datb.pkl': pickle('N'), version: '3\n' }));
    let at = twice.indexOf('x/datb.pkl');
    while (at >= 0) {
      twice.write('x/data.pkl', at);
      at = twice.indexOf('x/datb.pkl');
    }
    expect((await refusal(torch.load(twice))).message).to.match(/two records/);
  });

  it('records that overlap', async () => {
    const bytes = Buffer.from(torchFile(tensorPickle(), { 0: eight, 1: eight }));
    const entry = bytes.lastIndexOf('x/data/1') - 46;
    const first = bytes.lastIndexOf('x/data/0') - 46;
    bytes.writeUInt32LE(bytes.readUInt32LE(first + 42), entry + 42);
    expect((await refusal(torch.load(bytes))).message).to.match(/overlaps/);
  });

  it('a record that claims 1 TB', async () => {
    const bytes = Buffer.from(good);
    const entry = bytes.lastIndexOf('x/data/0') - 46;
    bytes.writeUInt32LE(0xfffffff0, entry + 20);
    bytes.writeUInt32LE(0xfffffff0, entry + 24);
    expect((await refusal(torch.load(bytes))).message).to.match(/reaches beyond the file/);
  });

  it('an encrypted record, an unknown compression', async () => {
    const entry = good.lastIndexOf('x/data/0') - 46;
    const encrypted = Buffer.from(good);
    encrypted.writeUInt16LE(1, entry + 8);
    expect((await refusal(torch.load(encrypted))).message).to.match(/encrypted/);
    const packed = Buffer.from(good);
    packed.writeUInt16LE(12, entry + 10);
    expect((await refusal(torch.load(packed))).message).to.match(/unknown method \(12\)/);
  });

  it('a zip bomb: compressed zeros that would fill the memory', async () => {
    const claimed = 2 ** 31;
    const zeros = deflateRawSync(Buffer.alloc(2 ** 22));
    const bytes = Buffer.from(torchFile(pickle('N'), { 0: zeros }));
    const entry = bytes.lastIndexOf('x/data/0') - 46;
    bytes.writeUInt16LE(8, entry + 10);
    bytes.writeUInt32LE(claimed, entry + 24);
    expect((await refusal(torch.load(bytes))).message).to.match(/would grow to/);
  });

  it('compressed data that are longer than they say', async () => {
    const zeros = deflateRawSync(Buffer.alloc(1000));
    const bytes = Buffer.from(torchFile(tensorPickle(), { 0: zeros }));
    const entry = bytes.lastIndexOf('x/data/0') - 46;
    bytes.writeUInt16LE(8, entry + 10);
    bytes.writeUInt32LE(8, entry + 24);
    expect((await refusal(torch.load(bytes))).message).to.match(/damaged/);
  });

  it('records by the names of paths are never written anywhere', async () => {
    const bytes = archive({ '../../../tmp/torchts-was-here': 'x', 'data.pkl': pickle('N'), version: '3\n' });
    expect(await torch.load(bytes)).to.equal(null);
  });

  it('an archive that is no file of torch.save', async () => {
    for (const [records, message] of [
      [{ 'readme.txt': 'x' }, /no version record/],
      [{ 'data.pkl': pickle('N'), version: '99\n' }, /its version is 99/],
      [{ 'data.pkl': pickle('N'), version: 'x'.repeat(5000) }, /its version is x{20};/],
      [{ version: '3\n' }, /no record data\.pkl/],
      [
        { 'data.pkl': tensorPickle(), 'data/0': eight, byteorder: 'middle', version: '3\n' },
        /byte order is 'middle'/,
      ],
    ] as const)
      expect((await refusal(torch.load(archive(records as never)))).message).to.match(message);
  });

  it('TorchScript archives are left to torch.jit.load', async () => {
    const error = await refusal(torch.load(fixture('script.pt')));
    expect(error.message)
      .to.match(/torch\.jit\.load/)
      .and.to.include('script.pt');
  });

  it('a folder, a file that is not there, and no file at all', async () => {
    expect((await refusal(torch.load('/tmp'))).message).to.match(
      /\/tmp could not be opened: it is a directory/,
    );
    expect((await refusal(torch.load('/no/such.pth'))).message).to.match(
      /\/no\/such\.pth could not be opened: no such file/,
    );
    expect((await refusal(torch.load(5 as never))).code).to.equal('ERR_ARGUMENT');
    expect((await refusal(torch.load(null as never))).code).to.equal('ERR_ARGUMENT');
  });
});

describe('torch.load: random damage', () => {
  const files: [string, Buffer][] = [
    ['kinds.pth', readFileSync(fixture('kinds.pth'))],
    ['legacy.pth', readFileSync(fixture('legacy.pth'))],
    ['compressed.pth', readFileSync(fixture('compressed.pth'))],
    ['checkpoint.pth', readFileSync(fixturePath('serialization', 'checkpoint.pth'))],
  ];

  for (const [name, good] of files)
    it(`${name}: whatever bits are flipped, it is read or refused`, async function () {
      this.timeout(60_000);
      const random = randomNumbers(good.length);
      for (let round = 0; round < 250; round++) {
        const bytes = Buffer.from(good);
        for (let flips = 1 + random(3); flips > 0; flips--) bytes[random(bytes.length)]! ^= 1 << random(8);
        const outcome: unknown = await torch
          .load(bytes, { mapLocation: 'cpu' })
          .catch((error: unknown) => error);
        if (outcome instanceof Error)
          expect(outcome, `round ${round}: ${outcome.stack}`).to.be.instanceOf(torch.TorchError);
      }
    });

  for (const [name, good] of [files[0]!, files[3]!])
    it(`${name}: whatever is wrong in its pickle while all checksums are right, it is read or refused`, async function () {
      this.timeout(60_000);
      const zip = await ZipArchive.open(await openSource(good, 'test'));
      const records: Record<string, Uint8Array> = {};
      for (const record of zip.records.values())
        records[record.name.replace(/^[^/]*\//, '')] = await zip.read(record);
      const random = randomNumbers(good.length);
      let read = 0;
      for (let round = 0; round < 300; round++) {
        const bytes = Buffer.from(records['data.pkl']!);
        for (let changes = 1 + random(2); changes > 0; changes--) {
          const at = random(bytes.length);
          bytes[at] = random(2) === 0 ? random(256) : bytes[at]! ^ (1 << random(8));
        }
        const damaged = archive({ ...records, 'data.pkl': bytes });
        const outcome: unknown = await torch
          .load(damaged, { mapLocation: 'cpu' })
          .catch((error: unknown) => error);
        if (outcome instanceof Error)
          expect(outcome, `round ${round}: ${outcome.stack}`).to.be.instanceOf(torch.TorchError);
        else {
          read++;
          // What was read can be looked at: no tensor reaches out of its memory.
          inspect(outcome, { depth: 10 });
        }
      }
      expect(read, 'some damage does no harm').to.be.above(0);
    });

  it('a pickle of random opcodes is read or refused', async function () {
    this.timeout(60_000);
    const random = randomNumbers(1);
    const opcodes = Buffer.from('()]}Nta1eusRbQqhKJGX', 'latin1');
    for (let round = 0; round < 500; round++) {
      const body = Array.from({ length: 1 + random(40) }, () =>
        random(4) === 0 ? random(256) : opcodes[random(opcodes.length)]!,
      );
      const outcome: unknown = await torch.load(torchFile(pickle(body))).catch((error: unknown) => error);
      if (outcome instanceof Error)
        expect(outcome, `round ${round}: ${outcome.stack}`).to.be.instanceOf(torch.TorchError);
    }
  });
});
