import { expect, it } from 'vitest';
import { withAsciiComments } from './one-byte.ts';

it('writes comments in ASCII and touches nothing else', () => {
  const source = ['  // a — dash', "const text = 'é'; // é", '/* “quoted”', ' * 😀 */', 'const pattern = /[–]/;', ''];
  const written = ['  // a ? dash', "const text = 'é'; // é", '/* ?quoted?', ' * ? */', 'const pattern = /[–]/;', ''];
  expect(withAsciiComments(source.join('\n'))).toBe(written.join('\n'));
});
