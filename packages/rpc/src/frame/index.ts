/** Bytes to frames and back. Pure: no I/O. */
export * from './constants.ts';
export { FrameError, type FrameErrorCode } from './errors.ts';
export { FrameParser, type FrameSink } from './parser.ts';
export { encodeDataFrame, encodeJsonFrame } from './writer.ts';
