import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CapabilitySet } from '../capabilities.ts';
import type { ClipboardFormat } from '../clipboard/format.ts';
import { Capability, ClipboardSelection, ClipboardType, MessageType } from '../constants.ts';
import { VdAgentError, VdAgentUsageError } from '../errors.ts';
import { hex, joined } from '../testing.ts';
import { decodeMessage, encodeMessage, frameMessage, type Message } from './codec.ts';
import { messageHeader, readMessageHeader } from './header.ts';

const PLAIN: ClipboardFormat = { selection: false, grabSerial: false };
const SELECTION: ClipboardFormat = { selection: true, grabSerial: false };
const SERIAL: ClipboardFormat = { selection: false, grabSerial: true };
const BOTH: ClipboardFormat = { selection: true, grabSerial: true };

const { CLIPBOARD, PRIMARY, SECONDARY } = ClipboardSelection;
const { UTF8_TEXT, IMAGE_PNG } = ClipboardType;

interface Case {
  readonly title: string;
  readonly format: ClipboardFormat;
  readonly message: Message;
  /** Chunk header, message header, body. */
  readonly wire: string;
}

const cases: Case[] = [
  {
    title: 'an announcement that asks, as QEMU makes it',
    format: PLAIN,
    message: {
      type: 'announce-capabilities',
      request: true,
      capabilities: CapabilitySet.of(
        Capability.MOUSE_STATE,
        Capability.CLIPBOARD_BY_DEMAND,
        Capability.CLIPBOARD_SELECTION,
        Capability.CLIPBOARD_GRAB_SERIAL,
      ),
    },
    wire: '01000000 1c000000 | 01000000 06000000 0000000000000000 08000000 | 01000000 61000200',
  },
  {
    title: 'an announcement of two words that does not ask',
    format: PLAIN,
    message: {
      type: 'announce-capabilities',
      request: false,
      capabilities: CapabilitySet.fromWords([0x20, 0x80000001]),
    },
    wire: '01000000 20000000 | 01000000 06000000 0000000000000000 0c000000 | 00000000 20000000 01000080',
  },
  {
    title: 'a grab without SELECTION and GRAB_SERIAL',
    format: PLAIN,
    message: { type: 'clipboard-grab', selection: CLIPBOARD, types: [UTF8_TEXT] },
    wire: '01000000 18000000 | 01000000 07000000 0000000000000000 04000000 | 01000000',
  },
  {
    title: 'a grab with SELECTION',
    format: SELECTION,
    message: { type: 'clipboard-grab', selection: PRIMARY, types: [UTF8_TEXT, IMAGE_PNG] },
    wire: '01000000 20000000 | 01000000 07000000 0000000000000000 0c000000 | 01 000000 01000000 02000000',
  },
  {
    title: 'a grab with GRAB_SERIAL',
    format: SERIAL,
    message: { type: 'clipboard-grab', selection: CLIPBOARD, serial: 0xfffffffe, types: [UTF8_TEXT] },
    wire: '01000000 1c000000 | 01000000 07000000 0000000000000000 08000000 | feffffff 01000000',
  },
  {
    title: 'a grab with SELECTION and GRAB_SERIAL',
    format: BOTH,
    message: { type: 'clipboard-grab', selection: SECONDARY, serial: 7, types: [UTF8_TEXT] },
    wire: '01000000 20000000 | 01000000 07000000 0000000000000000 0c000000 | 02 000000 07000000 01000000',
  },
  {
    title: 'a grab that names no type',
    format: BOTH,
    message: { type: 'clipboard-grab', selection: CLIPBOARD, serial: 0, types: [] },
    wire: '01000000 1c000000 | 01000000 07000000 0000000000000000 08000000 | 00 000000 00000000',
  },
  {
    title: 'a request without SELECTION',
    format: PLAIN,
    message: { type: 'clipboard-request', selection: CLIPBOARD, clipboardType: UTF8_TEXT },
    wire: '01000000 18000000 | 01000000 08000000 0000000000000000 04000000 | 01000000',
  },
  {
    title: 'a request with SELECTION',
    format: BOTH,
    message: { type: 'clipboard-request', selection: PRIMARY, clipboardType: IMAGE_PNG },
    wire: '01000000 1c000000 | 01000000 08000000 0000000000000000 08000000 | 01 000000 02000000',
  },
  {
    title: 'data without SELECTION',
    format: PLAIN,
    message: { type: 'clipboard', selection: CLIPBOARD, clipboardType: UTF8_TEXT, data: hex('68 c3 a9') },
    wire: '01000000 1b000000 | 01000000 04000000 0000000000000000 07000000 | 01000000 68c3a9',
  },
  {
    title: 'data with SELECTION',
    format: BOTH,
    message: { type: 'clipboard', selection: PRIMARY, clipboardType: UTF8_TEXT, data: hex('68 c3 a9') },
    wire: '01000000 1f000000 | 01000000 04000000 0000000000000000 0b000000 | 01 000000 01000000 68c3a9',
  },
  {
    title: 'the answer that there is nothing, as spice-gtk gives it',
    format: SELECTION,
    message: { type: 'clipboard', selection: CLIPBOARD, clipboardType: ClipboardType.NONE, data: hex('') },
    wire: '01000000 1c000000 | 01000000 04000000 0000000000000000 08000000 | 00 000000 00000000',
  },
  {
    title: 'a release without SELECTION',
    format: PLAIN,
    message: { type: 'clipboard-release', selection: CLIPBOARD },
    wire: '01000000 14000000 | 01000000 09000000 0000000000000000 00000000',
  },
  {
    title: 'a release with SELECTION',
    format: SELECTION,
    message: { type: 'clipboard-release', selection: PRIMARY },
    wire: '01000000 18000000 | 01000000 09000000 0000000000000000 04000000 | 01 000000',
  },
  {
    title: 'max-clipboard',
    format: PLAIN,
    message: { type: 'max-clipboard', max: 0x01020304 },
    wire: '01000000 18000000 | 01000000 0e000000 0000000000000000 04000000 | 04030201',
  },
  {
    title: 'max-clipboard without a limit',
    format: BOTH,
    message: { type: 'max-clipboard', max: -1 },
    wire: '01000000 18000000 | 01000000 0e000000 0000000000000000 04000000 | ffffffff',
  },
  {
    title: 'client-disconnected',
    format: BOTH,
    message: { type: 'client-disconnected' },
    wire: '01000000 14000000 | 01000000 0d000000 0000000000000000 00000000',
  },
  ...(
    [
      ['mouse-state', MessageType.MOUSE_STATE, '01', '00010000 20000000 02000000 00'],
      ['monitors-config', MessageType.MONITORS_CONFIG, '02', '00000000 00000000'],
      ['reply', MessageType.REPLY, '03', '02000000 01000000'],
      ['display-config', MessageType.DISPLAY_CONFIG, '05', '01000000 20000000'],
      ['file-xfer-start', MessageType.FILE_XFER_START, '0a', '01000000 5b'],
      ['file-xfer-status', MessageType.FILE_XFER_STATUS, '0b', '01000000 00000000'],
      ['file-xfer-data', MessageType.FILE_XFER_DATA, '0c', '01000000 0100000000000000 61'],
      ['audio-volume-sync', MessageType.AUDIO_VOLUME_SYNC, '0f', '01 00 01 ff7f'],
      ['graphics-device-info', MessageType.GRAPHICS_DEVICE_INFO, '10', '00000000'],
      ['unknown-99', 99, '63', 'ab'],
    ] as const
  ).map(([name, type, number, body]): Case => {
    const bytes = hex(body);
    const size = bytes.length.toString(16).padStart(2, '0');
    const chunk = (bytes.length + 20).toString(16).padStart(2, '0');
    return {
      title: `${name}, handed on as it came`,
      format: BOTH,
      message: { type: 'other', name, header: messageHeader(type, bytes.length), body: bytes },
      wire: `01000000 ${chunk}000000 | 01000000 ${number}000000 0000000000000000 ${size}000000 | ${body}`,
    };
  }),
];

