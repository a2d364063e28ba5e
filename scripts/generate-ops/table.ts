/**
 * What is generated and what is not: widening the library is a change of this table alone.
 *
 * Taken is every operator of `native_functions.yaml` that Python shows as a function or method and
 * that has no leading underscore, less what is listed here.
 */

/** Operators that Python's users never see: internals of kernels, other back ends, derivatives. */
const internal: readonly RegExp[] = [
  // They trust their callers: a wrong argument ends the process.
  /^native_/,
  /_backward(_|$)|_backward$|_double_backward|_jvp$|_forward$|_overrideable$|_cachemask|_functional$|_input$/,
  /^(cudnn|miopen|mkldnn|mps|xnnpack|fbgemm|quantized|quantize|fake_quantize|fused_moving|sym_|q_|int_repr)/,
  /^(choose_qparams|dequantize|is_vulkan|is_mkldnn|to_mkldnn|to_padded|nested_|segment_|rrelu_with)/,
  // Sparse layouts: a later widening.
  /sparse|coalesce|^(c?row|c?col)_indices$|^c(row|col)_|^(values|indices)$|^(hspmm|sspaddmm|saddmm|smm)$|^resize_as_sparse/,
  // Named dimensions.
  /(^|_)names?_?$|^(align|refine|rename)|^unflatten_dense|^flatten_dense/,
  // Behind nn.functional under other names, reached through torch.ops.aten.
  /^(slow_conv|thnn_|conv_depthwise3d|mkldnn)|^(convolution|batch_norm_(stats|elemt|gather|update|backward).*)$/,
  /^(norm_except_dim|lift|lift_fresh|lift_fresh_copy|cummaxmin|value_selecting|record_stream)/,
  /^(set_data|data|is_leaf|output_nr|retains_grad|retain_grad|requires_grad_|numpy_T|matrix_H|item|alias|copy)$/,
  /^(set_|_version|nonzero_numpy|unique_dim|unique_dim_consecutive|unique_consecutive|from_file|promote_types)$/,
  /^(can_cast|result_type|is_distributed|is_inference|is_complex|is_floating_point|is_signed|is_neg|is_conj)$/,
  /^linalg__powsum$|^(data_ptr|numel)$|^(size|stride|slice|to|index|contiguous|pin_memory|is_pinned)$/,
  // Deprecated, gone from Python or refused by it.
  /^(range|symeig|lstsq|eig|matrix_rank|solve|conv_tbc|cdist_backward|chain_matmul|ger_backward|rnn_(tanh|relu)_cell)$/,
  /^unsafe_|^(slice_inverse|hash_tensor)$/,
  // Properties in Python: lib/ops/exceptions/properties.ts.
  /^(mT|mH|H)$/,
  // Views as copies: for compilers.
  /_copy$|_scatter$(?<!^(masked|diagonal|select|slice|as_strided)_scatter)(?<!masked_scatter)/,
];

/** Kept although a pattern above matches. */
const kept = new Set([
  'index_copy',
  'is_complex',
  'is_floating_point',
  'is_signed',
  'is_neg',
  'is_conj',
  'result_type',
  'can_cast',
  'is_pinned',
  'promote_types',
]);

/** Whether typed functions and methods are made of an operator with this name. */
export function isWanted(name: string): boolean {
  if (name.startsWith('_')) return false;
  return kept.has(name) || !internal.some((pattern) => pattern.test(name));
}

/** Functions of `torch` that are written by hand in `lib/ops/exceptions/`; the comments there say why. */
export const handWrittenFunctions = new Set([
  ...['full', 'norm', 'split', 'einsum', 'meshgrid', 'cartesian_prod', 'block_diag', 'broadcast_tensors'],
  ...['tensordot', 'stft', 'cdist', 'atleast_1d', 'atleast_2d', 'atleast_3d', 'promote_types', 'result_type'],
  'nonzero',
]);

/** Methods of `Tensor` that are written by hand there. */
export const handWrittenMethods = new Set(['where', 'polygamma', 'norm', 'split', 'stft', 'nonzero']);

