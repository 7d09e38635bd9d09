import { describe, expect, it } from 'vitest';
import { NOTICE_INTERVAL_MS } from '../limits.ts';
import { RecordingLog, settle } from '../testing.ts';
import { NoticeError } from './errors.ts';
import type { NotifyOptions } from './notification-service.ts';
import { PasteNotices } from './paste-notices.ts';
import { type NoticeText, noticeText } from './text.ts';

const TOO_LARGE = { selection: 'clipboard', direction: 'host-to-guest', reason: 'too-large' } as const;
const TIMED_OUT = { selection: 'primary', direction: 'guest-to-host', reason: 'timed-out' } as const;

interface Shown {
  readonly socket: string;
  readonly text: NoticeText;
  readonly options: NotifyOptions;
  resolve(id: number): void;
  reject(error: Error): void;
}

function notices(environment: NodeJS.ProcessEnv = { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/tmp/bus' }) {
  const shown: Shown[] = [];
  const clock = { now: 5 };
  const log = new RecordingLog();
  const paste = new PasteNotices({
    logger: log.logger,
    environment,
    now: () => clock.now,
    notify: (socket, text, options) =>
      new Promise((resolve, reject) => {
        options.signal.addEventListener('abort', () => reject(new NoticeError('cancelled', 'ending')));
        shown.push({ socket, text, options, resolve, reject });
      }),
  });
  return { paste, shown, clock, log };
}

describe('a paste that was cut short', () => {
  it('is told on the session bus', () => {
    const { paste, shown } = notices();
    paste.show(TOO_LARGE);
    expect(shown).toMatchObject([{ socket: '/tmp/bus', text: noticeText(TOO_LARGE), options: { replaces: 0 } }]);
  });

  it('is told no more than once in a while', async () => {
    const { paste, shown, clock } = notices();
    paste.show(TOO_LARGE);
    shown[0]?.resolve(1);
    await settle();
    clock.now += NOTICE_INTERVAL_MS - 1;
    paste.show(TIMED_OUT);
    expect(shown).toHaveLength(1);
    clock.now += 1;
    paste.show(TIMED_OUT);
    expect(shown).toHaveLength(2);
  });

  it('is not told while another is still being told', () => {
    const { paste, shown, clock } = notices();
    paste.show(TOO_LARGE);
    clock.now += NOTICE_INTERVAL_MS * 2;
    paste.show(TIMED_OUT);
    expect(shown).toHaveLength(1);
  });

  it('is told in the place of the one before', async () => {
    const { paste, shown, clock } = notices();
    for (const id of [17, 18]) {
      paste.show(TOO_LARGE);
      shown.at(-1)?.resolve(id);
      await settle();
      clock.now += NOTICE_INTERVAL_MS;
    }
    paste.show(TIMED_OUT);
    expect(shown.map(({ options }) => options.replaces)).toEqual([0, 17, 18]);
  });

  it('that could not be told is logged; the next is tried, in the place of the last that was shown', async () => {
    const { paste, shown, clock, log } = notices();
    paste.show(TOO_LARGE);
    shown[0]?.resolve(17);
    await settle();
    clock.now += NOTICE_INTERVAL_MS;
    paste.show(TOO_LARGE);
    shown[1]?.reject(new NoticeError('no-service', 'nobody'));
    await settle();
    expect(log.at('info')).toEqual([
      'info: the person could not be told by a notice {"code":"no-service","reason":"nobody"}',
    ]);
    clock.now += NOTICE_INTERVAL_MS;
    paste.show(TOO_LARGE);
    expect(shown[2]?.options.replaces).toBe(17);
  });

  it('is only logged where there is no session bus', async () => {
    const { paste, shown, log } = notices({});
    paste.show(TOO_LARGE);
    await settle();
    expect(shown).toEqual([]);
    expect(log.at('info')).toHaveLength(1);
    expect(log.at('info')[0]).toContain('"code":"no-bus"');
  });

  it('is not told any more once the agent ends, and what is under way is given up', async () => {
    const { paste, shown, clock } = notices();
    paste.show(TOO_LARGE);
    await paste.stop();
    expect(shown[0]?.options.signal.aborted).toBe(true);
    clock.now += NOTICE_INTERVAL_MS;
    paste.show(TOO_LARGE);
    expect(shown).toHaveLength(1);
  });
});
