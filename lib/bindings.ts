/**
 * What the native addon offers: the one declaration of its exports.
 *
 * A {@link Handle} is an opaque external; every function checks it and throws a typed error for
 * anything that is no live handle of the right kind.
 */

/** An opaque reference to a native tensor or generator. */
export type Handle = { readonly __handle: unique symbol };

/** Element types, by the names that PyTorch uses. */
export type DType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint8'
  | 'bool'
  | 'complex64'
  | 'complex128'
  | 'complex32'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'float8_e4m3fn'
  | 'float8_e5m2'
  | 'float8_e4m3fnuz'
  | 'float8_e5m2fnuz'
  | 'qint8'
  | 'quint8'
  | 'qint32';

/** How elements lie in memory. */
export type MemoryFormat = 'contiguousFormat' | 'preserveFormat' | 'channelsLast' | 'channelsLast3d';

/** Dense or sparse layouts. */
export type Layout =
  | 'strided'
  | 'sparseCoo'
  | 'sparseCsr'
  | 'sparseCsc'
  | 'sparseBsr'
  | 'sparseBsc'
  | 'jagged'
  | 'mkldnn'
  | 'other';

export interface CudaMemoryFigures {
  allocated: number;
  maxAllocated: number;
  reserved: number;
  maxReserved: number;
  free: number;
  total: number;
}

/** A recording of the profiler that has ended. */
export type ProfilerTrace = { readonly __profilerTrace: unique symbol };

/** The events of a recording: `rows` has the columns of `native/profiler/events.cc`, times in ns. */
export interface ProfilerEvents {
  startNs: number | bigint;
  names: string[];
  rows: Float64Array;
  /** With arguments only, for each event one entry for each argument. */
  shapes?: (number[] | number[][])[][];
  dtypes?: string[][];
  values?: unknown[][];
}

/** An opaque reference to a TorchScript module. */
export type ScriptHandle = { readonly __script: unique symbol };

export interface Native {
  configure(
    makeError: (kind: string, message: string) => Error,
    collect: ((level: number) => void) | null,
  ): void;

  // dispatch
  packet(
    name: string,
    overload: string | null,
    shown: string,
    camelKeys: boolean,
    method: boolean,
    /** What a number stands for where the schema has a tensor: 0 nothing, 1 an operand, 2 one compared. */
    numbers: number,
  ): number;
  /** The number of the keywords of these names; 0 stands for none. */
  keywords(names: readonly string[]): number;
  /** Positional values, and behind them those of the keywords. */
  invoke(packet: number, keywords: number, ...values: unknown[]): unknown;
  operators(): string[];

  // tensors
  shape(h: Handle): number[];
  sameShape(a: Handle, b: Handle): boolean;
  strides(h: Handle): number[];
  dim(h: Handle): number;
  numel(h: Handle): number;
  storageOffset(h: Handle): number;
  dtype(h: Handle): DType;
  device(h: Handle): string;
  layout(h: Handle): Layout;
  elementSize(h: Handle): number;
  sizeAt(h: Handle, dim: number): number;
  isContiguous(h: Handle, format?: MemoryFormat): boolean;
  requiresGrad(h: Handle): boolean;
  setRequiresGrad(h: Handle, value: boolean): void;
  isLeaf(h: Handle): boolean;
  grad(h: Handle): Handle | null;
  setGrad(h: Handle, grad: Handle | null): void;
  retainGrad(h: Handle): void;
  gradFnName(h: Handle): string | null;
  variableData(h: Handle): Handle;
  setData(h: Handle, data: Handle): void;
  version(h: Handle): number;
  isInference(h: Handle): boolean;
  isView(h: Handle): boolean;
  dataPtr(h: Handle): bigint;
  storageId(h: Handle): bigint;
  storageBytes(h: Handle): number;
  same(h: Handle): Handle;
  isSame(a: Handle, b: Handle): boolean;
  dispose(h: Handle): void;
  isDisposed(h: Handle): boolean;
  memoryStats(): { tensors: number; bytes: number };
  getDefaultDtype(): DType;
  setDefaultDtype(dtype: DType): void;
  promoteTypes(a: DType, b: DType): DType;
  resultType(a: Handle, b: Handle): DType;
  getNumThreads(): number;
  setNumThreads(n: number): void;
  showConfig(): string;
  setDeterministic(enabled: boolean, warnOnly?: boolean): void;
  libtorchVersion(): string;

