import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { ChecksumError, DownloadError, ValueError } from '../../../lib/errors.js';
import { type DownloadOptions, type DownloadProgress, download } from '../../../lib/hub/index.js';
import {
  breakOff,
  FileServer,
  type Handler,
  md5,
  serve,
  sha256,
  someBytes,
  temporaryFolder,
  withoutProxies,
} from './support/file-server.js';

const body = someBytes(200_000);
const quick: DownloadOptions = { progress: false, backoff: 5, idleTimeout: 2000 };

async function failure(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('an error was expected');
}

describe('download', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: FileServer;
  let restore: () => void;
  let target: string;

  async function start(handler: Handler): Promise<void> {
    server = await FileServer.start(handler);
  }

  /** The file is whole, and nothing lies beside it. */
  async function expectWhole(): Promise<void> {
    expect((await readFile(target)).equals(body)).to.equal(true);
    expect(await readdir(folder.path)).to.deep.equal(['file.bin']);
  }

  beforeEach(async () => {
    restore = withoutProxies();
    folder = await temporaryFolder();
    target = join(folder.path, 'file.bin');
  });

  afterEach(async () => {
    await server?.stop();
    await folder.remove();
    restore();
  });

  it('brings a file, checks it, and reports progress', async () => {
    await start((request, response) => serve(body, request, response));
    const seen: DownloadProgress[] = [];
    const path = await download(server.url(), target, {
      ...quick,
      sha256: sha256(body),
      progress: (p) => seen.push(p),
    });
    expect(path).to.equal(target);
    await expectWhole();
    expect(seen[0]).to.include({ received: 0, total: body.length, done: false, file: target });
    expect(seen.at(-1)).to.include({ received: body.length, total: body.length, done: true });
    expect(seen.filter((p) => p.done)).to.have.length(1);
  });

  it('does not ask for a file that is there, and replaces one with another hash', async () => {
    await start((request, response) => serve(body, request, response));
    await writeFile(target, body);
    await download(server.url(), target, { ...quick, md5: md5(body) });
    expect(server.requests).to.have.length(0);
    await writeFile(target, 'something else');
    await download(server.url(), target, quick);
    expect(await readFile(target, 'utf8')).to.equal('something else');
    await download(server.url(), target, { ...quick, sha256: sha256(body).slice(0, 8) });
    await expectWhole();
  });

  it('resumes a transfer that broke off', async () => {
    await start((request, response, count) =>
      count === 1 ? breakOff(body, 70_000, response) : serve(body, request, response),
    );
    await download(server.url(), target, quick);
    await expectWhole();
    expect(server.requests[1]).to.include({ range: 'bytes=70000-', ifRange: '"v1"' });
  });

  it('resumes what an earlier run left', async () => {
    await start((request, response, count) =>
      count === 1 ? breakOff(body, 70_000, response) : serve(body, request, response),
    );
    const error = await failure(download(server.url(), target, { ...quick, retries: 0 }));
    expect(error).to.be.instanceOf(DownloadError);
    expect(await readdir(folder.path)).to.deep.equal(['file.bin.part', 'file.bin.part.json']);
    await download(server.url(), target, quick);
    await expectWhole();
    expect(server.requests[1]?.range).to.equal('bytes=70000-');
  });

  it('starts anew where the file changed meanwhile', async () => {
    await start((request, response, count) =>
      count === 1
        ? breakOff(someBytes(150_000), 70_000, response, '"old"')
        : serve(body, request, response, '"new"'),
    );
    await download(server.url(), target, quick);
    await expectWhole();
  });

  it('starts anew where the server ignores ranges', async () => {
    await start((_, response, count) => {
      if (count === 1) breakOff(body, 70_000, response);
      else response.writeHead(200, { 'content-length': body.length }).end(body);
    });
    await download(server.url(), target, quick);
    await expectWhole();
    expect(server.requests[1]?.range).to.equal('bytes=70000-');
  });

  it('does not glue pieces where nothing tells that they fit', async () => {
    await start((request, response, count) => {
      if (count > 1) return serve(body, request, response);
      response.writeHead(200, { 'content-length': body.length });
      response.write(someBytes(70_000).fill(0), () => setTimeout(() => response.destroy(), 20));
    });
    await download(server.url(), target, quick);
    await expectWhole();
    expect(server.requests[1]?.range).to.equal(undefined);
  });

  it('takes one clean attempt where the resumed file has the wrong hash', async () => {
    await start((request, response) => serve(body, request, response));
    await writeFile(`${target}.part`, Buffer.alloc(1000));
    await writeFile(`${target}.part.json`, JSON.stringify({ url: server.url(), total: body.length }));
    await download(server.url(), target, { ...quick, sha256: sha256(body) });
    await expectWhole();
    expect(server.requests.map((r) => r.range)).to.deep.equal(['bytes=1000-', undefined]);
  });

  it('finishes a partial file that was complete already', async () => {
    await start((request, response) => serve(body, request, response));
    await writeFile(`${target}.part`, body);
    await writeFile(
      `${target}.part.json`,
      JSON.stringify({ url: server.url(), validator: '"v1"', total: body.length }),
    );
    await download(server.url(), target, quick);
    await expectWhole();
  });

  it('never keeps a file with the wrong hash', async () => {
    await start((request, response) => serve(body, request, response));
    const error = await failure(download(server.url(), target, { ...quick, sha256: 'deadbeef' }));
    expect(error).to.be.instanceOf(ChecksumError);
    expect(error.message)
      .to.include('SHA-256 deadbeef… was expected')
      .and.include(sha256(body))
      .and.include(server.url());
    expect(await readdir(folder.path)).to.deep.equal([]);
    expect(server.requests).to.have.length(1);
  });

  it('explains a 404: address, status, path and remedies; asks only once', async () => {
    await start((_, response) => response.writeHead(404).end('no'));
    const error = await failure(download(server.url(), target, quick));
    expect(error).to.be.instanceOf(DownloadError);
    expect(error).to.have.property('code', 'ERR_DOWNLOAD');
    for (const part of [
      server.url(),
      'HTTP 404 Not Found',
      target,
      'TORCHTS_MIRROR',
      'by hand',
      'HTTPS_PROXY',
    ]) {
      expect(error.message).to.include(part);
    }
    expect(server.requests).to.have.length(1);
    expect(await readdir(folder.path)).to.deep.equal([]);
  });

  it('tries again after a 503, then takes the next mirror', async () => {
    await start((request, response, count) => {
      if (request.url === '/a') response.writeHead(503).end();
      else if (count < 5) response.writeHead(500).end();
      else serve(body, request, response);
    });
    await download([server.url('/a'), server.url('/b')], target, { ...quick, retries: 2 });
    await expectWhole();
    expect(server.requests.map((r) => r.url)).to.deep.equal(['/a', '/a', '/a', '/b', '/b']);
  });

  it('names every mirror that failed', async () => {
    await start((request, response) => response.writeHead(request.url === '/a' ? 403 : 500).end());
    const urls = [server.url('/a'), server.url('/b')];
    const error = await failure(download(urls, target, { ...quick, retries: 1 }));
    expect(error.message).to.include(`${urls[0]}: HTTP 403`);
    expect(error.message).to.include(`${urls[1]}: HTTP 500 Internal Server Error (2 attempts)`);
  });

  it('gives up on a server that stalls', async () => {
    await start((_, response) => {
      response.writeHead(200, { 'content-length': body.length });
      response.write(body.subarray(0, 10));
    });
    const error = await failure(download(server.url(), target, { ...quick, idleTimeout: 300, retries: 0 }));
    expect(error).to.be.instanceOf(DownloadError);
    expect(error.message).to.match(/no data for 0\.3 s/);
  });

  it('gives up on a server that never answers', async () => {
    await start(() => {});
    const error = await failure(download(server.url(), target, { ...quick, idleTimeout: 300, retries: 0 }));
    expect(error.message).to.match(/no answer within 0\.3 s/);
  });

  it('explains a host that refuses the connection', async () => {
    await start(() => {});
    const url = server.url();
    await server.stop();
    const error = await failure(download(url, target, { ...quick, retries: 1 }));
    expect(error).to.be.instanceOf(DownloadError);
    expect(error.message).to.include(url).and.include('connection was refused').and.include('2 attempts');
    expect(error.message).to.include(target);
  });

  it('follows redirects, and not for ever', async () => {
    await start((request, response) => {
      if (request.url === '/loop') response.writeHead(302, { location: '/loop' }).end();
      else if (request.url === '/moved') response.writeHead(302, { location: '/file.bin' }).end();
      else serve(body, request, response);
    });
    const error = await failure(download(server.url('/loop'), target, quick));
    expect(error.message).to.include('more than 10 redirects');
    await download(server.url('/moved'), target, quick);
    await expectWhole();
  });

  it('goes to the mirror of the option, or of the environment', async () => {
    await start((request, response) => serve(body, request, response));
    await download('https://origin.invalid/models/file.bin', target, {
      ...quick,
      mirror: server.url('/prefix/'),
    });
    await expectWhole();
    process.env.TORCHTS_MIRROR = server.url('/env');
    await download('https://origin.invalid/models/x.bin', join(folder.path, 'x.bin'), quick);
    expect(server.requests.map((r) => r.url)).to.deep.equal(['/prefix/models/file.bin', '/env/models/x.bin']);
  });

  it('goes through a proxy, except for the hosts of NO_PROXY', async () => {
    await start((request, response) => serve(body, request, response));
    process.env.HTTP_PROXY = server.url('/');
    await download('http://origin.invalid/file.bin', target, quick);
    await expectWhole();
    expect(server.requests[0]?.url).to.equal('http://origin.invalid/file.bin');
    process.env.NO_PROXY = '127.0.0.1';
    await download(server.url('/direct'), join(folder.path, 'direct'), quick);
    expect(server.requests[1]?.url).to.equal('/direct');
  });

  it('stops by its signal and resumes later', async () => {
    await start((request, response, count) => {
      if (count > 1) return serve(body, request, response);
      response.writeHead(200, { etag: '"v1"', 'content-length': body.length });
      response.write(body.subarray(0, 70_000));
    });
    const controller = new AbortController();
    const progress = (p: DownloadProgress) => {
      if (p.received >= 70_000) controller.abort();
    };
    const error = await failure(
      download(server.url(), target, { ...quick, progress, signal: controller.signal }),
    );
    expect(error.name).to.equal('AbortError');
    await download(server.url(), target, quick);
    await expectWhole();
    expect(server.requests[1]?.range).to.match(/^bytes=\d+-$/);
  });

  it('refuses a file that the disk cannot take, before it writes', async () => {
    await start((_, response) => {
      response.writeHead(200, { 'content-length': 2 ** 52 });
      response.write('x');
    });
    const error = await failure(download(server.url(), target, quick));
    expect(error).to.be.instanceOf(DownloadError);
    expect(error.message).to.match(/the disk is too full: .*T are needed/);
    expect(await readdir(folder.path)).to.deep.equal([]);
  });

  it('downloads once where two processes ask, and both have the file', async () => {
    // The answer is held back until the second process has said that it waits.
    let answer = (): void => {};
    const waiting = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await start((request, response) => {
      waiting.then(() => serve(body, request, response));
    });
    const child = fileURLToPath(new URL('./support/download-child.js', import.meta.url));
    const runs = [1, 2].map(async () => {
      const run = spawn(process.execPath, [child, server.url(), target, sha256(body)], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let output = '';
      run.stderr.on('data', (chunk) => {
        output += chunk;
        if (output.includes('Waiting for process')) answer();
      });
      const [code] = await once(run, 'close');
      return { code, output };
    });
    const results = await Promise.all(runs);
    expect(
      results.map((r) => r.code),
      JSON.stringify(results),
    ).to.deep.equal([0, 0]);
    await expectWhole();
    expect(server.requests).to.have.length(1);
    expect(results.filter((r) => r.output.includes('Waiting for process'))).to.have.length(1);
    expect(results.filter((r) => r.output.includes('100%'))).to.have.length(1);
  });

  it('takes over the lock of a process that died', async () => {
    await start((request, response, count) => {
      if (count === 1) breakOffNever(response);
      else serve(body, request, response);
    });
    const child = fileURLToPath(new URL('./support/download-child.js', import.meta.url));
    const run = spawn(process.execPath, [child, server.url(), target, sha256(body)], { stdio: 'ignore' });
    while ((await stat(`${target}.part`).catch(() => undefined)) === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    run.kill('SIGKILL');
    await once(run, 'close');
    expect(await readdir(folder.path)).to.include('file.bin.lock');
    await download(server.url(), target, { ...quick, sha256: sha256(body) });
    await expectWhole();
  });

  it('says what is wrong with its arguments', async () => {
    expect(await failure(download('no url', target))).to.be.instanceOf(ValueError);
    expect(await failure(download([], target))).to.be.instanceOf(ValueError);
    expect(await failure(download('http://x/', target, { sha256: 'xyz' }))).to.be.instanceOf(ValueError);
    expect((await failure(download('ftp://x/y', target, quick))).message).to.include(
      'ftp: addresses are not supported',
    );
    await mkdir(target);
    expect((await failure(download('http://x/y', target, quick))).message).to.include('is not a file');
  });

  function breakOffNever(response: Parameters<Handler>[1]): void {
    response.writeHead(200, { etag: '"v1"', 'content-length': body.length });
    response.write(body.subarray(0, 1000));
  }
});
