/** Desktop notices: what the person who works in the session should know. */
export { PasteNotices, type PasteNoticesOptions } from './paste-notices.ts';
