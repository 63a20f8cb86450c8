"""Charts and calculations that one chapter draws and its readers may change, one module a subject."""
