/** The body of the workers in `workers.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import * as torch from 'torchts';
import { nn, optim } from 'torchts';

torch.setNumThreads(1);
if (workerData === 'compute') {
  parentPort!.on('message', (input: Float32Array) => {
    const x = torch.fromTypedArray(input, [2, 2]);
    const output = x.matmul(x).toTypedArray() as Float32Array;
    const error = (() => {
      try {
        x.matmul(torch.ones(3));
      } catch (caught) {
        return (caught as torch.TorchError).code;
      }
      return 'none';
    })();
    const grad = torch.noGrad(() => torch.isGradEnabled());
    parentPort!.postMessage({ output, error, grad }, [output.buffer as ArrayBuffer]);
    parentPort!.close();
  });
  parentPort!.postMessage('ready');
} else if (workerData === 'once') {
  const x = torch.ones([64, 64], { requiresGrad: true });
  x.registerHook((grad) => grad.mul(2));
  x.mul(x).sum().backward();
  parentPort!.postMessage(x.grad!.sum().item());
} else {
  // Without end: operators, backward, hooks, errors, arrays; the parent terminates in the middle.
  const model = new nn.Sequential(new nn.Linear(64, 64), new nn.BatchNorm1d(64), new nn.Linear(64, 8));
  const optimizer = new optim.Adam(model.parameters());
  parentPort!.postMessage('ready');
  for (;;) {
    optimizer.zeroGrad();
    const x = torch.rand(32, 64);
    const y = model(x) as torch.Tensor;
    y.registerHook((grad) => grad.mul(1));
    y.pow(2).mean().backward();
    optimizer.step();
    try {
      torch.ones(2).matmul(torch.ones(3));
    } catch {
      // expected
    }
    y.detach().toTypedArray();
  }
}
