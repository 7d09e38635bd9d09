import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkControlAccess, groupIdOf } from './control-access.ts';

const RULES = { ownUid: 990, group: 991 };
const peer = (uid: number, gid: number, ...groups: number[]) => ({ pid: 1, uid, gid, groups });

describe('checkControlAccess', () => {
  it.each([
    ['root', peer(0, 0)],
    ["clipmuxd's own user", peer(990, 5)],
    ['whose group it is', peer(1000, 991)],
    ['who is in the group too', peer(1000, 1000, 4, 991, 27)],
  ])('lets %s in', (_who, who) => {
    expect(() => checkControlAccess(who, RULES)).not.toThrow();
  });

  it('turns others away and says what to do', () => {
    const error = expect.objectContaining({
      name: 'denied',
      message: 'uid 1000 may not control clipmuxd: use root, or join the group clipmux and log in again',
    });
    expect(() => checkControlAccess(peer(1000, 1000, 4, 27), RULES)).toThrow(error);
  });

  it('does not take a machine without the group for one whose group everybody is in', () => {
    expect(() => checkControlAccess(peer(1000, 1000), { ownUid: 990, group: null })).toThrow(
      'uid 1000 may not control clipmuxd: use root (there is no group clipmux on this machine)',
    );
  });
});

describe('groupIdOf', () => {
  const folder = mkdtempSync(join(tmpdir(), 'clipmux-group-'));
  const path = join(folder, 'group');
  writeFileSync(path, 'root:x:0:\nclipmux-x:x:5:\n# clipmux:x:6:\nclipmux:!:991:alice,bob\nbroken\nclipmux:x:7:\n');

  it('finds the group by its whole name, the first of two', () => {
    expect(groupIdOf('clipmux', path)).toBe(991);
    expect(groupIdOf('root', path)).toBe(0);
  });

  it('knows none where there is none, or no file', () => {
    expect(groupIdOf('clip', path)).toBeNull();
    rmSync(folder, { recursive: true });
    expect(groupIdOf('clipmux', path)).toBeNull();
  });

  it("reads this machine's own file", () => {
    expect(groupIdOf('root')).toBe(0);
  });
});
