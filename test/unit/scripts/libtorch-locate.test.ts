import { expect } from 'chai';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheRoot, noteFile, setFolder } from '../../../scripts/libtorch/cache.js';
import { statedVersion } from '../../../scripts/libtorch/inspect.js';
import { locate } from '../../../scripts/libtorch/locate.js';
import type { Variant } from '../../../scripts/libtorch/release.js';
import { chooseVariant, findDriver, type VariantChoice } from '../../../scripts/libtorch/variant.js';
import { SetupError } from '../../../scripts/support/setup-error.js';
import { FakeSystem, failure, fakeLibTorch, write } from './fake-system.js';

const cpu: VariantChoice = { variant: 'cpu', reason: 'no driver' };
const byDriver: VariantChoice = { variant: 'cuda', reason: 'driver' };
const cudaAsked: VariantChoice = { variant: 'cuda', reason: 'TORCHTS_VARIANT' };

describe('scripts/libtorch: locate', () => {
  let system: FakeSystem;

  beforeEach(() => {
    system = new FakeSystem();
  });
  afterEach(() => system.remove());

  function installed(variant: Variant, note = true): string {
    const set = setFolder(system.env, variant);
    const root = fakeLibTorch(join(set, 'torch'), '2.14.1+cu130', variant === 'cuda');
    if (note) write(join(set, noteFile), JSON.stringify({ folder: 'torch', variant }));
    return root;
  }

  it('takes the folder that TORCHTS_LIBTORCH names before all others', async () => {
    installed('cpu');
    const root = fakeLibTorch(join(system.folder, 'mine'));
    system.env.TORCHTS_LIBTORCH = root;
    const { found } = await locate(cpu, system.context);
    expect(found).to.deep.equal({
      root,
      version: '2.14.1+cu130',
      variant: 'cpu',
      origin: 'TORCHTS_LIBTORCH',
    });
  });

  it('refuses a wrong TORCHTS_LIBTORCH with the reason, and tries nothing else', async () => {
    installed('cpu');
    const cases: [folder: string, make: (root: string) => void, message: RegExp][] = [
      ['absent', () => {}, /TORCHTS_LIBTORCH=.*absent does not fit: there is no such folder/],
      [
        'empty',
        (root) => mkdirSync(root),
        /lib\/libc10\.so, lib\/libtorch_cpu\.so, .* and more not found in it/,
      ],
      ['old', (root) => fakeLibTorch(root, '2.9.0+cpu'), /its version is 2\.9\.0\+cpu, 2\.14\.1 is needed/],
      [
        'site',
        (root) => fakeLibTorch(join(root, 'torch')),
        /site\/torch looks like the folder that was meant/,
      ],
    ];
    for (const [name, make, message] of cases) {
      const root = join(system.folder, name);
      make(root);
      system.env.TORCHTS_LIBTORCH = root;
      const error = await failure(locate(cpu, system.context));
      expect(error).to.be.instanceOf(SetupError);
      expect(error.message).to.match(message);
      expect(error.remedy?.join(' ')).to.contain('2.14.1');
    }
  });

  it('refuses a LibTorch whose libraries do not load, by their names', async () => {
    system.env.TORCHTS_LIBTORCH = fakeLibTorch(join(system.folder, 'mine'));
    system.program('ldd', 'echo "	libcudart.so.13 => not found"; echo "	libcupti.so.13 => not found"');
    const error = await failure(locate(cpu, system.context));
    expect(error.message).to.contain(
      'libtorch_cpu.so does not load, for want of libcudart.so.13, libcupti.so.13',
    );
  });

  it('lets a chosen folder win over a driver, but not over TORCHTS_VARIANT=cuda', async () => {
    system.env.TORCHTS_LIBTORCH = fakeLibTorch(join(system.folder, 'mine'));
    expect((await locate(byDriver, system.context)).found?.variant).to.equal('cpu');
    const error = await failure(locate(cudaAsked, system.context));
    expect(error.message).to.match(
      /serves the CPU only: lib\/libc10_cuda\.so, lib\/libtorch_cuda\.so not found/,
    );
  });

  it('finds the set of the wanted variant in the cache; a CUDA set serves the CPU too', async () => {
    const whole = installed('cuda');
    expect((await locate(cpu, system.context)).found).to.include({
      root: whole,
      variant: 'cuda',
      origin: 'cache',
    });
    const small = installed('cpu');
    expect((await locate(cpu, system.context)).found?.root).to.equal(small);
    expect((await locate(byDriver, system.context)).found?.root).to.equal(whole);
  });

  it("refuses a CUDA set for want of its libraries, but not of the driver's own", async () => {
    installed('cuda');
    const ldd = (name: string) =>
      `case $1 in *torch_cuda*) echo "	${name} => not found";; *) echo "	libc.so.6";; esac`;
    system.program('ldd', ldd('libcudnn.so.9'));
    const { found, refused } = await locate(byDriver, system.context);
    expect(found).to.equal(undefined);
    expect(refused[0]?.reason).to.contain('libtorch_cuda.so wants libcudnn.so.9');
    system.program('ldd', ldd('libcuda.so.1'));
    expect((await locate(byDriver, system.context)).found?.variant).to.equal('cuda');
  });

  it("refuses an unfinished set in the cache and goes on to Python's torch", async () => {
    const broken = installed('cpu', false);
    const root = fakeLibTorch(join(system.folder, 'site-packages', 'torch'));
    system.python({ torch: { version: '2.14.1', root } });
    const { found, refused } = await locate(cpu, system.context);
    expect(found).to.include({ root, origin: 'python' });
    expect(refused).to.deep.equal([
      { origin: 'cache', root: join(broken, '..'), reason: 'its installation was never finished' },
    ]);
  });

  it("refuses Python's torch of another version, and one without the CUDA runtime", async () => {
    const root = fakeLibTorch(join(system.folder, 'site-packages', 'torch'));
    system.python({ torch: { version: '2.13.0+cpu', root } });
    expect((await locate(cpu, system.context)).refused[0]?.reason).to.equal(
      'its version is 2.13.0+cpu, 2.14.1 is needed',
    );
    system.python({ torch: { version: '2.14.1', root } });
    system.program('ldd', 'echo "	libcupti.so.13 => not found"');
    const { found, refused } = await locate(cpu, system.context);
    expect(found).to.equal(undefined);
    expect(refused[0]?.reason).to.contain('for want of libcupti.so.13');
  });

  it('finds nothing, without an error, where there is no Python', async () => {
    system.without('python3');
    expect(await locate(cpu, system.context)).to.deep.equal({ refused: [] });
  });

  it('reads the version of wheels and of archives', () => {
    const root = join(system.folder, 'versions');
    expect(statedVersion(root)).to.equal(undefined);
    write(join(root, 'share/cmake/Torch/TorchConfigVersion.cmake'), 'set(PACKAGE_VERSION "2.14.1")\n');
    expect(statedVersion(root)).to.equal('2.14.1');
    write(join(root, 'build-version'), '2.14.1+cpu\n');
    expect(statedVersion(root)).to.equal('2.14.1+cpu');
  });
});

