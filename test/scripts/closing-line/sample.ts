// Run by closing-line.test.ts through a configuration of its own: every way in which a run can go wrong.
import { beforeAll, describe, test } from 'vitest';

test('passes', () => {});
test.skip('is skipped', () => {});
test('fails', () => {
  throw new Error('expected: a failing test');
});
test('leaves an error behind that nobody catches', async () => {
  setTimeout(() => {
    throw new Error('expected: an uncaught error');
  }, 0);
  await new Promise((resolve) => setTimeout(resolve, 20));
});
describe('a suite whose hook fails', () => {
  beforeAll(() => {
    throw new Error('expected: a failing hook');
  });
  test('does not run', () => {});
});
