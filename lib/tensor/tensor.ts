/** The Tensor class: what is not an operator. Operators come from `lib/ops/generated`. */
import type { DType, Handle, Layout, MemoryFormat } from '../bindings.js';
import { ArgumentError, DTypeError, TorchError, ValueError } from '../errors.js';
import { native } from '../native.js';
import { needCuda } from '../ops/cuda-loader.js';
import { callOverload, setWrapper } from '../ops/invoke.js';
import { currentScope, insideEngine, syncMode } from '../ops/mode.js';
import type { Complex } from '../ops/types.js';
import { type Device, type DeviceLike, device } from './device.js';
import { isDType } from './dtype.js';
import { elementsOf, nest, rawTypedArray, type TensorElement, type TypedArray } from './exchange.js';
import { HandleOwner } from './handle-owner.js';
import { applyIndex, applyIndexPut, type IndexItem, type IndexValue } from './indexing.js';
import { checkedOptions } from './keywords.js';
import { inspectTensor } from './print.js';

/** Nested arrays of elements, as `tolist()` gives them. */
export type NestedList = TensorElement | NestedList[];

/** Options of `Tensor.to`. */
export interface ToOptions {
  dtype?: DType | null;
  device?: DeviceLike | null;
  /** Copies from pinned memory do not wait for the device. Default: false. */
  nonBlocking?: boolean;
  /** A new tensor even where nothing changes. Default: false. */
  copy?: boolean;
  memoryFormat?: MemoryFormat | null;
}

/** A hook that was registered; `remove()` takes it away. */
export interface RemovableHandle {
  remove(): void;
}

/** Calls an overload of ATen by name; for the members of this class that Python writes by hand too. */
const aten = callOverload;

/**
 * A multi-dimensional array of one dtype on one device, with automatic differentiation.
 *
 * Made by `torch.tensor`, the factories (`torch.zeros`, …) and operators, never by `new`.
 * Source: torch.Tensor.
 */
export class Tensor extends HandleOwner {
  /** @internal */
  constructor(handle: Handle) {
    super();
    // One plain property write: the fastest object that V8 makes.
    (this as { handle: Handle }).handle = handle;
    const scope = currentScope();
    if (scope !== null) scope(this);
  }

  // ---- what it is ----

  /** The size of each dimension. */
  get shape(): number[] {
    return native.shape(this.handle);
  }

  /** The shape, or the size of one dimension. Source: Tensor.size. */
  size(): number[];
  size(dim: number | { dim: number }): number;
  size(dim?: number | { dim?: number }): number | number[] {
    if (typeof dim === 'number') return native.sizeAt(this.handle, dim);
    const wanted = checkedOptions('size', dim, ['dim']).dim;
    return wanted === undefined ? native.shape(this.handle) : native.sizeAt(this.handle, wanted);
  }

  /** The strides in elements, or that of one dimension. Source: Tensor.stride. */
  stride(): number[];
  stride(dim: number | { dim: number }): number;
  stride(dim?: number | { dim?: number }): number | number[] {
    const all = native.strides(this.handle);
    const wanted = typeof dim === 'number' ? dim : checkedOptions('stride', dim, ['dim']).dim;
    if (wanted === undefined) return all;
    native.sizeAt(this.handle, wanted); // checks the range
    return all[wanted < 0 ? wanted + all.length : wanted]!;
  }

