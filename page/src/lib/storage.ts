/** What the browser keeps of one value between visits; null where there is none, or where a page may not store anything. */
export function stored(name: string): string | null {
  try {
    return localStorage.getItem(`eyespot-${name}`);
  } catch {
    return null;
  }
}

/** Keep a value; a page that may not store anything forgets it, and works otherwise. */
export function store(name: string, value: string): void {
  try {
    localStorage.setItem(`eyespot-${name}`, value);
  } catch {
    // see above
  }
}
