const photometric = 262;
const compression = 259;
const yCbCr = 6;
/** Compressions by JPEG, whose decoder turns YCbCr into RGB itself. */
const byJpeg = [6, 7];

/**
 * Throws for TIFF files that hold YCbCr without JPEG compression: the image library would hand out
 * their values as if they were RGB. Other bytes pass.
 */
export function checkTiff(bytes: Uint8Array): void {
  const little = bytes[0] === 0x49 && bytes[1] === 0x49;
  if (bytes.length < 16 || (!little && !(bytes[0] === 0x4d && bytes[1] === 0x4d))) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint16(2, little);
  if (version !== 42 && version !== 43) return;
  const big = version === 43;
  const start = big ? Number(view.getBigUint64(8, little)) : view.getUint32(4, little);
  const countBytes = big ? 8 : 2;
  const entryBytes = big ? 20 : 12;
  if (start + countBytes > bytes.length) throw new Error('truncated');
  const count = big ? Number(view.getBigUint64(start, little)) : view.getUint16(start, little);
  if (start + countBytes + count * entryBytes > bytes.length) throw new Error('truncated');

  const found = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const entry = start + countBytes + i * entryBytes;
    // Both tags are single 16-bit values, kept in the entry itself.
    found.set(view.getUint16(entry, little), view.getUint16(entry + entryBytes - (big ? 8 : 4), little));
  }
  if (found.get(photometric) === yCbCr && !byJpeg.includes(found.get(compression) ?? 1)) {
    throw new Error('a TIFF of YCbCr values without JPEG compression is not supported; save it as RGB');
  }
}