  /** The number of dimensions. */
  dim(): number {
    return native.dim(this.handle);
  }
  /** The number of dimensions. */
  get ndim(): number {
    return native.dim(this.handle);
  }
  /** The number of dimensions. */
  ndimension(): number {
    return native.dim(this.handle);
  }
  /** The number of elements. */
  numel(): number {
    return native.numel(this.handle);
  }
  /** The number of elements. */
  nelement(): number {
    return native.numel(this.handle);
  }
  /** The element type; equals the constant (`x.dtype === torch.float32`). */
  get dtype(): DType {
    return native.dtype(this.handle);
  }
  /** Where it lives. */
  get device(): Device {
    return device(native.device(this.handle));
  }
  /** `'strided'` for a dense tensor. */
  get layout(): Layout {
    return native.layout(this.handle);
  }
  /** Bytes of one element. */
  elementSize(): number {
    return native.elementSize(this.handle);
  }
  /** Bytes of one element. */
  get itemsize(): number {
    return native.elementSize(this.handle);
  }
  /** Bytes of all elements. */
  get nbytes(): number {
    return native.numel(this.handle) * native.elementSize(this.handle);
  }
  /** Offset into the storage, in elements. */
  storageOffset(): number {
    return native.storageOffset(this.handle);
  }
  /** The address of the first element. */
  dataPtr(): bigint {
    return native.dataPtr(this.handle);
  }
  /** Whether elements lie in the order of the memory format. Default: row-major. */
  isContiguous(options: { memoryFormat?: MemoryFormat } = {}): boolean {
    return native.isContiguous(
      this.handle,
      checkedOptions('isContiguous', options, ['memoryFormat']).memoryFormat,
    );
  }
  get isCuda(): boolean {
    return native.device(this.handle).startsWith('cuda');
  }
  get isCpu(): boolean {
    return native.device(this.handle) === 'cpu';
  }
  get isMeta(): boolean {
    return native.device(this.handle).startsWith('meta');
  }
  /** Counts in-place changes. */
  get _version(): number {
    return native.version(this.handle);
  }
  isInference(): boolean {
    return native.isInference(this.handle);
  }
  /** True where both are the very same tensor (Python's `is`). */
  isSame(other: Tensor): boolean {
    return native.isSame(this.handle, expectTensor('isSame()', other).handle);
  }

  // ---- values out ----

  /**
   * The value of a tensor with one element.
   *
   * @throws ShapeError for more or fewer elements; ValueError for an int64 beyond 2^53 unless
   * `{ bigint: true }` asks for a bigint. Source: Tensor.item.
   */
  // biome-ignore lint/suspicious/noExplicitAny: the type depends on the dtype, which TypeScript does not know
  item(options?: { bigint?: boolean }): any {
    const bigint = options !== undefined && checkedOptions('item', options, ['bigint']).bigint === true;
    const value = native.item(this.handle);
    if (Array.isArray(value)) return { re: value[0], im: value[1] } satisfies Complex;
    if (typeof value === 'bigint') {
      if (bigint) return value;
      throw new ValueError(
        `item(): ${value} is beyond 2^53 and no JavaScript number holds it exactly; use item({ bigint: true })`,
      );
    }
    return bigint && typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value;
  }

  /**
   * The elements as nested arrays (a plain value for 0 dimensions).
   *
   * @throws ValueError for int64 beyond 2^53 unless `{ bigint: true }`. Source: Tensor.tolist.
   */
  // biome-ignore lint/suspicious/noExplicitAny: nested to a depth that only the run knows
  tolist(options: { bigint?: boolean } = {}): any {
    const { bigint = false } = checkedOptions('tolist', options, ['bigint']);
    return nest(elementsOf(this, bigint), this.shape);
  }

  /**
   * The elements as the typed array of the dtype, row-major, copied: `BigInt64Array` for int64,
   * `Uint8Array` for bool and uint8, `Uint16Array` of raw bits for bfloat16 and float16.
   * `{ as: 'float32' }` converts first.
   */
  toTypedArray(): TypedArray;
  toTypedArray(options: { as: 'float32' }): Float32Array;
  toTypedArray(options: { as: 'float64' }): Float64Array;
  toTypedArray(options: { as: 'int32' }): Int32Array;
  toTypedArray(options: { as?: DType }): TypedArray;
  toTypedArray(options: { as?: DType } = {}): TypedArray {
    return typedArrayOf(this, checkedOptions('toTypedArray', options, ['as']).as);
  }

  // ---- conversions ----

