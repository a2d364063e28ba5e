/** dispose, `using` and torch.scope: memory given back at a known place. */
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { expect } from 'chai';
import * as torch from 'torchts';
import { nn, optim } from 'torchts';
import { collectGarbage } from '../support/collect.js';
import { rejected, thrown } from '../support/errors.js';

const MiB = 1 << 20;
const bytes = (): number => torch.memoryStats().bytes;

describe('dispose', () => {
  it('gives the memory back at once and once', () => {
    collectGarbage();
    const before = bytes();
    const x = torch.zeros(8 * MiB);
    expect(bytes() - before).to.be.within(32 * MiB, 32 * MiB + 4096);
    expect(x.isDisposed).to.equal(false);
    x.dispose();
    expect(bytes() - before).to.be.below(4096);
    expect(x.isDisposed).to.equal(true);
    x.dispose();
    expect(x.isDisposed).to.equal(true);
  });

  it('leaves views of the same storage alive', () => {
    const x = torch.ones(4, 4);
    const row = x.index(1);
    x.dispose();
    expect(row.tolist()).to.deep.equal([1, 1, 1, 1]);
  });

  it('leaves what autograd has saved', () => {
    const w = torch.ones(3, { requiresGrad: true });
    const x = torch.tensor([1, 2, 3]);
    const y = w.mul(x);
    const loss = y.sum();
    x.dispose();
    y.dispose();
    loss.backward();
    expect(w.grad!.tolist()).to.deep.equal([1, 2, 3]);
  });

  it('`using` disposes at the end of the block, also after an error', () => {
    let kept: torch.Tensor | undefined;
    expect(() => {
      using x = torch.ones(2);
      kept = x;
      throw new RangeError('in the block');
    }).to.throw(RangeError);
    expect(kept!.isDisposed).to.equal(true);
  });

  it('use afterwards is a DisposedError: operators, methods, properties', () => {
    const gone = (): torch.Tensor => {
      const x = torch.ones(2, 2);
      x.dispose();
      return x;
    };
    const x = gone();
    const live = torch.ones(2, 2);
    const uses: Record<string, () => unknown> = {
      'function, first': () => torch.add(x, live),
      'function, second': () => torch.add(live, x),
      'in a list': () => torch.cat([live, x]),
      'as an option': () => torch.add(live, live, { out: x }),
      method: () => x.add(1),
      'method, operand': () => live.mul(x),
      'in place': () => x.add_(1),
      'by hand': () => torch.ops.aten.relu(x),
      index: () => x.index(0),
      indexPut_: () => x.indexPut_([0], 1),
      item: () => x.item(),
      tolist: () => x.tolist(),
      toTypedArray: () => x.toTypedArray(),
      to: () => x.to('float64'),
      clone: () => x.clone(),
      backward: () => x.backward(),
      shape: () => x.shape,
      dtype: () => x.dtype,
      device: () => x.device,
      size: () => x.size(),
      grad: () => x.grad,
      requiresGrad: () => x.requiresGrad,
      data: () => x.data,
      'set data': () => {
        live.data = x;
      },
      'set grad': () => {
        live.grad = x;
      },
      iteration: () => [...x],
      toString: () => x.toString(),
      module: () => new nn.Linear(2, 2)(x),
      loss: () => new nn.MSELoss()(live, x),
      grad_of: () => torch.autograd.grad(live, x),
      hook: () => x.registerHook(() => {}),
      scope: () => torch.scope(() => x.add(1)),
      isSame: () => live.isSame(x),
    };
    for (const [name, use] of Object.entries(uses)) {
      let error: unknown;
      try {
        use();
      } catch (caught) {
        error = caught;
      }
      expect(error, name).to.be.instanceOf(torch.DisposedError);
      expect((error as torch.DisposedError).code, name).to.equal('ERR_DISPOSED');
      expect((error as Error).message, name).to.match(/disposed.*dispose\(\)|return it/);
    }
    expect(inspect(x)).to.equal('tensor(<disposed>)');
  });

  it('saving a disposed tensor is a DisposedError', async () => {
    const x = torch.ones(2);
    x.dispose();
    await rejected(torch.save({ x }, 'never-written.pth'), torch.DisposedError);
  });
});

