import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ChecksumError, DownloadError, ValueError } from '../../../lib/errors.js';
import {
  checkpointsDir,
  fileNameOf,
  hashPrefixOf,
  hubDir,
  loadWeightsFile,
  torchHome,
} from '../../../lib/hub/index.js';
import { formatBytes, formatProgress, terminalReporter } from '../../../lib/hub/progress.js';
import {
  FileServer,
  serve,
  sha256,
  someBytes,
  temporaryFolder,
  withoutProxies,
} from './support/file-server.js';

describe('the cache that Python shares', () => {
  const names = ['TORCH_HOME', 'XDG_CACHE_HOME'] as const;
  const before = names.map((name) => process.env[name]);

  afterEach(() => {
    names.forEach((name, i) => {
      if (before[i] === undefined) delete process.env[name];
      else process.env[name] = before[i];
    });
  });

  it('is $TORCH_HOME, else $XDG_CACHE_HOME/torch, else ~/.cache/torch', () => {
    process.env.TORCH_HOME = '~/models';
    process.env.XDG_CACHE_HOME = '/xdg';
    expect(torchHome()).to.equal(join(homedir(), 'models'));
    delete process.env.TORCH_HOME;
    expect(hubDir()).to.equal('/xdg/torch/hub');
    delete process.env.XDG_CACHE_HOME;
    expect(checkpointsDir()).to.equal(join(homedir(), '.cache/torch/hub/checkpoints'));
  });

  it('takes names and hashes from addresses', () => {
    expect(fileNameOf('https://host/models/resnet18-f37072fd.pth?x=1')).to.equal('resnet18-f37072fd.pth');
    expect(hashPrefixOf('resnet18-f37072fd.pth')).to.equal('f37072fd');
    expect(hashPrefixOf('weights.pth')).to.equal(undefined);
    expect(() => fileNameOf('https://host/')).to.throw(ValueError, /names no file/);
    expect(() => fileNameOf('https://host/%2e%2e')).to.throw(ValueError);
    expect(() => fileNameOf('no')).to.throw(ValueError, /not a URL/);
  });

  describe('loadWeightsFile', () => {
    const body = someBytes(10_000);
    const name = `net-${sha256(body).slice(0, 8)}.pth`;
    let folder: Awaited<ReturnType<typeof temporaryFolder>>;
    let server: FileServer;
    let restore: () => void;

    beforeEach(async () => {
      restore = withoutProxies();
      folder = await temporaryFolder();
      process.env.TORCH_HOME = folder.path;
      server = await FileServer.start((request, response) => {
        if (request.url === '/gone.pth') response.writeHead(404).end();
        else serve(body, request, response);
      });
    });

    afterEach(async () => {
      await server.stop();
      await folder.remove();
      restore();
    });

    it('downloads into hub/checkpoints once', async () => {
      const path = join(folder.path, 'hub', 'checkpoints', name);
      for (let i = 0; i < 2; i++) {
        expect(await loadWeightsFile(server.url(`/models/${name}`), { progress: false })).to.equal(path);
      }
      expect((await readFile(path)).equals(body)).to.equal(true);
      expect(server.requests).to.have.length(1);
    });

    it('uses a file placed there by hand', async () => {
      await mkdir(checkpointsDir(), { recursive: true });
      await writeFile(join(checkpointsDir(), name), body);
      await loadWeightsFile('http://origin.invalid/gone.pth', { fileName: name, progress: false });
      expect(server.requests).to.have.length(0);
    });

    it('verifies the hash in the name', async () => {
      const url = server.url('/models/net-00000000.pth');
      const error = await loadWeightsFile(url, { progress: false }).catch((e: unknown) => e);
      expect(error).to.be.instanceOf(ChecksumError);
      await loadWeightsFile(url, { progress: false, checkHash: false });
    });

    it('tells about TORCH_HOME where it fails', async () => {
      const error = await loadWeightsFile(server.url('/gone.pth'), { progress: false }).catch(
        (e: unknown) => e,
      );
      expect(error).to.be.instanceOf(DownloadError);
      expect((error as Error).message)
        .to.include('TORCH_HOME')
        .and.include(join(checkpointsDir(), 'gone.pth'));
    });
  });
});

describe('the progress of a download', () => {
  const half = { url: 'u', file: 'f', received: 512, total: 1024, bytesPerSecond: 256, done: false };

  function record(isTTY: boolean): { text: () => string; reporter: ReturnType<typeof terminalReporter> } {
    let written = '';
    const stream = {
      isTTY,
      columns: 100,
      write: (text: string) => {
        written += text;
      },
    };
    return { text: () => written, reporter: terminalReporter('net.pth', stream) };
  }

  it('is a bar with share, sizes, speed and time left', () => {
    expect(formatProgress('net.pth', half, true)).to.equal(
      `net.pth  50% |${'█'.repeat(12)}${' '.repeat(12)}| 512B/1.0K [256B/s, 00:02 left]`,
    );
    expect(formatProgress('net.pth', { ...half, total: undefined }, true)).to.equal('net.pth  512B  256B/s');
    expect(formatBytes(46_830_571)).to.equal('44.7M');
  });

  it('is redrawn on a terminal, and ends its line', () => {
    const { text, reporter } = record(true);
    reporter.update(half);
    reporter.update({ ...half, received: 1024, done: true });
    reporter.close();
    const erase = '\r\u001b[K';
    expect(text().split(erase)).to.have.length(3);
    expect(text().split(erase)[1]).to.match(/^net\.pth {2}50%/);
    expect(text().split(erase)[2]).to.match(/^net\.pth 100%[^\n]*\n$/);
  });

  it('is a few plain lines elsewhere', () => {
    const { text, reporter } = record(false);
    for (let i = 0; i < 100; i++) reporter.update(half);
    reporter.update({ ...half, received: 1024, done: true });
    reporter.close();
    expect(text().trimEnd().split('\n')).to.have.length(2);
    expect(text()).to.not.include('\r');
  });
});
