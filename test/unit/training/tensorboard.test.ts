import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { expect } from 'chai';
import sharp from 'sharp';
import { ArgumentError, ShapeError, TorchError, ValueError } from '../../../lib/errors.js';
import { hparamsSummaries } from '../../../lib/training/tensorboard/hparams.js';
import { makeHistogram } from '../../../lib/training/tensorboard/histogram.js';
import { SummaryWriter } from '../../../lib/training/tensorboard/index.js';
import { encodeEvent, type SummaryValue } from '../../../lib/training/tensorboard/messages.js';
import { frame, maskedCrc32c } from '../../../lib/training/tensorboard/record.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** CRC-32C bit by bit, from its definition: no table, no library. */
function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function masked(data: Uint8Array): number {
  const crc = crc32c(data);
  return Number(((BigInt(crc >>> 15) | (BigInt(crc) << 17n)) + 0xa282ead8n) & 0xffffffffn);
}

/** Takes a file of records apart and checks every length and checksum. */
function records(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(view.getBigUint64(at, true));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(view.getUint32(at + 8, true)).to.equal(masked(bytes.subarray(at, at + 8)));
    expect(data).to.have.length(length);
    expect(view.getUint32(at + 12 + length, true)).to.equal(masked(data));
    found.push(data);
    at += length + 16;
  }
  return found;
}

type Field = bigint | number | Uint8Array;

/** The fields of a message by number, each with all its values. */
function fields(message: Uint8Array): Map<number, Field[]> {
  const reader = new BinaryReader(message);
  const found = new Map<number, Field[]>();
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    const value =
      type === WireType.Varint
        ? BigInt(reader.int64())
        : type === WireType.Bit64
          ? reader.double()
          : type === WireType.Bit32
            ? reader.float()
            : reader.bytes();
    found.set(number, [...(found.get(number) ?? []), value]);
  }
  return found;
}

interface Logged {
  wallTime: number;
  step: bigint;
  fileVersion: string;
  tag: string;
  value: Map<number, Field[]>;
}

const text = (field: Field | undefined): string => Buffer.from((field as Uint8Array) ?? []).toString();
const inner = (message: Map<number, Field[]>, number: number): Map<number, Field[]> =>
  fields((message.get(number)?.[0] as Uint8Array) ?? new Uint8Array());

function eventFiles(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.startsWith('events.out.tfevents.'));
}

/** All events of a folder's files, in order. */
function read(folder: string): Logged[] {
  return eventFiles(folder).flatMap((name) =>
    records(readFileSync(join(folder, name))).map((bytes) => {
      const event = fields(bytes);
      const value = inner(inner(event, 5), 1);
      return {
        wallTime: (event.get(1)?.[0] as number) ?? 0,
        step: (event.get(2)?.[0] as bigint) ?? 0n,
        fileVersion: text(event.get(3)?.[0]),
        tag: text(value.get(1)?.[0]),
        value,
      };
    }),
  );
}

