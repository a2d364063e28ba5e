import { mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import * as tar from 'tar';
import {
  ArgumentError,
  ChecksumError,
  DownloadError,
  FileFormatError,
  TorchError,
  TorchIndexError,
  UnsafeFileError,
} from '../../../../lib/errors.js';
import type { CifarSource } from '../../../../lib/vision/datasets/cifar-files.js';
import { loadCifar } from '../../../../lib/vision/datasets/cifar-load.js';
import { CIFAR10, CIFAR100 } from '../../../../lib/vision/datasets/index.js';
import { Image } from '../../../../lib/vision/image.js';
import {
  FileServer,
  md5,
  serve,
  someBytes,
  temporaryFolder,
  withoutProxies,
} from '../../hub/support/file-server.js';

const names = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
const planes = someBytes(3072);

async function failure(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('an error was expected');
}

async function put(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

const record = (...labels: number[]): Buffer => Buffer.concat([Buffer.from(labels), planes]);

async function makeBinary(root: string): Promise<void> {
  for (let n = 1; n <= 5; n++) {
    await put(
      join(root, 'cifar-10-batches-bin', `data_batch_${n}.bin`),
      Buffer.concat([record(n), record(n + 1)]),
    );
  }
  await put(join(root, 'cifar-10-batches-bin', 'test_batch.bin'), record(9));
  await put(join(root, 'cifar-10-batches-bin', 'batches.meta.txt'), `${names.join('\n')}\n\n`);
}

/** A batch of one image as Python 2 pickled it: protocol 2, 8-bit strings, a NumPy array. */
function pickledBatch(label: number, module = 'numpy.core.multiarray', dtype = 'u1'): Buffer {
  const text = (value: string): Buffer =>
    Buffer.concat([Buffer.from([0x55, value.length]), Buffer.from(value)]);
  const size = Buffer.alloc(5);
  size[0] = 0x54;
  size.writeInt32LE(planes.length, 1);
  return Buffer.concat([
    Buffer.from([0x80, 2]),
    Buffer.from('}('),
    text('data'),
    Buffer.from(`c${module}\n_reconstruct\ncnumpy\nndarray\nK\x00\x85`, 'latin1'),
    text('b'),
    Buffer.from('\x87R(K\x01K\x01M\x00\x0c\x86cnumpy\ndtype\n', 'latin1'),
    text(dtype),
    Buffer.from('K\x00K\x01\x87R(K\x03', 'latin1'),
    text('|'),
    Buffer.from('NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89', 'latin1'),
    size,
    planes,
    Buffer.from('tb', 'latin1'),
    text('labels'),
    Buffer.from([0x5d, 0x4b, label, 0x61]),
    Buffer.from('u.'),
  ]);
}

async function makePython(root: string): Promise<void> {
  for (let n = 1; n <= 5; n++)
    await put(join(root, 'cifar-10-batches-py', `data_batch_${n}`), pickledBatch(n));
  await put(join(root, 'cifar-10-batches-py', 'test_batch'), pickledBatch(7));
}

describe('datasets.CIFAR10', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let root: string;

  beforeEach(async () => {
    folder = await temporaryFolder();
    root = folder.path;
  });

  afterEach(() => folder.remove());

  it('reads the binary layout: planes become pixels', async () => {
    await makeBinary(root);
    const set = await CIFAR10.load({ root });
    expect(set).to.have.length(10);
    expect(set.targets).to.deep.equal([1, 2, 2, 3, 3, 4, 4, 5, 5, 6]);
    expect(set.classes).to.deep.equal(names);
    expect(set.classToIdx).to.include({ airplane: 0, truck: 9 });
    expect(set.images).to.include({ width: 32, height: 32, channels: 3, data: set.data });
    expect(set.data).to.have.length(10 * 3072);
    const [image, label] = set.get(3);
    expect(label).to.equal(3);
    expect(image).to.be.instanceOf(Image);
    for (const pixel of [0, 1, 31, 32, 1023]) {
      const expected = [0, 1, 2].map((c) => planes[c * 1024 + pixel]);
      expect([...image.data.subarray(pixel * 3, pixel * 3 + 3)]).to.deep.equal(expected);
    }
  });

  it('reads what Python left, with the same pixels', async () => {
    await makeBinary(join(root, 'a'));
    await makePython(join(root, 'b'));
    const binary = await CIFAR10.load({ root: join(root, 'a'), train: false });
    const python = await CIFAR10.load({ root: join(root, 'b'), train: false });
    expect(python.targets).to.deep.equal([7]);
    expect(Buffer.from(python.data).equals(Buffer.from(binary.data))).to.equal(true);
    expect((await CIFAR10.load({ root: join(root, 'b') })).targets).to.deep.equal([1, 2, 3, 4, 5]);
    expect(python.classes).to.deep.equal(names);
  });

  it('takes arguments by position, the folder itself as root, transforms, and negative indices', async () => {
    await makeBinary(root);
    const set = await CIFAR10.load(
      join(root, 'cifar-10-batches-bin'),
      false,
      (image) => image.width,
      (target) => `class ${target}`,
    );
    const [width, name]: [number, string] = set.get(-1);
    expect([width, name]).to.deep.equal([32, 'class 9']);
    expect(set.image(0).mode).to.equal('RGB');
    expect(() => set.get(1)).to.throw(TorchIndexError, /index 1 is out of range; it has 1 samples/);
    expect(() => set.get(0.5)).to.throw(TorchIndexError);
  });

  it('prints as in Python', async () => {
    await makeBinary(root);
    const set = await CIFAR10.load(root, { train: false });
    expect(String(set)).to.equal(
      `Dataset CIFAR10\n    Number of datapoints: 1\n    Root location: ${root}\n    Split: Test`,
    );
  });

  it('says where it looked for data that are not there', async () => {
    const error = await failure(CIFAR10.load({ root }));
    expect(error).to.be.instanceOf(TorchError);
    expect(error.message).to.include(
      'Dataset not found or corrupted. You can use download=True to download it',
    );
    expect(error.message)
      .to.include(join(root, 'cifar-10-batches-bin'))
      .and.include(join(root, 'cifar-10-batches-py'));
  });

  it('names a truncated file, a wrong label, and a broken pickle', async () => {
    await makeBinary(root);
    const path = join(root, 'cifar-10-batches-bin', 'data_batch_3.bin');
    await truncate(path, 5000);
    let error = await failure(CIFAR10.load({ root }));
    expect(error).to.be.instanceOf(FileFormatError);
    expect(error.message).to.include(path).and.include('5000 bytes').and.include('3073-byte records');
    await writeFile(path, record(10));
    error = await failure(CIFAR10.load({ root }));
    expect(error).to.be.instanceOf(FileFormatError);
    expect(error.message).to.include(`${path}: label 10 of record 0`);

    const other = join(root, 'py');
    await makePython(other);
    const pickle = join(other, 'cifar-10-batches-py', 'test_batch');
    await truncate(pickle, 3100);
    error = await failure(CIFAR10.load({ root: other, train: false }));
    expect(error).to.be.instanceOf(FileFormatError);
    expect(error.message).to.include(pickle).and.include('truncated');
  });

  it('lets nothing but byte arrays out of a pickle', async () => {
    await makePython(root);
    const path = join(root, 'cifar-10-batches-py', 'test_batch');
    await writeFile(path, pickledBatch(1, 'os'));
    let error = await failure(CIFAR10.load({ root, train: false }));
    expect(error).to.be.instanceOf(UnsafeFileError);
    expect(error.message).to.include(path).and.include('os._reconstruct');
    await writeFile(path, pickledBatch(1, 'numpy.core.multiarray', 'O8'));
    error = await failure(CIFAR10.load({ root, train: false }));
    expect(error).to.be.instanceOf(FileFormatError);
    expect(error.message).to.include(path).and.include('uint8 is expected');
  });

  it('refuses unknown, doubled and missing arguments', async () => {
    const load = CIFAR10.load as (...args: unknown[]) => Promise<unknown>;
    for (const [args, text] of [
      [[{ root, trian: true }], 'unknown option "trian"'],
      [[root, true, { train: false }], 'train was given twice'],
      [[{ train: true }], 'root must be the path of a folder'],
      [[{ root, transform: 3 }], 'transform must be callable'],
      [[root, true, null, null, false, 1], 'at most 5 arguments'],
    ] as const) {
      const error = await failure(load(...args));
      expect(error, text).to.be.instanceOf(ArgumentError);
      expect(error.message).to.include(text);
    }
  });

  describe('download', () => {
    let server: FileServer;
    let restore: () => void;
    let archive: Buffer;

    beforeEach(async () => {
      restore = withoutProxies();
      await makeBinary(join(root, 'source'));
      const file = join(root, 'made.tar.gz');
      await tar.c({ gzip: true, file, cwd: join(root, 'source') }, ['cifar-10-batches-bin']);
      archive = await readFile(file);
      server = await FileServer.start((request, response) => {
        if (request.url?.endsWith('.tar.gz')) serve(archive, request, response);
        else response.writeHead(404).end();
      });
    });

    afterEach(async () => {
      await server.stop();
      restore();
    });

    function source(): CifarSource {
      return {
        url: server.url('/made.tar.gz'),
        md5: md5(archive),
        classes: names,
        layouts: [
          {
            folder: 'cifar-10-batches-bin',
            train: ['data_batch_1.bin', 'data_batch_2.bin'],
            test: ['test_batch.bin'],
            meta: 'batches.meta.txt',
            format: { records: { labelBytes: 1, labelAt: 0 } },
          },
        ],
      };
    }

    it('brings, unpacks and reads the archive; only once', async () => {
      const options = { root: join(root, 'new'), download: true, progress: false };
      const all = await Promise.all([true, false].map((train) => loadCifar(source(), { ...options, train })));
      expect(all.map(({ targets }) => targets)).to.deep.equal([[1, 2, 2, 3], [9]]);
      expect((await loadCifar(source(), options)).targets).to.have.length(4);
      expect(server.requests).to.have.length(1);
      expect((await readdir(options.root)).sort()).to.deep.equal(['cifar-10-batches-bin', 'made.tar.gz']);
    });

    it('replaces a truncated folder', async () => {
      const target = join(root, 'new');
      await makeBinary(target);
      await truncate(join(target, 'cifar-10-batches-bin', 'data_batch_2.bin'), 100);
      const { targets } = await loadCifar(source(), { root: target, download: true, progress: false });
      expect(targets).to.deep.equal([1, 2, 2, 3]);
    });

    it('leaves data of your own alone', async () => {
      await loadCifar(source(), { root: join(root, 'source'), download: true, progress: false });
      expect(server.requests).to.have.length(0);
    });

    it('keeps nothing that is not the real archive', async () => {
      const target = join(root, 'new');
      const options = { root: target, download: true, progress: false, mirror: server.url('/') };
      const error = await failure(CIFAR10.load(options));
      expect(error).to.be.instanceOf(ChecksumError);
      expect(error.message).to.include('MD5 c32a1d4ab5d03f1284b67883e8d87530');
      expect(await readdir(target)).to.deep.equal([]);
      expect(server.requests[0]?.url).to.equal('/~kriz/cifar-10-binary.tar.gz');
    });

    it('explains a host that does not have it', async () => {
      archive = Buffer.alloc(0);
      await server.stop();
      server = await FileServer.start((_, response) => response.writeHead(404).end());
      const options = { root: join(root, 'new'), download: true, progress: false, mirror: server.url('/') };
      const error = await failure(CIFAR10.load(options));
      expect(error).to.be.instanceOf(DownloadError);
      expect(error.message).to.include('HTTP 404').and.include('unpack the archive yourself into');
    });
  });
});

describe('datasets.CIFAR100', () => {
  it('reads the fine label of binary records', async () => {
    const { path: root, remove } = await temporaryFolder();
    try {
      await put(join(root, 'cifar-100-binary', 'test.bin'), Buffer.concat([record(11, 49), record(3, 99)]));
      const set = await CIFAR100.load({ root, train: false });
      expect(set.targets).to.deep.equal([49, 99]);
      expect(set.classes).to.have.length(100);
      expect([set.classes[0], set.classes[49], set.classes[99]]).to.deep.equal(['apple', 'mountain', 'worm']);
    } finally {
      await remove();
    }
  });
});
