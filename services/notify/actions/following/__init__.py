"""What notify keeps in step with: households, orders, deliveries, buildings, staff."""
