import { mkdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { expect } from 'chai';
import sharp from 'sharp';
import { FileFormatError, TorchError, TorchIndexError, ValueError } from '../../../../lib/errors.js';
import { DatasetFolder, ImageFolder } from '../../../../lib/vision/datasets/index.js';
import { Image } from '../../../../lib/vision/image.js';
import { someBytes, temporaryFolder } from '../../hub/support/file-server.js';

async function failure(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('an error was expected');
}

describe('datasets.ImageFolder', () => {
  const pixels = someBytes(6 * 4 * 3);
  let png: Buffer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let root: string;

  async function put(path: string, content: Uint8Array | string = png): Promise<void> {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }

  before(async () => {
    png = await sharp(pixels, { raw: { width: 6, height: 4, channels: 3 } })
      .png()
      .toBuffer();
  });

  beforeEach(async () => {
    folder = await temporaryFolder();
    root = folder.path;
  });

  afterEach(() => folder.remove());

  it('finds classes and files in the order of torchvision', async () => {
    for (const path of [
      'b/z.png',
      'b/A.JPG',
      'b/n.txt',
      'b/x/10.png',
      'b/x/2.png',
      'b/x-y/q.webp',
      'B/\u{1F600}.png',
    ]) {
      await put(path);
    }
    await put('B/\uFFEE.png');
    const set = await ImageFolder.load({ root });
    expect(set.classes).to.deep.equal(['B', 'b']);
    expect(set.classToIdx).to.deep.equal({ B: 0, b: 1 });
    expect(set.samples.map(([path]) => relative(root, path))).to.deep.equal([
      'B/\uFFEE.png',
      'B/\u{1F600}.png',
      'b/A.JPG',
      'b/z.png',
      'b/x/10.png',
      'b/x/2.png',
      'b/x-y/q.webp',
    ]);
    expect(set.targets).to.deep.equal([0, 0, 1, 1, 1, 1, 1]);
    expect(set.imgs).to.equal(set.samples);
    expect(set).to.have.length(7);
  });

  it('gives decoded images, transformed', async () => {
    await put('a/1.png');
    await put('b/2.png');
    const plain = await ImageFolder.load(root);
    const [image, target] = await plain.get(-1);
    expect(target).to.equal(1);
    expect(image).to.be.instanceOf(Image);
    expect(image).to.include({ width: 6, height: 4, channels: 3 });
    expect(Buffer.from(image.data).equals(pixels)).to.equal(true);
    const mapped = await ImageFolder.load({
      root,
      transform: (i: Image) => i.size,
      targetTransform: (t) => -t,
    });
    expect(await mapped.get(1)).to.deep.equal([[6, 4], -1]);
    expect(await failure(plain.get(2))).to.be.instanceOf(TorchIndexError);
  });

  it('takes another loader, other extensions, or a test of its own', async () => {
    await put('a/1.txt', 'one');
    await put('a/2.dat', 'two');
    const loader = (path: string) => readFile(path, 'utf8');
    const texts = await ImageFolder.load({ root, loader, extensions: ['.txt'] });
    expect(await texts.get(0)).to.deep.equal(['one', 0]);
    const data = await ImageFolder.load(root, null, null, loader, (path) => path.endsWith('.dat'));
    expect(await data.get(0)).to.deep.equal(['two', 0]);
    const both = { root, loader, extensions: ['.txt'], isValidFile: () => true };
    expect(await failure(DatasetFolder.load(both))).to.be.instanceOf(ValueError);
    expect(await failure(DatasetFolder.load({ root, loader }))).to.be.instanceOf(ValueError);
  });

  it('follows links, but not in circles', async () => {
    await put('a/1.png');
    await put('other/x/2.png');
    await symlink(join(root, 'other', 'x'), join(root, 'a', 'link'));
    await symlink(join(root, 'a'), join(root, 'a', 'loop'));
    const set = await ImageFolder.load({ root });
    expect(
      set.samples.filter(([, target]) => target === 0).map(([path]) => relative(root, path)),
    ).to.deep.equal(['a/1.png', 'a/link/2.png']);
  });

  it('reports no classes, empty classes, and a missing folder', async () => {
    let error = await failure(ImageFolder.load({ root }));
    expect(error).to.be.instanceOf(TorchError);
    expect(error.message).to.equal(`Couldn't find any class folder in ${root}.`);
    await put('full/1.png');
    await put('none/readme.txt', 'x');
    error = await failure(ImageFolder.load({ root }));
    expect(error.message).to.equal(
      'Found no valid file for the classes none. Supported extensions are: ' +
        '.jpg, .jpeg, .png, .ppm, .bmp, .pgm, .tif, .tiff, .webp',
    );
    expect((await ImageFolder.load({ root, allowEmpty: true })).classes).to.deep.equal(['full', 'none']);
    error = await failure(ImageFolder.load(join(root, 'missing')));
    expect(error).to.have.property('code', 'ERR_FILE');
    expect(error.message).to.include(join(root, 'missing'));
  });

  it('names a file that is no whole image', async () => {
    const jpeg = await sharp(pixels, { raw: { width: 6, height: 4, channels: 3 } })
      .jpeg()
      .toBuffer();
    await put('a/1.jpg', jpeg);
    await truncate(join(root, 'a/1.jpg'), jpeg.length - 8);
    await put('a/2.jpg', 'no image');
    await put('a/3.jpg', '');
    const set = await ImageFolder.load({ root });
    for (let i = 0; i < 3; i++) {
      const error = await failure(set.get(i));
      expect(error, String(i)).to.be.instanceOf(FileFormatError);
      expect(error.message).to.include(join(root, `a/${i + 1}.jpg`));
    }
  });
});
