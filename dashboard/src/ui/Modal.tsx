// A dialog over the page. What is behind it can't be reached until it is closed, and the focus
// goes back to where it was. Made by hand: Mantine's holds scrolling back by an inline style
// sheet, which the security policy forbids.

import { CloseButton, FocusTrap } from "@mantine/core";
import { useId, useRef, type FormEvent, type ReactNode } from "react";
import { createPortal } from "react-dom";

import classes from "./Modal.module.css";
import { useDialog } from "./useDialog";

interface Props {
  title: ReactNode;
  opened: boolean;
  onClose: () => void;
  children: ReactNode;
  /** Buttons under the content, the main one last. */
  footer?: ReactNode;
  /** Makes the dialog a form; Enter in a field sends it. */
  onSubmit?: () => void;
  size?: "small" | "medium" | "large" | "full";
}

/**
 * The element with `data-autofocus` gets the focus, else the first that can have it. A Mantine
 * menu, select or popover inside needs zIndex={200} to be above.
 */
export function Modal({ opened, ...props }: Props) {
  return opened ? createPortal(<Dialog {...props} />, document.body) : null;
}

function Dialog({ title, onClose, children, footer, onSubmit, size = "small" }: Omit<Props, "opened">) {
  const id = useId();
  const dialog = useRef<HTMLElement>(null);
  useDialog(dialog, onClose);

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