  /**
   * The tensor with another dtype or device: `to('cuda:0')`, `to(torch.float64)`, `to(other)`,
   * `to({ dtype, device, memoryFormat, nonBlocking, copy })`. The same tensor where nothing changes.
   * Source: Tensor.to.
   */
  to(options: ToOptions): Tensor;
  to(target: DeviceLike | DType | Tensor, options?: ToOptions): Tensor;
  to(target: DeviceLike, dtype: DType, options?: ToOptions): Tensor;
  to(...args: unknown[]): Tensor {
    const options: ToOptions = parseTo(args);
    const wantedDevice = options.device == null ? null : device(options.device);
    const wantedType = options.dtype ?? null;
    const sameDevice =
      wantedDevice === null ||
      wantedDevice.toString() === native.device(this.handle) ||
      (wantedDevice.index === null && wantedDevice.type === native.device(this.handle).split(':')[0]);
    const sameType = wantedType === null || wantedType === native.dtype(this.handle);
    if (sameDevice && sameType && !options.copy && !options.memoryFormat) return this;
    return aten('to', 'dtype_layout', [this], {
      dtype: wantedType ?? native.dtype(this.handle),
      device: sameDevice ? native.device(this.handle) : wantedDevice,
      non_blocking: options.nonBlocking ?? false,
      copy: options.copy ?? false,
      memory_format: options.memoryFormat ?? null,
    }) as Tensor;
  }

  cpu(): Tensor {
    return this.to('cpu');
  }
  cuda(index?: number, options: { nonBlocking?: boolean } = {}): Tensor {
    return this.to({ device: index === undefined ? 'cuda' : `cuda:${index}`, ...options });
  }
  float(): Tensor {
    return this.to('float32');
  }
  double(): Tensor {
    return this.to('float64');
  }
  half(): Tensor {
    return this.to('float16');
  }
  bfloat16(): Tensor {
    return this.to('bfloat16');
  }
  long(): Tensor {
    return this.to('int64');
  }
  int(): Tensor {
    return this.to('int32');
  }
  short(): Tensor {
    return this.to('int16');
  }
  char(): Tensor {
    return this.to('int8');
  }
  byte(): Tensor {
    return this.to('uint8');
  }
  bool(): Tensor {
    return this.to('bool');
  }
  /** The dtype as `'torch.FloatTensor'`-less name, or the tensor in another dtype. Source: Tensor.type. */
  type(): string;
  type(dtype: DType): Tensor;
  type(dtype?: DType): Tensor | string {
    return dtype === undefined ? `torch.${this.dtype}` : this.to(dtype);
  }
  /** Row-major (or another memory format); this tensor where it is so already. */
  contiguous(options: { memoryFormat?: MemoryFormat } = {}): Tensor {
    const format = checkedOptions('contiguous', options, ['memoryFormat']).memoryFormat ?? 'contiguousFormat';
    if (native.isContiguous(this.handle, format)) return this;
    return aten('contiguous', '', [this], { memory_format: format }) as Tensor;
  }
  /** In page-locked memory, for non-blocking copies to the device. @throws DeviceError without CUDA. Source: Tensor.pin_memory. */
  pinMemory(): Tensor {
    needCuda();
    return aten('pin_memory', '', [this]) as Tensor;
  }

  // ---- autograd ----

  get requiresGrad(): boolean {
    return native.requiresGrad(this.handle);
  }
  set requiresGrad(value: boolean) {
    native.setRequiresGrad(this.handle, value);
  }
  /** Sets requiresGrad in place. Source: Tensor.requires_grad_. */
  requiresGrad_(requiresGrad: boolean | { requiresGrad?: boolean } = true): this {
    const value =
      typeof requiresGrad === 'boolean'
        ? requiresGrad
        : (checkedOptions('requiresGrad_', requiresGrad, ['requiresGrad']).requiresGrad ?? true);
    native.setRequiresGrad(this.handle, value);
    return this;
  }
  get isLeaf(): boolean {
    return native.isLeaf(this.handle);
  }
  /** The gradient that `backward()` accumulated, or null. */
  get grad(): Tensor | null {
    const handle = native.grad(this.handle);
    return handle === null ? null : new Tensor(handle);
  }
  set grad(value: Tensor | null) {
    native.setGrad(this.handle, value === null ? null : expectTensor('grad', value).handle);
  }
  /** The function that made it, for printing: `{ name }`, or null for a leaf. */
  get gradFn(): { readonly name: string } | null {
    const name = native.gradFnName(this.handle);
    return name === null ? null : { name };
  }
  /** Keeps the gradient of a tensor that is no leaf. */
  retainGrad(): void {
    native.retainGrad(this.handle);
  }
  /** The same values without history; in-place changes do not count as changes. Source: Tensor.data. */
  get data(): Tensor {
    return new Tensor(native.variableData(this.handle));
  }
  set data(value: Tensor) {
    native.setData(this.handle, expectTensor('data', value).handle);
  }

