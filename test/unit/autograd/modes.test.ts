/** Grad modes and autocast belong to the async flow that set them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import * as torch from 'torchts';
import { thrown } from '../../support/errors.js';

const leaf = (): torch.Tensor => torch.ones(2, { requiresGrad: true });
/** Whether an operator here records history. */
const records = (): boolean => leaf().mul(2).requiresGrad;

describe('grad modes', () => {
  afterEach('the mode outside is the usual one', () => {
    expect(torch.isGradEnabled()).to.equal(true);
    expect(torch.isInferenceModeEnabled()).to.equal(false);
    expect(records()).to.equal(true);
  });

  it('hold inside a synchronous callback, nested, and give its value back', () => {
    const seen = torch.noGrad(() => {
      const inner = torch.enableGrad(() => [torch.isGradEnabled(), records()]);
      return [torch.isGradEnabled(), records(), ...inner];
    });
    expect(seen).to.deep.equal([false, false, true, true]);
  });

  it('are put back after an error', () => {
    expect(() =>
      torch.noGrad(() => {
        torch.enableGrad(() => {
          throw new RangeError('inside');
        });
      }),
    ).to.throw(RangeError, 'inside');
  });

  it('are put back after a rejection', async () => {
    const failing = torch.noGrad(async () => {
      await sleep(1);
      expect(records()).to.equal(false);
      throw new RangeError('inside');
    });
    expect(records()).to.equal(true);
    const error = await failing.then(
      () => null,
      (caught: unknown) => caught,
    );
    expect(error).to.be.instanceOf(RangeError);
  });

  it('of interleaved flows do not mix', async () => {
    const log: string[] = [];
    const flow = async (name: string, expected: boolean): Promise<void> => {
      for (let i = 0; i < 5; i++) {
        expect(torch.isGradEnabled(), `${name}, round ${i}`).to.equal(expected);
        expect(records(), `${name}, round ${i}`).to.equal(expected);
        log.push(name);
        await sleep(1);
      }
    };
    await Promise.all([
      torch.noGrad(() => flow('off', false)),
      flow('on', true),
      torch.inferenceMode(() => flow('inference', false)),
      torch.noGrad(() => torch.enableGrad(() => flow('on again', true))),
    ]);
    expect(log.slice(0, 4)).to.deep.equal(['off', 'on', 'inference', 'on again']);
    expect(log.slice(4, 8)).to.have.members(['off', 'on', 'inference', 'on again']);
  });

  it('of a synchronous callback inside an async one give way again', async () => {
    await torch.noGrad(async () => {
      await sleep(1);
      expect(torch.enableGrad(records)).to.equal(true);
      expect(records()).to.equal(false);
      await torch.enableGrad(async () => {
        await sleep(1);
        expect(records()).to.equal(true);
      });
      expect(records()).to.equal(false);
      await sleep(1);
      expect(records()).to.equal(false);
    });
  });

  it('end with their callback, also for work that goes on after it', async () => {
    let later: Promise<boolean> | undefined;
    torch.noGrad(() => {
      later = sleep(2).then(records);
    });
    // Another region is open when that work goes on; it makes no difference.
    await torch.noGrad(() => sleep(10));
    expect(await later).to.equal(true);
    torch.noGrad(() => {
      later = sleep(2).then(records);
    });
    expect(await later).to.equal(true);
  });

  it('hold for backward and for hand-written gradients too', () => {
    const x = leaf();
    const y = x.mul(3).sum();
    torch.noGrad(() => y.backward());
    expect(x.grad!.tolist()).to.deep.equal([3, 3]);
  });

  it('setGradEnabled as a statement holds until the end of its region', async () => {
    torch.setGradEnabled(false);
    expect(records()).to.equal(false);
    torch.setGradEnabled(true);
    torch.noGrad(() => {
      torch.setGradEnabled(true);
      expect(records()).to.equal(true);
    });
    torch.enableGrad(() => torch.setGradEnabled(false));
    expect(records()).to.equal(true);
    await torch.enableGrad(async () => {
      torch.setGradEnabled(false);
      await sleep(1);
      expect(records()).to.equal(false);
    });
    // What the first region left behind would show when an async one ends.
    expect(records()).to.equal(true);
  });

  it('setGradEnabled with a callback is a region', () => {
    expect(torch.setGradEnabled(false, records)).to.equal(false);
    expect(torch.setGradEnabled(true, records)).to.equal(true);
  });

  it('inference mode makes inference tensors, which autograd refuses', () => {
    const made = torch.inferenceMode(() => {
      expect(torch.isInferenceModeEnabled()).to.equal(true);
      return torch.ones(2).add(1);
    });
    expect(made.isInference()).to.equal(true);
    thrown(() => leaf().mul(made), torch.AutogradError, /[Ii]nference tensors? cannot be saved/);
  });

  it('expect a function', () => {
    for (const mode of [torch.noGrad, torch.enableGrad, torch.inferenceMode])
      thrown(() => mode(true as never), torch.ArgumentError, /expects a function/);
  });
});

describe('autocast', () => {
  const product = (): string => torch.ones(4, 4).matmul(torch.ones(4, 4)).dtype;

  it('casts in its callback only, nested and off inside on', () => {
    expect(torch.autocast('cpu', product)).to.equal('bfloat16');
    expect(torch.autocast('cpu', { dtype: 'float16' }, product)).to.equal('float16');
    expect(torch.autocast('cpu', () => torch.autocast('cpu', { enabled: false }, product))).to.equal(
      'float32',
    );
    expect(torch.autocast('cpu', { enabled: false }, product)).to.equal('float32');
    expect(product()).to.equal('float32');
  });

  it('belongs to its flow', async () => {
    const seen: string[] = [];
    await Promise.all([
      torch.autocast('cpu', async () => {
        for (let i = 0; i < 3; i++) {
          seen.push(`in ${product()}`);
          await sleep(1);
        }
      }),
      (async () => {
        for (let i = 0; i < 3; i++) {
          seen.push(`out ${product()}`);
          await sleep(1);
        }
      })(),
    ]);
    expect(new Set(seen)).to.deep.equal(new Set(['in bfloat16', 'out float32']));
    expect(product()).to.equal('float32');
  });

  it('keeps gradients in the dtype of the parameter', () => {
    const w = torch.ones([3, 3], { requiresGrad: true });
    torch.autocast('cpu', () => torch.ones(2, 3).matmul(w).float().sum()).backward();
    expect(w.grad!.dtype).to.equal('float32');
    expect(w.grad!.tolist()).to.deep.equal(Array.from({ length: 3 }, () => [2, 2, 2]));
  });

  it('is put back after an error and combines with noGrad', () => {
    thrown(() => torch.autocast('cpu', () => torch.ones(2).matmul(torch.ones(3))), torch.ShapeError);
    expect(product()).to.equal('float32');
    torch.autocast('cpu', () =>
      torch.noGrad(() => {
        expect(product()).to.equal('bfloat16');
        expect(torch.isGradEnabled()).to.equal(false);
      }),
    );
  });

  it('knows its device types and needs a function', () => {
    thrown(() => torch.autocast('tpu', product), torch.ArgumentError, /'cpu' or 'cuda', got 'tpu'/);
    thrown(() => torch.autocast('cpu', {} as never), torch.ArgumentError, /expects a function/);
  });
});
