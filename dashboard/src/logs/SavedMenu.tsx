// Searches that were saved: to open one, to save this one, and to keep them in order.

import { Button, Menu } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { savedSearchesQuery } from "../api/savedSearches";
import { ChevronIcon } from "../ui/icons";
import classes from "./Menus.module.css";
import { ManageDialog, SaveDialog } from "./SavedDialogs";
import type { LogsSearch } from "./search";

interface Props {
  search: LogsSearch;
  onOpen: (query: string, columns: readonly string[]) => void;
}

export function SavedMenu({ search, onOpen }: Props) {
  const [opened, setOpened] = useState(false);
  const [dialog, setDialog] = useState<"save" | "manage">();
  const saved = useQuery({ ...savedSearchesQuery, enabled: opened || dialog !== undefined });
  const searches = saved.data ?? [];
  const close = () => setDialog(undefined);
  return (
    <>
      <Menu position="bottom-end" width={300} shadow="md" opened={opened} onChange={setOpened}>
        <Menu.Target>
          <Button size="compact-xs" variant="default" rightSection={<ChevronIcon />}>
            Saved
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {saved.isPending && <Menu.Label>Loading the saved searches</Menu.Label>}
          {saved.isError && <Menu.Label>The saved searches can't be loaded: {saved.error.message}</Menu.Label>}
          {saved.isSuccess && searches.length === 0 && <Menu.Label>Searches that you save are listed here, for everybody of your organisation</Menu.Label>}
          <div className={classes.scroll}>
            {searches.map(({ id, name, query, columns }) => (
              <Menu.Item key={id} onClick={() => onOpen(query ?? "", columns ?? [])}>
                <span className={classes.saved}>
                  {name}
                  <code title={query}>{query || "every line"}</code>
                </span>
              </Menu.Item>
            ))}
          </div>
          <Menu.Divider />
          <Menu.Item onClick={() => setDialog("save")}>Save this search</Menu.Item>
          <Menu.Item disabled={searches.length === 0} onClick={() => setDialog("manage")}>
            Rename, change or delete
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {dialog === "save" && <SaveDialog search={search} searches={searches} onClose={close} />}
      {dialog === "manage" && <ManageDialog search={search} searches={searches} onClose={close} onOpen={onOpen} />}
    </>
  );
}
