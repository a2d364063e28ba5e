import { mkdir, readdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import * as tar from 'tar';
import { FileFormatError, type TorchError, UnsafeFileError } from '../../../lib/errors.js';
import { extractArchive, gunzipFile } from '../../../lib/hub/index.js';
import { someBytes, temporaryFolder } from './support/file-server.js';

/** One entry of a tar archive, written by hand so that it may be hostile. */
function entry(path: string, type: string, content = '', link = ''): Buffer {
  const header = Buffer.alloc(512);
  header.write(path, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write(type, 156);
  header.write(link, 157);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const body = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  body.write(content);
  return Buffer.concat([header, body]);
}

const end = Buffer.alloc(1024);

async function failure(promise: Promise<unknown>): Promise<TorchError> {
  try {
    await promise;
  } catch (error) {
    return error as TorchError;
  }
  throw new Error('an error was expected');
}

describe('extractArchive', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let archive: string;
  let target: string;

  beforeEach(async () => {
    folder = await temporaryFolder();
    archive = join(folder.path, 'a.tar.gz');
    target = join(folder.path, 'out');
  });

  afterEach(() => folder.remove());

  it('unpacks files and folders, and replaces what an earlier run left', async () => {
    await mkdir(join(folder.path, 'set', 'deep'), { recursive: true });
    await writeFile(join(folder.path, 'set', 'one'), '1');
    await writeFile(join(folder.path, 'set', 'deep', 'two'), '2');
    await tar.c({ gzip: true, file: archive, cwd: folder.path }, ['set']);
    await mkdir(join(target, 'set'), { recursive: true });
    await writeFile(join(target, 'set', 'stale'), 'x');
    await writeFile(join(target, 'other'), 'stays');
    await extractArchive(archive, target);
    expect((await readdir(target)).sort()).to.deep.equal(['other', 'set']);
    expect((await readdir(join(target, 'set'))).sort()).to.deep.equal(['deep', 'one']);
    expect(await readFile(join(target, 'set', 'deep', 'two'), 'utf8')).to.equal('2');
  });

  const hostile: [string, Buffer, RegExp][] = [
    ['a path with ..', entry('../evil', '0', 'x'), /"\.\.\/evil" would leave the folder/],
    ['a hidden ..', entry('a/../../evil', '0', 'x'), /would leave the folder/],
    ['an absolute path', entry('/tmp/torchts-evil', '0', 'x'), /would leave the folder/],
    ['a symbolic link', entry('link', '2', '', '/etc'), /is a SymbolicLink/],
    ['a hard link', entry('link', '1', '', '/etc/passwd'), /is a Link/],
    ['a device', entry('dev', '3'), /is a CharacterDevice/],
  ];
  for (const [name, bytes, message] of hostile) {
    it(`refuses ${name} and leaves nothing`, async () => {
      await writeFile(archive, gzipSync(Buffer.concat([entry('good', '0', 'x'), bytes, end])));
      const error = await failure(extractArchive(archive, target));
      expect(error).to.be.instanceOf(UnsafeFileError);
      expect(error.message).to.match(message).and.to.include(archive);
      expect(await readdir(target)).to.deep.equal([]);
      expect((await readdir(folder.path)).sort()).to.deep.equal(['a.tar.gz', 'out']);
    });
  }

  it('does not write through a link that is already in the folder', async () => {
    await mkdir(target);
    await mkdir(join(folder.path, 'outside'));
    await symlink(join(folder.path, 'outside'), join(target, 'set'));
    await writeFile(archive, gzipSync(Buffer.concat([entry('set/file', '0', 'x'), end])));
    await extractArchive(archive, target);
    expect(await readdir(join(folder.path, 'outside'))).to.deep.equal([]);
    expect(await readFile(join(target, 'set', 'file'), 'utf8')).to.equal('x');
  });

  it('refuses more bytes than are allowed', async () => {
    await writeFile(archive, gzipSync(Buffer.concat([entry('a', '0', 'x'.repeat(600)), end])));
    const error = await failure(extractArchive(archive, target, { maxBytes: 500 }));
    expect(error).to.be.instanceOf(UnsafeFileError);
    expect(error.message).to.include('more than 500 bytes');
  });

  it('reports a truncated archive, and what is none', async () => {
    await mkdir(target);
    const content = someBytes(50_000)
      .toString('latin1')
      .replace(/[^ -~]/g, 'x');
    await writeFile(archive, gzipSync(Buffer.concat([entry('a', '0', content), end])));
    await truncate(archive, 5000);
    for (const broken of [undefined, 'this is text, long enough to be read as something'.repeat(40), '']) {
      if (broken !== undefined) await writeFile(archive, broken);
      const error = await failure(extractArchive(archive, target));
      expect(error, String(broken)).to.be.instanceOf(FileFormatError);
      expect(error.message).to.include(archive);
      expect(await readdir(target)).to.deep.equal([]);
    }
  });
});

describe('gunzipFile', () => {
  it('unpacks all or nothing', async () => {
    const folder = await temporaryFolder();
    try {
      const source = join(folder.path, 'a.gz');
      const target = join(folder.path, 'a');
      const packed = gzipSync(someBytes(5000));
      await writeFile(source, packed.subarray(0, 2000));
      expect(await failure(gunzipFile(source, target))).to.be.instanceOf(FileFormatError);
      expect(await readdir(folder.path)).to.deep.equal(['a.gz']);
      await writeFile(source, packed);
      await gunzipFile(source, target);
      expect((await readFile(target)).equals(someBytes(5000))).to.equal(true);
    } finally {
      await folder.remove();
    }
  });
});
