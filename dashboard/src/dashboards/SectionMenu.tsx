// What can be done with a section while the dashboard is edited.

import { ActionIcon, Menu } from "@mantine/core";

import { DotsIcon } from "./icons";
import type { Places } from "./EditGrid";

export interface SectionActions {
  arrange: (index: number, places: Places) => void;
  addPanel: (index: number) => void;
  rename: (index: number) => void;
  move: (index: number, by: -1 | 1) => void;
  remove: (index: number) => void;
}

export function SectionMenu({ index, title, actions }: { index: number; title: string; actions: SectionActions }) {
  return (
    <Menu position="bottom-start" withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={22} aria-label={`Menu of the section ${title}`}>
          <DotsIcon />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => actions.addPanel(index)}>Add panel here</Menu.Item>
        <Menu.Item onClick={() => actions.rename(index)}>Title and folding</Menu.Item>
        <Menu.Item onClick={() => actions.move(index, -1)}>Move section up</Menu.Item>
        <Menu.Item onClick={() => actions.move(index, 1)}>Move section down</Menu.Item>
        <Menu.Divider />
        <Menu.Item onClick={() => actions.remove(index)}>Remove section, keep its panels</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
