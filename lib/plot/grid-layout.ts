import type { Pixels } from './pixels.js';
import { escapeXml, fontStack, type TextMeasure } from './svg.js';

/** An image at its place in the picture. */
export interface GridCell {
  image: Pixels;
  x: number;
  y: number;
}

/** What {@link gridLayout} arranges; all lists have one entry for each image. */
export interface GridInput {
  /** Sizes of the images as drawn. */
  sizes: readonly { width: number; height: number }[];
  captions: readonly (readonly string[])[];
  wrong: readonly (boolean | undefined)[];
  columns: number;
  title: string;
  measure: TextMeasure;
}

/** Where everything goes. */
export interface GridLayout {
  width: number;
  height: number;
  /** Upper left corners of the images. */
  places: { x: number; y: number }[];
  /** SVG of all that lies under the images. */
  base: string;
  /** SVG of all that lies over them, or `null` for nothing. */
  marks: string | null;
}

const margin = 20;
const gap = 16;
const frame = 3;
const captionSize = 13;
const captionLine = 18;
const titleSize = 18;
/** A caption may make its column wider than the images, up to here. */
const widestCaption = 190;

const ink = '#1f2937';
const looks = {
  wrong: { frame: '#dc2626', text: '#b91c1c' },
  right: { frame: '#16a34a', text: '#166534' },
  neutral: { frame: '#d1d5db', text: ink },
} as const;

function look(wrong: boolean | undefined): (typeof looks)[keyof typeof looks] {
  if (wrong === undefined) return looks.neutral;
  return wrong ? looks.wrong : looks.right;
}

interface TextStyle {
  size: number;
  color: string;
  bold?: boolean;
}

function textAt(x: number, y: number, line: string, { size, color, bold }: TextStyle): string {
  const weight = bold ? ' font-weight="bold"' : '';
  return (
    `<text x="${x}" y="${y}" text-anchor="middle" font-size="${size}" fill="${color}"${weight}>` +
    `${escapeXml(line)}</text>`
  );
}

function svg(width: number, height: number, parts: readonly string[]): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `font-family="${fontStack}">${parts.join('')}</svg>`
  );
}

/** A white cross on a red disc: a mark that also tells without colour. Its centre is (x, y). */
function cross(x: number, y: number): string {
  return (
    `<circle cx="${x}" cy="${y}" r="11" fill="${looks.wrong.frame}" stroke="#ffffff" stroke-width="2"/>` +
    `<path d="M${x - 4} ${y - 4}L${x + 4} ${y + 4}M${x + 4} ${y - 4}L${x - 4} ${y + 4}" ` +
    'stroke="#ffffff" stroke-width="2.6" stroke-linecap="round"/>'
  );
}

function heading(input: GridInput, width: number): { parts: string[]; height: number } {
  const { title, wrong, measure } = input;
  const parts: string[] = [];
  let y = margin;
  if (title !== '') {
    const line = measure.fit(title, width - 2 * margin, titleSize, true);
    parts.push(textAt(width / 2, y + titleSize, line, { size: titleSize, color: ink, bold: true }));
    y += titleSize + 12;
  }
  const marked = wrong.filter((mark) => mark !== undefined);
  if (marked.length > 0) {
    const bad = marked.filter(Boolean).length;
    const line = measure.fit(`${marked.length - bad} right, ${bad} wrong`, width - 2 * margin, captionSize);
    parts.push(textAt(width / 2, y + captionSize, line, { size: captionSize, color: '#6b7280' }));
    y += captionSize + 14;
  }
  return { parts, height: y === margin ? 0 : y - margin };
}

/** Arranges the grid: equal columns, rows as high as their highest image and longest caption. */
export function gridLayout(input: GridInput): GridLayout {
  const { sizes, captions, wrong, columns, measure } = input;
  const count = sizes.length;
  const widestLine = Math.max(0, ...captions.flat().map((line) => measure.width(line, captionSize)));
  const widestImage = Math.max(...sizes.map((size) => size.width)) + 2 * frame;
  const column = Math.ceil(Math.max(widestImage, Math.min(widestLine, widestCaption)));
  const width = 2 * margin + columns * column + (columns - 1) * gap;
  const head = heading(input, width);
  const parts = ['<rect width="100%" height="100%" fill="#ffffff"/>', ...head.parts];
  const marks: string[] = [];
  const places: { x: number; y: number }[] = [];
  let top = margin + head.height;
  for (let start = 0; start < count; start += columns) {
    const row = Array.from({ length: Math.min(columns, count - start) }, (_, i) => start + i);
    const high = Math.max(...row.map((i) => sizes[i]!.height)) + 2 * frame;
    const lines = Math.max(...row.map((i) => captions[i]!.length));
    for (const i of row) {
      const size = sizes[i]!;
      const { frame: frameColor, text: color } = look(wrong[i]);
      const center = margin + (i - start) * (column + gap) + column / 2;
      const x = Math.round(center - size.width / 2);
      const y = top + frame + Math.floor((high - 2 * frame - size.height) / 2);
      places.push({ x, y });
      parts.push(
        `<rect x="${x - frame}" y="${y - frame}" width="${size.width + 2 * frame}" ` +
          `height="${size.height + 2 * frame}" rx="2" fill="${frameColor}"/>` +
          `<rect x="${x}" y="${y}" width="${size.width}" height="${size.height}" fill="#ffffff"/>`,
      );
      for (const [n, line] of captions[i]!.entries()) {
        const fitted = measure.fit(line, column, captionSize);
        const baseline = top + high + (n + 1) * captionLine - 2;
        parts.push(textAt(center, baseline, fitted, { size: captionSize, color }));
      }
      if (wrong[i]) marks.push(cross(x + size.width - 1, y + 1));
    }
    top += high + lines * captionLine + gap;
  }
  const height = top - gap + margin;
  return {
    width,
    height,
    places,
    base: svg(width, height, parts),
    marks: marks.length === 0 ? null : svg(width, height, marks),
  };
}
