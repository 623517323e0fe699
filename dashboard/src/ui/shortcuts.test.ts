import { beforeEach, describe, expect, it, vi } from "vitest";

import { keyOf, ShortcutRegistry } from "./shortcuts";

let registry: ShortcutRegistry;

function press(key: string, init: KeyboardEventInit & { target?: Element; at?: number } = {}): KeyboardEvent {
  const { target = document.body, at, ...rest } = init;
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...rest });
  if (at !== undefined) Object.defineProperty(event, "timeStamp", { value: at });
  target.addEventListener("keydown", registry.press as (event: Event) => void, { once: true });
  target.dispatchEvent(event);
  return event;
}

function add(keys: string | string[], options: { whileTyping?: boolean } = {}) {
  const handler = vi.fn();
  const remove = registry.add({ keys, label: "Do it", group: "Test", handler, ...options });
  return { handler, remove };
}

function element(html: string): Element {
  document.body.innerHTML = html;
  return document.body.firstElementChild!;
}

beforeEach(() => {
  registry = new ShortcutRegistry();
  document.body.innerHTML = "";
});

describe("keyOf", () => {
  it.each([
    [{ key: "r" }, "r"],
    [{ key: "R", shiftKey: true }, "shift+r"],
    [{ key: "?", shiftKey: true }, "?"],
    [{ key: "k", ctrlKey: true }, "mod+k"],
    [{ key: "k", metaKey: true }, "mod+k"],
    [{ key: "ArrowLeft", shiftKey: true }, "shift+ArrowLeft"],
    [{ key: " " }, "Space"],
  ])("%o is %s", (event, name) => {
    expect(keyOf({ ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...event })).toBe(name);
  });
});

describe("shortcuts", () => {
  it("are single keys, and keep the browser from its own", () => {
    const { handler, remove } = add("r");
    expect(press("r").defaultPrevented).toBe(true);
    expect(handler).toHaveBeenCalledTimes(1);
    expect(press("r", { ctrlKey: true }).defaultPrevented).toBe(false);
    remove();
    expect(press("r").defaultPrevented).toBe(false);
    expect(handler).toHaveBeenCalledTimes(1);
  });

  it("are several keys for one thing", () => {
    const { handler } = add([".", "Space"]);
    press(".");
    press(" ");
    expect(handler).toHaveBeenCalledTimes(2);
  });

  it("are two keys, if they follow each other soon", () => {
    const { handler } = add("g o");
    press("g", { at: 0 });
    press("o", { at: 500 });
    expect(handler).toHaveBeenCalledTimes(1);
    press("g", { at: 1000 });
    press("o", { at: 9000 });
    press("o", { at: 9100 });
    press("g", { at: 9200 });
    press("x", { at: 9300 });
    press("o", { at: 9400 });
    expect(handler).toHaveBeenCalledTimes(1);
  });

  it("prefer the second key of a sequence to the key alone", () => {
    const alone = add("l");
    const both = add("g l");
    press("g", { at: 0 });
    press("l", { at: 10 });
    expect(alone.handler).not.toHaveBeenCalled();
    expect(both.handler).toHaveBeenCalledTimes(1);
    press("l", { at: 20 });
    expect(alone.handler).toHaveBeenCalledTimes(1);
  });

  it.each(["<input>", "<textarea></textarea>", '<div contenteditable="true"></div>', '<div role="textbox"></div>', '<ul role="menu"><li></li></ul>'])("leave %s alone", (html) => {
    const { handler } = add("r");
    const palette = add("mod+k", { whileTyping: true });
    const target = element(html);
    expect(press("r", { target }).defaultPrevented).toBe(false);
    expect(handler).not.toHaveBeenCalled();
    press("k", { target, ctrlKey: true });
    expect(palette.handler).toHaveBeenCalledTimes(1);
  });

  it("leave the space bar to what has the focus", () => {
    const { handler } = add("Space");
    press(" ", { target: element("<button></button>") });
    expect(handler).not.toHaveBeenCalled();
    press(" ");
    expect(handler).toHaveBeenCalledTimes(1);
  });

  it("rest while a dialog is open", () => {
    const { handler } = add("r");
    element('<div role="dialog" aria-modal="true"></div>');
    press("r");
    expect(handler).not.toHaveBeenCalled();
  });

  it("rest when something else took the key", () => {
    const { handler } = add("r");
    const target = element("<div></div>");
    target.addEventListener("keydown", (event) => event.preventDefault(), { once: true });
    press("r", { target });
    expect(handler).not.toHaveBeenCalled();
  });

  it("give way to those added later, and come back", () => {
    const page = add("r");
    const panel = add("r");
    press("r");
    expect([page.handler, panel.handler].map((handler) => handler.mock.calls.length)).toEqual([0, 1]);
    panel.remove();
    press("r");
    expect(page.handler).toHaveBeenCalledTimes(1);
    expect(registry.list()).toHaveLength(1);
  });
});
