import { CodedError } from "../domain/errors.ts";

/** One `<entry>` of a feed as text, and the line on which it begins. `cut`: the file ended inside it. */
export type EntryText = { readonly line: number; readonly text: string; readonly cut: boolean };

/** Longest entry that is taken: a year of quarter hours with their qualities is a third of it. Our choice. */
export const ENTRY_CHARS_MAX = 32 * 1024 * 1024;
/** Longest comment, tag or instruction that is waited for. Our choice. */
const TOKEN_CHARS_MAX = 1024 * 1024;

const MARKS = /<!--|<!\[CDATA\[|<\?|<!DOCTYPE|<!ENTITY|<\/?(?:[\w.-]+:)?entry(?=[\s/>])/gi;
const ENDS: Readonly<Record<string, string>> = { "<!--": "-->", "<![cdata[": "]]>", "<?": "?>" };
const ROOT = /<(?:[\w.-]+:)?([A-Za-z][\w.-]*)/;

/**
 * Cuts a feed into its entries while it is read: memory is bounded by one entry, whatever the length of the file. Prefixes are
 * ignored. No document type is taken, so that no entity can grow.
 * @throws CodedError `request.invalid` when it is not a feed, `request.too-large` when an entry has no end in sight
 */
export async function* entriesOf(chunks: AsyncIterable<string>): AsyncGenerator<EntryText> {
  const cutter = new EntryCutter();
  for await (const chunk of chunks) yield* cutter.take(chunk);
  yield* cutter.end();
}

class EntryCutter {
  #rest = "";
  /** Where the search goes on in `#rest`. */
  #at = 0;
  /** Line of the first character of `#rest`. */
  #line = 1;
  /** Where the open entry begins in `#rest`; -1 between entries. */
  #open = -1;
  #head = "";
  #found = 0;

  *take(chunk: string): Generator<EntryText> {
    this.#rest += chunk;
    this.#see(chunk);
    for (;;) {
      MARKS.lastIndex = this.#at;
      const mark = MARKS.exec(this.#rest);
      // The last characters may be the first half of a mark.
      if (mark === null) {
        this.#at = Math.max(this.#at, this.#rest.length - 80);
        break;
      }
      const word = mark[0].toLowerCase();
      if (word === "<!doctype" || word === "<!entity")
        throw refusal("it has a document type (DOCTYPE)", this.#lineAt(mark.index));
      const close = ENDS[word] ?? ">";
      const end = this.#rest.indexOf(close, mark.index + mark[0].length);
      if (end < 0) {
        this.#at = mark.index;
        if (this.#rest.length - mark.index > TOKEN_CHARS_MAX) throw this.#tooLarge("a tag or comment", mark.index);
        break;
      }
      this.#at = end + close.length;
      if (ENDS[word] === undefined) yield* this.#tag(mark.index, word.startsWith("</"), this.#rest[end - 1] === "/");
    }
    if (this.#open < 0) this.#drop(this.#at);
    else if (this.#rest.length - this.#open > ENTRY_CHARS_MAX) throw this.#tooLarge("an entry", this.#open);
  }

  *end(): Generator<EntryText> {
    if (this.#open >= 0) yield { line: this.#lineAt(this.#open), text: "", cut: true };
    else if (this.#found === 0) throw refusal(`${this.#rootName()} holds no entry`, 1);
  }

  *#tag(from: number, closing: boolean, empty: boolean): Generator<EntryText> {
    if (!closing && this.#open >= 0) throw refusal("an entry stands inside another one", this.#lineAt(from));
    if (empty) return;
    if (!closing) {
      this.#drop(from);
      this.#at -= from;
      this.#open = 0;
      this.#found++;
    } else if (this.#open >= 0) {
      yield { line: this.#line, text: this.#rest.slice(0, this.#at), cut: false };
      this.#open = -1;
      this.#drop(this.#at);
    }
  }

  /** Forgets the first characters, whose lines have been counted. */
  #drop(chars: number): void {
    this.#line = this.#lineAt(chars);
    this.#rest = this.#rest.slice(chars);
    if (this.#at === chars) this.#at = 0;
  }

  #lineAt = (index: number): number => this.#line + linesIn(this.#rest, index);

  /** What does not begin as XML is not read to its end. */
  #see(chunk: string): void {
    if (this.#head.length < 64 * 1024) this.#head += chunk.slice(0, 64 * 1024);
    const first = this.#head.trimStart();
    if (first !== "" && !first.startsWith("<"))
      throw refusal(`it begins with ${JSON.stringify(first.slice(0, 20))}`, 1);
  }

  #rootName(): string {
    const name = ROOT.exec(this.#head.replace(/<!--[\s\S]*?-->/g, ""))?.[1];
    return name === undefined ? "it is empty and" : `its root <${name}>`;
  }

  #tooLarge = (what: string, index: number): CodedError =>
    new CodedError(
      "request.too-large",
      `${what} that begins on line ${this.#lineAt(index)} has no end within reach; nothing was written.`,
    );
}

const refusal = (why: string, line: number): CodedError =>
  new CodedError("request.invalid", `This is not a Green Button feed: ${why} (line ${line}). Nothing was written.`);

export function linesIn(text: string, to: number): number {
  let lines = 0;
  for (let i = text.indexOf("\n"); i >= 0 && i < to; i = text.indexOf("\n", i + 1)) lines++;
  return lines;
}
