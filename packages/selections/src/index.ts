/**
 * X11 selections, watched and served both ways, spoken of as MIME types.
 *
 * {@link SelectionBackend} is what the session agent needs of a display; {@link X11Backend} is the one for X11.
 */
export {
  type ContentProvider,
  type ReadOptions,
  SELECTION_NAMES,
  type SelectionBackend,
  type SelectionEvents,
  type SelectionName,
  type StopSignal,
} from './backend.ts';
export { DisplayError, type DisplayErrorCode, SelectionError, type SelectionErrorCode } from './errors.ts';
export { DEFAULT_LIMITS, type Limits, MAX_TYPE_BYTES, MAX_TYPES } from './limits.ts';
export { TEXT_TYPE } from './mime/targets.ts';
export type { Timers } from './timers.ts';
export { X11Backend, type X11BackendOptions } from './x11-backend.ts';
