/** Loads libtorch_cuda.so without a driver and asks everything; prints JSON. */
import * as torch from 'torchts';
import { native } from '../../../../lib/native.js';

export interface Late {
  /** Why the library was not loaded; empty where it was. */
  reason: string;
  before: number;
  available: boolean;
  count: number;
  allocated: number;
  sum: number;
  gradient: number;
  error: string | null;
  message: string;
}

const before = torch.ones(3).sum().item() as number; // the CPU has worked already
const reason = native.loadCuda(true);
let error: string | null = null;
let message = '';
try {
  torch.ones(2).to('cuda:0');
} catch (caught) {
  error = (caught as torch.TorchError).code;
  message = (caught as Error).message;
}
torch.cuda.manualSeed(1);
torch.manualSeed(1);
torch.cuda.emptyCache();
const x = torch.ones(4, { requiresGrad: true });
x.pow(2).sum().backward();
const late: Late = {
  reason,
  before,
  available: torch.cuda.isAvailable(),
  count: torch.cuda.deviceCount(),
  allocated: torch.cuda.memoryAllocated(),
  sum: torch.ones(100, 100).matmul(torch.ones(100, 100)).sum().item() as number,
  gradient: x.grad!.sum().item() as number,
  error,
  message,
};
console.log(JSON.stringify(late));
