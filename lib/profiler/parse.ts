/** The native table of a recording as events, with what belongs together put together. */
import type { ProfilerEvents } from '../bindings.js';
import { type EventDevice, type EventFields, FunctionEvent, Interval } from './event.js';

/** The columns of native/profiler/events.cc. */
const column = {
  name: 0,
  start: 1,
  end: 2,
  thread: 3,
  endThread: 4,
  forwardThread: 5,
  correlation: 6,
  linkedCorrelation: 7,
  scope: 8,
  activity: 9,
  deviceType: 10,
  deviceIndex: 11,
  deviceResource: 12,
  sequence: 13,
  flops: 14,
  bytes: 15,
  flags: 16,
} as const;
const columns = 17;
const asyncFlag = 1;
const hiddenFlag = 2;

const memoryEvent = '[memory]';
const outOfMemoryEvent = '[OutOfMemory]';

/** What is left out of events and tables: bookkeeping of the profiler and of autograd. */
const left = new Set([
  memoryEvent,
  outOfMemoryEvent,
  'profiler::_record_function_enter',
  'profiler::_record_function_enter_new',
  'profiler::_record_function_exit',
  'aten::is_leaf',
  'aten::output_nr',
  'aten::_version',
]);

/** c10::DeviceType of CPU, MKLDNN, IDEEP: memory of the host; the rest that we know of is CUDA. */
const hostTypes = new Set([0, 2, 5]);

interface MemoryRecord {
  readonly index: number;
  readonly start: number;
  readonly host: number;
  readonly device: number;
  used: boolean;
}

/** Changes of memory by the time they happened at. */
class MemoryRecords {
  private readonly sorted: MemoryRecord[];

  constructor(readonly all: MemoryRecord[]) {
    this.sorted = [...all].sort((a, b) => a.start - b.start);
  }

