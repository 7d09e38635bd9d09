import type { CutShortPaste } from '../agent.ts';

/** What is shown to a person. */
export interface NoticeText {
  readonly summary: string;
  readonly body: string;
}

const TOO_LARGE = 'larger than clipmux is allowed to carry';
const RAISE = 'Copy less at a time, or ask the administrator to raise the limit.';

const TEXTS: Readonly<Record<CutShortPaste['direction'], Readonly<Record<CutShortPaste['reason'], NoticeText>>>> = {
  'host-to-guest': {
    'timed-out': {
      summary: 'Nothing was pasted',
      body: 'The host did not answer, so nothing was pasted. Paste again, or copy on the host once more.',
    },
    'too-large': {
      summary: 'Nothing was pasted',
      body: `What was copied on the host is ${TOO_LARGE}, so nothing was pasted. ${RAISE}`,
    },
  },
  'guest-to-host': {
    'timed-out': {
      summary: 'Nothing was pasted on the host',
      body: 'The program that was copied from did not answer, so nothing was pasted on the host. Paste again, or copy once more.',
    },
    'too-large': {
      summary: 'Nothing was pasted on the host',
      body: `What was copied here is ${TOO_LARGE}, so nothing was pasted on the host. ${RAISE}`,
    },
  },
};

/** What happened to a paste, and what the person can do, in plain words. */
export function noticeText({ direction, reason }: CutShortPaste): NoticeText {
  return TEXTS[direction][reason];
}
