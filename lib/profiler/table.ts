/** The text table of a list, in the form of PyTorch's. */
import { ArgumentError } from '../errors.js';
import type { Signature } from '../ops/bind.js';
import type { FunctionEvent, FunctionEventAvg } from './event.js';
import type { ListSettings } from './event-list.js';
import { formatMemory, formatShapes, formatShare, formatTimeIn } from './format.js';

type Row = FunctionEvent | FunctionEventAvg;

/** Fields that rows can be sorted by. */
const sortable = [
  'cpuTime',
  'deviceTime',
  'cpuTimeTotal',
  'deviceTimeTotal',
  'selfCpuTimeTotal',
  'selfDeviceTimeTotal',
  'cpuMemoryUsage',
  'deviceMemoryUsage',
  'selfCpuMemoryUsage',
  'selfDeviceMemoryUsage',
  'count',
  'flops',
] as const;
type Sortable = (typeof sortable)[number];

/** Options of `table`. */
export interface TableOptions {
  sortBy?: string | null;
  /** Rows to show; −1 for all. Default: 100. */
  rowLimit?: number;
  /** Longer names and shapes are cut; null for no limit. Default: 55 and 80. */
  maxNameColumnWidth?: number | null;
  maxShapesColumnWidth?: number | null;
  header?: string | null;
  /** Only what no other event has called. Default: false. */
  topLevelEventsOnly?: boolean;
  /** The unit of all times; chosen for each where it is not given. */
  timeUnit?: 's' | 'ms' | 'us' | null;
}

export const tableParameters: Signature = {
  name: 'table',
  params: [
    'sortBy',
    'rowLimit',
    'maxNameColumnWidth',
    'maxShapesColumnWidth',
    'header',
    'topLevelEventsOnly',
    'timeUnit',
  ],
  required: 0,
};

/** The field of a name in either spelling; `cuda` stands for the device. */
function fieldOf(name: string): Sortable {
  const field = String(name)
    .replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
    .replace(/cuda/, 'device')
    .replace(/Cuda/, 'Device');
  if ((sortable as readonly string[]).includes(field)) return field as Sortable;
  throw new ArgumentError(
    `table(): unknown sortBy '${name}'; known: ${sortable.map((each) => `'${each}'`).join(', ')}`,
  );
}

interface Column {
  readonly title: string;
  readonly width: number;
  readonly cell: (row: Row) => string;
}

const defaultWidth = 12;

function cut(text: string, limit: number | null): string {
  return limit !== null && text.length >= limit - 3 ? `${text.slice(0, limit - 3)}...` : text;
}

function flopsColumn(rows: readonly Row[]): Column | null {
  const counted = rows.map((row) => row.flops).filter((flops) => flops > 0);
  if (counted.length === 0) return null;
  const units = ['FLOPs', 'KFLOPs', 'MFLOPs', 'GFLOPs', 'TFLOPs', 'PFLOPs'];
  const smallest = counted.reduce((least, flops) => Math.min(least, flops));
  const unit = Math.floor(Math.max(0, Math.min(Math.log10(smallest) / 3, units.length - 1)));
  return {
    title: `Total ${units[unit]}`,
    width: defaultWidth,
    cell: (row) => (row.flops <= 0 ? '--' : (row.flops * 10 ** (-3 * unit)).toFixed(3)),
  };
}

