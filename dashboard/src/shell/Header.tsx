import { ActionIcon } from "@mantine/core";

import { MenuIcon } from "../ui/icons";
import { Connection } from "./Connection";
import { RefreshControls } from "./RefreshControls";
import classes from "./Shell.module.css";
import { ThemeMenu } from "./ThemeMenu";
import { TimeRangePicker } from "./TimeRangePicker";
import { TitleSlot } from "./title";
import { UserMenu } from "./UserMenu";

interface Props {
  menuOpen: boolean;
  onMenu: () => void;
}

export function Header({ menuOpen, onMenu }: Props) {
  return (
    <header className={classes.header}>
      <ActionIcon className={classes.menuButton ?? ""} variant="default" size={30} onClick={onMenu} aria-label="Menu" aria-expanded={menuOpen} aria-controls="navigation">
        <MenuIcon />
      </ActionIcon>
      <TitleSlot className={classes.title} />
      <Connection />
      <div className={classes.timeControls}>
        <TimeRangePicker />
        <RefreshControls />
      </div>
      <div className={classes.controls}>
        <ThemeMenu />
        <UserMenu />
      </div>
    </header>
  );
}
