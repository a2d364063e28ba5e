/** Events of a recording, one by one and averaged. All times are in microseconds, memory in bytes. */
import { formatTime } from './format.js';

/** From `start` to `end`, in microseconds after the start of the trace. */
export class Interval {
  constructor(
    readonly start: number,
    readonly end: number,
  ) {}
  elapsedUs(): number {
    return this.end - this.start;
  }
}

/** Work on a device that an event has started; `duration` in microseconds. */
export interface Kernel {
  readonly name: string;
  readonly device: number;
  readonly duration: number;
}

/** Where an event happened. */
export type EventDevice = 'cpu' | 'cuda';

/** What events and averages have in common; subclasses have the totals and the count. */
abstract class Timed {
  abstract readonly key: string;
  abstract count: number;
  abstract get cpuTimeTotal(): number;
  abstract get deviceTimeTotal(): number;
  abstract get selfCpuTimeTotal(): number;
  abstract get selfDeviceTimeTotal(): number;

  /** CPU time of one call, with what it called. */
  get cpuTime(): number {
    return this.count === 0 ? 0 : this.cpuTimeTotal / this.count;
  }
  /** Device time of one call. */
  get deviceTime(): number {
    return this.count === 0 ? 0 : this.deviceTimeTotal / this.count;
  }
  get cpuTimeStr(): string {
    return formatTime(this.cpuTime);
  }
  get deviceTimeStr(): string {
    return formatTime(this.deviceTime);
  }
  get cpuTimeTotalStr(): string {
    return formatTime(this.cpuTimeTotal);
  }
  get deviceTimeTotalStr(): string {
    return formatTime(this.deviceTimeTotal);
  }
  get selfCpuTimeTotalStr(): string {
    return formatTime(this.selfCpuTimeTotal);
  }
  get selfDeviceTimeTotalStr(): string {
    return formatTime(this.selfDeviceTimeTotal);
  }
}

/** What is known of an event when it is made. */
export interface EventFields {
  id: number;
  name: string;
  /** The name in the trace; null where it is not in there. */
  traceName: string | null;
  timeRange: Interval;
  thread: number;
  fwdThread: number;
  inputShapes: number[][];
  structuredInputShapes: (number[] | number[][])[];
  inputDtypes: string[];
  concreteInputs: unknown[];
  scope: number;
  useDevice: EventDevice | null;
  cpuMemoryUsage: number;
  deviceMemoryUsage: number;
  isAsync: boolean;
  sequenceNr: number;
  deviceType: EventDevice;
  deviceIndex: number;
  deviceResourceId: number;
  flops: number;
  isUserAnnotation: boolean;
  activityType: string;
  linkedCorrelationId: number;
}

/** One call of an operator, a label, or work of a device. Source: torch.autograd.profiler_util.FunctionEvent. */
export class FunctionEvent extends Timed {
  declare readonly id: number;
  declare readonly name: string;
  declare readonly traceName: string | null;
  declare readonly timeRange: Interval;
  /** LibTorch's number of the thread that it ran on, and of the one of its forward call. */
  thread: number;
  declare readonly fwdThread: number;
  /** With `recordShapes`: the shape of each argument; `[]` for what is no tensor, and for lists of tensors. */
  declare readonly inputShapes: number[][];
  /** The same with a list of shapes for a list of tensors. */
  declare readonly structuredInputShapes: (number[] | number[][])[];
  declare readonly inputDtypes: string[];
  /** With `recordShapes`: arguments that are values; null for tensors. */
  declare readonly concreteInputs: unknown[];
  /** 0 for a call, 1 for a function of backward, 7 for a label of the user. */
  declare readonly scope: number;
  declare readonly useDevice: EventDevice | null;
  /** Bytes taken less bytes given back while it ran. */
  declare readonly cpuMemoryUsage: number;
  declare readonly deviceMemoryUsage: number;
  declare readonly isAsync: boolean;
  declare readonly sequenceNr: number;
  declare readonly deviceType: EventDevice;
  declare readonly deviceIndex: number;
  declare readonly deviceResourceId: number;
  declare readonly flops: number;
  declare readonly isUserAnnotation: boolean;
  declare readonly activityType: string;
  declare readonly linkedCorrelationId: number;

  override count = 1;
  kernels: Kernel[] = [];
  cpuChildren: FunctionEvent[] = [];
  cpuParent: FunctionEvent | null = null;

  /** @internal */
  constructor(fields: EventFields) {
    super();
    Object.assign(this, fields);
    this.thread = fields.thread;
  }

