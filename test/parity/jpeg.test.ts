import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import * as torch from 'torchts';
import { datasets, type Tensor, transforms, utils } from 'torchts';
import { native } from '../../lib/native.js';
import { loadFixtures } from '../support/fixtures.js';

interface JpegFile {
  kind: string;
  width: number;
  height: number;
  file: string;
  sha256: string;
}

const { files } = loadFixtures<{ files: JpegFile[] }>('jpeg');
const bytesOf = ({ file }: JpegFile): Uint8Array => new Uint8Array(Buffer.from(file, 'base64'));
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('parity: JPEG files', () => {
  for (const jpeg of files) {
    const { kind, width, height } = jpeg;
    it(`${kind}, ${width}×${height}`, async () => {
      const image = await datasets.Image.fromBytes(bytesOf(jpeg));
      expect([image.width, image.height, image.channels]).to.deep.equal([width, height, 3]);
      expect(sha256(image.data)).to.equal(jpeg.sha256);
    });
  }

  it('the common kinds are decoded here, the others by the image library', async () => {
    for (const jpeg of files) {
      const { kind, width, height } = jpeg;
      const rare =
        kind === 'progressive' || kind === 'CMYK' || (width < 5 && /4:2|coarse|fine|re|opt/.test(kind));
      const size = native.jpegSize(bytesOf(jpeg));
      expect(size, `${kind}, ${width}×${height}`).to.deep.equal(rare ? null : [width, height]);
      const decoded = await native.decodeJpeg(bytesOf(jpeg));
      expect(decoded && sha256(decoded[2]), kind).to.equal(rare ? null : jpeg.sha256);
    }
  });

  it('a file that breaks off, or is broken within, is none for the decoder', async () => {
    const whole = bytesOf(files.find(({ kind, width }) => kind === '4:2:0' && width === 33)!);
    for (const length of [0, 1, 3, 20, 300, whole.length - 60, whole.length - 2])
      expect(await native.decodeJpeg(whole.slice(0, length)), String(length)).to.equal(null);
    for (let at = 2; at < whole.length; at += 7) {
      const broken = whole.slice();
      broken[at] = broken[at]! ^ 0x5a;
      const decoded = await native.decodeJpeg(broken);
      if (decoded) expect(decoded[2].length).to.equal(decoded[0] * decoded[1] * 3);
    }
  });
});

describe('parity: batches of JPEG files', () => {
  let root: string;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'torchts-jpeg-'));
    await mkdir(join(root, 'a'));
    for (const [i, jpeg] of files.entries())
      await writeFile(join(root, 'a', `${String(i).padStart(3, '0')}.jpg`), bytesOf(jpeg));
  });
  after(() => rm(root, { recursive: true }));

  const crop = new transforms.Compose([
    new transforms.RandomResizedCrop([17, 19]),
    new transforms.RandomHorizontalFlip(),
    new transforms.ToTensor(),
    new transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
  ]);
  const whole = new transforms.Compose([new transforms.Resize([20, 9]), new transforms.ToTensor()]);

  for (const [name, transform] of [
    ['a random window', crop],
    ['the whole image', whole],
  ] as const)
    for (const numWorkers of [0, 2])
      for (const memoryFormat of [null, 'channelsLast'] as const)
        it(`${name}: only what is used is decoded, with the values of whole images; ${numWorkers} workers, ${memoryFormat}`, async () => {
          const folder = await datasets.ImageFolder.load<datasets.Image, Tensor>(root, transform);
          const options = { batchSize: 8, numWorkers, memoryFormat };
          // Samples of a loader of the user's own are decoded as a whole.
          const plain = await datasets.ImageFolder.load<datasets.Image, Tensor>({
            root,
            transform,
            loader: (path) => datasets.Image.fromFile(path),
          });
          torch.manualSeed(3);
          const batches: Tensor[] = [];
          for await (const [x] of new utils.data.DataLoader(folder, options)) batches.push(x);
          torch.manualSeed(3);
          let at = 0;
          for await (const [x] of new utils.data.DataLoader(plain, options))
            expect(batches[at++]!.equal(x), `batch ${at - 1}`).to.equal(true);
          expect(at).to.equal(Math.ceil(files.length / 8));
        });

  it('a broken file among them is named', async () => {
    const broken = await mkdtemp(join(tmpdir(), 'torchts-jpeg-'));
    try {
      await mkdir(join(broken, 'a'));
      const [first, second] = files.map(bytesOf);
      await writeFile(join(broken, 'a', '0.jpg'), first!);
      await writeFile(join(broken, 'a', '1.jpg'), second!.slice(0, -40));
      const folder = await datasets.ImageFolder.load<datasets.Image, Tensor>(broken, whole);
      let error: unknown;
      await new utils.data.DataLoader(folder, { batchSize: 2 }).first().catch((caught: unknown) => {
        error = caught;
      });
      expect(error).to.be.instanceOf(torch.FileFormatError);
      expect((error as Error).message).to.include(join(broken, 'a', '1.jpg'));
      expect((error as Error).message).to.include('(sample 1 of the data set)');
    } finally {
      await rm(broken, { recursive: true });
    }
  });
});