// The bytes below were written by torch.utils.tensorboard (2.14) with TensorBoard 2.21.
describe('event bytes', () => {
  const event = (value: SummaryValue, step: number | bigint = 5): string =>
    hex(encodeEvent({ wallTime: 1700000000.5, step, summary: [value] }));

  it('frames a record as Python does', () => {
    expect(hex(frame(Buffer.from('hello')))).to.equal('0500000000000000eab2043e68656c6c6fbb1f1c19');
    expect(crc32c(Buffer.from('123456789'))).to.equal(0xe3069283);
    const data = Uint8Array.from({ length: 1000 }, (_, i) => i * 7);
    expect(maskedCrc32c(data)).to.equal(masked(data));
  });

  it('encodes scalars as Python does', () => {
    expect(event({ tag: 'loss/train', scalar: 0.25 })).to.equal(
      '0900002040fc54d94110052a130a110a0a6c6f73732f747261696e150000803e',
    );
    expect(event({ tag: 'loss', scalar: 0 }, 0)).to.equal('0900002040fc54d9412a0d0a0b0a046c6f73731500000000');
    const plugin = { name: 'scalars' };
    expect(event({ tag: 'x', tensor: { doubles: [0.1] }, plugin })).to.equal(
      '0900002040fc54d94110052a200a1e0a0178420c080232089a9999999999b93f4a0b0a090a077363616c617273',
    );
    expect(event({ tag: 'x', tensor: { floats: [0.1] }, plugin })).to.equal(
      '0900002040fc54d94110052a1c0a1a0a0178420808012a04cdcccc3d4a0b0a090a077363616c617273',
    );
  });

  it('encodes text and a large step as Python does', () => {
    const value = {
      tag: 'note/text_summary',
      tensor: { shape: [1], strings: ['hällo'] },
      plugin: { name: 'text' },
    };
    expect(event(value, 2n ** 40n)).to.equal(
      '0900002040fc54d941108080808080202a310a2f0a116e6f74652f746578745f73756d6d617279' +
        '42100807120412020801420668c3a46c6c6f4a080a060a0474657874',
    );
  });

  it('encodes a histogram as Python does', () => {
    expect(event({ tag: 'h', histogram: makeHistogram([1, 2, 2, 3, 4.5], 4) })).to.equal(
      '0900002040fc54d94110052a8a010a87010a01682a810109000000000000f03f1100000000000012401900000000000014402100' +
        '000000000029402900000000002043403228000000000000f03f000000000000fe3f00000000000006400000000000000d400000' +
        '0000000012403a280000000000000000000000000000f03f0000000000000040000000000000f03f000000000000f03f',
    );
  });

  it('encodes hyperparameters as Python does', () => {
    const summaries = hparamsSummaries({ lr: 0.5, opt: 'adam', none: null }, ['acc'], { lr: [0.5, 1] });
    expect(event(summaries[0]!, 0)).to.equal(
      '0900002040fc54d9412a5b0a590a145f68706172616d735f2f6578706572696d656e744a410a3f0a0768706172616d731234' +
        '1232221e0a026c7220032a160a0911000000000000e03f0a0911000000000000f03f22070a036f707420012a070a051203616363',
    );
    expect(event(summaries[2]!, 0)).to.equal(
      '0900002040fc54d9412a310a2f0a1a5f68706172616d735f2f73657373696f6e5f656e645f696e666f' +
        '4a110a0f0a0768706172616d73120422020801',
    );
    // A map: the order of its entries is free, so the same bytes as Python's in another order.
    const start = event(summaries[1]!, 0);
    for (const entry of ['0a0f0a026c72120911000000000000e03f', '0a0d0a036f707412061a046164616d']) {
      expect(start).to.contain(entry);
    }
    expect(start).to.have.length(
      (
        '0900002040fc54d9412a510a4f0a1c5f68706172616d735f2f73657373696f6e5f73746172745f696e666f4a2f0a2d0a07' +
        '68706172616d7312221a200a0d0a036f707412061a046164616d0a0f0a026c72120911000000000000e03f'
      ).length,
    );
  });
});

// Expected values are those of torch.utils.tensorboard.summary.make_histogram (2.14).
describe('makeHistogram', () => {
  const values = [0, 0.5, -0.25, 1e-13, 3.25, 3.25, -7];

  it('uses the edges of TensorBoard', () => {
    const { num, min, max, sum, sumSquares, bucket, bucketLimit } = makeHistogram(Float64Array.from(values));
    expect([num, min, max, sumSquares]).to.deep.equal([7, -7, 3.25, 70.4375]);
    expect(sum).to.be.closeTo(-0.25, 1e-12);
    expect(bucket).to.have.length(617);
    expect(bucketLimit).to.have.length(617);
    expect(bucket.slice(0, 3)).to.deep.equal([0, 1, 0]);
    expect(bucketLimit.slice(0, 2)).to.deep.equal([-7.466637793298873, -6.7878525393626115]);
    expect(bucketLimit.slice(-2)).to.deep.equal([3.1665833053880363, 3.48324163592684]);
    expect(bucket.reduce((total, count) => total + count)).to.equal(7);
  });

  it('joins buckets down to maxBins', () => {
    const { bucket, bucketLimit } = makeHistogram(values, 'tensorflow', 50);
    expect(bucket).to.have.length(22);
    expect(bucketLimit[0]).to.equal(-23.43350792918667);
    expect(bucketLimit.at(-1)).to.equal(4.214722379471477);
    const few = makeHistogram(values, 10, 3);
    expect(few.bucket.slice(0, 4)).to.deep.equal([0, 1, 0, 4]);
    expect(few.bucketLimit.at(-2)).to.be.closeTo(2.225, 1e-12);
  });

  it('takes a number of buckets, edges, and bigints', () => {
    expect(makeHistogram(values, 3).bucket).to.deep.equal([0, 1, 1, 5]);
    const outside = makeHistogram(values, [0, 1, 2, 5]);
    expect([outside.bucket, outside.bucketLimit]).to.deep.equal([
      [0, 3, 0, 2],
      [0, 1, 2, 5],
    ]);
    expect(makeHistogram(BigInt64Array.of(1n, 1n, 2n), 1).bucket).to.deep.equal([0, 3]);
    expect(makeHistogram([4, 4], 2).bucketLimit).to.deep.equal([4, 4.5]);
  });

  it('refuses what has no distribution', () => {
    for (const wrong of [[], [1, Number.NaN], [Infinity]])
      expect(() => makeHistogram(wrong)).to.throw(ValueError);
    expect(() => makeHistogram([1], [2, 3])).to.throw(ValueError, 'wider');
    expect(() => makeHistogram([1], [3, 2])).to.throw(ValueError, 'edges');
    expect(() => makeHistogram([1], 0)).to.throw(ValueError);
    expect(() => makeHistogram([1], 'auto' as never)).to.throw(ArgumentError);
    expect(() => makeHistogram([1], 3, 0)).to.throw(ValueError, 'maxBins');
  });
});

