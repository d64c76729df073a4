/** The part of @lhncbc/ucum-lhc that we call; the package brings no types. */
declare module '@lhncbc/ucum-lhc' {
  type Answer = { status: 'succeeded' | 'failed' | 'error'; toVal: number | null };
  export class UcumLhcUtils {
    static getInstance(): UcumLhcUtils;
    validateUnitString(unit: string): { status: 'valid' | 'invalid' | 'error'; ucumCode: string | null };
    convertUnitTo(from: string, value: number, to: string, options?: { molecularWeight: number | null }): Answer;
  }
}