/** Members of the class in `lib/tensor/tensor.ts`. */
export const classMembers = new Set([
  ...['size', 'stride', 'dim', 'numel', 'nelement', 'item', 'tolist', 'to', 'cpu', 'cuda', 'contiguous'],
  ...['is_contiguous', 'element_size', 'storage_offset', 'data_ptr', 'pin_memory', 'type', 'backward'],
  ...['float', 'double', 'half', 'bfloat16', 'long', 'int', 'short', 'char', 'byte', 'bool'],
  ...['requires_grad_', 'retain_grad', 'register_hook', 'index', 'index_put_', 'is_inference'],
]);

/** Overloads that Python leaves out: a number already fits where the tensor stands. */
export const skippedOverloads = new Set([
  ...['add.Scalar', 'add_.Scalar', 'sub.Scalar', 'sub_.Scalar', 'subtract.Scalar', 'subtract_.Scalar'],
  ...['mul.Scalar', 'mul_.Scalar', 'multiply.Scalar', 'multiply_.Scalar', 'div.Scalar', 'div_.Scalar'],
  ...['div.Scalar_mode', 'div_.Scalar_mode', 'divide.Scalar', 'divide_.Scalar', 'divide.Scalar_mode'],
  ...['divide_.Scalar_mode', 'true_divide.Scalar', 'true_divide_.Scalar', 'floor_divide.Scalar'],
  ...['floor_divide_.Scalar', 'bitwise_and.Scalar', 'bitwise_or.Scalar', 'bitwise_xor.Scalar'],
  ...['bitwise_and_.Scalar', 'bitwise_or_.Scalar', 'bitwise_xor_.Scalar', 'bitwise_and.Scalar_Tensor'],
  ...['bitwise_or.Scalar_Tensor', 'bitwise_xor.Scalar_Tensor'],
]);

/** Operators whose `self` and `other` may be numbers (lib/ops/invoke.ts has the same rule). */
export const numbersAsTensors =
  /^(add|sub|subtract|mul|multiply|div|divide|true_divide|floor_divide|bitwise_(and|or|xor))_?$/;

/** Strings that the schema leaves open: `operator.argument` or `*.argument`. */
export const stringChoices: Readonly<Record<string, string>> = {
  '*.rounding_mode': "'trunc' | 'floor'",
  'scatter.reduce': "'add' | 'multiply'",
  'scatter_.reduce': "'add' | 'multiply'",
  'scatter_reduce.reduce': "'sum' | 'prod' | 'mean' | 'amax' | 'amin'",
  'scatter_reduce_.reduce': "'sum' | 'prod' | 'mean' | 'amax' | 'amin'",
  'index_reduce.reduce': "'prod' | 'mean' | 'amax' | 'amin'",
  'index_reduce_.reduce': "'prod' | 'mean' | 'amax' | 'amin'",
  '*.interpolation': "'linear' | 'lower' | 'higher' | 'midpoint' | 'nearest'",
  '*.UPLO': "'L' | 'U'",
  '*.indexing': "'ij' | 'xy'",
  'fft_*.norm': "'forward' | 'backward' | 'ortho'",
  '*.side': "'left' | 'right'",
  'gelu.approximate': "'none' | 'tanh'",
  'gelu_.approximate': "'none' | 'tanh'",
  'linalg_qr.mode': "'reduced' | 'complete' | 'r'",
};

/** Sub-namespaces: the prefix is Python's module. */
export const namespaces: Readonly<Record<string, string>> = {
  linalg: 'linalg_',
  fft: 'fft_',
  special: 'special_',
};

/** Functions of `torch` that torch.nn.functional stands on too; `nn-functions.ts` exports them again. */
export const sharedWithNn = new RegExp(
  [
    '^(conv|batch_norm|instance_norm|layer_norm|group_norm|rms_norm|embedding|prelu|[sc]elu|relu|rrelu|threshold)',
    '^(feature_)?(alpha_)?dropout|^(max|avg|adaptive_(avg|max))_pool|^(pixel|channel)_|^(log_)?softmax|^hardshrink',
    '^(cosine|ctc|hinge|kl|margin|triplet|poisson|pairwise|pdist|grid_sampler|affine_grid|binary_cross)|^(lstm|gru|rnn)_?',
    '^(sigmoid|tanh|bilinear)',
  ].join('|'),
);