export function buildTable(list: readonly Row[], options: TableOptions, settings: ListSettings): string {
  if (list.length === 0) return '';
  const {
    sortBy,
    rowLimit = 100,
    maxNameColumnWidth: nameLimit = 55,
    maxShapesColumnWidth: shapesLimit = 80,
    header,
    topLevelEventsOnly = false,
    timeUnit,
  } = options;
  const rows = [...list];
  if (sortBy != null) {
    const field = fieldOf(sortBy);
    rows.sort((a, b) => b[field] - a[field]);
  }
  const selfCpu = rows.reduce((sum, row) => sum + row.selfCpuTimeTotal, 0);
  // Work of the device has rows of its own; what calls have started would count it twice.
  const selfDevice = rows.reduce(
    (sum, row) => (row.deviceType === 'cpu' || row.isUserAnnotation ? sum : sum + row.selfDeviceTimeTotal),
    0,
  );
  const widest = (texts: string[], limit: number | null): number => {
    const width = texts.reduce((most, text) => Math.max(most, text.length), 0) + 4;
    return limit === null ? width : Math.min(width, limit);
  };
  const time = (us: number): string => formatTimeIn(us, timeUnit);
  const device = rows[0]!.useDevice?.toUpperCase() ?? 'None';
  const hasDeviceTime = rows.some((row) => row.selfDeviceTimeTotal > 0);
  const hasDeviceMemory = rows[0]!.useDevice !== null && rows.some((row) => row.selfDeviceMemoryUsage > 0);
  const plain = (title: string, cell: (row: Row) => string): Column => ({ title, width: defaultWidth, cell });

  const columns: Column[] = [
    {
      title: 'Name',
      width: widest(
        rows.map((row) => row.key),
        nameLimit,
      ),
      cell: (row) => cut(row.key, nameLimit),
    },
    plain('Self CPU %', (row) => formatShare(row.selfCpuTimeTotal, selfCpu)),
    plain('Self CPU', (row) => time(row.selfCpuTimeTotal)),
    plain('CPU total %', (row) => (row.isAsync ? '0' : formatShare(row.cpuTimeTotal, selfCpu))),
    plain('CPU total', (row) => time(row.cpuTimeTotal)),
    plain('CPU time avg', (row) => time(row.cpuTime)),
  ];
  if (hasDeviceTime)
    columns.push(
      plain(`Self ${device}`, (row) => time(row.selfDeviceTimeTotal)),
      plain(`Self ${device} %`, (row) => formatShare(row.selfDeviceTimeTotal, selfDevice)),
      plain(`${device} total`, (row) => time(row.deviceTimeTotal)),
      plain(`${device} time avg`, (row) => time(row.deviceTime)),
    );
  if (settings.profileMemory) {
    columns.push(
      plain('CPU Mem', (row) => formatMemory(row.cpuMemoryUsage)),
      plain('Self CPU Mem', (row) => formatMemory(row.selfCpuMemoryUsage)),
    );
    if (hasDeviceMemory)
      columns.push(
        plain(`${device} Mem`, (row) => formatMemory(row.deviceMemoryUsage)),
        plain(`Self ${device} Mem`, (row) => formatMemory(row.selfDeviceMemoryUsage)),
      );
  }
  columns.push(plain('# of Calls', (row) => String(row.count)));
  if (rows.some((row) => row.inputShapes.length > 0)) {
    const width = widest(
      rows.map((row) => formatShapes(row.inputShapes)),
      shapesLimit,
    );
    columns.push({
      title: 'Input Shapes',
      width,
      cell: (row) => formatShapes(row.inputShapes).slice(0, width),
    });
  }
  const flops = settings.withFlops ? flopsColumn(rows) : null;
  if (flops) columns.push(flops);

  const line = columns.map(({ width }) => `${'-'.repeat(width)}  `).join('');
  const format = (cells: readonly string[]): string =>
    columns.map(({ width }, i) => `${cells[i]!.padStart(width)}  `).join('');
  const shown = topLevelEventsOnly ? rows.filter((row) => row.cpuParent === null) : rows;
  const double = '='.repeat(line.length - 2);
  return [
    ...(header == null ? [] : [double, header]),
    ...(topLevelEventsOnly ? [double, 'This report only displays statistics of top-level operators'] : []),
    line,
    format(columns.map(({ title }) => title)),
    line,
    ...(rowLimit < 0 ? shown : shown.slice(0, rowLimit)).map((row) =>
      format(columns.map(({ cell }) => cell(row))),
    ),
    line,
    `Self CPU time total: ${time(selfCpu)}`,
    ...(hasDeviceTime ? [`Self ${device} time total: ${time(selfDevice)}`] : []),
    '',
  ].join('\n');
}
