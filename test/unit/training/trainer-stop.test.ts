import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import * as torch from 'torchts';
import { batches, fresh, inFolder } from './support.js';

const signals = ['SIGINT', 'SIGTERM'] as const;
const listeners = (): number[] => signals.map((signal) => process.listenerCount(signal));

describe('Trainer: stop signals', () => {
  it('SIGTERM ends the run after the step, with a checkpoint, and leaves no listener', () =>
    inFolder(async (checkpointDir) => {
      const before = listeners();
      const { model, optimizer, criterion } = fresh();
      const trainer = new torch.Trainer(model, {
        criterion,
        optimizer,
        progress: false,
        checkpointDir,
        callbacks: [
          {
            onStepEnd: ({ globalStep }) => {
              if (globalStep === 3) process.kill(process.pid, 'SIGTERM');
            },
          },
        ],
      });
      const result = await trainer.fit(batches(100));
      expect([result.stopped, result.reason, result.detail]).to.deep.equal([true, 'signal', 'SIGTERM']);
      expect(result.steps).to.be.within(3, 10);
      expect(result.checkpoint).to.equal(join(checkpointDir, 'last.pth'));
      expect(existsSync(result.checkpoint!)).to.equal(true);
      expect(listeners()).to.deep.equal(before);
    }));

  it('an AbortSignal does the same; one that is aborted already lets no step through', () =>
    inFolder(async (checkpointDir) => {
      const { model, optimizer, criterion } = fresh();
      const abort = new AbortController();
      const trainer = new torch.Trainer(model, {
        criterion,
        optimizer,
        progress: false,
        checkpointDir,
        callbacks: [{ onStepEnd: ({ globalStep }) => void (globalStep === 2 && abort.abort('enough')) }],
      });
      const result = await trainer.fit(batches(10), { signal: abort.signal });
      expect([result.stopped, result.reason, result.detail, result.steps]).to.deep.equal([
        true,
        'aborted',
        'enough',
        2,
      ]);
      const none = await trainer.fit(batches(10), { signal: AbortSignal.abort() });
      expect([none.stopped, none.steps]).to.deep.equal([true, 0]);
    }));

  it('leaves no listener after an error', async () => {
    const before = listeners();
    const { model, optimizer, criterion } = fresh();
    const trainer = new torch.Trainer(model, { criterion, optimizer, progress: false });
    await trainer.fit([]).catch(() => undefined);
    expect(listeners()).to.deep.equal(before);
  });

  it('listens to nothing with handleSignals: false', async () => {
    const before = listeners();
    let during: number[] = [];
    const { model, optimizer, criterion } = fresh();
    const trainer = new torch.Trainer(model, {
      criterion,
      optimizer,
      progress: false,
      handleSignals: false,
      callbacks: [
        {
          onStepEnd: () => {
            during = listeners();
          },
        },
      ],
    });
    await trainer.fit(batches(1));
    expect(during).to.deep.equal(before);
  });

  const script = `
    import * as torch from 'torchts';
    const model = new torch.nn.Linear(4, 3);
    const trainer = new torch.Trainer(model, {
      criterion: new torch.nn.CrossEntropyLoss(),
      optimizer: new torch.optim.SGD(model.parameters(), { lr: 0.1 }),
      progress: false,
      callbacks: [{ onStepEnd: async ({ globalStep }) => {
        if (globalStep === 1) console.log('ready');
        await new Promise((resolve) => setTimeout(resolve, Number(process.argv[1])));
      } }],
    });
    const batch = [torch.randn(2, 4), torch.tensor([0n, 1n])];
    const { stopped, detail } = await trainer.fit(new Array(100000).fill(batch));
    console.log(JSON.stringify({ stopped, detail }));
  `;

  /** A training process; its signals come when it says that it is ready. */
  function train(
    delay: number,
    sent: number,
  ): Promise<{ code: number | null; signal: string | null; out: string }> {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, String(delay)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const first = out === '';
      out += chunk.toString();
      if (!first) return;
      child.kill('SIGINT');
      for (let i = 1; i < sent; i++) setTimeout(() => child.kill('SIGINT'), 100 * i);
    });
    return new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, out })));
  }

  it('Ctrl-C resolves fit, and the program goes on to its end', async () => {
    const { code, out } = await train(1, 1);
    expect(code).to.equal(0);
    expect(out).to.equal('ready\n{"stopped":true,"detail":"SIGINT"}\n');
  });

  it('a second Ctrl-C does what it does without a Trainer', async () => {
    const { signal, out } = await train(60_000, 2);
    expect(signal).to.equal('SIGINT');
    expect(out).to.equal('ready\n');
  });
});
