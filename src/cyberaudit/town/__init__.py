"""The town as declared: from YAML to frozen values, with French errors at their place."""
