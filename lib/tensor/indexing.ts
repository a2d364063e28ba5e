/**
 * Python's `x[…]`. Numbers, slices, new axes and ellipses make views; arrays, masks and index tensors
 * are gathered by `aten::index`, with the axis order of numpy that PyTorch follows.
 */
import { ArgumentError, TorchIndexError } from '../errors.js';
import { callOverload, invokeFew, lazyOverload } from '../ops/invoke.js';
import { HandleOwner } from './handle-owner.js';
import type { Tensor } from './tensor.js';

/** A slice, as Python's `slice(start, stop, step)`. */
export class Slice {
  readonly start: number | null;
  readonly stop: number | null;
  readonly step: number | null;
  constructor(start: number | null, stop: number | null, step: number | null) {
    this.start = start;
    this.stop = stop;
    this.step = step;
  }
}

/** `slice(stop)`, `slice(start, stop)` or `slice(start, stop, step)`; null where Python leaves it out. */
export function slice(start: number | null, stop?: number | null, step: number | null = null): Slice {
  return stop === undefined ? new Slice(null, start, null) : new Slice(start, stop, step);
}

/** Nested arrays of whole numbers or booleans used as an index. */
export type IndexList = readonly (number | boolean | bigint | IndexList)[];
/** One item of an index expression. */
export type IndexItem =
  | number
  | bigint
  | string
  | boolean
  | null
  | Slice
  | Tensor
  | IndexList
  | ArrayBufferView;
/** What `x[…] = value` takes. */
export type IndexValue = Tensor | number | bigint | boolean | { re: number; im: number };

function aten(name: string, overload: string, ...args: unknown[]): unknown {
  return callOverload(name, overload, args);
}

const select = lazyOverload('select', 'int');
const sliceOf = lazyOverload('slice', 'Tensor');

let makeTensor: (data: unknown) => Tensor = () => {
  throw new Error('the tensor room is not loaded');
};
/** @internal How an array becomes an index tensor; set by `lib/tensor/index.ts`. */
export function setIndexTensorMaker(maker: (data: unknown) => Tensor): void {
  makeTensor = maker;
}

/** Programs use few different slices; the text of each is read once. */
const knownSlices = new Map<string, Slice>();
const knownSlicesAtMost = 1024;

function parseSlice(text: string): Slice {
  let known = knownSlices.get(text);
  if (known === undefined) {
    known = readSlice(text);
    if (knownSlices.size >= knownSlicesAtMost) knownSlices.clear();
    knownSlices.set(text, known);
  }
  return known;
}

function readSlice(text: string): Slice {
  const parts = text.split(':').map((part) => part.trim());
  const bad =
    parts.length < 2 || parts.length > 3 || parts.some((part) => part !== '' && !/^[+-]?\d+$/.test(part));
  if (bad)
    throw new TorchIndexError(
      `'${text}' is no slice; expected Python's form such as ':', '2:5', '::2', '-3:', or '...' for the rest`,
    );
  const [start, stop, step] = parts.map((part) => (part === '' ? null : Number(part)));
  return new Slice(start!, stop!, step ?? null);
}

interface Parsed {
  /** After views: one entry per dimension of `view`, null where it is taken whole. */
  gathers: (Tensor | null)[];
  view: Tensor;
}

function isTensor(value: unknown): value is Tensor {
  return value instanceof HandleOwner;
}

/** How many dimensions of the source an item uses up. */
function consumed(item: IndexItem): number {
  if (item === null || item === '...' || typeof item === 'boolean') return 0;
  if (isTensor(item)) return item.dtype === 'bool' || item.dtype === 'uint8' ? item.dim() : 1;
  return 1;
}

function normalize(item: IndexItem): IndexItem {
  if (typeof item === 'string' && item !== '...') return parseSlice(item);
  if (Array.isArray(item) || (ArrayBuffer.isView(item) && !isTensor(item))) return indexTensor(item);
  if (typeof item === 'bigint') return Number(item);
  if (item === undefined)
    throw new TorchIndexError('an index must not be undefined; use null for a new axis');
  return item;
}

function indexTensor(list: unknown): Tensor {
  const flat = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(flat);
    if (ArrayBuffer.isView(node)) return Array.from(node as unknown as number[], flat);
    if (isTensor(node)) return (node as Tensor).tolist({ bigint: (node as Tensor).dtype !== 'bool' });
    if (typeof node === 'number') {
      if (!Number.isInteger(node)) throw new TorchIndexError(`indices must be whole numbers, got ${node}`);
      return BigInt(node);
    }
    return node;
  };
  const made = makeTensor(flat(list));
  // An empty list selects nothing; its dtype would otherwise be that of floats.
  return made.numel() === 0 ? made.to('int64') : made;
}

