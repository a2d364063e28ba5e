/** `torchvision.utils`: grids of images, saved and shown. */
import { ArgumentError, ShapeError, ValueError } from '../errors.js';
import { cat, stack } from '../ops/generated/functions.js';
import { type Caption, imageGrid, type Pixels, writeImage } from '../plot/index.js';
import { noGrad } from '../autograd/index.js';
import { Tensor } from '../tensor/index.js';
import { checkedOptions } from '../tensor/keywords.js';
import { bindArguments, firstByKeyword } from '../utils/arguments.js';

/** Options of {@link makeGrid}. */
export interface MakeGridOptions {
  /** Images in a row. Default: 8. */
  nrow?: number;
  /** Pixels between images. Default: 2. */
  padding?: number;
  /** Shift the values to 0…1 by their least and largest. Default: false. */
  normalize?: boolean;
  /** `[min, max]` to normalise by, instead of the tensor's own. */
  valueRange?: readonly [number, number] | null;
  /** Normalise each image by its own range. Default: false. */
  scaleEach?: boolean;
  /** Value of the pixels between images. Default: 0. */
  padValue?: number;
}

const gridKeys = ['nrow', 'padding', 'normalize', 'valueRange', 'scaleEach', 'padValue'] as const;

/** Where the images of a grid lie, so that captions find their places. */
interface GridLayout {
  count: number;
  columns: number;
  padding: number;
  height: number;
  width: number;
}
const layouts = new WeakMap<Tensor, GridLayout>();

function toBatch(images: Tensor | readonly Tensor[]): Tensor {
  let batch: Tensor;
  if (images instanceof Tensor) batch = images;
  else if (Array.isArray(images) && images.length > 0 && images.every((t) => t instanceof Tensor))
    batch = stack([...images]);
  else
    throw new ArgumentError(
      'makeGrid() expects a Tensor (N×C×H×W, C×H×W or H×W) or a list of Tensors of one shape',
    );
  if (batch.dim() === 2) batch = batch.unsqueeze(0);
  if (batch.dim() === 3) {
    if (batch.size(0) === 1) batch = cat([batch, batch, batch], 0);
    batch = batch.unsqueeze(0);
  }
  if (batch.dim() !== 4)
    throw new ShapeError(`makeGrid() expects 2 to 4 dimensions, got shape [${batch.shape.join(', ')}]`);
  return batch.size(1) === 1 ? cat([batch, batch, batch], 1) : batch;
}

function normalized(image: Tensor, range: readonly [number, number] | null | undefined): Tensor {
  const [low, high] = range ?? [image.min().item() as number, image.max().item() as number];
  return image
    .clamp(low, high)
    .sub(low)
    .div(Math.max(high - low, 1e-5));
}

/**
 * Lays images out in one: shape N×C×H×W (or a list of C×H×W) gives 3×H'×W'; one channel is repeated
 * to three. Values stay as they are unless `normalize` is set.
 *
 * @throws ShapeError for other shapes. Source: torchvision.utils.make_grid.
 */
export function makeGrid(images: Tensor | readonly Tensor[], options?: MakeGridOptions): Tensor;
export function makeGrid(
  images: Tensor | readonly Tensor[],
  nrow: number,
  padding?: number,
  normalize?: boolean,
  options?: MakeGridOptions,
): Tensor;
export function makeGrid(options: { tensor: Tensor | readonly Tensor[] } & MakeGridOptions): Tensor;
export function makeGrid(...args: unknown[]): Tensor {
  const [first, ...rest] = firstByKeyword('tensor', args);
  const images = first as Tensor | readonly Tensor[];
  const {
    nrow = 8,
    padding = 2,
    normalize = false,
    valueRange = null,
    scaleEach = false,
    padValue = 0,
  } = bindArguments<MakeGridOptions>('makeGrid', rest, gridKeys);
  if (!Number.isInteger(nrow) || nrow < 1)
    throw new ValueError(`nrow must be a whole number from 1, got ${nrow}`);
  if (valueRange && !(valueRange.length === 2 && valueRange[0] <= valueRange[1]))
    throw new ValueError(`valueRange must be [min, max] with min ≤ max, got [${valueRange.join(', ')}]`);
  return noGrad(() => {
    let batch = toBatch(images);
    if (normalize) {
      batch = scaleEach
        ? stack([...batch].map((image) => normalized(image, valueRange)))
        : normalized(batch, valueRange);
    }
    const [count, channels, height, width] = batch.shape as [number, number, number, number];
    const columns = Math.min(nrow, count);
    const layout = { count, columns, padding, height, width };
    if (count === 1) {
      const single = batch.squeeze(0);
      layouts.set(single, { ...layout, padding: 0 });
      return single;
    }
    const rows = Math.ceil(count / columns);
    const grid = batch.newFull(
      [channels, (height + padding) * rows + padding, (width + padding) * columns + padding],
      padValue,
    );
    for (let i = 0; i < count; i++) {
      const top = Math.floor(i / columns) * (height + padding) + padding;
      const left = (i % columns) * (width + padding) + padding;
      grid.narrow(1, top, height).narrow(2, left, width).copy_(batch.select(0, i));
    }
    layouts.set(grid, layout);
    return grid;
  });
}

