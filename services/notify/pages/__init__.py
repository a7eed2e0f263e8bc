"""What people see of notify: residents their status page, staff the list of messages."""
