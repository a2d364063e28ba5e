import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect } from 'chai';
import * as torch from 'torchts';
import type { Tensor } from 'torchts';
import { native } from '../../../../lib/native.js';
import { openSource } from '../../../../lib/serialization/source.js';
import { ZipArchive } from '../../../../lib/serialization/zip/reader.js';
import { ZipLayout } from '../../../../lib/serialization/zip/writer.js';
import { archive, tensorPickle } from '../crafted.js';
import { inFolder } from '../files.js';

describe('zip archives', () => {
  it('what is written is read, each record at a multiple of 64 bytes', async () => {
    const records = { a: 'one', 'data/0': Buffer.alloc(100, 7), empty: '', ü: 'name' };
    const zip = await ZipArchive.open(await openSource(archive(records), 'test'));
    expect([...zip.records.keys()]).to.deep.equal(['x/a', 'x/data/0', 'x/empty', 'x/ü']);
    for (const [name, content] of Object.entries(records)) {
      const record = zip.records.get(`x/${name}`)!;
      expect(Buffer.from(await zip.read(record)).equals(Buffer.from(content)), name).to.equal(true);
    }
  });

  it('the planned length is the length', () => {
    const layout = new ZipLayout();
    let end = 0;
    for (const [name, size] of [
      ['x/a', 0],
      ['x/b', 100],
      ['x/c', 2 ** 32],
      ['x/d', 5],
    ] as const) {
      const record = layout.place(name, size);
      expect(record.dataOffset % 64).to.equal(0);
      expect(record.headerOffset).to.equal(end);
      expect(record.headerOffset + record.header.length).to.equal(record.dataOffset);
      end = record.dataOffset + size + layout.trailer(record, 0).length;
    }
    expect(layout.length).to.equal(end + layout.directory().length);
  });

  it('records beyond 4 GiB, of which only what is asked for is read', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'large.pth');
      const file = await open(path, 'w');
      const layout = new ZipLayout();
      const add = async (name: string, content: Uint8Array | number): Promise<void> => {
        const size = typeof content === 'number' ? content : content.length;
        const record = layout.place(`x/${name}`, size);
        await file.write(record.header, 0, record.header.length, record.headerOffset);
        // A number is a hole of so many bytes: it takes no space.
        if (typeof content !== 'number') await file.write(content, 0, size, record.dataOffset);
        const trailer = layout.trailer(record, typeof content === 'number' ? 0 : crc32(content));
        await file.write(trailer, 0, trailer.length, record.dataOffset + size);
      };
      try {
        await add('data.pkl', tensorPickle());
        await add('data/hole', 2 ** 32 + 100);
        await add('data/0', Buffer.from(Float32Array.of(1.5, -2).buffer));
        await add('version', Buffer.from('3\n'));
        const start = layout.length - layout.directory().length;
        await file.write(layout.directory(), 0, undefined, start);
      } finally {
        await file.close();
      }
      expect(((await torch.load(path)) as Tensor).tolist()).to.deep.equal([1.5, -2]);
    });
  });

  it('checksums are those of zlib, at every length and place', () => {
    const bytes = Uint8Array.from({ length: 1100 }, (_, i) => (i * 167 + (i >> 3)) & 0xff);
    for (let length = 0; length <= 1000; length += length < 200 ? 1 : 37) {
      const part = bytes.slice(length % 50, (length % 50) + length);
      const handle = native.fromBytes(part, 'uint8', [length], 'uint8', null);
      expect(native.crcOfStorage(handle), `${length} bytes`).to.equal(crc32(part));
    }
  });
});
