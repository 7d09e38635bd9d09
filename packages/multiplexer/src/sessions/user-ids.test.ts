import { expect, it } from 'vitest';
import { userIds } from './user-ids.ts';

it('takes uids as they are and looks names up in the system’s user database', () => {
  const { uids, unknown } = userIds([1000, 'root', 'nobody-of-that-name', '--help']);
  expect([...uids]).toEqual([1000, 0]);
  expect(unknown).toEqual(['nobody-of-that-name', '--help']);
});
