import { describe, expect, it } from 'vitest';
import { explainListenError, socketPathProblem } from './socket-path.ts';

describe('the path of a socket', () => {
  it('has 1 to 107 bytes, none of them NUL', () => {
    expect(socketPathProblem('/run/clipmux/session.sock')).toBeUndefined();
    expect(socketPathProblem(`/${'x'.repeat(106)}`)).toBeUndefined();
    for (const path of ['', `/${'x'.repeat(107)}`, `/${'é'.repeat(54)}`, '/a\0b'])
      expect(socketPathProblem(path)).toContain('it must have 1 to 107 bytes');
  });

  it('in a folder that is not there is told from one that may not be written', () => {
    const denied = Object.assign(new Error('listen EACCES: permission denied /nowhere/at/all'), { code: 'EACCES' });
    expect(explainListenError('/nowhere/at/all', denied)).toBe(
      'cannot listen on /nowhere/at/all: there is no folder /nowhere/at',
    );
    expect(explainListenError('/root/x', denied)).toBe(`cannot listen on /root/x: ${denied.message}`);
  });
});
