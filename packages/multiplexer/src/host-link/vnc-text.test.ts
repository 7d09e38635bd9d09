import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mayBeVncText, normaliseVncText, VNC_TEXT_BYTES_MAX } from './vnc-text.ts';

const normalised = (text: string) => Buffer.from(normaliseVncText(Buffer.from(text))).toString();

describe('text from QEMU’s VNC server', () => {
  it('loses the NUL at the end and the CR before each LF', () => {
    expect(normalised('one\r\ntwo\r\n\0')).toBe('one\ntwo\n');
    expect(normalised('one line\0')).toBe('one line');
    expect(normalised('\0')).toBe('');
  });

  it('stays as it is without exactly that mark', () => {
    for (const text of ['', 'plain', 'dos\r\ntext', 'unix\ntext\0', '\n\0', 'two\0\0', 'in\0side\0']) {
      expect(normalised(text)).toBe(text);
    }
  });

  it('keeps a CR that stands alone', () => {
    expect(normalised('a\rb\r\r\n\0')).toBe('a\rb\r\n');
  });

  it('comes back as it was before the viewer changed it, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (original) => {
        fc.pre(!original.includes('\0') && !original.includes('\r'));
        expect(normalised(`${original.replaceAll('\n', '\r\n')}\0`)).toBe(original);
      }),
    );
  });

  it('is looked for only in text of QEMU’s, up to what QEMU carries', () => {
    const text = 'text/plain;charset=utf-8';
    expect(mayBeVncText('qemu', text, 5)).toBe(true);
    expect(mayBeVncText('spice', text, 5)).toBe(false);
    expect(mayBeVncText('qemu', 'image/png', 5)).toBe(false);
    expect(mayBeVncText('qemu', text, VNC_TEXT_BYTES_MAX + 1)).toBe(false);
  });
});
