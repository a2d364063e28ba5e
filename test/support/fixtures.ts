/**
 * Reads the fixtures of test/parity (values computed by Python's torch and torchvision) and
 * compares torchts with them. The JSON forms are written by test/parity/generate/common.py.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import * as torch from 'torchts';
import type { Tensor } from 'torchts';

/** A tensor as a fixture holds it: base64 of little-endian bytes in row-major order. */
export interface FixtureTensor {
  dtype: string;
  shape: number[];
  data: string;
  requiresGrad?: boolean;
}

/** Whatever a fixture can hold; see `encode` in common.py. */
export type FixtureValue =
  | null
  | boolean
  | number
  | string
  | FixtureValue[]
  | FixtureTensor
  | { [key: string]: FixtureValue };

/** Allowed difference: `|actual − expected| ≤ atol + rtol · |expected|`. */
export interface Tolerance {
  rtol: number;
  atol: number;
}

type Numeric = number | bigint;

/** The tolerances of `torch.testing.assert_close`. */
const TOLERANCES: Record<string, Tolerance> = {
  float16: { rtol: 1e-3, atol: 1e-5 },
  bfloat16: { rtol: 1.6e-2, atol: 1e-5 },
  float32: { rtol: 1.3e-6, atol: 1e-5 },
  complex64: { rtol: 1.3e-6, atol: 1e-5 },
  float64: { rtol: 1e-7, atol: 1e-7 },
  complex128: { rtol: 1e-7, atol: 1e-7 },
};

const EXACT: Tolerance = { rtol: 0, atol: 0 };

/** The root of the package: the nearest folder above this file that holds package.json. */
export const packageRoot = (() => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`no package.json above ${fileURLToPath(import.meta.url)}`);
    folder = parent;
  }
  return folder;
})();

/** The path of a file in test/parity/fixtures. */
export const fixturePath = (...names: string[]): string =>
  join(packageRoot, 'test', 'parity', 'fixtures', ...names);

/** The parsed content of test/parity/fixtures/<area>.json. */
export function loadFixtures<T>(area: string): T {
  return JSON.parse(readFileSync(fixturePath(`${area}.json`), 'utf8')) as T;
}

/** Python's name in TypeScript: `log_softmax` → `logSoftmax`, `add_` and `atleast_1d` stay. */
export function camelCase(name: string): string {
  return name.replace(/(?<=[^_])_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** An object with its keys as {@link camelCase} has them. */
export function camelKeys<T>(options: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(options).map(([key, value]) => [camelCase(key), value]));
}

export function isFixtureTensor(value: FixtureValue | undefined): value is FixtureTensor {
  return typeof value === 'object' && value !== null && 'dtype' in value && 'data' in value;
}

/** The library's tensor for a fixture's. */
export function toTensor(fixture: FixtureTensor): Tensor {
  const bytes = Buffer.from(fixture.data, 'base64');
  const dtype = fixture.dtype as torch.DType;
  const made = torch.fromBuffer(bytes, { dtype, shape: fixture.shape });
  return fixture.requiresGrad ? made.requiresGrad_() : made;
}

function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function bfloatToNumber(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits << 16);
  return view.getFloat32(0);
}

/** The numbers in little-endian bytes of `dtype`; complex ones as real, imaginary, real, … */
function decodeBytes(bytes: Buffer, dtype: string): Numeric[] {
  const readers: Record<string, [size: number, read: (at: number) => Numeric]> = {
    float32: [4, (at) => bytes.readFloatLE(at)],
    float64: [8, (at) => bytes.readDoubleLE(at)],
    complex64: [4, (at) => bytes.readFloatLE(at)],
    complex128: [8, (at) => bytes.readDoubleLE(at)],
    float16: [2, (at) => halfToNumber(bytes.readUInt16LE(at))],
    bfloat16: [2, (at) => bfloatToNumber(bytes.readUInt16LE(at))],
    int64: [8, (at) => bytes.readBigInt64LE(at)],
    int32: [4, (at) => bytes.readInt32LE(at)],
    int16: [2, (at) => bytes.readInt16LE(at)],
    int8: [1, (at) => bytes.readInt8(at)],
    uint8: [1, (at) => bytes.readUInt8(at)],
    bool: [1, (at) => bytes.readUInt8(at)],
  };
  const reader = readers[dtype];
  if (!reader) throw new Error(`a fixture of dtype ${dtype} cannot be read`);
  const [size, read] = reader;
  return Array.from({ length: bytes.length / size }, (_, i) => read(i * size));
}

/** A fixture's numbers in row-major order. */
export function fixtureNumbers(fixture: FixtureTensor): Numeric[] {
  return decodeBytes(Buffer.from(fixture.data, 'base64'), fixture.dtype);
}