describe('torch.scope', () => {
  it('disposes what was made inside but for what is returned', () => {
    let inner: torch.Tensor | undefined;
    const result = torch.scope(() => {
      inner = torch.ones(2);
      return { sum: inner.add(1), list: [inner.mul(3)], number: 5 };
    });
    expect(inner!.isDisposed).to.equal(true);
    expect(result.sum.tolist()).to.deep.equal([2, 2]);
    expect(result.list[0]!.tolist()).to.deep.equal([3, 3]);
    expect(result.number).to.equal(5);
  });

  it('keeps Maps, Sets, named tuples and modules that are returned', () => {
    const values = torch.scope(() => torch.max(torch.eye(3), 1));
    expect(values.values.tolist()).to.deep.equal([1, 1, 1]);
    const map = torch.scope(() => new Map([['a', torch.ones(1)]]));
    expect(map.get('a')!.item()).to.equal(1);
    const set = torch.scope(() => new Set([torch.ones(1)]));
    expect([...set][0]!.item()).to.equal(1);
    const model = torch.scope(() => new nn.Sequential(new nn.Linear(2, 2), new nn.BatchNorm1d(2)));
    expect((model(torch.ones(3, 2)) as torch.Tensor).shape).to.deep.equal([3, 2]);
  });

  it('nested, hands what it returns to the outer one', () => {
    let middle: torch.Tensor | undefined;
    const result = torch.scope(() => {
      middle = torch.scope(() => torch.ones(2).add(1));
      expect(middle.isDisposed).to.equal(false);
      return middle.add(1);
    });
    expect(middle!.isDisposed).to.equal(true);
    expect(result.tolist()).to.deep.equal([3, 3]);
  });

  it('disposes after an error and after a rejection', async () => {
    let made: torch.Tensor | undefined;
    thrown(
      () =>
        torch.scope(() => {
          made = torch.ones(2);
          return made.matmul(torch.ones(3));
        }),
      torch.ShapeError,
    );
    expect(made!.isDisposed).to.equal(true);
    const failing = torch.scope(async () => {
      made = torch.ones(2);
      await sleep(1);
      throw new RangeError('late');
    });
    await rejected(failing, RangeError);
    expect(made!.isDisposed).to.equal(true);
  });

  it('async, takes the tensors of its own flow only', async () => {
    const seen: torch.Tensor[] = [];
    const owned: torch.Tensor[] = [];
    const parameter = torch.ones(2, { requiresGrad: true });
    parameter.mul(2).sum().backward();
    const other = async (): Promise<void> => {
      for (let i = 0; i < 4; i++) {
        seen.push(torch.ones(2), parameter.grad!);
        await sleep(1);
      }
    };
    const [result] = await Promise.all([
      torch.scope(async () => {
        for (let i = 0; i < 4; i++) {
          owned.push(torch.ones(2), parameter.grad!);
          await sleep(1);
        }
        return owned[0]!.add(1);
      }),
      other(),
    ]);
    expect(result.tolist()).to.deep.equal([2, 2]);
    expect(owned.map((t) => t.isDisposed)).to.deep.equal(owned.map(() => true));
    expect(seen.map((t) => t.isDisposed)).to.deep.equal(seen.map(() => false));
    expect(parameter.grad!.tolist()).to.deep.equal([2, 2]);
  });

  it('around whole training steps leaves parameters, buffers and the state of optimizers', () => {
    for (const make of [
      (model: nn.Module) => new optim.Adam(model.parameters(), { lr: 0.01 }),
      (model: nn.Module) => new optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9 }),
    ]) {
      const model = new nn.Sequential(new nn.Linear(4, 4), new nn.BatchNorm1d(4), new nn.Linear(4, 1));
      const optimizer = make(model);
      const losses = Array.from({ length: 4 }, () =>
        torch.scope(() => {
          optimizer.zeroGrad();
          const loss = (model(torch.eye(4)) as torch.Tensor).pow(2).mean();
          loss.backward();
          optimizer.step();
          return loss.item() as number;
        }),
      );
      expect(losses.at(-1)).to.be.below(losses[0]!);
      expect(Object.keys(model.stateDict())).to.include('1.running_mean');
      expect([...optimizer.stateDict().state.values()]).to.have.length(6);
    }
  });
});

describe('torch.memoryStats', () => {
  it('counts tensors, and a storage once however many tensors share it', () => {
    const before = torch.memoryStats();
    const x = torch.zeros(4 * MiB);
    const views = [x.view(2, -1), x.narrow(0, 5, 100), x.detach(), x.index('::2')];
    const during = torch.memoryStats();
    expect(during.tensors - before.tensors).to.be.at.least(5);
    expect(during.bytes - before.bytes).to.be.within(16 * MiB, 16 * MiB + 64 * 1024);
    x.dispose();
    for (const view of views.slice(1)) view.dispose();
    expect(bytes() - before.bytes, 'one view is left').to.be.within(16 * MiB, 16 * MiB + 64 * 1024);
    views[0]!.dispose();
    expect(bytes() - before.bytes).to.be.below(64 * 1024);
  });
});
