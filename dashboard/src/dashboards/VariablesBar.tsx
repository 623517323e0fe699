// The variables of a dashboard, above its panels. What is chosen goes into the address.

import { Button, Checkbox, Popover, TextInput } from "@mantine/core";
import "@mantine/core/styles/Checkbox.css";
import { useState } from "react";

import type { ListVariable } from "../api/dashboards";
import { ChevronIcon } from "../ui/icons";
import { useChangeSearch } from "../useChangeSearch";
import { variableLabel } from "./document";
import { all, type VariableState } from "./resolve-variables";
import { variableChange } from "./search";
import classes from "./VariablesBar.module.css";

export function VariablesBar({ states }: { states: readonly VariableState[] }) {
  const change = useChangeSearch();
  const shown = states.filter(({ variable }) => !variable.spec.display?.hidden && !(variable.kind === "TextVariable" && variable.spec.constant));
  if (shown.length === 0) return null;
  return (
    <div className={classes.bar} role="group" aria-label="Variables">
      {shown.map((state) => {
        const set = (values: string[]) => change(variableChange(state.variable.spec.name, values));
        const { name } = state.variable.spec;
        return state.variable.kind === "TextVariable" ? (
          <TextChoice key={`${name} ${state.chosen[0]}`} state={state} onChange={set} />
        ) : (
          <ListChoice key={name} variable={state.variable} state={state} onChange={set} />
        );
      })}
    </div>
  );
}

function TextChoice({ state, onChange }: { state: VariableState; onChange: (values: string[]) => void }) {
  const label = variableLabel(state.variable);
  const [text, setText] = useState(state.chosen[0] ?? "");
  const take = () => text !== state.chosen[0] && onChange([text]);
  return (
    <label className={classes.text}>
      <span className={classes.label}>{label}</span>
      <TextInput size="xs" w={150} value={text} onChange={(event) => setText(event.currentTarget.value)} onBlur={take} onKeyDown={(event) => event.key === "Enter" && take()} spellCheck={false} />
    </label>
  );
}

/** chosenText says what is chosen, in few words. */
export function chosenText({ chosen, options }: VariableState): string {
  if (chosen.includes(all)) return "All";
  const names = chosen.map((value) => options.find((option) => option.value === value)?.label ?? value);
  if (names.length === 0) return "None";
  return names.length <= 2 ? names.join(", ") : `${names[0]} and ${names.length - 1} more`;
}

/** From so many options on one can search. */
const searchFrom = 8;
const mostShown = 200;

function ListChoice({ variable, state, onChange }: { variable: ListVariable; state: VariableState; onChange: (values: string[]) => void }) {
  const [open, setOpen] = useState(false);
  const label = variableLabel(variable);
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-start" trapFocus returnFocus shadow="md">
      <Popover.Target>
        <Button size="xs" h={28} px={9} variant="default" rightSection={<ChevronIcon />} onClick={() => setOpen((now) => !now)} data-failed={state.error !== undefined} className={classes.button ?? ""}>
          <span className={classes.label}>{label}:</span> <span className={classes.value}>{chosenText(state)}</span>
        </Button>
      </Popover.Target>
      <Popover.Dropdown className={classes.dropdown ?? ""} aria-label={label}>
        <Options variable={variable} state={state} onChange={onChange} onClose={() => setOpen(false)} />
      </Popover.Dropdown>
    </Popover>
  );
}

interface OptionsProps {
  variable: ListVariable;
  state: VariableState;
  onChange: (values: string[]) => void;
  onClose: () => void;
}

function Options({ variable, state, onChange, onClose }: OptionsProps) {
  const { allowMultiple = false, allowAllValue = false } = variable.spec;
  const { chosen, options, error } = state;
  const [search, setSearch] = useState("");
  const missing = chosen.filter((value) => value !== all && !options.some((option) => option.value === value)).map((value) => ({ value, label: value }));
  const found = [...missing, ...options].filter((option) => option.label.toLowerCase().includes(search.toLowerCase()));
  const listed = [...(allowAllValue && search === "" ? [{ value: all, label: "All" }] : []), ...found.slice(0, mostShown)];

  function pick(value: string) {
    if (!allowMultiple || value === all) {
      onChange([value]);
      if (!allowMultiple) onClose();
      return;
    }
    const rest = chosen.filter((one) => one !== all);
    const next = rest.includes(value) ? rest.filter((one) => one !== value) : [...rest, value];
    onChange(next.length > 0 ? next : allowAllValue ? [all] : [value]);
  }

  return (
    <>
      {error && <p className={classes.error}>{error.message}</p>}
      {options.length >= searchFrom && (
        <TextInput size="xs" aria-label={`Search ${variableLabel(variable)}`} placeholder="Search, Enter takes the first" data-autofocus value={search} onChange={(event) => setSearch(event.currentTarget.value)} onKeyDown={(event) => event.key === "Enter" && found[0] && pick(found[0].value)} />
      )}
      {listed.length === 0 && !error && <p className="muted">{search === "" ? "There are no values in this time range." : "No value matches."}</p>}
      <ul className={classes.options}>
        {listed.map(({ value, label }) => (
          <li key={value}>
            {allowMultiple ? (
              <Checkbox size="xs" className={classes.check ?? ""} label={label} checked={chosen.includes(value)} onChange={() => pick(value)} />
            ) : (
              <button type="button" className={classes.option} aria-current={chosen.includes(value)} onClick={() => pick(value)}>
                {label}
              </button>
            )}
          </li>
        ))}
      </ul>
      {found.length > mostShown && <p className="muted">{found.length - mostShown} more: search for them.</p>}
    </>
  );
}
