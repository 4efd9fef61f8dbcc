/** A script that cannot be understood: where, and what was expected there. */
export class ScenarioError extends Error {
  readonly file: string;
  readonly line: number;
  readonly column: number;

  constructor(file: string, line: number, column: number, expected: string) {
    super(`${file}:${line}:${column}: ${expected}`);
    this.name = 'ScenarioError';
    this.file = file;
    this.line = line;
    this.column = column;
  }
}
