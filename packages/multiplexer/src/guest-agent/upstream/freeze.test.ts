import { describe, expect, it } from 'vitest';
import { Freeze } from './freeze.ts';

function freezeWithLog() {
  const changes: boolean[] = [];
  return { freeze: new Freeze((quiet) => changes.push(quiet)), changes };
}

const answer = (json: string) => Buffer.from(json);
const ERROR = answer('{"error": {"class": "GenericError", "desc": "no"}}');

describe('Freeze', () => {
  it('is quiet from before the freeze until the thaw is answered', async () => {
    const { freeze, changes } = freezeWithLog();
    freeze.asking('guest-fsfreeze-freeze');
    expect(changes).toEqual([true]);
    expect(freeze.state).toBe('freezing');
    freeze.answered('guest-fsfreeze-freeze', answer('{"return": 3}'));
    expect(freeze.state).toBe('frozen');
    const thawed = freeze.thawed();
    freeze.asking('guest-fsfreeze-thaw');
    freeze.answered('guest-fsfreeze-thaw', answer('{"return": 3}'));
    await thawed;
    expect(changes).toEqual([true, false]);
  });

  it('allows while frozen what qemu-ga allows', () => {
    const { freeze } = freezeWithLog();
    const allowed = () =>
      ['guest-ping', 'guest-info', 'guest-sync', 'guest-sync-delimited', 'guest-fsfreeze-status', 'guest-fsfreeze-thaw']
        .concat('guest-exec', 'guest-session-list', 'guest-fsfreeze-freeze')
        .filter((command) => freeze.allows(command));
    expect(allowed()).toHaveLength(9);
    freeze.answered('guest-fsfreeze-status', answer('{"return": "frozen"}'));
    expect(allowed()).toHaveLength(6);
    expect(freeze.allows('guest-exec')).toBe(false);
  });

  it('is over where the freeze failed, or found nothing to freeze', () => {
    for (const outcome of [ERROR, answer('{"return": 0}')]) {
      const { freeze, changes } = freezeWithLog();
      freeze.asking('guest-fsfreeze-freeze-list');
      freeze.answered('guest-fsfreeze-freeze-list', outcome);
      expect(freeze.state).toBe('thawed');
      expect(changes).toEqual([true, false]);
    }
  });

  it('stays where the thaw failed, or a second freeze was refused', () => {
    const { freeze, changes } = freezeWithLog();
    freeze.asking('guest-fsfreeze-freeze');
    freeze.answered('guest-fsfreeze-freeze', answer('{"return": 1}'));
    freeze.answered('guest-fsfreeze-thaw', ERROR);
    expect(freeze.state).toBe('frozen');
    freeze.asking('guest-fsfreeze-freeze');
    freeze.answered('guest-fsfreeze-freeze', ERROR);
    expect(freeze.state).toBe('frozen');
    expect(changes).toEqual([true]);
  });

  it('takes no notice of other commands, or of answers that make no sense', () => {
    const { freeze, changes } = freezeWithLog();
    freeze.asking('guest-exec');
    freeze.answered('guest-exec', answer('{"return": "frozen"}'));
    freeze.answered('guest-fsfreeze-status', answer('{"return": "lukewarm"}'));
    freeze.answered('guest-fsfreeze-status', answer('nonsense'));
    expect(freeze.state).toBe('thawed');
    expect(changes).toEqual([]);
  });
});
