// Downloads what the search finds, as the server streams it.

import { Button, Menu } from "@mantine/core";
import { useState } from "react";

import { request } from "../api/client";
import { Failure } from "../ui/Failure";
import { ChevronIcon } from "../ui/icons";
import { Modal } from "../ui/Modal";
import { exportHref, type Span } from "./api";
import type { Order } from "./search";

interface Props {
  query: string;
  span: Span;
  order: Order;
  columns: readonly string[];
}

export function DownloadMenu({ query, span, order, columns }: Props) {
  const [error, setError] = useState<Error>();
  const shown = ["time", "level", "service", ...columns.filter((name) => name !== "level"), "message"];

  async function download(format: "ndjson" | "csv", fields: readonly string[]) {
    try {
      // Asked first for one line: a browser would save the text of an error under the file's name.
      await request(`${exportHref(query, span, "ndjson", fields, order)}&limit=1`);
      const link = document.createElement("a");
      link.href = exportHref(query, span, format, fields, order);
      link.download = "";
      link.click();
    } catch (fault) {
      setError(fault as Error);
    }
  }

  return (
    <>
      <Menu position="bottom-end" width={260} shadow="md">
        <Menu.Target>
          <Button size="compact-xs" variant="default" rightSection={<ChevronIcon />}>
            Download
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>All lines that match, up to 1,000,000</Menu.Label>
          <Menu.Item onClick={() => void download("csv", shown)}>CSV, the columns that are shown</Menu.Item>
          <Menu.Item onClick={() => void download("csv", [])}>CSV, every field</Menu.Item>
          <Menu.Item onClick={() => void download("ndjson", shown)}>NDJSON, the columns that are shown</Menu.Item>
          <Menu.Item onClick={() => void download("ndjson", [])}>NDJSON, every field</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal title="The lines can't be downloaded" opened={error !== undefined} onClose={() => setError(undefined)}>
        {error && <Failure error={error} />}
      </Modal>
    </>
  );
}
