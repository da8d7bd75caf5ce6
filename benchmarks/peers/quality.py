"""Run inside the environment of the peers: which photos of a folder cleanvision flags, with its default thresholds.

`python quality.py FOLDER OUT.json`: OUT maps the name of each file to its flags.
"""

import json
import sys
from pathlib import Path

from cleanvision import Imagelab

ISSUES = ("dark", "light", "blurry", "low_information")


def main() -> None:
    folder, out = sys.argv[1:]
    lab = Imagelab(data_path=folder, verbose=False)
    lab.find_issues({issue: {} for issue in ISSUES}, n_jobs=1, verbose=False)
    found = {
        Path(file).name: [issue for issue in ISSUES if row[f"is_{issue}_issue"]] for file, row in lab.issues.iterrows()
    }
    Path(out).write_text(json.dumps(found))


if __name__ == "__main__":
    main()
