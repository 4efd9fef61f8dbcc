/** JUnit XML, as continuous integration reads it. */

/** One test case of a report. */
export interface JunitCase {
  readonly suite: string;
  readonly name: string;
  readonly verdict: 'pass' | 'fail' | 'unsupported';
  readonly reason: string;
  readonly seconds: number;
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
/** Text for an attribute; characters XML does not know become question marks. */
const text = (value: string): string => value.replace(/[&<>"]/g, (c) => ESCAPES[c]!).replace(/[^\t\n\r\x20-\uFFFD]/g, '?');
const seconds = (cases: readonly JunitCase[]): string => cases.reduce((sum, one) => sum + one.seconds, 0).toFixed(3);
const counted = (cases: readonly JunitCase[]): string =>
  `tests="${cases.length}" failures="${cases.filter(({ verdict }) => verdict === 'fail').length}" skipped="${cases.filter(({ verdict }) => verdict === 'unsupported').length}" time="${seconds(cases)}"`;

function caseLines(one: JunitCase): string[] {
  const open = `    <testcase classname="${text(one.suite)}" name="${text(one.name)}" time="${one.seconds.toFixed(3)}"`;
  if (one.verdict === 'pass') return [`${open}/>`];
  const element = one.verdict === 'fail' ? 'failure' : 'skipped';
  return [`${open}>`, `      <${element} message="${text(one.reason)}"/>`, '    </testcase>'];
}

/** A report of all cases, one suite after the other. */
export function junitXml(name: string, cases: readonly JunitCase[]): string {
  const suites = [...new Set(cases.map(({ suite }) => suite))].flatMap((suite) => {
    const members = cases.filter((one) => one.suite === suite);
    return [`  <testsuite name="${text(suite)}" ${counted(members)}>`, ...members.flatMap(caseLines), '  </testsuite>'];
  });
  return ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites name="${text(name)}" ${counted(cases)}>`, ...suites, '</testsuites>', ''].join('\n');
}