function parse(source: Tensor, given: readonly IndexItem[]): Parsed {
  const items = given.map(normalize);
  const ellipses = items.filter((item) => item === '...').length;
  if (ellipses > 1) throw new TorchIndexError("an index can only have a single ellipsis ('...')");
  const used = items.reduce<number>((sum, item) => sum + consumed(item), 0);
  const dims = source.dim();
  if (used > dims) {
    if (dims === 0 && items.some((item) => typeof item === 'number'))
      throw new TorchIndexError(
        'invalid index of a 0-dim tensor. Use `tensor.item()` to convert a 0-dim tensor to a number',
      );
    throw new TorchIndexError(`too many indices for tensor of dimension ${dims}: ${used} are given`);
  }
  let view = source;
  let dim = 0;
  const gathers: (Tensor | null)[] = [];
  const whole = (count: number): void => {
    for (let i = 0; i < count; i++) gathers.push(null);
    dim += count;
  };
  for (const item of items) {
    if (typeof item === 'number') {
      const size = view.size(dim);
      if (!Number.isInteger(item)) throw new TorchIndexError(`an index must be a whole number, got ${item}`);
      if (item < -size || item >= size)
        throw new TorchIndexError(
          `index ${item} is out of bounds for dimension ${gathers.length} with size ${size}`,
        );
      view = aten('select', 'int', view, dim, item) as Tensor;
    } else if (item instanceof Slice) {
      const step = item.step ?? 1;
      if (step === 0) throw new TorchIndexError('slice step cannot be zero');
      if (step < 0)
        throw new TorchIndexError('slice step must be positive; use x.flip(dim) for the reverse order');
      if (item.start !== null || item.stop !== null || step !== 1)
        view = aten('slice', 'Tensor', view, dim, item.start, item.stop, step) as Tensor;
      whole(1);
    } else if (item === null) {
      view = aten('unsqueeze', '', view, dim) as Tensor;
      whole(1);
    } else if (item === '...') {
      whole(dims - used);
    } else if (typeof item === 'boolean') {
      view = aten('unsqueeze', '', view, dim) as Tensor;
      gathers.push(makeTensor([item]));
      dim += 1;
    } else if (isTensor(item)) {
      if (!/^(u?int|bool)/.test(item.dtype))
        throw new TorchIndexError(
          `tensors used as indices must be long, int, byte or bool tensors, got ${item.dtype}`,
        );
      if (item.dim() === 0 && item.dtype !== 'bool' && item.dtype !== 'uint8') {
        // A whole number in a tensor acts as the number, and gives a view.
        const at: number = item.item();
        const size = view.size(dim);
        if (at < -size || at >= size)
          throw new TorchIndexError(
            `index ${at} is out of bounds for dimension ${gathers.length} with size ${size}`,
          );
        view = aten('select', 'int', view, dim, at) as Tensor;
      } else if (item.dtype === 'bool' || item.dtype === 'uint8') {
        if (item.dim() === 0) {
          view = aten('unsqueeze', '', view, dim) as Tensor;
          gathers.push(aten('unsqueeze', '', item, 0) as Tensor);
          dim += 1;
          continue;
        }
        const spans = item.dim();
        for (let i = 0; i < spans; i++) {
          if (view.size(dim + i) !== item.size(i))
            throw new TorchIndexError(
              `The shape of the mask [${item.shape}] at index ${i} does not match the shape of the indexed tensor [${source.shape}] at index ${dim + i}`,
            );
        }
        gathers.push(item);
        // One mask stands for as many dimensions as it has; aten::index expands it itself.
        dim += spans;
      } else {
        gathers.push(item);
        dim += 1;
      }
    } else {
      throw new ArgumentError(
        `an index item must be a number, a slice string, null, '...', a Tensor, an array or torch.slice(…), got ${typeof item}`,
      );
    }
  }
  return { gathers, view };
}

function onDevice(gathers: (Tensor | null)[], view: Tensor): (Tensor | null)[] {
  while (gathers.length > 0 && gathers[gathers.length - 1] === null) gathers.pop();
  return gathers.map((g) =>
    g !== null && g.device.type === 'cpu' && view.device.type !== 'cpu' ? g.to(view.device) : g,
  );
}

/** Numbers and slices, the usual items, straight to their operators; undefined for anything else. */
function indexViews(source: Tensor, items: readonly IndexItem[]): Tensor | undefined {
  let view = source;
  let dim = 0;
  try {
    for (const item of items) {
      if (typeof item === 'number') {
        view = invokeFew(select(), view, dim, item) as Tensor;
        continue;
      }
      if (typeof item !== 'string' || item === '...') return undefined;
      const { start, stop, step } = parseSlice(item);
      if (step !== null) view = aten('slice', 'Tensor', view, dim, start, stop, step) as Tensor;
      else if (start !== null || stop !== null) view = invokeFew(sliceOf(), view, dim, start, stop) as Tensor;
      else if (dim >= view.dim()) return undefined;
      dim += 1;
    }
  } catch {
    return undefined; // the general way says what is wrong
  }
  return view === source ? undefined : view;
}

/** `x[…]`. */
export function applyIndex(source: Tensor, items: readonly IndexItem[]): Tensor {
  const quick = indexViews(source, items);
  if (quick !== undefined) return quick;
  const { gathers, view } = parse(source, items);
  if (gathers.every((g) => g === null)) {
    // Python gives a fresh view also for x[...] and x[:].
    return view === source ? (aten('alias', '', source) as Tensor) : view;
  }
  return aten('index', 'Tensor', view, onDevice(gathers, view)) as Tensor;
}

/** `x[…] = value`. */
export function applyIndexPut(
  source: Tensor,
  items: readonly IndexItem[],
  value: IndexValue,
  accumulate: boolean,
): void {
  const { gathers, view } = parse(source, items);
  let stored: Tensor;
  if (isTensor(value)) stored = value as Tensor;
  else stored = aten('scalar_tensor', '', value) as Tensor;
  if (gathers.every((g) => g === null)) {
    if (accumulate) {
      aten('add_', 'Tensor', view, stored);
      return;
    }
    if (!isTensor(value)) {
      aten('fill_', 'Scalar', view, value);
      return;
    }
    // Python drops leading dimensions of size 1 that the target does not have.
    while (stored.dim() > view.dim() && stored.size(0) === 1)
      stored = aten('squeeze', 'dim', stored, 0) as Tensor;
    aten('copy_', '', view, stored);
    return;
  }
  stored = stored.to({ dtype: view.dtype, device: view.device });
  aten('index_put_', '', view, onDevice(gathers, view), stored, accumulate);
}
