/** Bytes to frames and back. Pure: no I/O. */
export * from './constants.ts';
export { FrameError, type FrameErrorCode } from './errors.ts';
export { FrameParser, type FrameSink } from './parser.ts';
export { asciiJsonFrame, encodeDataFrame, encodeJsonFrame } from './writer.ts';
