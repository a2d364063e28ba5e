import { expect } from 'chai';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Finding } from '../../../scripts/support/checks/finding.js';
import { packageManifest, packageRoot } from '../../../scripts/support/package-root.js';
import { type RunResult, run } from '../../../scripts/support/process.js';
import { installRemedy } from '../../../scripts/support/remedies.js';
import { FakeSystem, fakeLibTorch } from './fake-system.js';

const cli = fileURLToPath(new URL('../../../scripts/cli.js', import.meta.url));

describe('scripts: the torchts command', () => {
  let system: FakeSystem;

  beforeEach(() => {
    system = new FakeSystem();
    system.env.TORCHTS_VARIANT = 'cpu';
  });
  afterEach(() => system.remove());

  const torchts = (...args: string[]): Promise<RunResult> =>
    run(process.execPath, [cli, ...args], { env: system.env, cwd: system.folder });

  it('shows its commands', async () => {
    for (const args of [[], ['help'], ['--help']]) {
      const { code, stdout } = await torchts(...args);
      expect(code).to.equal(0);
      for (const name of ['install-libtorch', 'build', 'doctor', 'help'])
        expect(stdout).to.contain(`  ${name} `);
    }
  });

  it('prints the version of the package', async () => {
    const { code, stdout } = await torchts('--version');
    expect([code, stdout]).to.deep.equal([0, `${packageManifest().version}\n`]);
  });

  it('refuses an unknown command with the list of all', async () => {
    const { code, stdout, stderr } = await torchts('instal');
    expect([code, stdout]).to.deep.equal([1, '']);
    expect(stderr).to.contain("There is no command 'instal'.");
    expect(stderr).to.contain('Commands: install-libtorch, build, doctor, help.');
  });

  it('refuses arguments and options that it does not know, without a stack', async () => {
    const extra = await torchts('build', 'now');
    expect(extra.code).to.equal(1);
    expect(extra.stderr).to.contain('takes no arguments, but got: now');
    const option = await torchts('doctor', '--jsno');
    expect(option.code).to.equal(1);
    expect(option.stderr).to.contain("Unknown option '--jsno'").and.not.contain('    at ');
  });

  it('ends install-libtorch with one message where TORCHTS_LIBTORCH is wrong', async () => {
    system.env.TORCHTS_LIBTORCH = '/no/such/folder';
    const { code, stderr } = await torchts('install-libtorch');
    expect(code).to.equal(1);
    expect(stderr.trim().split('\n')[0]).to.equal(
      'torchts: TORCHTS_LIBTORCH=/no/such/folder does not fit: there is no such folder.',
    );
    expect(stderr).to.not.contain('    at ');
  });

  describe('doctor', () => {
    async function report(): Promise<{ code: number | null; of: (name: string) => Finding[] }> {
      const { code, stdout } = await torchts('doctor', '--json');
      const parsed = JSON.parse(stdout) as { healthy: boolean; libtorch: string; findings: Finding[] };
      expect(parsed.libtorch).to.equal('2.14.1');
      expect(parsed.healthy).to.equal(code === 0);
      return { code, of: (name) => parsed.findings.filter((finding) => finding.name === name) };
    }

    it('reports what is missing on a bare machine, each with a remedy', async () => {
      system.without('python3');
      const { code, of } = await report();
      expect(code).to.equal(1);
      expect(of('Node.js')[0]).to.include({ status: 'ok', detail: process.versions.node });
      expect(of('Variant')[0]).to.include({ status: 'ok', detail: 'cpu (TORCHTS_VARIANT)' });
      for (const name of ['C++ compiler', 'CMake', 'make', 'Python with pip', 'LibTorch']) {
        expect(of(name)[0]?.status, name).to.equal('missing');
        expect(of(name)[0]?.remedy, name).to.not.be.empty;
      }
      expect(of('LibTorch')[0]?.remedy[0]).to.contain('npx torchts install-libtorch');
    });

    it('says which LibTorch was taken and why others were not', async () => {
      const python = fakeLibTorch(join(system.folder, 'site-packages', 'torch'), '2.13.0');
      system.python({ pip: '26.0', torch: { version: '2.13.0', root: python } });
      expect((await report()).of('LibTorch').map((finding) => finding.detail)).to.deep.equal([
        `not taken, from python: ${python}: its version is 2.13.0, 2.14.1 is needed`,
        'no 2.14.1 (cpu) was found',
      ]);
      system.env.TORCHTS_LIBTORCH = fakeLibTorch(join(system.folder, 'mine'));
      const { of } = await report();
      expect(of('LibTorch')).to.have.lengthOf(1);
      expect(of('LibTorch')[0]).to.include({
        status: 'ok',
        detail: `2.14.1+cu130, cpu, from TORCHTS_LIBTORCH: ${system.env.TORCHTS_LIBTORCH}`,
      });
      expect(of('Python with pip')[0]?.status).to.equal('ok');
    });

    it('reports wrong variables instead of stopping at them', async () => {
      system.env.TORCHTS_LIBTORCH = '/no/such/folder';
      expect((await report()).of('LibTorch')[0]?.detail).to.contain('there is no such folder');
      system.env.TORCHTS_VARIANT = 'gpu';
      const { of } = await report();
      expect(of('Variant')[0]?.detail).to.contain("expected 'cpu' or 'cuda'");
      expect(of('Free disk')).to.have.lengthOf(1);
    });

    it('prints the same as text', async () => {
      const { code, stdout } = await torchts('doctor');
      expect(code).to.equal(1);
      expect(stdout).to.match(/^torchts \S+, for LibTorch 2\.14\.1\n\n✓ Node\.js /);
      expect(stdout).to.match(/✗ LibTorch +no 2\.14\.1 \(cpu\) was found\n +→ Run/);
      expect(stdout).to.match(/\d+ things are missing\.\n$/);
    });
  });
});

describe('scripts/support: package root and remedies', () => {
  it('finds the package above the compiled scripts', () => {
    expect(packageManifest(packageRoot()).name).to.equal('torchts');
    expect(() => packageRoot('/no/such/file.js')).to.throw(
      'No package.json of torchts above /no/such/file.js',
    );
  });

  it('gives the command of the system, or of all where it is unknown', () => {
    const tools = ['compiler', 'cmake'] as const;
    const debian = 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n';
    expect(installRemedy(tools, debian, 'linux')).to.deep.equal([
      'Debian/Ubuntu: sudo apt install g++ cmake',
    ]);
    const rocky = 'ID="rocky"\nID_LIKE="rhel centos fedora"\n';
    expect(installRemedy(tools, rocky, 'linux')).to.deep.equal(['Fedora: sudo dnf install gcc-c++ cmake']);
    expect(installRemedy(tools, undefined, 'darwin')).to.deep.equal([
      'macOS: xcode-select --install && brew install cmake',
    ]);
    expect(installRemedy(tools, 'ID=arch\n', 'linux')).to.have.lengthOf(3);
  });
});