/** A tensor's numbers in row-major order, in the form of {@link fixtureNumbers}. */
export function tensorNumbers(tensor: Tensor): Numeric[] {
  if (tensor.numel() === 0) return [];
  if (tensor.dtype.startsWith('complex'))
    return tensorNumbers(torch.viewAsReal(tensor.detach().resolveConj()));
  const array = tensor.toTypedArray();
  return decodeBytes(Buffer.from(array.buffer, array.byteOffset, array.byteLength), tensor.dtype);
}

function near(actual: Numeric, expected: Numeric, tolerance: Tolerance): boolean {
  if (actual === expected) return true;
  const [a, e] = [Number(actual), Number(expected)];
  if (Number.isNaN(a) || Number.isNaN(e)) return Number.isNaN(a) && Number.isNaN(e);
  if (tolerance.rtol === 0 && tolerance.atol === 0) return false;
  return Math.abs(a - e) <= tolerance.atol + tolerance.rtol * Math.abs(e);
}

/** Holds a tensor's dtype, shape and numbers to a fixture's. */
export function expectTensor(
  actual: unknown,
  fixture: FixtureTensor,
  where = 'tensor',
  tolerance: Tolerance = TOLERANCES[fixture.dtype] ?? EXACT,
): void {
  expect(actual, where).to.be.instanceOf(torch.Tensor);
  const tensor = actual as Tensor;
  expect(tensor.dtype, `${where}: dtype`).to.equal(fixture.dtype);
  expect(tensor.shape, `${where}: shape`).to.deep.equal(fixture.shape);
  const expected = fixtureNumbers(fixture);
  const given = tensorNumbers(tensor);
  expect(given.length, `${where}: how many numbers`).to.equal(expected.length);
  const wrong = given.findIndex((value, i) => !near(value, expected[i]!, tolerance));
  if (wrong >= 0) {
    const count = given.filter((value, i) => !near(value, expected[i]!, tolerance)).length;
    expect.fail(
      `${where}: ${count} of ${given.length} numbers differ; number ${wrong} is ${given[wrong]}, expected ${expected[wrong]}`,
    );
  }
}

/** Holds a number to Python's, NaN and infinities included. */
export function expectNumber(actual: unknown, expected: number, where: string, tolerance: Tolerance): void {
  expect(
    typeof actual === 'number' || typeof actual === 'bigint',
    `${where}: a number, not ${actual}`,
  ).to.equal(true);
  if (!near(actual as Numeric, expected, tolerance)) expect.fail(`${where}: ${actual}, expected ${expected}`);
}

/** Holds any result to a fixture's: tensors, numbers, strings, lists and tuples of them. */
export function expectValue(
  actual: unknown,
  expected: FixtureValue,
  where: string,
  tolerance?: Tolerance,
): void {
  if (isFixtureTensor(expected)) {
    expectTensor(actual, expected, where, tolerance);
  } else if (typeof expected === 'number') {
    expectNumber(actual, expected, where, tolerance ?? TOLERANCES.float64!);
  } else if (Array.isArray(expected)) {
    const items = [...(actual as Iterable<unknown>)];
    expect(items.length, `${where}: length`).to.equal(expected.length);
    expected.forEach((item, i) => {
      expectValue(items[i], item, `${where}[${i}]`, tolerance);
    });
  } else if (typeof expected === 'object' && expected !== null) {
    if ('$float' in expected) {
      expectNumber(actual, decodeFloat(expected.$float as string), where, EXACT);
    } else if ('$bigint' in expected) {
      expect(actual, where).to.equal(BigInt(expected.$bigint as string));
    } else {
      const given = actual as Record<string, unknown>;
      for (const [key, item] of Object.entries(expected)) {
        expectValue(given[key], item, `${where}.${key}`, tolerance);
      }
    }
  } else {
    expect(actual, where).to.equal(expected);
  }
}

function decodeFloat(text: string): number {
  return text === 'nan' ? Number.NaN : text === 'inf' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
}

/** What a fixture's `$ref` and `$generator` stand for. */
export type Names = ReadonlyMap<string, unknown>;

/** The argument that a fixture describes. */
export function decode(value: FixtureValue, names: Names = new Map()): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (isFixtureTensor(value)) return toTensor(value);
  if (Array.isArray(value)) return value.map((item) => decode(item, names));
  if ('$float' in value) return decodeFloat(value.$float as string);
  if ('$bigint' in value) return BigInt(value.$bigint as string);
  const name = value.$ref ?? value.$generator;
  if (typeof name === 'string') {
    if (!names.has(name)) throw new Error(`the fixture speaks of ${name} before it is made`);
    return names.get(name);
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decode(item, names)]));
}
