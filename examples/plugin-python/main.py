"""pharos-plugin-example is a plugin of pharos-agent: it measures a folder and tells its changes."""

import os
import tempfile

from pharos_plugin import Metric, SettingError, record, serve


class Example:
    name = "example"
    version = "0.1.0"
    description = "Counts the files of a folder."
    settings = {"folder": tempfile.gettempdir(), "watch_seconds": 5.0}  # and their defaults

    def configure(self, settings):
        if not settings["folder"]:
            raise SettingError("folder", "is empty: name a folder")
        self.folder, self.pause = settings["folder"], settings["watch_seconds"]

    def collect(self):
        kinds = {"file": 0, "folder": 0, "other": 0}
        for entry in os.scandir(self.folder):  # an exception becomes a fault that the agent shows
            kinds["folder" if entry.is_dir() else "file" if entry.is_file() else "other"] += 1
        entries = Metric("example.entries", "{entry}", "Entries of the folder.")
        for kind, count in kinds.items():
            entries.add(count, kind=kind)
        return [entries]

    def logs(self, send, ended):
        known = set(os.listdir(self.folder))
        while not ended.wait(self.pause):
            now = set(os.listdir(self.folder))
            changes = [record(f"{name} was added", file=name) for name in sorted(now - known)]
            changes += [record(f"{name} was removed", "warn", file=name) for name in sorted(known - now)]
            if changes:
                send(*changes)  # returns once the agent keeps them
            known = now


if __name__ == "__main__":
    serve(Example())