describe('scripts/libtorch: variant and cache', () => {
  it('lets TORCHTS_VARIANT decide, else the driver', () => {
    expect(chooseVariant({}, undefined)).to.deep.equal({ variant: 'cpu', reason: 'no driver' });
    expect(chooseVariant({}, {})).to.deep.equal({ variant: 'cuda', reason: 'driver' });
    expect(chooseVariant({ TORCHTS_VARIANT: 'cpu' }, {})).to.include({ variant: 'cpu' });
    expect(chooseVariant({ TORCHTS_VARIANT: 'cuda' }, undefined)).to.include({ variant: 'cuda' });
    expect(() => chooseVariant({ TORCHTS_VARIANT: 'gpu' }, undefined)).to.throw(
      SetupError,
      "TORCHTS_VARIANT='gpu': expected 'cpu' or 'cuda'",
    );
  });

  it('finds the driver by its report and reads its version', () => {
    const system = new FakeSystem();
    expect(findDriver(system.folder)).to.equal(undefined);
    write(
      join(system.folder, 'proc/driver/nvidia/version'),
      'NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  Sun Jul 27 07:11:34 UTC 2025\nGCC version: 12\n',
    );
    expect(findDriver(system.folder)).to.deep.equal({ version: '580.65.06' });
    write(
      join(system.folder, 'proc/driver/nvidia/version'),
      'NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  590.44.01  Release Build\n',
    );
    expect(findDriver(system.folder)).to.deep.equal({ version: '590.44.01' });
    system.remove();
  });

  it('puts the cache where the variables say', () => {
    expect(cacheRoot({ TORCHTS_CACHE: '/a', XDG_CACHE_HOME: '/b', HOME: '/c' })).to.equal('/a');
    expect(cacheRoot({ XDG_CACHE_HOME: '/b', HOME: '/c' })).to.equal('/b/torchts');
    expect(cacheRoot({ HOME: '/c' })).to.equal('/c/.cache/torchts');
  });
});
