/** ResNet-18 compiled for inference, on a batch that stays. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as torch from 'torchts';
import { models } from 'torchts';
import { sample } from './side.js';
import { fingerprint, torchAnswer } from './torch-side.js';

type Params = { batch: number; samples: number; warmup: number };

await torchAnswer<Params>(async ({ params, inputs: folder, target, sync }) => {
  const bytes = readFileSync(join(folder, 'resnet18', 'images.bin'));
  const shape = [params.batch, 3, 224, 224];
  const images = torch
    .fromBuffer(bytes.subarray(0, 4 * shape.reduce((a, b) => a * b)), { dtype: torch.float32, shape })
    .to(target);
  const model = await models.resnet18({ weights: join(folder, 'resnet18', 'model.pth') });
  model.to(target).eval();

  return torch.inferenceMode(async () => {
    const compiled = torch.jit.optimizeForInference(torch.jit.trace(model, images));
    let logits = compiled(images) as torch.Tensor;
    const samples = await sample(params.samples, params.warmup, () => {
      logits = compiled(images) as torch.Tensor;
      sync();
    });
    return {
      metrics: { forward: { unit: 'ms', samples } },
      results: { logits: fingerprint(logits), first: logits.index(0, ':8').tolist() as number[] },
    };
  });
});
