/**
 * 120 training steps of a ResNet-18 without any dispose; prints the resident set (MiB) and the tensors by step.
 * At steps 60 and 120 all garbage is collected.
 */
import { readFileSync } from 'node:fs';
import { setImmediate as macrotask } from 'node:timers/promises';
import * as torch from 'torchts';
import { models, nn, optim } from 'torchts';

export interface Step {
  rssMiB: number;
  tensors: number;
  /** Behind live wrappers. */
  bytes: number;
}

torch.setNumThreads(1);
torch.manualSeed(0);
const model = await models.resnet18({ numClasses: 10 });
const criterion = new nn.CrossEntropyLoss();
const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 });
const images = torch.rand(2, 3, 32, 32);
const labels = torch.arange(2);
const steps: Step[] = [];
model.train();
for (let i = 0; i < 120; i++) {
  optimizer.zeroGrad();
  const loss = criterion(model(images), labels);
  loss.backward();
  optimizer.step();
  if (i === 59 || i === 119) globalThis.gc!();
  await macrotask(); // as a data loader does
  const rss = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))!;
  steps.push({ rssMiB: Number(rss[1]) / 1024, ...torch.memoryStats() });
}
console.log(JSON.stringify(steps));
