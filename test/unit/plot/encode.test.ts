import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import sharp from 'sharp';
import { ShapeError, TorchError, ValueError } from '../../../lib/errors.js';
import { type Pixels, writeImage, writePng } from '../../../lib/plot/index.js';

describe('writePng and writeImage', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'torchts-encode-'));
  });
  after(() => rm(folder, { recursive: true }));

  const image: Pixels = {
    data: Uint8Array.from({ length: 2 * 3 * 3 }, (_, i) => i * 14),
    width: 3,
    height: 2,
    channels: 3,
  };

  it('keeps every value of a PNG, in folders that it makes', async () => {
    for (const channels of [1, 2, 3, 4] as const) {
      const file = join(folder, 'made', `${channels}.png`);
      const data = Uint8Array.from({ length: 6 * channels }, (_, i) => 255 - i * 10);
      expect(await writePng({ data, width: 3, height: 2, channels }, file)).to.equal(file);
      const { width, height, channels: written } = await sharp(file).metadata();
      // PNG knows grey with alpha, but the encoder writes it as RGBA.
      expect([width, height, written]).to.deep.equal([3, 2, channels === 2 ? 4 : channels]);
      const back = await sharp(file).toColourspace('srgb').ensureAlpha().raw().toBuffer();
      const expected = Array.from({ length: 6 }, (_, pixel) => {
        const values = data.subarray(pixel * channels, (pixel + 1) * channels);
        const alpha = channels % 2 === 0 ? values[channels - 1] : 255;
        return channels < 3 ? [values[0], values[0], values[0], alpha] : [...values.subarray(0, 3), alpha];
      });
      expect([...back]).to.deep.equal(expected.flat());
    }
  });

  it('chooses the format by the extension', async () => {
    for (const [name, format] of Object.entries({
      'a.png': 'png',
      'a.jpg': 'jpeg',
      'a.JPEG': 'jpeg',
      'a.webp': 'webp',
    })) {
      const file = await writeImage(image, join(folder, name));
      expect((await sharp(file).metadata()).format).to.equal(format);
    }
  });

  it('puts transparent pixels of a JPEG on white', async () => {
    const clear: Pixels = { data: new Uint8Array(8 * 8 * 4), width: 8, height: 8, channels: 4 };
    const data = await sharp(await writeImage(clear, join(folder, 'clear.jpg')))
      .raw()
      .toBuffer();
    expect(Math.min(...data)).to.be.greaterThan(250);
  });

  it('refuses unknown formats, wrong sizes and paths that cannot be written', async () => {
    const rejected = (work: Promise<unknown>): Promise<Error> =>
      work.then(
        () => new Error('no rejection'),
        (error: unknown) => error as Error,
      );
    for (const name of ['a.tiff', 'a']) {
      const error = await rejected(writeImage(image, join(folder, name)));
      expect(error).to.be.instanceOf(ValueError);
      expect(error.message).to.contain('.png, .jpg, .jpeg, .webp');
    }
    const wrong = await rejected(writePng({ ...image, height: 4 }, join(folder, 'a.png')));
    expect(wrong).to.be.instanceOf(ShapeError);
    expect(await rejected(writeImage(image, join(folder, 'a.jpg'), { quality: 0 }))).to.be.instanceOf(
      ValueError,
    );
    await writeFile(join(folder, 'file'), '');
    const blocked = await rejected(writePng(image, join(folder, 'file', 'a.png')));
    expect(blocked).to.be.instanceOf(TorchError).with.property('code', 'ERR_FILE');
    expect(blocked.message).to.contain('cannot write');
  });
});
