/** Light or dark: what the system asks for, until the person switches. */
const STORED = "eyespot-theme";

class Theme {
  dark = $state(false);

  constructor() {
    const system = matchMedia("(prefers-color-scheme: dark)");
    const chosen = remembered();
    this.#show(chosen ? chosen === "dark" : system.matches);
    system.addEventListener("change", (event) => {
      if (!remembered()) this.#show(event.matches);
    });
  }

  toggle(): void {
    this.#show(!this.dark);
    try {
      localStorage.setItem(STORED, this.dark ? "dark" : "light");
    } catch {
      // A page that may not store anything forgets the choice, and works otherwise.
    }
  }

  #show(dark: boolean): void {
    this.dark = dark;
    document.documentElement.dataset.theme = dark ? "dark" : "light";
  }
}

function remembered(): string | null {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

export const theme = new Theme();
