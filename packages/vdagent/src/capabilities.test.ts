import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CapabilitySet } from './capabilities.ts';
import { negotiateClipboardFormat } from './clipboard/format.ts';
import { Capability } from './constants.ts';
import { VdAgentUsageError } from './errors.ts';
import { clipboardTypeName, messageTypeName, selectionName } from './names.ts';
import { hex } from './testing.ts';

const words = fc
  .array(fc.integer({ min: 0, max: 0xffff_ffff }), { maxLength: 4 })
  .map((list) => CapabilitySet.fromWords(list));

describe('CapabilitySet', () => {
  test('writes bit numbers as little-endian words', () => {
    expect(CapabilitySet.of(Capability.CLIPBOARD_BY_DEMAND, Capability.CLIPBOARD_GRAB_SERIAL).encode()).toEqual(
      hex('20000200'),
    );
    expect(CapabilitySet.of(31, 32).encode()).toEqual(hex('00000080 01000000'));
  });

  test('an empty set is one word of zero: QEMU ignores an announcement of none', () => {
    expect(CapabilitySet.of().encode()).toEqual(hex('00000000'));
  });

  test('keeps words and bits that nobody knows', () => {
    const bytes = hex('20000000 00000080 00000000');
    const set = CapabilitySet.decode(bytes);
    expect(set.has(63)).toBe(true);
    expect(set.has(62)).toBe(false);
    expect(set.has(1000)).toBe(false);
    expect(set.encode()).toEqual(bytes);
    expect(set.names()).toEqual(['clipboard-by-demand', 'unknown-63']);
  });

  test('refuses what is not a bit number', () => {
    for (const bad of [-1, 1.5, Number.NaN, 2 ** 20]) expect(() => CapabilitySet.of(bad)).toThrow(VdAgentUsageError);
  });

  test('union, intersection, with and without are those of sets', () => {
    fc.assert(
      fc.property(words, words, fc.integer({ min: 0, max: 140 }), (a, b, capability) => {
        const setA = new Set(a);
        const setB = new Set(b);
        expect(new Set(a.union(b))).toEqual(new Set([...setA, ...setB]));
        expect(new Set(a.intersection(b))).toEqual(new Set([...setA].filter((each) => setB.has(each))));
        expect(new Set(a.with(capability))).toEqual(new Set([...setA, capability]));
        setA.delete(capability);
        expect(new Set(a.without(capability))).toEqual(setA);
        expect(a.union(b).equals(b.union(a))).toBe(true);
        expect(CapabilitySet.decode(a.encode()).words).toEqual(a.words);
      }),
    );
  });

  test('equality does not count trailing empty words', () => {
    expect(CapabilitySet.fromWords([1]).equals(CapabilitySet.fromWords([1, 0]))).toBe(true);
    expect(CapabilitySet.fromWords([1]).equals(CapabilitySet.fromWords([1, 1]))).toBe(false);
  });
});

test('each part of the clipboard format is used only if both sides announced it', () => {
  const both = CapabilitySet.of(Capability.CLIPBOARD_SELECTION, Capability.CLIPBOARD_GRAB_SERIAL);
  const one = CapabilitySet.of(Capability.CLIPBOARD_SELECTION);
  expect(negotiateClipboardFormat(both, both)).toEqual({ selection: true, grabSerial: true });
  expect(negotiateClipboardFormat(both, one)).toEqual({ selection: true, grabSerial: false });
  expect(negotiateClipboardFormat(one, both)).toEqual({ selection: true, grabSerial: false });
  expect(negotiateClipboardFormat(CapabilitySet.EMPTY, both)).toEqual({ selection: false, grabSerial: false });
});

test("names are spelt as in QEMU's traces, and unknown numbers are told", () => {
  expect(messageTypeName(7)).toBe('clipboard-grab');
  expect(messageTypeName(17)).toBe('unknown-17');
  expect(clipboardTypeName(1)).toBe('utf8-text');
  expect(selectionName(2)).toBe('secondary');
});
