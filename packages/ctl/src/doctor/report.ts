import { plain } from '../format/text.ts';
import { type Examined, isHealthy } from './diagnose.ts';

/** The diagnosis for people. */
export function formatReport(examined: readonly Examined[]): string {
  const lines: string[] = [];
  for (const { title, outcome, findings } of examined) {
    if (outcome === 'ok') lines.push(`ok       ${title}`);
    if (outcome === 'unknown') lines.push(`unknown  ${title}`);
    for (const { severity, code, sentence, remedies } of findings) {
      lines.push(`${severity.padEnd(8)} ${plain(sentence)} [${code}]`);
      for (const remedy of remedies) {
        lines.push(`           ${plain(remedy.where)}:`);
        for (const line of remedy.lines) lines.push(`             ${plain(line)}`);
      }
    }
  }
  lines.push('', isHealthy(examined) ? 'Nothing is wrong.' : 'Something is wrong: see above.');
  return `${lines.join('\n')}\n`;
}
