/** Three hundred recordings of a training step; prints the process's memory after 150 and after all. */
import { readFileSync } from 'node:fs';
import { setImmediate as macrotask } from 'node:timers/promises';
import * as torch from 'torchts';
import { nn, profiler } from 'torchts';

async function residentMiB(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc!();
    await macrotask();
  }
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024;
}

const model = new nn.Sequential(new nn.Linear(16, 16), new nn.ReLU(), new nn.Linear(16, 4));
const x = torch.randn(8, 16);
let early = 0;
for (let i = 0; i < 300; i++) {
  const prof = profiler.profile({ recordShapes: true, profileMemory: true }, () => {
    for (let step = 0; step < 5; step++) model(x).sum().backward();
  });
  if (prof.keyAverages().length === 0) throw new Error('nothing was recorded');
  if (i === 149) early = await residentMiB();
}
console.log(JSON.stringify({ early, late: await residentMiB() }));