/** A 3×H×W (or 1×H×W) image of 0…1 floats, or of uint8, as bytes. */
function toPixels(image: Tensor): Pixels {
  if (image.dim() !== 3 || ![1, 3, 4].includes(image.size(0)))
    throw new ShapeError(`an image has shape C×H×W with 1, 3 or 4 channels, got [${image.shape.join(', ')}]`);
  const bytes = noGrad(() => {
    const scaled =
      image.dtype === 'uint8' ? image : image.float().mul(255).add(0.5).clamp(0, 255).to('uint8');
    return scaled.permute(1, 2, 0).contiguous().toTypedArray() as Uint8Array;
  });
  const [channels, height, width] = image.shape as [1 | 3 | 4, number, number];
  return { data: bytes, width, height, channels };
}

/** Options of {@link saveImage}. */
export interface SaveImageOptions extends MakeGridOptions {
  /** `'png'`, `'jpeg'`, … Default: by the file's extension. */
  format?: string;
}

/**
 * Writes images (values 0…1) to one file, as a grid where there are several.
 * The format is that of the extension. Source: torchvision.utils.save_image.
 */
export async function saveImage(
  images: Tensor | readonly Tensor[],
  file: string,
  options?: SaveImageOptions,
): Promise<void> {
  if (typeof file !== 'string')
    throw new ArgumentError(`saveImage() expects the name of a file, got ${typeof file}`);
  const { format, ...grid } = checkedOptions('saveImage', options, ['format', ...gridKeys]);
  await writeImage(toPixels(makeGrid(images, grid)), file, { format });
}

/** Options of {@link imshow}. */
export interface ImshowOptions {
  /** The picture's file (`.png`, `.jpg`, `.webp`). */
  file: string;
  /** A caption for each image of the grid (an array of lines for several), or one title for a single image. */
  titles?: readonly Caption[];
  /** Marks images as wrong (red, with a cross) or right (green). */
  wrong?: readonly boolean[];
  /** Above the picture. */
  title?: string;
  /** Images in a row; default: as in the grid. */
  columns?: number;
}

/** The images of a grid, cut out of it again. */
function cellsOf(grid: Tensor): Tensor[] {
  const layout = layouts.get(grid);
  if (!layout) return [grid];
  const { count, columns, padding, height, width } = layout;
  return Array.from({ length: count }, (_, i) => {
    const top = Math.floor(i / columns) * (height + padding) + padding;
    const left = (i % columns) * (width + padding) + padding;
    return grid.narrow(1, top, height).narrow(2, left, width);
  });
}

/**
 * Draws an image (C×H×W, values 0…1) into a file: a grid of {@link makeGrid} with a caption for each
 * of its images where `titles` are given. Node has no window to show it in, so `file` is needed.
 */
export async function imshow(image: Tensor, options: ImshowOptions): Promise<void> {
  if (!(image instanceof Tensor)) throw new ArgumentError('imshow() expects a Tensor of shape C×H×W');
  if (typeof options?.file !== 'string')
    throw new ArgumentError("imshow() needs { file: 'name.png' }: there is no window to show the picture in");
  const { file, titles, wrong, title, columns } = checkedOptions('imshow', options, [
    ...(['file', 'titles', 'wrong', 'title', 'columns'] as const),
  ]) as ImshowOptions;
  if (!titles && !wrong && title === undefined) {
    await writeImage(toPixels(image), file);
    return;
  }
  const cells = cellsOf(image);
  await imageGrid({
    images: cells.map(toPixels),
    file,
    captions: titles,
    wrong,
    title,
    columns: columns ?? layouts.get(image)?.columns,
  });
}
