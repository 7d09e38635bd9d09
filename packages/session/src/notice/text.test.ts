import { describe, expect, it } from 'vitest';
import { noticeText } from './text.ts';

const DIRECTIONS = ['host-to-guest', 'guest-to-host'] as const;
const REASONS = ['timed-out', 'too-large'] as const;
const PASTES = DIRECTIONS.flatMap((direction) =>
  REASONS.map((reason) => ({ selection: 'clipboard', direction, reason }) as const),
);

describe('the text of a notice', () => {
  it('is another for each case', () => {
    expect(new Set(PASTES.map((paste) => noticeText(paste).body)).size).toBe(PASTES.length);
  });

  it.each(PASTES)('says what happened and what to do: $direction, $reason', (paste) => {
    const { summary, body } = noticeText(paste);
    expect(summary).toMatch(/^Nothing was pasted/);
    expect(body).toMatch(/^[^.]+\. [^.]+\.$/);
    // A service may take the body for markup: https://specifications.freedesktop.org/notification-spec/latest/markup.html
    expect(body).not.toMatch(/[<>&]/);
  });
});
