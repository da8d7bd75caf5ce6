"""The page and its API: models, images and runs given on the command line, served over HTTP on this machine."""
