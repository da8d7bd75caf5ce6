"""The robustness report: its plan, folder, sections and page."""
