import { expect } from 'chai';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFolder } from '../../../scripts/libtorch/cache.js';
import { ensureLibTorch } from '../../../scripts/libtorch/install.js';
import type { VariantChoice } from '../../../scripts/libtorch/variant.js';
import { which } from '../../../scripts/support/process.js';
import { SetupError } from '../../../scripts/support/setup-error.js';
import { FakeSystem, failure, fakeLibTorch, write } from './fake-system.js';

const cpu: VariantChoice = { variant: 'cpu', reason: 'no driver' };

const noNetwork = `
echo "WARNING: Retrying (Retry(total=0)) after connection broken by NewConnectionError: Name or service not known" >&2
echo "ERROR: Could not find a version that satisfies the requirement torch==2.14.1 (from versions: none)" >&2
echo "ERROR: No matching distribution found for torch==2.14.1" >&2
exit 1`;

describe('scripts/libtorch: install', () => {
  let system: FakeSystem;

  beforeEach(() => {
    system = new FakeSystem();
  });
  afterEach(() => system.remove());

  /** What lies in the cache besides lock files. */
  const sets = () => readdirSync(system.cache).filter((name) => !name.endsWith('.lock'));

  /** The error of an installation that must leave nothing behind. */
  async function refusal(): Promise<SetupError> {
    const error = await failure(ensureLibTorch(system.context, cpu));
    expect(error).to.be.instanceOf(SetupError);
    expect(sets()).to.deep.equal([]);
    return error as SetupError;
  }

  it('installs the wheel and the two runtime wheels without dependencies, once', async () => {
    const found = await ensureLibTorch(system.context, cpu);
    expect(found).to.deep.equal({
      root: join(setFolder(system.env, 'cpu'), 'torch'),
      version: '2.14.1+cu130',
      variant: 'cpu',
      origin: 'cache',
    });
    expect(sets()).to.deep.equal(['libtorch-2.14.1-cpu']);
    expect(system.said.join('\n')).to.contain(`fetching it into ${system.cache}`);
    expect(system.pipCalls).to.have.lengthOf(1);
    expect(system.pipCalls[0])
      .to.contain('-m pip install')
      .and.contain('--no-deps torch==2.14.1 nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85');
    system.said.length = 0;
    expect(await ensureLibTorch(system.context, cpu)).to.deep.equal(found);
    expect(system.pipCalls).to.have.lengthOf(1);
    expect(system.said).to.deep.equal([]);
  });

  it('installs the wheel with its dependencies for CUDA', async () => {
    fakeLibTorch(join(system.folder, 'wheel', 'torch'), '2.14.1+cu130', true);
    const found = await ensureLibTorch(system.context, { variant: 'cuda', reason: 'driver' });
    expect(found).to.include({ variant: 'cuda', root: join(setFolder(system.env, 'cuda'), 'torch') });
    expect(system.pipCalls[0])
      .to.match(/ torch==2\.14\.1$/)
      .and.not.contain('--no-deps');
  });

  it('keeps the temporary files of pip within the cache, and settings of the user out of its way', async () => {
    system.env.PIP_USER = '1';
    system.pip(
      'cp -r "$FAKE/wheel/." "$target"; echo "$TMPDIR $PIP_USER $PIP_REQUIRE_VIRTUALENV" > "$FAKE/seen"',
    );
    await ensureLibTorch(system.context, cpu);
    const [temporary, user, virtual] = readFileSync(join(system.folder, 'seen'), 'utf8').trim().split(' ');
    expect(temporary.startsWith(`${system.cache}/`)).to.equal(true);
    expect([user, virtual]).to.deep.equal(['0', '0']);
  });

  it('takes the wheel of another Python where this Python is too old or too new', async () => {
    system.pip(`
case "$*" in *--python-version*) cp -r "$FAKE/wheel/." "$target";;
*) echo "ERROR: No matching distribution found for torch==2.14.1" >&2; exit 1;; esac`);
    await ensureLibTorch(system.context, cpu);
    expect(system.pipCalls).to.have.lengthOf(2);
    expect(system.pipCalls[1]).to.contain('--only-binary=:all:').and.contain('--platform manylinux_2_28_');
  });

  it('names Python as missing, and how to install it', async () => {
    system.without('python3');
    const error = await refusal();
    expect(error.message).to.contain('there is no python3 on the PATH');
    expect(error.remedy.join('\n'))
      .to.match(/python3-pip|brew install python/)
      .and.contain('TORCHTS_LIBTORCH=DIR');
  });

  it('names pip as missing', async () => {
    system.python({});
    const error = await refusal();
    expect(error.message).to.match(/bin\/python3 has no pip/);
    expect(system.pipCalls).to.deep.equal([]);
  });

  it('reports a Python that does not work by its last line', async () => {
    system.program('python3', 'echo "Traceback" >&2; echo "ImportError: no encodings" >&2; exit 1');
    expect((await refusal()).message).to.contain('python3 does not work: ImportError: no encodings');
  });

  it('says once that there is no network, with both ways that failed', async () => {
    system.pip(noNetwork);
    system.link('cmake', which('cmake') ?? '');
    const error = await refusal();
    expect(error.message)
      .to.contain('pip could not reach its package index')
      .and.match(
        /Could not download http:\/\/127\.0\.0\.1:65531\/libtorch\/cpu\/\S+\.zip: the connection was refused/,
      );
    expect(error.remedy.filter((line) => line.includes('Check the network'))).to.have.lengthOf(1);
    expect(system.pipCalls, 'no second try with the wheel of another Python').to.have.lengthOf(1);
  });

  it('stops before the download where the disk has too little room', async () => {
    system.free = 1.2e9;
    const error = await refusal();
    expect(error.message).to.match(/has 1\.1G free; LibTorch takes 2\.3G/);
    expect(error.remedy.join(' ')).to.contain('TORCHTS_CACHE');
    expect(system.pipCalls).to.deep.equal([]);
  });

  it('says that the disk became full, and does not try the archive then', async () => {
    system.pip(`
mkdir "$target/torch"
echo "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device" >&2
exit 1`);
    const error = await refusal();
    expect(error.message).to.contain('became full');
    expect(error.message).not.to.contain('libtorch.zip');
  });

  it('reports a pip that was killed midway', async () => {
    system.pip('mkdir -p "$target/torch/lib"; kill -9 $$');
    expect((await refusal()).message).to.contain('pip was ended by SIGKILL');
  });

  it("gives pip's own words for any other failure", async () => {
    system.pip('echo "ERROR: something odd" >&2; echo "note: below" >&2; exit 3');
    expect((await refusal()).message).to.contain('pip failed (exit code 3): something odd');
  });

  it('does not keep a download that lacks files', async () => {
    system.pip('mkdir -p "$target/torch/lib"; touch "$target/torch/lib/libc10.so"');
    expect((await refusal()).message).to.contain('what was fetched is not usable: lib/libtorch_cpu.so');
  });

  it('does not keep a download of another version', async () => {
    fakeLibTorch(join(system.folder, 'wheel', 'torch'), '2.14.0');
    expect((await refusal()).message).to.contain('its version is 2.14.0, 2.14.1 is needed');
  });

  it('replaces a broken earlier installation and removes what a killed one left', async () => {
    write(join(setFolder(system.env, 'cpu'), 'torch', 'lib', 'half'), '');
    write(join(system.cache, '.unfinished-Ab12Cd', 'set', 'torch', 'x'), '');
    await ensureLibTorch(system.context, cpu);
    expect(sets()).to.deep.equal(['libtorch-2.14.1-cpu']);
    expect(existsSync(join(setFolder(system.env, 'cpu'), 'torch', 'lib', 'half'))).to.equal(false);
    expect(system.said.join('\n'))
      .to.contain('its installation was never finished')
      .and.contain('Removing what an interrupted installation left');
  });

  it("keeps a broken earlier set's place empty of half a new one when the new one fails", async () => {
    const set = setFolder(system.env, 'cpu');
    write(join(set, 'torch', 'lib', 'half'), '');
    system.pip('exit 1');
    await failure(ensureLibTorch(system.context, cpu));
    expect(sets()).to.deep.equal(['libtorch-2.14.1-cpu']);
    expect(readdirSync(join(set, 'torch', 'lib'))).to.deep.equal(['half']);
  });

  it('says where the cache cannot be made', async () => {
    write(join(system.folder, 'file'), '');
    system.env.TORCHTS_CACHE = join(system.folder, 'file', 'cache');
    const error = await failure(ensureLibTorch(system.context, cpu));
    expect(error).to.be.instanceOf(SetupError);
    expect(error.message).to.match(/The cache .*file\/cache cannot be written/);
  });

  it('lets one of two install while the other waits', async () => {
    system.pip('sleep 0.5; cp -r "$FAKE/wheel/." "$target"');
    const [one, two] = await Promise.all([
      ensureLibTorch(system.context, cpu),
      ensureLibTorch(system.context, cpu),
    ]);
    expect(one).to.deep.equal(two);
    expect(system.pipCalls).to.have.lengthOf(1);
    expect(system.said.filter((line) => line.includes('is installing LibTorch'))).to.have.lengthOf(1);
  });

  it('keeps installations of both variants apart', async () => {
    fakeLibTorch(join(system.folder, 'wheel', 'torch'), '2.14.1+cu130', true);
    system.pip('sleep 0.3; cp -r "$FAKE/wheel/." "$target"');
    const cuda: VariantChoice = { variant: 'cuda', reason: 'driver' };
    const found = await Promise.all([
      ensureLibTorch(system.context, cuda),
      ensureLibTorch(system.context, cuda),
      ensureLibTorch(system.context, cpu),
    ]);
    for (const { root } of found) expect(existsSync(join(root, 'lib', 'libtorch_cpu.so'))).to.equal(true);
    expect(sets()).to.satisfy((names: string[]) =>
      names.every((name) => name.startsWith('libtorch-2.14.1-')),
    );
    expect(system.said.filter((line) => line.startsWith('Removing'))).to.deep.equal([]);
  });

  describe('interrupted', () => {
    let child: ChildProcess;

    /** Starts an installation in a process of its own and waits until its pip works. */
    async function startInstall(): Promise<void> {
      system.pip('mkdir "$target/torch"; touch "$FAKE/working"; sleep 20');
      const module = new URL('../../../scripts/libtorch/install.js', import.meta.url).href;
      const code = `const { ensureLibTorch } = await import(${JSON.stringify(module)});
        const { userContext } = await import(${JSON.stringify(new URL('../support/context.js', module).href)});
        await ensureLibTorch(userContext(), { variant: 'cpu', reason: 'no driver' });`;
      child = spawn(process.execPath, ['--input-type=module', '-e', code], {
        env: system.env,
        stdio: 'ignore',
      });
      while (!existsSync(join(system.folder, 'working')))
        await new Promise((resolve) => setTimeout(resolve, 20));
    }

    afterEach(() => {
      child.kill('SIGKILL');
    });

    it('leaves nothing behind after a signal, and ends with its number', async () => {
      await startInstall();
      child.kill('SIGTERM');
      const [code] = await once(child, 'exit');
      expect(code).to.equal(143);
      expect(sets()).to.deep.equal([]);
    });

    it('frees the lock when it is killed; the next run clears up and installs', async () => {
      await startInstall();
      child.kill('SIGKILL');
      await once(child, 'exit');
      expect(sets()).to.have.lengthOf(1);
      expect(sets()[0]).to.match(/^\.unfinished-/);
      system.pip('cp -r "$FAKE/wheel/." "$target"');
      await ensureLibTorch(system.context, cpu);
      expect(sets()).to.deep.equal(['libtorch-2.14.1-cpu']);
    });
  });

  it('does nothing in the cache where TORCHTS_LIBTORCH is wrong', async () => {
    mkdirSync(system.cache);
    system.env.TORCHTS_LIBTORCH = join(system.folder, 'nowhere');
    await refusal();
    expect(readdirSync(system.cache)).to.deep.equal([]);
  });
});
