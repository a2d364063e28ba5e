/** How long the full tutorial will take without CUDA, told before it starts. */
import * as torch from 'torchts';
import { models, nn } from 'torchts';

/** Seconds of one training step, measured on throw-away weights; the random numbers stay untouched. */
export async function measureStep(batchSize: number, imageSize: number): Promise<number> {
  const sample = Math.min(batchSize, 8);
  return torch.forkRng(async () => {
    const model = await models.resnet18({ numClasses: 10 });
    const criterion = new nn.CrossEntropyLoss();
    const inputs = torch.rand(sample, 3, imageSize, imageSize);
    const labels = torch.zeros(sample, { dtype: torch.int64 });
    let seconds = 0;
    // The first pass also pays for setting kernels up; the second is the one to count.
    for (let pass = 0; pass < 2; pass++) {
      const start = performance.now();
      criterion(model(inputs), labels).backward();
      seconds = (performance.now() - start) / 1000;
    }
    return (seconds * batchSize) / sample;
  });
}

export function inWords(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} seconds`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} minutes`;
  return `${(seconds / 3600).toFixed(1)} hours`;
}
