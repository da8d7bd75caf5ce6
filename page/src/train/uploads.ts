/** Pictures that were dropped or chosen, with the class and the part that their folders say. */
export interface Dropped {
  readonly file: File;
  /** The folders above it, as far as they were dropped too: "photos/train/cat/1.png". */
  readonly path: string;
  readonly label: string;
  readonly part: string;
}

const PARTS: Readonly<Record<string, string>> = {
  train: "train",
  training: "train",
  val: "validation",
  valid: "validation",
  validation: "validation",
  dev: "validation",
  test: "test",
  testing: "test",
};

/** A picture in its folders: the last is its class, one above it may name its part; without folders the typed class. */
export function placed(file: File, path: string, typed: string): Dropped {
  const folders = path.split("/").slice(0, -1).filter(Boolean);
  const part = PARTS[folders.at(-2)?.toLowerCase() ?? ""] ?? "";
  return { file, path, label: folders.at(-1) ?? typed.trim(), part };
}

export function isPicture(file: File): boolean {
  return file.type.startsWith("image/");
}

/** Files that were chosen; those of a folder know where they lay in it. */
export function fromFiles(files: Iterable<File>, typed: string): readonly Dropped[] {
  return [...files].filter(isPicture).map((file) => placed(file, file.webkitRelativePath || file.name, typed));
}

/** Files and folders that were dropped, with all that lies in the folders. */
export async function fromDrop(dropped: DataTransfer, typed: string): Promise<readonly Dropped[]> {
  const entries = [...dropped.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return fromFiles(dropped.files, typed);
  const found = (await Promise.all(entries.map(filesIn))).flat();
  return found.filter(({ file }) => isPicture(file)).map(({ file, path }) => placed(file, path, typed));
}

async function filesIn(entry: FileSystemEntry): Promise<{ file: File; path: string }[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((done, failed) => (entry as FileSystemFileEntry).file(done, failed));
    return [{ file, path: entry.fullPath.replace(/^\//, "") }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const inside: FileSystemEntry[] = [];
  for (;;) {
    const more = await new Promise<FileSystemEntry[]>((done, failed) => reader.readEntries(done, failed)); // at most 100 at a time
    if (more.length === 0) break;
    inside.push(...more);
  }
  return (await Promise.all(inside.map(filesIn))).flat();
}

/** How many pictures each class has. */
export function classesOf(pictures: readonly Dropped[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const { label } of pictures) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts].sort(([one], [other]) => one.localeCompare(other));
}

/** What a source of these pictures is called: after the folder that all lie in, if there is one. */
export function nameOf(pictures: readonly Dropped[]): string {
  const tops = new Set(pictures.map(({ path }) => (path.split("/").length > 2 ? path.split("/")[0] : "")));
  return tops.size === 1 ? [...tops][0].slice(0, 100) : "";
}
