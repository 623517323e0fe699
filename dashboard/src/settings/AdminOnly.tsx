// What only administrators may see, and what the others are told.

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { isAdmin } from "../api/admin";
import { meQuery } from "../api/auth";
import { EmptyState } from "../ui/EmptyState";
import { Loading } from "../ui/Loading";

export function AdminOnly({ what, children }: { what: string; children: ReactNode }) {
  const { data: me } = useQuery(meQuery);
  if (!me) return <Loading />;
  if (isAdmin(me)) return children;
  return (
    <EmptyState title={`${what} for administrators`}>
      You are logged in as {me.name}, who may {me.scopes.join(" and ")}. Ask an administrator for what you need.
    </EmptyState>
  );
}
