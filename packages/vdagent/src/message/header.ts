import { isUint32, readUint32, writeUint32 } from '../bytes.ts';
import { MESSAGE_HEADER_SIZE, VD_AGENT_PROTOCOL } from '../constants.ts';
import { VdAgentUsageError } from '../errors.ts';

/** `VDAgentMessage` without its data. */
export interface MessageHeader {
  /** `VD_AGENT_PROTOCOL`, or whatever the peer sent. */
  readonly protocol: number;
  /** One of `MessageType`, or a number that the header file lacks. */
  readonly type: number;
  /** A value of the sender's that the protocol gives no meaning; 0 in practice. */
  readonly opaque: bigint;
  /** Bytes of the body. */
  readonly size: number;
}

/** A header of this protocol version with `opaque` 0. */
export function messageHeader(type: number, size: number): MessageHeader {
  return { protocol: VD_AGENT_PROTOCOL, type, opaque: 0n, size };
}

/** Reads a header at `offset`; the caller has checked that 20 bytes are there. */
export function readMessageHeader(bytes: Uint8Array, offset = 0): MessageHeader {
  const low = readUint32(bytes, offset + 8);
  const high = readUint32(bytes, offset + 12);
  return {
    protocol: readUint32(bytes, offset),
    type: readUint32(bytes, offset + 4),
    opaque: low === 0 && high === 0 ? 0n : (BigInt(high) << 32n) | BigInt(low),
    size: readUint32(bytes, offset + 16),
  };
}

/** The 20 bytes of a header. Throws {@link VdAgentUsageError} for numbers that do not fit. */
export function encodeMessageHeader(header: MessageHeader): Uint8Array {
  const bytes = new Uint8Array(MESSAGE_HEADER_SIZE);
  writeMessageHeader(bytes, 0, header);
  return bytes;
}

/** Writes a header at `offset`; returns where it ends. Throws {@link VdAgentUsageError} for numbers that do not fit. */
export function writeMessageHeader(bytes: Uint8Array, offset: number, header: MessageHeader): number {
  const { protocol, type, opaque, size } = header;
  if (!isUint32(protocol) || !isUint32(type) || !isUint32(size)) {
    throw new VdAgentUsageError('value-out-of-range', `not a message header: type ${type}, size ${size}`);
  }
  writeUint32(bytes, offset, protocol);
  writeUint32(bytes, offset + 4, type);
  // The usual case without the cost of big integers.
  writeUint32(bytes, offset + 8, opaque === 0n ? 0 : Number(opaque & 0xffff_ffffn));
  writeUint32(bytes, offset + 12, opaque === 0n ? 0 : Number((opaque >> 32n) & 0xffff_ffffn));
  writeUint32(bytes, offset + 16, size);
  return offset + MESSAGE_HEADER_SIZE;
}
