// The icons of the Metrics page, on the 16 px grid of the others.

import type { ReactNode } from "react";

function Icon({ children }: { children: ReactNode }) {
  return (
    <svg width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      {children}
    </svg>
  );
}

export const EyeIcon = () => (
  <Icon>
    <path d="M1.5 8S4 3.6 8 3.6 14.5 8 14.5 8 12 12.4 8 12.4 1.5 8 1.5 8z" />
    <circle cx="8" cy="8" r="1.9" />
  </Icon>
);

export const EyeOffIcon = () => (
  <Icon>
    <path d="M3.6 5.2C2.2 6.5 1.5 8 1.5 8S4 12.4 8 12.4c1 0 1.9-.3 2.7-.7M6.6 3.8A6 6 0 0 1 8 3.6c4 0 6.5 4.4 6.5 4.4s-.5 1-1.5 2M2.5 2.5l11 11" />
  </Icon>
);

export const PlusIcon = () => (
  <Icon>
    <path d="M8 3.2v9.6M3.2 8h9.6" />
  </Icon>
);

export const CrossIcon = () => (
  <Icon>
    <path d="M4.2 4.2l7.6 7.6M11.8 4.2l-7.6 7.6" />
  </Icon>
);

export const DotsIcon = () => (
  <Icon>
    <path d="M8 3.5h.01M8 8h.01M8 12.5h.01" strokeWidth="2.2" />
  </Icon>
);
