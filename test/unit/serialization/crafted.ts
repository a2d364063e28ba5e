/** Archives and pickles made by hand, to be refused. */
import { crc32 } from 'node:zlib';
import { ZipLayout } from '../../../lib/serialization/zip/writer.js';

/** A well-formed archive of these records. */
export function archive(records: Record<string, Uint8Array | string>): Buffer {
  const layout = new ZipLayout();
  const parts: Buffer[] = [];
  for (const [name, content] of Object.entries(records)) {
    const bytes = Buffer.from(content);
    const record = layout.place(`x/${name}`, bytes.length);
    parts.push(record.header, bytes, layout.trailer(record, crc32(bytes)));
  }
  return Buffer.concat([...parts, layout.directory()]);
}

/** A file of torch.save with this pickle and these storages. */
export function torchFile(pickle: Uint8Array, storages: Record<string, Uint8Array> = {}): Buffer {
  const data = Object.fromEntries(Object.entries(storages).map(([key, bytes]) => [`data/${key}`, bytes]));
  return archive({ 'data.pkl': pickle, byteorder: 'little', ...data, version: '3\n' });
}

/** A pickle of protocol 2: opcodes as text (latin-1), bytes as they are. */
export function pickle(...parts: (string | Uint8Array | number[])[]): Uint8Array {
  const body = parts.map((part) =>
    typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part),
  );
  return Buffer.concat([Buffer.from([0x80, 2]), ...body, Buffer.from('.')]);
}

/** The opcode GLOBAL. */
export const global = (module: string, name: string): string => `c${module}\n${name}\n`;

/** A string as a pickle has it. */
export function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  const head = Buffer.alloc(5);
  head.write('X', 0, 'latin1');
  head.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** A whole number of up to eight bytes. */
export function int(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(11);
  bytes[0] = 0x8a;
  bytes[1] = 9;
  bytes.writeBigInt64LE(BigInt.asIntN(64, BigInt(value)), 2);
  bytes[10] = BigInt(value) < 0n ? 0xff : 0;
  return bytes;
}

/** A pickle of one float32 tensor. */
export function tensorPickle(
  options: {
    size?: (number | bigint)[];
    stride?: (number | bigint)[];
    offset?: number | bigint;
    length?: number | bigint;
    type?: string;
    location?: string;
  } = {},
): Uint8Array {
  const {
    size = [2],
    stride = [1],
    offset = 0,
    length = 2,
    type = 'FloatStorage',
    location = 'cpu',
  } = options;
  const tuple = (items: (number | bigint)[]): Buffer =>
    Buffer.concat([Buffer.from('('), ...items.map(int), Buffer.from('t')]);
  return pickle(
    global('torch._utils', '_rebuild_tensor_v2'),
    '((',
    text('storage'),
    global('torch', type),
    text('0'),
    text(location),
    int(length),
    'tQ',
    int(offset),
    tuple(size),
    tuple(stride),
    [0x89],
    global('collections', 'OrderedDict'),
    ')RtR',
  );
}

/** Numbers that look random and are the same in every run. */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
