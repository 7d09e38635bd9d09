import { describe, expect, it } from 'vitest';
import { parseDisplayName } from './display-name.ts';

describe('parseDisplayName', () => {
  it.each([
    [':0', { path: '/tmp/.X11-unix/X0' }, 0],
    [':12.1', { path: '/tmp/.X11-unix/X12' }, 1],
    ['unix:3', { path: '/tmp/.X11-unix/X3' }, 0],
    ['localhost:10.0', { host: 'localhost', port: 6010 }, 0],
    ['[::1]:2', { host: '::1', port: 6002 }, 0],
    ['fe80::1:2', { host: 'fe80::1', port: 6002 }, 0],
  ])('takes %s apart', (text, address, screen) => {
    expect(parseDisplayName(text)).toMatchObject({ address, screen, text });
  });

  it.each([undefined, '', '0', ':', ':x', 'host', 'node::0', ':0.', ':99999'])('refuses %j', (text) => {
    expect(() => parseDisplayName(text)).toThrowError(expect.objectContaining({ code: 'display-invalid' }));
  });
});
