// Icons that only dashboards need, on the same 16 px grid as those of the shell.

import type { ReactNode } from "react";

function Icon({ children }: { children: ReactNode }) {
  return (
    <svg width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      {children}
    </svg>
  );
}

export const PlusIcon = () => (
  <Icon>
    <path d="M8 3.2v9.6M3.2 8h9.6" />
  </Icon>
);

export const DotsIcon = () => (
  <Icon>
    <path d="M3.5 8h.01M8 8h.01M12.5 8h.01" strokeWidth="2.4" />
  </Icon>
);

export const EditIcon = () => (
  <Icon>
    <path d="M10.8 2.9l2.3 2.3-7.6 7.6-3 .7.7-3zM9.3 4.4l2.3 2.3" />
  </Icon>
);

export const UndoIcon = () => (
  <Icon>
    <path d="M5.5 3L2.5 6l3 3M2.8 6h6.4a4 4 0 0 1 0 8H7" />
  </Icon>
);

export const RedoIcon = () => (
  <Icon>
    <path d="M10.5 3l3 3-3 3M13.2 6H6.8a4 4 0 0 0 0 8H9" />
  </Icon>
);

export const GripIcon = () => (
  <Icon>
    <path d="M6 4h.01M10 4h.01M6 8h.01M10 8h.01M6 12h.01M10 12h.01" strokeWidth="2" />
  </Icon>
);

export const ImportIcon = () => (
  <Icon>
    <path d="M8 2.5v7M5.2 7L8 9.8 10.8 7M2.8 11.2v1.6c0 .4.3.7.7.7h9c.4 0 .7-.3.7-.7v-1.6" />
  </Icon>
);

export const WarnIcon = () => (
  <Icon>
    <path d="M8 2.2l6 11H2zM8 6.5v3M8 11.4h.01" />
  </Icon>
);

export const ArrowDownIcon = () => (
  <Icon>
    <path d="M8 3v10M4.5 9.5L8 13l3.5-3.5" />
  </Icon>
);

export const ArrowUpIcon = () => (
  <Icon>
    <path d="M8 13V3M4.5 6.5L8 3l3.5 3.5" />
  </Icon>
);

export const BinIcon = () => (
  <Icon>
    <path d="M2.8 4.3h10.4M6.2 4.1V2.6h3.6v1.5M4.2 4.5l.6 8.9h6.4l.6-8.9M6.8 7v4M9.2 7v4" />
  </Icon>
);
