/** The elements of a tensor as text: brackets, columns, lines, and dots for what is left out. */
import type { DType, Handle } from '../bindings.js';
import { native } from '../native.js';
import { findPacket } from '../ops/invoke.js';
import { isComplexDType, isFloatingDType } from './dtype.js';
import { rawTypedArray } from './exchange.js';
import { formatExponential, formatFixed } from './print-number.js';
import { printing } from './print-options.js';

const packets = new Map<string, number>();

/** Calls an operator on handles: no Tensor is made, so no scope and no graph hears of it. */
export function callOperator(name: string, overload: string, ...args: unknown[]): unknown {
  const key = `${name}.${overload}`;
  let id = packets.get(key);
  if (id === undefined) {
    id = findPacket(`aten::${name}`, { overload, shown: name, camelKeys: false })!;
    packets.set(key, id);
  }
  return native.invoke(id, 0, ...args);
}

function toDtype(handle: Handle, dtype: DType): Handle {
  return native.dtype(handle) === dtype ? handle : (callOperator('to', 'dtype', handle, dtype) as Handle);
}

/** The positions of a dimension that are shown. */
function shownPositions(size: number, summarize: boolean): number[] | null {
  const edge = printing.edgeitems;
  if (!summarize || size <= 2 * edge) return null;
  return [...Array(edge).keys(), ...Array.from({ length: edge }, (_, i) => size - edge + i)];
}

/** Only what is shown of a large tensor; nothing else of it is read or copied. */
function shownElements(handle: Handle, shape: readonly number[]): Handle {
  const positions = shape.map((size) => shownPositions(size, true) ?? [...Array(size).keys()]);
  const indices = positions.map((at, d) => {
    const spread = shape.map((_, i) => (i === d ? at.length : 1));
    return native.fromBytes(BigInt64Array.from(at, BigInt), 'int64', spread, 'int64', native.device(handle));
  });
  return callOperator('index', 'Tensor', handle, indices) as Handle;
}

/** How the numbers of one tensor (or of the real or imaginary parts) are written, all to one width. */
class NumberFormat {
  width = 1;
  private whole = true;
  private scientific = false;

  constructor(values: Float64Array) {
    const shown = values.filter((v) => Number.isFinite(v) && v !== 0);
    if (shown.length === 0) return;
    let least = Number.POSITIVE_INFINITY;
    let most = 0;
    for (const value of shown) {
      const magnitude = Math.abs(value);
      if (magnitude < least) least = magnitude;
      if (magnitude > most) most = magnitude;
      if (!Number.isInteger(value)) this.whole = false;
    }
    this.scientific = printing.sciMode ?? (most / least > 1000 || most > 1e8 || least < 1e-4);
    for (const value of shown) this.width = Math.max(this.width, this.plain(value).length);
  }

  private plain(value: number): string {
    if (this.scientific) return formatExponential(value, printing.precision);
    if (!this.whole) return formatFixed(value, printing.precision);
    return formatFixed(value, 0) + (Number.isFinite(value) ? '.' : '');
  }

  format(value: number): string {
    return this.plain(value).padStart(this.width);
  }
}

interface Cells {
  /** Row-major, already padded. */
  texts: string[];
  /** Characters of an element with what separates it from the next. */
  length: number;
}

function complexCells(handle: Handle): Cells {
  const pairs = rawTypedArray(toDtype(handle, 'complex128')) as Float64Array;
  const real = pairs.filter((_, i) => i % 2 === 0);
  const imaginary = pairs.filter((_, i) => i % 2 === 1);
  const left = new NumberFormat(real);
  const right = new NumberFormat(imaginary);
  const texts = Array.from(real, (re, i) => {
    const im = `${right.format(imaginary[i]!)}j`.trimStart();
    return left.format(re) + (im.startsWith('-') ? im : `+${im}`);
  });
  return { texts, length: left.width + 2 + right.width + 1 };
}

function cellsOf(handle: Handle): Cells {
  const dtype = native.dtype(handle);
  if (isComplexDType(dtype)) return complexCells(handle);
  if (isFloatingDType(dtype)) {
    const values = rawTypedArray(toDtype(handle, 'float64')) as Float64Array;
    const format = new NumberFormat(values);
    return { texts: Array.from(values, (value) => format.format(value)), length: format.width + 2 };
  }
  const texts = Array.from(rawTypedArray(handle) as Iterable<number | bigint>, (value) =>
    dtype === 'bool' ? (value ? 'True' : 'False') : String(value),
  );
  const width = texts.reduce((most, text) => Math.max(most, text.length), 1);
  return { texts: texts.map((text) => text.padStart(width)), length: width + 2 };
}

function row(
  cells: Cells,
  start: number,
  count: number,
  size: number,
  indent: number,
  summarize: boolean,
): string {
  const edge = printing.edgeitems;
  let data: string[];
  if (summarize && edge === 0) data = ['...'];
  else {
    data = cells.texts.slice(start, start + count);
    if (summarize && size > 2 * edge) data.splice(edge, 0, ' ...');
  }
  const perLine = Math.max(1, Math.floor((printing.linewidth - indent) / cells.length));
  const lines: string[] = [];
  for (let i = 0; i < data.length; i += perLine) lines.push(data.slice(i, i + perLine).join(', '));
  return `[${lines.join(`,\n${' '.repeat(indent + 1)}`)}]`;
}

/** The elements between brackets; `indent` is the column where they begin. */
export function elementsText(given: Handle, indent: number): string {
  if (native.numel(given) === 0) return '[]';
  const handle = callOperator('resolve_neg', '', callOperator('resolve_conj', '', given)) as Handle;
  const shape = native.shape(handle);
  const summarize = native.numel(handle) > printing.threshold;
  const shown = summarize && shape.length > 0 ? shownElements(handle, shape) : handle;
  const counts = native.shape(shown);
  const cells = cellsOf(shown);
  if (shape.length === 0) return cells.texts[0]!;

  let at = 0;
  const level = (d: number, column: number): string => {
    if (d === shape.length - 1) {
      const start = at;
      at += counts[d]!;
      return row(cells, start, counts[d]!, shape[d]!, column, summarize);
    }
    const slices: string[] = [];
    for (let i = 0; i < counts[d]!; i++) slices.push(level(d + 1, column + 1));
    if (counts[d] !== shape[d]) slices.splice(printing.edgeitems, 0, '...');
    return `[${slices.join(`,${'\n'.repeat(shape.length - 1 - d)}${' '.repeat(column + 1)}`)}]`;
  };
  return level(0, indent);
}