  // exchange
  fromBytes(
    bytes: ArrayBufferView | ArrayBuffer,
    source: DType,
    shape: readonly number[],
    dtype: DType,
    device: string | null,
    byteOffset?: number,
  ): Handle;
  toBytes(h: Handle): ArrayBuffer;
  copyInto(h: Handle, bytes: ArrayBufferView | ArrayBuffer): void;
  item(h: Handle): number | bigint | boolean | [number, number];

  // autograd
  backward(
    tensors: Handle[],
    gradients: (Handle | null)[] | null,
    retainGraph: boolean | null,
    createGraph: boolean,
    inputs: Handle[] | null,
  ): void;
  gradients(
    outputs: Handle[],
    inputs: Handle[],
    gradOutputs: (Handle | null)[] | null,
    retainGraph: boolean | null,
    createGraph: boolean,
    allowUnused: boolean,
  ): (Handle | null)[];
  registerHook(h: Handle, hook: (grad: Handle) => Handle | null | undefined): number;
  removeHook(h: Handle, id: number): void;
  setModes(grad: boolean, inference: boolean): void;
  isGradEnabled(): boolean;
  isInferenceEnabled(): boolean;
  setAutocast(deviceType: string, enabled: boolean, dtype: DType, cacheEnabled: boolean): void;
  clearAutocastCache(): void;

  // random
  makeGenerator(device: string | null): Handle;
  manualSeed(seed: number | bigint): void;
  generatorManualSeed(generator: Handle | null, seed: number | bigint): void;
  generatorInitialSeed(generator: Handle | null): number | bigint;
  generatorRandomSeed(generator: Handle | null): number | bigint;
  generatorGetState(generator: Handle | null): Handle;
  generatorSetState(generator: Handle | null, state: Handle): void;
  generatorDevice(generator: Handle | null): string;

  // cuda
  loadCuda(withoutDriver: boolean): string;
  cudaDeviceCount(): number;
  cudaCurrentDevice(): number;
  cudaDeviceName(index?: number): string;
  cudaDeviceCapability(index?: number): number[];
  cudaSynchronize(index?: number): void;
  cudaEmptyCache(): void;
  cudaMemoryStats(index?: number): CudaMemoryFigures;
  cudaResetPeakMemoryStats(index?: number): void;

  // optim
  /** Drops (or zeroes) the gradients of all parameters. */
  zeroGrads(params: Handle[], setToNone: boolean): void;
  /** The gradient of each parameter, null where there is none. */
  paramGrads(params: Handle[]): (Handle | null)[];
  /** Whether fused kernels, which walk raw memory, may run over these parameters and gradients. */
  fusedFits(params: Handle[], grads: Handle[]): boolean;
  retainsGrad(h: Handle): boolean;
  /**
   * Whether `adamStep` may run over these lists. If so, the steps are one higher and `counts` holds them;
   * if not, nothing has changed.
   */
  adamBegin(
    params: Handle[],
    grads: Handle[],
    avgs: Handle[],
    squares: Handle[],
    steps: Handle[],
    counts: Float64Array,
  ): boolean;
  /**
   * One step of Adam, equal to the bit to the operators one after another. Per parameter: what divides the
   * roots, and what multiplies the averages. `rates`: lr, beta1, beta2, eps, weight decay.
   */
  adamStep(
    params: Handle[],
    grads: Handle[],
    avgs: Handle[],
    squares: Handle[],
    corrections: Float64Array,
    scales: Float64Array,
    rates: Float64Array,
    decoupled: boolean,
  ): void;

  /**
   * Copies sources into targets, recording no gradients, from the pair at `from` up to the first that is
   * more than a copy of bytes on the CPU; gives the index of that one, or the number of pairs.
   */
  copyPlain(targets: Handle[], sources: Handle[], from: number): number;

  // serialization
  /**
   * Reads bytes of an open file into uint8 tensors, off this thread. A region is four numbers: offset,
   * size, CRC-32 (negative: unchecked), and where it must end. With `headers` the offset is that of a
   * zip record's local header. With `map` the tensors lie in a private mapping of the file.
   */
  readRegions(
    fd: number,
    regions: Float64Array,
    headers: boolean,
    map?: boolean,
    threads?: number,
  ): Promise<Handle[]>;
  /**
   * Writes the whole storage of each tensor at its offset, off this thread; gives the CRC-32 of each.
   * The first `reserved` bytes of the file are allocated before, where the file system can.
   */
  writeStorages(fd: number, offsets: Float64Array, tensors: Handle[], reserved?: number): Promise<number[]>;
  /** A tensor over the storage of another, of which `nbytes` count; checked against its bounds. */
  viewStorage(
    h: Handle,
    dtype: DType,
    sizes: readonly number[],
    strides: readonly number[],
    offset: number,
    nbytes?: number,
  ): Handle;
  /** The CRC-32 of a tensor's whole storage. */
  crcOfStorage(h: Handle): number;

