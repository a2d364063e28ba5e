/** torch.cuda: clean answers without a driver, late loading, and the device itself where there is one. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import * as torch from 'torchts';
import { models, nn, optim } from 'torchts';
import { askChild } from '../../support/child.js';
import { thrown } from '../../support/errors.js';
import type { Late } from './children/late.js';

const { cuda } = torch;

/** Where the libtorch_cpu.so lies that this process has loaded. */
function libraryFolder(): string {
  const line = readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .find((text) => text.endsWith('/libtorch_cpu.so'));
  return dirname(line!.slice(line!.indexOf('/')));
}

describe('torch.cuda without a device', () => {
  before(function () {
    if (cuda.isAvailable()) this.skip(); // there is a device
  });

  it('says that there is none, and why', () => {
    expect(cuda.isAvailable()).to.equal(false);
    expect(cuda.deviceCount()).to.equal(0);
    expect(cuda.unavailableReason()).to.match(/driver|libtorch_cuda|device/);
  });

  it('answers what can be answered', () => {
    expect(cuda.memoryAllocated()).to.equal(0);
    expect(cuda.maxMemoryAllocated('cuda:0')).to.equal(0);
    expect(cuda.memoryReserved()).to.equal(0);
    expect(cuda.maxMemoryReserved()).to.equal(0);
    cuda.emptyCache();
    cuda.resetPeakMemoryStats();
    cuda.manualSeed(1);
    cuda.manualSeedAll(1n);
  });

  it('refuses the rest with a DeviceError that names the remedy', () => {
    const asked: Record<string, () => unknown> = {
      getDeviceName: () => cuda.getDeviceName(0),
      getDeviceCapability: () => cuda.getDeviceCapability(),
      currentDevice: () => cuda.currentDevice(),
      synchronize: () => cuda.synchronize(),
      memGetInfo: () => cuda.memGetInfo(),
    };
    for (const [name, ask] of Object.entries(asked)) {
      const error = thrown(ask, torch.DeviceError, /^CUDA is not available: .*npx torchts doctor/);
      expect((error as torch.DeviceError).code, name).to.equal('ERR_DEVICE');
    }
  });

  it('refuses tensors and modules on it', () => {
    const x = torch.ones(2);
    const message = /CUDA/;
    thrown(() => x.to('cuda:0'), torch.DeviceError, message);
    thrown(() => x.to('cuda'), torch.DeviceError, message);
    thrown(() => x.cuda(), torch.DeviceError, message);
    thrown(() => torch.zeros(2, { device: 'cuda' }), torch.DeviceError, message);
    thrown(() => torch.tensor([1], { device: 'cuda:0' }), torch.DeviceError, message);
    thrown(() => new nn.Linear(2, 2).to('cuda:0'), torch.DeviceError, message);
    thrown(() => x.pinMemory(), torch.DeviceError);
    thrown(() => new torch.Generator('cuda'), torch.DeviceError);
    expect(x.add(1).tolist(), 'the CPU works on').to.deep.equal([2, 2]);
  });
});

describe('libtorch_cuda.so, loaded late', function () {
  this.timeout(120_000);

  it('changes no answer where there is no device', async function () {
    if (!existsSync(join(libraryFolder(), 'libtorch_cuda.so'))) this.skip(); // a LibTorch for the CPU alone
    if (cuda.isAvailable()) this.skip(); // there is a device
    const late = await askChild<Late>('test/unit/cuda/children/late.js');
    if (/cannot open shared object file/.test(late.reason)) this.skip(); // CUDA's own libraries are missing
    expect(late.reason).to.equal('');
    expect(late).to.include({ before: 3, available: false, count: 0, allocated: 0, sum: 1e6, gradient: 8 });
    expect(late.error).to.equal('ERR_DEVICE');
    expect(late.message).to.match(/CUDA|NVIDIA|driver/);
  });
});

