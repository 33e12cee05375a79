"""One view-model, told in several formats. Nothing is computed here that is not in the view."""
