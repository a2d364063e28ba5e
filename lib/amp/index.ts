/** `torch.amp`: mixed precision. */
export { autocast, type AutocastOptions } from '../autograd/index.js';
export { GradScaler, type GradScalerOptions } from './grad-scaler.js';
