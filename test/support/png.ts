/** What a test wants to know of a PNG file. */
import { expect } from 'chai';
import sharp from 'sharp';

/** Decodes the whole file, so that a broken one fails, and gives its size. */
export async function pngSize(path: string): Promise<{ width: number; height: number }> {
  const { format } = await sharp(path).metadata();
  expect(format, path).to.equal('png');
  const { info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height };
}
