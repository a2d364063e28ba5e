/** Images of the fixtures, in the library's form. */
import { expect } from 'chai';
import { datasets } from 'torchts';

/** Bytes in rows of pixels, base64; one channel is gray, three are RGB. */
export interface FixtureImage {
  width: number;
  height: number;
  channels: 1 | 3;
  data: string;
}

/** The library's image for a fixture's. */
export function imageOf({ data, width, height, channels }: FixtureImage): datasets.Image {
  return new datasets.Image(new Uint8Array(Buffer.from(data, 'base64')), { width, height, channels });
}

/** Holds an image to a fixture's, byte by byte. */
export function expectImage(actual: unknown, expected: FixtureImage, where: string): void {
  expect(actual, where).to.be.instanceOf(datasets.Image);
  const { width, height, channels, data } = actual as datasets.Image;
  expect({ width, height, channels }, `${where}: size`).to.deep.equal({
    width: expected.width,
    height: expected.height,
    channels: expected.channels,
  });
  const bytes = Buffer.from(expected.data, 'base64');
  expect(data.length, `${where}: how many bytes`).to.equal(bytes.length);
  const differences = [...bytes].map((byte, i) => Math.abs(byte - data[i]!));
  const wrong = differences.filter((difference) => difference > 0).length;
  if (wrong > 0) {
    const first = differences.findIndex((difference) => difference > 0);
    const most = Math.max(...differences);
    expect.fail(
      `${where}: ${wrong} of ${bytes.length} bytes differ, by up to ${most}; byte ${first} is ${data[first]}, expected ${bytes[first]}`,
    );
  }
}