  /**
   * Accumulates the gradients of all leaves that this tensor was computed from.
   *
   * @param gradient Gradient with respect to this tensor; may be left out for one element.
   * @throws AutogradError without history; ShapeError for a gradient of another shape. Source: Tensor.backward.
   */
  backward(
    gradient?: Tensor | null | BackwardOptions,
    options: BackwardOptions | boolean | null = {},
    createGraph?: boolean,
  ): void {
    syncMode();
    let settings: BackwardOptions = {};
    if (typeof options === 'boolean') settings = { retainGraph: options, createGraph };
    else if (options) settings = options;
    let seed: Tensor | null | undefined;
    if (gradient instanceof Tensor || gradient == null) seed = gradient;
    else if (typeof gradient === 'object') settings = { ...gradient, ...settings };
    else throw new ArgumentError(`backward() expects a Tensor as gradient, got ${typeof gradient}`);
    for (const key of Object.keys(settings))
      if (!backwardKeys.has(key))
        throw new ArgumentError(
          `backward() got an unexpected keyword argument '${key}'; known: ${[...backwardKeys].join(', ')}`,
        );
    seed ??= settings.gradient;
    native.backward(
      [this.handle],
      seed ? [seed.handle] : null,
      settings.retainGraph ?? null,
      settings.createGraph ?? false,
      settings.inputs ? settings.inputs.map((t) => t.handle) : null,
    );
  }

  /**
   * Calls `hook(grad)` whenever a gradient with respect to this tensor is computed; a returned
   * tensor replaces it. The hook lives as long as the tensor: one whose closure holds that very tensor
   * keeps it alive until `remove()`. Source: Tensor.register_hook.
   */
  registerHook(hook: (grad: Tensor) => Tensor | null | undefined | void): RemovableHandle {
    if (typeof hook !== 'function')
      throw new ArgumentError(`registerHook() expects a function, got ${typeof hook}`);
    if (typeof hook !== 'function')
      throw new ArgumentError(`registerHook() expects a function, as \`(grad) => …\`, got ${typeof hook}`);
    const id = native.registerHook(this.handle, engineHook(hook));
    return { remove: () => native.removeHook(this.handle, id) };
  }

  // ---- indexing ----

  /**
   * Python's `x[…]`: numbers, slices as strings (`'2:5'`, `'::2'`, `':'`) or `torch.slice`, `null` for
   * a new axis, `'...'`, tensors and arrays as masks or indices. Views where Python gives views.
   */
  index(...items: IndexItem[]): Tensor {
    return applyIndex(this, items);
  }

  /** Python's `x[…] = value`. */
  indexPut_(
    items: IndexItem[] | IndexItem,
    value: IndexValue,
    options?: boolean | { accumulate?: boolean },
  ): this {
    const accumulate =
      typeof options === 'boolean'
        ? options
        : (checkedOptions('indexPut_', options, ['accumulate']).accumulate ?? false);
    applyIndexPut(this, Array.isArray(items) ? items : [items], value, accumulate);
    return this;
  }

  /** Python's `len(x)`. */
  get length(): number {
    if (this.dim() === 0) throw new TorchError('length of a 0-d tensor', 'ERR_SHAPE');
    return this.size(0);
  }