  get key(): string {
    return this.name;
  }
  get cpuTimeTotal(): number {
    return this.deviceType === 'cpu' ? this.timeRange.elapsedUs() : 0;
  }
  /** CPU time without what it called. */
  get selfCpuTimeTotal(): number {
    if (this.isAsync || this.deviceType !== 'cpu') return 0;
    return this.cpuChildren.reduce((left, child) => left - child.cpuTimeTotal, this.cpuTimeTotal);
  }
  get deviceTimeTotal(): number {
    if (this.isAsync || this.useDevice === null) return 0;
    if (this.deviceType !== 'cpu') return this.timeRange.elapsedUs();
    const own = this.kernels.reduce((sum, kernel) => sum + kernel.duration, 0);
    return this.cpuChildren.reduce((sum, child) => sum + child.deviceTimeTotal, own);
  }
  get selfDeviceTimeTotal(): number {
    if (this.isAsync || this.useDevice === null) return 0;
    if (this.deviceType !== 'cpu') return this.deviceTimeTotal;
    return this.kernels.reduce((sum, kernel) => sum + kernel.duration, 0);
  }
  get selfCpuMemoryUsage(): number {
    if (this.isAsync || this.deviceType !== 'cpu') return 0;
    return this.cpuChildren.reduce((left, child) => left - child.cpuMemoryUsage, this.cpuMemoryUsage);
  }
  get selfDeviceMemoryUsage(): number {
    if (this.isAsync || this.deviceType !== 'cpu') return 0;
    return this.cpuChildren.reduce((left, child) => left - child.deviceMemoryUsage, this.deviceMemoryUsage);
  }

  override toString(): string {
    return `<FunctionEvent id=${this.id} name=${this.name} device=${this.deviceType} cpuTime=${this.cpuTimeStr} start=${this.timeRange.start} end=${this.timeRange.end} thread=${this.thread} cpuChildren=[${this.cpuChildren.map((child) => child.id).join(', ')}]>`;
  }
}

/** Events of one key, added up. Source: torch.autograd.profiler_util.FunctionEventAvg. */
export class FunctionEventAvg extends Timed {
  key: string;
  /** Calls. */
  override count = 0;
  cpuTimeTotal = 0;
  deviceTimeTotal = 0;
  selfCpuTimeTotal = 0;
  selfDeviceTimeTotal = 0;
  cpuMemoryUsage = 0;
  deviceMemoryUsage = 0;
  selfCpuMemoryUsage = 0;
  selfDeviceMemoryUsage = 0;
  flops = 0;
  /** Of the first event; empty unless the rows are grouped by shape. */
  inputShapes: number[][];
  readonly scope: number;
  readonly isAsync: boolean;
  readonly useDevice: EventDevice | null;
  readonly deviceType: EventDevice;
  readonly isUserAnnotation: boolean;
  readonly cpuParent: FunctionEvent | null;
  readonly cpuChildren: FunctionEvent[];

  /** Takes its key and kind from the first event, which it does not add. @internal */
  constructor(first: FunctionEvent | FunctionEventAvg) {
    super();
    this.key = first.key;
    this.inputShapes = first.inputShapes;
    this.scope = first.scope;
    this.isAsync = first.isAsync;
    this.useDevice = first.useDevice;
    this.deviceType = first.deviceType;
    this.isUserAnnotation = first.isUserAnnotation;
    this.cpuParent = first.cpuParent;
    this.cpuChildren = first.cpuChildren;
  }

  /** Adds another event of its key. */
  add(other: FunctionEvent | FunctionEventAvg): this {
    this.count += other.count;
    this.cpuTimeTotal += other.cpuTimeTotal;
    this.deviceTimeTotal += other.deviceTimeTotal;
    this.selfCpuTimeTotal += other.selfCpuTimeTotal;
    this.selfDeviceTimeTotal += other.selfDeviceTimeTotal;
    this.cpuMemoryUsage += other.cpuMemoryUsage;
    this.deviceMemoryUsage += other.deviceMemoryUsage;
    this.selfCpuMemoryUsage += other.selfCpuMemoryUsage;
    this.selfDeviceMemoryUsage += other.selfDeviceMemoryUsage;
    this.flops += other.flops;
    return this;
  }

  override toString(): string {
    return `<FunctionEventAvg key=${this.key} count=${this.count} selfCpuTime=${this.selfCpuTimeTotalStr} cpuTime=${this.cpuTimeStr} cpuMemoryUsage=${this.cpuMemoryUsage}>`;
  }
}
