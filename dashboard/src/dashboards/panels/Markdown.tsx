// Markdown to HTML, in a chunk of its own.

import DOMPurify from "dompurify";
import { Marked } from "marked";
import { useMemo } from "react";

const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/**
 * HTML inside of Markdown is shown as it is written. A picture would be loaded from elsewhere,
 * which the page never does, so it is a link.
 */
const markdown = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    html: ({ text }) => escaped(text),
    image: ({ href, text }) => `<a href="${escaped(href)}">${escaped(text || href)}</a>`,
  },
});

const allowed = {
  ALLOWED_TAGS: ["a", "b", "blockquote", "br", "code", "del", "details", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "kbd", "li", "ol", "p", "pre", "s", "strong", "sub", "summary", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul"],
  ALLOWED_ATTR: ["href", "title", "align", "start"],
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|\/(?!\/)|#)/i,
};

/** A link to another host opens beside the app, and learns nothing of where it came from. */
function outside(html: string): string {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  for (const link of holder.content.querySelectorAll("a[href]")) {
    if (!/^https?:/i.test(link.getAttribute("href") ?? "")) continue;
    link.setAttribute("target", "_blank");
    link.setAttribute("rel", "noopener noreferrer");
  }
  // The page has its own headings above: these begin one below a panel's title.
  for (const heading of holder.content.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    const level = Math.min(6, Number(heading.tagName[1]) + 3);
    const lower = document.createElement(`h${level}`);
    lower.append(...heading.childNodes);
    lower.dataset["size"] = heading.tagName[1] ?? "";
    heading.replaceWith(lower);
  }
  return holder.innerHTML;
}

/** toHTML makes safe HTML of Markdown. */
export function toHTML(text: string): string {
  return outside(DOMPurify.sanitize(markdown.parse(text, { async: false }), allowed));
}

export default function Markdown({ text }: { text: string }) {
  const html = useMemo(() => ({ __html: toHTML(text) }), [text]);
  return <div dangerouslySetInnerHTML={html} />;
}
