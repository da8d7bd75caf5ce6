import { store, stored } from "./storage";

/** Light or dark: what the system asks for, until the person switches. */
class Theme {
  dark = $state(false);

  constructor() {
    const system = matchMedia("(prefers-color-scheme: dark)");
    const chosen = stored("theme");
    this.#show(chosen ? chosen === "dark" : system.matches);
    system.addEventListener("change", (event) => {
      if (!stored("theme")) this.#show(event.matches);
    });
  }

  toggle(): void {
    this.#show(!this.dark);
    store("theme", this.dark ? "dark" : "light");
  }

  #show(dark: boolean): void {
    this.dark = dark;
    document.documentElement.dataset.theme = dark ? "dark" : "light";
  }
}

export const theme = new Theme();
