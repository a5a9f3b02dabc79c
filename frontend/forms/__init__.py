"""What people can fill in; each form only reads and names its fields, the services judge them."""
