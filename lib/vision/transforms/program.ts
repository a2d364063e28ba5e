/** Programs of image steps, as native/data/image.cc runs them: a code, then its numbers. */
import { native } from '../../native.js';
import { Image } from '../image.js';

/** Width, height and channels of an image. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** The numbers of a program in the making. */
export type Program = number[];

const code = { resize: 1, crop: 2, pad: 3, flipAcross: 4, flipDown: 5, gray: 6 } as const;
const filters = {
  nearest: 0,
  'nearest-exact': 0,
  bilinear: 1,
  bicubic: 2,
  box: 3,
  hamming: 4,
  lanczos: 5,
} as const;
const padModes = { constant: 0, edge: 1, reflect: 2, symmetric: 3 } as const;

/** How pixels between pixels are made. */
export type Interpolation = keyof typeof filters;
/** What lies outside of an image: a fill, the edge, or the image mirrored with or without its edge. */
export type PaddingMode = keyof typeof padModes;

export const isInterpolation = (value: unknown): value is Interpolation =>
  typeof value === 'string' && Object.hasOwn(filters, value);
export const isPaddingMode = (value: unknown): value is PaddingMode =>
  typeof value === 'string' && Object.hasOwn(padModes, value);

/** Each adds a step and gives the size after it. */
export const step = {
  resize(program: Program, size: ImageSize, width: number, height: number, filter: Interpolation): ImageSize {
    if (width === size.width && height === size.height) return size;
    program.push(code.resize, width, height, filters[filter]);
    return { width, height, channels: size.channels };
  },
  crop(
    program: Program,
    size: ImageSize,
    left: number,
    top: number,
    width: number,
    height: number,
  ): ImageSize {
    if (left === 0 && top === 0 && width === size.width && height === size.height) return size;
    program.push(code.crop, left, top, width, height);
    return { width, height, channels: size.channels };
  },
  /** Negative widths crop, as in PIL and numpy. */
  pad(
    program: Program,
    size: ImageSize,
    [left, top, right, bottom]: readonly [number, number, number, number],
    mode: PaddingMode,
    fill: readonly number[],
  ): ImageSize {
    const cut = [left, top, right, bottom].map((n) => Math.max(-n, 0)) as [number, number, number, number];
    const add = [left, top, right, bottom].map((n) => Math.max(n, 0)) as [number, number, number, number];
    const cropped = step.crop(
      program,
      size,
      cut[0],
      cut[1],
      size.width - cut[0] - cut[2],
      size.height - cut[1] - cut[3],
    );
    if (add.every((n) => n === 0)) return cropped;
    const fills = [0, 1, 2, 3].map((c) => fill[c] ?? fill[0] ?? 0);
    program.push(code.pad, ...add, padModes[mode], ...fills);
    return {
      width: cropped.width + add[0] + add[2],
      height: cropped.height + add[1] + add[3],
      channels: size.channels,
    };
  },
  flipAcross(program: Program, size: ImageSize): ImageSize {
    program.push(code.flipAcross);
    return size;
  },
  flipDown(program: Program, size: ImageSize): ImageSize {
    program.push(code.flipDown);
    return size;
  },
  gray(program: Program, size: ImageSize, channels: 1 | 3): ImageSize {
    if (size.channels === 1 && channels === 1) return size;
    program.push(code.gray, channels);
    return { width: size.width, height: size.height, channels };
  },
};

const numbersOf = (size: ImageSize): Int32Array => Int32Array.of(size.width, size.height, size.channels);

/** Runs a program on one image; the very image where nothing is to do. */
export function runProgram(image: Image, program: Program, result: ImageSize): Image {
  if (program.length === 0) return image;
  return new Image(native.runImage(image.data, numbersOf(image), Int32Array.from(program)), result);
}