describe('every message, byte by byte', () => {
  test.each(cases)('writes $title', ({ message, format, wire }) => {
    expect(joined(frameMessage(1, message, format))).toEqual(hex(wire));
  });

  test.each(cases)('reads $title', ({ message, format, wire }) => {
    const bytes = hex(wire);
    const decoded = decodeMessage(readMessageHeader(bytes, 8), bytes.subarray(28), format);
    if (decoded.type === 'announce-capabilities' && message.type === 'announce-capabilities') {
      expect(decoded.request).toBe(message.request);
      expect(decoded.capabilities.words).toEqual(message.capabilities.words);
    } else {
      expect(decoded).toEqual(message);
    }
  });

  test('all 16 types of the header file are covered', () => {
    const covered = new Set(cases.map(({ message, format }) => encodeMessage(message, format).header.type));
    for (const type of Object.values(MessageType)) expect(covered).toContain(type);
  });

  test('a message on the server port names port 2', () => {
    const bytes = joined(frameMessage(2, { type: 'client-disconnected' }, PLAIN));
    expect(bytes).toEqual(hex('02000000 14000000 | 01000000 0d000000 0000000000000000 00000000'));
  });

  test('the opaque value is kept', () => {
    const header = { protocol: 1, type: 99, opaque: 0x0102030405060708n, size: 0 };
    const bytes = joined(frameMessage(1, { type: 'other', name: 'x', header, body: hex('') }, PLAIN));
    expect(bytes).toEqual(hex('01000000 14000000 | 01000000 63000000 0807060504030201 00000000'));
    expect(readMessageHeader(bytes, 8)).toEqual(header);
  });
});

