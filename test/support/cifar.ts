/** CIFAR-10 batches as Python pickled them. */

const record = 3073;

/** A file of binary records (label, 3072 bytes) as Python 2's pickle of the same batch. */
export function pickledCifarBatch(records: Buffer): Buffer {
  const count = records.length / record;
  const text = (value: string): Buffer => Buffer.concat([Buffer.of(0x55, value.length), Buffer.from(value)]);
  const word = (code: number, value: number): Buffer => {
    const bytes = Buffer.alloc(5);
    bytes[0] = code;
    bytes.writeInt32LE(value, 1);
    return bytes;
  };
  const raw = (value: string): Buffer => Buffer.from(value, 'latin1');
  const rows = Array.from({ length: count }, (_, i) => records.subarray(i * record, (i + 1) * record));
  const planes = Buffer.concat(rows.map((row) => row.subarray(1)));
  return Buffer.concat([
    raw('\x80\x02}('),
    text('data'),
    raw('cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85'),
    text('b'),
    raw('\x87R(K\x01'),
    word(0x4a, count),
    raw('M\x00\x0c\x86cnumpy\ndtype\n'),
    text('u1'),
    raw('K\x00K\x01\x87R(K\x03'),
    text('|'),
    raw('NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89'),
    word(0x54, planes.length),
    planes,
    raw('tb'),
    text('labels'),
    raw(`](${rows.map((row) => `K${String.fromCharCode(row[0]!)}`).join('')}e`),
    raw('u.'),
  ]);
}
