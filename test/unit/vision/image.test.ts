import { expect } from 'chai';
import sharp from 'sharp';
import { FileFormatError, ShapeError, ValueError } from '../../../lib/errors.js';
import { Image } from '../../../lib/vision/image.js';

const raw = { width: 2, height: 1 };

async function failure(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('an error was expected');
}

describe('Image', () => {
  it('checks its sizes', () => {
    const size = { width: 2, height: 2, channels: 3 };
    expect(new Image(new Uint8Array(12), size).size).to.deep.equal([2, 2]);
    expect(() => new Image(new Uint8Array(11), size)).to.throw(ShapeError, /needs 12 bytes, 11 were given/);
    expect(() => new Image(new Uint8Array(8), { ...size, channels: 2 })).to.throw(ValueError, /channels/);
    expect(() => new Image(new Uint8Array(3), { ...size, width: 0.5 })).to.throw(ValueError, /whole numbers/);
  });

  it('converts between modes with the formula of PIL', () => {
    const rgb = new Image(Uint8Array.of(255, 0, 0, 10, 200, 30), { ...raw, channels: 3 });
    expect([...rgb.convert('L').data]).to.deep.equal([76, 124]);
    expect([...rgb.convert('RGBA').data]).to.deep.equal([255, 0, 0, 255, 10, 200, 30, 255]);
    expect([...rgb.convert('L').convert('RGB').data]).to.deep.equal([76, 76, 76, 124, 124, 124]);
    expect(rgb.convert('RGB')).to.equal(rgb);
    expect(String(rgb)).to.equal('Image(mode=RGB, size=2x1)');
  });

  it('repeats gray and drops alpha', async () => {
    const gray = await sharp(Uint8Array.of(7, 200), { raw: { ...raw, channels: 1 } })
      .png()
      .toBuffer();
    expect([...(await Image.fromBytes(gray)).data]).to.deep.equal([7, 7, 7, 200, 200, 200]);
    const rgba = await sharp(Uint8Array.of(1, 2, 3, 0, 4, 5, 6, 128), { raw: { ...raw, channels: 4 } })
      .png()
      .toBuffer();
    expect([...(await Image.fromBytes(rgba)).data]).to.deep.equal([1, 2, 3, 4, 5, 6]);
  });

  it('does not turn an image by its EXIF orientation', async () => {
    const turned = await sharp(Uint8Array.of(7, 200), { raw: { ...raw, channels: 1 } })
      .withMetadata({ orientation: 6 })
      .png()
      .toBuffer();
    expect((await Image.fromBytes(turned)).size).to.deep.equal([2, 1]);
  });

  it('clips 16-bit gray, and keeps the high bytes of 16-bit colour', async () => {
    const gray = Buffer.from('P5 2 1 65535\n\x00\x64\x12\x34', 'latin1');
    expect([...(await Image.fromBytes(gray)).data]).to.deep.equal([100, 100, 100, 255, 255, 255]);
    const values = Uint16Array.of(0x0180, 0x7fff, 0xff00, 0, 1, 0xffff);
    const colour = await sharp(values, { raw: { ...raw, channels: 3 } })
      .toColourspace('rgb16')
      .png()
      .toBuffer();
    expect([...(await Image.fromBytes(colour)).data]).to.deep.equal([1, 0x7f, 0xff, 0, 0, 0xff]);
  });

  it('reads PNM as text and binary, and BMP', async () => {
    const read = async (text: string) => [...(await Image.fromBytes(Buffer.from(text, 'latin1'))).data];
    expect(await read('P3\n# note\n1 1 15\n15 0 3\n')).to.deep.equal([255, 0, 51]);
    expect(await read('P6 1 1 255\n\x01\x02\x03')).to.deep.equal([1, 2, 3]);
    expect(await read('P1 2 1\n10')).to.deep.equal([0, 0, 0, 255, 255, 255]);
    const bmp = Buffer.alloc(62);
    bmp.write('BM');
    bmp.writeUInt32LE(54, 10);
    bmp.writeUInt32LE(40, 14);
    bmp.writeInt32LE(1, 18);
    bmp.writeInt32LE(2, 22);
    bmp.writeUInt16LE(1, 26);
    bmp.writeUInt16LE(24, 28);
    bmp.set([3, 2, 1, 0, 6, 5, 4, 0], 54);
    expect([...(await Image.fromBytes(bmp)).data]).to.deep.equal([4, 5, 6, 1, 2, 3]);
    for (const broken of [
      bmp.subarray(0, 60),
      bmp.subarray(0, 20),
      Buffer.from('P6 9 9 255\n'),
      Buffer.from('P5 x'),
    ]) {
      expect(await failure(Image.fromBytes(broken, 'x.bmp'))).to.be.instanceOf(FileFormatError);
    }
  });

  it('refuses a TIFF whose YCbCr would pass for RGB', async () => {
    const tiff = Buffer.alloc(34);
    tiff.write('II*\0', 'latin1');
    tiff.writeUInt32LE(8, 4);
    tiff.writeUInt16LE(2, 8);
    tiff.set([3, 1, 3, 0, 1, 0, 0, 0, 1, 0, 0, 0], 10);
    tiff.set([6, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0], 22);
    const error = await failure(Image.fromBytes(tiff, 'x.tif'));
    expect(error).to.be.instanceOf(FileFormatError);
    expect(error.message).to.include('x.tif').and.include('YCbCr');
  });

  it('names a file that is not there', async () => {
    const error = await failure(Image.fromFile('/nonexistent/x.png'));
    expect(error).to.have.property('code', 'ERR_FILE');
    expect(error.message).to.include('/nonexistent/x.png');
  });
});
