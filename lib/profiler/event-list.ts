/** Lists of events or averages: who called whom, averages by key, tables. */
import { ArgumentError } from '../errors.js';
import { bindArguments, type Signature } from '../ops/bind.js';
import { type FunctionEvent, FunctionEventAvg } from './event.js';
import { formatShapes } from './format.js';
import { buildTable, tableParameters, type TableOptions } from './table.js';

/** Options of `keyAverages`. */
export interface KeyAveragesOptions {
  /** A row for each key and shapes of arguments; wants `recordShapes`. Default: false. */
  groupByInputShape?: boolean;
}

const averagesParameters: Signature = { name: 'keyAverages', params: ['groupByInputShape'], required: 0 };

/** How a list was recorded, which decides the columns of its table. */
export interface ListSettings {
  readonly profileMemory: boolean;
  readonly withFlops: boolean;
}

/** An array of events or of averages. Source: torch.autograd.profiler_util.EventList. */
export class EventList<E extends FunctionEvent | FunctionEventAvg> extends Array<E> {
  /** `map` and `filter` give plain arrays. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  private readonly settings: ListSettings;

  /** @internal */
  constructor(events: Iterable<E>, settings: ListSettings) {
    super();
    for (const event of events) this.push(event);
    this.settings = settings;
    // Not a part of what the list holds, so not of what prints or compares it either.
    Object.defineProperty(this, 'settings', { enumerable: false });
  }

  /** Time of the CPU in all events together, in microseconds. */
  get selfCpuTimeTotal(): number {
    return this.reduce((sum, event) => sum + event.selfCpuTimeTotal, 0);
  }

  /**
   * The rows as a text table. `sortBy` is a field such as `'selfCpuTimeTotal'` (Python's spelling is
   * taken too), largest first; without it the rows keep their order. `rowLimit` −1 shows all.
   *
   * @throws ArgumentError for an unknown field. Source: EventList.table.
   */
  table(
    sortBy?: string | TableOptions | null,
    rowLimit?: number | TableOptions,
    options?: TableOptions,
  ): string;
  table(...args: unknown[]): string {
    const given = bindArguments(tableParameters, args) as TableOptions;
    return buildTable(this, given, this.settings);
  }

  /** One row for each key. Source: EventList.key_averages. */
  keyAverages(groupByInputShape?: boolean | KeyAveragesOptions): EventList<FunctionEventAvg>;
  keyAverages(...args: unknown[]): EventList<FunctionEventAvg> {
    const { groupByInputShape } = bindArguments(averagesParameters, args) as KeyAveragesOptions;
    if (groupByInputShape !== undefined && typeof groupByInputShape !== 'boolean')
      throw new ArgumentError(
        `keyAverages(): argument 'groupByInputShape' must be a boolean, got ${typeof groupByInputShape}`,
      );
    const rows = new Map<string, FunctionEventAvg>();
    for (const event of this) {
      const shapes = groupByInputShape ? formatShapes(event.inputShapes) : '';
      const key = [event.key, event.deviceType, event.isUserAnnotation, shapes].join('\0');
      let row = rows.get(key);
      if (row === undefined) {
        row = new FunctionEventAvg(event);
        if (!groupByInputShape) row.inputShapes = [];
        rows.set(key, row);
      }
      row.add(event);
    }
    return new EventList(rows.values(), this.settings);
  }

  /** All events in one row, of the key `'Total'`. Source: EventList.total_average. */
  totalAverage(): FunctionEventAvg | null {
    if (this.length === 0) return null;
    const total = new FunctionEventAvg(this[0]!);
    for (const event of this) total.add(event);
    total.key = 'Total';
    total.inputShapes = [];
    return total;
  }

  override toString(): string {
    return this.table();
  }
}

/** Finds who called whom by times: a call lies inside its caller's, on the same thread. */
function populateChildren(events: readonly FunctionEvent[]): void {
  const threads = new Map<number, FunctionEvent[]>();
  for (const event of events) {
    if (event.isAsync || event.deviceType !== 'cpu') continue;
    const own = threads.get(event.thread);
    if (own) own.push(event);
    else threads.set(event.thread, [event]);
  }
  for (const own of threads.values()) {
    own.sort((a, b) => a.timeRange.start - b.timeRange.start || b.timeRange.end - a.timeRange.end);
    const callers: FunctionEvent[] = [];
    for (const event of own) {
      while (callers.length > 0) {
        const caller = callers[callers.length - 1]!;
        if (event.timeRange.start >= caller.timeRange.end || event.timeRange.end > caller.timeRange.end) {
          callers.pop();
          continue;
        }
        caller.cpuChildren.push(event);
        event.cpuParent = caller;
        break;
      }
      callers.push(event);
    }
  }
}

/** An event that only calls its own name once counts once. */
function withoutDoubles(events: FunctionEvent[]): FunctionEvent[] {
  for (;;) {
    const doubles = new Set<FunctionEvent>();
    for (const event of events) {
      const caller = event.cpuParent;
      if (caller === null || caller.name !== event.name || caller.cpuChildren.length !== 1) continue;
      caller.cpuChildren = event.cpuChildren;
      caller.kernels = event.kernels;
      for (const child of event.cpuChildren) child.cpuParent = caller;
      doubles.add(event);
    }
    if (doubles.size === 0) return events;
    events = events.filter((event) => !doubles.has(event));
  }
}

/** The list of parsed events with callers and callees found. */
export function treeOf(events: FunctionEvent[], settings: ListSettings): EventList<FunctionEvent> {
  populateChildren(events);
  return new EventList(withoutDoubles(events), settings);
}
