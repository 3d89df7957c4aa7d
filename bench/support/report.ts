/** One line of the report: a figure, what it is measured against, and the ratio that is aimed at. */
export interface Row {
  readonly what: string;
  readonly figure: string;
  readonly against?: string;
  readonly ratio?: number;
  /** The smallest ratio that is good enough. */
  readonly aim?: number;
}

const percent = (ratio: number): string => `${Math.round(ratio * 100)} %`;

/** The report as a Markdown table. */
export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(({ what, figure, against = '', ratio, aim }) => {
    const verdict = ratio === undefined || aim === undefined ? '' : ratio >= aim ? 'met' : 'missed';
    const cells = [
      what,
      figure,
      against,
      ratio === undefined ? '' : percent(ratio),
      aim === undefined ? '' : `≥ ${percent(aim)}`,
      verdict,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return ['| what | figure | against | ratio | aim | |', '| --- | --- | --- | --- | --- | --- |', ...lines].join('\n');
}

export const perSecond = (figure: number): string => `${Math.round(figure).toLocaleString('en-US')}/s`;
