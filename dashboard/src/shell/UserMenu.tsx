import { ActionIcon, Menu } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";

import { logout, meQuery } from "../api/auth";
import { UserIcon } from "../ui/icons";
import classes from "./Shell.module.css";

export function UserMenu() {
  const { data: me } = useQuery(meQuery);
  const queryClient = useQueryClient();
  const navigate = useNavigate();

  async function leave() {
    try {
      await logout();
    } finally {
      await navigate({ to: "/login" });
      queryClient.clear();
    }
  }

  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <ActionIcon variant="default" size={30} aria-label="Account">
          <UserIcon />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <p className={classes.menuLabel}>
          <span className="muted">Logged in as</span>
          <strong>{me?.name}</strong>
        </p>
        <Menu.Divider />
        <Menu.Item onClick={() => void leave()}>Log out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
