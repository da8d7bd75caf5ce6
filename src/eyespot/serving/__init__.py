"""The page and its API: models, images and runs that were named on the command line, over HTTP on this machine."""
