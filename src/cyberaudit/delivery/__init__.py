"""How what is written leaves the machine: mail and its outbox, webhook, feed. It words nothing and judges nothing."""
