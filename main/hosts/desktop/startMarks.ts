// How the start went: when each step was first reached, in milliseconds since the program began. Told once, when all are there.

export const STEPS = ['main', 'window', 'firstContent', 'station', 'screens'] as const;
export type Step = (typeof STEPS)[number];
export type Marks = Partial<Record<Step, number>>;

export function startMarks(now: () => number, onWhole: (marks: Marks) => void): { reach(step: Step): void; marks: Readonly<Marks> } {
  const marks: Marks = {};
  return {
    marks,
    reach(step) {
      if (marks[step] !== undefined) return;
      marks[step] = Math.round(now());
      if (STEPS.every((one) => marks[one] !== undefined)) onWhole({ ...marks });
    },
  };
}
