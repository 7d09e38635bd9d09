import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** `sysconf(_SC_CLK_TCK)`, the unit of the times in /proc/PID/stat: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const KIBIBYTES_PER_MEBIBYTE = 1024;

/** Memory of a process, in MiB. */
export interface Memory {
  /** Resident set size, shared pages included. */
  readonly rss: number;
  /** What belongs to this process alone: Private_Clean + Private_Dirty. */
  readonly private: number;
  /** The highest resident set size since start or since resetPeak(). */
  readonly peak: number;
}

/** @returns the memory that a process has now (proc(5): smaps_rollup, VmHWM in status) */
export function memoryOf(pid: number): Memory {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return {
    rss: kibibytes(rollup, 'Rss') / KIBIBYTES_PER_MEBIBYTE,
    private: (kibibytes(rollup, 'Private_Clean') + kibibytes(rollup, 'Private_Dirty')) / KIBIBYTES_PER_MEBIBYTE,
    peak: kibibytes(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmHWM') / KIBIBYTES_PER_MEBIBYTE,
  };
}

/** Lets the peak begin anew at the present resident set size (proc(5): clear_refs). */
export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** Seconds of CPU, user and system, that a process has used so far, to 10 ms. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field, the name in parentheses, may hold spaces; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** How often the threads of a process have been switched to so far, by their own wish or not. */
export function wakeUpsOf(pid: number): number {
  let count = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
    count += numberAfter(status, 'voluntary_ctxt_switches') + numberAfter(status, 'nonvoluntary_ctxt_switches');
  }
  return count;
}

function kibibytes(text: string, name: string): number {
  return numberAfter(text, name);
}

function numberAfter(text: string, name: string): number {
  const match = new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text);
  if (!match) throw new Error(`the kernel's answer has no line '${name}:'`);
  return Number(match[1]);
}
