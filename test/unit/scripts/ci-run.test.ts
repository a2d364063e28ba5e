import { expect } from 'chai';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../scripts/support/package-root.js';
import { run, which } from '../../../scripts/support/process.js';
import { FakeSystem } from './fake-system.js';

const passed = '\u001b[32m  12 passing\u001b[0m (3s)\n\u001b[36m  2 pending\u001b[0m\n';

describe('.ci/run', () => {
  let system: FakeSystem;

  beforeEach(() => {
    system = new FakeSystem();
    mkdirSync(join(system.folder, '.ci'));
    copyFileSync(join(packageRoot(), '.ci', 'run'), join(system.folder, '.ci', 'run'));
    for (const tool of ['bash', 'dirname', 'mktemp', 'rm', 'tee', 'sed', 'tail', 'sort', 'paste']) {
      system.link(tool, which(tool) ?? '');
    }
  });
  afterEach(() => system.remove());

  /** Runs it with an npm that prints `output` for the tests, and with the named commands failing. */
  async function ci(output: string, failing: string[] = []) {
    const answer = (command: string) =>
      `case "${command} $*" in ${[...failing.map((text) => `"${text}") exit 1;;`), '*) exit 0;;'].join(' ')} esac`;
    system.program('npm', `if [ "$1" = test ]; then cat "$FAKE/mocha.txt"; fi\n${answer('npm')}`);
    system.program('npx', answer('npx'));
    writeFileSync(join(system.folder, 'mocha.txt'), output);
    const { code, stdout } = await run('bash', [join(system.folder, '.ci', 'run')], { env: system.env });
    return { code, last: stdout.trimEnd().split('\n').at(-1), stdout };
  }

  it('ends with the totals of mocha', async () => {
    const { code, last, stdout } = await ci(passed);
    expect([code, last]).to.deep.equal([0, '12 passed, 0 failed, 2 skipped']);
    for (const command of ['npm ci', '--noEmit', 'npm run lint', 'npm run format:check']) {
      expect(stdout).to.contain(command);
    }
    expect(stdout).to.contain('12 passing');
  });

  it('takes the totals that come last, not a text within a test', async () => {
    const { last } = await ci(`    ✔ prints 99 passing\n  5 passing (1m)\n`);
    expect(last).to.equal('5 passed, 0 failed');
  });

  it('fails when a test fails, and runs the other checks all the same', async () => {
    const { code, last, stdout } = await ci('  11 passing (3s)\n  1 failing\n', ['npm test']);
    expect([code, last]).to.deep.equal([1, '11 passed, 1 failed']);
    expect(stdout).to.contain('npm run format:check').and.contain('Failed: tests');
  });

  it('fails when any other check fails', async () => {
    for (const command of ['npx tsc -p tsconfig.json --noEmit', 'npm run lint', 'npm run format:check']) {
      const { code, last } = await ci(passed, [command]);
      expect([code, last], command).to.deep.equal([1, '12 passed, 0 failed, 2 skipped']);
    }
  });

  it('fails without totals when mocha did not come to its end', async () => {
    const { code, last } = await ci('Segmentation fault\n');
    expect(code).to.equal(1);
    expect(last).to.equal('Failed: tests');
  });

  it('stops where the installation fails', async () => {
    const { code, stdout } = await ci(passed, ['npm ci']);
    expect(code).to.equal(1);
    expect(stdout).to.not.contain('npm test');
  });
});