describe('SummaryWriter', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'torchts-tensorboard-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('makes a file that TensorBoard finds, which begins with the version', async () => {
    const writer = new SummaryWriter(join(folder, 'a', 'run'), { filenameSuffix: '.mine' });
    expect(writer.getLogdir()).to.equal(join(folder, 'a', 'run'));
    await writer.close();
    const [name, ...others] = readdirSync(writer.logDir);
    expect(others).to.deep.equal([]);
    const pattern = /^events\.out\.tfevents\.(\d{10})\.(.+)\.(\d+)\.\d+\.mine$/.exec(name!)!;
    expect([pattern[2], Number(pattern[3])]).to.deep.equal([hostname(), process.pid]);
    expect(read(writer.logDir).map(({ fileVersion }) => fileVersion)).to.deep.equal(['brain.Event:2']);
  });

  it('logs scalars in order with step and time, by position and by name', async () => {
    const writer = new SummaryWriter(folder);
    for (let step = 0; step < 1000; step++) writer.addScalar('loss', 1 / (step + 1), step, 100 + step);
    writer.addScalar('named', 2n, { globalStep: 7n, walltime: 5 });
    writer.addScalar('tensor', { item: () => 0.5 }, 8);
    writer.addScalar('nan', Number.NaN);
    await writer.close();
    const [, ...events] = read(folder);
    expect(events).to.have.length(1003);
    for (const [step, event] of events.slice(0, 1000).entries()) {
      expect([event.tag, event.step, event.wallTime]).to.deep.equal(['loss', BigInt(step), 100 + step]);
      expect(event.value.get(2)).to.deep.equal([Math.fround(1 / (step + 1))]);
    }
    const [named, tensor, nan] = events.slice(1000);
    expect([named!.step, named!.wallTime, named!.value.get(2)]).to.deep.equal([7n, 5, [2]]);
    expect(tensor!.value.get(2)).to.deep.equal([0.5]);
    expect(nan!.value.get(2)![0]).to.be.NaN;
    expect(nan!.wallTime).to.be.closeTo(Date.now() / 1000, 60);
  });

  it('puts the lines of addScalars into runs of their own', async () => {
    const writer = new SummaryWriter(folder);
    writer.addScalars('loss/all', { train: 1, test: 2 }, 3);
    writer.addScalars('loss/all', { train: 0.5, test: 1.5 }, 4);
    await writer.close();
    const line = (name: string) =>
      read(join(folder, name))
        .slice(1)
        .map(({ tag, step, value }) => [tag, step, value.get(2)![0]]);
    expect(line('loss_all_train')).to.deep.equal([
      ['loss/all', 3n, 1],
      ['loss/all', 4n, 0.5],
    ]);
    expect(line('loss_all_test')).to.deep.equal([
      ['loss/all', 3n, 2],
      ['loss/all', 4n, 1.5],
    ]);
  });

  it('logs text, histograms and hyperparameters', async () => {
    const writer = new SummaryWriter({ logDir: folder });
    writer.addText('note', '**hällo**', 1);
    writer.addHistogram('weights', Float32Array.of(1, 2, 3), 2, 2);
    const tensor = { shape: [2], dtype: 'float32', toTypedArray: () => Float32Array.of(1, 5) };
    writer.addHistogram('tensor', tensor, { globalStep: 3, bins: [0, 2, 6] });
    writer.addHparams({ lr: 0.1, amp: true }, { accuracy: 0.9 }, { runName: 'first' });
    await writer.close();
    const [, note, weights, fromTensor] = read(folder);
    expect(note!.tag).to.equal('note/text_summary');
    expect(text(inner(note!.value, 8).get(8)?.[0])).to.equal('**hällo**');
    expect(inner(weights!.value, 5).get(3)).to.deep.equal([3]);
    expect([fromTensor!.step, inner(fromTensor!.value, 5).get(2)]).to.deep.equal([3n, [5]]);
    expect(read(join(folder, 'first')).map(({ tag }) => tag)).to.deep.equal([
      '',
      '_hparams_/experiment',
      '_hparams_/session_start_info',
      '_hparams_/session_end_info',
      'accuracy',
    ]);
  });

  it('logs images from pixels, PNG bytes and tensors, as they were at the call', async () => {
    const writer = new SummaryWriter(folder);
    const data = Buffer.from([1, 2, 3, 4, 5, 6]);
    writer.addImage('pixels', { data, width: 2, height: 1, channels: 3 }, 1);
    data.fill(99);
    const png = await sharp({ create: { width: 5, height: 4, channels: 3, background: '#f00' } })
      .png()
      .toBuffer();
    writer.addImage('png', png, 2);
    const floats = { shape: [3, 1, 2], dtype: 'float32', toTypedArray: () => [0, 0.5, 1, 2, -1, 0.25] };
    writer.addImage('tensor', floats, 3);
    const bytes = { shape: [1, 2], dtype: 'uint8', toTypedArray: () => Uint8Array.of(7, 8) };
    writer.addImage('hw', bytes, { dataformats: 'HW', globalStep: 4 });
    await writer.close();
    const images = new Map(read(folder).map((event) => [event.tag, event] as const));
    const decoded = async (tag: string) => {
      const image = inner(images.get(tag)!.value, 4);
      const pixels = await sharp(image.get(4)![0] as Uint8Array)
        .raw()
        .toBuffer();
      return { size: [1, 2, 3].map((field) => Number(image.get(field)![0])), pixels: [...pixels] };
    };
    expect(await decoded('pixels')).to.deep.equal({ size: [1, 2, 3], pixels: [1, 2, 3, 4, 5, 6] });
    expect((await decoded('png')).size).to.deep.equal([4, 5, 3]);
    expect(await decoded('tensor')).to.deep.equal({ size: [1, 2, 3], pixels: [0, 255, 0, 127, 255, 63] });
    expect((await decoded('hw')).size).to.deep.equal([1, 2, 1]);
    expect(['pixels', 'png', 'tensor', 'hw'].map((tag) => images.get(tag)!.step)).to.deep.equal([
      1n,
      2n,
      3n,
      4n,
    ]);
  });

  it('writes on flush, and into a new file after close', async () => {
    const writer = new SummaryWriter(folder);
    writer.addScalar('a', 1);
    await writer.flush();
    expect(read(folder).map(({ tag }) => tag)).to.deep.equal(['', 'a']);
    await writer.close();
    await writer.close();
    expect(eventFiles(folder)).to.have.length(1);
    writer.addScalar('b', 1);
    await writer.close();
    expect(eventFiles(folder)).to.have.length(2);
    expect(read(folder).map(({ tag }) => tag)).to.have.members(['', 'a', '', 'b']);
  });

  it('marks where an interrupted run goes on', async () => {
    const writer = new SummaryWriter(folder, { purgeStep: 50 });
    await writer.close();
    const [, version, start] = read(folder);
    expect([version!.step, version!.fileVersion, start!.step]).to.deep.equal([50n, 'brain.Event:2', 50n]);
  });

  it('writes in the background once the queue is full', async () => {
    const writer = new SummaryWriter(folder, { maxQueue: 2 });
    for (let i = 0; i < 8; i++) writer.addScalar('a', i);
    for (let tries = 0; tries < 500 && read(folder).length < 8; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(read(folder).length).to.be.at.least(8);
    await writer.close();
    expect(read(folder)).to.have.length(9);
  });

  it('loses nothing when the process ends without close, and does not keep it alive', () => {
    const url = new URL('../../../lib/training/tensorboard/index.js', import.meta.url).href;
    const program = `
      import { SummaryWriter } from ${JSON.stringify(url)};
      const writer = new SummaryWriter(${JSON.stringify(folder)});
      for (let i = 0; i < 25; i++) writer.addScalar('a', i, i);
      if (process.argv[1] === 'exit') process.exit(0);`;
    for (const end of ['exit', 'run out']) {
      const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program, end], {
        encoding: 'utf8',
        timeout: 30_000,
      });
      expect([status, stderr]).to.deep.equal([0, '']);
    }
    const events = read(folder).filter(({ tag }) => tag === 'a');
    expect(events.map(({ step }) => Number(step))).to.deep.equal(
      [0, 1].flatMap(() => Array.from({ length: 25 }, (_, i) => i)),
    );
  });

  it('reports a full disk on flush and on the next call', () => {
    const url = new URL('../../../lib/training/tensorboard/index.js', import.meta.url).href;
    const program = `
      import { SummaryWriter } from ${JSON.stringify(url)};
      const writer = new SummaryWriter(${JSON.stringify(folder)});
      writer.addText('a', 'x'.repeat(100_000));
      const flushed = await writer.flush().then(() => 'written', (error) => error.code);
      let next = 'accepted';
      try { writer.addScalar('a', 1); } catch (error) { next = error.code; }
      const closed = await writer.close().then(() => 'closed', (error) => error.message);
      console.log(JSON.stringify([flushed, next, closed]));`;
    // The limit on the size of files stands for the disk: writing beyond it fails.
    const shell = 'trap \'\' XFSZ; ulimit -f 8; exec "$0" --input-type=module -e "$1"';
    const { stdout, stderr } = spawnSync('sh', ['-c', shell, process.execPath, program], {
      encoding: 'utf8',
    });
    expect(stderr).to.equal('');
    const [flushed, next, closed] = JSON.parse(stdout) as string[];
    expect([flushed, next]).to.deep.equal(['ERR_FILE', 'ERR_FILE']);
    expect(closed).to.contain('cannot write the TensorBoard events').and.to.contain(folder);
  });

  it('names what is wrong with its arguments', async () => {
    expect(() => new SummaryWriter(folder, { maxQueue: 0 })).to.throw(ValueError, 'maxQueue');
    expect(() => new SummaryWriter(folder, { flushSecs: 0 })).to.throw(ValueError, 'flushSecs');
    const writer = new SummaryWriter(folder);
    const wrong: [() => void, new (...args: never[]) => Error, string][] = [
      [() => writer.addScalar('a', 'x' as never), ArgumentError, "value of 'a'"],
      [() => writer.addScalar('a', 1, { step: 1 } as never), ArgumentError, "unknown option 'step'"],
      [() => writer.addScalar('a', 1, 2, { globalStep: 3 }), ArgumentError, 'given twice'],
      [() => writer.addScalar('a', 1, Number.NaN), ValueError, 'globalStep'],
      [() => writer.addScalar(1 as never, 1), ArgumentError, 'tag'],
      [() => writer.addText('a', 1 as never), ArgumentError, 'string'],
      [() => writer.addHistogram('a', []), ValueError, 'at least one'],
      [() => writer.addHparams({ a: {} as never }, {}), ArgumentError, 'hparamDict.a'],
      [() => writer.addHparams({}, {}, { hparamDomainDiscrete: { a: [1] } }), ArgumentError, 'same type'],
      [() => writer.addImage('a', Uint8Array.of(1, 2)), ValueError, 'PNG'],
      [() => writer.addImage('a', 'a.png' as never), ArgumentError, 'got string'],
      [
        () => writer.addImage('a', { data: new Uint8Array(3), width: 2, height: 2, channels: 1 }),
        ShapeError,
        '4 bytes',
      ],
      [
        () => writer.addImage('a', { shape: [2, 2], dtype: 'uint8', toTypedArray: () => [] }),
        ShapeError,
        'CHW has 3 dimensions',
      ],
      [
        () =>
          writer.addImage(
            'a',
            { shape: [2, 2], dtype: 'uint8', toTypedArray: () => [] },
            0,
            0,
            'NCHW' as never,
          ),
        ValueError,
        'makeGrid',
      ],
    ];
    for (const [call, kind, message] of wrong) expect(call, message).to.throw(kind, message);
    await writer.close();
    expect(read(folder)).to.have.length(1);
  });

  it('says at once that a folder cannot be made', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(() => new SummaryWriter(join(file, 'run')))
      .to.throw(TorchError, join(file, 'run'))
      .with.property('code', 'ERR_FILE');
  });
});
