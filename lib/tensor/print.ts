/** Tensors as text, character by character as PyTorch prints them. Source: torch._tensor_str. */
import type { Handle, Layout } from '../bindings.js';
import { native } from '../native.js';
import { isComplexDType } from './dtype.js';
import { callOperator, elementsText } from './print-elements.js';
import { printing } from './print-options.js';
import type { Tensor } from './tensor.js';

export {
  type CurrentPrintOptions,
  getPrintOptions,
  getPrintoptions,
  type PrintOptions,
  setPrintOptions,
  setPrintoptions,
} from './print-options.js';

const prefix = 'tensor(';
const indent = prefix.length;

const layoutNames: Partial<Record<Layout, string>> = {
  sparseCoo: 'sparse_coo',
  sparseCsr: 'sparse_csr',
  sparseCsc: 'sparse_csc',
  sparseBsr: 'sparse_bsr',
  sparseBsc: 'sparse_bsc',
  jagged: 'jagged',
  mkldnn: '_mkldnn',
};

function pythonTuple(items: readonly number[]): string {
  return items.length === 1 ? `(${items[0]},)` : `(${items.join(', ')})`;
}

function sizeSuffix(handle: Handle): string {
  return `size=${pythonTuple(native.shape(handle))}`;
}

/** Whether the printed elements tell the dtype, so that it need not be named. */
function hasDefaultDtype(handle: Handle): boolean {
  const dtype = native.dtype(handle);
  const usual = native.getDefaultDtype();
  if (isComplexDType(dtype)) return dtype === (usual === 'float64' ? 'complex128' : 'complex64');
  return dtype === usual || dtype === 'int64' || dtype === 'bool';
}

/** One of the tensors that a sparse tensor consists of. */
function member(name: string, handle: Handle, isMeta: boolean): string {
  const head = `${name}=tensor(`;
  const content = isMeta ? '...' : elementsText(handle, indent + head.length);
  const size = isMeta || native.numel(handle) === 0 ? `, ${sizeSuffix(handle)}` : '';
  return `${head}${content}${size})`;
}

function sparseText(handle: Handle, layout: Layout, suffixes: string[]): string {
  const isMeta = native.device(handle).startsWith('meta');
  suffixes.push(sizeSuffix(handle));
  if (!isMeta) suffixes.push(`nnz=${String(callOperator('_nnz', '', handle))}`);
  if (!hasDefaultDtype(handle)) suffixes.push(`dtype=torch.${native.dtype(handle)}`);
  const take = (operator: string): Handle =>
    native.variableData(callOperator(operator, '', handle) as Handle);
  const members: [string, Handle][] =
    layout === 'sparseCoo'
      ? [
          ['indices', take('_indices')],
          ['values', take('_values')],
        ]
      : layout === 'sparseCsc'
        ? [
            ['ccol_indices', take('ccol_indices')],
            ['row_indices', take('row_indices')],
            ['values', take('values')],
          ]
        : [
            ['crow_indices', take('crow_indices')],
            ['col_indices', take('col_indices')],
            ['values', take('values')],
          ];
  return members.map(([name, part]) => member(name, part, isMeta)).join(`,\n${' '.repeat(indent)}`);
}

function denseText(handle: Handle, suffixes: string[]): string {
  const dtype = native.dtype(handle);
  if (native.device(handle).startsWith('meta')) {
    suffixes.push(sizeSuffix(handle));
    if (dtype !== native.getDefaultDtype()) suffixes.push(`dtype=torch.${dtype}`);
    return '...';
  }
  if (native.numel(handle) === 0) {
    if (native.dim(handle) !== 1) suffixes.push(sizeSuffix(handle));
    // Without elements nothing else would tell the dtype.
    if (dtype !== native.getDefaultDtype()) suffixes.push(`dtype=torch.${dtype}`);
    return '[]';
  }
  if (printing.edgeitems === 0) suffixes.push(sizeSuffix(handle));
  if (!hasDefaultDtype(handle)) suffixes.push(`dtype=torch.${dtype}`);
  const strided =
    native.layout(handle) === 'strided' ? handle : (callOperator('to_dense', '', handle) as Handle);
  return elementsText(strided, indent);
}

/** A float as Python's `str` has it, for the sizes that a scale has. */
function pythonFloat(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value).replace(/e-(\d)$/, 'e-0$1');
}

function quantizedText(handle: Handle, suffixes: string[]): string {
  suffixes.push(sizeSuffix(handle), `dtype=torch.${native.dtype(handle)}`);
  const ask = (name: string): unknown => callOperator(name, '', handle);
  let scale: number | undefined;
  try {
    scale = ask('q_scale') as number;
  } catch {
    // Only a tensor with one scale for all of it has that operator.
  }
  if (scale !== undefined) {
    suffixes.push('quantization_scheme=torch.per_tensor_affine', `scale=${pythonFloat(scale)}`);
    suffixes.push(`zero_point=${String(ask('q_zero_point'))}`);
  } else {
    suffixes.push('quantization_scheme=torch.per_channel_affine');
    suffixes.push(`scale=${describe(ask('q_per_channel_scales') as Handle)}`);
    suffixes.push(`zero_point=${describe(ask('q_per_channel_zero_points') as Handle)}`);
    suffixes.push(`axis=${String(ask('q_per_channel_axis'))}`);
  }
  return elementsText(callOperator('dequantize', 'self', handle) as Handle, indent);
}

/** The name of the function that made it, or null; a view that was changed under no-grad has none to tell. */
function gradFnName(handle: Handle): string | null {
  try {
    return native.gradFnName(handle)?.split('::').at(-1) ?? null;
  } catch {
    return 'Invalid';
  }
}

function withSuffixes(text: string, suffixes: readonly string[], forceNewline: boolean): string {
  let result = text;
  let force = forceNewline;
  let column = text.length - text.lastIndexOf('\n') + 1;
  for (const suffix of suffixes) {
    if (force || column + suffix.length + 2 > printing.linewidth) {
      result += `,\n${' '.repeat(indent)}${suffix}`;
      column = indent + suffix.length;
      force = false;
    } else {
      result += `, ${suffix}`;
      column += suffix.length + 2;
    }
  }
  return `${result})`;
}

function describe(handle: Handle): string {
  const data = native.variableData(handle);
  const device = native.device(handle);
  const layout = native.layout(handle);
  const suffixes: string[] = [];
  if (device !== 'cpu') suffixes.push(`device='${device}'`);

  let text: string;
  if (layoutNames[layout]?.startsWith('sparse')) text = sparseText(data, layout, suffixes);
  else if (/^qu?int/.test(native.dtype(handle))) text = quantizedText(data, suffixes);
  else text = denseText(data, suffixes);
  if (layout !== 'strided') suffixes.push(`layout=torch.${layoutNames[layout] ?? layout}`);

  const name = gradFnName(handle);
  if (name !== null) suffixes.push(`grad_fn=<${name}>`);
  else if (native.requiresGrad(handle)) suffixes.push('requires_grad=True');
  return withSuffixes(prefix + text, suffixes, layout === 'sparseCoo');
}

/**
 * A tensor as PyTorch prints it: `tensor([1., 2.], requires_grad=True)`.
 *
 * Of a tensor with more elements than the threshold of {@link setPrintoptions} only the shown ones are
 * fetched. `heading` stands in front (`'Parameter containing:\n'`).
 */
export function inspectTensor(tensor: Tensor, heading = ''): string {
  return heading + describe(tensor.handle);
}
