import { afterAll, beforeAll, expect, test } from 'vitest';
import { xclipCopy, xclipPaste } from '../../support/xclip.ts';
import { startXvfb, type Xvfb } from '../../support/xvfb.ts';
import { Comparison, makePayload } from '../payload.ts';
import { Owner } from './owner.ts';
import { Requestor } from './requestor.ts';

// More than one INCR piece of the owner's (1 MiB) and of xclip's, and no multiple of 4.
const BYTES = 3 * 1024 * 1024 + 1;

let xvfb: Xvfb;
let owner: Owner;
let requestor: Requestor;

beforeAll(async () => {
  xvfb = await startXvfb();
  owner = await Owner.connect(xvfb.display, ['UTF8_STRING', 'image/png']);
  requestor = await Requestor.connect(xvfb.display, ['UTF8_STRING', 'image/png']);
});

afterAll(async () => {
  owner.close();
  requestor.close();
  await xvfb.stop();
});

test("xclip pastes what the benchmark's owner copies", async () => {
  const data = makePayload('text', BYTES);
  const owned = requestor.nextOwner('PRIMARY');
  owner.own('PRIMARY', 'UTF8_STRING', data);
  await owned;
  expect((await xclipPaste(xvfb, { selection: 'primary', target: 'UTF8_STRING' })).equals(data)).toBe(true);
});

test("the benchmark's requestor pastes what xclip copies", async () => {
  const data = makePayload('png', BYTES);
  const owned = requestor.nextOwner('CLIPBOARD');
  const xclip = xclipCopy(xvfb, data, { target: 'image/png' });
  await owned;
  const comparison = new Comparison(data);
  expect(await requestor.read('CLIPBOARD', 'image/png', comparison.add)).toBe(BYTES);
  comparison.finish('from xclip');
  await xclip.stop();
});

test('what the owner refuses is an error', async () => {
  const owned = requestor.nextOwner('PRIMARY');
  owner.own('PRIMARY', 'UTF8_STRING', Buffer.from('text'));
  await owned;
  await expect(requestor.read('PRIMARY', 'image/png', () => {})).rejects.toThrow('refused');
});

test('content that differs in one byte, or is too short, is noticed', () => {
  const data = makePayload('text', 100);
  const other = Buffer.from(data);
  other[50] = (other[50] as number) ^ 1;
  for (const wrong of [other, data.subarray(0, 99)]) {
    const comparison = new Comparison(data);
    comparison.add(wrong);
    expect(() => comparison.finish('test')).toThrow('are not the 100 sent');
  }
});