  /** Iterates over the first dimension, as Python does. */
  *[Symbol.iterator](): IterableIterator<Tensor> {
    if (this.dim() === 0) throw new TorchError('iteration over a 0-d tensor', 'ERR_SHAPE');
    const n = this.size(0);
    for (let i = 0; i < n; i++) yield aten('select', 'int', [this, 0, i]) as Tensor;
  }

  // ---- memory ----

  /** Gives the memory back now; using the tensor afterwards is a {@link DisposedError}. */
  dispose(): void {
    native.dispose(this.handle);
  }
  /** Whether `dispose()` was called. */
  get isDisposed(): boolean {
    return native.isDisposed(this.handle);
  }
  [Symbol.dispose](): void {
    native.dispose(this.handle);
  }

  // ---- printing ----

  /** As PyTorch prints it. */
  override toString(): string {
    return inspectTensor(this);
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return native.isDisposed(this.handle) ? 'tensor(<disposed>)' : inspectTensor(this);
  }
}

/** A hook as the engine calls it. Apart from the method: this closure must not hold the tensor. */
function engineHook(
  hook: (grad: Tensor) => Tensor | null | undefined | void,
): (grad: Handle) => Handle | undefined {
  return (grad) => {
    const replaced = insideEngine(() => hook(new Tensor(grad)));
    return replaced instanceof Tensor ? replaced.handle : (replaced as undefined);
  };
}

/** Options of `Tensor.backward`. */
export interface BackwardOptions {
  gradient?: Tensor | null;
  /** Keep the graph for another pass. Default: `createGraph`. */
  retainGraph?: boolean;
  /** Build a graph of the derivative. Default: false. */
  createGraph?: boolean;
  /** Accumulate only into these leaves. */
  inputs?: readonly Tensor[];
}

const backwardKeys = new Set(['gradient', 'retainGraph', 'createGraph', 'inputs']);
const toKeys = new Set(['dtype', 'device', 'nonBlocking', 'copy', 'memoryFormat']);

function parseTo(args: readonly unknown[]): ToOptions {
  const parsed: ToOptions = {};
  const flags: boolean[] = [];
  for (const arg of args) {
    if (arg === null || arg === undefined) continue;
    if (arg instanceof Tensor) {
      parsed.dtype = arg.dtype;
      parsed.device = arg.device;
    } else if (typeof arg === 'boolean') flags.push(arg);
    else if (isDType(arg)) parsed.dtype = arg;
    else if (typeof arg === 'object' && Object.getPrototypeOf(arg) === Object.prototype) {
      for (const key of Object.keys(arg))
        if (!toKeys.has(key))
          throw new ArgumentError(
            `to() got an unexpected keyword argument '${key}'; known: ${[...toKeys].join(', ')}`,
          );
      for (const key of ['dtype', 'device'] as const)
        if (parsed[key] != null && (arg as ToOptions)[key] !== undefined)
          throw new ArgumentError(`to() got multiple values for argument '${key}'`);
      Object.assign(parsed, arg);
    } else parsed.device = device(arg as DeviceLike);
  }
  if (flags.length > 0) parsed.nonBlocking = flags[0];
  if (flags.length > 1) parsed.copy = flags[1];
  if (parsed.dtype != null && !isDType(parsed.dtype))
    throw new DTypeError(`unknown dtype '${String(parsed.dtype)}'`);
  return parsed;
}

/** @internal The value where it is a Tensor. @throws ArgumentError for anything else. */
export function expectTensor(name: string, value: unknown): Tensor {
  if (value instanceof Tensor) return value;
  throw new ArgumentError(
    `${name} expects a Tensor, got ${value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value}`,
  );
}

/** @internal A handle of its own to the values without history, for a wrapper of a subclass. */
export function detachedHandle(tensor: Tensor): Handle {
  return native.variableData(tensor.handle);
}

function typedArrayOf(tensor: Tensor, as?: DType): TypedArray {
  const source = as !== undefined && as !== tensor.dtype ? tensor.to({ dtype: as }) : tensor;
  return rawTypedArray(source.handle);
}

setWrapper((handle) => new Tensor(handle));
