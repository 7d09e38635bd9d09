import { describe, expect, it } from 'vitest';
import { parseDisplayName } from './display-name.ts';
import { findAuthorization, parseXauthority, readAuthorization } from './xauthority.ts';

/** family 256 (local), "box", "5", "MIT-MAGIC-COOKIE-1", 4 bytes of cookie. */
const LOCAL = Buffer.from(
  '0100 0003 626f78 0001 35 0012 4d49542d4d414749432d434f4f4b49452d31 0004 deadbe05'.replace(/ /g, ''),
  'hex',
);
/** family 65535 (wild), no address, no number, 4 bytes of cookie. */
const WILD = Buffer.from(
  'ffff 0000 0000 0012 4d49542d4d414749432d434f4f4b49452d31 0004 00000001'.replace(/ /g, ''),
  'hex',
);
/** family 0 (Internet), 192.0.2.7, "5". */
const INTERNET = Buffer.from(
  '0000 0004 c0000207 0001 35 0012 4d49542d4d414749432d434f4f4b49452d31 0002 abcd'.replace(/ /g, ''),
  'hex',
);
const server = { number: 5, hostname: 'box' };

function cookie(file: Buffer, wanted: Parameters<typeof findAuthorization>[1]): string | undefined {
  const found = findAuthorization(parseXauthority(file), wanted);
  return found && Buffer.from(found.data, 'latin1').toString('hex');
}

describe('Xauthority', () => {
  it('finds the entry of this machine and display', () => {
    expect(cookie(LOCAL, server)).toBe('deadbe05');
    expect(cookie(LOCAL, { ...server, number: 6 })).toBeUndefined();
    expect(cookie(LOCAL, { ...server, hostname: 'other' })).toBeUndefined();
  });

  it('takes a wild entry for any server', () => {
    expect(cookie(WILD, { number: 77, hostname: 'any' })).toBe('00000001');
    expect(cookie(WILD, { number: 77, hostname: 'any', remoteAddress: '192.0.2.1' })).toBe('00000001');
  });

  it('takes the first entry that fits', () => {
    expect(cookie(Buffer.concat([LOCAL, WILD]), server)).toBe('deadbe05');
    expect(cookie(Buffer.concat([WILD, LOCAL]), server)).toBe('00000001');
  });

  it('finds the entry of a server on another machine by its address', () => {
    expect(cookie(INTERNET, { ...server, remoteAddress: '192.0.2.7' })).toBe('abcd');
    expect(cookie(INTERNET, { ...server, remoteAddress: '192.0.2.8' })).toBeUndefined();
    expect(cookie(INTERNET, server)).toBeUndefined();
  });

  it('keeps the whole entries of a torn file', () => {
    for (let length = LOCAL.length; length < LOCAL.length + WILD.length; length++) {
      expect(parseXauthority(Buffer.concat([LOCAL, WILD]).subarray(0, length))).toHaveLength(1);
    }
  });

  it('goes on without a cookie where the file is missing, and says where it looked', async () => {
    const found = await readAuthorization(parseDisplayName(':5'), { XAUTHORITY: '/nonexistent/cookies' });
    expect(found.authorization).toEqual({ name: '', data: '' });
    expect(found.account).toBe('XAUTHORITY=/nonexistent/cookies could not be read (ENOENT)');
  });
});
