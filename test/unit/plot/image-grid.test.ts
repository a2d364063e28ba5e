import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import sharp from 'sharp';
import { ArgumentError, ShapeError, ValueError } from '../../../lib/errors.js';
import { gridLayout } from '../../../lib/plot/grid-layout.js';
import { type ImageGridOptions, imageGrid, type Pixels } from '../../../lib/plot/index.js';
import { resizeNearest } from '../../../lib/plot/pixels.js';
import { textMeasure } from '../../../lib/plot/svg.js';

type Color = [number, number, number];

/** Where things are in a grid without title and marks: margin 20, frame 3. */
const first = 23;

function plain(size: number, [r, g, b]: Color): Pixels {
  const data = Uint8Array.from({ length: size * size * 3 }, (_, i) => [r, g, b][i % 3]!);
  return { data, width: size, height: size, channels: 3 };
}

describe('imageGrid', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'torchts-grid-'));
  });
  after(() => rm(folder, { recursive: true }));

  async function draw(options: Omit<ImageGridOptions, 'file'>) {
    const file = join(folder, 'grid.png');
    expect(await imageGrid({ ...options, file })).to.equal(file);
    const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
    const at = (x: number, y: number): Color => {
      const start = (y * info.width + x) * info.channels;
      return [data[start]!, data[start + 1]!, data[start + 2]!];
    };
    const count = (color: Color): number => {
      let found = 0;
      for (let i = 0; i < data.length; i += info.channels) {
        if (color.every((value, c) => data[i + c] === value)) found++;
      }
      return found;
    };
    return { ...info, at, count };
  }

  it('enlarges small images by whole squares without blur', async () => {
    const data = Uint8Array.of(10, 250, 130, 70);
    const picture = await draw({ images: [{ data, width: 2, height: 2, channels: 1 }], scale: 40 });
    expect([picture.width, picture.height]).to.deep.equal([2 * 40 + 46, 2 * 40 + 46]);
    for (const [x, y, value] of [
      [0, 0, 10],
      [39, 39, 10],
      [40, 0, 250],
      [79, 39, 250],
      [39, 40, 130],
      [40, 79, 70],
    ] as const) {
      expect(picture.at(first + x, first + y), `${x},${y}`).to.deep.equal([value, value, value]);
    }
  });

  it('chooses the scale by the size of each image', async () => {
    const square = (size: number) => draw({ images: [plain(size, [1, 2, 3])] });
    expect((await square(28)).count([1, 2, 3])).to.equal(140 * 140);
    expect((await square(32)).count([1, 2, 3])).to.equal(128 * 128);
    expect((await square(224)).count([1, 2, 3])).to.equal(224 * 224);
    expect((await square(512)).count([1, 2, 3])).to.equal(256 * 256);
    const mixed = await draw({ images: [plain(32, [9, 8, 7]), plain(600, [4, 5, 6])] });
    expect(mixed.count([9, 8, 7])).to.equal(128 * 128);
    expect(mixed.count([4, 5, 6])).to.equal(256 * 256);
  });

  it('frames wrong images red with a cross, right ones green, others grey', async () => {
    const images = [plain(32, [0, 0, 0]), plain(32, [0, 0, 0])];
    const red: Color = [220, 38, 38];
    const green: Color = [22, 163, 74];
    const grey: Color = [209, 213, 219];
    const marked = await draw({ images, wrong: [true, false], columns: 2 });
    // A frame of 3 pixels around 128, and the disc of the mark.
    expect(marked.count(red)).to.be.within(1450, 1950);
    expect(marked.count(green)).to.be.within(1540, 1572);
    const neutral = await draw({ images });
    expect([neutral.count(red), neutral.count(green)]).to.deep.equal([0, 0]);
    expect(neutral.count(grey)).to.be.greaterThan(2 * 1540);
  });

  it('writes captions in two lines below the image', async () => {
    const images = [plain(32, [255, 255, 255])];
    const without = await draw({ images });
    const withCaption = await draw({ images, captions: [['Truth: cat', 'Predicted: dog']] });
    const same = await draw({ images, captions: ['Truth: cat\nPredicted: dog'] });
    expect(withCaption.height - without.height).to.equal(36);
    const ink: Color = [31, 41, 55];
    expect(without.count(ink)).to.equal(0);
    expect(withCaption.count(ink)).to.be.greaterThan(50);
    expect(same.count(ink)).to.equal(withCaption.count(ink));
  });

  it('draws grey, grey with alpha, RGB and RGBA on white', async () => {
    const pixel = (data: number[]): Pixels => {
      return {
        data: Uint8ClampedArray.from(data),
        width: 1,
        height: 1,
        channels: data.length as 1 | 2 | 3 | 4,
      };
    };
    const images = [pixel([90]), pixel([90, 255]), pixel([1, 2, 3]), pixel([1, 2, 3, 0])];
    const picture = await draw({ images, columns: 4, scale: 20 });
    const colors = images.map((_, i) => picture.at(first + 5 + i * (26 + 16), first + 5));
    expect(colors).to.deep.equal([
      [90, 90, 90],
      [90, 90, 90],
      [1, 2, 3],
      [255, 255, 255],
    ]);
  });

  it('writes JPEG and WebP by extension', async () => {
    for (const [name, format] of [
      ['a.jpg', 'jpeg'],
      ['b.WEBP', 'webp'],
    ]) {
      const file = join(folder, name!);
      await imageGrid({ images: [plain(8, [5, 5, 5])], file });
      expect((await sharp(file).metadata()).format).to.equal(format);
    }
  });

  it('names what is wrong with its arguments', async () => {
    const good = plain(4, [0, 0, 0]);
    const cases: [Partial<ImageGridOptions>, new (...args: never[]) => Error, string][] = [
      [{ images: [] }, ValueError, 'empty'],
      [{ captions: [] }, ValueError, '0 captions for 1 images'],
      [{ wrong: [true, false] }, ValueError, '2 wrong marks for 1 images'],
      [{ file: 'grid.bmp' }, ValueError, '.png, .jpg, .jpeg, .webp'],
      [{ columns: 0 }, ValueError, 'columns'],
      [{ scale: 0 }, ValueError, 'scale'],
      [{ images: [plain(250, [0, 0, 0])], scale: 200 }, ValueError, 'smaller scale'],
      [
        { images: [{ ...good, width: 5 }] },
        ShapeError,
        '5×4 pixels of 3 channel(s) need 60 bytes, data has 48',
      ],
      [{ images: [{ ...good, channels: 7 as 3 }] }, ShapeError, 'channels'],
      [{ images: [{ ...good, data: [1] as unknown as Uint8Array }] }, ArgumentError, 'images[0]'],
      [{ images: [null as unknown as Pixels] }, ArgumentError, 'got null'],
      [{ captions: [3 as unknown as string] }, ArgumentError, 'captions[0]'],
    ];
    for (const [wrong, kind, text] of cases) {
      const options = { images: [good], file: join(folder, 'no.png'), ...wrong };
      const error = await imageGrid(options).then(
        () => null,
        (reason: unknown) => reason as Error,
      );
      expect(error, text).to.be.instanceOf(kind);
      expect(error?.message).to.contain(text);
    }
  });
});

