import { Lexer } from 'yaml';

/** How deep lists and maps in brackets may nest. */
const MAX_BRACKETS = 64;

/** How far a line may be indented, in columns: each level takes one, or two of them none. */
const MAX_INDENTATION = 64;

/** How many levels one line may begin outside of brackets. */
const MAX_MARKS = 32;

/** What the lexer looks past by calling itself. */
const LOOKED_PAST = /(?:^|[\s[{,])[-?:&!*]/g;

const ITEM_ENDS = new Set(['[', ']', '{', '}', ',']);

/** What a token stands for that is no text of the file: the beginning of a document, of a value, and an error. */
const [DOCUMENT, VALUE, FLOW_ERROR] = ['\x02', '\x1f', '\x18'];

/**
 * Where a text of YAML may nest too deeply to be read. The library reads it by functions that call themselves, and a
 * regular expression that V8 compiles near the end of the stack ends the whole process: it must not come to that.
 * @returns the place, or null where there is none.
 */
export function deepNesting(text: string): number | null {
  let offset = 0;
  // With their ends, so that nothing is lost.
  for (const line of text.split(/(?<=\r\n?|\n)/)) {
    const indentation = line.length - line.trimStart().length;
    const isEmpty = indentation === line.length;
    if (!isEmpty && indentation > MAX_INDENTATION) return offset;
    if ((line.match(LOOKED_PAST) ?? []).length > MAX_MARKS) return offset;
    offset += line.length;
  }
  return deepTokens(text);
}

function deepTokens(text: string): number | null {
  let offset = 0;
  const depth = new TokenDepth();
  let isValue = false;
  for (const token of new Lexer().lex(text)) {
    if (!isValue && depth.isTooDeepWith(token)) return offset;
    if (token !== DOCUMENT && token !== VALUE && token !== FLOW_ERROR) offset += token.length;
    isValue = token === VALUE;
  }
  return null;
}

/** How deep tokens nest that stand on one line, or in brackets. */
class TokenDepth {
  private brackets = 0;
  /** On this line, outside of brackets. */
  private marks = 0;
  /** In this item between brackets, which may have one. */
  private marksInItem = 0;

  isTooDeepWith(token: string): boolean {
    if (token === '[' || token === '{') this.brackets += 1;
    else if (token === ']' || token === '}') this.brackets = Math.max(0, this.brackets - 1);
    else if (token === '-' || token === '?' || token === ':') this.mark();
    if (ITEM_ENDS.has(token)) this.marksInItem = 0;
    else if (token === '\n' || token === '\r\n') this.marks = 0;
    return this.brackets > MAX_BRACKETS || this.marks > MAX_MARKS || this.marksInItem > MAX_MARKS;
  }

  private mark(): void {
    if (this.brackets === 0) this.marks += 1;
    else this.marksInItem += 1;
  }
}
