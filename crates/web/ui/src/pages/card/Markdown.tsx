/** Markdown as it is shown: what people wrote, made safe. Markup in it is text, pictures are links, mentions are names. */
import DOMPurify from "dompurify";
import { Marked, type Tokens } from "marked";
import { useMemo } from "react";
import { useOpenBoard } from "../board/boardContext";

const TAGS = "p br strong em del code pre blockquote ul ol li a h1 h2 h3 h4 h5 h6 hr table thead tbody tr th td input span".split(" ");
const ATTRIBUTES = ["href", "class", "type", "checked", "disabled", "start"];
const LINKS = /^(?:https?|mailto):/i;
/** `@` and a user's id, not within a word. */
const MENTION = /(?<![A-Za-z0-9_@-])@([A-Za-z0-9_-]{1,64})/;

const purifier = DOMPurify();
purifier.addHook("afterSanitizeAttributes", (element) => {
  if (element.nodeName !== "A") return;
  element.setAttribute("target", "_blank");
  element.setAttribute("rel", "noopener noreferrer nofollow");
});

const escaped = (text: string) => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

function reader(nameOf: (userId: string) => string): Marked {
  return new Marked({
    gfm: true,
    breaks: true,
    renderer: {
      html: ({ text }: Tokens.HTML | Tokens.Tag) => escaped(text),
      image: ({ href, text }: Tokens.Image) => `<a href="${escaped(href)}">${escaped(text || href)}</a>`,
    },
    extensions: [
      {
        name: "mention",
        level: "inline",
        start: (source) => MENTION.exec(source)?.index,
        tokenizer(source) {
          const found = MENTION.exec(source);
          return found?.index === 0 ? { type: "mention", raw: found[0], user: found[1] } : undefined;
        },
        renderer: ({ user }) => `<span class="mention">@${escaped(nameOf(String(user)))}</span>`,
      },
    ],
  });
}

export function Markdown({ text }: { text: string }) {
  const { nameOf } = useOpenBoard();
  const marked = useMemo(() => reader(nameOf), [nameOf]);
  const html = useMemo(
    () =>
      purifier.sanitize(marked.parse(text, { async: false }), { ALLOWED_TAGS: TAGS, ALLOWED_ATTR: ATTRIBUTES, ALLOWED_URI_REGEXP: LINKS, ALLOW_DATA_ATTR: false, ADD_URI_SAFE_ATTR: ["type", "start"] }),
    [marked, text],
  );
  return <div className="markdown said" dangerouslySetInnerHTML={{ __html: html }} />;
}
