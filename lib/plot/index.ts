/** Pictures of a training run: plain numbers in, files out. Knows no tensor. */
export { type EncodeOptions, type ImageFormat, encodeImage, writeImage, writePng } from './encode.js';
export { type Caption, type ImageGridOptions, imageGrid } from './image-grid.js';
export { type LossCurveOptions, lossCurve, type ValidationPoint } from './loss-curve.js';
export type { PixelData, Pixels } from './pixels.js';
