import { loadFixtures } from '../support/fixtures.js';
import { type CallRow, check, describeCall } from './calls.js';

const { groups } = loadFixtures<{ groups: { area: string; rows: CallRow[] }[] }>('ops');

for (const { area, rows } of groups) {
  describe(`parity: ${area}`, () => {
    for (const row of rows) {
      it(describeCall(row), () => {
        check(row);
      });
    }
  });
}
