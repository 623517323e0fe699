import { ActionIcon, Menu, useMantineColorScheme, type MantineColorScheme } from "@mantine/core";

import { CheckIcon, MoonIcon, SunIcon, SystemIcon } from "../ui/icons";

const schemes = [
  { value: "light", label: "Light", icon: SunIcon },
  { value: "dark", label: "Dark", icon: MoonIcon },
  { value: "auto", label: "As the system", icon: SystemIcon },
] as const;

export function ThemeMenu() {
  // Holding transitions back would take an inline style, which the security policy forbids.
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const { icon: Current, label } = schemes.find((s) => s.value === colorScheme) ?? schemes[2];
  return (
    <Menu withInitialFocusPlaceholder={false} position="bottom-end" width={180}>
      <Menu.Target>
        <ActionIcon variant="default" size={30} aria-label={`Theme: ${label}`}>
          <Current />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.RadioGroup value={colorScheme} onChange={(value) => setColorScheme(value as MantineColorScheme)}>
          {schemes.map(({ value, label: text, icon: SchemeIcon }) => (
            <Menu.RadioItem key={value} value={value} checkIcon={<CheckIcon />} rightSection={<SchemeIcon />} closeMenuOnClick>
              {text}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
      </Menu.Dropdown>
    </Menu>
  );
}
