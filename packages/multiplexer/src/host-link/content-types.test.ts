import { ClipboardSelection, ClipboardType } from '@clipmux/vdagent';
import { expect, it } from 'vitest';
import { clipboardTypeOf, clipboardTypesOf, mimeOf, mimesOf, selectionNumber, selectionOf } from './content-types.ts';

it('maps the five types that both sides know, both ways', () => {
  const types = [
    ClipboardType.UTF8_TEXT,
    ClipboardType.IMAGE_PNG,
    ClipboardType.IMAGE_BMP,
    ClipboardType.IMAGE_TIFF,
    ClipboardType.IMAGE_JPG,
  ];
  const mimes = ['text/plain;charset=utf-8', 'image/png', 'image/bmp', 'image/tiff', 'image/jpeg'];
  expect(types.map(mimeOf)).toEqual(mimes);
  expect(mimes.map(clipboardTypeOf)).toEqual(types);
});

it('leaves out what it cannot serve, and offers text first', () => {
  expect(mimesOf([ClipboardType.FILE_LIST, ClipboardType.NONE, 99, ClipboardType.IMAGE_PNG])).toEqual(['image/png']);
  expect(clipboardTypesOf(['text/html', 'image/png', 'text/plain;charset=utf-8'])).toEqual([
    ClipboardType.UTF8_TEXT,
    ClipboardType.IMAGE_PNG,
  ]);
});

it('knows CLIPBOARD and PRIMARY, and lets SECONDARY take no part', () => {
  expect(selectionOf(ClipboardSelection.CLIPBOARD)).toBe('clipboard');
  expect(selectionOf(ClipboardSelection.PRIMARY)).toBe('primary');
  expect(selectionOf(ClipboardSelection.SECONDARY)).toBeUndefined();
  expect(selectionNumber('clipboard')).toBe(0);
  expect(selectionNumber('primary')).toBe(1);
});
