// A dialog over the page. What is behind it can't be reached until it is closed, and the focus
// goes back to where it was. Made by hand: Mantine's holds scrolling back by an inline style
// sheet, which the security policy forbids.

import { CloseButton, FocusTrap } from "@mantine/core";
import { useEffect, useId, useRef, type FormEvent, type ReactNode } from "react";
import { createPortal } from "react-dom";

import classes from "./Modal.module.css";

interface Props {
  title: ReactNode;
  opened: boolean;
  onClose: () => void;
  children: ReactNode;
  /** Buttons under the content, the main one last. */
  footer?: ReactNode;
  /** Makes the dialog a form; Enter in a field sends it. */
  onSubmit?: () => void;
  size?: "small" | "medium" | "large";
}

/**
 * The element with `data-autofocus` gets the focus, else the first that can have it. A Mantine
 * menu, select or popover inside needs zIndex={200} to be above.
 */
export function Modal({ opened, ...props }: Props) {
  return opened ? createPortal(<Dialog {...props} />, document.body) : null;
}

/** Dialogs that are open, the top one last. */
const open: object[] = [];

/**
 * useAlone makes everything but dialogs inert, closes the top one by Escape, and gives the focus
 * back in the end.
 */
function useAlone(dialog: { current: HTMLElement | null }, onClose: () => void): void {
  const before = useRef<Element>(undefined);
  before.current ??= document.activeElement ?? document.body;
  useEffect(() => {
    const root = document.getElementById("root");
    open.push(dialog);
    root?.setAttribute("inert", "");
    document.documentElement.classList.add("no-scroll");
    return () => {
      open.splice(open.indexOf(dialog), 1);
      if (open.length === 0) {
        root?.removeAttribute("inert");
        document.documentElement.classList.remove("no-scroll");
      }
      if (before.current instanceof HTMLElement && before.current.isConnected) before.current.focus({ preventScroll: true });
    };
  }, [dialog]);

  useEffect(() => {
    function key(event: KeyboardEvent) {
      const target = event.target as Element;
      // Keys of a menu or a list that is open inside are theirs.
      const theirs = target.closest("[data-portal], [aria-expanded=true]") !== null;
      if (event.key !== "Escape" || event.defaultPrevented || theirs || open.at(-1) !== dialog) return;
      event.preventDefault();
      onClose();
    }
    document.addEventListener("keydown", key);
    return () => document.removeEventListener("keydown", key);
  }, [dialog, onClose]);
}

function Dialog({ title, onClose, children, footer, onSubmit, size = "small" }: Omit<Props, "opened">) {
  const id = useId();
  const dialog = useRef<HTMLElement>(null);
  useAlone(dialog, onClose);

  const content = (
    <>
      <header className={classes.header}>
        <h2 id={id} className={classes.title}>
          {title}
        </h2>
        <CloseButton size={26} onClick={onClose} aria-label="Close" />
      </header>
      <div className={classes.body}>{children}</div>
      {footer && <footer className={classes.footer}>{footer}</footer>}
    </>
  );

  function submit(event: FormEvent) {
    event.preventDefault();
    event.stopPropagation();
    onSubmit?.();
  }

  const common = { className: classes.dialog, role: "dialog", "aria-modal": true, "aria-labelledby": id, tabIndex: -1, "data-size": size } as const;
  return (
    <div className={classes.backdrop} onPointerDown={(event) => event.target === event.currentTarget && onClose()}>
      <FocusTrap active>
        <div ref={(element) => void (dialog.current = element)} {...common}>
          {onSubmit ? (
            <form onSubmit={submit} noValidate>
              {content}
            </form>
          ) : (
            content
          )}
        </div>
      </FocusTrap>
    </div>
  );
}
