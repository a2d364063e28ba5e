import { expect } from 'chai';
import * as torch from 'torchts';
import { optim } from 'torchts';
import { thrown } from '../../support/errors.js';

describe('amp.GradScaler', () => {
  const setup = (options: torch.amp.GradScalerOptions = {}) => {
    const w = torch.tensor([1, 2], { requiresGrad: true });
    const optimizer = new optim.SGD([w], { lr: 0.5 });
    return { w, optimizer, scaler: new torch.amp.GradScaler({ device: 'cpu', initScale: 8, ...options }) };
  };

  it('scales the loss and takes the step that it would be without', () => {
    const { w, optimizer, scaler } = setup();
    const loss = w.sum();
    expect(scaler.scale(loss).item()).to.equal(24);
    scaler.scale(w.sum()).backward();
    expect(w.grad!.tolist()).to.deep.equal([8, 8]);
    scaler.step(optimizer);
    scaler.update();
    expect(w.tolist()).to.deep.equal([0.5, 1.5]);
    expect(scaler.getScale()).to.equal(8);
  });

  it('unscales before clipping, once a step', () => {
    const { w, optimizer, scaler } = setup();
    scaler.scale(w.sum()).backward();
    scaler.unscale_(optimizer);
    expect(w.grad!.tolist()).to.deep.equal([1, 1]);
    thrown(() => scaler.unscale_(optimizer), torch.ValueError, /already been called/);
    scaler.step(optimizer);
    scaler.update();
    expect(w.tolist()).to.deep.equal([0.5, 1.5]);
  });

  it('skips a step that overflowed and lowers the scale, and raises it after enough good ones', () => {
    const { w, optimizer, scaler } = setup({ growthInterval: 2 });
    scaler.scale(w.mul(Number.POSITIVE_INFINITY).sum()).backward();
    scaler.step(optimizer);
    scaler.update();
    expect(w.tolist()).to.deep.equal([1, 2]);
    expect(scaler.getScale()).to.equal(4);
    for (let i = 0; i < 2; i++) {
      optimizer.zeroGrad();
      scaler.scale(w.sum()).backward();
      scaler.step(optimizer);
      scaler.update();
    }
    expect(scaler.getScale()).to.equal(8);
    expect(w.tolist()).to.deep.equal([0, 1]);
  });

  it('survives torch.scope around each step', () => {
    const { w, optimizer, scaler } = setup();
    for (let i = 0; i < 3; i++)
      torch.scope(() => {
        optimizer.zeroGrad();
        scaler.scale(w.sum()).backward();
        scaler.step(optimizer);
        scaler.update();
      });
    expect(w.tolist()).to.deep.equal([-0.5, 0.5]);
  });

  it('saves and restores its state', () => {
    const { w, optimizer, scaler } = setup({ growthInterval: 3 });
    scaler.scale(w.sum()).backward();
    scaler.step(optimizer);
    scaler.update();
    const state = scaler.stateDict();
    expect(state).to.deep.equal({
      scale: 8,
      growth_factor: 2,
      backoff_factor: 0.5,
      growth_interval: 3,
      _growth_tracker: 1,
    });
    const other = new torch.amp.GradScaler({ device: 'cpu' });
    other.loadStateDict(state);
    expect(other.getScale()).to.equal(8);
    expect(other.stateDict()).to.deep.equal(state);
    thrown(() => other.loadStateDict({}), torch.ValueError, /number under scale.*disabled/);
  });

  it('disabled, passes everything through', () => {
    const { w, optimizer, scaler } = setup({ enabled: false });
    const loss = w.sum();
    expect(scaler.scale(loss)).to.equal(loss);
    loss.backward();
    scaler.step(optimizer);
    scaler.update();
    expect(w.tolist()).to.deep.equal([0.5, 1.5]);
    expect(scaler.stateDict()).to.deep.equal({});
  });

  it('for CUDA is disabled where there is none, as in Python', function () {
    if (torch.cuda.isAvailable()) this.skip(); // there is a device
    expect(new torch.amp.GradScaler().isEnabled()).to.equal(false);
    expect(new torch.amp.GradScaler({ device: 'cpu' }).isEnabled()).to.equal(true);
  });

  it('refuses factors that cannot work, and steps without gradients', () => {
    thrown(() => new torch.amp.GradScaler({ growthFactor: 1 }), torch.ValueError, /growthFactor/);
    thrown(() => new torch.amp.GradScaler({ backoffFactor: 1 }), torch.ValueError, /backoffFactor/);
    const { optimizer, scaler } = setup();
    thrown(() => scaler.unscale_(optimizer), torch.ValueError, /scale\(loss\)/);
  });
});
