/** Data sets of images (`torchvision.datasets`). */
export { type ArchiveDatasetOptions, type ImageArray, ImageArrayDataset } from './array-dataset.js';
export { CIFAR10, CIFAR100 } from './cifar.js';
export { DatasetFolder, type DatasetFolderOptions, ImageFolder, type ImageFolderOptions } from './folder.js';
export { Image, type ImageMode } from '../image.js';
export { FashionMNIST, KMNIST, MNIST } from './mnist.js';
export { type Transform, VisionDataset } from './vision-dataset.js';
