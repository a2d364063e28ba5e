/** From the start of the process to the first tensor. One measurement a process. */
import * as torch from 'torchts';
import { answer } from './side.js';

const first = torch.zeros(1);
const now = performance.timeOrigin + performance.now();

await answer(async ({ startedAt }) => ({
  // One import holds what Python divides into torch and torchvision.
  metrics: {
    both: { unit: 'ms', samples: [now - startedAt] },
    torch: { unit: 'ms', samples: [now - startedAt] },
  },
  results: { first: first.tolist() as number[] },
  versions: { torch: torch.version, node: process.version },
}));
