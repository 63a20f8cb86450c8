"""Read trials from ClinicalTrials.gov, count them by the book's rules, and say what has changed."""
