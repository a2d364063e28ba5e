/** Versions: of LibTorch (what `torch.__version__` is in Python) and of this package. */
import { native } from './native.js';

/** The version of LibTorch that the addon was built with, such as `'2.14.1'`. */
export const version: string = native.libtorchVersion();
/** Python's name of the same. */
export const __version__: string = version;
