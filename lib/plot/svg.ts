import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as resvgModule from '@resvg/resvg-js';
import { NativeLoadError } from '../errors.js';

/*
 * Text in pictures must come out the same on every machine, also in a container without a single font.
 * sharp draws SVG too, but through fontconfig: it finds no glyph where no font is installed, and can be
 * pointed at a font file only by environment variables that are read when the process starts (and never
 * in a worker thread). resvg takes the font files as an argument and looks at nothing else, so SVG goes
 * through resvg with the DejaVu fonts, which come as TTF files in a package of their own. The condensed
 * cut is about as wide as Helvetica, whose widths echarts assumes when it lays a chart out without a browser.
 */

/** The face that pictures are drawn with. */
export const fontFamily = 'DejaVu Sans Condensed';

/** The value of `font-family` in an SVG that a person opens elsewhere: near relatives follow. */
export const fontStack = `${fontFamily}, DejaVu Sans, Helvetica, Arial, sans-serif`;

function fontFiles(): string[] {
  const folder = join(
    dirname(createRequire(import.meta.url).resolve('dejavu-fonts-ttf/package.json')),
    'ttf',
  );
  return ['DejaVuSansCondensed.ttf', 'DejaVuSansCondensed-Bold.ttf'].map((name) => join(folder, name));
}

function renderOptions(): resvgModule.ResvgRenderOptions {
  return {
    font: {
      loadSystemFonts: false,
      fontFiles: fontFiles(),
      defaultFontFamily: fontFamily,
      sansSerifFamily: fontFamily,
    },
  };
}

async function loadResvg(): Promise<typeof resvgModule> {
  try {
    return await import('@resvg/resvg-js');
  } catch (cause) {
    throw new NativeLoadError(
      `@resvg/resvg-js, which draws charts and captions, cannot be loaded on ${process.platform}-${process.arch}; ` +
        'install the dependencies again with optional ones included (npm install --include=optional), ' +
        'or write the loss curve as .svg, which needs no drawing',
      { cause },
    );
  }
}

/** Draws an SVG to PNG bytes, `zoom` pixels for each of its units, on a thread of its own. */
export async function svgToPng(svg: string, zoom = 1): Promise<Buffer> {
  const { renderAsync } = await loadResvg();
  const image = await renderAsync(svg, { ...renderOptions(), fitTo: { mode: 'zoom', value: zoom } });
  return image.asPng();
}

/** `text` for use between tags or in an attribute of XML; what XML forbids is replaced. */
export function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** Widths of text in the picture's font, in pixels. */
export interface TextMeasure {
  width(text: string, size: number, bold?: boolean): number;
  /** `text`, or as much of it as fits into `room` pixels, ended by an ellipsis. */
  fit(text: string, room: number, size: number, bold?: boolean): string;
}

/** Makes a {@link TextMeasure}; each character is drawn once and its advance remembered. */
export async function textMeasure(): Promise<TextMeasure> {
  const { Resvg } = await loadResvg();
  const options = renderOptions();
  const unit = 100;
  const inkWidth = (text: string, bold: boolean): number => {
    const weight = bold ? ' font-weight="bold"' : '';
    const svg =
      `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text xml:space="preserve" y="9" ` +
      `font-family="${fontFamily}" font-size="${unit}"${weight}>${escapeXml(text)}</text></svg>`;
    return new Resvg(svg, options).getBBox()?.width ?? 0;
  };
  const advances = [new Map<string, number>(), new Map<string, number>()] as const;
  const bars = [inkWidth('||', false), inkWidth('||', true)] as const;
  const advance = (char: string, bold: boolean): number => {
    const known = advances[Number(bold) as 0 | 1];
    let value = known.get(char);
    if (value === undefined) {
      // Between two bars, as a space or a letter's margins leave no ink of their own.
      value = (inkWidth(`|${char}|`, bold) - bars[Number(bold) as 0 | 1]) / unit;
      known.set(char, value);
    }
    return value;
  };
  const width = (text: string, size: number, bold = false): number => {
    let sum = 0;
    for (const char of text) sum += advance(char, bold);
    return sum * size;
  };
  return {
    width,
    fit(text, room, size, bold = false) {
      if (width(text, size, bold) <= room) return text;
      let left = room - width('…', size, bold);
      let kept = '';
      for (const char of text) {
        left -= advance(char, bold) * size;
        if (left < 0) break;
        kept += char;
      }
      return `${kept.trimEnd()}…`;
    },
  };
}