describe('malformed bodies', () => {
  test.each([
    ['an announcement of 3 bytes', MessageType.ANNOUNCE_CAPABILITIES, '010000', BOTH, 'capabilities-truncated'],
    ['half a capability word', MessageType.ANNOUNCE_CAPABILITIES, '01000000 2000', BOTH, 'capabilities-odd-length'],
    ['a grab without its selection', MessageType.CLIPBOARD_GRAB, '010000', SELECTION, 'selection-truncated'],
    ['a grab of selection 3', MessageType.CLIPBOARD_GRAB, '03000000 01000000', SELECTION, 'unknown-selection'],
    ['a grab without its serial', MessageType.CLIPBOARD_GRAB, '00000000', BOTH, 'grab-truncated'],
    ['a grab with half a type', MessageType.CLIPBOARD_GRAB, '00000000 0100', SELECTION, 'grab-odd-length'],
    ['a request without a type', MessageType.CLIPBOARD_REQUEST, '00000000', SELECTION, 'request-truncated'],
    ['a request with half a type', MessageType.CLIPBOARD_REQUEST, '0100', PLAIN, 'request-truncated'],
    ['a request of two types', MessageType.CLIPBOARD_REQUEST, '01000000 02000000', PLAIN, 'request-odd-length'],
    ['a request of selection 255', MessageType.CLIPBOARD_REQUEST, 'ff000000 01000000', BOTH, 'unknown-selection'],
    ['data without a type', MessageType.CLIPBOARD, '00000000 0100', SELECTION, 'clipboard-truncated'],
    ['data of selection 9', MessageType.CLIPBOARD, '09000000 01000000 61', SELECTION, 'unknown-selection'],
    ['a release of no bytes with SELECTION', MessageType.CLIPBOARD_RELEASE, '', SELECTION, 'selection-truncated'],
    [
      'a release of 5 bytes with SELECTION',
      MessageType.CLIPBOARD_RELEASE,
      '0000000000',
      SELECTION,
      'release-odd-length',
    ],
    ['a release of 4 bytes without SELECTION', MessageType.CLIPBOARD_RELEASE, '00000000', PLAIN, 'release-odd-length'],
    ['a release of selection 4 in 1 byte', MessageType.CLIPBOARD_RELEASE, '04', SELECTION, 'unknown-selection'],
    ['a max-clipboard of 2 bytes', MessageType.MAX_CLIPBOARD, '0000', PLAIN, 'max-clipboard-bad-length'],
    ['a max-clipboard of 5 bytes', MessageType.MAX_CLIPBOARD, '0000000000', PLAIN, 'max-clipboard-bad-length'],
  ] as const)('%s', (_title, type, body, format, code) => {
    const bytes = hex(body);
    const decode = (): Message => decodeMessage(messageHeader(type, bytes.length), bytes, format, 1);
    expect(decode).toThrow(VdAgentError);
    expect(decode).toThrow(expect.objectContaining({ code, consequence: 'skip-message', chunkPort: 1 }));
  });

  test("spice-vdagentd's release of 1 byte is taken", () => {
    expect(decodeMessage(messageHeader(MessageType.CLIPBOARD_RELEASE, 1), hex('01'), SELECTION)).toEqual({
      type: 'clipboard-release',
      selection: PRIMARY,
    });
  });

  test('a client-disconnected with a body still counts', () => {
    expect(decodeMessage(messageHeader(MessageType.CLIENT_DISCONNECTED, 2), hex('0102'), PLAIN)).toEqual({
      type: 'client-disconnected',
    });
  });

  test("the selection's padding is not looked at", () => {
    const body = hex('01 aabbcc 01000000');
    expect(decodeMessage(messageHeader(MessageType.CLIPBOARD_REQUEST, 8), body, SELECTION)).toEqual({
      type: 'clipboard-request',
      selection: PRIMARY,
      clipboardType: UTF8_TEXT,
    });
  });
});

test('any header and body give a message or a typed error that skips it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 18 }),
      fc.uint8Array({ maxLength: 40 }),
      fc.record({ selection: fc.boolean(), grabSerial: fc.boolean() }),
      (type, body, format) => {
        try {
          const message = decodeMessage(messageHeader(type, body.length), body, format);
          // What was understood can be sent on, unless it names more types than a grab may.
          if (message.type !== 'clipboard-grab' || message.types.length <= 10) encodeMessage(message, format);
        } catch (error) {
          if (!(error instanceof VdAgentError)) throw error;
          expect(error.consequence).toBe('skip-message');
        }
      },
    ),
    { numRuns: 1000 },
  );
});

describe('what the format cannot express', () => {
  test.each([
    ['PRIMARY without SELECTION', { type: 'clipboard-release', selection: PRIMARY }, 'selection-not-negotiated'],
    ['a grab without its serial', { type: 'clipboard-grab', selection: CLIPBOARD, types: [1] }, 'serial-missing'],
    [
      'a grab of 11 types',
      { type: 'clipboard-grab', selection: CLIPBOARD, serial: 0, types: Array(11).fill(1) },
      'too-many-grab-types',
    ],
    ['a max-clipboard past an i32', { type: 'max-clipboard', max: 2 ** 31 }, 'value-out-of-range'],
  ] as [string, Message, string][])('%s is refused', (_title, message, code) => {
    const encode = (): unknown => encodeMessage(message, SERIAL);
    expect(encode).toThrow(VdAgentUsageError);
    expect(encode).toThrow(expect.objectContaining({ code }));
  });
});
