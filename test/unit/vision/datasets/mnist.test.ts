import { mkdir, readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { DownloadError, FileFormatError, TorchError } from '../../../../lib/errors.js';
import { FashionMNIST, MNIST } from '../../../../lib/vision/datasets/index.js';
import { loadMnist, type MnistSource } from '../../../../lib/vision/datasets/mnist-files.js';
import {
  FileServer,
  md5,
  serve,
  someBytes,
  temporaryFolder,
  withoutProxies,
} from '../../hub/support/file-server.js';

function idx(shape: number[], data: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header[2] = 8;
  header[3] = shape.length;
  for (const [i, size] of shape.entries()) header.writeUInt32BE(size, 4 + 4 * i);
  return Buffer.concat([header, data]);
}

const pixels = someBytes(3 * 4 * 5);
const images = idx([3, 4, 5], pixels);
const labels = idx([3], Uint8Array.of(7, 0, 9));

async function failure(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('an error was expected');
}

describe('datasets.MNIST', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let root: string;

  async function put(where: string, split: 'train' | 't10k', gzip = false): Promise<void> {
    const end = gzip ? '.gz' : '';
    await mkdir(where, { recursive: true });
    await writeFile(join(where, `${split}-images-idx3-ubyte${end}`), gzip ? gzipSync(images) : images);
    await writeFile(join(where, `${split}-labels-idx1-ubyte${end}`), gzip ? gzipSync(labels) : labels);
  }

  beforeEach(async () => {
    folder = await temporaryFolder();
    root = folder.path;
  });

  afterEach(() => folder.remove());

  it('reads MNIST/raw, the folder itself, and its data folder; raw and gzip', async () => {
    await put(join(root, 'a', 'MNIST', 'raw'), 'train');
    await put(join(root, 'b'), 'train', true);
    await put(join(root, 'c', 'data'), 'train');
    for (const place of ['a', 'b', 'c']) {
      const set = await MNIST.load({ root: join(root, place) });
      expect(set.images, place).to.include({ width: 5, height: 4, channels: 1 });
      expect(Buffer.from(set.data).equals(pixels), place).to.equal(true);
      expect(set.targets, place).to.deep.equal([7, 0, 9]);
      const [image, target] = set.get(2);
      expect(target).to.equal(9);
      expect(image.mode).to.equal('L');
      expect([...image.data]).to.deep.equal([...pixels.subarray(40)]);
    }
  });

  it('keeps the splits and the variants apart', async () => {
    await put(join(root, 'FashionMNIST', 'raw'), 't10k');
    expect((await FashionMNIST.load(root, false)).classes[9]).to.equal('Ankle boot');
    const error = await failure(MNIST.load({ root, train: false }));
    expect(error).to.be.instanceOf(TorchError);
    expect(error.message)
      .to.include('Dataset not found. You can use download=True')
      .and.include(join(root, 'MNIST/raw'));
    expect((await failure(FashionMNIST.load({ root }))).message).to.include('train-images-idx3-ubyte');
  });

  it('names a truncated, foreign or contradicting file', async () => {
    await put(root, 'train');
    const imageFile = join(root, 'train-images-idx3-ubyte');
    const labelFile = join(root, 'train-labels-idx1-ubyte');
    const expectFailure = async (file: string, content: Uint8Array, text: string): Promise<void> => {
      await writeFile(imageFile, images);
      await writeFile(labelFile, labels);
      await writeFile(file, content);
      const error = await failure(MNIST.load({ root }));
      expect(error, text).to.be.instanceOf(FileFormatError);
      expect(error.message).to.include(file).and.include(text);
    };
    await expectFailure(imageFile, images.subarray(0, 50), '3 × 4 × 5 needs 76 bytes, it has 50');
    await expectFailure(imageFile, images.subarray(0, 7), 'no whole header');
    await expectFailure(imageFile, labels, 'is no IDX file of bytes with 3 dimensions');
    await expectFailure(imageFile, gzipSync(images).subarray(0, 40), 'no gzip file');
    await expectFailure(labelFile, idx([2], Uint8Array.of(1, 2)), '2 labels for the 3 images');
    await expectFailure(labelFile, idx([3], Uint8Array.of(1, 2, 10)), 'label 10 of record 2');
    await expectFailure(imageFile, idx([2 ** 31, 2 ** 31, 2], pixels), 'truncated or broken');
  });

  it('downloads all files as torchvision leaves them, from the mirror that has them', async () => {
    const restore = withoutProxies();
    const files: Record<string, Buffer> = {};
    for (const split of ['train', 't10k']) {
      files[`${split}-images-idx3-ubyte.gz`] = gzipSync(images);
      files[`${split}-labels-idx1-ubyte.gz`] = gzipSync(labels);
    }
    const server = await FileServer.start((request, response) => {
      const body = request.url?.startsWith('/good/') ? files[request.url.slice(6)] : undefined;
      if (body) serve(body, request, response);
      else response.writeHead(404).end();
    });
    try {
      const source: MnistSource = {
        name: 'MNIST',
        mirrors: [server.url('/bad/'), server.url('/good/')],
        md5: Object.fromEntries(Object.entries(files).map(([name, body]) => [name, md5(body)])),
        classes: [...'0123456789'],
      };
      const options = { root, download: true, progress: false };
      expect((await loadMnist(source, options)).targets).to.deep.equal([7, 0, 9]);
      const raw = await readdir(join(root, 'MNIST', 'raw'));
      const names = Object.keys(files).flatMap((name) => [name, name.replace('.gz', '')]);
      expect(raw.sort()).to.deep.equal(names.sort());
      const asked = server.requests.length;
      await loadMnist(source, { ...options, train: false });
      expect(server.requests).to.have.length(asked);
      await truncate(join(root, 'MNIST', 'raw', 'train-images-idx3-ubyte'), 10);
      expect(await failure(loadMnist(source, options))).to.be.instanceOf(FileFormatError);
      const other = { ...options, root: join(root, 'other'), mirror: server.url('/none') };
      const error = await failure(MNIST.load(other));
      expect(error).to.be.instanceOf(DownloadError);
      expect(error.message)
        .to.include('/none/mnist/train-images')
        .and.include('/none/exdb/mnist/train-images');
    } finally {
      await server.stop();
      restore();
    }
  });
});
