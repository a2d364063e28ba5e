import { expect } from 'chai';
import * as torch from 'torchts';
import { loadFixtures } from '../support/fixtures.js';
import { type CallRow, check, describeCall, perform } from './calls.js';

interface OpFixtures {
  groups: { area: string; rows: CallRow[] }[];
  refused: (CallRow & { error: string })[];
}

const { groups, refused } = loadFixtures<OpFixtures>('ops');

for (const { area, rows } of groups) {
  describe(`parity: ${area}`, () => {
    for (const row of rows) {
      it(describeCall(row), () => {
        check(row);
      });
    }
  });
}

describe('parity: calls that Python refuses', () => {
  for (const row of refused) {
    it(`${describeCall(row)}: ${row.error}`, () => {
      let thrown: unknown;
      try {
        perform(row);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).to.be.instanceOf(torch.TorchError);
      expect((thrown as Error).message).to.not.match(/Exception raised from|frame #\d/);
      if (row.error === 'IndexError') expect((thrown as torch.TorchError).code).to.equal('ERR_INDEX');
      if (row.error === 'TypeError') expect((thrown as torch.TorchError).code).to.equal('ERR_ARGUMENT');
    });
  }
});