describe('torch.cuda on a device', function () {
  this.timeout(300_000);

  before(function () {
    if (!cuda.isAvailable()) this.skip(); // needs a CUDA device
  });

  it('tells its name, capability and memory', () => {
    expect(cuda.getDeviceName(0)).to.be.a('string').and.not.equal('');
    expect(cuda.getDeviceCapability()[0]).to.be.at.least(5);
    const [free, total] = cuda.memGetInfo();
    expect(free).to.be.above(0).and.at.most(total);
    thrown(() => cuda.getDeviceName(99), torch.DeviceError, /device 99/);
  });

  it('takes tensors and gives them back', () => {
    const x = torch.randn(64, 64);
    const there = x.to('cuda:0');
    expect(String(there.device)).to.equal('cuda:0');
    expect(there.isCuda).to.equal(true);
    expect(there.cpu().equal(x)).to.equal(true);
    expect(there.toTypedArray()).to.deep.equal(x.toTypedArray());
    expect(there.sum().item()).to.be.closeTo(x.sum().item() as number, 1e-2);
    thrown(() => there.add(torch.ones(64, 64)), torch.DeviceError, /same device/);
  });

  it('counts its memory', () => {
    const before = cuda.memoryAllocated();
    const x = torch.zeros(1 << 20, { device: 'cuda' });
    expect(cuda.memoryAllocated() - before).to.be.at.least(4 << 20);
    expect(cuda.maxMemoryAllocated()).to.be.at.least(cuda.memoryAllocated());
    x.dispose();
    expect(cuda.memoryAllocated()).to.equal(before);
    cuda.emptyCache();
    cuda.resetPeakMemoryStats();
    expect(cuda.maxMemoryAllocated()).to.equal(cuda.memoryAllocated());
  });

  it('stays bounded in a synchronous loop without dispose', () => {
    const [, total] = cuda.memGetInfo();
    cuda.resetPeakMemoryStats();
    for (let i = 0; i < 4000; i++) torch.zeros(4 << 20, { device: 'cuda' });
    expect(cuda.maxMemoryAllocated()).to.be.below(Math.min(total / 2, 2 ** 31));
  });

  it('copies from pinned memory without waiting', () => {
    const x = torch.randn(1 << 16).pinMemory();
    expect(x.isPinned()).to.equal(true);
    const there = x.to('cuda', { nonBlocking: true });
    cuda.synchronize();
    expect(there.cpu().equal(x)).to.equal(true);
  });

  it('trains as the CPU does', async () => {
    const losses: number[][] = [];
    for (const where of ['cpu', 'cuda']) {
      torch.manualSeed(0);
      const model = await models.resnet18({ numClasses: 10 });
      const x = torch.randn(4, 3, 64, 64).to(where);
      const labels = torch.arange(4).to(where);
      model.to(where).train();
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9 });
      const criterion = new nn.CrossEntropyLoss();
      losses.push(
        Array.from({ length: 3 }, () => {
          optimizer.zeroGrad();
          const loss = criterion(model(x), labels);
          loss.backward();
          optimizer.step();
          return loss.item() as number;
        }),
      );
    }
    for (const [i, loss] of losses[0]!.entries())
      expect(losses[1]![i]).to.be.closeTo(loss, 2e-2 * Math.abs(loss));
  });

  it('runs hooks of a backward pass on this thread, errors included', () => {
    const x = torch.ones(4, { device: 'cuda', requiresGrad: true });
    const hook = x.registerHook((grad) => grad.mul(3));
    x.mul(2).sum().backward();
    expect(x.grad!.tolist()).to.deep.equal([6, 6, 6, 6]);
    hook.remove();
    x.registerHook(() => {
      throw new RangeError('from the hook');
    });
    thrown(() => x.mul(2).sum().backward(), RangeError, /from the hook/);
  });

  it('trains in float16 with a GradScaler', () => {
    torch.manualSeed(0);
    const model = new nn.Sequential(new nn.Linear(16, 32), new nn.ReLU(), new nn.Linear(32, 1)).to('cuda');
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
    const scaler = new torch.amp.GradScaler();
    const x = torch.randn(64, 16, { device: 'cuda' });
    const y = x.sum(1, { keepdim: true });
    const losses = Array.from({ length: 50 }, () => {
      optimizer.zeroGrad();
      const out = torch.autocast('cuda', () => model(x)) as torch.Tensor;
      expect(out.dtype).to.equal('float16');
      const loss = nn.functional.mseLoss(out.float(), y);
      scaler.scale(loss).backward();
      scaler.step(optimizer);
      scaler.update();
      return loss.item() as number;
    });
    expect(losses.at(-1)!).to.be.below(losses[0]! / 2);
  });

  it('has its own stream of random numbers, the same for the same seed', () => {
    cuda.manualSeed(5);
    const first = torch.rand(8, { device: 'cuda' });
    cuda.manualSeed(5);
    expect(torch.rand(8, { device: 'cuda' }).equal(first)).to.equal(true);
  });
});
