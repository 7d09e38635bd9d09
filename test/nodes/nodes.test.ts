import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { NPM_HAS_NODE, OTHER_NODES, otherNode, PROGRAMS } from './nodes.ts';

const run = promisify(execFile);

describe.skipIf(!NPM_HAS_NODE).each(OTHER_NODES)('on Node %s', (version) => {
  test('the Node is of that version', async () => {
    const { stdout } = await run(otherNode(version), ['--version']);
    expect(stdout).toMatch(new RegExp(`^v${version.replace('.', '\\.')}\\.`));
  });

  test.each(PROGRAMS)('$name prints its version and nothing else', async ({ path }) => {
    const { stdout, stderr } = await run(otherNode(version), [path, '--version']);
    expect(stdout).toContain(packageJson.version);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(stderr).toBe('');
  });

  test.each(PROGRAMS)('$name explains its options', async ({ name, path }) => {
    const { stdout, stderr } = await run(otherNode(version), [path, '--help']);
    expect(stdout).toContain(`Usage: ${name}`);
    expect(stdout).toContain('--help');
    expect(stderr).toBe('');
  });
});
