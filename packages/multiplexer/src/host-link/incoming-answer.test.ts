import { ClipboardType } from '@clipmux/vdagent';
import { expect, it } from 'vitest';
import { type AnswerHead, IncomingAnswer } from './incoming-answer.ts';

/** The heads that a CLIPBOARD message of this type, with this content, makes known. */
function headsOf(clipboardType: number, content = ''): AnswerHead[] {
  const body = Buffer.concat([Uint8Array.of(0, 0, 0, 0, clipboardType, 0, 0, 0), Buffer.from(content)]);
  const heads: AnswerHead[] = [];
  const header = { protocol: 1, type: 4, opaque: 0n, size: body.length };
  const answer = new IncomingAnswer(header, { selection: true, grabSerial: true }, (head) => {
    heads.push(head);
    return null;
  });
  for (const byte of body) answer.data(Uint8Array.of(byte));
  answer.end();
  return heads;
}

it('is content, with type and size, however it is cut', () => {
  expect(headsOf(ClipboardType.UTF8_TEXT, 'abc')).toEqual([
    { kind: 'content', selection: 'clipboard', clipboardType: 1, type: 'text/plain;charset=utf-8', size: 3 },
  ]);
});

it('is content when it is empty text, and nothing when it is an empty image or of type NONE', () => {
  expect(headsOf(ClipboardType.UTF8_TEXT)).toMatchObject([{ kind: 'content', size: 0 }]);
  expect(headsOf(ClipboardType.IMAGE_PNG)).toEqual([{ kind: 'nothing', selection: 'clipboard', clipboardType: 2 }]);
  expect(headsOf(ClipboardType.NONE, 'abc')).toEqual([
    { kind: 'nothing', selection: 'clipboard', clipboardType: null },
  ]);
});

it('is passed over when it is of a type that is not served', () => {
  expect(headsOf(ClipboardType.FILE_LIST, 'copy')).toEqual([{ kind: 'ignored' }]);
});
