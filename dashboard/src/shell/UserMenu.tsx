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
    <Menu withInitialFocusPlaceholder={false} position="bottom-end" width={220}>
      <Menu.Target>
        <ActionIcon variant="default" size={30} aria-label="Account">
          <UserIcon />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label className={classes.menuLabel ?? ""}>
          Logged in as <strong>{me?.name}</strong>
        </Menu.Label>
        <Menu.Divider />
        <Menu.Item onClick={() => void leave()}>Log out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
