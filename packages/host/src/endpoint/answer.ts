import { ClipboardType } from '@clipmux/vdagent';
import { type Content, type OpenContent, openBytes, openFile } from './content.ts';
import type { RequestTreatment } from './faults.ts';
import type { Manner } from './options.ts';

/** What a request of the guest's is answered with. */
export interface Answer {
  readonly clipboardType: number;
  readonly content: OpenContent;
  /** Why there is no content, where there should be. */
  readonly failure?: Error;
}

/**
 * The answer to a request: at once, or when a file has been looked at (the promise never rejects), or none for `never-answer`.
 * Without content it has no bytes, and in QEMU's manner the type asked for, in a spice-gtk client's the type NONE.
 */
export function answerTo(
  clipboardType: number,
  manner: Manner,
  treatment: RequestTreatment,
  find: () => Content | undefined,
): Answer | Promise<Answer> | undefined {
  const empty = (type: number): Answer => ({ clipboardType: type, content: openBytes(NO_BYTES) });
  const nothing = empty(manner === 'qemu' ? clipboardType : ClipboardType.NONE);
  switch (treatment) {
    case 'never-answer':
      return undefined;
    case 'answer-none':
      return empty(ClipboardType.NONE);
    case 'answer-empty':
      return empty(clipboardType);
    case 'serve': {
      const content = find();
      if (content === undefined) return nothing;
      if (content instanceof Uint8Array) return { clipboardType, content: openBytes(content) };
      return openFile(content.file).then(
        (opened) => ({ clipboardType, content: opened }),
        (failure: Error) => ({ ...nothing, failure }),
      );
    }
  }
}

const NO_BYTES = new Uint8Array(0);
