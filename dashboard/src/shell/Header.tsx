// What stands on top of every page: its title, search, the connection, its time, and the user.

import { ActionIcon, Button } from "@mantine/core";
import { useMatches } from "@tanstack/react-router";

import { KeyboardIcon, MenuIcon, SearchIcon } from "../ui/icons";
import { Keys } from "../ui/Keys";
import { Connection } from "./Connection";
import classes from "./Shell.module.css";
import { ThemeMenu } from "./ThemeMenu";
import { TimeControls } from "./TimeControls";
import { TitleSlot } from "./title";
import { UserMenu } from "./UserMenu";

interface Props {
  menuOpen: boolean;
  onMenu: () => void;
  onSearch: () => void;
  onHelp: () => void;
}

/** Pages that aren't about any time, which the routes mark, don't have its controls. */
function useTimeless(): boolean {
  return useMatches({ select: (matches) => matches.some(({ staticData }) => staticData.timeless) });
}

export function Header({ menuOpen, onMenu, onSearch, onHelp }: Props) {
  const timeless = useTimeless();
  return (
    <header className={classes.header}>
      <ActionIcon className={classes.menuButton ?? ""} variant="default" size={30} onClick={onMenu} aria-label="Menu" aria-expanded={menuOpen} aria-controls="navigation">
        <MenuIcon />
      </ActionIcon>
      <TitleSlot className={classes.title} />
      <Connection />
      {!timeless && <TimeControls />}
      <div className={classes.controls}>
        <Button className={classes.search ?? ""} size="xs" h={30} px={8} variant="default" leftSection={<SearchIcon />} onClick={onSearch} aria-haspopup="dialog">
          <span className="visually-hidden">Search and commands</span>
          <Keys keys="mod+k" />
        </Button>
        <ActionIcon className={classes.help ?? ""} variant="default" size={30} onClick={onHelp} aria-label="Keyboard shortcuts" title="Keyboard shortcuts" aria-haspopup="dialog">
          <KeyboardIcon />
        </ActionIcon>
        <ThemeMenu />
        <UserMenu />
      </div>
    </header>
  );
}