  /** Where the first record at or after a time is. */
  private from(time: number): number {
    let [low, high] = [0, this.sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.sorted[middle]!.start < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Bytes in a span of time, both ends included; the records count as used. */
  take(start: number, end: number): [host: number, device: number] {
    let [host, device] = [0, 0];
    for (let i = this.from(start); i < this.sorted.length; i++) {
      const record = this.sorted[i]!;
      if (record.start > end) break;
      host += record.host;
      device += record.device;
      record.used = true;
    }
    return [host, device];
  }
}

/** A step of a schedule has one row in tables, whatever its number. */
const tableName = (name: string): string => (name.startsWith('ProfilerStep#') ? 'ProfilerStep*' : name);

/** Shapes without the lists of tensors. */
const plainShape = (shape: number[] | number[][]): number[] =>
  shape.length > 0 && Array.isArray(shape[0]) ? [] : (shape as number[]);

function memoryRecords(table: ProfilerEvents): MemoryRecord[] {
  const { names, rows } = table;
  const records: MemoryRecord[] = [];
  for (let index = 0; index * columns < rows.length; index++) {
    const at = index * columns;
    if (names[rows[at + column.name]!] !== memoryEvent) continue;
    const host = hostTypes.has(rows[at + column.deviceType]!);
    const bytes = rows[at + column.bytes]!;
    records.push({
      index,
      start: rows[at + column.start]!,
      host: host ? bytes : 0,
      device: host ? 0 : bytes,
      used: false,
    });
  }
  return records;
}

/** Gives work of the device to the call that started it. */
function attachKernels(frontend: FunctionEvent[], linked: Map<number, FunctionEvent[]>): void {
  for (const event of frontend) {
    if (event.deviceType !== 'cpu' || event.isAsync) continue;
    for (const other of linked.get(event.id) ?? []) {
      if (other.deviceType === 'cpu') other.thread = event.thread;
      else
        event.kernels.push({
          name: other.name,
          device: other.deviceIndex,
          duration: other.timeRange.elapsedUs(),
        });
    }
  }
}

/** The events of a recording, by start; memory that changed outside of any is an event of its own. */
export function parseEvents(table: ProfilerEvents, useDevice: EventDevice | null): FunctionEvent[] {
  const { names, rows } = table;
  const records = new MemoryRecords(memoryRecords(table));
  const events: FunctionEvent[] = [];
  const frontend: FunctionEvent[] = [];
  const linked = new Map<number, FunctionEvent[]>();
  const outOfMemory: number[] = [];
  let lastId = 0;

  const fieldsOf = (index: number, name: string): EventFields => {
    const at = index * columns;
    const cell = (which: number): number => rows[at + which]!;
    const onHost = cell(column.deviceType) === 0;
    const activity = names[cell(column.activity)]!;
    const structured = table.shapes?.[index] ?? [];
    return {
      id: cell(column.correlation),
      name: tableName(name),
      traceName: name,
      timeRange: new Interval(cell(column.start) / 1000, cell(column.end) / 1000),
      thread: cell(column.thread),
      fwdThread: cell(column.forwardThread),
      structuredInputShapes: structured,
      inputShapes: structured.map(plainShape),
      inputDtypes: table.dtypes?.[index] ?? [],
      concreteInputs: table.values?.[index] ?? [],
      scope: cell(column.scope),
      useDevice,
      cpuMemoryUsage: 0,
      deviceMemoryUsage: 0,
      isAsync: (cell(column.flags) & asyncFlag) !== 0 || cell(column.thread) !== cell(column.endThread),
      sequenceNr: cell(column.sequence),
      deviceType: onHost ? 'cpu' : 'cuda',
      deviceIndex: cell(column.deviceIndex),
      deviceResourceId: cell(column.deviceResource),
      flops: cell(column.flops),
      isUserAnnotation: activity === 'user_annotation' || activity === 'gpu_user_annotation',
      activityType: activity,
      linkedCorrelationId: cell(column.linkedCorrelation),
    };
  };

  for (let index = 0; index * columns < rows.length; index++) {
    const at = index * columns;
    const name = names[rows[at + column.name]!]!;
    if (name === outOfMemoryEvent) outOfMemory.push(index);
    if (left.has(name) || (rows[at + column.flags]! & hiddenFlag) !== 0) continue;
    const fields = fieldsOf(index, name);
    if (fields.deviceType === 'cpu' && records.all.length > 0)
      [fields.cpuMemoryUsage, fields.deviceMemoryUsage] = records.take(
        rows[at + column.start]!,
        rows[at + column.end]!,
      );
    const event = new FunctionEvent(fields);
    lastId = Math.max(lastId, event.id);
    events.push(event);
    if (event.linkedCorrelationId > 0) {
      const others = linked.get(event.linkedCorrelationId);
      if (others) others.push(event);
      else linked.set(event.linkedCorrelationId, [event]);
    } else if (event.activityType !== 'overhead') frontend.push(event);
  }
  attachKernels(frontend, linked);

  const outside = (index: number, host: number, device: number): void => {
    const fields = fieldsOf(index, names[rows[index * columns + column.name]!]!);
    const { start } = fields.timeRange;
    events.push(
      new FunctionEvent({
        ...fields,
        id: ++lastId,
        traceName: null,
        timeRange: new Interval(start, start),
        fwdThread: fields.thread,
        inputShapes: [],
        structuredInputShapes: [],
        scope: 0,
        cpuMemoryUsage: host,
        deviceMemoryUsage: device,
        isAsync: false,
        sequenceNr: -1,
        deviceType: 'cpu',
        deviceIndex: 0,
        flops: 0,
      }),
    );
  };
  for (const record of records.all) if (!record.used) outside(record.index, record.host, record.device);
  for (const index of outOfMemory) outside(index, 0, 0);
  return events.sort((a, b) => a.timeRange.start - b.timeRange.start || b.timeRange.end - a.timeRange.end);
}
