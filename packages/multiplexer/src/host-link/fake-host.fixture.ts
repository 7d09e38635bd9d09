import { Duplex } from 'node:stream';
import {
  Capability,
  CapabilitySet,
  type ClipboardFormat,
  decodeMessage,
  frameMessage,
  type Message,
  MessageReader,
  VDP_CLIENT_PORT,
} from '@clipmux/vdagent';

const CLIPBOARD = [
  Capability.CLIPBOARD_BY_DEMAND,
  Capability.CLIPBOARD_SELECTION,
  Capability.CLIPBOARD_GRAB_SERIAL,
] as const;
export const QEMU = CapabilitySet.of(Capability.MOUSE_STATE, ...CLIPBOARD);
export const SPICE = CapabilitySet.of(
  Capability.MONITORS_CONFIG,
  Capability.CLIPBOARD_NO_RELEASE_ON_REGRAB,
  ...CLIPBOARD,
);

/** A host that says what a test tells it to, and remembers what the guest has said. */
export class FakeHost extends Duplex {
  readonly heard: Message[] = [];
  readonly format: ClipboardFormat = { selection: true, grabSerial: true };
  #held: (() => void) | null = null;
  #takes = true;
  readonly #reader = new MessageReader(
    {
      message: (_port, header, body) => {
        const message = decodeMessage(header, body, this.format);
        this.heard.push(message.type === 'clipboard' ? { ...message, data: Buffer.from(message.data) } : message);
      },
      streamStart: () => {},
      streamData: () => {},
      streamEnd: () => {},
      streamAbort: () => {},
      error: (error) => {
        throw error;
      },
    },
    { maxMessageSize: () => 64 * 1024 * 1024 },
  );

  constructor() {
    super({ writableHighWaterMark: 1 });
  }

  /** Sends a message to the guest. */
  say(message: Message): void {
    for (const bytes of frameMessage(VDP_CLIENT_PORT, message, this.format)) this.push(bytes);
  }

  announce(capabilities: CapabilitySet, request = true): void {
    this.say({ type: 'announce-capabilities', request, capabilities });
  }

  /** What the guest has said since this was asked last. */
  told(): Message[] {
    return this.heard.splice(0);
  }

  /** Stops taking what the guest writes, or takes it again. */
  set takes(takes: boolean) {
    this.#takes = takes;
    const held = this.#held;
    this.#held = null;
    if (takes) held?.();
  }

  override _read(): void {}

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const finish = () => {
      this.#reader.push(bytes);
      done();
    };
    if (this.#takes) finish();
    else this.#held = finish;
  }
}
