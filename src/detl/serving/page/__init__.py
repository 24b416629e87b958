"""A page on this computer: drop a chest X-ray, see what the networks say of it."""
