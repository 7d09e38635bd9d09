import { describe, expect, it } from 'vitest';
import { formatJson, JsonNumber, type JsonValue } from '../index.ts';
import { mergeAgentInfo, readAgentInfo } from './info.ts';

const command = (name: string, enabled = true, success = true) => ({ enabled, name, 'success-response': success });
const told = (name: string, members: Readonly<Record<string, JsonValue>> = {}): JsonValue =>
  new Map(Object.entries({ name, ...members }));

describe('guest-info', () => {
  it('of another agent is read as far as it makes sense', () => {
    const value = new Map<string, JsonValue>([
      ['version', '7.2.22'],
      [
        'supported_commands',
        [
          told('guest-ping', { enabled: true, 'success-response': true }),
          told('guest-shutdown', { enabled: false, 'success-response': false, new: new JsonNumber('1') }),
          told('guest-old'),
          new Map(),
          'x',
        ],
      ],
    ]);
    expect(readAgentInfo(value)).toEqual({
      version: '7.2.22',
      commands: [command('guest-ping'), command('guest-shutdown', false, false), command('guest-old')],
    });
    expect(readAgentInfo(new Map())).toBeUndefined();
    expect(readAgentInfo('x')).toBeUndefined();
  });

  it('lists a command once, ours before theirs, and says what may not be called', () => {
    const own = { version: '0.1.0', commands: [command('guest-ping'), command('guest-clipboard-get')] };
    const behind = { version: '7.2.22', commands: [command('guest-ping', false), command('guest-exec')] };
    const merged = mergeAgentInfo(own, behind, (name) => name !== 'guest-exec');
    expect(formatJson(merged)).toBe(
      '{"version": "7.2.22", "supported_commands": [' +
        '{"enabled": true, "name": "guest-ping", "success-response": true}, ' +
        '{"enabled": true, "name": "guest-clipboard-get", "success-response": true}, ' +
        '{"enabled": false, "name": "guest-exec", "success-response": true}]}',
    );
    expect(mergeAgentInfo(own, undefined, () => true)).toMatchObject({ version: '0.1.0' });
  });
});
