/**
 * Renders Markdown. Each token becomes a React element and all else is text, so no text of users is ever parsed as HTML.
 * Images are shown as links, mentions as names.
 */
import { Marked, type MarkedToken, type Token, type Tokens } from "marked";
import { Fragment, useMemo, type ReactNode } from "react";
import { useOpenBoard } from "../board/boardContext";

const SAFE_LINK = /^(?:https?|mailto):/i;
/** `@` and a user's id, not within a word. */
const MENTION = /(?<![A-Za-z0-9_@-])@([A-Za-z0-9_-]{1,64})/;
/** The levels below the card's own headings. */
const LEVELS = ["h4", "h5", "h6"] as const;

interface Mention {
  type: "mention";
  raw: string;
  user: string;
}

const parser = new Marked({
  gfm: true,
  breaks: true,
  extensions: [
    {
      name: "mention",
      level: "inline",
      start: (source) => MENTION.exec(source)?.index,
      tokenizer(source): Mention | undefined {
        const found = MENTION.exec(source);
        return found?.index === 0 ? { type: "mention", raw: found[0], user: found[1] ?? "" } : undefined;
      },
    },
  ],
});

export function Markdown({ text }: { text: string }) {
  const { nameOf } = useOpenBoard();
  const content = useMemo(() => {
    try {
      const tokens = parser.lexer(text);
      normalizeHeadings(tokens);
      return renderTokens(tokens, nameOf);
    } catch {
      // The text is nested too deeply for the parser.
      return <p className="markdown-plain">{text}</p>;
    }
  }, [nameOf, text]);
  return <div className="markdown user-text">{content}</div>;
}

/** Adjusts headings so that none is more than one level below the one before it. */
function normalizeHeadings(tokens: readonly Token[]): void {
  let last = 0;
  void parser.walkTokens([...tokens], (token) => {
    if (token.type !== "heading") return;
    last = Math.min(token.depth as number, last + 1, LEVELS.length);
    token.depth = last;
  });
}

type NameOf = (userId: string) => string;

function renderTokens(tokens: readonly Token[] | undefined, nameOf: NameOf): ReactNode {
  return tokens?.map((token, at) => <Fragment key={at}>{renderToken(token as MarkedToken | Mention, nameOf)}</Fragment>);
}

function renderToken(token: MarkedToken | Mention, nameOf: NameOf): ReactNode {
  const inside = () => renderTokens("tokens" in token ? token.tokens : [], nameOf);
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "paragraph":
      return <p>{inside()}</p>;
    case "heading": {
      const Heading = LEVELS[token.depth - 1] ?? "h6";
      return <Heading>{inside()}</Heading>;
    }
    case "blockquote":
      return <blockquote>{inside()}</blockquote>;
    case "list": {
      const items = token.items.map((item, at) => <li key={at}>{item.task ? renderTaskItem(item, nameOf) : renderTokens(item.tokens, nameOf)}</li>);
      return token.ordered ? <ol start={Number(token.start)}>{items}</ol> : <ul>{items}</ul>;
    }
    case "code":
      return (
        <pre tabIndex={0}>
          <code>{token.text}</code>
        </pre>
      );
    case "table":
      return renderTable(token, nameOf);
    case "hr":
      return <hr />;
    case "br":
      return <br />;
    case "strong":
      return <strong>{inside()}</strong>;
    case "em":
      return <em>{inside()}</em>;
    case "del":
      return <del>{inside()}</del>;
    case "codespan":
      return <code>{token.text}</code>;
    case "link":
      return renderLink(token.href, inside());
    case "image":
      return renderLink(token.href, token.text || token.href);
    case "mention":
      return <span className="mention">@{nameOf(token.user)}</span>;
    case "checkbox":
      return <input type="checkbox" checked={token.checked} disabled readOnly />;
    case "text":
      return token.tokens ? inside() : decoded(token.text);
    case "html":
    case "escape":
      return token.text;
    default:
      return token.raw;
  }
}

/** Renders a task item. Its checkbox is labelled by its own line, not by the list below it. */
function renderTaskItem({ tokens }: Tokens.ListItem, nameOf: NameOf): ReactNode {
  const below = tokens.findIndex(({ type }) => !["checkbox", "text", "paragraph"].includes(type));
  const [own, others] = below < 0 ? [tokens, []] : [tokens.slice(0, below), tokens.slice(below)];
  // A label must not contain paragraphs.
  const line = own.flatMap((token) => (token.type === "paragraph" ? (token.tokens ?? []) : [token]));
  return (
    <>
      <label>{renderTokens(line, nameOf)}</label>
      {renderTokens(others, nameOf)}
    </>
  );
}

function renderTable({ header, rows }: Tokens.Table, nameOf: NameOf): ReactNode {
  return (
    <table tabIndex={0}>
      <thead>
        <tr>
          {header.map(({ tokens }, at) => (
            <th key={at}>{renderTokens(tokens, nameOf)}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((cells, row) => (
          <tr key={row}>
            {cells.map(({ tokens }, at) => (
              <td key={at}>{renderTokens(tokens, nameOf)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function renderLink(href: string, content: ReactNode): ReactNode {
  if (!SAFE_LINK.test(href)) return content;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {content}
    </a>
  );
}

/** Replaces entities such as `&amp;` by their characters. */
function decoded(text: string): string {
  const field = document.createElement("textarea");
  return text.replace(/&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z\d]{1,31});/gi, (entity) => {
    // It is a single entity, and the content of a text area is never parsed as HTML.
    field.innerHTML = entity;
    return field.value;
  });
}
