import { expect } from 'chai';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LibTorch } from '../../../scripts/libtorch/inspect.js';
import { addonFile, addonState, ensureAddon } from '../../../scripts/support/addon.js';
import { SetupError } from '../../../scripts/support/setup-error.js';
import { FakeSystem, failure, write } from './fake-system.js';

/** A cmake-js that notes how it was called and writes the addon, or fails where the file `broken` lies. */
const fakeCmakeJs = `
const fs = require('fs');
class BuildSystem {
  constructor(options) { this.options = { ...options }; }
  async configure() { this.note('configure'); }
  async build() {
    this.note('build');
    fs.mkdirSync('build/Release', { recursive: true });
    fs.writeFileSync('build/Release/torchts.node', 'addon');
  }
  note(step) {
    fs.appendFileSync('calls.log', JSON.stringify({ step, ...this.options }) + '\\n');
    if (fs.existsSync('broken')) { console.error(fs.readFileSync('broken', 'utf8')); throw new Error('Process terminated: 1'); }
    fs.writeFileSync('build/CMakeCache.txt', 'CMAKE_HOME_DIRECTORY:INTERNAL=' + process.cwd() + '\\n');
  }
}
module.exports = { BuildSystem };
`;

describe('scripts/support: addon', () => {
  let system: FakeSystem;
  let root: string;
  let libtorch: LibTorch;

  beforeEach(() => {
    system = new FakeSystem();
    root = join(system.folder, 'package');
    libtorch = { root: join(system.folder, 'torch'), version: '2.14.1', variant: 'cpu', origin: 'cache' };
    write(join(root, 'package.json'), '{ "name": "torchts", "version": "0.0.0" }');
    write(join(root, 'CMakeLists.txt'), 'project(torchts)');
    write(join(root, 'native', 'addon.cc'), '// 1');
    write(join(root, 'native', 'tensor', 'handle.h'), '// 1');
    for (const name of ['node-addon-api', 'node-api-headers', 'cmake-js']) {
      write(join(root, 'node_modules', name, 'package.json'), JSON.stringify({ name, version: '1.0.0' }));
    }
    write(join(root, 'node_modules', 'cmake-js', 'index.js'), fakeCmakeJs);
    system.program('g++', 'echo 12.2.0');
    system.program('cmake', 'echo cmake version 3.25.1');
    system.program('make', '');
  });
  afterEach(() => system.remove());

  const calls = () =>
    readFileSync(join(root, 'calls.log'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it('configures with the LibTorch that was found, builds, and does nothing the second time', async () => {
    expect(addonState(root)).to.deep.equal({ state: 'missing' });
    expect(await ensureAddon(root, libtorch, system.context)).to.equal(true);
    expect(calls()).to.have.lengthOf(2);
    expect(calls().map(({ step }) => step)).to.deep.equal(['configure', 'build']);
    for (const call of calls()) {
      expect(call.isNodeApi, 'headers of node-api-headers, no download').to.equal(true);
      expect(call.cMakeOptions).to.deep.equal({ TORCHTS_LIBTORCH: libtorch.root });
      expect(call.directory).to.equal(root);
      expect(call.parallel).to.be.at.least(1);
    }
    expect(addonState(root, libtorch)).to.deep.equal({ state: 'current', libtorch: libtorch.root });
    system.said.length = 0;
    expect(await ensureAddon(root, libtorch, system.context)).to.equal(false);
    expect(calls()).to.have.lengthOf(2);
    expect(system.said).to.deep.equal([]);
  });

  it('is stale when a source, a header package or the LibTorch folder changes', async () => {
    const stale = () => {
      const state = addonState(root, libtorch);
      return state.state === 'stale' ? state.reason : state.state;
    };
    await ensureAddon(root, libtorch, system.context);
    const changes: [path: string, text: string][] = [
      [join(root, 'native', 'tensor', 'handle.h'), '// 2'],
      [join(root, 'native', 'new.cc'), '// 2'],
      [join(root, 'CMakeLists.txt'), 'project(torchts CXX)'],
      [
        join(root, 'node_modules', 'node-addon-api', 'package.json'),
        '{ "name": "node-addon-api", "version": "2.0.0" }',
      ],
    ];
    for (const [path, text] of changes) {
      write(path, text);
      expect(stale(), path).to.equal('its sources have changed');
      expect(await ensureAddon(root, libtorch, system.context)).to.equal(true);
      expect(stale()).to.equal('current');
    }
    libtorch.root = join(system.folder, 'other');
    expect(stale()).to.match(/^it was built for the LibTorch in .*torch$/);
    rmSync(addonFile(root));
    expect(stale()).to.equal('missing');
  });

  it('stays to be built when the compiler fails, and says what to do', async () => {
    await ensureAddon(root, libtorch, system.context);
    write(join(root, 'native', 'addon.cc'), '// 2');
    write(join(root, 'broken'), 'c++: fatal error: Killed signal terminated program cc1plus');
    const error = await failure(ensureAddon(root, libtorch, system.context));
    expect(error).to.be.instanceOf(SetupError);
    expect(error.message).to.contain('The addon did not configure (cmake-js ended with code 1)');
    expect(error.remedy?.join(' ')).to.contain('ran out of memory').and.contain('torchts doctor');
    expect(addonState(root, libtorch)).to.deep.equal({
      state: 'stale',
      reason: 'its last build was not finished',
    });
    rmSync(join(root, 'broken'));
    expect(await ensureAddon(root, libtorch, system.context)).to.equal(true);
  });

  it('drops the build folder of a clone that was moved', async () => {
    write(join(root, 'build', 'CMakeCache.txt'), 'CMAKE_HOME_DIRECTORY:INTERNAL=/somewhere/else\n');
    write(join(root, 'build', 'old.o'), '');
    await ensureAddon(root, libtorch, system.context);
    expect(existsSync(join(root, 'build', 'old.o'))).to.equal(false);
    expect(addonState(root, libtorch).state).to.equal('current');
  });

  it('is built by one of two at a time', async () => {
    const both = await Promise.all([
      ensureAddon(root, libtorch, system.context),
      ensureAddon(root, libtorch, system.context),
    ]);
    expect(both).to.have.members([true, false]);
    expect(calls()).to.have.lengthOf(2);
  });

  it('names every missing tool at once, and one command that installs them', async () => {
    system.without('g++');
    system.without('cmake');
    system.without('make');
    const error = await failure(ensureAddon(root, libtorch, system.context));
    expect(error.message).to.equal(
      'The addon cannot be compiled: there is no C++ compiler (g++ or clang++); there is no CMake; there is neither make nor ninja.',
    );
    expect(error.remedy?.join('\n')).to.match(/install (g\+\+|gcc-c\+\+) cmake make|brew install cmake/);
    expect(existsSync(join(root, 'build', 'Release'))).to.equal(false);
  });

  it('refuses tools that are too old', async () => {
    system.program('g++', 'echo 9.4.0');
    system.program('cmake', 'echo cmake version 3.16.3');
    const error = await failure(ensureAddon(root, libtorch, system.context));
    expect(error.message).to.contain('g++ 9.4.0 is too old: 11 or newer is needed');
    expect(error.message).to.contain('CMake 3.16.3 is too old: 3.18 or newer is needed');
  });

  it('takes the compiler that CXX names', async () => {
    system.without('g++');
    system.env.CXX = 'my-compiler';
    expect((await failure(ensureAddon(root, libtorch, system.context))).message).to.contain(
      'CXX=my-compiler is not there',
    );
    system.program('my-compiler', 'echo 13.1.0');
    expect(await ensureAddon(root, libtorch, system.context)).to.equal(true);
  });

  it('says where the package folder cannot be written', async () => {
    write(join(root, 'build'), 'a file in the place of the folder');
    const error = await failure(ensureAddon(root, libtorch, system.context));
    expect(error.message).to.contain(`The addon cannot be built in ${join(root, 'build')}`);
  });

  it('says which command installs a dependency that is not there', async () => {
    rmSync(join(root, 'node_modules', 'node-api-headers'), { recursive: true });
    const error = await failure(ensureAddon(root, libtorch, system.context));
    expect(error.message).to.contain('The dependency node-api-headers is not installed');
    expect(error.remedy?.join(' ')).to.contain('npm ci');
  });
});
