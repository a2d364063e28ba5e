import { createRequire } from 'node:module';
import type * as echartsModule from 'echarts';
import type { EChartsCoreOption } from 'echarts/core';
import { fontStack } from './svg.js';

/** What {@link drawChart} draws; NaN is a gap. */
export interface Chart {
  losses: readonly number[];
  average: readonly number[] | null;
  averageName: string;
  validation: readonly { step: number; loss: number }[];
  epochEnds: readonly number[];
  title: string;
  /** A remark under the title, or `''`. */
  note: string;
  xLabel: string;
  yLabel: string;
  log: boolean;
  width: number;
  height: number;
}

// Blue and orange that people with every kind of colour vision tell apart, on white.
const ink = '#1f2937';
const quiet = '#6b7280';
const rule = '#e5e7eb';
const titleSize = 18;
const lossColor = '#2563eb';
const validationColor = '#ea580c';

type Point = [step: number, value: number | '-'];

/** echarts leaves a gap where the value is `'-'`. */
function points(values: readonly number[]): Point[] {
  return values.map((value, i) => [i + 1, Number.isNaN(value) ? '-' : value]);
}

/** Four significant digits, without the noise of binary fractions. */
function tick(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2).replace(/\.?0+e\+?/, 'e');
  return String(Number(value.toPrecision(4)));
}

/** At most `most` characters (0.6 of the font size is a wide average); echarts would cut by narrower widths. */
function shortened(title: string, most: number): string {
  const chars = [...title.replaceAll('\n', ' ')];
  return chars.length <= most
    ? title
    : `${chars
        .slice(0, Math.max(1, most - 1))
        .join('')
        .trimEnd()}…`;
}

function wholeTick(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString('en-US') : '';
}

/** Vertical lines at the ends of epochs; where they stand close only every so many is named. */
function epochMarks(chart: Chart): object | undefined {
  if (chart.epochEnds.length === 0) return undefined;
  const room = Math.max(1, Math.floor(chart.width / 56));
  const every = Math.ceil(chart.epochEnds.length / room);
  return {
    silent: true,
    animation: false,
    symbol: 'none',
    lineStyle: { color: '#9ca3af', type: [4, 4], width: 1 },
    data: chart.epochEnds.flatMap((xAxis, i) =>
      (i + 1) % every === 0 || chart.epochEnds.length <= room
        ? [
            {
              xAxis,
              label: {
                show: true,
                formatter: every === 1 && room >= chart.epochEnds.length ? `epoch ${i + 1}` : `${i + 1}`,
                position: 'end',
                color: quiet,
                fontSize: 11,
              },
            },
          ]
        : [],
    ),
  };
}

function seriesOf(chart: Chart): object[] {
  const { average, validation } = chart;
  const few = chart.losses.length <= 40;
  const common = { type: 'line', animation: false, connectNulls: false };
  const raw = {
    ...common,
    name: 'Training loss',
    data: points(chart.losses),
    // Lowest and highest of what falls on one pixel column: spikes stay, the file stays small.
    sampling: 'minmax',
    showSymbol: few || isolated(chart.losses),
    symbol: 'circle',
    symbolSize: few ? 6 : 3,
    lineStyle: { width: average ? 1 : 1.75, opacity: average ? 0.35 : 1 },
    itemStyle: { color: lossColor, opacity: average ? 0.45 : 1 },
    markLine: epochMarks(chart),
  };
  const series: object[] = [raw];
  if (average) {
    series.push({
      ...common,
      name: chart.averageName,
      data: points(average),
      sampling: 'lttb',
      showSymbol: false,
      lineStyle: { width: 2.5, cap: 'round', join: 'round' },
      itemStyle: { color: '#1e3a8a' },
    });
  }
  if (validation.length > 0) {
    series.push({
      ...common,
      name: 'Validation loss',
      data: validation.map(({ step, loss }) => [step, loss]),
      symbol: 'diamond',
      symbolSize: 10,
      lineStyle: { width: 2 },
      itemStyle: { color: validationColor },
    });
  }
  return series;
}

/** Whether some value stands alone between gaps, where a line would not show it. */
function isolated(values: readonly number[]): boolean {
  const gap = (i: number): boolean => values[i] === undefined || Number.isNaN(values[i]);
  return values.some((_, i) => !gap(i) && gap(i - 1) && gap(i + 1));
}

function optionOf(chart: Chart): EChartsCoreOption {
  const text = { fontFamily: fontStack, color: ink };
  // A legend of one entry says nothing that the axis does not.
  const legend = chart.average !== null || chart.validation.length > 0;
  const top = (legend ? 74 : 52) + (chart.note === '' ? 0 : 18);
  const last = Math.max(chart.losses.length, ...chart.validation.map(({ step }) => step));
  const empty = chart.validation.length === 0 && chart.losses.every((value) => Number.isNaN(value));
  const nameStyle = { ...text, fontSize: 13, fontWeight: 'bold' };
  return {
    backgroundColor: '#ffffff',
    textStyle: text,
    title: {
      text: shortened(chart.title, (chart.width - 60) / (titleSize * 0.6)),
      subtext: chart.note,
      left: 'center',
      top: 14,
      itemGap: 6,
      textStyle: { ...text, fontSize: titleSize, fontWeight: 'bold' },
      subtextStyle: { ...text, fontSize: 12, color: '#b91c1c' },
    },
    legend: {
      top: top - 34,
      left: 'center',
      icon: 'roundRect',
      itemWidth: 18,
      itemHeight: 4,
      itemGap: 22,
      textStyle: { ...text, fontSize: 12 },
      show: legend,
    },
    grid: { left: 76, right: 44, top: top + (chart.epochEnds.length > 0 ? 12 : 0), bottom: 62 },
    xAxis: {
      type: 'value',
      name: chart.xLabel,
      nameLocation: 'middle',
      nameGap: 32,
      nameTextStyle: nameStyle,
      min: chart.losses.length > 1 ? 1 : 0,
      max: Math.max(last, 2),
      minInterval: 1,
      axisLine: { lineStyle: { color: quiet } },
      axisTick: { show: true, lineStyle: { color: quiet } },
      axisLabel: { ...text, fontSize: 12, formatter: wholeTick, hideOverlap: true },
      splitLine: { show: true, lineStyle: { color: rule } },
    },
    yAxis: {
      type: chart.log ? 'log' : 'value',
      name: chart.yLabel,
      nameLocation: 'middle',
      nameGap: 50,
      nameTextStyle: nameStyle,
      scale: true,
      ...(empty ? { min: chart.log ? 0.1 : 0, max: 1 } : {}),
      axisLine: { show: true, lineStyle: { color: quiet } },
      axisTick: { show: true, lineStyle: { color: quiet } },
      axisLabel: { ...text, fontSize: 12, formatter: tick },
      splitLine: { show: true, lineStyle: { color: rule } },
    },
    series: seriesOf(chart),
  };
}

/**
 * Draws the chart as SVG text. echarts is loaded on first use, as it is large, and as the one file that it
 * ships: of its modules, which are several hundred, five times the time went into finding them.
 */
export async function drawChart(chart: Chart): Promise<string> {
  const echarts = createRequire(import.meta.url)(
    'echarts/dist/echarts.common.min.js',
  ) as typeof echartsModule;
  const { width, height } = chart;
  const instance = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    instance.setOption(optionOf(chart));
    return instance.renderToSVGString();
  } finally {
    instance.dispose();
  }
}