describe('gridLayout', () => {
  it('cuts captions that are too long, so that neighbours do not overlap', async () => {
    const measure = await textMeasure();
    const long = 'Predicted: Pembroke, Pembroke Welsh corgi, and a good deal more';
    const { base, width } = gridLayout({
      sizes: [
        { width: 60, height: 60 },
        { width: 60, height: 60 },
      ],
      captions: [[long], ['short']],
      wrong: [undefined, undefined],
      columns: 2,
      title: long,
      measure,
    });
    const texts = [...base.matchAll(/<text x="([\d.]+)"[^>]*font-size="13"[^>]*>([^<]*)</g)];
    expect(texts).to.have.length(2);
    expect(texts[0]![2]).to.match(/^Predicted: Pembroke.*…$/);
    const right = Number(texts[0]![1]) + measure.width(texts[0]![2]!, 13) / 2;
    const left = Number(texts[1]![1]) - measure.width('short', 13) / 2;
    expect(right).to.be.lessThan(left);
    expect(width).to.equal(2 * 20 + 2 * 190 + 16);
  });
});

describe('textMeasure', () => {
  it('knows the widths of the font, with spaces and in bold', async () => {
    const measure = await textMeasure();
    // Advance of "m" in DejaVu Sans Condensed: 1796 of 2048 units; of the space: 586.
    expect(measure.width('m', 2048)).to.be.closeTo(1796, 12);
    expect(measure.width(' ', 2048)).to.be.closeTo(586, 12);
    expect(measure.width('m', 10, true)).to.be.greaterThan(measure.width('m', 10));
    expect(measure.fit('abc', 1000, 13)).to.equal('abc');
    expect(measure.fit('abcdefgh', measure.width('abc…', 13) + 0.1, 13)).to.equal('abc…');
  });
});

describe('resizeNearest', () => {
  it('repeats and drops pixels', () => {
    const image: Pixels = { data: Uint8Array.of(1, 2, 3, 4, 5, 6), width: 3, height: 1, channels: 2 };
    expect([...resizeNearest(image, 6, 1).data]).to.deep.equal([1, 2, 1, 2, 3, 4, 3, 4, 5, 6, 5, 6]);
    expect([...resizeNearest(image, 1, 2).data]).to.deep.equal([1, 2, 1, 2]);
  });
});
