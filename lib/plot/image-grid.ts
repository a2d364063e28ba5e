import { ArgumentError, ValueError } from '../errors.js';
import { encodeImage, imageFormats, sharpOf } from './encode.js';
import { checkedExtension, writeWithParents } from './files.js';
import { type GridCell, gridLayout } from './grid-layout.js';
import { checkPixels, type Pixels, resizeNearest } from './pixels.js';
import { svgToPng, textMeasure } from './svg.js';

/** The text under an image: lines as an array, or in one string with line breaks. */
export type Caption = string | readonly string[];

/** What {@link imageGrid} draws. */
export interface ImageGridOptions {
  images: readonly Pixels[];
  /** The picture's file: `.png` (or `.jpg`, `.jpeg`, `.webp`). Folders above it are made. */
  file: string;
  /** One for each image, usually truth and prediction in two lines. A line too long for its place ends in `…`. */
  captions?: readonly Caption[];
  /**
   * One for each image: `true` marks it as wrong (red frame and text, a cross in the corner),
   * `false` as right (green). Without it frames are neutral.
   */
  wrong?: readonly boolean[];
  /** Images in a row; default: about as many as make the picture a little wider than high, with full rows. */
  columns?: number;
  title?: string;
  /**
   * Pixels drawn for a pixel of every image. Default, for each image alone: a whole number that makes
   * a small one about 128 pixels large (28 × 28 is drawn at 5, 32 × 32 at 4); one over 256 pixels is shrunk to that.
   */
  scale?: number;
}

/** More would be a picture that viewers refuse; an RGBA buffer of it takes 512 MiB. */
const mostPixels = 2 ** 27;

function defaultScale({ width, height }: Pixels): number {
  const longest = Math.max(width, height);
  if (longest > 256) return 256 / longest;
  return Math.max(1, Math.round(128 / longest));
}

/** Weighs a pleasing shape (a little wider than high) against empty places in the last row. */
function defaultColumns(count: number): number {
  const cost = (columns: number): number => {
    const empty = Math.ceil(count / columns) * columns - count;
    return (3 * empty) / count + Math.abs(Math.log(columns / Math.sqrt(1.4 * count)));
  };
  const choices = Array.from({ length: count }, (_, i) => i + 1);
  return choices.reduce((best, columns) => (cost(columns) < cost(best) ? columns : best));
}

function checkCount(list: readonly unknown[] | undefined, name: string, images: number): void {
  if (list === undefined) return;
  if (!Array.isArray(list))
    throw new ArgumentError(`imageGrid: ${name} must be an array, got ${typeof list}`);
  if (list.length !== images) {
    throw new ValueError(`imageGrid: ${list.length} ${name} for ${images} images; give one for each image`);
  }
}

function linesOf(caption: Caption | undefined, index: number): string[] {
  if (caption === undefined) return [];
  const lines: unknown = typeof caption === 'string' ? caption.split('\n') : caption;
  if (!Array.isArray(lines) || lines.some((line) => typeof line !== 'string')) {
    throw new ArgumentError(`imageGrid: captions[${index}] must be a string or an array of strings`);
  }
  return lines as string[];
}

/** Enlarges without blur; shrinks with a filter, where nearest neighbour would lose lines. */
async function scaled(image: Pixels, width: number, height: number): Promise<Pixels> {
  if (width >= image.width && height >= image.height) return resizeNearest(image, width, height);
  const source = await sharpOf(image);
  const { data, info } = await source
    .resize(width, height, { fit: 'fill' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width, height, channels: info.channels as Pixels['channels'] };
}

/** The frame with its texts below, the images on it, the marks on top. */
async function compose(base: Buffer, marks: Buffer | null, cells: readonly GridCell[]): Promise<Pixels> {
  const { default: sharp } = await import('sharp');
  const layers = cells.map(({ image: { data, width, height, channels }, x, y }) => ({
    input: Buffer.from(data.buffer, data.byteOffset, data.length),
    raw: { width, height, channels },
    left: x,
    top: y,
  }));
  const top = marks === null ? [] : [{ input: marks, left: 0, top: 0 }];
  const { data, info } = await sharp(base)
    .composite([...layers, ...top])
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: 3 };
}

/**
 * Draws images in a grid with a caption under each, marks the wrong ones, and writes one picture.
 *
 * @returns the file name, as given
 * @throws ValueError for an empty list, lists of different lengths, an unknown extension or a number out of range
 * @throws ArgumentError, ShapeError for an image or a caption that is none
 * @throws TorchError (`ERR_FILE`) for a path that cannot be written
 * @example
 * await imageGrid({
 *   images,
 *   captions: images.map((_, i) => [`Truth: ${truth[i]}`, `Predicted: ${predicted[i]}`]),
 *   wrong: images.map((_, i) => truth[i] !== predicted[i]),
 *   title: 'Predictions',
 *   file: 'runs/predictions.png',
 * });
 */
export async function imageGrid(options: ImageGridOptions): Promise<string> {
  const { images, captions, wrong, title = '', file } = options;
  const format = checkedExtension(file, imageFormats);
  if (!Array.isArray(images)) {
    throw new ArgumentError(`imageGrid: images must be an array, got ${typeof images}`);
  }
  if (images.length === 0) throw new ValueError('imageGrid: images is empty; there is nothing to draw');
  for (const [i, image] of images.entries()) checkPixels(image, `imageGrid: images[${i}]`);
  checkCount(captions, 'captions', images.length);
  checkCount(wrong, 'wrong marks', images.length);
  const { scale, columns = defaultColumns(images.length) } = options;
  if (scale !== undefined && !(scale > 0 && scale <= 256)) {
    throw new ValueError(`imageGrid: scale must be above 0 and at most 256, got ${scale}`);
  }
  if (!Number.isInteger(columns) || columns < 1) {
    throw new ValueError(`imageGrid: columns must be a whole number ≥ 1, got ${columns}`);
  }
  const sizes = (images as readonly Pixels[]).map((image) => {
    const factor = scale ?? defaultScale(image);
    return {
      width: Math.max(1, Math.round(image.width * factor)),
      height: Math.max(1, Math.round(image.height * factor)),
    };
  });
  const layout = gridLayout({
    sizes,
    captions: images.map((_, i) => linesOf(captions?.[i], i)),
    wrong: images.map((_, i) => wrong?.[i]),
    columns: Math.min(columns, images.length),
    title,
    measure: await textMeasure(),
  });
  if (layout.width * layout.height > mostPixels) {
    throw new ValueError(
      `imageGrid: the picture would be ${layout.width}×${layout.height} pixels; give fewer images or a smaller scale`,
    );
  }
  const [base, marks, tiles] = await Promise.all([
    svgToPng(layout.base),
    layout.marks === null ? null : svgToPng(layout.marks),
    Promise.all(images.map((image, i) => scaled(image, sizes[i]!.width, sizes[i]!.height))),
  ]);
  const cells = layout.places.map(({ x, y }, i) => ({ image: tiles[i]!, x, y }));
  await writeWithParents(file, await encodeImage(await compose(base, marks, cells), format));
  return file;
}
