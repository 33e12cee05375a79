"""Town profiles: the embedded demo and two annotated examples."""
