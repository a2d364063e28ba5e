/** Loops that give nothing back by hand; prints what memory they took. `loops.js NAME…`. */
import { readFileSync } from 'node:fs';
import { setImmediate as macrotask } from 'node:timers/promises';
import * as torch from 'torchts';
import { nn, optim } from 'torchts';

/** What stays after a full collection: the resident set in MiB, tensors that JavaScript holds. */
export interface Sample {
  rssMiB: number;
  tensors: number;
}

/** After the first and after the second half of each loop. */
export interface Figures {
  loops: Record<string, { early: Sample; late: Sample }>;
  /** Highest resident set of the process, MiB. */
  peakMiB: number;
}

/** VmHWM and VmRSS; `ru_maxrss` would count the parent's pages at the time of the fork. */
function statusMiB(field: 'VmHWM' | 'VmRSS'): number {
  const line = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(line![1]) / 1024;
}

async function sample(): Promise<Sample> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc!();
    await macrotask();
  }
  return { tensors: torch.memoryStats().tensors, rssMiB: statusMiB('VmRSS') };
}

const MiB = 1 << 20;

function convNet(): nn.Module {
  return new nn.Sequential(
    new nn.Conv2d(3, 16, 3, { padding: 1, bias: false }),
    new nn.BatchNorm2d(16),
    new nn.ReLU({ inplace: true }),
    new nn.MaxPool2d(2),
    new nn.Conv2d(16, 32, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.Dropout(0.2),
    new nn.AdaptiveAvgPool2d(1),
    new nn.Flatten(),
    new nn.Linear(32, 10),
  );
}

const double = (grad: torch.Tensor): torch.Tensor => grad.mul(2);
const refuse = (): never => {
  throw new Error('no');
};

/** The body of each loop, made once; `rounds` of it run without a pause for the event loop. */
const loops: Record<string, { rounds: number; make: () => () => void }> = {
  /** 20,000 tensors of 1 MiB. */
  tensors: { rounds: 20_000, make: () => () => void torch.ones(MiB / 4) },

  views: {
    rounds: 1000,
    make: () => () => {
      const x = torch.zeros(512, 512);
      const rows = x.index('::2').t().reshape(-1);
      for (const part of rows.view(4, -1).unbind()) part.add_(1);
      for (const half of torch.chunk(x, 2)) half.narrow(0, 0, 8);
    },
  },

  hooks: {
    rounds: 400,
    make: () => () => {
      const x = torch.ones(256, 256, { requiresGrad: true });
      const y = x.mul(2);
      y.registerHook(double);
      const hook = x.registerHook(double);
      y.sum().backward();
      if (x.grad === null) throw new Error('no gradient');
      hook.remove();
    },
  },

  /** Errors of operators, of a hook in the middle of backward, of a callback in a mode. */
  errors: {
    rounds: 400,
    make: () => () => {
      const x = torch.ones(256, 256, { requiresGrad: true });
      const expectError = (action: () => unknown): void => {
        try {
          action();
        } catch {
          return;
        }
        throw new Error('an error was expected');
      };
      expectError(() => x.mul(2).matmul(torch.ones(3, 3)));
      expectError(() => torch.cat([x.mul(2), torch.ones(1, 1, 1)]));
      const y = x.mul(3);
      y.registerHook(refuse);
      expectError(() => y.sum().backward());
      expectError(() =>
        torch.noGrad(() => {
          x.add(1);
          throw new Error('no');
        }),
      );
    },
  },

  /** Train mode without backward: each graph goes with its output. */
  forward: {
    rounds: 120,
    make: () => {
      const model = convNet().train();
      const images = torch.rand(8, 3, 32, 32);
      return () => void model.forward(images);
    },
  },

  training: {
    rounds: 120,
    make: () => {
      const model = convNet().train();
      const criterion = new nn.CrossEntropyLoss();
      const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 });
      const images = torch.rand(8, 3, 32, 32);
      const labels = torch.arange(8);
      return () => {
        optimizer.zeroGrad();
        const loss = criterion(model.forward(images) as torch.Tensor, labels);
        loss.backward();
        optimizer.step();
        if (!Number.isFinite(loss.item())) throw new Error('the loss is not finite');
      };
    },
  },

  /** Typed arrays in and out. */
  exchange: {
    rounds: 800,
    make: () => {
      const data = new Float32Array(MiB / 4);
      return () => {
        const x = torch.fromTypedArray(data, [512, 512]);
        if (x.add(1).toTypedArray().length !== data.length) throw new Error('elements are lost');
      };
    },
  },
};

// Two threads would wait for each other on a busy machine; what is measured is memory.
torch.setNumThreads(1);
const figures: Figures = { loops: {}, peakMiB: 0 };
for (const name of process.argv.slice(2)) {
  const { rounds, make } = loops[name]!;
  const body = make();
  const half = async (): Promise<Sample> => {
    for (let i = 0; i < rounds / 2; i++) body();
    return sample();
  };
  figures.loops[name] = { early: await half(), late: await half() };
}
figures.peakMiB = statusMiB('VmHWM');
console.log(JSON.stringify(figures));
