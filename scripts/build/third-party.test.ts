import { describe, expect, it } from 'vitest';
import { formatNotices, packageFolders, readThirdParty } from './third-party.ts';

describe('what is bundled of others', () => {
  it('is found by the inputs of a bundle, packages within packages too, and ours are none', () => {
    const inputs = [
      'packages/rpc/src/index.ts',
      'node_modules/x11/lib/xcore.js',
      'node_modules/x11/lib/handshake.js',
      'node_modules/@scope/name/index.js',
      'node_modules/a/node_modules/b/index.js',
    ];
    expect(packageFolders(inputs)).toEqual([
      'node_modules/@scope/name',
      'node_modules/a/node_modules/b',
      'node_modules/x11',
    ]);
  });

  it('goes along with its licence, and one without is an error', async () => {
    const toml = await readThirdParty('node_modules/smol-toml');
    expect(formatNotices([toml])).toContain('Redistributions in binary form must reproduce the above copyright notice');
    await expect(readThirdParty('packages/rpc')).rejects.toThrow('no licence file');
  });
});
