import { isTuple, PickleClass, unpickle } from '../../serialization/pickle/unpickler.js';

/** An array of bytes as NumPy pickles it: enough for the data sets of images. */
export class ByteArray {
  shape: number[] = [];
  data: Uint8Array = new Uint8Array();
}

/** NumPy's dtype object, of which only `uint8` is taken. */
class DType {
  constructor(readonly code: string) {}
}

function bytesOf(value: unknown): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value, 'latin1');
  if (value instanceof Uint8Array) return value;
  throw new Error('the content of an array is missing');
}

function fill(array: ByteArray, shape: unknown, dtype: unknown, fortran: unknown, content: unknown): void {
  if (!(dtype instanceof DType) || !['u1', '|u1', 'uint8'].includes(dtype.code)) {
    throw new Error(`an array of ${dtype instanceof DType ? dtype.code : 'unknown type'}; uint8 is expected`);
  }
  const data = bytesOf(content);
  if (!Array.isArray(shape) || !shape.every((size) => Number.isInteger(size) && (size as number) >= 0)) {
    throw new Error('an array without a shape');
  }
  const sizes = shape as number[];
  if (sizes.reduce((product, size) => product * size, 1) !== data.length) {
    throw new Error(`an array of shape (${sizes.join(', ')}) with ${data.length} bytes`);
  }
  array.shape = sizes;
  array.data = fortran === true || fortran === 'F' ? rowsOfColumns(data, sizes) : data;
}

/** Column-major content of a matrix, row by row. */
function rowsOfColumns(data: Uint8Array, shape: readonly number[]): Uint8Array {
  if (shape.length < 2) return data;
  if (shape.length > 2) throw new Error('a column-major array of more than two dimensions');
  const [rows, columns] = shape as [number, number];
  const out = new Uint8Array(data.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[r * columns + c] = data[c * rows + r]!;
  return out;
}

const reconstruct = new PickleClass('numpy _reconstruct', {
  call: () => new ByteArray(),
  setState: (array, state) => {
    if (!(array instanceof ByteArray) || !isTuple(state)) throw new Error('an array without its state');
    const [shape, dtype, fortran, content] = state.slice(-4);
    fill(array, shape, dtype, fortran, content);
  },
});

const fromBuffer = new PickleClass('numpy _frombuffer', {
  call: ([content, dtype, shape, order]) => {
    const array = new ByteArray();
    fill(array, shape, dtype, order, content);
    return array;
  },
});

const dtypeClass = new PickleClass('numpy.dtype', {
  call: ([code]) => new DType(String(code)),
  setState: () => {},
});

/** Python 3 writes bytes to the older protocols as `_codecs.encode(text, 'latin1')`. */
const encode = new PickleClass('_codecs.encode', {
  call: ([text, encoding]) => {
    if (typeof text !== 'string' || (encoding !== 'latin1' && encoding !== 'latin-1')) {
      throw new Error('a text that is not encoded as latin1');
    }
    return Buffer.from(text, 'latin1');
  },
});

const allowed: Record<string, unknown> = {
  'numpy.core.multiarray._reconstruct': reconstruct,
  'numpy._core.multiarray._reconstruct': reconstruct,
  'numpy.core.numeric._frombuffer': fromBuffer,
  'numpy._core.numeric._frombuffer': fromBuffer,
  'numpy.ndarray': 'numpy.ndarray',
  'numpy.dtype': dtypeClass,
  '_codecs.encode': encode,
};

/**
 * Reads a pickle of plain data and NumPy `uint8` arrays, as Python 2 or 3 wrote it. Nothing else is let in.
 *
 * @throws UnsafeFileError, FileFormatError naming the file
 */
export function readNumpyPickle(bytes: Uint8Array, name: string): unknown {
  const resolveGlobal = (module: string, member: string) =>
    Object.hasOwn(allowed, `${module}.${member}`) ? allowed[`${module}.${member}`] : undefined;
  return unpickle(bytes, { name, resolveGlobal, encoding: 'latin1' });
}
