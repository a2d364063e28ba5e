import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setFolder } from '../../../scripts/libtorch/cache.js';
import { ensureLibTorch } from '../../../scripts/libtorch/install.js';
import { archiveUrl } from '../../../scripts/libtorch/zip.js';
import type { VariantChoice } from '../../../scripts/libtorch/variant.js';
import { which } from '../../../scripts/support/process.js';
import { FakeSystem, failure, fakeLibTorch, write } from './fake-system.js';

const cpu: VariantChoice = { variant: 'cpu', reason: 'no driver' };

describe('scripts/libtorch: prebuilt archive', () => {
  let system: FakeSystem;
  let server: Server | undefined;
  let requests: string[];

  beforeEach(() => {
    system = new FakeSystem();
    system.without('python3');
    system.link('cmake', which('cmake') ?? '');
    requests = [];
  });
  afterEach(() => {
    server?.close();
    server?.closeAllConnections();
    server = undefined;
    system.remove();
  });

  /** Lets a server stand in for the official host. */
  async function serve(listener: RequestListener): Promise<void> {
    server = createServer((request, response) => {
      requests.push(request.url ?? '');
      listener(request, response);
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    system.env.TORCHTS_MIRROR = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** An archive of a LibTorch, as the official one: a folder `libtorch` in it. */
  function archive(version = '2.14.1+cpu'): Buffer {
    const folder = join(system.folder, 'archive');
    fakeLibTorch(join(folder, 'libtorch'), version);
    execFileSync('cmake', ['-E', 'tar', 'cf', 'libtorch.zip', '--format=zip', 'libtorch'], { cwd: folder });
    return readFileSync(join(folder, 'libtorch.zip'));
  }

  const sets = () => readdirSync(system.cache).filter((name) => !name.endsWith('.lock'));

  it('is named after version and variant', () => {
    expect(archiveUrl('cpu')).to.match(/\/libtorch\/cpu\/libtorch-shared-with-deps-2\.14\.1%2Bcpu\.zip$/);
    expect(archiveUrl('cuda')).to.match(
      /\/libtorch\/cu130\/libtorch-shared-with-deps-2\.14\.1%2Bcu130\.zip$/,
    );
  });

  it('is fetched and unpacked where pip cannot help', async () => {
    const bytes = archive();
    await serve((_, response) => response.end(bytes));
    const found = await ensureLibTorch(system.context, cpu);
    expect(found).to.deep.equal({
      root: join(setFolder(system.env, 'cpu'), 'libtorch'),
      version: '2.14.1+cpu',
      variant: 'cpu',
      origin: 'cache',
    });
    expect(requests).to.deep.equal(['/libtorch/cpu/libtorch-shared-with-deps-2.14.1%2Bcpu.zip']);
    expect(readdirSync(setFolder(system.env, 'cpu'))).to.have.members(['libtorch', 'torchts-install.json']);
    expect(await ensureLibTorch(system.context, cpu)).to.deep.equal(found);
    expect(requests).to.have.lengthOf(1);
  });

  it('is refused, and not kept, when it is broken, of another version or not there', async () => {
    const whole = archive('2.14.0+cpu');
    const cases: [listener: RequestListener, message: RegExp][] = [
      [
        (_, response) => response.end(whole.subarray(0, whole.length / 2)),
        /the downloaded archive is broken/,
      ],
      [(_, response) => response.end('<html>'), /the downloaded archive is broken/],
      [(_, response) => response.end(whole), /its version is 2\.14\.0\+cpu, 2\.14\.1 is needed/],
      [(_, response) => response.writeHead(404).end(), /2\.14\.1%2Bcpu\.zip: .*404/],
    ];
    for (const [listener, message] of cases) {
      await serve(listener);
      const error = await failure(ensureLibTorch(system.context, cpu));
      expect(error.message).to.contain('there is no python3 on the PATH').and.match(message);
      expect(error.message.split('\n')).to.have.lengthOf(1);
      expect(sets()).to.deep.equal([]);
      server?.close();
    }
  });

  it('is refused when an entry would leave its folder', async () => {
    const folder = join(system.folder, 'archive', 'inner');
    write(join(system.folder, 'archive', 'outside.txt'), 'x');
    write(join(folder, 'a'), '');
    execFileSync('cmake', ['-E', 'tar', 'cf', 'evil.zip', '--format=zip', '../outside.txt'], { cwd: folder });
    const bytes = readFileSync(join(folder, 'evil.zip'));
    await serve((_, response) => response.end(bytes));
    const error = await failure(ensureLibTorch(system.context, cpu));
    expect(error.message).to.contain('an entry outside its folder: ../outside.txt');
    expect(sets()).to.deep.equal([]);
  });

  it('is not fetched without CMake, which unpacks it', async () => {
    system.without('cmake');
    await serve((_, response) => response.end());
    const error = await failure(ensureLibTorch(system.context, cpu));
    expect(error.message).to.contain('CMake, which unpacks the archive, is not installed');
    expect(requests).to.deep.equal([]);
  });
});
