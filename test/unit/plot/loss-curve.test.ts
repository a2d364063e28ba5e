import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import sharp from 'sharp';
import { ArgumentError, TorchError, ValueError } from '../../../lib/errors.js';
import { type LossCurveOptions, lossCurve } from '../../../lib/plot/index.js';
import { defaultFactor, smooth } from '../../../lib/plot/smooth.js';

/** The error that `work` rejects with. */
async function rejection(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected a rejection');
}

describe('lossCurve', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'torchts-plot-'));
  });
  after(() => rm(folder, { recursive: true }));

  async function svgOf(options: Omit<LossCurveOptions, 'file'>): Promise<string> {
    const file = join(folder, 'curve.svg');
    await lossCurve({ ...options, file });
    return readFile(file, 'utf8');
  }

  /** Number of pixels in a rectangle that are dark. */
  async function ink(
    file: string,
    left: number,
    top: number,
    width: number,
    height: number,
  ): Promise<number> {
    const region = sharp(file).extract({ left, top, width, height });
    const data = await region.greyscale().raw().toBuffer();
    return data.filter((value) => value < 128).length;
  }

  const losses = Array.from({ length: 100 }, (_, i) => 2 * Math.exp(-i / 30) + 0.1);

  it('writes a PNG with text, lines and white paper, and makes the folders above it', async () => {
    const file = join(folder, 'deep', 'er', 'loss.png');
    expect(await lossCurve({ losses, epochs: 2, file })).to.equal(file);
    const { width, height, format } = await sharp(file).metadata();
    expect([format, width, height]).to.deep.equal(['png', 1920, 1080]);
    expect(await ink(file, 600, 25, 720, 60), 'title').to.be.greaterThan(500);
    expect(await ink(file, 20, 400, 50, 300), 'name of the loss axis').to.be.greaterThan(100);
    expect(await ink(file, 160, 200, 1600, 700), 'curve').to.be.greaterThan(500);
    const [red, green, blue] = await sharp(file)
      .extract({ left: 2, top: 2, width: 1, height: 1 })
      .raw()
      .toBuffer();
    expect([red, green, blue]).to.deep.equal([255, 255, 255]);
  });

  it('draws the same bytes again', async () => {
    const files = [join(folder, 'one.png'), join(folder, 'two.png')];
    for (const file of files) await lossCurve({ losses, file });
    const [one, two] = await Promise.all(files.map((file) => readFile(file)));
    expect(one!.equals(two!)).to.equal(true);
  });

  it('names title, axes, series and epochs, as text', async () => {
    const svg = await svgOf({
      losses,
      title: 'Loss of <A> & "B"',
      xLabel: 'Iteration',
      yLabel: 'Cross entropy',
      validation: [0.9, 0.5],
      epochs: 2,
    });
    for (const text of [
      'Iteration',
      'Cross entropy',
      'Training loss',
      'Validation loss',
      'epoch 1',
      'epoch 2',
    ]) {
      expect(svg).to.contain(`>${text}<`);
    }
    expect(svg).to.match(/>Moving average \(EMA, 0\.667\)</);
    expect(svg).to.contain('Loss of &lt;A&gt; &amp; &quot;B&quot;');
  });

  it('leaves the moving average out on request', async () => {
    expect(await svgOf({ losses, smoothed: false })).not.to.contain('Moving average');
    expect(await svgOf({ losses, smoothing: 0.5 })).to.contain('(EMA, 0.5)');
  });

  it('says how many losses are not finite and goes on after the gap', async () => {
    const broken = [...losses];
    broken[10] = Number.NaN;
    broken[11] = Number.POSITIVE_INFINITY;
    expect(await svgOf({ losses: broken })).to.contain('2 of 100 losses are not finite (drawn as gaps)');
    expect(await svgOf({ losses: [1, Number.NaN, 2] })).to.contain('1 of 3 losses is not finite');
    expect(await svgOf({ losses: [Number.NaN, Number.NaN] })).to.contain('2 of 2 losses are not finite');
    expect(await svgOf({ losses })).not.to.contain('finite');
  });

  it('takes typed arrays, one single loss, and a logarithmic axis', async () => {
    expect(await svgOf({ losses: Float32Array.of(3, 2, 1) })).to.contain('Training loss');
    expect(await svgOf({ losses: [2] })).to.contain('<path');
    expect(await svgOf({ losses: [1, 0, 0.1], yScale: 'log' })).to.contain('not finite and positive');
  });

  it('keeps a file of very many losses small', async () => {
    const many = Array.from({ length: 100_000 }, (_, i) => 1 + Math.sin(i));
    expect((await svgOf({ losses: many })).length).to.be.lessThan(200_000);
  });

  it('refuses an empty list, a wrong extension, and values that are no numbers', async () => {
    const file = join(folder, 'x.png');
    const empty = await rejection(lossCurve({ losses: [], file }));
    expect(empty).to.be.instanceOf(ValueError);
    expect(empty.message).to.contain('empty');
    const extension = await rejection(lossCurve({ losses, file: join(folder, 'x.gif') }));
    expect(extension).to.be.instanceOf(ValueError);
    expect(extension.message).to.contain('.gif').and.to.contain('.png, .svg');
    const tensors = await rejection(lossCurve({ losses: [{}] as unknown as number[], file }));
    expect(tensors).to.be.instanceOf(ArgumentError);
    expect(tensors.message).to.contain('losses[0]').and.to.contain('item()');
    for (const wrong of [{ smoothing: 1 }, { epochs: 0 }, { width: 1 }, { pixelRatio: Number.NaN }]) {
      expect(await rejection(lossCurve({ losses, file, ...wrong }))).to.be.instanceOf(ValueError);
    }
    const few = await rejection(lossCurve({ losses, file, epochs: 1, validation: [1, 2] }));
    expect(few.message).to.contain('2 validation losses but 1 epochs');
  });

  it('says which path cannot be written', async () => {
    const blocked = join(folder, 'a-file');
    await writeFile(blocked, '');
    const error = await rejection(lossCurve({ losses, file: join(blocked, 'loss.svg') }));
    expect(error).to.be.instanceOf(TorchError).with.property('code', 'ERR_FILE');
    expect(error.message).to.contain(join(blocked, 'loss.svg'));
  });
});

describe('smooth', () => {
  it('is an average that begins at the first value and skips what is not finite', () => {
    const [first, second, gap, last] = smooth([1, 3, Number.NaN, 5], 0.5);
    expect(first).to.equal(1);
    expect(second).to.be.closeTo((0.25 * 1 + 0.5 * 3) / 0.75, 1e-12);
    expect(gap).to.be.NaN;
    expect(last).to.be.closeTo((0.125 * 1 + 0.25 * 3 + 0.5 * 5) / 0.875, 1e-12);
    expect(smooth([4, 2], 0)).to.deep.equal([4, 2]);
  });

  it('remembers more of a longer curve', () => {
    expect(defaultFactor(10)).to.equal(0.667);
    expect(defaultFactor(2000)).to.equal(0.975);
    expect(defaultFactor(1e6)).to.equal(0.99);
  });
});
