/** Functions over tensors, without parameters of their own. Source: torch.nn.functional. */
export * from './normalization.js';
export * from './pooling.js';