  // data
  /** Runs an image program; `size` is [width, height, channels]. */
  runImage(bytes: Uint8Array, size: Int32Array, program: Int32Array): Uint8Array;
  /** The result of an image program as C × H × W: float32 by 256 values for each channel, else uint8. */
  imageTensor(
    bytes: Uint8Array,
    size: Int32Array,
    program: Int32Array,
    tables: Float32Array | null,
    channelsLast: boolean,
  ): Handle;
  /** Width and height of a JPEG file that `decodeJpeg` and `assembleBatch` decode: baseline, gray or YCbCr. */
  jpegSize(file: Uint8Array): [width: number, height: number] | null;
  /** RGB of such a file, off this thread; null for another file or a broken one. */
  decodeJpeg(file: Uint8Array): Promise<[width: number, height: number, rgb: Uint8Array] | null>;
  /**
   * The same for a batch on native threads. Sizes are width, height and channels of each image, with −3
   * channels for a JPEG file; one program for all images or one for each. The function that comes of it
   * gives the batch, once.
   */
  assembleBatch(
    images: Uint8Array[],
    sizes: Int32Array,
    programs: Int32Array[],
    tables: Float32Array | null,
    channelsLast: boolean,
    chunks: number,
  ): Promise<() => Handle>;

  // profiler
  /** `activities`: 1 for the CPU, 2 for CUDA. False where the process is being recorded already. */
  profilerPrepare(
    activities: number,
    recordShapes: boolean,
    profileMemory: boolean,
    withFlops: boolean,
    traceId: string,
  ): boolean;
  profilerStart(): void;
  profilerStop(): ProfilerTrace;
  /** Gives the trace's memory back before the collector does. */
  profilerRelease(trace: ProfilerTrace): void;
  profilerEvents(trace: ProfilerTrace, withArguments: boolean): ProfilerEvents;
  /** Kineto's Chrome trace; once for a trace, as saving empties it. */
  profilerSave(trace: ProfilerTrace, path: string): void;
  profilerMetadata(key: string, json: string): void;
  profilerToggle(enable: boolean, activities: number): void;
  profilerStopped(): boolean;
  /** Opens a label in the recording; 0 where nobody records. */
  labelEnter(name: string, args?: string | null): number;
  labelExit(label: number): void;

  // jit: values go down with handles in the places of tensors, and come back as native/dispatch/convert.h says
  /** A module without members; in the compilation unit of `root`, where there is one. */
  jitCreate(name: string, training: boolean, root: ScriptHandle | null): ScriptHandle;
  jitRegister(script: ScriptHandle, kind: 'parameter' | 'buffer', name: string, value: Handle): void;
  jitRegister(script: ScriptHandle, kind: 'module', name: string, value: ScriptHandle): void;
  /** Gives the module a `forward` that repeats what the function does with the inputs. */
  jitTrace(
    script: ScriptHandle,
    inputs: unknown[],
    forward: (inputs: unknown[]) => unknown,
    strict: boolean,
  ): void;
  jitGiveBackMemory(): void;
  jitForward(script: ScriptHandle, ...inputs: unknown[]): unknown;
  jitForwardAsync(script: ScriptHandle, ...inputs: unknown[]): Promise<unknown>;
  /** Parameters, buffers and modules of the module itself. */
  jitMembers(
    script: ScriptHandle,
  ): (['parameter' | 'buffer', string, Handle] | ['module', string, ScriptHandle])[];
  jitInfo(script: ScriptHandle): { name: string; training: boolean; callable: boolean; optimized: boolean };
  jitGraph(script: ScriptHandle): string;
  jitCode(script: ScriptHandle): string;
  jitSetTraining(script: ScriptHandle, training: boolean): void;
  jitFreeze(script: ScriptHandle, preserved: string[], optimizeNumerics: boolean): ScriptHandle;
  jitOptimize(script: ScriptHandle): ScriptHandle;
  jitLoad(path: string, device: string | null): Promise<ScriptHandle>;
  /** Writes the archive at the place of an open file, off this thread. */
  jitSave(script: ScriptHandle, fd: number): Promise<void>;
}
